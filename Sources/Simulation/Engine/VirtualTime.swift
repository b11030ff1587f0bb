/// A moment of a simulation: nanoseconds since its start.
public struct VirtualTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static let zero = VirtualTime(nanoseconds: 0)

    /// Milliseconds since the start, rounded down.
    public var milliseconds: UInt64 { nanoseconds / 1_000_000 }

    /// Seconds since the start.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: VirtualTime, right: VirtualTime) -> Bool { left.nanoseconds < right.nanoseconds }

    public static func + (time: VirtualTime, duration: VirtualDuration) -> VirtualTime {
        VirtualTime(nanoseconds: time.nanoseconds &+ duration.nanoseconds)
    }

    /// From `earlier` to `later`; zero where they are the other way round.
    public static func - (later: VirtualTime, earlier: VirtualTime) -> VirtualDuration {
        VirtualDuration(nanoseconds: later.nanoseconds - min(later.nanoseconds, earlier.nanoseconds))
    }

    /// Hours, minutes, seconds and milliseconds, such as `0:05:12.340`.
    public var description: String {
        func padded(_ value: UInt64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let total = milliseconds
        return "\(total / 3_600_000):\(padded(total / 60_000 % 60, 2)):\(padded(total / 1000 % 60, 2))"
            + ".\(padded(total % 1000, 3))"
    }
}

/// A length of virtual time, in nanoseconds; never negative.
public struct VirtualDuration: Sendable, Hashable, Comparable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// A negative duration counts as zero.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        nanoseconds = seconds < 0 ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }

    public static let zero = VirtualDuration(nanoseconds: 0)
    public static func microseconds(_ count: UInt64) -> VirtualDuration { .init(nanoseconds: count * 1000) }
    public static func milliseconds(_ count: UInt64) -> VirtualDuration { .init(nanoseconds: count * 1_000_000) }
    public static func seconds(_ count: UInt64) -> VirtualDuration { .init(nanoseconds: count * 1_000_000_000) }

    public var milliseconds: UInt64 { nanoseconds / 1_000_000 }
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: VirtualDuration, right: VirtualDuration) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
    public static func + (left: VirtualDuration, right: VirtualDuration) -> VirtualDuration {
        .init(nanoseconds: left.nanoseconds &+ right.nanoseconds)
    }
}
