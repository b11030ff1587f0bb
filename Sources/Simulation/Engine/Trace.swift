/// Everything that happens in a run, as lines, and as one hash of all of them.
///
/// Two runs of one scenario and seed have the same hash; the first line that differs shows where two runs part.
struct Trace {
    /// FNV-1a over words rather than bytes: fast, and enough to tell runs apart.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var eventCount = 0
    /// Takes the lines; nothing is put into words when it is nil.
    var writer: ((String) -> Void)?

    /// What happened.
    enum Kind: UInt8 {
        case started, stopped, crashed, paused, resumed, diskLost
        case committed
        case connected, disconnected, sent
        case read, answered
        case fault, healed, clock
    }

    /// Notes an event with numbers that say what it was about.
    mutating func note(
        _ kind: Kind, at time: VirtualTime, _ first: UInt64 = 0, _ second: UInt64 = 0, _ third: UInt64 = 0,
        _ words: @autoclosure () -> String = ""
    ) {
        eventCount += 1
        mix(UInt64(kind.rawValue))
        mix(time.nanoseconds)
        mix(first)
        mix(second)
        mix(third)
        guard let writer else { return }
        writer("\(time) \(kind) \(first) \(second) \(third) \(words())")
    }

    private mutating func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0x100_0000_01B3
        hash ^= hash >> 32
    }
}
