import ConfigurationFiles
import Foundation
import Testing

@testable import Simulation

@Suite("Scenario files")
struct ScenarioFileTests {
    static let shipped = [
        "chaos", "clock-ahead", "clock-back-over-restart", "deletes-during-partition",
        "disk-lost-during-partition", "flapping-link", "full-disk", "log-trimming", "old-copy", "one-way-partition",
        "partial-mesh", "partition-in-halves", "region-lost-for-ever", "region-outage", "replay-orders",
        "replica-added-during-partition", "rolling-restarts", "schema-during-partition", "slow-link",
        "steady-three-continents", "swarm", "time-to-live-during-partition", "two-weeks-away",
    ]

    private func parse(_ text: String) throws -> Scenario {
        try Scenario.parse(text, file: "Simulations/some-test.yaml", folder: RandomScenario.shipped)
    }

    @Test func `the scenarios that come with the project are these`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: RandomScenario.shipped)
        #expect(files.filter { $0.hasSuffix(".yaml") }.sorted() == Self.shipped.map { "\($0).yaml" })
        #expect(files.filter { !$0.hasSuffix(".yaml") } == ["replay-orders.csv"])
    }

    @Test(arguments: shipped)
    func `each of them says what it is about and what it expects, and reads back from its text`(name: String) throws {
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/\(name).yaml")
        #expect(scenario.name == name)
        #expect(scenario.description.count > 40)
        #expect(!scenario.expectations.isEmpty)
        #expect(scenario.faults.isEmpty == ["steady-three-continents", "chaos", "swarm"].contains(name))
        // The values of parameters are written out.
        var written = scenario
        written.parameters = []
        #expect(try Scenario.parse(scenario.text, file: "x.yaml", folder: scenario.folder) == written)
        // None makes more than a hundred thousand requests, so that hundreds of seeds are soon run.
        let perSecond = scenario.workload.reduce(0.0) { sum, plan in
            let rate =
                switch plan.arrival {
                case .poisson(let rate): rate
                case .diurnal(let low, let high, _): (low + high) / 2
                case .burst(let rate, let peak, let every, let length): rate + (peak - rate) * (length / every)
                case .trace(let trace):
                    Double(trace.requests.count) / Double(plan.regions.count) / (scenario.duration / .seconds(1))
                case .closed(let clients, let think): Double(clients) / max(0.02, think / .seconds(1))
                }
            let length = (plan.until ?? scenario.duration) - (plan.from ?? .zero)
            return sum + rate * Double(plan.regions.count) * (length / scenario.duration)
        }
        let count = perSecond * (scenario.duration / .seconds(1))
        #expect(count < 105_000, "\(count) requests")
    }

    @Test func `what is not said has its default`() throws {
        let scenario = try parse(
            """
            topology: ../Regions/three-continents.yaml
            duration: 1m
            tables: [{name: orders}]
            workload: [{table: orders, arrival: {poisson: 90/m}, mix: ycsb-a, keys: {count: 10}}]
            """)
        let regions = ["us-east-1", "eu-west-1", "ap-northeast-1"]
        var expected = Scenario(
            name: "some-test",
            topology: try Topology.load(path: "\(RandomScenario.shipped)/../Regions/three-continents.yaml"),
            duration: .seconds(60), tables: [TablePlan(name: "orders", replicas: regions)],
            workload: [
                WorkloadPlan(
                    name: "orders", table: "orders", regions: regions, arrival: .poisson(perSecond: 1.5),
                    mix: try #require(WorkloadPlan.Mix.ycsb("a")), keys: .init(count: 10, distribution: .uniform))
            ])
        expected.topologyFile = "../Regions/three-continents.yaml"
        expected.folder = RandomScenario.shipped
        #expect(scenario == expected)
    }

    @Test func `the guide shows every key, and the values in its comments are the defaults`() throws {
        let guide = try String(contentsOfFile: "\(RandomScenario.shipped)/region-outage.yaml", encoding: .utf8)
        for name in FaultPlan.Kind.names + ScenarioReader.keys + WorkloadPlan.Mix.parts.map(\.name) {
            #expect(guide.contains(name), "\(name) is missing")
        }
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/region-outage.yaml")
        #expect(scenario.network == NetworkPlan())
        #expect(scenario.disk == DiskPlan())
        #expect(scenario.process == ProcessPlan())
    }

    @Test func `random scenarios print and read back to themselves`() throws {
        var random = try RandomScenario(seed: 11)
        for _ in 0..<200 {
            let scenario = random.next()
            #expect(try Scenario.parse(scenario.text, file: "x.yaml", folder: scenario.folder) == scenario)
        }
    }

    @Test func `the text for another folder names the same topology`() throws {
        let scenario = try Scenario.load(path: "\(RandomScenario.shipped)/chaos.yaml")
        let moved = try Scenario.parse(scenario.text(inFolder: "/tmp"), file: "x.yaml", folder: "/tmp")
        #expect(moved.topology.regions == scenario.topology.regions)
        #expect(moved.randomFaults == scenario.randomFaults && moved.tables == scenario.tables)
        #expect(scenario.text(inFolder: scenario.folder) == scenario.text)
    }

    @Test func `shares and rates read in each of their forms`() throws {
        let scenario = try parse(
            """
            topology: ../Regions/three-continents.yaml
            duration: 1m
            tables: [{name: orders}]
            workload:
              - {table: orders, arrival: {poisson: 3600/h}, mix: {read: 1}, keys: {count: 1, distribution: {hot-set: {keys: 0.1%, requests: 0.9}}}}
            network: {loss: 0.005}
            expectations: [staleness-p99.9: {below: 2s}, unavailability: {below: 7%}]
            """)
        #expect(scenario.workload[0].arrival == .poisson(perSecond: 1))
        #expect(scenario.workload[0].keys.distribution == .hotSet(keys: 0.001, requests: 0.9))
        #expect(scenario.network.loss == 0.005)
        #expect(
            scenario.expectations
                == [
                    .staleness(share: 0.999, from: nil, to: nil, below: .seconds(2)),
                    .unavailability(region: nil, below: 0.07),
                ])
    }

    @Test func `faults are in the order of their times, and of the file at one time`() throws {
        let scenario = try parse(
            """
            topology: ../Regions/three-continents.yaml
            duration: 1m
            tables: [{name: orders}]
            workload: []
            faults:
              - {at: 20s, for: 10s, crash: us-east-1}
              - {at: 10s, for: 10s, pause: us-east-1}
              - {at: 10s, reset: {from: us-east-1, to: eu-west-1}}
              - {at: 5s, clock-step: {region: us-east-1, by: -1s}}
              - {at: 6s, clock-step: {region: us-east-1, by: 2s}}
            """)
        #expect(scenario.faults.map(\.kind.name) == ["clock-step", "clock-step", "pause", "reset", "crash"])
        #expect(scenario.faults[0].kind == .clockStep(region: "us-east-1", by: .seconds(-1)))
        #expect(scenario.faults.last?.kind.text == "us-east-1 crashes")
    }

    @Test func `a file that is not there is an error with its path`() {
        #expect(throws: ConfigurationError.self) { try Scenario.load(path: "/nowhere/none.yaml") }
        #expect(throws: ConfigurationError.self) { try parse("") }
        #expect(throws: ConfigurationError.self) { try parse("- a") }
        #expect(throws: ConfigurationError.self) { try parse("a: [") }
    }
}
