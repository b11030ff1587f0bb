import KeyValueStore
import KeyValueStoreConformance
import Synchronization
import Testing

private let items = Keyspace(index: 0, name: "items")
private let log = Keyspace(index: 1, name: "log")

@Suite struct InMemoryStoreTests {
    let store = InMemoryStore(keyspaces: [items, log])

    @Test(arguments: KeyValueStoreConformance<InMemoryStore>.rules)
    func `the in-memory store keeps the contract`(_ rule: KeyValueStoreConformance<InMemoryStore>.Rule) throws {
        try rule.check { InMemoryStore(keyspaces: conformanceKeyspaces) }
    }

    // MARK: The loss of power and the end of the process

    @Test func `the loss of power takes what was committed since the last synced commit`() throws {
        try store.put(1, .buffered)
        try store.put(2, .synced)
        try store.put(3, .buffered)
        try store.put(4, .buffered)
        #expect(store.bufferedCommitCount == 2)
        store.crash()
        #expect(try store.reopen().keys() == [1, 2])
    }

    @Test(arguments: [(0, [1]), (1, [1, 2]), (2, [1, 2, 3]), (9, [1, 2, 3])])
    func `the loss of power may keep the first buffered commits, but none without those before it`(
        kept: Int, expected: [UInt8]
    ) throws {
        try store.put(1, .synced)
        try store.put(2, .buffered)
        try store.put(3, .buffered)
        store.crash(keepingBuffered: kept)
        #expect(try store.reopen().keys() == expected)
    }

    @Test func `an empty synced commit makes the earlier ones durable`() throws {
        try store.put(1, .buffered)
        try store.commit(WriteBatch(), durability: .synced)
        #expect(store.bufferedCommitCount == 0)
        store.crash()
        #expect(try store.reopen().keys() == [1])
    }

    @Test func `a store that loses power in its second run keeps what the first one left`() throws {
        try store.put(1, .buffered)
        store.close()
        let second = try store.reopen()
        try second.put(2, .buffered)
        second.crash()
        #expect(try second.reopen().keys() == [1])
    }

    @Test func `the end of the process takes nothing`() throws {
        try store.put(1, .synced)
        try store.put(2, .buffered)
        store.close()
        #expect(try store.reopen().keys() == [1, 2])
    }

    @Test(arguments: [true, false])
    func `every call on a store that has ended is refused`(crashes: Bool) throws {
        try store.put(1, .synced)
        let snapshot = try store.snapshot()
        if crashes { store.crash() } else { store.close() }
        #expect(throws: KeyValueStoreError.closed) { try store.value(for: [1], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try store.values(for: [[1]], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try store.keys() }
        #expect(throws: KeyValueStoreError.closed) { try store.snapshot() }
        #expect(throws: KeyValueStoreError.closed) { try store.put(2, .synced) }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.value(for: [1], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.values(for: [[1]], in: items) }
        #expect(throws: KeyValueStoreError.closed) { try snapshot.entries(in: items) }
        _ = try store.reopen()
        #expect(throws: KeyValueStoreError.closed) { try store.value(for: [1], in: items) }
    }

    @Test func `a visit during which the store ends is cut short`() throws {
        for key: UInt8 in 1...3 { try store.put(key, .synced) }
        var visited = 0
        #expect(throws: KeyValueStoreError.closed) {
            try store.visit(KeyRange(from: [], to: nil), in: items, direction: .forward) { _, _ in
                visited += 1
                store.crash()
                return true
            }
        }
        #expect(visited == 1)
    }

    @Test func `a store is opened again only when it has ended, and only once`() throws {
        #expect(throws: KeyValueStoreError.unavailable("the store is still open")) { try store.reopen() }
        store.crash()
        store.close()
        _ = try store.reopen()
        #expect(throws: KeyValueStoreError.unavailable("the store was opened again before")) { try store.reopen() }
    }

    // MARK: Faults

    @Test func `a lost commit leaves nothing, and no other is accepted after it`() throws {
        try store.put(1, .synced)
        store.failNextCommit(.lost(.engine("No space left on device")))
        #expect(throws: KeyValueStoreError.engine("No space left on device")) { try store.put(2, .synced) }
        #expect(throws: KeyValueStoreError.engine("No space left on device")) { try store.put(3, .synced) }
        #expect(try store.keys() == [1])
        store.crash()
        let next = try store.reopen()
        #expect(try next.keys() == [1])
        try next.put(4, .synced)
        #expect(try next.keys() == [1, 4])
    }

    @Test(
        arguments: [
            (Durability.synced, true, [1, 2, 3]), (.synced, false, [1, 2, 3]), (.buffered, true, [1]),
            (.buffered, false, [1, 2, 3]),
        ])
    func `a commit that failed after it was written is seen only in the next run`(
        durability: Durability, crashes: Bool, expected: [UInt8]
    ) throws {
        try store.put(1, .synced)
        try store.put(2, .buffered)
        store.failNextCommit(.written(.engine("I/O error")))
        #expect(throws: KeyValueStoreError.engine("I/O error")) { try store.put(3, durability) }
        #expect(try store.keys() == [1, 2])
        if crashes { store.crash() } else { store.close() }
        #expect(try store.reopen().keys() == expected)
    }

    @Test func `a written commit that was only buffered is the last to survive the loss of power`() throws {
        try store.put(1, .buffered)
        store.failNextCommit(.written(.engine("I/O error")))
        #expect(throws: KeyValueStoreError.self) { try store.put(2, .buffered) }
        store.crash(keepingBuffered: 2)
        #expect(try store.reopen().keys() == [1, 2])
    }

    @Test func `the commit hook is asked for every commit and sees what is asked`() throws {
        let asked = Mutex<[String]>([])
        store.faults.commit = { batch, durability in
            asked.withLock { $0.append("\(batch.operations.count) \(durability)") }
            return batch.byteCount > 10 ? .lost(.engine("too much")) : nil
        }
        try store.put(1, .buffered)
        try store.put(2, .synced)
        var large = WriteBatch()
        large.put([3], [UInt8](repeating: 0, count: 10), in: items)
        #expect(throws: KeyValueStoreError.engine("too much")) { try store.commit(large, durability: .synced) }
        #expect(asked.withLock { $0 } == ["1 buffered", "1 synced", "1 synced"])
    }

    @Test func `a full disk refuses a commit`() throws {
        store.faults.diskByteCount = 5
        try store.put(1, .synced)
        try store.put(2, .synced)
        #expect(store.byteCount == 4)
        #expect(throws: KeyValueStoreError.engine("No space left on device")) { try store.put(3, .synced) }
        store.close()
        let next = try store.reopen()
        #expect(throws: KeyValueStoreError.engine("No space left on device")) { try next.put(3, .synced) }
        next.close()
        let larger = try next.reopen()
        larger.faults.diskByteCount = nil
        try larger.put(3, .synced)
        #expect(try larger.keys() == [1, 2, 3])
    }

    @Test func `a damaged block is found by lookups and visits, and not by those beside it`() throws {
        for key: UInt8 in 1...4 { try store.put(key, .synced) }
        let before = try store.snapshot()
        store.faults.read = { key, keyspace in
            key == [3] && keyspace == items ? .corruption("block checksum mismatch") : nil
        }
        let after = try store.snapshot()
        let damage = KeyValueStoreError.corruption("block checksum mismatch")
        #expect(throws: damage) { try store.value(for: [3], in: items) }
        #expect(throws: damage) { try store.values(for: [[1], [3]], in: items) }
        #expect(throws: damage) { try store.keys() }
        #expect(throws: damage) { try after.value(for: [3], in: items) }
        #expect(try before.entries(in: items).count == 4)
        #expect(try store.value(for: [2], in: items) == [2])
        #expect(try store.value(for: [3], in: log) == nil)
        #expect(try after.entries(KeyRange(from: [], to: [3]), in: items).count == 2)
        store.faults.read = nil
        #expect(try store.value(for: [3], in: items) == [3])
    }

    @Test func `sizes count the entries and their bytes`() throws {
        var batch = WriteBatch()
        batch.put([1, 2], [3, 4, 5], in: items)
        batch.put([1, 2], [3], in: log)
        batch.put([7], [], in: log)
        try store.commit(batch, durability: .synced)
        #expect(store.count(in: items) == 1)
        #expect(store.count(in: log) == 2)
        #expect(store.byteCount == 9)
    }
}

extension InMemoryStore {
    fileprivate func put(_ key: UInt8, _ durability: Durability) throws {
        var batch = WriteBatch()
        batch.put([key], [key], in: items)
        try commit(batch, durability: durability)
    }

    fileprivate func keys() throws -> [UInt8] {
        try entries(in: items).flatMap(\.key)
    }
}
