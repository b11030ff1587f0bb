import HybridClock
import ItemModel
import KeyValueStore
public import RegionStore
import Replication

/// Judges whether a region's store is the newest copy of itself, by what the other regions have of its log.
///
/// A region that starts asks all of them before it takes writes, for a short time; what a peer that comes later knows better still ends the
/// log at once. A store that has forgotten begins another incarnation, fetches what others have of its old log, and only then takes writes.
struct LogGuard: Sendable {
    private let startedAt: UInt64
    private let peerCount: Int
    /// Who has nothing of the log that is not here, in order.
    private var confirmedBy: [RegionID] = []
    private var hasAsked: Bool
    private var isTailTold = false
    /// Since when the tail has not grown, in monotonic milliseconds, and how far it was then.
    private var lastProgress: (at: UInt64, LogPosition)

    /// How long a region that starts waits for the others, in milliseconds.
    static let patienceMilliseconds: UInt64 = 2_000
    /// How long a region waits for a tail that does not grow, in milliseconds: whoever had more of it may be gone.
    static let stallMilliseconds: UInt64 = 10_000

    init(_ configuration: RegionConfiguration, asksPeers: Bool, at now: LinkInstant) {
        startedAt = now.monotonicMilliseconds
        lastProgress = (now.monotonicMilliseconds, .zero)
        peerCount = asksPeers ? configuration.regions.count - 1 : 0
        hasAsked = peerCount == 0
    }

    /// Takes up to where another region has the log of this one.
    ///
    /// - Parameter isBeyond: whether that is more than was given out.
    mutating func note<Store: KeyValueStore>(
        _ position: LogPosition, isBeyond: Bool, knownBy region: RegionID, _ store: RegionStore<Store>,
        _ events: inout [RegionEvent]
    ) {
        guard !isBeyond else {
            let isNews = !store.mustReopen
            store.noteForgotten(upTo: position)
            if isNews, let tail = store.forgotten, let name = store.configuration.name(of: region) {
                events.append(.logForgotten(tail, knownBy: name.string))
            }
            return
        }
        if !confirmedBy.contains(region) { confirmedBy.append(region) }
    }

    /// Whether others are being asked: until then nothing is shipped that was not in the store when it was opened, so that what they have
    /// of the log can be told from it.
    var isAsking: Bool { !hasAsked }

    /// Judges the log in a round.
    ///
    /// - Returns: why nothing may be stamped; nil where the log may go on.
    mutating func judge<Store: KeyValueStore>(
        _ store: RegionStore<Store>, at now: LinkInstant, _ events: inout [RegionEvent]
    ) -> LogDoubt? {
        let age = now.monotonicMilliseconds - min(startedAt, now.monotonicMilliseconds)
        if store.mustReopen { return store.forgotten.map(LogDoubt.forgotten) }
        if let tail = store.forgotten, !isTailTold {
            isTailTold = true
            events.append(.tailWanted(tail, log: store.origin))
        }
        if !hasAsked {
            guard confirmedBy.count >= peerCount || age >= Self.patienceMilliseconds else { return .unconfirmed }
            hasAsked = true
            if store.isUnproven, confirmedBy.count < peerCount {
                store.noteForgotten(upTo: store.lastPosition)
                events.append(.logUnproven(end: store.lastPosition))
                return store.forgotten.map(LogDoubt.forgotten)
            }
            store.noteProven()
        }
        guard let tail = store.forgotten else { return nil }
        let held = store.receivedVector[tail.log]
        if held != lastProgress.1 { lastProgress = (now.monotonicMilliseconds, held) }
        let wait: RecoveryWait =
            now.monotonicMilliseconds >= lastProgress.at + Self.stallMilliseconds
            ? .none : age >= Self.patienceMilliseconds ? .forHeard : .forAll
        guard let recovery = store.endRecovery(wait) else { return .forgotten(tail) }
        events.append(.tailFetched(recovery))
        return nil
    }
}

/// Why a region adds nothing to its log.
public enum LogDoubt: Sendable, Hashable, CustomStringConvertible {
    /// The process has just started, and not all other regions have said what they have of the log.
    case unconfirmed
    /// The store lacks the end of its own log, which is being fetched.
    case forgotten(ForgottenTail)

    public var description: String {
        switch self {
        case .unconfirmed: "the region has just started, and asks the other regions what they have of its log"
        case .forgotten(let tail): "its disk has forgotten \(tail), which the other regions are asked for"
        }
    }
}
