import Foundation
import RegionServer
import Simulation
import Testing

@testable import meridian

@Suite("Sweeps of the command line")
struct SimulateSweepTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A scenario that is over soon, with two values of a parameter.
    private static func file(settle: String = "1m", bound: String = "1h") throws -> ScenarioFile {
        try ScenarioFile(
            """
            topology: \(root)/Regions/three-continents.yaml
            duration: 2s
            settle: \(settle)
            parameters: {rate: [5/s, 20/s]}
            tables: [{name: orders}]
            workload: [{table: orders, arrival: {poisson: ${rate}}, mix: ycsb-a, keys: {count: 10}, from: 1s}]
            expectations: [recovery-time: {below: \(bound)}]
            """, path: "small.yaml", folder: root)
    }

    /// Runs both combinations of the file with seeds, with their rows in `rows.csv` of the folder.
    private func sweep(
        _ file: ScenarioFile, _ seeds: ClosedRange<UInt64>, in folder: Folder, stopsAtFailure: Bool = false
    ) async throws -> [[RunDigest]] {
        let scenarios = try file.combinations().map { try file.scenario($0) }
        let rows = try SimulateRows(path: "\(folder.path)/rows.csv", files: [file], scenarios: scenarios)
        let sweep = SimulateSweep(
            scenarios, seeds: SeedRange(seeds), paths: scenarios.map { _ in file.path },
            stopsAtFailure: stopsAtFailure, isQuiet: true, rows: rows)
        return try await sweep.run().runs
    }

    @Test func `a sweep that was ended goes on where it was, and comes to the same rows`() async throws {
        let (folder, file) = (try Folder(), try Self.file())
        let runs = try await sweep(file, 1...3, in: folder)
        #expect(runs.map { $0.map(\.seed) } == [[1, 2, 3], [1, 2, 3]])
        let whole = try folder.text("rows.csv")
        let lines = whole.split(separator: "\n")
        #expect(lines.count == 7)
        // The last row was not written to its end, and the others are in the order in which they came.
        let torn = ([lines[0], lines[4], lines[2]].joined(separator: "\n") + "\n" + lines[1].prefix(200))
        try torn.write(toFile: "\(folder.path)/rows.csv", atomically: true, encoding: .utf8)
        #expect(try await sweep(file, 1...3, in: folder) == runs)
        #expect(try folder.text("rows.csv") == whole)
    }

    @Test func `what has a row is not run again, and rows of other seeds stay`() async throws {
        let (folder, file) = (try Folder(), try Self.file())
        _ = try await sweep(file, 1...2, in: folder)
        let path = "\(folder.path)/rows.csv"
        // A figure that no run has shows where it comes from.
        var lines = try folder.text("rows.csv").split(separator: "\n").map(String.init)
        var fields = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let column = try #require(lines[0].split(separator: ",").firstIndex(of: "conflicts"))
        fields[column] = "4242"
        lines[1] = fields.joined(separator: ",")
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let runs = try await sweep(file, 1...1, in: folder)
        let summary = SweepSummary(scenario: "small", combinations: [(SweepVariant(try file.scenario()), runs[0])])
        #expect(summary.text(wallSeconds: nil).contains("4,242"))
        #expect(try folder.text("rows.csv").split(separator: "\n").map(String.init) == lines)
    }

    @Test func `after the first failure nothing is kept that depends on the cores`() async throws {
        // Nothing recovers in less than no time.
        let (folder, file) = (try Folder(), try Self.file(bound: "0s"))
        let runs = try await sweep(file, 5...500, in: folder, stopsAtFailure: true)
        #expect(runs.map { $0.map(\.seed) } == [[5], []])
        #expect(try folder.text("rows.csv").split(separator: "\n").count <= 3)
    }

    @Test func `rows of another scenario are an error, and stay what they are`() async throws {
        let folder = try Folder()
        _ = try await sweep(Self.file(), 1...1, in: folder)
        let before = try folder.text("rows.csv")
        let error = await #expect(throws: CommandFailure.self) {
            _ = try await sweep(Self.file(settle: "2m"), 1...1, in: folder)
        }
        #expect(error.map { "\($0)".contains("rows.csv, line 2: the scenario 'small' has changed") } == true)
        #expect(try folder.text("rows.csv") == before)
    }
}
