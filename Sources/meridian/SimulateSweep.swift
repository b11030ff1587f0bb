import Foundation
import Simulation

/// Runs scenarios with many seeds, on all cores.
struct SimulateSweep {
    private let scenarios: [Scenario]
    private let seeds: SeedRange
    private let paths: [String]
    private let stopsAtFailure: Bool
    private let isQuiet: Bool
    private let rows: SimulateRows?

    /// - Parameters:
    ///   - scenarios: what runs with each seed, at least one: the combinations of a scenario's parameters.
    ///   - paths: the file of each scenario, for the commands that are printed.
    ///   - stopsAtFailure: whether no run begins after one has failed.
    ///   - isQuiet: whether nothing is printed.
    ///   - rows: where each run gets a row; what has one there is not run.
    init(
        _ scenarios: [Scenario], seeds: SeedRange, paths: [String], stopsAtFailure: Bool, isQuiet: Bool,
        rows: SimulateRows?
    ) {
        self.scenarios = scenarios
        self.seeds = seeds
        self.paths = paths
        self.stopsAtFailure = stopsAtFailure
        self.isQuiet = isQuiet
        self.rows = rows
    }

    /// One run, by its place in the order of all: seed by seed, and for each one scenario after the other.
    private struct Place: Hashable, Comparable {
        let seed: UInt64
        let scenario: Int

        static func < (first: Place, second: Place) -> Bool {
            (first.seed, first.scenario) < (second.seed, second.scenario)
        }
    }

    /// - Returns: the runs of each scenario, and how long they took in real time; nil where some were in the file of rows already.
    func run() async throws(CommandFailure) -> (runs: [[RunDigest]], wallSeconds: Double?) {
        let progress = SimulateProgress()
        var digests: [Place: RunDigest] = [:]
        for (index, scenario) in scenarios.enumerated() {
            for run in rows?.runs(of: scenario, seeds: seeds) ?? [] {
                digests[Place(seed: run.seed, scenario: index)] = run
            }
        }
        let reused = digests.count
        var failure: CommandFailure?
        await withTaskGroup(of: (Place, RunDigest).self) { group in
            var queue = Queue(scenarioCount: scenarios.count, seeds: seeds)
            var isEnding = false
            // Each run that ends makes room for the next: so many runs as there are cores, and no more in memory.
            func addRun() {
                while !isEnding, let place = queue.next() {
                    if let known = digests[place] {
                        isEnding = stopsAtFailure && !known.hasPassed
                        continue
                    }
                    let scenario = scenarios[place.scenario]
                    group.addTask { (place, RunDigest(Run(scenario, seed: place.seed).run())) }
                    return
                }
            }
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { addRun() }
            for await (place, digest) in group {
                digests[place] = digest
                do throws(CommandFailure) {
                    try rows?.add(digest, of: scenarios[place.scenario])
                } catch {
                    failure = error
                    isEnding = true
                }
                if !digest.hasPassed {
                    if stopsAtFailure { isEnding = true } else { report(digest, paths[place.scenario], progress) }
                }
                addRun()
                let isEndless = seeds.last == .max
                let (runs, failed) = (digests.count, digests.values.count { !$0.hasPassed })
                progress.show(
                    share: isEndless ? nil : Double(runs) / Double(seeds.count) / Double(scenarios.count),
                    "\(scenarios[0].name): \(runs) run\(runs == 1 ? "" : "s"), \(failed) failed")
            }
        }
        progress.clear()
        if let failure { throw failure }
        if reused > 0, !isQuiet {
            print("\(reused) run\(reused == 1 ? " was" : "s were") in the file of rows already.\n")
        }
        // Which later runs were under way depends on the cores; all the earlier ones have ended.
        let end = stopsAtFailure ? digests.filter { !$0.value.hasPassed }.keys.min() : nil
        let kept = digests.filter { end == nil || $0.key <= end ?? $0.key }
        try rows?.finish { row in end.map { row.run.seed <= $0.seed } ?? true }
        let runs = scenarios.indices.map { index in
            kept.filter { $0.key.scenario == index }.sorted { $0.key < $1.key }.map(\.value)
        }
        return (runs, reused > 0 ? nil : progress.elapsedSeconds)
    }

    /// The places of all runs in their order.
    private struct Queue {
        let scenarioCount: Int
        let seeds: SeedRange
        private var place: Place?

        init(scenarioCount: Int, seeds: SeedRange) {
            self.scenarioCount = scenarioCount
            self.seeds = seeds
            place = Place(seed: seeds.first, scenario: 0)
        }

        mutating func next() -> Place? {
            guard let current = place else { return nil }
            if current.scenario + 1 < scenarioCount {
                place = Place(seed: current.seed, scenario: current.scenario + 1)
            } else {
                place = current.seed < seeds.last ? Place(seed: current.seed + 1, scenario: 0) : nil
            }
            return current
        }
    }

    private func report(_ digest: RunDigest, _ path: String, _ progress: SimulateProgress) {
        guard !isQuiet else { return }
        progress.clear()
        print(digest.failureText(file: path), terminator: "")
        // Whoever reads the lines through a pipe wants them now.
        fflush(nil)
    }
}
