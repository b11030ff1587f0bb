public import HybridClock
public import KeyValueStore
public import RegionStore
public import Replication

/// One group commit: what has to become durable as one batch, and behind it all that waits for that.
///
/// The answers are not in it: ``RegionWriter/finish(_:_:)`` gives them for the round and the result of its commit, so that nobody can be
/// answered before the batch is durable. The model is etcd-io/raft's `Ready`.
public struct CommitRound: Sendable {
    /// What to commit, with that durability; nil where the round changed nothing, and may be finished at once.
    public let batch: WriteBatch?
    public let durability: Durability
    /// How many commands it has run.
    public let commandCount: Int
    /// The part of the maintenance that it has done.
    public let duty: MaintenanceSchedule.Duty?
    /// Rounds are finished in the order of their numbers, each before the next begins.
    let number: UInt64
}

/// What a finished round says.
public struct FinishedRound {
    /// What became of the commands, in their order: of the first of those that were accepted and not answered yet.
    public let answers: [RegionAnswer]
    /// What readers and links may know now; nil where nothing of it has changed.
    public let committed: CommittedState?
    /// Whether the region takes writes now.
    public let readiness: Readiness
    /// What an operator has to be told.
    public let events: [RegionEvent]
    /// Whether the store is to be closed and opened anew, as its log must not go on: the shell does so at once.
    public let mustReopen: Bool
    /// Why the store can take nothing more, the first time that this is found.
    public let failure: KeyValueStoreError?
}

/// How one command ended.
public enum RegionAnswer: Sendable {
    /// It ran, and what it changed is durable.
    case done(RegionOutcome)
    /// The store failed: whether it took effect is unknown.
    case failed
}

/// What is known of the store as of its last commit, and of its clock: what links ship and acknowledge by.
public struct CommittedState: Sendable, Hashable {
    /// Where the log begins and ends, and what the region has closed at that end.
    public let log: LogBounds
    public let stable: HybridTimestamp
    /// What was received of every origin, the region's own log included: where senders begin.
    public let received: AppliedVector
    /// What every replica here has of every origin.
    public let applied: AppliedVector
    /// Whether the region's physical clock is contradicted, and no witness for others.
    public let doubtsClock: Bool

    /// Where the log begins and ends, and its closed timestamp at that end.
    public typealias LogBounds = SenderLink.LogBounds

    init(
        log: LogBounds, stable: HybridTimestamp, received: AppliedVector, applied: AppliedVector,
        doubtsClock: Bool = false
    ) {
        self.log = log
        self.stable = stable
        self.received = received
        self.applied = applied
        self.doubtsClock = doubtsClock
    }

    /// - Parameter isAsking: whether nothing is to be shipped yet that was not in the store when it was opened.
    init<Store: KeyValueStore>(_ store: RegionStore<Store>, doubtsClock: Bool, isAsking: Bool) {
        self.doubtsClock = doubtsClock
        let reports = store.reports
        log = LogBounds(
            begin: store.logBegin, start: store.logStart, end: isAsking ? store.openedPosition : store.lastPosition,
            closed: isAsking ? .zero : store.closedTimestamp, directory: reports.directory)
        stable = store.stableTime
        (received, applied) = (reports.received, reports.applied)
    }
}
