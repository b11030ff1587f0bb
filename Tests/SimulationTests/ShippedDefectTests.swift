import Foundation
import Testing

@testable import Simulation

/// Whether the scenarios that come with the project notice every mistake, and not only those made for it.
///
/// Minutes of simulated time for each of some seeds, so it is a target of its own: `make defects`.
@Suite("The shipped scenarios", .enabled(if: ProcessInfo.processInfo.environment["MERIDIAN_DEFECTS"] != nil))
struct ShippedDefectTests {
    /// What is run until a checker notices: scenarios with their seeds.
    private static let runs: [(scenario: String, seeds: ClosedRange<UInt64>)] = [
        ("swarm", 1...4), ("schema-during-partition", 1...1), ("time-to-live-during-partition", 1...1),
        ("swarm", 5...12),
        ("log-trimming", 1...1), ("old-copy", 1...1), ("clock-ahead", 1...1), ("clock-back-over-restart", 1...1),
        ("region-lost-for-ever", 1...1), ("chaos", 1...2), ("full-disk", 1...1), ("one-way-partition", 1...1),
        ("rolling-restarts", 1...1), ("replica-added-during-partition", 1...1), ("swarm", 13...50),
    ]

    @Test("notice every mistake that is made on purpose, within fifty seeds", arguments: Defect.all)
    func defect(_ defect: Defect) throws {
        var count = 0
        for (name, seeds) in Self.runs {
            let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/\(name).yaml")
            for seed in seeds {
                let handle = WorldHandle()
                let run = Run(scenario, seed: seed, hooks: defect.hooks(handle))
                run.endsAtFirstViolation = true
                handle.world = run.world
                count += 1
                guard let found = run.run().violations.first else { continue }
                print("| \(defect) | \(name) | \(found.checker) | \(seed) | \(count) |")
                // The table is read while it grows.
                fflush(nil)
                return
            }
        }
        Issue.record("\(defect): no shipped scenario has noticed, in \(count) runs")
    }
}
