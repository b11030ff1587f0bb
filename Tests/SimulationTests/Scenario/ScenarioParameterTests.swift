import ConfigurationFiles
import Testing

@testable import Simulation

@Suite("Parameters of scenarios")
struct ScenarioParameterTests {
    /// A file with parameters and places for them.
    static func file(
        parameters: String = "{latency: [10ms, 50ms], rate: [10/s, 100/s, 1/s]}",
        arrival: String = "{poisson: ${rate}}",
        more: String = "disk: {sync: ${latency}}"
    ) throws(ConfigurationError) -> ScenarioFile {
        try ScenarioFile(
            """
            topology: ../Regions/three-continents.yaml
            duration: 1m
            parameters: \(parameters)
            tables: [{name: orders}]
            workload: [{table: orders, arrival: \(arrival), mix: ycsb-a, keys: {count: 10}}]
            \(more)
            """, path: "Simulations/grid.yaml", folder: RandomScenario.shipped)
    }

    private func problems(
        parameters: String = "{latency: [10ms, 50ms], rate: [10/s, 100/s, 1/s]}",
        arrival: String = "{poisson: ${rate}}",
        more: String = "disk: {sync: ${latency}}"
    ) -> [String] {
        do {
            _ = try Self.file(parameters: parameters, arrival: arrival, more: more)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test func `every combination of the values is a scenario, the last parameter changing first`() throws {
        let file = try Self.file()
        let combinations = file.combinations()
        #expect(combinations.count == 6)
        #expect(combinations[1].map(\.description) == ["latency=10ms", "rate=100/s"])
        let scenario = try file.scenario(combinations[4])
        #expect(scenario.disk.syncLatency == .milliseconds(50))
        #expect(scenario.workload[0].arrival == .poisson(perSecond: 100))
        #expect(scenario.parameters == combinations[4])
        #expect(file.combinations(choosing: [.init(name: "rate", value: "7/s")]).map { $0[1].value } == ["7/s", "7/s"])
    }

    @Test func `what nobody chooses has its first value, and a value need not be one of the file's`() throws {
        let scenario = try Self.file().scenario([.init(name: "latency", value: "7ms")])
        #expect(scenario.disk.syncLatency == .milliseconds(7))
        #expect(scenario.workload[0].arrival == .poisson(perSecond: 10))
        #expect(scenario.parameters.map(\.description) == ["latency=7ms", "rate=10/s"])
    }

    @Test func `places may stand in keys, in parts of a value, in quotes and more than once`() throws {
        let scenario = try Self.file(
            parameters: "{fault: [crash, pause], region: us-east-1, tenth: [5]}", arrival: "{poisson: ${tenth}0/s}",
            more: """
                description: "${fault} of ${region}, and $${that} costs 5$"
                faults: [{at: 2${tenth}s, for: 10s, ${fault}: "${region}"}]
                """
        ).scenario([.init(name: "fault", value: "pause")])
        #expect(scenario.workload[0].arrival == .poisson(perSecond: 50))
        #expect(scenario.description == "pause of us-east-1, and ${that} costs 5$")
        #expect(
            scenario.faults == [.init(at: .seconds(25), duration: .seconds(10), kind: .pause(region: "us-east-1"))])
    }

    @Test func `a scenario's text has the values, reads back to it, and has no parameters`() throws {
        var scenario = try Self.file(more: "disk: {sync: ${latency}}\ndescription: \"a $${b} $$${c} $\"").scenario()
        let read = try Scenario.parse(scenario.text, file: "x.yaml", folder: scenario.folder)
        #expect(read.parameters.isEmpty && !scenario.parameters.isEmpty)
        scenario.parameters = []
        #expect(read == scenario)
        #expect(read.description == "a ${b} $${c} $")
    }

    @Test func `what is unknown, unused or no parameter is told with its line, and nothing else of it`() {
        #expect(
            problems(arrival: "{poisson: ${rat}}").first
                == "Simulations/grid.yaml:5: workload[0].arrival.poisson: no parameter is called 'rat'; expected one of "
                + "latency, rate, or $${ for the text ${")
        #expect(problems(arrival: "{poisson: ${rat}}").count == 1)
        #expect(
            problems(more: "") == [
                "Simulations/grid.yaml:3: parameters: 'latency' is used nowhere; expected a place that says ${latency}"
            ])
        #expect(problems(parameters: "{latency: [], rate: 1/s}").first?.contains("the list is empty") == true)
        #expect(
            problems(parameters: "{latency: [1ms, 1ms], rate: 1/s}").first?.contains("is in the list twice") == true)
        #expect(problems(parameters: "{latency: [[1ms]], rate: 1/s}").first?.contains("found a list") == true)
        #expect(
            problems(parameters: "{latency: \"${rate}\", rate: 1/s}").first?.contains("no parameters itself") == true)
        #expect(problems(parameters: "[latency]").first?.contains("expected a mapping of names") == true)
        #expect(problems(parameters: "{9: 1ms, rate: 1/s}").first?.contains("no name of a parameter") == true)
        #expect(problems(parameters: "{conflicts: 1ms, rate: 1/s}").first?.contains("the name of a figure") == true)
        #expect(
            problems(
                parameters: "{latency: [\((1...400).map { "\($0)ms" }.joined(separator: ", "))], rate: [1/s, 2/s, 3/s]}"
            )
            .first?.contains("more than 1000 combinations") == true)
    }

    @Test func `a value that cannot be is told with the line of its place, and with all values`() throws {
        let file = try Self.file()
        let error = #expect(throws: ConfigurationError.self) { try file.scenario([.init(name: "latency", value: "1")]) }
        #expect(
            error?.description.hasPrefix(
                "Simulations/grid.yaml:6: disk.sync: found '1'; expected a duration") == true)
        let unknown = #expect(throws: ConfigurationError.self) { try file.scenario([.init(name: "speed", value: "1")]) }
        #expect(unknown?.description.contains("no parameter is called 'speed'; expected one of latency, rate") == true)
    }

    @Test func `a key that values make a second time is refused`() {
        let found = problems(
            parameters: "{key: [jitter]}", arrival: "{poisson: 1/s}", more: "disk: {jitter: 0.1, ${key}: 0.2}")
        #expect(found.count == 1 && found.first?.contains("disk.jitter: the key is there twice") == true, "\(found)")
    }

    @Test func `a file without parameters has one combination, and no place for any`() throws {
        let file = try ScenarioFile.load(path: "\(RandomScenario.shipped)/chaos.yaml")
        #expect(file.parameters.isEmpty && file.combinations() == [[]])
        let found = problems(parameters: "{}", arrival: "{poisson: ${rate}}", more: "")
        #expect(found.count == 1 && found.first?.contains("expected 'parameters' with its values") == true, "\(found)")
    }

    @Test func `the fingerprint follows the values, and not the form of the file`() throws {
        let file = try Self.file()
        let first = try file.scenario().fingerprint
        #expect(first.count == 16)
        #expect(try file.scenario([.init(name: "rate", value: "600/m")]).fingerprint == first)
        #expect(try file.scenario([.init(name: "rate", value: "601/m")]).fingerprint != first)
        var other = try file.scenario()
        other.description = "the same in other words"
        #expect(other.fingerprint == first)
        other.topology.clock.maxOffset += .milliseconds(1)
        #expect(other.fingerprint != first)
    }
}
