/// A region's source of stamps: each above all that it gave out or took in before.
///
/// It reads no clock: its owner hands in the physical time. Its owner also persists ``highWaterMark`` with the state that
/// depends on it and starts the clock again from there, so that neither a restart nor a physical clock that was set back
/// can make it repeat itself.
public struct HybridLogicalClock: Sendable {
    /// The highest stamp given out or taken in; every stamp to come is above it.
    public private(set) var highWaterMark: HybridTimestamp

    /// How far ahead of the physical clock a stamp may be that comes from another clock, in milliseconds.
    public let maximumOffsetMilliseconds: UInt64

    /// Starts above everything that the clock had seen when `highWaterMark` was persisted.
    ///
    /// - Parameters:
    ///   - highWaterMark: as read back from the store; zero for a new one.
    ///   - maximumOffsetMilliseconds: the bound on stamps taken in by ``observe(_:at:)``.
    public init(highWaterMark: HybridTimestamp = .zero, maximumOffsetMilliseconds: UInt64) {
        self.highWaterMark = highWaterMark
        self.maximumOffsetMilliseconds = maximumOffsetMilliseconds
    }

    /// Gives out the stamp of a local event.
    ///
    /// Where the physical clock stands behind the high-water mark (it was set back, or another region's is ahead) the counter
    /// goes up instead; when the counter overflows, the milliseconds do, ahead of the physical clock.
    ///
    /// - Parameter physicalMilliseconds: the physical time now, in milliseconds since the Unix epoch.
    public mutating func now(at physicalMilliseconds: UInt64) -> HybridTimestamp {
        highWaterMark = max(HybridTimestamp(milliseconds: physicalMilliseconds), highWaterMark.successor)
        return highWaterMark
    }

    /// Takes in a stamp of another region, so that every stamp to come is above it.
    ///
    /// - Parameter physicalMilliseconds: the physical time now, in milliseconds since the Unix epoch.
    /// - Throws: `ClockError.tooFarAhead` when the stamp is further ahead of the physical clock than the bound; the clock is then
    ///   as it was.
    public mutating func observe(_ stamp: HybridTimestamp, at physicalMilliseconds: UInt64) throws(ClockError) {
        try check(stamp, at: physicalMilliseconds)
        highWaterMark = max(highWaterMark, stamp)
    }

    /// Throws what ``observe(_:at:)`` would, and changes nothing.
    public func check(_ stamp: HybridTimestamp, at physicalMilliseconds: UInt64) throws(ClockError) {
        let (limit, overflow) = physicalMilliseconds.addingReportingOverflow(maximumOffsetMilliseconds)
        guard overflow || stamp.milliseconds <= limit else {
            throw .tooFarAhead(
                stamp: stamp, physicalMilliseconds: physicalMilliseconds,
                maximumOffsetMilliseconds: maximumOffsetMilliseconds)
        }
    }
}

/// Why a stamp was refused.
public enum ClockError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One of the two clocks is wrong: taking the stamp in would let it win every conflict until physical time catches up.
    case tooFarAhead(stamp: HybridTimestamp, physicalMilliseconds: UInt64, maximumOffsetMilliseconds: UInt64)

    public var description: String {
        switch self {
        case .tooFarAhead(let stamp, let physicalMilliseconds, let maximumOffsetMilliseconds):
            """
            the stamp \(stamp) is \(stamp.milliseconds - min(physicalMilliseconds, stamp.milliseconds)) ms ahead of this \
            region's clock, and at most \(maximumOffsetMilliseconds) ms are allowed: one of the two clocks is wrong
            """
        }
    }
}

/// Reads the physical time; the only place where a region's time comes from.
public protocol PhysicalClock: Sendable {
    /// Milliseconds since the Unix epoch, of a clock that may be set forwards or back.
    func nowMilliseconds() -> UInt64
}
