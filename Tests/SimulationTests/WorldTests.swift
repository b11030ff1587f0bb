import ConfigurationFiles
import ItemModel
import RegionStore
import Testing

@testable import Simulation

@Suite("A simulated world")
struct WorldTests {
    static func topology() -> Topology {
        let names = ["us-east-1", "eu-west-1", "ap-northeast-1"]
        var topology = Topology(
            regions: names.enumerated().map { index, name in
                let address = HostAndPort(host: "127.0.0.1", port: 8000 + index)
                return Topology.Region(
                    name: name, id: UInt16(index + 1), endpoint: address, replication: address, admin: address,
                    data: name)
            })
        topology.latency = [
            .init(first: names[0], second: names[1], time: .milliseconds(80)),
            .init(first: names[0], second: names[2], time: .milliseconds(145)),
            .init(first: names[1], second: names[2], time: .milliseconds(212)),
        ]
        return topology
    }

    static func scenario(_ seconds: Int, perSecond: Double = 50, faults: [FaultPlan] = []) -> Scenario {
        let names = topology().regions.map(\.name)
        var table = TablePlan(name: "orders", replicas: names)
        table.indexes = [.init(name: "by-group", projection: .all)]
        var mix = WorkloadPlan.Mix()
        (mix.read, mix.put, mix.update, mix.delete, mix.readModifyWrite, mix.batch) = (40, 20, 20, 10, 5, 5)
        var scenario = Scenario(
            name: "test", topology: topology(), duration: .seconds(seconds), tables: [table],
            workload: [
                WorkloadPlan(
                    name: "w", table: "orders", regions: names, arrival: .poisson(perSecond: perSecond), mix: mix,
                    keys: .init(count: 200, distribution: .zipfian(constant: 0.99)))
            ])
        scenario.faults = faults
        scenario.settle = .seconds(900)
        return scenario
    }

    @Test("ends with regions that agree, and is the same for the same seed")
    func steady() {
        let scenario = Self.scenario(20)
        let first = Run(scenario, seed: 1).run()
        #expect(first.violations.isEmpty, "\(first.violations)")
        #expect(first.operationCount > 2_000)
        #expect(first.convergenceMilliseconds != nil)
        #expect(first.links.allSatisfy { $0.changes > 0 })
        #expect(Run(scenario, seed: 1).run() == first)
        #expect(Run(scenario, seed: 2).run().traceHash != first.traceHash)
        print(first.requests, first.links, first.convergenceMilliseconds as Any, first.conflicts, first.eventCount)
    }

    @Test("has another hash when one byte of one item is another, and nothing else is")
    func contents() {
        var scenario = Self.scenario(3)
        scenario.workload[0].mix = WorkloadPlan.Mix()
        scenario.workload[0].mix.put = 1
        let healthy = Run(scenario, seed: 1).run()
        var hooks = SimulationHooks()
        var isChanged = false
        hooks.alterCommand = { command in
            guard !isChanged, case .write(let write) = command, case .put(let put) = write.action,
                case .binary(let filler)? = put["filler"]
            else { return command }
            isChanged = true
            var (item, bytes) = (put, filler)
            bytes[bytes.count - 1] ^= 1
            item["filler"] = .binary(bytes)
            return .write(ItemWrite(table: write.table, action: .put(item), condition: write.condition))
        }
        let changed = Run(scenario, seed: 1, hooks: hooks).run()
        #expect(isChanged)
        #expect(changed.traceHash != healthy.traceHash)
        #expect(changed.eventCount == healthy.eventCount)
        #expect(changed.violations.map(\.checker) == ["answers"], "\(changed.violations)")
    }

    @Test("asks a region once more for a change of a table when its process ended before it answered")
    func unansweredChange() {
        var scenario = Self.scenario(20)
        scenario.disk.syncLatency = .milliseconds(200)
        scenario.faults = [
            FaultPlan(
                at: .seconds(8),
                kind: .addIndex(table: "orders", .init(name: "more", projection: .all), by: "us-east-1")),
            FaultPlan(at: .milliseconds(8_050), duration: .seconds(2), kind: .powerLoss(region: "us-east-1")),
        ]
        for seed in 1...4 as ClosedRange<UInt64> {
            let run = Run(scenario, seed: seed)
            let result = run.run()
            #expect(result.violations.isEmpty, "\(result.violations)")
            for region in run.world.regions {
                let table = region.store?.reader.table(named: "orders")
                #expect(table?.indexes.contains { $0.name == "more" } == true)
            }
        }
    }

    @Test(
        "agrees after any one fault",
        arguments: [
            .crash(region: "eu-west-1"), .powerLoss(region: "us-east-1"), .pause(region: "ap-northeast-1"),
            .diskLoss(region: "eu-west-1"), .partition(groups: [["us-east-1"], ["eu-west-1", "ap-northeast-1"]]),
            .oneWayPartition(from: "us-east-1", to: "eu-west-1"),
            .flapping(from: "us-east-1", to: "eu-west-1", down: .seconds(3), up: .seconds(2)),
            .reset(from: "us-east-1", to: "eu-west-1"),
            .slowLink(from: "us-east-1", to: "eu-west-1", bandwidth: 2_000, latencyFactor: 3),
            .clockStep(region: "us-east-1", by: .seconds(600)), .clockDrift(region: "us-east-1", partsPerMillion: 500),
            .diskErrors(region: "us-east-1"), .diskFull(region: "us-east-1"),
            .bitFlips(region: "us-east-1", share: 0.01),
            .slowProcess(region: "us-east-1", factor: 20),
        ] as [FaultPlan.Kind])
    func fault(kind: FaultPlan.Kind) {
        let fault = FaultPlan(at: .seconds(10), duration: .seconds(30), kind: kind)
        for seed in 1...1 as ClosedRange<UInt64> {
            let result = Run(Self.scenario(60, faults: [fault]), seed: seed).run()
            #expect(result.violations.isEmpty, "\(kind), seed \(seed): \(result.violations)")
        }
    }

    @Test("A region that meets a damaged block is down until its disk is whole again, or is replaced")
    func damage() throws {
        let damage = FaultPlan(
            at: .seconds(10), duration: .seconds(30), kind: .bitFlips(region: "eu-west-1", share: 0.5))
        let repair = FaultPlan(at: .seconds(15), duration: .seconds(2), kind: .diskLoss(region: "eu-west-1"))
        let outages = try [[damage], [damage, repair]].map { faults in
            let result = Run(Self.scenario(60, faults: faults), seed: 1).run()
            #expect(result.violations.isEmpty, "\(result.violations)")
            return try #require(result.requests.first { $0.region == "eu-west-1" }).longestOutageSeconds
        }
        #expect(outages[0] > 25)
        #expect((5..<15).contains(outages[1]))
    }

    @Test("A run that is over leaves nothing in memory")
    func memory() {
        let names = Self.topology().regions.map(\.name)
        let faults = [
            FaultPlan(at: .seconds(2), duration: .seconds(3), kind: .crash(region: names[0])),
            FaultPlan(at: .seconds(3), duration: .seconds(2), kind: .partition(groups: [[names[1]], [names[2]]])),
            FaultPlan(at: .seconds(6), duration: .seconds(2), kind: .diskLoss(region: names[2])),
        ]
        weak var world: World?
        let stores = WeakStores()
        do {
            let run = Run(Self.scenario(10, faults: faults), seed: 1)
            run.world.observers.append(stores)
            _ = run.run()
            world = run.world
        }
        #expect(world == nil)
        #expect(stores.count == 0)
        #expect(stores.seen == 5)
    }

    /// Counts the stores of all processes that are still in memory.
    private final class WeakStores: WorldObserver {
        private struct Reference {
            weak var store: SimulatedRegion.Store?
        }

        private var references: [Reference] = []

        var seen: Int { references.count }
        var count: Int { references.count { $0.store != nil } }

        func started(_ region: SimulatedRegion) { references.append(Reference(store: region.store)) }
    }
}
