import ConfigurationFiles
import RegionStore

@testable import Simulation

/// Small scenarios in which a mistake shows: seconds of virtual time, few keys, matching faults.
enum DefectScenario: String, CaseIterable, Sendable {
    case steady, hotKey, powerLoss, clockBack, clockAhead, wrongClock, clockBehind, diskLoss, oldCopy, oneWay,
        partition, newReplica,
        transactions, expiry,
        pages, tableChanges, tableDeleted, trimming, staleCopy

    var scenario: Scenario {
        let names = WorldTests.topology().regions.map(\.name)
        var scenario = WorldTests.scenario(12, perSecond: 40)
        scenario.name = rawValue
        scenario.settle = .seconds(60)
        scenario.workload[0].keys = .init(count: 40, distribution: .zipfian(constant: 0.99))
        switch self {
        case .steady: break
        case .hotKey:
            scenario.duration = .seconds(8)
            scenario.workload[0].keys = .init(count: 2, distribution: .uniform)
            scenario.workload[0].arrival = .poisson(perSecond: 150)
        case .powerLoss:
            // As fast as requests can be, so that some wait whenever the power goes.
            scenario.workload[0].arrival = .poisson(perSecond: 150)
            scenario.disk.syncLatency = .milliseconds(30)
            scenario.faults = [3, 6, 9].map {
                FaultPlan(at: .seconds($0), duration: .seconds(1), kind: .powerLoss(region: names[$0 / 3 - 1]))
            }
        case .clockBack:
            // Nobody is there to say what was stamped already: only the mark does.
            scenario.faults = [
                FaultPlan(
                    at: .milliseconds(4_900), duration: .seconds(6),
                    kind: .partition(groups: [[names[0]], [names[1], names[2]]])),
                FaultPlan(
                    at: .seconds(5), duration: .seconds(5), kind: .clockStep(region: names[0], by: .seconds(-4))),
                FaultPlan(at: .milliseconds(5_050), duration: .milliseconds(100), kind: .crash(region: names[0])),
            ]
        case .clockAhead:
            scenario.faults = [FaultPlan(at: .seconds(3), kind: .clockStep(region: names[0], by: .milliseconds(400)))]
        case .wrongClock:
            scenario.faults = [
                FaultPlan(at: .seconds(5), duration: .seconds(4), kind: .clockStep(region: names[0], by: .seconds(600)))
            ]
        case .clockBehind:
            // Cut off, it hears no stamps that would carry its own forward.
            scenario.duration = .seconds(20)
            scenario.faults = [
                FaultPlan(
                    at: .milliseconds(4_900), duration: .seconds(13),
                    kind: .partition(groups: [[names[0]], [names[1], names[2]]])),
                FaultPlan(
                    at: .seconds(5), duration: .seconds(14), kind: .clockStep(region: names[0], by: .seconds(-60))),
            ]
        case .diskLoss:
            scenario.faults = [FaultPlan(at: .seconds(5), duration: .seconds(2), kind: .diskLoss(region: names[1]))]
        case .oldCopy:
            scenario.faults = [FaultPlan(at: .seconds(3), duration: .seconds(4), kind: .oldCopy(region: names[1]))]
        case .oneWay:
            // Long enough for the link to end by silence, for a third region to pass on, and for the link to come back meanwhile.
            scenario.duration = .seconds(32)
            scenario.workload[0].keys.distribution = .uniform
            scenario.faults = [
                FaultPlan(
                    at: .seconds(3), duration: .seconds(15), kind: .oneWayPartition(from: names[0], to: names[1]))
            ]
        case .partition:
            scenario.faults = [
                FaultPlan(
                    at: .seconds(3), duration: .seconds(5),
                    kind: .partition(groups: [[names[0]], [names[1], names[2]]]))
            ]
        case .transactions:
            // Each region has clients everywhere and a second table is in two regions only; what gathers during the partition fills
            // several batches.
            scenario.tables.append(TablePlan(name: "totals", replicas: [names[0], names[1]]))
            scenario.workload[0].mix = WorkloadPlan.Mix()
            scenario.workload[0].mix.transaction = 70
            scenario.workload[0].mix.put = 20
            scenario.workload[0].mix.delete = 10
            scenario.workload[0].keys = .init(count: 200, distribution: .uniform)
            scenario.workload[0].arrival = .poisson(perSecond: 80)
            scenario.workload[0].itemByteCount = 2_000
            scenario.faults = [
                FaultPlan(
                    at: .seconds(3), duration: .seconds(4),
                    kind: .partition(groups: [[names[0]], [names[1], names[2]]])),
                FaultPlan(
                    at: .seconds(8), duration: .seconds(2), kind: .powerLoss(region: names[1])),
            ]
        case .expiry:
            // What is written at first has expired long before the end.
            scenario.duration = .seconds(85)
            scenario.tables[0].hasTimeToLive = true
            scenario.workload[0].mix = WorkloadPlan.Mix()
            (scenario.workload[0].mix.put, scenario.workload[0].mix.delete) = (80, 20)
            scenario.workload[0].lifetime = .seconds(8)
            scenario.workload[0].until = .seconds(10)
            scenario.faults = [
                FaultPlan(
                    at: .seconds(3), duration: .seconds(60),
                    kind: .partition(groups: [[names[0]], [names[1], names[2]]]))
            ]
        case .pages:
            scenario.duration = .seconds(6)
            scenario.tables[0].hasSortKey = true
            scenario.workload[0].mix.scan = 20
            scenario.workload[0].mix.query = 30
        case .tableChanges:
            scenario.faults = [
                FaultPlan(
                    at: .seconds(5),
                    kind: .changeSetting(table: "orders", .maxima(read: 100_000, write: nil), by: names[0])),
                FaultPlan(
                    at: .seconds(5),
                    kind: .changeSetting(table: "orders", .tableClass(.infrequentAccess), by: names[1])),
                FaultPlan(
                    at: .seconds(6),
                    kind: .addIndex(table: "orders", .init(name: "another", projection: .all), by: names[2])),
            ]
        case .tableDeleted:
            scenario.tables.append(TablePlan(name: "drafts", replicas: [names[0]]))
            scenario.tables[1].streamViewType = .keysOnly
            var drafts = scenario.workload[0]
            (drafts.name, drafts.table, drafts.regions) = ("drafts", "drafts", [names[0]])
            drafts.until = .seconds(6)
            scenario.workload.append(drafts)
            scenario.faults = [
                FaultPlan(at: .seconds(7), kind: .deleteTable(name: "drafts", region: names[0]))
            ]
        case .trimming:
            // Longer than tokens are remembered; logs and shards go after a minute.
            scenario.duration = .seconds(800)
            scenario.workload[0].arrival = .poisson(perSecond: 1)
            scenario.workload[0].mix = WorkloadPlan.Mix()
            (scenario.workload[0].mix.put, scenario.workload[0].mix.transaction) = (60, 40)
            scenario.log.retention = .seconds(60)
            scenario.log.shardLifetime = .seconds(30)
            scenario.log.shardCount = 2
        case .staleCopy:
            // Older than the logs, which go back half a minute; the table is sent in several parts.
            scenario.duration = .seconds(110)
            scenario.workload[0].arrival = .poisson(perSecond: 8)
            scenario.workload[0].mix = WorkloadPlan.Mix()
            (scenario.workload[0].mix.put, scenario.workload[0].mix.delete) = (50, 50)
            scenario.workload[0].keys = .init(count: 150, distribution: .uniform)
            scenario.workload[0].itemByteCount = 8_000
            scenario.log.retention = .seconds(20)
            scenario.log.ageMax = .seconds(40)
            scenario.log.shardLifetime = .seconds(10)
            scenario.faults = [
                FaultPlan(at: .seconds(10), duration: .seconds(80), kind: .oldCopy(region: names[1]))
            ]
        case .newReplica:
            scenario.tables[0].replicas = [names[0], names[1]]
            scenario.workload[0].regions = [names[0], names[1]]
            scenario.workload[0].arrival = .poisson(perSecond: 150)
            scenario.faults = [
                FaultPlan(at: .seconds(5), kind: .addReplica(table: "orders", region: names[2], by: names[0]))
            ]
        }
        return scenario
    }

    /// What the checkers say of a run.
    func violations(
        seed: UInt64, endsAtFirst: Bool = false, hooks: (WorldHandle) -> SimulationHooks
    ) -> [RunResult.Violation] {
        let handle = WorldHandle()
        let run = Run(scenario, seed: seed, hooks: hooks(handle))
        run.endsAtFirstViolation = endsAtFirst
        handle.world = run.world
        return run.run().violations
    }
}

/// Lets a hook look at the world that it was handed to before there was one.
final class WorldHandle {
    weak var world: World?
}
