/// What `--json` prints of many runs; the rules of ``RunDocument`` hold for it too.
public struct SweepDocument: Encodable {
    private let summary: SweepSummary
    private let file: String?

    /// - Parameter file: the scenario's file, for the commands that run the same again.
    public init(_ summary: SweepSummary, file: String? = nil) {
        self.summary = summary
        self.file = file
    }

    /// The figures that are members of the whole, over all combinations.
    static let overallFigures = [
        "convergenceMilliseconds", "stalenessP99Milliseconds", "stalenessMaxMilliseconds", "recoveryPointMilliseconds",
        "recoveryTimeMilliseconds", "lostAcknowledgedWrites", "conflicts", "unavailability",
    ]

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(RunDocument.formatVersion, forKey: "formatVersion")
        try members.encode(summary.scenario, forKey: "scenario")
        try members.encode(summary.failures.isEmpty, forKey: "hasPassed")
        try members.encode(summary.runCount, forKey: "runCount")
        try members.encode(summary.passedCount, forKey: "passedCount")
        try members.encode(summary.firstSeed, forKey: "firstSeed")
        try members.encode(summary.lastSeed, forKey: "lastSeed")
        try members.encode(summary.operationCount, forKey: "operationCount")
        try members.encode(summary.simulatedSeconds, forKey: "simulatedSeconds")
        let file = file ?? "Simulations/\(summary.scenario).yaml"
        try members.encode(summary.failures.map { FailedRun(digest: $0, file: file) }, forKey: "failures")
        try members.encode(summary.combinations.map(CombinationDocument.init), forKey: "combinations")
        let runs = summary.combinations.flatMap(\.runs)
        for metric in Metric.ofRun where Self.overallFigures.contains(metric.name) {
            let values = runs.compactMap { run in run.value(of: metric).map { (value: $0, seed: run.seed) } }
            try members.encode(SampleStatistics(values).map(OverallFigure.init), forKey: MemberName(metric.name))
        }
    }
}

/// The name of a member that a list of metrics decides.
struct MemberName: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringLiteral name: String) { self.init(name) }
    init(stringValue name: String) { self.init(name) }
    init?(intValue: Int) { nil }
}

/// A run that failed, with its figures and its command.
private struct FailedRun: Encodable {
    let digest: RunDigest
    let file: String

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(digest.seed, forKey: "seed")
        try members.encode(digest.parameters, forKey: "parameters")
        try members.encode(digest.failure, forKey: "failure")
        try members.encode(digest.hasPassed, forKey: "hasPassed")
        let command = ScenarioCommand.replay(file, seed: digest.seed, parameters: digest.parameters)
        try members.encode(command, forKey: "replayCommand")
        for metric in Metric.ofRun { try members.encode(digest.value(of: metric), forKey: MemberName(metric.name)) }
    }
}

/// The statistics of one combination of the parameters' values.
private struct CombinationDocument: Encodable {
    let parameters: [ParameterValue]
    let runCount: Int
    let failedCount: Int
    let failureInterval: ConfidenceInterval
    let figures: [NamedStatistics]

    init(_ combination: SweepSummary.Combination) {
        parameters = combination.parameters
        runCount = combination.runCount
        failedCount = combination.failedCount
        failureInterval = combination.failureInterval
        figures = combination.figures.map(NamedStatistics.init)
    }
}

/// Statistics with the name of their figure beside them.
private struct NamedStatistics: Encodable {
    let figure: SweepSummary.Figure

    init(_ figure: SweepSummary.Figure) { self.figure = figure }

    func encode(to encoder: any Encoder) throws {
        try figure.statistics.encode(to: encoder)
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(figure.metric.name, forKey: "name")
    }
}

/// A figure over all runs, whatever their parameters.
private struct OverallFigure: Encodable {
    let median: Double
    let worst: Double
    let worstSeed: UInt64

    init(_ statistics: SampleStatistics) {
        (median, worst, worstSeed) = (statistics.median, statistics.worst, statistics.worstSeed)
    }
}
