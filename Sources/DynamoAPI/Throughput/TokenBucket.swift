/// Capacity units that come at a steady rate, and are kept for a while when nobody takes them.
///
/// Who takes may take more than there is, as what a request needs is known when it has run: the bucket is then in debt, and empty
/// until the debt is paid. So the mean over a long time is the rate, whatever a single request takes.
///
/// Source: AWS developer guide, "Burst and adaptive capacity".
struct TokenBucket: Sendable {
    /// For how long units are kept that nobody takes, in seconds.
    static let burstSeconds = 300.0
    /// A step back of the clock of less than this, in milliseconds, is one of two threads that have read the time before the other.
    private static let smallStepMilliseconds: UInt64 = 1000

    private var units: Double
    /// At which units come, a second.
    private var rate: Double
    private var filledMilliseconds: UInt64

    /// A bucket of something new: full.
    ///
    /// A table's first minute is mostly its filling, and a region that was started anew has not seen what was taken before.
    init(unitsPerSecond: Int, at nowMilliseconds: UInt64) {
        rate = Double(unitsPerSecond)
        units = rate * Self.burstSeconds
        filledMilliseconds = nowMilliseconds
    }

    var isEmpty: Bool { units <= 0 }

    /// Whether it is as a new one would be.
    var isFull: Bool { units >= rate * Self.burstSeconds }

    /// Adds what has come since the last time, at the rate that held until now; nothing where the clock went back.
    ///
    /// - Parameter unitsPerSecond: the rate from now on.
    mutating func fill(unitsPerSecond: Int, at nowMilliseconds: UInt64) {
        if nowMilliseconds >= filledMilliseconds {
            units += rate * Double(nowMilliseconds - filledMilliseconds) / 1000
            filledMilliseconds = nowMilliseconds
        } else if filledMilliseconds - nowMilliseconds > Self.smallStepMilliseconds {
            filledMilliseconds = nowMilliseconds
        }
        units = min(units, rate * Self.burstSeconds)
        rate = Double(unitsPerSecond)
        units = min(units, rate * Self.burstSeconds)
    }

    /// Adds what has come since the last time.
    mutating func fill(at nowMilliseconds: UInt64) { fill(unitsPerSecond: Int(rate), at: nowMilliseconds) }

    mutating func take(_ taken: Double) { units -= taken }
}
