import Histogram

/// How long changes took to be durable in another region, in milliseconds, for percentiles that are at most 1 % off.
struct LagHistogram {
    /// An hour: what takes longer counts as that.
    private static var highest: UInt64 { 3_600_000 }

    private var histogram = Histogram<UInt64>(
        highestTrackableValue: Self.highest, numberOfSignificantValueDigits: .two)
    private(set) var count: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    /// Counts `count` changes that took that long.
    mutating func record(_ milliseconds: UInt64, count: Int) {
        histogram.record(min(milliseconds, Self.highest), count: UInt64(clamping: count))
        self.count += UInt64(clamping: count)
        maximum = max(maximum, milliseconds)
    }

    /// The value that `share` of all changes did not exceed; nil when there were none.
    func percentile(_ share: Double) -> UInt64? {
        count == 0 ? nil : min(maximum, histogram.valueAtPercentile(share * 100))
    }
}
