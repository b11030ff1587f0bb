import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("A shrinker")
struct RunnerShrinkerTests {
    /// Ten faults of two regions, and clients of every kind.
    private static func scenario() throws -> Scenario {
        let text = """
            topology: ../Regions/three-continents.yaml
            duration: 10m
            tables:
              - {name: orders, indexes: [{name: by-group}]}
              - {name: carts}
            workload:
              - {name: a, table: orders, arrival: {poisson: 64/s}, mix: ycsb-a, keys: {count: 1000}}
              - {name: b, table: carts, arrival: {closed: {clients: 8, think: 1s}}, mix: {put: 5, delete: 1}, keys: {count: 10}}
            """
        var scenario = try Scenario.parse(text, file: "test.yaml", folder: "Simulations")
        scenario.faults = (0..<10).map { index in
            FaultPlan(
                at: .seconds(30 + 50 * index), duration: .seconds(20),
                kind: index.isMultiple(of: 2) ? .crash(region: "us-east-1") : .pause(region: "eu-west-1"))
        }
        return scenario
    }

    /// Whether two crashes are left, at least two seconds apart, and somebody deletes.
    private static func fails(_ scenario: Scenario) -> Bool {
        let crashes = scenario.faults.filter { $0.kind == .crash(region: "us-east-1") }
        guard let first = crashes.first, let last = crashes.last else { return false }
        return last.at - first.at >= .seconds(2) && scenario.workload.contains { $0.mix.delete > 0 }
            && crashes.allSatisfy { $0.at < scenario.duration }
    }

    @Test("leaves the faults and requests that the failure needs, and cuts the run")
    func shrinks() throws {
        let scenario = try Self.scenario()
        var shrinker = Shrinker(runLimit: 2_000, fails: Self.fails)
        let shrunk = shrinker.shrink(scenario)
        #expect(Self.fails(shrunk))
        #expect(shrunk.faults.count == 2)
        #expect(shrunk.faults.allSatisfy { $0.kind == .crash(region: "us-east-1") })
        #expect(shrunk.workload.map(\.name) == ["b"])
        #expect(shrunk.tables.map(\.name) == ["carts"])
        #expect(shrunk.workload.first?.mix.put == 0)
        #expect(shrunk.duration < .seconds(30))
        #expect(shrinker.runCount <= 2_000)
    }

    @Test("comes to the same scenario each time")
    func isDeterministic() throws {
        var first = Shrinker(runLimit: 150, fails: Self.fails)
        var second = Shrinker(runLimit: 150, fails: Self.fails)
        let scenario = try Self.scenario()
        #expect(first.shrink(scenario) == second.shrink(scenario))
        #expect(first.runCount == second.runCount)
    }

    @Test("takes no more runs than it may", arguments: [0, 1, 7, 40])
    func isBounded(limit: Int) throws {
        var runCount = 0
        var shrinker = Shrinker(runLimit: limit) { scenario in
            runCount += 1
            return Self.fails(scenario)
        }
        let shrunk = shrinker.shrink(try Self.scenario())
        #expect(runCount <= limit)
        #expect(Self.fails(shrunk))
    }

    @Test("gives back the scenario when nothing can go")
    func givesBack() throws {
        let scenario = try Self.scenario()
        var shrinker = Shrinker { $0 == scenario }
        #expect(shrinker.shrink(scenario) == scenario)
    }

    @Test("tries only scenarios that a file can say")
    func isPrintable() throws {
        let scenario = try Self.scenario()
        var unreadable: [String] = []
        var shrinker = Shrinker(runLimit: 500) { candidate in
            do {
                let read = try Scenario.parse(candidate.text, file: "test.yaml", folder: candidate.folder)
                if read.faults != candidate.faults { unreadable.append(candidate.text) }
            } catch {
                unreadable.append("\(error)")
            }
            return Self.fails(candidate)
        }
        _ = shrinker.shrink(scenario)
        #expect(unreadable.isEmpty, "\(unreadable.first ?? "")")
    }
}
