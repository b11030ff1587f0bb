import Testing

@testable import Simulation

@Suite("Faults that are drawn")
struct RandomFaultTests {
    private let regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]
    private var plan: RandomFaultPlan {
        RandomFaultPlan(
            count: 3...10, within: .seconds(10)...(.seconds(100)), lasting: .seconds(1)...(.seconds(60)),
            kinds: RandomFaultPlan.drawable)
    }

    @Test func `the same seed draws the same timeline, and another seed another one`() {
        func timeline(_ seed: UInt64) -> [FaultPlan] {
            var generator = Generator(seed: seed)
            return plan.draw(using: &generator, regions: regions)
        }
        for seed in 1...50 as ClosedRange<UInt64> { #expect(timeline(seed) == timeline(seed)) }
        #expect(timeline(1) != timeline(2))
    }

    @Test func `every timeline is within its bounds, and could stand in a file`() throws {
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/steady-three-continents.yaml")
        var generator = Generator(seed: 5)
        var kinds: [String] = []
        for _ in 0..<300 {
            let timeline = plan.draw(using: &generator, regions: regions)
            kinds += timeline.map(\.kind.name)
            #expect(plan.count.contains(timeline.count))
            #expect(timeline.map(\.at) == timeline.map(\.at).sorted())
            #expect(timeline.count { $0.kind.name == "disk-loss" } <= 1)
            for fault in timeline {
                #expect(plan.within.contains(fault.at))
                #expect(fault.duration.map(plan.lasting.contains) ?? fault.kind.isOverAtOnce)
                #expect(Set(fault.kind.regions).isSubset(of: regions))
            }
            var written = scenario
            written.faults = timeline
            #expect(try Scenario.parse(written.text, file: "x.yaml", folder: scenario.folder).faults == timeline)
        }
        #expect(Set(kinds) == Set(RandomFaultPlan.drawable).subtracting([RandomFaultPlan.tableChange]))
    }

    @Test func `changes of tables are drawn so that each is possible when its time has come`() throws {
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/chaos.yaml")
        var generator = Generator(seed: 8)
        var kinds: [String] = []
        for _ in 0..<300 {
            let timeline = plan.draw(using: &generator, regions: regions, tables: scenario.tables)
            kinds += timeline.map(\.kind.name)
            #expect(timeline.count <= plan.count.upperBound)
            var written = scenario
            written.faults = timeline
            written.randomFaults = nil
            #expect(try Scenario.parse(written.text, file: "x.yaml", folder: scenario.folder).faults == timeline)
        }
        let changes = ["add-index", "remove-index", "add-replica", "remove-replica", "change-setting"]
        #expect(Set(changes).isSubset(of: kinds))
    }

    @Test func `none needs what another fault of the scenario has`() {
        var generator = Generator(seed: 6)
        var plan = plan
        plan.kinds = ["crash", "restart"]
        let beside = [FaultPlan(at: .zero, kind: .pause(region: "us-east-1"))]
        for _ in 0..<100 {
            let timeline = plan.draw(using: &generator, regions: regions, beside: beside)
            #expect(!timeline.isEmpty)
            #expect(timeline.allSatisfy { !$0.kind.regions.contains("us-east-1") })
        }
    }

    @Test func `where there is no room there are fewer, and one region has no links to strike`() {
        var generator = Generator(seed: 7)
        var plan = plan
        plan.count = 100...100
        plan.kinds = ["crash"]
        #expect(plan.draw(using: &generator, regions: ["a"]).count < 100)
        plan.kinds = ["partition", "reset", "flapping", "slow-link", "one-way-partition"]
        #expect(plan.draw(using: &generator, regions: ["a"]).isEmpty)
        #expect(plan.draw(using: &generator, regions: []).isEmpty)
        plan.kinds = ["disk-loss"]
        plan.diskLossCountMax = 0
        #expect(plan.draw(using: &generator, regions: ["a", "b"]).isEmpty)
    }
}
