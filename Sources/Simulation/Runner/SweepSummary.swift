import ConfigurationFiles

/// What the runs of many seeds came to, of one scenario or of each combination of its parameters' values.
///
/// It is the same in whatever order the runs ended.
public struct SweepSummary: Sendable, Equatable {
    public let scenario: String
    public let runCount: Int
    /// The lowest and the highest seed; nil without any run.
    public let firstSeed: UInt64?
    public let lastSeed: UInt64?
    /// The runs that failed, by combination and rising seed.
    public let failures: [RunDigest]
    /// Of all runs together.
    public let operationCount: Int
    public let simulatedSeconds: Double
    /// One for each combination; a single one where there are no parameters.
    public let combinations: [Combination]

    /// The runs of one combination of the parameters' values.
    public struct Combination: Sendable, Equatable {
        /// Empty where the scenario has no parameters.
        public let parameters: [ParameterValue]
        public let runCount: Int
        public let failedCount: Int
        /// In which the probability lies that a seed fails.
        public let failureInterval: ConfidenceInterval
        /// In the order of the metrics; without those that no run has.
        public let figures: [Figure]

        /// The runs, by rising seed.
        let runs: [RunDigest]
        let regions: [String]

        init(_ variant: SweepVariant, _ runs: [RunDigest]) {
            parameters = variant.parameters
            name = variant.name
            regions = variant.regions
            self.runs = runs
            runCount = runs.count
            failedCount = runs.count { !$0.hasPassed }
            failureInterval = .ofShare(failedCount, of: runCount)
            figures = Metric.all(regions: regions).compactMap { metric in
                let values = runs.compactMap { run in run.value(of: metric).map { (value: $0, seed: run.seed) } }
                return SampleStatistics(values).map { Figure(metric: metric, statistics: $0) }
            }
        }

        /// The figure of that name; nil where no run has it.
        func figure(_ name: String) -> Figure? { figures.first { $0.metric.name == name } }

        /// What tells it from the others: `latency=10ms, rate=50/s`.
        let name: String
    }

    /// One figure over the runs of a combination.
    public struct Figure: Sendable, Equatable {
        public let metric: Metric
        public let statistics: SampleStatistics

        public static func == (first: Figure, second: Figure) -> Bool {
            first.metric.name == second.metric.name && first.statistics == second.statistics
        }
    }

    /// - Parameter combinations: what was run, at least one, with its runs in any order.
    public init(scenario: String, combinations: [(variant: SweepVariant, runs: [RunDigest])]) {
        self.scenario = scenario
        self.combinations = combinations.map { variant, runs in
            Combination(variant, runs.sorted { $0.seed < $1.seed })
        }
        let runs = self.combinations.flatMap(\.runs)
        runCount = runs.count
        (firstSeed, lastSeed) = (runs.map(\.seed).min(), runs.map(\.seed).max())
        failures = runs.filter { !$0.hasPassed }
        func sum(_ name: String) -> Double {
            let metric = Metric.ofRun.first { $0.name == name }
            return runs.reduce(0) { sum, run in sum + (metric.flatMap(run.value) ?? 0) }
        }
        operationCount = Int(sum("operationCount"))
        simulatedSeconds = sum("simulatedSeconds")
    }

    public var passedCount: Int { runCount - failures.count }
}

/// One of the scenarios that a sweep runs with every seed.
public struct SweepVariant: Sendable, Equatable {
    /// What tells it from the others, such as `latency=10ms, rate=50/s`; empty where nothing has to.
    public let name: String
    public let parameters: [ParameterValue]
    public let regions: [String]

    /// - Parameter name: the parameters' values, when nothing is said.
    public init(name: String? = nil, parameters: [ParameterValue] = [], regions: [String]) {
        self.name = name ?? parameters.map(\.description).joined(separator: ", ")
        self.parameters = parameters
        self.regions = regions
    }

    /// A scenario with the values that its parameters have.
    public init(_ scenario: Scenario, name: String? = nil) {
        self.init(name: name, parameters: scenario.parameters, regions: scenario.topology.regions.map(\.name))
    }
}
