import Foundation
import KeyValueStore
import RocksDBStore

/// A directory that is removed with its last reference.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/rocksdb-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The paths of the files in the folder `name` that end in `suffix`, in order.
    func files(in name: String, endingIn suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + name).sorted()
            .filter { $0.hasSuffix(suffix) }.map { path + "/" + name + "/" + $0 }
    }
}

/// The key of number `number`, in the order of the numbers.
func key(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
}

extension RocksDBStore {
    /// Commits one batch that puts the keys of `numbers` in the first keyspace.
    func put(_ numbers: Range<Int>, valueByteCount: Int = 20, durability: Durability = .buffered) throws {
        var batch = WriteBatch()
        for number in numbers {
            batch.put(key(number), (0..<valueByteCount).map { UInt8(($0 &* number) & 0xFF) }, in: keyspaces[0])
        }
        try commit(batch, durability: durability)
    }
}
