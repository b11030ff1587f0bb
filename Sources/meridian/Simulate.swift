import ArgumentParser
import ConfigurationFiles
import Foundation
import RegionServer
import Simulation

/// Runs a scenario in simulated time.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out what an outage does to tables in several regions, in simulated time.",
        discussion: """
            A scenario file says which regions there are, what clients do, what goes wrong and when, and what is expected of it. The \
            regions run the very code that stores and replicates in production; only time, disks, network and clients are simulated. \
            A scenario and a seed decide a run to the last byte: the same two give the same run everywhere. The checkers always watch: \
            regions must agree in the end, no acknowledged write may be lost, nothing that was deleted may come back, and more.

            One run, with its summary, a page with plots, or every event:

              meridian simulate Simulations/region-outage.yaml
              meridian simulate Simulations/region-outage.yaml --seed 7 --report report
              meridian simulate Simulations/region-outage.yaml --seed 7 --trace trace.txt

            Many runs on all cores, with a line for each that fails, and the command that runs it again:

              meridian simulate Simulations/chaos.yaml --seeds 1...1000
              meridian simulate Simulations/chaos.yaml --until-failure

            Statistics with confidence intervals, a row for each run, and the distributions as plots; a scenario with parameters runs with \
            every combination of their values, or with one:

              cd Simulations
              meridian simulate disk-lost-during-partition.yaml --seeds 1...100
              meridian simulate disk-lost-during-partition.yaml --seeds 1...100 \\
                --set lost-at=25s --rows rows.csv --report report

            Two scenarios, or two values of a parameter, compared seed by seed:

              meridian simulate slow-link.yaml --compare flapping-link.yaml --seeds 1...20
              meridian simulate disk-lost-during-partition.yaml --seeds 1...100 \\
                --set lost-at=21s --compare-set lost-at=25s

            A failing run made smaller: a scenario with fewer faults and requests that still fails, beside the first one:

              meridian simulate Simulations/chaos.yaml --seed 7 --shrink

            The exit code is 0 when every run passed, 1 when one failed, 2 when a file cannot be read or written, and 64 for options \
            that make no sense together. The scenarios in Simulations/ are made to be copied; region-outage.yaml explains the format.
            """)

    @Argument(help: ArgumentHelp("The scenario file.", valueName: "scenario"))
    var path: String

    @Option(
        help: "What everything that is left to chance is drawn from; the first one with --until-failure. (default: 1)")
    var seed: UInt64?

    @Option(
        help: ArgumentHelp("Run once with each of these seeds, on all cores.", valueName: "first...last"),
        transform: Self.seedRange)
    var seeds: SeedRange?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Give a parameter of the scenario this value; repeated for several. One run takes the first value of each, many runs "
                + "take every combination.",
            valueName: "name=value"),
        transform: Self.parameterValue)
    var settings: [ParameterValue] = []

    @Option(
        help: ArgumentHelp(
            "Write a row for each run of many into this file, as CSV or JSON lines by its ending; runs that have one are not run again.",
            valueName: "file.csv|file.jsonl"))
    var rows: String?

    @Option(
        help: ArgumentHelp(
            "Run this scenario with the same seeds, and say how each figure differs from that of the first one.",
            valueName: "scenario"))
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "As --set, for the scenario of --compare; without --compare for the first one, which is compared with itself.",
            valueName: "name=value"),
        transform: Self.parameterValue)
    var compareSet: [ParameterValue] = []

    @Flag(help: "Stop at the first seed that fails; without --seeds try seed after seed until there is one.")
    var untilFailure = false

    @Option(
        help: ArgumentHelp(
            "Write index.html, which shows the run with its plots or the distributions over many runs, each plot as SVG with its "
                + "data as CSV, methods.txt and result.json into this folder.",
            valueName: "folder"))
    var report: String?

    @Flag(help: "Print the result as JSON, and nothing else.")
    var json = false

    @Option(help: ArgumentHelp("Write a line for everything that happens into this file.", valueName: "file"))
    var trace: String?

    @Option(
        help: ArgumentHelp(
            "Write what became of each recorded write into this file: lost, late or overwritten.", valueName: "file.csv"
        ))
    var bill: String?

    @Flag(
        help: "If a run fails, look for a smaller scenario that fails in the same way, and write it beside the first.")
    var shrink = false

    func validate() throws {
        if seeds != nil, seed != nil {
            throw ValidationError("--seed is for one run and --seeds for many: give one of them")
        }
        if isSweep {
            if bill != nil {
                throw ValidationError("--bill is of one run: run the seed that you want to see alone, with --seed")
            }
            if trace != nil {
                throw ValidationError(
                    "--trace follows one run: run the seed that you want to follow alone, with --seed")
            }
        } else if rows != nil {
            throw ValidationError("--rows writes a row for each of many runs: say which with --seeds")
        }
        if let rows, RunRows.Format(path: rows) == nil {
            throw ValidationError("'\(rows)' has to end in .csv or .jsonl")
        }
        if isComparison {
            guard seeds != nil else {
                throw ValidationError("--compare compares many runs: say which with --seeds")
            }
            if untilFailure || shrink {
                throw ValidationError(
                    "--until-failure and --shrink are for one configuration: run the one that fails alone")
            }
        }
        for (option, values) in [("--set", settings), ("--compare-set", compareSet)] {
            let names = values.map(\.name)
            if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
                throw ValidationError("\(option) gives '\(twice)' two values: give it one")
            }
        }
        if json, shrink {
            throw ValidationError("--json prints nothing but the result, and --shrink has a command to print: give one")
        }
    }

    private static func seedRange(_ text: String) throws -> SeedRange {
        guard let range = SeedRange(parsing: text) else {
            throw ValidationError("'\(text)' is no range of seeds: write it as 1...1000, the lower one first")
        }
        return range
    }

    private static func parameterValue(_ text: String) throws -> ParameterValue {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw ValidationError("'\(text)' sets nothing: write it as name=value")
        }
        return ParameterValue(name: String(text[..<sign]), value: String(text[sign...].dropFirst()))
    }

    /// Whether what is printed goes to a terminal whose user has not asked for no colours (https://no-color.org).
    private static var isColoured: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
    }

    private var isComparison: Bool { compare != nil || !compareSet.isEmpty }

    private var isSweep: Bool { seeds != nil || untilFailure }

    func run() async throws {
        do {
            let file = try load { () throws(ConfigurationError) in try ScenarioFile.load(path: path) }
            let hasPassed =
                if isComparison {
                    try await runBoth(file)
                } else if isSweep {
                    try await runMany(file)
                } else {
                    try runOne(scenario(of: file, settings))
                }
            guard hasPassed else { throw ExitCode(1) }
        } catch let failure as CommandFailure {
            // The exit code 1 is taken: it says that a run failed.
            FileHandle.standardError.write(Data("Error: \(failure)\n".utf8))
            throw ExitCode(2)
        }
    }

    /// - Parameter values: what parameters were given, to say where several combinations are read.
    private func load<Value>(
        with values: [ParameterValue] = [], _ read: () throws(ConfigurationError) -> Value
    ) throws(CommandFailure) -> Value {
        do {
            return try read()
        } catch {
            // Each problem begins its line with its place, as editors and terminals like it.
            let count = error.problems.count
            if count == 1, values.isEmpty { throw CommandFailure("\(error)") }
            let setting = values.isEmpty ? "" : " with \(values.map(\.description).joined(separator: ", "))"
            throw CommandFailure(
                "\(count) problem\(count == 1 ? "" : "s") in the scenario\(setting)\n\(error)")
        }
    }

    private func scenario(of file: ScenarioFile, _ values: [ParameterValue]) throws(CommandFailure) -> Scenario {
        try load(with: values) { () throws(ConfigurationError) in try file.scenario(values) }
    }

    // MARK: - One run

    private func runOne(_ scenario: Scenario) throws -> Bool {
        let seed = seed ?? 1
        if bill != nil, !scenario.workload.contains(where: { $0.trace != nil }) {
            throw CommandFailure("--bill tells of recorded requests, and no workload of \(path) has a 'trace'")
        }
        let run = Run(scenario, seed: seed)
        let traceFile = try trace.map { path throws(CommandFailure) in try SimulateFile(creating: path) }
        if let traceFile { run.trace { traceFile.write($0) } }
        let progress = SimulateProgress()
        run.progress = { progress.show(share: $0, "\(scenario.name), seed \(seed)") }
        let result = run.run()
        progress.clear()
        try traceFile?.close()
        let document = RunDocument(result, file: path)
        if let report {
            let methods = Methods(version: meridianVersion, scenarios: [scenario])
            try SimulateReport(folder: report).write(
                ReportFile.files(of: result, file: path, methods), result: document)
        }
        if let bill, let text = run.replayBill() { try SimulateFile.write(text, to: bill) }
        if json {
            print(try SimulateFile.json(document))
        } else {
            let summary = Summary.text(of: result, file: path, isColoured: Self.isColoured, isShrinking: shrink)
            print(summary, terminator: "")
            if let report { print("Page    \(report)/index.html") }
            if let trace { print("Trace   \(trace)") }
            if let bill { print("Bill    \(bill)") }
            for plan in scenario.workload { printLeftOut(of: plan) }
        }
        if shrink {
            if result.hasPassed {
                print("Shrunk  nothing: the run passed")
            } else {
                try SimulateShrink(path: path, of: run.drawnScenario).shrink(result)
            }
        }
        return result.hasPassed
    }

    private func printLeftOut(of plan: WorkloadPlan) {
        guard let trace = plan.trace, !trace.leftOut.isEmpty else { return }
        let parts = trace.leftOut.map { "\($0.count) \($0.name)" }.joined(separator: ", ")
        print("Left out of \(trace.source.file): \(parts)")
    }

    // MARK: - Many runs

    private func runMany(_ file: ScenarioFile) async throws -> Bool {
        // A name that no parameter has is a problem of no single combination.
        _ = try scenario(of: file, settings)
        let scenarios = try file.combinations(choosing: settings).map { try scenario(of: file, $0) }
        let (runs, wallSeconds) = try await sweep(scenarios, of: scenarios.map { _ in file })
        let summary = SweepSummary(
            scenario: scenarios[0].name, combinations: zip(scenarios, runs).map { (SweepVariant($0), $1) })
        let document = SweepDocument(summary, file: path)
        if let report {
            let methods = Methods(version: meridianVersion, scenarios: scenarios)
            try SimulateReport(folder: report).write(ReportFile.files(of: summary, methods), result: document)
        }
        if json {
            print(try SimulateFile.json(document))
        } else {
            print(
                summary.text(wallSeconds: wallSeconds, file: path, isColoured: Self.isColoured), terminator: "")
            printPlaces()
        }
        if shrink, let failure = summary.failures.first {
            let run = Run(try scenario(of: file, failure.parameters), seed: failure.seed)
            try SimulateShrink(path: path, of: run.drawnScenario).shrink(run.run())
        }
        return summary.failures.isEmpty
    }

    /// - Parameter files: the file of each scenario.
    private func sweep(
        _ scenarios: [Scenario], of files: [ScenarioFile]
    ) async throws -> (runs: [[RunDigest]], wallSeconds: Double?) {
        let rowFile = try rows.map { path throws(CommandFailure) in
            try SimulateRows(path: path, files: files, scenarios: scenarios)
        }
        let sweep = SimulateSweep(
            scenarios, seeds: seeds ?? SeedRange((seed ?? 1)...UInt64.max), paths: files.map(\.path),
            stopsAtFailure: untilFailure, isQuiet: json, rows: rowFile)
        return try await sweep.run()
    }

    /// Says where the files are that many runs have written.
    private func printPlaces() {
        if let report { print("Page    \(report)/index.html") }
        if let rows { print("Rows    \(rows)") }
    }

    // MARK: - Two configurations

    private func runBoth(_ file: ScenarioFile) async throws -> Bool {
        let other = try compare.map { path throws(CommandFailure) in
            try load { () throws(ConfigurationError) in try ScenarioFile.load(path: path) }
        }
        let files = [file, other ?? file]
        let scenarios = [try scenario(of: files[0], settings), try scenario(of: files[1], compareSet)]
        let runs = try await sweep(scenarios, of: files).runs
        let variants = zip(scenarios, files).map { scenario, file in
            let values = scenario.parameters.map(\.description).joined(separator: ", ")
            return SweepVariant(scenario, name: values.isEmpty ? file.path : "\(file.path), \(values)")
        }
        let comparison = SweepComparison((variants[0], runs[0]), (variants[1], runs[1]))
        let document = ComparisonDocument(comparison)
        if let report {
            let names =
                Set(scenarios.map(\.name)).count == 1
                ? scenarios[0].name : "\(scenarios[0].name) and \(scenarios[1].name)"
            let summary = SweepSummary(scenario: names, combinations: zip(variants, runs).map { ($0, $1) })
            let methods = Methods(version: meridianVersion, scenarios: scenarios)
            try SimulateReport(folder: report).write(
                ReportFile.files(of: summary, comparing: comparison, methods), result: document)
        }
        if json {
            print(try SimulateFile.json(document))
        } else {
            print(comparison.text(isColoured: Self.isColoured), terminator: "")
            printPlaces()
        }
        return comparison.failures.isEmpty
    }
}
