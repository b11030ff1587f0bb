import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Repeated faults")
struct FaultRepetitionTests {
    private func parse(_ faults: String, duration: String = "10m") throws(ConfigurationError) -> Scenario {
        try Scenario.parse(
            """
            topology: ../Regions/three-continents.yaml
            duration: \(duration)
            tables: [{name: orders}]
            workload: []
            faults:
            \(faults)
            """, file: "s.yaml", folder: RandomScenario.shipped)
    }

    private func problem(_ faults: String, duration: String = "10m") -> String? {
        do {
            _ = try parse(faults, duration: duration)
            return nil
        } catch { return error.description }
    }

    @Test func `a fault comes so many times, among the others by their times`() throws {
        let scenario = try parse(
            """
              - {at: 1m, for: 10s, every: 2m, times: 3, pause: us-east-1}
              - {at: 3m30s, crash: eu-west-1}
            """.replacing("3m30s", with: "210s"))
        #expect(scenario.faults.map(\.at) == [60, 180, 210, 300].map { .seconds($0) })
        #expect(scenario.faults.map(\.kind.name) == ["pause", "pause", "crash", "pause"])
        #expect(scenario.faults[3].duration == .seconds(10))
        #expect(try Scenario.parse(scenario.text, file: "s.yaml", folder: scenario.folder) == scenario)
    }

    @Test func `without a number it comes as often as it ends within the scenario`() throws {
        func times(_ fault: String) throws -> [Duration] { try parse("  - {\(fault)}").faults.map(\.at) }
        #expect(try times("at: 1m, for: 1m, every: 3m, pause: us-east-1") == [60, 240, 420].map { .seconds($0) })
        // The fourth ends with the scenario.
        #expect(try times("at: 0s, for: 1m, every: 3m, pause: us-east-1").count == 4)
        #expect(try times("at: 1m, every: 9m, reset: {from: us-east-1, to: eu-west-1}").count == 2)
        #expect(try times("at: 1m, every: 3m, clock-step: {region: us-east-1, by: 1s}").count == 4)
        // One after the other without a pause is no clash.
        #expect(try times("at: 0s, for: 1m, every: 1m, pause: us-east-1").count == 10)
    }

    @Test(arguments: [
        ("at: 1m, for: 10s, times: 3, pause: us-east-1", "times: nothing says when it comes again"),
        ("at: 1m, every: 1m, times: 3, pause: us-east-1", "every: without 'for' it lasts until the end"),
        ("at: 1m, for: 10s, every: 5s, pause: us-east-1", "for: it lasts longer than 'every'; expected at most 5s"),
        ("at: 1m, for: 10s, every: 2m, times: 6, pause: us-east-1", "times: the last one ends at 670s"),
        ("at: 1m, for: 10s, every: 2m, times: 0, pause: us-east-1", "times: found '0'"),
        ("at: 1m, for: 10s, every: 0s, pause: us-east-1", "every: found '0s'"),
        ("at: 0s, every: 100ms, reset: {from: us-east-1, to: eu-west-1}", "every: it comes 6001 times"),
        ("at: 0s, for: 11m, every: 12m, pause: us-east-1", "for: it ends at 11m, after the scenario"),
    ])
    func `times that cannot be are refused`(fault: String, problem: String) {
        #expect(self.problem("  - {\(fault)}")?.hasPrefix("s.yaml:6: faults[0].\(problem)") == true)
        #expect(self.problem("  - {\(fault)}")?.contains("\n") == false)
    }

    @Test func `what clashes many times is told once`() {
        let found = problem(
            """
              - {at: 1m, for: 10s, every: 1m, pause: us-east-1}
              - {at: 5s, for: 56s, every: 1m, crash: us-east-1}
              - {at: 1s, every: 10s, add-index: {table: orders, name: more, by: us-east-1}}
            """)
        let lines = found?.split(separator: "\n") ?? []
        #expect(lines.count == 3, "\(lines)")
        #expect(lines.allSatisfy { $0.contains("until ") || $0.contains("has an index 'more' already") })
    }
}
