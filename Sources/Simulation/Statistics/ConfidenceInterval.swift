import Foundation

/// Where a figure of all runs that there could be lies, as far as the runs that there were can tell: with a confidence of 95 %.
///
/// No method here assumes a distribution. The seeds of a sweep are independent draws, so the runs are a random sample.
public struct ConfidenceInterval: Codable, Sendable, Equatable {
    public var low: Double
    public var high: Double

    /// The probability with which each bound is missed.
    private static let tail = 0.025
    /// The normal distribution's quantile of 97.5 %.
    private static let normalQuantile = 1.959_963_984_540_054
    /// How often a sample is drawn from the sample.
    private static let resampleCount = 1000
    /// With fewer runs there is no interval of the median with this confidence, and the bootstrap is too narrow.
    static let runCountMin = 6

    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// The interval of a quantile, between two of the sample's own values.
    ///
    /// The number of values below the quantile is binomially distributed whatever their distribution is: Hahn and Meeker, *Statistical
    /// Intervals*, 1991, section 5.2. Each bound is missed with a probability of at most 2.5 %, so the confidence is at least 95 %.
    ///
    /// - Parameters:
    ///   - share: which quantile, above 0 and below 1; 0.5 is the median.
    ///   - sorted: the sample, in rising order.
    /// - Returns: nil where the sample is too small: the median takes 6 values, that of 95 % takes 72.
    static func ofQuantile(_ share: Double, sorted: [Double]) -> ConfidenceInterval? {
        let count = sorted.count
        guard count > 0, share > 0, share < 1 else { return nil }
        // The places of the bounds, from 1: the lower one is the highest with P(B < place) ≤ 2.5 %, the upper one the lowest with
        // P(B ≥ place) ≤ 2.5 %, where B is binomially distributed. In logarithms, as the first terms of many runs are below any Double.
        var (lower, upper) = (0, 0)
        var logTerm = Double(count) * log1p(-share)
        let logOdds = log(share) - log1p(-share)
        var below = 0.0
        for place in 1...count {
            below += exp(logTerm)
            if below <= tail { lower = place }
            if upper == 0, 1 - below <= tail { upper = place }
            logTerm += log(Double(count - place + 1) / Double(place)) + logOdds
        }
        guard lower > 0, upper > 0 else { return nil }
        return ConfidenceInterval(low: sorted[lower - 1], high: sorted[upper - 1])
    }

    /// The interval of the mean: the percentile bootstrap, by Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13,
    /// with 1,000 samples drawn from the sample by a generator whose seed is always the same.
    ///
    /// - Returns: nil where there are fewer than 6 values.
    static func ofMean(_ values: [Double]) -> ConfidenceInterval? {
        guard values.count >= runCountMin, let first = values.first else { return nil }
        if values.allSatisfy({ $0 == first }) { return ConfidenceInterval(low: first, high: first) }
        var generator = Randomness(seed: 0).generator(for: "bootstrap")
        let means = (0..<resampleCount).map { _ in
            (0..<values.count).reduce(0.0) { sum, _ in sum + values[generator.below(values.count)] }
                / Double(values.count)
        }.sorted()
        let outside = Int((Double(resampleCount) * tail).rounded())
        return ConfidenceInterval(low: means[outside - 1], high: means[resampleCount - outside - 1])
    }

    /// The interval of a probability of which `count` in `total` were seen: Wilson, "Probable Inference", 1927.
    ///
    /// - Returns: from 0 to 1 where nothing was tried.
    static func ofShare(_ count: Int, of total: Int) -> ConfidenceInterval {
        guard total > 0 else { return ConfidenceInterval(low: 0, high: 1) }
        let (share, total, z) = (Double(count) / Double(total), Double(total), normalQuantile)
        let middle = share + z * z / (2 * total)
        let reach = z * (share * (1 - share) / total + z * z / (4 * total * total)).squareRoot()
        let scale = 1 + z * z / total
        // The bounds of none and of all are exact.
        return ConfidenceInterval(
            low: count == 0 ? 0 : max(0, (middle - reach) / scale),
            high: share == 1 ? 1 : min(1, (middle + reach) / scale))
    }
}
