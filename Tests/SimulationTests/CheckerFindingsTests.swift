import ConfigurationFiles
import Testing

@testable import Simulation

/// What the checkers found in the store and the replicator, each with the scenario and seed that show it.
@Suite("What the checkers found")
struct CheckerFindingsTests {
    @Test("stable time waits for what others hold of a disk that was lost")
    func stableTimeAfterDiskLoss() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = WorldTests.scenario(16, perSecond: 60)
        scenario.settle = .seconds(60)
        var plan = scenario.workload[0]
        plan.keys = .init(count: 60, distribution: .uniform)
        plan.mix = .init()
        (plan.mix.put, plan.mix.delete) = (50, 50)
        scenario.workload = [plan]
        // The first region reaches only the third, loses its disk, and the third cannot pass on to the second what it has. The second
        // hears of the first one's new incarnation, and counts its stamps as if nothing of the old one were missing.
        scenario.faults = [
            FaultPlan(
                at: .milliseconds(4_000), duration: .seconds(2), kind: .partition(groups: [[names[0]], [names[1]]])),
            FaultPlan(
                at: .milliseconds(5_900), duration: .seconds(8),
                kind: .oneWayPartition(from: names[2], to: names[1])),
            FaultPlan(at: .milliseconds(5_950), duration: .milliseconds(500), kind: .diskLoss(region: names[0])),
        ]
        let violations = Run(scenario, seed: 1).run().violations
        #expect(violations.isEmpty, "\(violations)")
    }

    @Test("a region that lost its disk collects the deletions that its last incarnation made")
    func tombstonesAfterDiskLoss() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = WorldTests.scenario(16, perSecond: 60)
        var plan = scenario.workload[0]
        plan.keys = .init(count: 60, distribution: .uniform)
        plan.mix = .init()
        (plan.mix.put, plan.mix.delete) = (50, 50)
        scenario.workload = [plan]
        scenario.faults = [
            FaultPlan(at: .seconds(5), duration: .seconds(4), kind: .diskLoss(region: names[2]))
        ]
        let violations = Run(scenario, seed: 1).run().violations
        #expect(violations.isEmpty, "\(violations)")
    }
}
