/// Capacity units that come at a steady rate, and are kept for a while when nobody takes them.
///
/// Who takes may take more than there is, as what a request needs is known when it has run: the bucket is then in debt, and empty
/// until the debt is paid. So the mean over a long time is the rate, whatever a single request takes.
///
/// Source: AWS developer guide, "Burst and adaptive capacity".
struct TokenBucket: Sendable {
    /// For how long units are kept that nobody takes, in seconds.
    static let burstSeconds = 300.0

    private var units: Double
    private var filledMilliseconds: UInt64

    /// A bucket of something new: full.
    ///
    /// A table's first minute is mostly its filling, and a region that was started anew has not seen what was taken before.
    init(unitsPerSecond: Int, at nowMilliseconds: UInt64) {
        units = Double(unitsPerSecond) * Self.burstSeconds
        filledMilliseconds = nowMilliseconds
    }

    var isEmpty: Bool { units <= 0 }

    /// Whether it is as a new one would be.
    func isFull(unitsPerSecond: Int) -> Bool { units >= Double(unitsPerSecond) * Self.burstSeconds }

    /// Adds what has come since the last time; nothing where the clock went back.
    ///
    /// - Parameter unitsPerSecond: the rate now, which may be another than before.
    mutating func fill(unitsPerSecond: Int, at nowMilliseconds: UInt64) {
        let rate = Double(unitsPerSecond)
        let elapsed = nowMilliseconds > filledMilliseconds ? nowMilliseconds - filledMilliseconds : 0
        units = min(rate * Self.burstSeconds, units + rate * Double(elapsed) / 1000)
        filledMilliseconds = nowMilliseconds
    }

    mutating func take(_ taken: Double) { units -= taken }
}
