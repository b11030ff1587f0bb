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

    @Test("a new incarnation is not taken for an old one where another region has heard of it first")
    func newIncarnation() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = WorldTests.scenario(30, perSecond: 60)
        // The lost region comes back with its clock so far ahead that it is refused: the first one hears of it by the second alone,
        // whose own clock is ahead as well.
        scenario.faults = [
            FaultPlan(at: .seconds(4), duration: .seconds(2), kind: .diskLoss(region: names[2])),
            FaultPlan(at: .seconds(5), duration: .seconds(12), kind: .clockStep(region: names[2], by: .seconds(3))),
            FaultPlan(at: .seconds(5), duration: .seconds(12), kind: .clockStep(region: names[1], by: .seconds(3))),
            FaultPlan(at: .seconds(18), duration: .seconds(4), kind: .oneWayPartition(from: names[2], to: names[0])),
        ]
        for seed in 1...3 as ClosedRange<UInt64> {
            let violations = Run(scenario, seed: seed).run().violations
            #expect(violations.isEmpty, "seed \(seed): \(violations.prefix(3))")
        }
    }

    @Test("a store that cannot be made on a new disk is made when the disk works again")
    func newDiskWithErrors() {
        let name = WorldTests.topology().regions[0].name
        var scenario = WorldTests.scenario(20, perSecond: 20)
        scenario.faults = [
            FaultPlan(at: .seconds(4), duration: .seconds(4), kind: .diskLoss(region: name)),
            FaultPlan(at: .seconds(6), duration: .seconds(6), kind: .diskErrors(region: name)),
        ]
        let violations = Run(scenario, seed: 1).run().violations
        #expect(violations.isEmpty, "\(violations.prefix(3))")
    }

    /// Half of the requests put items, and half delete them.
    private static func puttingAndDeleting(_ seconds: Int, perSecond: Double, keyCount: Int) -> Scenario {
        var scenario = WorldTests.scenario(seconds, perSecond: perSecond)
        scenario.workload[0].keys = .init(count: keyCount, distribution: .uniform)
        scenario.workload[0].mix = .init()
        (scenario.workload[0].mix.put, scenario.workload[0].mix.delete) = (50, 50)
        return scenario
    }

    @Test("a region that lost its disk collects the deletions that its last incarnation made")
    func tombstonesAfterDiskLoss() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = Self.puttingAndDeleting(16, perSecond: 60, keyCount: 60)
        scenario.faults = [
            FaultPlan(at: .seconds(5), duration: .seconds(4), kind: .diskLoss(region: names[2]))
        ]
        let violations = Run(scenario, seed: 1).run().violations
        #expect(violations.isEmpty, "\(violations)")
    }

    /// Nobody can send what the others' logs held once, as they never had a replica, or have none any more.
    @Test("a table's only replica, on a new disk, does not wait for logs that are trimmed", arguments: [false, true])
    func onlyReplicaOnANewDisk(hadAnother: Bool) {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = Self.puttingAndDeleting(120, perSecond: 4, keyCount: 30)
        scenario.tables[0].replicas = hadAnother ? [names[2], names[0]] : [names[2]]
        scenario.workload[0].regions = [names[2]]
        scenario.log.retention = .seconds(10)
        scenario.log.ageMax = .seconds(20)
        scenario.faults = [FaultPlan(at: .seconds(90), duration: .seconds(5), kind: .diskLoss(region: names[2]))]
        if hadAnother {
            let removal = FaultPlan.Kind.removeReplica(table: "orders", region: names[0], by: names[2])
            scenario.faults.insert(FaultPlan(at: .seconds(30), kind: removal), at: 0)
        }
        let violations = Run(scenario, seed: 1).run().violations
        #expect(violations.isEmpty, "\(violations)")
    }

    @Test("a copy of a disk that is older than the logs brings back nothing that was deleted and forgotten")
    func oldCopyBehindTheLogs() {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = Self.puttingAndDeleting(160, perSecond: 8, keyCount: 300)
        scenario.log.retention = .seconds(20)
        scenario.log.ageMax = .seconds(40)
        scenario.log.shardLifetime = .seconds(10)
        scenario.faults = [
            FaultPlan(at: .seconds(20), duration: .seconds(120), kind: .oldCopy(region: names[1]))
        ]
        for seed in 1...2 as ClosedRange<UInt64> {
            let violations = Run(scenario, seed: seed).run().violations
            #expect(violations.isEmpty, "seed \(seed): \(violations.prefix(3))")
        }
    }
}
