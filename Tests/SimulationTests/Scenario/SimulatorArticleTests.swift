import ConfigurationFiles
import Foundation
import Testing

@testable import Simulation

@Suite("The article on the simulator")
struct SimulatorArticleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let article: String

    init() throws {
        article = try String(
            contentsOf: Self.root.appendingPathComponent("Sources/meridian/Meridian.docc/Simulator.md"),
            encoding: .utf8)
    }

    /// The sources of a folder whose names begin like that, in one text.
    private func sources(_ folder: String, _ prefixes: [String] = [""]) throws -> String {
        let folder = Self.root.appendingPathComponent("Sources/Simulation/\(folder)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { name in prefixes.contains(where: name.hasPrefix) }
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
    }

    /// What the article says as code.
    private var words: Set<String> {
        var words = Set<String>()
        for match in article.matches(of: /`([^`\n]+)`/) { words.insert(String(match.1)) }
        return words
    }

    @Test func `names every key that the parser knows`() throws {
        let reader = try sources(
            "Scenario",
            [
                "ScenarioReader", "Scenario+Parsing", "TraceSourceReader", "HardwareReader", "ClientReader",
                "RandomFaultReader", "ExpectationReader", "Fault",
            ])
        var keys = Set(ScenarioReader.keys + FaultPlan.Kind.names + WorkloadPlan.Mix.parts.map(\.name))
        // Whatever is read from a mapping, by whichever name it has there.
        for match in reader.matches(of: /\w\["([a-z-]+)"\]/) { keys.insert(String(match.1)) }
        // The one figure of a fault, and the kinds of values that stand alone.
        for match in reader.matches(of: /"([a-z-]+)": "([a-z]+)"/) { keys.insert(String(match.2)) }
        for match in reader.matches(of: /case ("[a-z-]+"(?:, "[a-z-]+")*)/) {
            for name in match.1.matches(of: /[a-z-]+/) { keys.insert(String(name.0)) }
        }
        #expect(keys.count > 90, "the patterns above no longer find the keys: \(keys.sorted())")
        let missing = keys.filter { !words.contains($0) }.sorted()
        #expect(missing == [], "Simulator.md does not tell of these")
    }

    @Test func `names every default that is not nothing`() {
        let scenario = Scenario(
            name: "s", topology: .init(regions: []), duration: .seconds(1), tables: [],
            workload: [
                .init(
                    name: "w", table: "t", regions: [], arrival: .closed(clients: 1, think: .zero), mix: .init(),
                    keys: .init(count: 1, distribution: .uniform))
            ])
        let clients = scenario.workload[0]
        let defaults = [
            ("settle", scenario.settle.configurationText), ("item-size", "\(clients.itemByteCount)"),
            ("timeout", clients.timeout.configurationText), ("max-attempts", "\(clients.retries.maxAttempts)"),
            ("backoff", clients.retries.backoff.configurationText),
            ("backoff-max", clients.retries.backoffMax.configurationText), ("loss", "0%"),
            ("jitter", "\(scenario.network.jitter)"),
            ("jitter", "\(scenario.disk.jitter)"), ("sync", scenario.disk.syncLatency.configurationText),
            ("write", scenario.process.writeCost.configurationText),
            ("read", scenario.process.readCost.configurationText),
            ("restart-after", scenario.process.restartAfterFailure.configurationText), ("disk-losses", "1"),
        ]
        for (key, value) in defaults {
            let row = article.split(separator: "\n").first { line in
                line.hasPrefix("| ") && line.contains("`\(key)` |") && line.hasSuffix("| `\(value)` |")
            }
            #expect(row != nil, "\(key): \(value)")
        }
    }

    @Test func `names every checker`() throws {
        let code = try sources("Checkers") + sources("World", ["Run.swift", "SimulatedRegion"])
        var checkers = Set<String>()
        for pattern in [
            /violate\(\s*"([a-z ]+)",/, /checker: String = "([a-z ]+)"/, /as: "([a-z ]+)"/,
            /\? "([a-z ]+)" : "[a-z ]+",/, /\? "[a-z ]+" : "([a-z ]+)",/, /,\s*"([a-z ]+)"\)\n/,
        ] {
            for match in code.matches(of: pattern) { checkers.insert(String(match.1)) }
        }
        #expect(checkers.isSuperset(of: ["winner", "stable time", "clock", "resurrection", "convergence", "log"]))
        #expect(checkers.filter { !article.contains("| `\($0)` |") } == [])
    }

    @Test func `names every member of the result`() throws {
        for paths in [
            RunDocumentTests.paths(try RunDocumentTests.failed()), RunDocumentTests.paths(try RunDocumentTests.sweep()),
            RunDocumentTests.paths(
                try RunDocumentTests.members(ComparisonDocument(SweepComparisonTests.comparison()))),
        ] {
            let missing = paths.compactMap { $0.split(separator: ".").last.map(String.init) }
                .filter { !words.contains($0) }
            #expect(missing.sorted() == [])
        }
        #expect(article.contains("`formatVersion`, now \(RunDocument.formatVersion):"))
    }
}
