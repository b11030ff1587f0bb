import ConfigurationFiles
import RegionStore
import Testing

@testable import Simulation

@Suite("Swarm")
struct SwarmTests {
    private func variations() throws -> [Scenario] {
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/swarm.yaml")
        return (1...200 as ClosedRange<UInt64>).map { seed in
            var generator = Randomness(seed: seed).generator(for: "swarm")
            return scenario.varied(using: &generator)
        }
    }

    @Test func `each variation is a scenario that a file can say`() throws {
        for variation in try variations() {
            let again = try Scenario.parse(variation.text, file: "swarm.yaml", folder: variation.folder)
            #expect(again == variation)
        }
    }

    @Test func `a seed's variation is always the same, and seeds differ`() throws {
        let first = try variations()
        #expect(try first == variations())
        #expect(Set(first.map(\.text)).count > 190)
    }

    @Test func `everything is on in some variations and off in others`() throws {
        let all = try variations()
        func expectBoth(_ condition: (Scenario) -> Bool, _ what: Comment) {
            let count = all.count(where: condition)
            #expect(count > 10 && count < 198, what)
        }
        for count in 2...5 { expectBoth({ $0.topology.regions.count == count }, "\(count) regions") }
        expectBoth({ $0.log.retention != nil }, "short retention")
        expectBoth({ $0.links.batchByteCount != nil }, "other batches")
        expectBoth({ $0.tables.contains(where: \.hasTimeToLive) }, "time to live")
        expectBoth({ $0.tables.allSatisfy { $0.streamViewType == .newAndOldImages } }, "streams with both images")
        expectBoth({ $0.workload.contains { $0.mix.transaction > 0 } }, "transactions")
        expectBoth({ !$0.faults.isEmpty }, "faults in pairs")
        expectBoth(
            { scenario in scenario.tables.contains { $0.replicas.count < scenario.topology.regions.count } },
            "fewer replicas")
    }

    @Test func `regions that faults name stay`() throws {
        var scenario = try Scenario.load(path: "\(RandomScenario.shipped)/swarm.yaml")
        scenario.faults = [FaultPlan(at: .seconds(20), duration: .seconds(1), kind: .crash(region: "ap-southeast-2"))]
        for seed in 1...50 as ClosedRange<UInt64> {
            var generator = Randomness(seed: seed).generator(for: "swarm")
            let variation = scenario.varied(using: &generator)
            #expect(variation.topology.regions.contains { $0.name == "ap-southeast-2" })
            #expect(variation.faults.contains(scenario.faults[0]))
        }
    }
}
