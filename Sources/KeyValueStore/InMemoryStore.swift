import Synchronization

/// A store in the process's own memory, for tests and the simulator, that can fail and lose power on demand.
///
/// It draws nothing from outside: the same calls give the same answers and the same losses. A snapshot costs constant
/// time and a commit the logarithm of the store's size for each change. Readers and the writer exclude each other only
/// for as long as a lookup or a change in memory takes; visits and snapshots read without a lock.
///
/// One value stands for one run of a process over a disk. `close()` and `crash(keepingBuffered:)` end it for good, and
/// `reopen()` starts the next on what the disk kept, so that nothing left over from the old run can reach the new one.
public final class InMemoryStore: KeyValueStore {
    public let keyspaces: [Keyspace]
    let state: Mutex<State>
    let isOpen = Atomic(true)

    struct State: Sendable {
        var contents: Contents
        /// What a loss of power leaves, where that is less than `contents`.
        var synced: Contents?
        /// The commits between `synced` and `contents`, oldest first.
        var buffered: [WriteBatch] = []
        /// The commit after which no other was accepted.
        var failedCommit: FailedCommit?
        var faults: StoreFaults
        /// What the run left behind, until the next one takes it.
        var remains: Contents?
    }

    struct FailedCommit: Sendable {
        let error: KeyValueStoreError
        /// What reached the disk nevertheless.
        let survivor: WriteBatch?
        let durability: Durability
    }

    /// The entries of every keyspace, by the keyspace's index.
    struct Contents: Sendable {
        var maps: [OrderedMap]

        mutating func apply(_ batch: WriteBatch) {
            for operation in batch.operations {
                switch operation {
                case .put(let keyspace, let key, let value): maps[keyspace.index].put(key, value)
                case .delete(let keyspace, let key): maps[keyspace.index].remove(key)
                case .deleteRange(let keyspace, let range): maps[keyspace.index].removeRange(range)
                }
            }
        }

        var byteCount: Int { maps.reduce(0) { $0 + $1.byteCount } }
    }

    /// An empty store of `keyspaces`, whose indices must be their places in the list.
    public convenience init(keyspaces: [Keyspace], faults: StoreFaults = StoreFaults()) {
        self.init(
            keyspaces: keyspaces, contents: Contents(maps: keyspaces.map { _ in OrderedMap() }), faults: faults)
    }

    init(keyspaces: [Keyspace], contents: Contents, faults: StoreFaults) {
        precondition(
            keyspaces.indices.allSatisfy { keyspaces[$0].index == $0 },
            "keyspaces whose indices are not their places: \(keyspaces)")
        self.keyspaces = keyspaces
        state = Mutex(State(contents: contents, faults: faults))
    }

    // MARK: KeyValueStore

    public func commit(_ batch: WriteBatch, durability: Durability) throws(KeyValueStoreError) {
        try state.withLock { state throws(KeyValueStoreError) in
            guard isOpen.load(ordering: .relaxed) else { throw .closed }
            if let failed = state.failedCommit { throw failed.error }
            if let fault = state.fault(for: batch, durability) {
                let survivor: WriteBatch? = fault.reachesDisk ? batch : nil
                state.failedCommit = FailedCommit(error: fault.error, survivor: survivor, durability: durability)
                throw fault.error
            }
            state.commit(batch, durability)
        }
    }

    public func snapshot() throws(KeyValueStoreError) -> Snapshot {
        try state.withLock { state throws(KeyValueStoreError) in
            guard isOpen.load(ordering: .relaxed) else { throw .closed }
            return Snapshot(store: self, contents: state.contents, readFault: state.faults.read)
        }
    }

    public func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
        try state.withLock { state throws(KeyValueStoreError) in
            guard isOpen.load(ordering: .relaxed) else { throw .closed }
            if let error = state.faults.read?(key, keyspace) { throw error }
            return state.contents.maps[keyspace.index].value(for: key)
        }
    }

    public func cachedValue(
        for key: [UInt8], in keyspace: Keyspace
    ) throws(KeyValueStoreError) -> Cached<[UInt8]> {
        faults.isCold ? .unknown : .known(try value(for: key, in: keyspace))
    }

    public func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
        try snapshot().values(for: keys, in: keyspace)
    }

    public func visit(
        _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        try snapshot().visit(range, in: keyspace, direction: direction, visitor)
    }

    // MARK: Sizes

    /// The number of entries in `keyspace`.
    public func count(in keyspace: Keyspace) -> Int {
        state.withLock { $0.contents.maps[keyspace.index].count }
    }

    /// The bytes of all keys and values in all keyspaces.
    public var byteCount: Int {
        state.withLock { $0.contents.byteCount }
    }
}

extension InMemoryStore {
    /// What was committed when it was taken.
    ///
    /// It can be read until its store is closed or crashes.
    public struct Snapshot: KeyValueReader, Sendable {
        let store: InMemoryStore
        let contents: Contents
        let readFault: (@Sendable (_ key: [UInt8], _ keyspace: Keyspace) -> KeyValueStoreError?)?

        public func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
            guard store.isOpen.load(ordering: .relaxed) else { throw .closed }
            if let error = readFault?(key, keyspace) { throw error }
            return contents.maps[keyspace.index].value(for: key)
        }

        public func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
            var values: [[UInt8]?] = []
            values.reserveCapacity(keys.count)
            for key in keys {
                values.append(try value(for: key, in: keyspace))
            }
            return values
        }

        public func visit(
            _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
            _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
        ) throws {
            guard store.isOpen.load(ordering: .relaxed) else { throw KeyValueStoreError.closed }
            try contents.maps[keyspace.index].visit(range, direction: direction) { key, value in
                if let error = readFault?(key, keyspace) { throw error }
                guard try visitor(key, value) else { return false }
                guard store.isOpen.load(ordering: .relaxed) else { throw KeyValueStoreError.closed }
                return true
            }
        }
    }
}

extension InMemoryStore.State {
    fileprivate mutating func commit(_ batch: WriteBatch, _ durability: Durability) {
        switch durability {
        case .synced:
            synced = nil
            buffered = []
        case .buffered:
            if synced == nil { synced = contents }
            buffered.append(batch)
        }
        contents.apply(batch)
    }

    fileprivate mutating func fault(for batch: WriteBatch, _ durability: Durability) -> CommitFault? {
        if let next = faults.nextCommit {
            faults.nextCommit = nil
            return next
        }
        if let fault = faults.commit?(batch, durability) { return fault }
        if let limit = faults.diskByteCount, contents.byteCount + batch.byteCount > limit {
            return .lost(.engine("No space left on device"))
        }
        return nil
    }
}
