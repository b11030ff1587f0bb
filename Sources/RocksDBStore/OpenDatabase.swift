import CRocksDB
import FoundationEssentials
import Glibc
import KeyValueStore

/// A database that has been opened, with a column family for each keyspace.
///
/// Whoever holds it closes it.
struct OpenDatabase {
    let database: OpaquePointer
    /// The keyspaces' column families, by the keyspace's index.
    var families: [OpaquePointer]
    /// Column families that no keyspace names, which the engine wants open all the same.
    var otherFamilies: [OpaquePointer]

    /// The column family that every database has, in which a store puts nothing unless a keyspace has its name.
    private static let defaultFamily = "default"

    /// Opens or creates the database in the directory `path`, and creates the column families that it lacks.
    init(at path: String, keyspaces: [Keyspace], options: RocksDBOptions) throws(KeyValueStoreError) {
        let engineOptions = try EngineOptions(options)
        let existing = try Self.familyNames(at: path, engineOptions.pointer, createsIfMissing: options.createsIfMissing)
        let isOurs = keyspaces.contains { existing.contains($0.name) }
        if !isOurs, existing != [Self.defaultFamily] {
            throw .unavailable(
                "\(path) holds another program's database: its column families are \(existing.joined(separator: ", "))")
        }

        let handles: [OpaquePointer]
        (database, handles) = try Self.open(path, existing, engineOptions.pointer)
        families = []
        otherFamilies = []
        do throws(KeyValueStoreError) {
            if !isOurs { try requireEmpty(path, handles[0]) }
            for keyspace in keyspaces {
                if let index = existing.firstIndex(of: keyspace.name) {
                    families.append(handles[index])
                } else {
                    families.append(try createFamily(keyspace.name, engineOptions.pointer))
                }
            }
            otherFamilies = handles.filter { !families.contains($0) }
        } catch {
            otherFamilies = handles.filter { !families.contains($0) }
            close()
            throw error
        }
    }

    /// Closes the database, which nobody may be using any more.
    func close() {
        for family in families + otherFamilies {
            rocksdb_column_family_handle_destroy(family)
        }
        rocksdb_close(database)
    }

    // MARK: -

    /// The names of the column families on disk, or the one of a database that is yet to be created.
    private static func familyNames(
        at path: String, _ options: OpaquePointer, createsIfMissing: Bool
    ) throws(KeyValueStoreError) -> [String] {
        guard FileManager.default.fileExists(atPath: path + "/CURRENT") else {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            // Without CURRENT the engine would create a new database over what is there.
            if files.contains(where: { $0.hasSuffix(".sst") || $0.hasSuffix(".log") }) {
                throw .corruption("\(path) holds a database whose file CURRENT is missing")
            }
            guard createsIfMissing else { throw .unavailable("there is no database at \(path)") }
            return [defaultFamily]
        }
        var count = 0
        var failure: UnsafeMutablePointer<CChar>?
        let names = rocksdb_list_column_families(options, path, &count, &failure)
        if let failure {
            throw KeyValueStoreError(opening: path, message: takeMessage(failure))
        }
        defer { rocksdb_list_column_families_destroy(names, count) }
        return UnsafeBufferPointer(start: names, count: count).compactMap { $0.map { String(cString: $0) } }
    }

    private static func open(
        _ path: String, _ familyNames: [String], _ options: OpaquePointer
    ) throws(KeyValueStoreError) -> (OpaquePointer, [OpaquePointer]) {
        let names = familyNames.map { strdup($0) }
        defer { names.forEach { free($0) } }
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        var failure: UnsafeMutablePointer<CChar>?
        let database = rocksdb_open_column_families(
            options, path, Int32(names.count), names.map { UnsafePointer($0) },
            [OpaquePointer?](repeating: options, count: names.count), &handles, &failure)
        guard let database else {
            let message = failure.map(takeMessage) ?? "no reason given"
            throw KeyValueStoreError(opening: path, message: message)
        }
        return (database, handles.compactMap { $0 })
    }

    private func createFamily(_ name: String, _ options: OpaquePointer) throws(KeyValueStoreError) -> OpaquePointer {
        var failure: UnsafeMutablePointer<CChar>?
        let family = rocksdb_create_column_family(database, options, name, &failure)
        guard let family else {
            throw KeyValueStoreError(message: failure.map(takeMessage) ?? "no column family \(name)")
        }
        return family
    }

    /// Refuses a database that is not ours but for its having the one column family that all databases have.
    private func requireEmpty(_ path: String, _ family: OpaquePointer) throws(KeyValueStoreError) {
        let readOptions = rocksdb_readoptions_create()
        defer { rocksdb_readoptions_destroy(readOptions) }
        let iterator = rocksdb_create_iterator_cf(database, readOptions, family)
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_first(iterator)
        guard rocksdb_iter_valid(iterator) == 0 else {
            throw .unavailable("\(path) holds another program's database: there is data outside every keyspace")
        }
    }
}
