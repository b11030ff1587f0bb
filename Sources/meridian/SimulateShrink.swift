import Foundation
import Simulation

/// Looks for a smaller scenario that fails as a run did, and writes it beside the scenario of that run.
struct SimulateShrink {
    private let path: String
    private let scenario: Scenario

    /// - Parameters:
    ///   - path: the file of the scenario.
    ///   - scenario: what failed, with the faults of its seed drawn.
    init(path: String, of scenario: Scenario) {
        self.path = path
        self.scenario = scenario
    }

    func shrink(_ result: RunResult) throws(CommandFailure) {
        guard let failure = result.failures.first else { return }
        let target = "\(Self.withoutEnding(path))-shrunk-\(result.seed).yaml"
        let progress = SimulateProgress()
        var shrinker = Shrinker { [scenario] candidate in
            // What the file will say is what has to fail.
            guard let read = try? Scenario.parse(candidate.text, file: target, folder: scenario.folder) else {
                return false
            }
            return Run(read, seed: result.seed).run().failures.contains { $0.kind == failure.kind }
        }
        let limit = shrinker.runLimit
        shrinker.progress = { runs, best in
            progress.show(share: Double(runs) / Double(limit), "shrinking: \(Self.size(of: best))")
        }
        let smallest = shrinker.shrink(scenario)
        progress.clear()
        let runs = "\(shrinker.runCount) run\(shrinker.runCount == 1 ? "" : "s")"
        guard smallest != scenario else {
            print("Shrunk  nothing can go: \(Self.size(of: scenario)), tried by \(runs)")
            return
        }
        var written = smallest
        written.name = "\(scenario.name)-shrunk-\(result.seed)"
        written.description = "Shrunk from \(path) with seed \(result.seed), which failed: \(failure.text)"
        try SimulateFile.write(written.text, to: target)
        print("Shrunk  from \(Self.size(of: scenario)) to \(Self.size(of: smallest)), by \(runs)")
        // The values of parameters are written out.
        var replayed = result
        replayed.parameters = []
        print("Replay  \(replayed.replayCommand(file: target))")
    }

    private static func withoutEnding(_ path: String) -> String {
        let name = path.hasSuffix(".yaml") ? String(path.dropLast(5)) : path
        return name.hasSuffix(".yml") ? String(name.dropLast(4)) : name
    }

    private static func size(of scenario: Scenario) -> String {
        let count = scenario.faults.count
        return "\(count) fault\(count == 1 ? "" : "s") in \(Int(scenario.duration / .seconds(1))) s"
    }
}
