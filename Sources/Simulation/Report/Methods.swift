import ConfigurationFiles

/// A paragraph on how figures came about, to paste into a paper.
public struct Methods: Sendable {
    private let version: String
    private let scenarios: [Scenario]

    /// - Parameters:
    ///   - version: the program's.
    ///   - scenarios: what was run, at least one: the combinations of a scenario's parameters, or two scenarios.
    public init(version: String, scenarios: [Scenario]) {
        self.version = version
        self.scenarios = scenarios
    }

    /// On one run.
    func text(of result: RunResult, file: String?) -> String {
        paragraph([
            program, scenarioText,
            "The run has the seed \(result.seed): \(Figures.count(result.operationCount, "request")) in "
                + "\(Figures.duration(seconds: result.durationSeconds)) of virtual time, "
                + "\(Figures.duration(seconds: result.totalSeconds)) with the time to agree. "
                + "Its trace hash is \(result.traceHash); it can be run again by "
                + "`\(result.replayCommand(file: file))`.",
            invariants(failed: result.violations.count, "violation was found", "violations were found"),
        ])
    }

    /// On many runs.
    func text(of summary: SweepSummary) -> String {
        let seeds = summary.firstSeed.flatMap { first in summary.lastSeed.map { "\(first) to \($0)" } } ?? "none"
        let each =
            summary.combinations.count > 1 ? " of \(summary.combinations.count) configurations with each seed" : ""
        return paragraph([
            program, scenarioText,
            "\(Figures.count(summary.runCount, "run"))\(each), seeds \(seeds), "
                + "\(Figures.count(summary.operationCount, "request")) in "
                + "\(Figures.duration(seconds: summary.simulatedSeconds)) of virtual time. Of the runs "
                + "\(Figures.count(summary.failures.count)) failed.",
            invariants(failed: nil, "", ""),
            "Quantiles are values of runs. Intervals have a confidence of 95 %: those of quantiles are between order statistics, "
                + "without an assumption on the distribution (Hahn and Meeker, Statistical Intervals, 1991); those of means are "
                + "by the percentile bootstrap with 1,000 resamples (Efron and Tibshirani, An Introduction to the Bootstrap, "
                + "1993); those of probabilities are Wilson's (Probable Inference, 1927).",
        ])
    }

    /// On two configurations over the same seeds.
    func text(of summary: SweepSummary, comparing: SweepComparison) -> String {
        text(of: summary)
            + paragraph([
                "The configurations \(comparing.first.name) (A) and \(comparing.second.name) (B) were compared over "
                    + "\(Figures.count(comparing.pairCount, "pair")) of runs with the same seed; intervals are those of the "
                    + "differences within pairs."
            ])
    }

    private func paragraph(_ sentences: [String]) -> String { sentences.joined(separator: " ") + "\n" }

    private var program: String {
        "Simulated with Meridian \(version), a deterministic discrete-event simulator that runs the production code of the store "
            + "and of its replication over a simulated network, with simulated disks, clocks and clients; a scenario and a seed "
            + "decide a run."
    }

    private var scenarioText: String {
        let first = scenarios.first
        let names = distinct(scenarios.map { "\($0.name) (hash \($0.fingerprint))" })
        let parameters = (first?.parameters ?? []).map(\.name).map { name in
            let values = distinct(scenarios.compactMap { $0.parameters.first { $0.name == name }?.value })
            return "\(name) = \(values.joined(separator: ", "))"
        }
        let topologies = distinct(
            scenarios.map { scenario in
                "\(scenario.topologyFile) (\(scenario.topology.regions.map(\.name).joined(separator: ", ")))"
            })
        // A grid has a hash for each combination: the rows of the sweep say them.
        let scenario =
            parameters.isEmpty || scenarios.count == 1
            ? names.joined(separator: " and ")
            : "\(distinct(scenarios.map(\.name)).joined(separator: " and ")) (the first combination's hash is "
                + "\(first?.fingerprint ?? ""))"
        return "The scenario is \(scenario), the topology \(topologies.joined(separator: " and "))"
            + (parameters.isEmpty ? "" : ", the parameters are \(parameters.joined(separator: "; "))") + "."
    }

    private func invariants(failed: Int?, _ one: String, _ many: String) -> String {
        let checks =
            "Checkers watched every run: convergence, durability of acknowledged writes, the order of versions, answers against a "
            + "model, streams, transactions, and others."
        guard let failed else { return checks }
        return "\(checks) \(failed == 0 ? "No" : Figures.count(failed)) \(failed == 1 ? one : many)."
    }

    private func distinct(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { distinct, text in if !distinct.contains(text) { distinct.append(text) } }
    }
}
