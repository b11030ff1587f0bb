/// When each part of a region's maintenance is due, and how much of it one round does.
///
/// Each round does one part, those that are due taking turns. How much follows the load: for each entry that the log has got since a part's
/// last turn it looks at two, so that however many writes come, more is trimmed and collected than they leave behind.
public struct MaintenanceSchedule: Sendable {
    /// One part of the maintenance.
    public enum Duty: Sendable, Hashable, CaseIterable {
        /// Gives time to an idle region, so that everybody's stable time goes on.
        case tick
        /// Enters items into new indexes.
        case backfill
        /// Deletes items whose time has come.
        case sweepExpired
        case collectTombstones
        case trimLog

        /// How long to wait after there was nothing more to do, in milliseconds.
        var intervalMilliseconds: UInt64 {
            switch self {
            case .tick: 500
            case .backfill: 250
            case .sweepExpired: 1_000
            case .collectTombstones: 1_000
            case .trimLog: 10_000
            }
        }

        /// The same once nothing was written for twenty turns: an idle region is to cost next to nothing.
        var quietIntervalMilliseconds: UInt64 {
            switch self {
            case .tick: 1_000
            case .backfill, .sweepExpired, .collectTombstones: 5_000
            case .trimLog: intervalMilliseconds
            }
        }

        /// How many items or entries one turn looks at, at the least.
        var minimumQuota: UInt64 {
            switch self {
            case .tick: 0
            case .backfill, .sweepExpired: 500
            case .collectTombstones, .trimLog: 2_000
            }
        }

        /// Whether it does what the physical clock says.
        var goesByTime: Bool {
            switch self {
            case .tick, .sweepExpired, .trimLog: true
            case .backfill, .collectTombstones: false
            }
        }

        /// Whether what it has to do grows with what is written.
        fileprivate var followsLoad: Bool {
            switch self {
            case .tick, .backfill: false
            case .sweepExpired, .collectTombstones, .trimLog: true
            }
        }
    }

    /// A part whose turn it is.
    public struct Turn: Sendable, Hashable {
        public let duty: Duty
        /// How many items or entries to look at, at the most.
        public let quota: Int
    }

    /// A turn holds up clients, so it is bounded.
    private static let maximumQuota: UInt64 = 20_000

    private static let quietTurnCount: UInt64 = 20

    private struct Entry {
        let duty: Duty
        var dueMilliseconds: UInt64
        /// When its last turn was.
        var doneMilliseconds: UInt64
        /// Where the log ended at its last turn.
        var logEnd: UInt64
        /// When its last turn was, counted in turns.
        var turn: UInt64 = 0
        /// How many turns it had since the log grew.
        var quietCount: UInt64 = 0

        var isQuiet: Bool { quietCount >= MaintenanceSchedule.quietTurnCount }
    }

    private var entries: [Entry]
    private let heartbeatMilliseconds: UInt64
    private let minimumQuota: UInt64?
    private let pace: UInt64
    private var turnCount: UInt64 = 0

    /// - Parameters:
    ///   - now: monotonic, in milliseconds.
    ///   - logEnd: the last position of the log.
    ///   - heartbeatMilliseconds: how often the other regions are told of the time: an idle region need not tick more often.
    ///   - minimumQuota: how many items or entries one turn looks at, at the least; nil for what each part does in production.
    ///   - pace: how many times as often as usual its parts are due; more than once where time is short, as in tests.
    public init(
        startingAt now: UInt64, logEnd: UInt64, heartbeatMilliseconds: UInt64 = 0, minimumQuota: UInt64? = nil,
        pace: UInt64 = 1
    ) {
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.minimumQuota = minimumQuota
        self.pace = max(1, pace)
        entries = Duty.allCases.map { Entry(duty: $0, dueMilliseconds: now, doneMilliseconds: now, logEnd: logEnd) }
        nextDueMilliseconds = now
    }

    /// The part that is due and has waited for the most turns; nil when none is due.
    public func next(at now: UInt64, logEnd: UInt64) -> Turn? {
        guard nextDueMilliseconds <= now else { return nil }
        var chosen: Entry?
        for entry in entries where entry.dueMilliseconds <= now && entry.turn < chosen?.turn ?? .max { chosen = entry }
        guard let chosen else { return nil }
        let written = chosen.duty.followsLoad ? logEnd - min(logEnd, chosen.logEnd) : 0
        let quota = min(max(minimumQuota ?? chosen.duty.minimumQuota, written * 2), Self.maximumQuota)
        return Turn(duty: chosen.duty, quota: Int(quota))
    }

    /// Notes that a part had its turn; where there was more to do it is due again at once.
    public mutating func did(_ duty: Duty, hasMore: Bool, at now: UInt64, logEnd: UInt64) {
        turnCount += 1
        for index in entries.indices where entries[index].duty == duty {
            entries[index].quietCount = entries[index].logEnd == logEnd ? entries[index].quietCount + 1 : 0
            entries[index].dueMilliseconds = hasMore ? now : now + interval(of: entries[index])
            entries[index].doneMilliseconds = now
            entries[index].logEnd = logEnd
            entries[index].turn = turnCount
        }
        findNextDue()
    }

    /// Notes where the log ends now: where it has grown, the parts of a region that was idle are due as soon as those of a busy one.
    public mutating func note(logEnd: UInt64) {
        guard entries.contains(where: { $0.isQuiet && $0.logEnd != logEnd }) else { return }
        for index in entries.indices where entries[index].isQuiet && entries[index].logEnd != logEnd {
            entries[index].quietCount = 0
            let due = entries[index].doneMilliseconds + interval(of: entries[index])
            entries[index].dueMilliseconds = min(entries[index].dueMilliseconds, due)
        }
        findNextDue()
    }

    private func interval(of entry: Entry) -> UInt64 {
        guard entry.isQuiet else { return max(1, entry.duty.intervalMilliseconds / pace) }
        let quiet = max(1, entry.duty.quietIntervalMilliseconds / pace)
        return entry.duty == .tick ? max(quiet, heartbeatMilliseconds) : quiet
    }

    private mutating func findNextDue() { nextDueMilliseconds = entries.reduce(.max) { min($0, $1.dueMilliseconds) } }

    /// When the next part is due, in monotonic milliseconds.
    public private(set) var nextDueMilliseconds: UInt64
}
