import Foundation
import RegionServer
import Simulation

/// The file with a row for each run of a sweep: it is written while runs end, and put in order when all have ended.
final class SimulateRows {
    private let path: String
    private let format: RunRows
    private let handle: FileHandle
    /// Every row of the file, those among them that were there before.
    private var rows: [RunRow]
    /// The places of scenarios in the order of the rows of one seed, by their names and parameters.
    private let order: [String: Int]

    /// Reads the rows that are there already, and gets the file ready for more.
    ///
    /// - Parameters:
    ///   - files: the scenario files whose rows it may have; one may be there several times.
    ///   - scenarios: what will be run.
    /// - Throws: when the file cannot be read or written, or has rows of something else.
    init(path: String, files: [ScenarioFile], scenarios: [Scenario]) throws(CommandFailure) {
        guard let kind = RunRows.Format(path: path) else {
            throw CommandFailure("the file \(path) has to end in .csv or .jsonl")
        }
        self.path = path
        let files = files.enumerated().filter { index, file in !files[..<index].contains { $0.path == file.path } }
            .map(\.element)
        var text = ""
        if FileManager.default.fileExists(atPath: path) {
            do {
                text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
            } catch {
                throw CommandFailure("the file \(path) can't be read: \(error.localizedDescription)")
            }
        }
        let found: [(row: RunRow, regions: [String])]
        do {
            found = try RunRows.read(text, format: kind, of: files, version: meridianVersion)
        } catch {
            throw CommandFailure("\(path), \(error)")
        }
        rows = found.map(\.row)
        let regions = scenarios.map { SweepVariant($0).regions } + found.map(\.regions)
        format = RunRows(
            kind, parameters: Self.distinct(files.flatMap(\.parameters).map(\.name)),
            regions: Self.distinct(regions.flatMap(\.self)))
        var order: [String: Int] = [:]
        for key in files.flatMap({ $0.combinations().map(Self.key) }) where order[key] == nil {
            order[key] = order.count
        }
        self.order = order
        // A row that was not written to its end goes, and columns that the new rows have come.
        try SimulateFile.write(format.text(rows), to: path)
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw CommandFailure("the file \(path) can't be written")
        }
        self.handle = handle
        do {
            try handle.seekToEnd()
        } catch {
            throw CommandFailure("the file \(path) can't be written: \(error.localizedDescription)")
        }
    }

    private static func distinct(_ names: [String]) -> [String] {
        names.reduce(into: []) { distinct, name in if !distinct.contains(name) { distinct.append(name) } }
    }

    private static func key(_ parameters: [ParameterValue]) -> String {
        parameters.map(\.description).joined(separator: "\n")
    }

    /// The runs of a scenario that need not be made again.
    func runs(of scenario: Scenario, seeds: SeedRange) -> [RunDigest] {
        let hash = scenario.fingerprint
        return rows.filter { $0.scenarioHash == hash && seeds.first...seeds.last ~= $0.run.seed }.map { row in
            var run = row.run
            run.parameters = scenario.parameters
            return run
        }
    }

    /// Adds the row of a run that has ended.
    func add(_ run: RunDigest, of scenario: Scenario) throws(CommandFailure) {
        let row = RunRow(run, of: scenario, version: meridianVersion)
        rows.append(row)
        do {
            try handle.write(contentsOf: Data("\(format.line(row))\n".utf8))
        } catch {
            throw CommandFailure("the file \(path) can't be written: \(error.localizedDescription)")
        }
    }

    /// Puts the rows in the order of their seeds.
    ///
    /// - Parameter isKept: whether a run stays in the file; which others there were depended on the cores.
    func finish(keeping isKept: (RunRow) -> Bool) throws(CommandFailure) {
        func place(_ row: RunRow) -> (UInt64, Int, String, String) {
            let key = Self.key(row.run.parameters)
            return (row.run.seed, order[key] ?? .max, key, row.scenario)
        }
        let sorted = rows.filter(isKept).sorted { place($0) < place($1) }
        try SimulateFile.write(format.text(sorted), to: path)
    }
}
