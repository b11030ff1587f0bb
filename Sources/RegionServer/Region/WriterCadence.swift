/// When each of the writer's own duties is due.
struct WriterCadence {
    /// What the writer does between drains.
    enum Duty: CaseIterable {
        /// Gives time to an idle region, so that everybody's stable time goes on.
        case tick
        /// Enters items into new indexes.
        case backfill
        /// Deletes items whose time has come.
        case sweepExpired
        case collectTombstones
        case trimLog

        /// How long to wait after there was nothing more to do, in milliseconds.
        var interval: UInt64 {
            switch self {
            case .tick: 500
            case .backfill: 100
            case .sweepExpired: 1_000
            case .collectTombstones: 1_000
            case .trimLog: 10_000
            }
        }
    }

    private var due: [(duty: Duty, at: UInt64)]

    init(startingAt now: UInt64) {
        due = Duty.allCases.map { ($0, now) }
    }

    /// What is due, in the order of the cases.
    func duties(at now: UInt64) -> [Duty] {
        due.filter { $0.at <= now }.map(\.duty)
    }

    /// Zero where something is due now.
    func millisecondsToNext(at now: UInt64) -> UInt64 {
        due.reduce(UInt64.max) { earliest, entry in min(earliest, entry.at - min(entry.at, now)) }
    }

    /// Notes that a duty was done; where there was more to do it is due again at once.
    mutating func did(_ duty: Duty, hasMore: Bool, at now: UInt64) {
        for index in due.indices where due[index].duty == duty {
            due[index].at = hasMore ? now : now + duty.interval
        }
    }

    /// Puts off everything: the store has failed.
    mutating func rest(at now: UInt64) {
        for index in due.indices { due[index].at = now + due[index].duty.interval }
    }
}
