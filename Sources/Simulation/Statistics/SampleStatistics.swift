/// One figure over many runs, with what the runs tell of all seeds.
///
/// A quantile is a value that some run had: the lowest that at least that share of the runs does not exceed. So each has a seed.
public struct SampleStatistics: Sendable, Equatable {
    /// How many runs have the figure; the others never came to it, such as to an agreement.
    public var count: Int
    /// The lower one of the two in the middle where the number of runs is even.
    public var median: Double
    /// The seed of a run that has the median; the lowest of several.
    public var medianSeed: UInt64
    /// Nil with fewer than 6 runs.
    public var medianInterval: ConfidenceInterval?
    public var p90: Double
    /// Nil with fewer than 36 runs.
    public var p90Interval: ConfidenceInterval?
    public var p95: Double
    /// Nil with fewer than 72 runs.
    public var p95Interval: ConfidenceInterval?
    public var mean: Double
    /// Nil with fewer than 6 runs.
    public var meanInterval: ConfidenceInterval?
    /// The highest one: less of every figure is better.
    public var worst: Double
    /// The seed of the worst run; the lowest of several that are equally bad.
    public var worstSeed: UInt64

    /// - Parameter values: each run's value and seed, in an order that is always the same; nil where there is none.
    init?(_ values: [(value: Double, seed: UInt64)]) {
        let ranked = values.sorted { ($0.value, $0.seed) < ($1.value, $1.seed) }
        guard let last = ranked.last else { return nil }
        let sorted = ranked.map(\.value)
        count = sorted.count
        median = Self.quantile(0.5, of: sorted)
        worst = last.value
        let (middle, highest) = (median, worst)
        medianSeed = ranked.first { $0.value == middle }?.seed ?? 0
        worstSeed = ranked.first { $0.value == highest }?.seed ?? last.seed
        (p90, p95) = (Self.quantile(0.9, of: sorted), Self.quantile(0.95, of: sorted))
        medianInterval = .ofQuantile(0.5, sorted: sorted)
        p90Interval = .ofQuantile(0.9, sorted: sorted)
        p95Interval = .ofQuantile(0.95, sorted: sorted)
        mean = values.reduce(0) { $0 + $1.value } / Double(values.count)
        meanInterval = .ofMean(values.map(\.value))
    }

    /// The lowest value that at least this share (0 to 1) of a sample does not exceed.
    ///
    /// - Parameter sorted: the sample in rising order, with at least one value.
    static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        // A product such as 0.95 · 20 may come out a little above the whole number that it is.
        let place = Int((share * Double(sorted.count) - 1e-9).rounded(.up))
        return sorted[min(sorted.count, max(1, place)) - 1]
    }
}

extension SampleStatistics: Encodable {
    private enum Key: String, CodingKey {
        case count, median, medianSeed, medianInterval, p90, p90Interval, p95, p95Interval, mean, meanInterval
        case worst, worstSeed
    }

    /// With `null` for what too few runs do not tell.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(count, forKey: .count)
        try members.encode(median, forKey: .median)
        try members.encode(medianSeed, forKey: .medianSeed)
        try members.encode(medianInterval, forKey: .medianInterval)
        try members.encode(p90, forKey: .p90)
        try members.encode(p90Interval, forKey: .p90Interval)
        try members.encode(p95, forKey: .p95)
        try members.encode(p95Interval, forKey: .p95Interval)
        try members.encode(mean, forKey: .mean)
        try members.encode(meanInterval, forKey: .meanInterval)
        try members.encode(worst, forKey: .worst)
        try members.encode(worstSeed, forKey: .worstSeed)
    }
}
