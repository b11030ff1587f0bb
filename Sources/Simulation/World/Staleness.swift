import Histogram

/// How old changes were when they became durable in another region.
struct Staleness {
    /// The longest scenario with the longest time to settle, in microseconds.
    private static let longest: UInt64 = 60 * 86_400_000_000
    private var histogram = Histogram<UInt64>(highestTrackableValue: longest, numberOfSignificantValueDigits: .two)
    private var maximum: UInt64 = 0
    /// How many changes were counted.
    private(set) var count = 0

    /// Counts changes of one age, in microseconds.
    mutating func record(_ age: UInt64, count: Int) {
        histogram.record(min(age, Self.longest), count: UInt64(count))
        maximum = max(maximum, age)
        self.count += count
    }

    /// The age that this share of all changes, above 0 and up to 1, had at the most; zero where there are none.
    func milliseconds(share: Double) -> Double {
        guard count > 0 else { return 0 }
        if share >= 1 { return Double(maximum) / 1000 }
        // The histogram rounds up; nothing was older than the oldest.
        return Double(min(histogram.valueAtPercentile(share * 100), maximum)) / 1000
    }
}
