import Foundation

/// Files of numbers that a scenario names: measured latencies, and bandwidths over time.
enum HardwareFiles {
    private static let byteCountMax = 256 << 20
    private static let rowCountMax = 1_000_000
    private static let problemCountMax = 10

    /// Reads one-way latencies in milliseconds, one a row, under the column `milliseconds`; or round trips under `round-trip-milliseconds`,
    /// of which half is taken.
    static func latencies(path: String) throws(TraceProblems) -> LatencyDistribution {
        let rows = try rows(path: path, columns: [["milliseconds"], ["round-trip-milliseconds"]])
        let part = rows.columns == ["milliseconds"] ? 1e6 : 0.5e6
        let samples = try values(rows) { row throws(TraceProblem) in
            guard let value = number(row.fields[0]), 0...3_600_000 ~= value else {
                throw TraceProblem(
                    line: row.line,
                    text: "'\(TraceRows.shown(row.fields[0]))' is no number of milliseconds from 0 to 3600000")
            }
            return value * part
        }
        return LatencyDistribution(samples: samples)
    }

    /// Reads bandwidths in bytes a second with the seconds from which they hold.
    static func bandwidths(path: String) throws(TraceProblems) -> [BandwidthPlan] {
        let rows = try rows(path: path, columns: [["time", "bandwidth"]])
        var last: Duration?
        return try values(rows) { row throws(TraceProblem) in
            guard case .seconds(let time)? = TraceTime(row.fields[0]) else {
                throw TraceProblem(
                    line: row.line, text: "the time '\(TraceRows.shown(row.fields[0]))' is no number of seconds")
            }
            let at = Duration.nanoseconds(Int64(clamping: time))
            guard last.map({ $0 < at }) ?? true else {
                throw TraceProblem(line: row.line, text: "the times have to rise")
            }
            last = at
            guard let bandwidth = Int(row.fields[1]), 1...(1 << 40) ~= bandwidth else {
                throw TraceProblem(
                    line: row.line,
                    text: "'\(TraceRows.shown(row.fields[1]))' is no whole number of bytes a second from 1 to 2^40")
            }
            return BandwidthPlan(at: at, bandwidth: bandwidth)
        }
    }

    private struct Rows {
        let columns: [String]
        let rows: [(line: Int, fields: [String])]
    }

    /// The rows of a file whose header is one of some lists of columns.
    private static func rows(path: String, columns: [[String]]) throws(TraceProblems) -> Rows {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let isMissing = (error as? CocoaError)?.code == .fileReadNoSuchFile
            throw TraceProblems([
                TraceProblem(
                    line: 0,
                    text: isMissing ? "there is no such file" : "the file can't be read: \(error.localizedDescription)")
            ])
        }
        guard data.count <= byteCountMax else {
            throw TraceProblems([TraceProblem(line: 0, text: "the file has more than \(byteCountMax >> 20) MiB")])
        }
        var values = CommaSeparatedValues([UInt8](data))
        do throws(CommaSeparatedValues.Problem) {
            let expected = columns.map { $0.joined(separator: ",") }.joined(separator: " or ")
            guard let header = try values.next() else { throw .init(line: 0, text: "the file is empty") }
            guard columns.contains(header.fields) else {
                throw .init(line: header.line, text: "the first row has to be \(expected)")
            }
            var rows: [(line: Int, fields: [String])] = []
            while let row = try values.next() {
                guard row.fields.count == header.fields.count else {
                    throw .init(
                        line: row.line,
                        text: "the row has \(row.fields.count) values, and the header \(header.fields.count)")
                }
                guard rows.count < rowCountMax else {
                    throw .init(line: row.line, text: "there are more than \(rowCountMax) rows")
                }
                rows.append(row)
            }
            guard !rows.isEmpty else { throw .init(line: 0, text: "there is no row in it") }
            return Rows(columns: header.fields, rows: rows)
        } catch {
            throw TraceProblems([TraceProblem(line: error.line, text: error.text)])
        }
    }

    private static func values<Value>(
        _ rows: Rows, _ read: ((line: Int, fields: [String])) throws(TraceProblem) -> Value
    ) throws(TraceProblems) -> [Value] {
        var (values, problems): ([Value], [TraceProblem]) = ([], [])
        for row in rows.rows where problems.count < problemCountMax {
            do throws(TraceProblem) {
                values.append(try read(row))
            } catch {
                problems.append(error)
            }
        }
        guard problems.isEmpty else { throw TraceProblems(problems) }
        return values
    }

    /// A decimal number, without what `Double` reads beside them.
    private static func number(_ text: String) -> Double? {
        let isDecimal = text.utf8.allSatisfy { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }
        guard isDecimal, 1...40 ~= text.utf8.count else { return nil }
        return Double(text)
    }
}
