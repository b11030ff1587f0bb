import Foundation
import KeyValueStore
import KeyValueStoreConformance
import RocksDBStore
import Testing

private let items = Keyspace(index: 0, name: "items")
private let log = Keyspace(index: 1, name: "log")
private let keyspaces = [items, log]

@Suite struct RocksDBStoreTests {
    @Test(arguments: KeyValueStoreConformance<RocksDBStore>.rules)
    func `the store on disk keeps the contract`(_ rule: KeyValueStoreConformance<RocksDBStore>.Rule) throws {
        let directory = try TemporaryDirectory()
        try rule.check { try RocksDBStore(at: directory.path + "/store", keyspaces: conformanceKeyspaces) }
    }

    @Test(arguments: [RocksDBOptions.Compression.none, .fast, .compact], [0, 10.0])
    func `every option of the file format reads what it wrote`(
        compression: RocksDBOptions.Compression, filterBits: Double
    ) throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.compression = compression
        options.filterBitsPerKey = filterBits
        options.memtableByteCount = 64 << 10
        let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces, options: options)
        for round in 0..<200 { try store.put(round * 10..<round * 10 + 10, valueByteCount: 400) }
        try store.checkpoint(to: directory.path + "/copy")
        let copy = try RocksDBStore(at: directory.path + "/copy", keyspaces: keyspaces)
        #expect(try copy.entries(in: items) == store.entries(in: items))
        #expect(try copy.value(for: key(1_234), in: items)?.count == 400)
        #expect(try copy.value(for: key(2_000), in: items) == nil)
    }

    // MARK: Opening and closing

    @Test func `a store that is opened again holds all that was committed`() throws {
        let directory = try TemporaryDirectory()
        for round in 0..<3 {
            let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces)
            #expect(try store.entries(in: items).count == round * 10)
            try store.put(round * 10..<round * 10 + 10, durability: round == 0 ? .synced : .buffered)
            if round == 1 { store.close() }
        }
    }

    @Test func `what would have to be read from the disk is not known until it was`() throws {
        let directory = try TemporaryDirectory()
        do {
            let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces)
            try store.put(0..<10)
            #expect(try store.cachedValue(for: key(1), in: items) == .known(store.value(for: key(1), in: items)))
            #expect(try store.cachedValue(for: key(10), in: items) == .known(nil))
            try store.checkpoint(to: directory.path + "/copy")
        }
        let store = try RocksDBStore(at: directory.path + "/copy", keyspaces: keyspaces)
        #expect(try store.cachedValue(for: key(1), in: items) == .unknown)
        let value = try store.value(for: key(1), in: items)
        #expect(value?.count == 20)
        #expect(try store.cachedValue(for: key(1), in: items) == .known(value))
        store.close()
        #expect(throws: KeyValueStoreError.closed) { try store.cachedValue(for: key(1), in: items) }
    }

    @Test func `a process that is killed leaves every commit that it was told of`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces)
        for round in 0..<20 {
            try store.put(round * 10..<round * 10 + 10, durability: .synced)
        }
        // What another process would find, had this one ended here.
        try FileManager.default.copyItem(atPath: directory.path + "/store", toPath: directory.path + "/left")
        try store.put(500..<501)
        let left = try RocksDBStore(at: directory.path + "/left", keyspaces: keyspaces)
        #expect(try left.entries(in: items).map(\.key) == (0..<200).map(key))
    }

    @Test func `a directory that is in use cannot be opened until its store is closed`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        for _ in 0..<2 {
            #expect(throws: KeyValueStoreError.inUse("this process")) {
                try RocksDBStore(at: directory.path, keyspaces: keyspaces)
            }
        }
        store.close()
        _ = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
    }

    @Test func `every call on a closed store is refused`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        try store.put(0..<1)
        let snapshot = try store.snapshot()
        store.close()
        store.close()
        #expect(throws: KeyValueStoreError.closed) { try store.value(for: key(0), in: items) }
        #expect(throws: KeyValueStoreError.closed) { try store.values(for: [key(0), key(1)], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try store.entries(in: items) }
        #expect(throws: KeyValueStoreError.closed) { try store.snapshot() }
        #expect(throws: KeyValueStoreError.closed) { try store.put(1..<2) }
        #expect(throws: KeyValueStoreError.closed) { try store.statistics() }
        #expect(throws: KeyValueStoreError.closed) { try store.checkpoint(to: directory.path + "/copy") }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.value(for: key(0), in: items) }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.values(for: [key(0), key(1)], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.entries(in: items) }
        // A snapshot that is left over does not hold the directory.
        _ = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
    }

    @Test func `closing waits for the reads under way and ends their visits`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        try store.put(0..<100)
        let readers = (0..<3).map { _ in
            ReaderThread {
                do {
                    while true {
                        guard try store.value(for: key(7), in: items) != nil else { return false }
                        guard try store.values(for: (0..<20).map(key), in: items).count == 20 else { return false }
                        guard try store.snapshot().entries(in: items).count == 100 else { return false }
                    }
                } catch let error as KeyValueStoreError {
                    return error == .closed
                }
            }
        }
        for _ in 0..<50 { try store.put(0..<100) }
        store.close()
        for reader in readers { #expect(try reader.join()) }
        #expect(try RocksDBStore(at: directory.path, keyspaces: keyspaces).entries(in: items).count == 100)
    }

    @Test func `keyspaces that a store lacks are made, and those that nobody names are kept`() throws {
        let directory = try TemporaryDirectory()
        let first = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        try first.put(0..<3)
        first.close()

        let streams = [Keyspace(index: 0, name: "log"), Keyspace(index: 1, name: "streams")]
        let second = try RocksDBStore(at: directory.path, keyspaces: streams)
        #expect(try second.entries(in: streams[0]) == [])
        var batch = WriteBatch()
        batch.put([1], [2], in: streams[1])
        try second.commit(batch, durability: .synced)
        second.close()

        let third = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        #expect(try third.entries(in: items).count == 3)
    }

    @Test func `another program's database is refused and left as it was`() throws {
        let directory = try TemporaryDirectory()
        let theirs = try RocksDBStore(at: directory.path, keyspaces: [Keyspace(index: 0, name: "theirs")])
        theirs.close()
        let refused = KeyValueStoreError.unavailable(
            "\(directory.path) holds another program's database: its column families are default, theirs")
        #expect(throws: refused) { try RocksDBStore(at: directory.path, keyspaces: keyspaces) }
        #expect(throws: refused) { try RocksDBStore(at: directory.path, keyspaces: keyspaces) }
    }

    @Test func `a database with data in the default column family alone is another program's`() throws {
        let directory = try TemporaryDirectory()
        let plain = Keyspace(index: 0, name: "default")
        let theirs = try RocksDBStore(at: directory.path, keyspaces: [plain])
        var batch = WriteBatch()
        batch.put([1], [2], in: plain)
        try theirs.commit(batch, durability: .synced)
        theirs.close()
        let refused = KeyValueStoreError.unavailable(
            "\(directory.path) holds another program's database: there is data outside every keyspace")
        #expect(throws: refused) { try RocksDBStore(at: directory.path, keyspaces: keyspaces) }
    }

    @Test func `a store that must be there and is not is unavailable`() throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.createsIfMissing = false
        let path = directory.path + "/none"
        #expect(throws: KeyValueStoreError.unavailable("there is no database at \(path)")) {
            try RocksDBStore(at: path, keyspaces: keyspaces, options: options)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a directory that cannot be made is unavailable`() throws {
        let directory = try TemporaryDirectory()
        _ = FileManager.default.createFile(atPath: directory.path + "/file", contents: nil)
        #expect(throws: KeyValueStoreError.self) {
            try RocksDBStore(at: directory.path + "/file/store", keyspaces: keyspaces)
        }
        #expect(throws: KeyValueStoreError.self) {
            try RocksDBStore(at: directory.path + "/no/such/parent", keyspaces: keyspaces)
        }
    }

    @Test func `options out of range are refused by name`() throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.memtableByteCount = -1
        #expect(throws: KeyValueStoreError.unavailable("memtableByteCount must be at least 65536, not -1")) {
            try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces, options: options)
        }
        options.memtableByteCount = 64 << 10
        options.filterBitsPerKey = .nan
        #expect(throws: KeyValueStoreError.self) {
            try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces, options: options)
        }
    }

    // MARK: What the engine tells

    @Test func `statistics count what there is`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        try store.put(0..<1_000, valueByteCount: 200)
        let snapshot = try store.snapshot()
        let statistics = try store.statistics()
        #expect(statistics.keyCountEstimate == 1_000)
        #expect(statistics.memtableByteCount > 200_000)
        #expect(statistics.snapshotCount == 1)
        #expect(statistics.backgroundErrorCount == 0)
        #expect(!statistics.isWriteStopped)
        _ = try snapshot.value(for: key(0), in: items)
    }

    @Test func `a range's size is about what its files hold of it`() throws {
        let directory = try TemporaryDirectory()
        var options = RocksDBOptions()
        options.compression = .none
        let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces, options: options)
        try store.put(0..<10_000, valueByteCount: 200)
        // Writes the memtables out.
        try store.checkpoint(to: directory.path + "/copy")
        let whole = try store.approximateByteCount(of: KeyRange(from: [], to: nil), in: items)
        let half = try store.approximateByteCount(of: KeyRange(from: key(5_000), to: nil), in: items)
        #expect((2_000_000..<2_600_000).contains(whole))
        #expect((whole / 3..<whole * 2 / 3).contains(half))
        #expect(try store.approximateByteCount(of: KeyRange(from: key(2), to: key(1)), in: items) == 0)
        #expect(try store.approximateByteCount(of: KeyRange(from: [], to: nil), in: log) == 0)
        #expect(try store.statistics().fileByteCount >= whole / 2)
    }

    @Test func `a checkpoint holds what was committed before it and not what came after`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path + "/store", keyspaces: keyspaces)
        try store.put(0..<10)
        try store.checkpoint(to: directory.path + "/copy")
        try store.put(10..<20)
        let copy = try RocksDBStore(at: directory.path + "/copy", keyspaces: keyspaces)
        #expect(try copy.entries(in: items).count == 10)
        #expect(throws: KeyValueStoreError.self) { try store.checkpoint(to: directory.path + "/copy") }
        #expect(try store.entries(in: items).count == 20)
    }

    @Test func `a key that the engine would drop in silence is refused with its whole batch`() throws {
        let directory = try TemporaryDirectory()
        let store = try RocksDBStore(at: directory.path, keyspaces: keyspaces)
        var batch = WriteBatch()
        batch.put([1], [1], in: items)
        batch.put([UInt8](repeating: 1, count: (8 << 20) + 1), [], in: items)
        #expect(throws: KeyValueStoreError.engine("a key of 8388609 bytes is too long")) {
            try store.commit(batch, durability: .synced)
        }
        #expect(try store.entries(in: items) == [])
        try store.put(0..<1)
        #expect(try store.entries(in: items).count == 1)
    }
}
