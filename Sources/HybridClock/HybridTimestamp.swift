/// A point in hybrid time: 48 bits of milliseconds since the Unix epoch, 16 bits of logical counter.
///
/// Ordered by the milliseconds, then by the counter. The milliseconds last until the year 10889.
public struct HybridTimestamp: Sendable, Hashable, Comparable {
    /// The milliseconds in the upper 48 bits, the counter in the lower 16.
    ///
    /// This is the form on disk and on the wire.
    public let rawValue: UInt64

    /// The largest number of milliseconds that a stamp can hold.
    public static let maximumMilliseconds: UInt64 = (1 << 48) - 1

    /// Below every stamp that a clock gives out.
    public static let zero = HybridTimestamp(rawValue: 0)

    /// Every bit pattern is a stamp.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// A stamp of its parts; milliseconds beyond ``maximumMilliseconds`` count as that.
    @inlinable
    public init(milliseconds: UInt64, counter: UInt16 = 0) {
        rawValue = min(milliseconds, Self.maximumMilliseconds) << 16 | UInt64(counter)
    }

    /// Milliseconds since the Unix epoch.
    @inlinable
    public var milliseconds: UInt64 { rawValue >> 16 }

    /// Tells stamps within one millisecond apart.
    @inlinable
    public var counter: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    /// The next stamp: the counter's overflow carries into the milliseconds.
    ///
    /// The very last stamp is its own successor.
    @inlinable
    public var successor: HybridTimestamp {
        rawValue == .max ? self : HybridTimestamp(rawValue: rawValue + 1)
    }

    @inlinable
    public static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool { left.rawValue < right.rawValue }
}

extension HybridTimestamp: CustomStringConvertible {
    /// Milliseconds, a dot, and the counter.
    public var description: String { "\(milliseconds).\(counter)" }
}
