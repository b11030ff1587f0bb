/// Two configurations over the same seeds, figure by figure.
///
/// What a seed draws is the same in both where both draw it, so the runs of one seed are a pair, and what is looked at are the
/// differences within pairs: they vary less than the runs.
public struct SweepComparison: Sendable, Equatable {
    /// What one configuration is, and how often it failed.
    public struct Side: Sendable, Equatable {
        /// What tells it from the other.
        public let name: String
        public let runCount: Int
        public let failedCount: Int
        /// In which the probability lies that a seed fails.
        public let failureInterval: ConfidenceInterval
    }

    /// A figure of both.
    public struct Figure: Sendable, Equatable {
        public let metric: Metric
        /// The pairs of which both runs have the figure; the others are left out.
        public let count: Int
        public let firstMedian: Double
        public let secondMedian: Double
        /// Of the differences, each of which is the second run's figure less the first one's.
        public let medianDifference: Double
        /// Nil with fewer than 6 pairs, as that of the mean.
        public let medianDifferenceInterval: ConfidenceInterval?
        public let meanDifference: Double
        public let meanDifferenceInterval: ConfidenceInterval?
        /// The seeds with a lower figure in the second configuration, with a higher one, and with the same one.
        public let lowerCount: Int
        public let higherCount: Int
        public let equalCount: Int

        init?(_ metric: Metric, _ pairs: [(first: RunDigest, second: RunDigest)]) {
            let values = pairs.compactMap { pair in
                pair.first.value(of: metric).flatMap { first in
                    pair.second.value(of: metric).map { (first: first, second: $0, seed: pair.first.seed) }
                }
            }
            guard let differences = SampleStatistics(values.map { ($0.second - $0.first, $0.seed) }) else { return nil }
            self.metric = metric
            count = values.count
            firstMedian = SampleStatistics.quantile(0.5, of: values.map(\.first).sorted())
            secondMedian = SampleStatistics.quantile(0.5, of: values.map(\.second).sorted())
            medianDifference = differences.median
            medianDifferenceInterval = differences.medianInterval
            meanDifference = differences.mean
            meanDifferenceInterval = differences.meanInterval
            lowerCount = values.count { $0.second < $0.first }
            higherCount = values.count { $0.second > $0.first }
            equalCount = values.count { $0.second == $0.first }
        }

        public static func == (first: Figure, second: Figure) -> Bool {
            first.metric.name == second.metric.name && first.count == second.count
                && first.medianDifference == second.medianDifference && first.meanDifference == second.meanDifference
        }
    }

    public let first: Side
    public let second: Side
    /// The seeds that both were run with.
    public let pairCount: Int
    /// The lowest and the highest of them; nil without any.
    public let firstSeed: UInt64?
    public let lastSeed: UInt64?
    /// The runs that failed, those of the first configuration first.
    public let failures: [RunDigest]
    /// In the order of the metrics, of the regions that both have; without those that no pair has.
    public let figures: [Figure]

    /// - Parameter first, second: what was run, with its runs in any order.
    public init(
        _ first: (variant: SweepVariant, runs: [RunDigest]), _ second: (variant: SweepVariant, runs: [RunDigest])
    ) {
        func side(_ side: (variant: SweepVariant, runs: [RunDigest])) -> Side {
            let failed = side.runs.count { !$0.hasPassed }
            return Side(
                name: side.variant.name, runCount: side.runs.count, failedCount: failed,
                failureInterval: .ofShare(failed, of: side.runs.count))
        }
        (self.first, self.second) = (side(first), side(second))
        var others: [UInt64: RunDigest] = [:]
        for run in second.runs { others[run.seed] = run }
        let pairs = first.runs.sorted { $0.seed < $1.seed }.compactMap { run in
            others[run.seed].map { (first: run, second: $0) }
        }
        pairCount = pairs.count
        (firstSeed, lastSeed) = (pairs.first?.first.seed, pairs.last?.first.seed)
        failures = [first.runs, second.runs].flatMap { runs in
            runs.filter { !$0.hasPassed }.sorted { $0.seed < $1.seed }
        }
        figures = Metric.all(regions: first.variant.regions.filter(second.variant.regions.contains))
            .compactMap { Figure($0, pairs) }
    }

    /// The figure of that name; nil where no pair has it.
    func figure(_ name: String) -> Figure? { figures.first { $0.metric.name == name } }
}
