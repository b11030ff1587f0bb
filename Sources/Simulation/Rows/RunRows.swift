import ConfigurationFiles
import Foundation

/// The rows of a sweep in a file: a line for each run with all of its figures, as CSV or as JSON lines.
///
/// Each row says by itself what was run: the program's version, the scenario's name and hash, the values of its parameters and the seed.
/// So a sweep that was ended goes on, and rows of something else are found out. No row has a line feed in it: what follows the last line
/// feed is a row that was not written to its end.
public struct RunRows: Sendable {
    /// How a file holds its rows.
    public enum Format: Sendable, Equatable {
        /// RFC 4180, with a line of names first.
        case csv
        /// An object in each line.
        case jsonLines
    }

    /// What a row says before the values of parameters, and after them.
    static let leading = ["version", "scenario", "scenarioHash"]
    private static let middle = ["seed", "hasPassed", "failure", "traceHash"]
    /// The columns whose names no parameter may have.
    static let reservedColumns = leading + middle + Metric.ofRun.map(\.name)

    public let format: Format
    private let parameters: [String]
    private let metrics: [Metric]

    /// - Parameters:
    ///   - parameters: the names of the parameters of all scenarios that have rows.
    ///   - regions: the regions of all of them.
    public init(_ format: Format, parameters: [String], regions: [String]) {
        self.format = format
        self.parameters = parameters
        metrics = Metric.all(regions: regions)
    }

    /// The names of the columns.
    var columns: [String] { Self.leading + parameters + Self.middle + metrics.map(\.name) }

    /// The text of a file with these rows, in their order.
    public func text(_ rows: [RunRow]) -> String {
        let names = format == .csv ? [CommaSeparatedValues.row(columns)] : []
        return (names + rows.map(line)).map { $0 + "\n" }.joined()
    }

    /// One row, without a line feed.
    public func line(_ row: RunRow) -> String {
        let run = row.run
        func parameter(_ name: String) -> RowCell {
            run.parameters.first { $0.name == name }.map { .text($0.value) } ?? .nothing
        }
        var cells: [RowCell] = [.text(row.version), .text(row.scenario), .text(row.scenarioHash)]
        cells += parameters.map(parameter)
        cells += [
            .seed(run.seed), .flag(run.hasPassed), run.failure.map { .text($0) } ?? .nothing, .text(run.traceHash),
        ]
        cells += metrics.map { metric in run.value(of: metric).map { .number($0) } ?? .nothing }
        switch format {
        case .csv: return CommaSeparatedValues.row(cells.map(\.plain))
        case .jsonLines:
            let members = zip(columns, cells).map { "\(RowCell.text($0).json):\($1.json)" }
            return "{\(members.joined(separator: ","))}"
        }
    }
}

extension RunRows.Format {
    /// By the ending of the file's name; nil for another one than `.csv` and `.jsonl`.
    public init?(path: String) {
        if path.hasSuffix(".csv") {
            self = .csv
        } else if path.hasSuffix(".jsonl") {
            self = .jsonLines
        } else {
            return nil
        }
    }
}

/// One run of a sweep, with what was run.
public struct RunRow: Sendable, Equatable {
    public var version: String
    public var scenario: String
    /// The scenario's ``Scenario/fingerprint``.
    public var scenarioHash: String
    public var run: RunDigest

    /// - Parameter scenario: what was run.
    public init(_ run: RunDigest, of scenario: Scenario, version: String) {
        self.version = version
        self.scenario = scenario.name
        scenarioHash = scenario.fingerprint
        self.run = run
    }

    init(version: String, scenario: String, scenarioHash: String, run: RunDigest) {
        self.version = version
        self.scenario = scenario
        self.scenarioHash = scenarioHash
        self.run = run
    }
}

/// One value of a row.
enum RowCell: Equatable {
    case nothing
    case text(String)
    case number(Double)
    case seed(UInt64)
    case flag(Bool)

    /// As CSV has it, before it is quoted; line feeds become spaces.
    var plain: String {
        switch self {
        case .nothing: ""
        case .text(let text): String(text.map { $0.isNewline ? " " : $0 })
        case .number(let value): ConfigurationText.number(value)
        case .seed(let seed): String(seed)
        case .flag(let flag): String(flag)
        }
    }

    var json: String {
        switch self {
        case .nothing: return "null"
        case .number, .seed, .flag: return plain
        case .text:
            var json = "\""
            for scalar in plain.unicodeScalars {
                switch scalar {
                case "\"", "\\": json += "\\\(scalar)"
                case _ where scalar.value < 0x20:
                    let digits = String(scalar.value, radix: 16)
                    json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                default: json.unicodeScalars.append(scalar)
                }
            }
            return json + "\""
        }
    }
}
