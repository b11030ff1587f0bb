/// What the runs of many seeds came to.
///
/// It is the same in whatever order the runs ended.
public struct SweepSummary: Codable, Sendable, Equatable {
    public var scenario: String
    public var runCount: Int
    /// The lowest and the highest seed; nil without any run.
    public var firstSeed: UInt64?
    public var lastSeed: UInt64?
    /// The runs that failed, by rising seed.
    public var failures: [RunDigest]
    /// Of all runs together.
    public var operationCount: Int
    public var simulatedSeconds: Double
    /// Over the runs that agreed in the end.
    public var convergenceMilliseconds: Figure?
    /// Of each run's slowest link.
    public var stalenessP99Milliseconds: Figure?
    public var stalenessMaxMilliseconds: Figure?
    public var recoveryPointMilliseconds: Figure?
    public var recoveryTimeMilliseconds: Figure?
    public var lostAcknowledgedWrites: Figure?
    public var conflicts: Figure?
    /// Of each run's worst region, 0 to 1.
    public var unavailability: Figure?

    /// One figure over many runs.
    public struct Figure: Codable, Sendable, Equatable {
        /// The lower one of the two in the middle where the number of runs is even.
        public var median: Double
        public var worst: Double
        /// The seed of the worst run; the lowest of several that are equally bad.
        public var worstSeed: UInt64
    }

    public init(scenario: String, runs: [RunDigest]) {
        let runs = runs.sorted { $0.seed < $1.seed }
        self.scenario = scenario
        runCount = runs.count
        (firstSeed, lastSeed) = (runs.first?.seed, runs.last?.seed)
        failures = runs.filter { !$0.hasPassed }
        operationCount = runs.reduce(0) { $0 + $1.operationCount }
        simulatedSeconds = runs.reduce(0) { $0 + $1.simulatedSeconds }
        func figure(_ value: (RunDigest) -> Double?) -> Figure? {
            let values = runs.compactMap { run in value(run).map { (value: $0, seed: run.seed) } }
            guard let worst = values.max(by: { ($0.value, $1.seed) < ($1.value, $0.seed) }) else { return nil }
            let median = values.map(\.value).sorted()[(values.count - 1) / 2]
            return Figure(median: median, worst: worst.value, worstSeed: worst.seed)
        }
        convergenceMilliseconds = figure(\.convergenceMilliseconds)
        stalenessP99Milliseconds = figure(\.stalenessP99Milliseconds)
        stalenessMaxMilliseconds = figure(\.stalenessMaxMilliseconds)
        recoveryPointMilliseconds = figure(\.recoveryPointMilliseconds)
        recoveryTimeMilliseconds = figure(\.recoveryTimeMilliseconds)
        lostAcknowledgedWrites = figure { Double($0.lostAcknowledgedWrites) }
        conflicts = figure { Double($0.conflicts) }
        unavailability = figure(\.unavailability)
    }

    public var passedCount: Int { runCount - failures.count }
}
