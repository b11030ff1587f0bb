import ArgumentParser
import ConfigurationFiles
import Foundation
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

    @Flag(help: "Stop at the first seed that fails; without --seeds try seed after seed until there is one.")
    var untilFailure = false

    @Option(
        help: ArgumentHelp(
            "Write index.html, which shows the run with its plots, and result.json into this folder.",
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
            if report != nil {
                throw ValidationError("--report shows one run: run the seed that you want to see alone, with --seed")
            }
            if bill != nil {
                throw ValidationError("--bill is of one run: run the seed that you want to see alone, with --seed")
            }
            if trace != nil {
                throw ValidationError(
                    "--trace follows one run: run the seed that you want to follow alone, with --seed")
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

    /// Whether what is printed goes to a terminal whose user has not asked for no colours (https://no-color.org).
    private static var isColoured: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
    }

    private var isSweep: Bool { seeds != nil || untilFailure }

    func run() async throws {
        do {
            let scenario = try load()
            let hasPassed = isSweep ? try await runMany(scenario) : try runOne(scenario)
            guard hasPassed else { throw ExitCode(1) }
        } catch let failure as CommandFailure {
            // The exit code 1 is taken: it says that a run failed.
            FileHandle.standardError.write(Data("Error: \(failure)\n".utf8))
            throw ExitCode(2)
        }
    }

    private func load() throws(CommandFailure) -> Scenario {
        do {
            return try Scenario.load(path: path)
        } catch {
            // Each problem begins its line with its place, as editors and terminals like it.
            let count = error.problems.count
            throw CommandFailure(count == 1 ? "\(error)" : "\(count) problems in the scenario\n\(error)")
        }
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
        if let report { try writeReport(of: result, into: report) }
        if let bill, let text = run.replayBill() { try SimulateFile.write(text, to: bill) }
        if json {
            print(try SimulateFile.json(RunDocument(result, file: path)))
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

    private func writeReport(of result: RunResult, into folder: String) throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("the folder \(folder) can't be made: \(error.localizedDescription)")
        }
        try SimulateFile.write(HTMLReport.page(of: result, file: path), to: "\(folder)/index.html")
        try SimulateFile.write(SimulateFile.json(RunDocument(result, file: path)) + "\n", to: "\(folder)/result.json")
    }

    // MARK: - Many runs

    private func runMany(_ scenario: Scenario) async throws -> Bool {
        let range = seeds ?? SeedRange((seed ?? 1)...UInt64.max)
        let sweep = SimulateSweep(scenario, seeds: range, path: path, stopsAtFailure: untilFailure, isQuiet: json)
        let (summary, wallSeconds) = await sweep.run()
        if json {
            print(try SimulateFile.json(SweepDocument(summary, file: path)))
        } else {
            print(
                summary.text(wallSeconds: wallSeconds, file: path, isColoured: Self.isColoured), terminator: "")
        }
        if shrink, let seed = summary.failures.first?.seed {
            let run = Run(scenario, seed: seed)
            try SimulateShrink(path: path, of: run.drawnScenario).shrink(run.run())
        }
        return summary.failures.isEmpty
    }
}
