import Foundation
import KeyValueStore
import KeyValueStoreConformance
import RocksDBStore
import Synchronization
import Testing

private let items = Keyspace(index: 0, name: "items")

/// What becomes of a store whose files are damaged between two openings.
@Suite struct DamageTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/copy" }

    /// Leaves a closed store of 3,000 entries in sorted files.
    init() throws {
        directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.compression = .none
        let store = try RocksDBStore(at: directory.path + "/store", keyspaces: [items], options: options)
        try store.put(0..<3_000, valueByteCount: 100)
        try store.checkpoint(to: directory.path + "/copy")
    }

    @Test(arguments: [0.1, 0.5, 0.9])
    func `a flipped bit in a sorted file is found by the reads that need its block`(place: Double) throws {
        let file = try #require(try directory.files(in: "copy", endingIn: ".sst").first)
        // 3,000 entries of some 110 bytes: the places are all in data blocks.
        try flipBit(of: file, at: Int(place * 300_000))
        let store = try RocksDBStore(at: path, keyspaces: [items])
        expectCorruption { try store.entries(in: items) }
        expectCorruption { try store.entries(in: items, .backward) }
        expectCorruption { try store.values(for: (0..<3_000).map(key), in: items) }
        expectCorruption { try store.snapshot().entries(in: items) }
        let damagedCount = try (0..<3_000).reduce(into: 0) { count, number in
            do {
                let value = try store.value(for: key(number), in: items)
                #expect(value?.count == 100)
            } catch KeyValueStoreError.corruption {
                count += 1
            }
        }
        #expect((1..<200).contains(damagedCount))
    }

    @Test func `whoever opened the store is told of damage, with the file's name`() throws {
        let file = try #require(try directory.files(in: "copy", endingIn: ".sst").first)
        try flipBit(of: file, at: 150_000)
        let told = Mutex<[KeyValueStoreError]>([])
        let store = try RocksDBStore(at: path, keyspaces: [items]) { error in told.withLock { $0.append(error) } }
        #expect(try store.value(for: key(0), in: items) != nil)
        #expect(told.withLock { $0.isEmpty })
        expectCorruption { try store.entries(in: items) }
        let errors = told.withLock { $0 }
        #expect(errors.count == 1)
        guard case .corruption(let reason)? = errors.first else {
            Issue.record("\(errors)")
            return
        }
        #expect(reason.contains(URL(fileURLWithPath: file).lastPathComponent))
    }

    @Test func `a sorted file that is missing is found on opening`() throws {
        let file = try #require(try directory.files(in: "copy", endingIn: ".sst").first)
        try FileManager.default.removeItem(atPath: file)
        expectCorruption { try RocksDBStore(at: path, keyspaces: [items]).entries(in: items) }
    }

    @Test func `a sorted file that is cut short is found on opening`() throws {
        let file = try #require(try directory.files(in: "copy", endingIn: ".sst").first)
        try change(file) { $0.removeLast(1_000) }
        expectCorruption { try RocksDBStore(at: path, keyspaces: [items]).entries(in: items) }
    }

    @Test func `a database without its file CURRENT is not overwritten by a new one`() throws {
        try FileManager.default.removeItem(atPath: path + "/CURRENT")
        expectCorruption { try RocksDBStore(at: path, keyspaces: [items]) }
        #expect(try !directory.files(in: "copy", endingIn: ".sst").isEmpty)
    }

    @Test func `a flipped bit in the manifest is found on opening`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        let manifest = try #require(names.first { $0.hasPrefix("MANIFEST-") })
        try flipBit(of: path + "/" + manifest, at: 40)
        expectCorruption { try RocksDBStore(at: path, keyspaces: [items]) }
    }

    // MARK: The write-ahead log

    @Test func `a log that ends within a record loses that record and no other`() throws {
        try writeLog()
        let file = try #require(try directory.files(in: "left", endingIn: ".log").last)
        try change(file) { $0.removeLast(10) }
        let store = try RocksDBStore(at: directory.path + "/left", keyspaces: [items])
        #expect(try store.entries(in: items).map(\.key) == (0..<3_019).map(key))
    }

    @Test func `a flipped bit in the log is refused, or costs the commits behind it where that is asked for`() throws {
        try writeLog()
        let file = try #require(try directory.files(in: "left", endingIn: ".log").last)
        let length = try Data(contentsOf: URL(fileURLWithPath: file)).count
        try flipBit(of: file, at: length / 2)
        expectCorruption { try RocksDBStore(at: directory.path + "/left", keyspaces: [items]) }
        expectCorruption { try RocksDBStore(at: directory.path + "/left", keyspaces: [items]) }

        var options = RocksDBOptions()
        options.recovery = .droppingFromDamage
        let store = try RocksDBStore(at: directory.path + "/left", keyspaces: [items], options: options)
        let keys = try store.entries(in: items).map(\.key)
        #expect((3_001..<3_019).contains(keys.count))
        #expect(keys == (0..<keys.count).map(key))
    }

    /// Leaves in the folder `left` what a process that is killed after twenty more commits leaves, all of them in the
    /// log.
    private func writeLog() throws {
        let store = try RocksDBStore(at: path, keyspaces: [items])
        for number in 3_000..<3_020 {
            try store.put(number..<number + 1, valueByteCount: 100, durability: .synced)
        }
        try FileManager.default.copyItem(atPath: path, toPath: directory.path + "/left")
    }

    private func expectCorruption(
        _ body: () throws -> some Any, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(sourceLocation: sourceLocation) {
            _ = try body()
        } throws: { error in
            guard case KeyValueStoreError.corruption = error else { return false }
            return true
        }
    }

    private func change(_ file: String, _ body: (inout Data) -> Void) throws {
        let url = URL(fileURLWithPath: file)
        var data = try Data(contentsOf: url)
        body(&data)
        // Written to a file of its own: the checkpoint's is a link to that of the store that it was made from.
        try FileManager.default.removeItem(at: url)
        try data.write(to: url)
    }

    private func flipBit(of file: String, at offset: Int) throws {
        try change(file) { $0[offset] ^= 0x10 }
    }
}
