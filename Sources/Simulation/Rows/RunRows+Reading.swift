import Foundation

/// What is wrong with a file of rows.
public struct RowProblem: Error, Equatable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    public let text: String

    public var description: String { "line \(line): \(text)" }
}

extension RunRows {
    /// Reads the rows of a file that has the rows of some scenarios.
    ///
    /// Columns are found by their names. What stands behind the last line feed is left out.
    ///
    /// - Parameters:
    ///   - files: the scenarios' files; every row has to be of one of them, as it is now.
    ///   - version: the program's version, which every row has to be of.
    /// - Returns: the rows in the order of the file, with the regions of each.
    /// - Throws: the first row that is none, or is of something else.
    public static func read(
        _ text: String, format: Format, of files: [ScenarioFile], version: String
    ) throws(RowProblem) -> [(row: RunRow, regions: [String])] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { line in
                let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
                return String(decoding: line, as: UTF8.self)
            }
        // Nothing after the last line feed, or a row that was not written to its end.
        let torn = lines.removeLast()
        try checkBeginning(lines.first ?? torn, isWhole: !lines.isEmpty, format)
        var names: [String] = []
        var reader = RowReader(files: files, version: version)
        var rows: [(RunRow, [String])] = []
        for (index, line) in lines.enumerated() {
            let cells: [String: String]
            switch format {
            case .csv:
                let fields = try Self.fields(line, number: index + 1)
                if index == 0 {
                    names = fields
                    continue
                }
                guard fields.count == names.count else {
                    throw RowProblem(line: index + 1, text: "\(fields.count) fields; expected \(names.count)")
                }
                cells = Dictionary(zip(names, fields)) { first, _ in first }
            case .jsonLines: cells = try Self.members(line, number: index + 1)
            }
            rows.append(try reader.row(cells, line: index + 1))
        }
        return rows
    }

    /// Refuses a file that is something else: nothing of it may be overwritten.
    ///
    /// - Parameter isWhole: whether the first line has its end.
    private static func checkBeginning(_ line: String, isWhole: Bool, _ format: Format) throws(RowProblem) {
        let beginning = format == .csv ? (leading + [""]).joined(separator: ",") : "{\"version\":"
        guard line.hasPrefix(beginning) || !isWhole && beginning.hasPrefix(line) else {
            throw RowProblem(line: 1, text: "it is no file of rows: it does not begin with '\(beginning)'")
        }
    }

    /// The fields of a line of CSV.
    private static func fields(_ line: String, number: Int) throws(RowProblem) -> [String] {
        var values = CommaSeparatedValues(Array(line.utf8))
        do throws(CommaSeparatedValues.Problem) {
            return try values.next()?.fields ?? []
        } catch {
            throw RowProblem(line: number, text: error.text)
        }
    }

    /// The members of a line's object, as CSV would have them; without those that are `null`.
    private static func members(_ line: String, number: Int) throws(RowProblem) -> [String: String] {
        do {
            return try JSONDecoder().decode([String: JSONCell].self, from: Data(line.utf8)).compactMapValues(\.text)
        } catch {
            throw RowProblem(line: number, text: "it is no object of texts, numbers, true, false and null")
        }
    }

    /// A member of a row, in the form of CSV.
    private struct JSONCell: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                text = nil
            } else if let flag = try? value.decode(Bool.self) {
                text = String(flag)
            } else if let seed = try? value.decode(UInt64.self) {
                text = String(seed)
            } else if let number = try? value.decode(Double.self) {
                text = String(number)
            } else {
                text = try value.decode(String.self)
            }
        }
    }
}

/// Makes rows of their cells, and finds out whether they are of the scenarios.
private struct RowReader {
    let files: [ScenarioFile]
    let version: String
    /// The scenarios with the values of rows that were met; only looked up.
    private var known: [String: Identity] = [:]
    private var seen = Set<SeenRow>()

    /// What a scenario is with some values of its parameters.
    private struct Identity {
        let name: String
        let hash: String
        let regions: [String]
        let metrics: [Metric]
    }

    private struct SeenRow: Hashable {
        let hash: String
        let seed: UInt64
    }

    init(files: [ScenarioFile], version: String) {
        self.files = files
        self.version = version
    }

    mutating func row(_ cells: [String: String], line: Int) throws(RowProblem) -> (RunRow, [String]) {
        func cell(_ name: String) throws(RowProblem) -> String {
            guard let text = cells[name] else { throw RowProblem(line: line, text: "it has no '\(name)'") }
            return text
        }
        let (name, hash) = (try cell("scenario"), try cell("scenarioHash"))
        let version = try cell("version")
        guard version == self.version else {
            throw RowProblem(
                line: line, text: "the row is of version \(version), and this is \(self.version): give another file")
        }
        var matching: (parameters: [ParameterValue], identity: Identity)?
        var hasName = false
        for index in files.indices {
            let parameters = files[index].parameters.compactMap { parameter in
                cells[parameter.name].map { ParameterValue(name: parameter.name, value: $0) }
            }
            guard parameters.count == files[index].parameters.count, let identity = identity(of: index, parameters)
            else { continue }
            hasName = hasName || identity.name == name
            if identity.name == name, identity.hash == hash { matching = (parameters, identity) }
        }
        guard let matching else {
            throw RowProblem(
                line: line,
                text: hasName
                    ? "the scenario '\(name)' has changed since the row was written: give another file"
                    : "the row is of another scenario, '\(name)': give another file")
        }
        guard let seed = UInt64(try cell("seed")) else { throw RowProblem(line: line, text: "'seed' is no number") }
        guard seen.insert(SeenRow(hash: hash, seed: seed)).inserted else {
            throw RowProblem(line: line, text: "the seed \(seed) is there twice")
        }
        guard let hasPassed = Bool(try cell("hasPassed")) else {
            throw RowProblem(line: line, text: "'hasPassed' is neither true nor false")
        }
        let failure = cells["failure"] ?? ""
        let run = RunDigest(
            seed: seed, parameters: matching.parameters, failure: hasPassed || failure.isEmpty ? nil : failure,
            hasPassed: hasPassed, traceHash: try cell("traceHash"),
            values: try values(cells, of: matching.identity.metrics, line: line))
        return (RunRow(version: version, scenario: name, scenarioHash: hash, run: run), matching.identity.regions)
    }

    private func values(
        _ cells: [String: String], of metrics: [Metric], line: Int
    ) throws(RowProblem) -> [String: Double] {
        var values: [String: Double] = [:]
        for metric in metrics {
            guard let text = cells[metric.name], !text.isEmpty else { continue }
            // Sums of more would not be exact, and no run has more of anything.
            guard let value = Double(text), 0...1e15 ~= value else {
                throw RowProblem(line: line, text: "'\(metric.name)' is '\(text)'; expected a number from 0 to 1e15")
            }
            values[metric.name] = value
        }
        return values
    }

    /// What the scenario of a file is with these values; nil for values that it cannot have.
    private mutating func identity(of file: Int, _ parameters: [ParameterValue]) -> Identity? {
        let key = "\(file)\n" + parameters.map(\.description).joined(separator: "\n")
        if let found = known[key] { return found }
        guard let scenario = try? files[file].scenario(parameters) else { return nil }
        let regions = SweepVariant(scenario).regions
        let identity = Identity(
            name: scenario.name, hash: scenario.fingerprint, regions: regions, metrics: Metric.all(regions: regions))
        known[key] = identity
        return identity
    }
}
