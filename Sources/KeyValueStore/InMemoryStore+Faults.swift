import Synchronization

/// What goes wrong in an `InMemoryStore`.
///
/// Whoever hands in the closures decides when, so that a run can be repeated.
///
/// The closures are called while the store is locked and must not call it.
public struct StoreFaults: Sendable {
    /// Strikes the next commit, and no other.
    public var nextCommit: CommitFault?

    /// Asked before every commit; nil lets it through.
    public var commit: (@Sendable (_ batch: WriteBatch, _ durability: Durability) -> CommitFault?)?

    /// Asked for every key that is looked up or visited, as for a damaged block on disk; nil lets the read through.
    ///
    /// A snapshot keeps the one that was set when it was taken.
    public var read: (@Sendable (_ key: [UInt8], _ keyspace: Keyspace) -> KeyValueStoreError?)?

    /// Whether ``KeyValueStore/cachedValue(for:in:)`` knows nothing, as of a store that was just opened.
    public var isCold = false

    /// The size of the disk: a commit with more bytes than are left fails, even if it would free some.
    ///
    /// Nil for no limit.
    public var diskByteCount: Int?

    public init() {}
}

/// How a commit fails.
///
/// Either way its batch is not visible, and every later commit fails with the same error until the store is opened
/// again: the caller cannot know which of the two has happened.
public enum CommitFault: Sendable, Hashable {
    /// Nothing of the batch reached the disk.
    case lost(KeyValueStoreError)
    /// The batch reached the disk before the error: it is there when the store is opened again, with the durability
    /// asked for.
    case written(KeyValueStoreError)

    var error: KeyValueStoreError {
        switch self {
        case .lost(let error), .written(let error): error
        }
    }

    var reachesDisk: Bool {
        switch self {
        case .lost: false
        case .written: true
        }
    }
}

extension InMemoryStore {
    /// What goes wrong from now on.
    public var faults: StoreFaults {
        get { state.withLock { $0.faults } }
        set { state.withLock { $0.faults = newValue } }
    }

    /// Makes the next commit fail.
    public func failNextCommit(_ fault: CommitFault) {
        state.withLock { $0.faults.nextCommit = fault }
    }

    /// The number of commits that a loss of power would put at risk.
    public var bufferedCommitCount: Int {
        state.withLock { $0.buffered.count }
    }

    /// Ends the process, in order or by a signal: everything committed stays, whatever its durability.
    public func close() {
        state.withLock { state in
            guard isOpen.exchange(false, ordering: .relaxed) else { return }
            var remains = state.contents
            if let survivor = state.failedCommit?.survivor { remains.apply(survivor) }
            state.leave(remains)
        }
    }

    /// Cuts the power: the commits since the last synced one are lost, save the first `keptCount` of them, which the
    /// operating system had written by then.
    ///
    /// A write-ahead log keeps no later commit without the earlier ones.
    public func crash(keepingBuffered keptCount: Int = 0) {
        state.withLock { state in
            guard isOpen.exchange(false, ordering: .relaxed) else { return }
            let survivor = state.failedCommit?.survivor
            if let survivor, state.failedCommit?.durability == .synced {
                state.contents.apply(survivor)
                return state.leave(state.contents)
            }
            let pending = state.buffered + (survivor.map { [$0] } ?? [])
            var remains = state.synced ?? state.contents
            for batch in pending.prefix(keptCount) { remains.apply(batch) }
            state.leave(remains)
        }
    }

    /// A store of its own with what this one holds now: a copy of its files that somebody takes.
    public func copy() -> InMemoryStore {
        state.withLock { InMemoryStore(keyspaces: keyspaces, contents: $0.remains ?? $0.contents, faults: $0.faults) }
    }

    /// Starts the next run on what the last one left on the disk, with the same disk size and damaged blocks.
    ///
    /// Throws `KeyValueStoreError.unavailable` while the store is open, and where another run has begun on what it
    /// left.
    public func reopen() throws(KeyValueStoreError) -> InMemoryStore {
        try state.withLock { state throws(KeyValueStoreError) in
            guard !isOpen.load(ordering: .relaxed) else { throw .unavailable("the store is still open") }
            guard let remains = state.remains.take() else { throw .unavailable("the store was opened again before") }
            return InMemoryStore(keyspaces: keyspaces, contents: remains, faults: state.faults)
        }
    }
}

extension InMemoryStore.State {
    /// Ends the run, and lets go of all but what the next one finds.
    fileprivate mutating func leave(_ remains: InMemoryStore.Contents) {
        self.remains = remains
        contents.maps = contents.maps.map { _ in OrderedMap() }
        synced = nil
        buffered = []
        failedCommit = nil
    }
}
