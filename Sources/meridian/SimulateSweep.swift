import Foundation
import Simulation

/// Runs a scenario with many seeds, on all cores.
struct SimulateSweep {
    private let scenario: Scenario
    private let seeds: SeedRange
    private let path: String
    private let stopsAtFailure: Bool
    private let isQuiet: Bool

    /// - Parameters:
    ///   - path: the scenario's file, for the commands that are printed.
    ///   - stopsAtFailure: whether no run begins after one has failed.
    ///   - isQuiet: whether nothing is printed.
    init(_ scenario: Scenario, seeds: SeedRange, path: String, stopsAtFailure: Bool, isQuiet: Bool) {
        self.scenario = scenario
        self.seeds = seeds
        self.path = path
        self.stopsAtFailure = stopsAtFailure
        self.isQuiet = isQuiet
    }

    func run() async -> (summary: SweepSummary, wallSeconds: Double) {
        let progress = SimulateProgress()
        var digests: [RunDigest] = []
        let workerCount = ProcessInfo.processInfo.activeProcessorCount
        await withTaskGroup(of: RunDigest.self) { group in
            // Each run that ends makes room for the next: so many runs as there are cores, and no more in memory.
            var next: UInt64? = seeds.first
            func addRun(to group: inout TaskGroup<RunDigest>) {
                guard let seed = next else { return }
                next = seed < seeds.last ? seed + 1 : nil
                group.addTask { [scenario] in RunDigest(Run(scenario, seed: seed).run()) }
            }
            for _ in 0..<workerCount { addRun(to: &group) }
            for await digest in group {
                digests.append(digest)
                if !digest.hasPassed {
                    if stopsAtFailure { next = nil } else { report(digest, progress) }
                }
                addRun(to: &group)
                let isEndless = seeds.last == .max
                let (runs, failed) = (digests.count, digests.count { !$0.hasPassed })
                progress.show(
                    share: isEndless ? nil : Double(runs) / Double(seeds.count),
                    "\(scenario.name): \(runs) run\(runs == 1 ? "" : "s"), \(failed) failed")
            }
        }
        progress.clear()
        if stopsAtFailure, let first = digests.filter({ !$0.hasPassed }).min(by: { $0.seed < $1.seed }) {
            // Which later seeds were under way depends on the cores; all the earlier ones have ended.
            digests.removeAll { $0.seed > first.seed }
        }
        return (SweepSummary(scenario: scenario.name, runs: digests), progress.elapsedSeconds)
    }

    private func report(_ digest: RunDigest, _ progress: SimulateProgress) {
        guard !isQuiet else { return }
        progress.clear()
        print(digest.failureText(file: path), terminator: "")
        // Whoever reads the lines through a pipe wants them now.
        fflush(nil)
    }
}
