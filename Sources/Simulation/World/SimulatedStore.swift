import KeyValueStore
import RegionStore

/// A region's store on its simulated disk.
///
/// Unchecked Sendable: a simulation has one thread.
final class SimulatedStore: KeyValueStore, @unchecked Sendable {
    let memory: InMemoryStore
    private let hooks: SimulationHooks
    /// Counts commits that may have changed a table, an item or an index entry: where it stands still, what is held does too.
    private(set) var contentVersion: UInt64 = 0

    /// Over all that was committed since it was last asked for.
    private var contentHash: UInt64 = 0

    init(_ memory: InMemoryStore, hooks: SimulationHooks = SimulationHooks()) {
        self.memory = memory
        self.hooks = hooks
    }

    func snapshot() throws(KeyValueStoreError) -> InMemoryStore.Snapshot { try memory.snapshot() }

    func commit(_ batch: WriteBatch, durability: Durability) throws(KeyValueStoreError) {
        let batch = hooks.alterBatch?(batch, memory) ?? batch
        if batch.operations.contains(where: \.changesContent) { contentVersion += 1 }
        for operation in batch.operations { contentHash = Hashing.mixed(contentHash ^ operation.contentHash) }
        try memory.commit(batch, durability: hooks.ignoresSync ? .buffered : durability)
    }

    /// A hash of every byte that was committed, in order, since it was last taken.
    func takeContentHash() -> UInt64 {
        defer { contentHash = 0 }
        return contentHash
    }

    func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
        try memory.value(for: key, in: keyspace)
    }

    func cachedValue(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> Cached<[UInt8]> {
        try memory.cachedValue(for: key, in: keyspace)
    }

    func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
        try memory.values(for: keys, in: keyspace)
    }

    func visit(
        _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        try memory.visit(range, in: keyspace, direction: direction, visitor)
    }
}

extension WriteBatch.Operation {
    /// Of its keyspace, and of all bytes of keys and value.
    fileprivate var contentHash: UInt64 {
        switch self {
        case .put(let keyspace, let key, let value):
            Hashing.mixed(Hashing.hash(key, from: 0) &+ UInt64(keyspace.index)) ^ Hashing.hash(value, from: 0)
        case .delete(let keyspace, let key): Hashing.hash(key, from: 0) &+ UInt64(keyspace.index) &+ 1 << 32
        case .deleteRange(let keyspace, let range):
            Hashing.mixed(Hashing.hash(range.lower, from: 0) &+ UInt64(keyspace.index) &+ 2 << 32)
                ^ Hashing.hash(range.upper ?? [], from: 0)
        }
    }

    /// Whether it may change a table, an item or an index entry.
    fileprivate var changesContent: Bool {
        let index =
            switch self {
            case .put(let keyspace, _, _), .delete(let keyspace, _), .deleteRange(let keyspace, _): keyspace.index
            }
        return index == Layout.catalog.index || index == Layout.items.index || index == Layout.indexes.index
    }
}
