import RegionStore
import Replication

/// When a region finds out what it needs of the others: each review costs the writer a turn, so rarely while nothing happens.
struct NeedsReviews: Sendable {
    /// When the next one may be due, in monotonic milliseconds.
    private(set) var due: UInt64
    private let interval: UInt64
    private let quietInterval: UInt64
    private let patience: UInt64
    private var underWay: Review?
    /// The last one, where nothing was needed then.
    private var quiet: Review?

    /// What a review saw, on which its result depends.
    private struct Review: Sendable {
        let basis: Basis
        let began: UInt64

        /// Whether nobody was waited for any more who was away.
        func isSettled(_ patience: UInt64) -> Bool {
            basis.peers.allSatisfy { $0.downSince.map { began >= $0 + patience } ?? true }
        }
    }

    private struct Basis: Sendable, Equatable {
        private let received: AppliedVector
        private let applied: AppliedVector
        private let logEnd: LogPosition
        private let directory: RegionDirectory
        let peers: [RelayPolicy.Peer]

        init(_ committed: CommittedState, _ peers: [RelayPolicy.Peer]) {
            self.peers = peers
            (received, applied) = (committed.received, committed.applied)
            (logEnd, directory) = (committed.log.end, committed.log.directory)
        }
    }

    /// - Parameter patience: how long a region may be away before another one is asked for what it has written, in milliseconds.
    init(_ configuration: LinkConfiguration, patience: UInt64, at now: UInt64) {
        self.patience = patience
        interval = configuration.reviewMilliseconds
        quietInterval = max(interval, configuration.quietReviewMilliseconds)
        due = now + interval
    }

    /// Whether a review is due now, which would find something else than the last one or comes after the longest wait.
    mutating func takeDue(_ committed: CommittedState, peers: [RelayPolicy.Peer], at now: UInt64) -> Bool {
        guard due <= now else { return false }
        due = now + interval
        guard let quiet, quiet.isSettled(patience), now < quiet.began + quietInterval else { return true }
        return quiet.basis != Basis(committed, peers)
    }

    /// Begins a review; false while another one is under way.
    mutating func begin(_ committed: CommittedState, peers: [RelayPolicy.Peer], at now: UInt64) -> Bool {
        guard underWay == nil else { return false }
        underWay = Review(basis: Basis(committed, peers), began: now)
        return true
    }

    /// Ends the review that is under way.
    mutating func end(foundNothing: Bool) {
        quiet = foundNothing ? underWay : nil
        underWay = nil
    }
}
