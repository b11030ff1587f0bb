import RegionStore
import Replication

/// When a region finds out what it needs of the others: each review costs the writer a turn, so rarely while nothing happens.
struct NeedsReviews: Sendable {
    /// When the next one may be due, in monotonic milliseconds.
    private(set) var due: UInt64
    private let interval: UInt64
    private let quietInterval: UInt64
    private var underWay: Review?
    /// The last one, where nothing was needed then.
    private var quiet: Review?

    /// What a review saw, on which its result depends beside who is there.
    private struct Review: Sendable {
        let basis: Basis
        let began: UInt64
    }

    private struct Basis: Sendable, Equatable {
        private let received: AppliedVector
        private let applied: AppliedVector
        private let logEnd: LogPosition
        private let directory: RegionDirectory

        init(_ committed: CommittedState) {
            (received, applied) = (committed.received, committed.applied)
            (logEnd, directory) = (committed.log.end, committed.log.directory)
        }
    }

    init(_ configuration: LinkConfiguration, at now: UInt64) {
        interval = configuration.reviewMilliseconds
        quietInterval = max(interval, configuration.quietReviewMilliseconds)
        due = now + interval
    }

    /// Whether a review is due now, which would find something else than the last one or comes after the longest wait.
    mutating func takeDue(_ committed: CommittedState, isEverybodyThere: Bool, at now: UInt64) -> Bool {
        guard due <= now else { return false }
        due = now + interval
        guard let quiet, isEverybodyThere, now < quiet.began + quietInterval else { return true }
        return quiet.basis != Basis(committed)
    }

    /// Begins a review; false while another one is under way.
    mutating func begin(_ committed: CommittedState, at now: UInt64) -> Bool {
        guard underWay == nil else { return false }
        underWay = Review(basis: Basis(committed), began: now)
        return true
    }

    /// Ends the review that is under way.
    mutating func end(foundNothing: Bool) {
        quiet = foundNothing ? underWay : nil
        underWay = nil
    }
}
