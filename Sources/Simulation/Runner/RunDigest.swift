/// One run in its figures: what is kept of each of many.
///
/// Its series and faults are left out, as a run of its seed gives them again.
public struct RunDigest: Sendable, Equatable {
    public var seed: UInt64
    /// The values that the scenario's parameters had, in the order of the file.
    public var parameters: [ParameterValue]
    public var hasPassed: Bool
    /// What failed first, in words; nil when it has passed.
    public var failure: String?
    /// The hash of everything that happened.
    public var traceHash: String
    /// By the names of metrics; without those that the run never came to.
    private var values: [String: Double]

    /// - Parameter values: by the names of metrics.
    init(
        seed: UInt64, parameters: [ParameterValue], failure: String?, hasPassed: Bool, traceHash: String,
        values: [String: Double]
    ) {
        self.seed = seed
        self.parameters = parameters
        self.hasPassed = hasPassed
        self.failure = failure
        self.traceHash = traceHash
        self.values = values
    }

    public init(_ result: RunResult) {
        self.init(
            seed: result.seed, parameters: result.parameters, failure: result.failures.first?.text,
            hasPassed: result.hasPassed, traceHash: result.traceHash, values: [:])
        for metric in Metric.all(regions: result.regions) { values[metric.name] = metric.value(result) }
    }

    /// The value of a metric; nil where the run never came to it.
    func value(of metric: Metric) -> Double? { values[metric.name] }
}
