import Foundation
import ItemModel

/// What is wrong in a trace's file, by line; zero for the file as a whole.
struct TraceProblem: Error, Equatable, CustomStringConvertible {
    let line: Int
    let text: String

    var description: String { line > 0 ? "line \(line): \(text)" : text }
}

extension RequestTrace {
    /// The largest file, in bytes, and the most requests.
    static let fileByteCountMax = 1 << 30
    static let requestCountMax = 10_000_000

    /// Reads a file of comma-separated values or a CloudTrail log of DynamoDB's data events.
    ///
    /// - Parameters:
    ///   - path: where the file is.
    ///   - itemsHaveSortKey: whether the simulated table has a sort key.
    ///   - regions: where requests can be made.
    /// - Throws: the first problems, at most ``TraceRows/problemCountMax``.
    static func load(
        _ source: Source, path: String, itemsHaveSortKey: Bool, regions: [String]
    ) throws(TraceProblems) -> RequestTrace {
        let data: Data
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= fileByteCountMax else {
                throw TraceProblem(line: 0, text: "the file has more than \(fileByteCountMax >> 20) MiB")
            }
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch let problem as TraceProblem {
            throw TraceProblems([problem])
        } catch {
            let isMissing = (error as? CocoaError)?.code == .fileReadNoSuchFile
            throw TraceProblems([
                TraceProblem(
                    line: 0,
                    text: isMissing
                        ? "there is no such file" : "the file can't be read: \(error.localizedDescription)")
            ])
        }
        return try parse(source, [UInt8](data), itemsHaveSortKey: itemsHaveSortKey, regions: regions)
    }

    /// Reads a file's bytes.
    static func parse(
        _ source: Source, _ bytes: [UInt8], itemsHaveSortKey: Bool, regions: [String]
    ) throws(TraceProblems) -> RequestTrace {
        var rows = TraceRows(source: source, itemsHaveSortKey: itemsHaveSortKey, regions: regions)
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            rows.readCloudTrail(bytes)
        } else {
            rows.readValues(bytes)
        }
        return try rows.trace()
    }
}

/// Everything that was found wrong in a trace's file.
struct TraceProblems: Error, Equatable {
    let problems: [TraceProblem]

    init(_ problems: [TraceProblem]) { self.problems = problems }
}

/// The requests of a file while it is read.
struct TraceRows {
    /// So many problems are told; who has more mends those first.
    static let problemCountMax = 10

    let source: RequestTrace.Source
    let itemsHaveSortKey: Bool
    let regions: [String]
    private(set) var requests: [RequestTrace.Request] = []
    private var dateCount = 0
    private var problems: [TraceProblem] = []
    /// Looked up only; what is told of it is sorted.
    private var leftOut: [String: Int] = [:]
    /// The tables that requests were made to, each once.
    private var tables: [String] = []
    /// Whether all times are whole seconds that stand for any time within them.
    var timesAreWholeSeconds = false

    init(source: RequestTrace.Source, itemsHaveSortKey: Bool, regions: [String]) {
        self.source = source
        self.itemsHaveSortKey = itemsHaveSortKey
        self.regions = regions
    }

    /// Whether there are so many problems that nothing more is read.
    var isHopeless: Bool { problems.count >= Self.problemCountMax }

    mutating func refuse(_ line: Int, _ text: String) {
        if !isHopeless { problems.append(TraceProblem(line: line, text: text)) }
    }

    /// Whether a request to a table is one of those that are meant.
    mutating func isOfTable(_ name: String) -> Bool {
        if let wanted = source.table { return name == wanted }
        // More than a few need not be told.
        if !name.isEmpty, tables.count < 10, !tables.contains(name) { tables.append(name) }
        return true
    }

    mutating func leaveOut(_ name: String) { leftOut[name, default: 0] += 1 }

    /// What a file says of one request.
    struct Row {
        var line: Int
        var time: String
        var operation: String
        var partition: String
        var sort: String
        var size: String
        var region: String
    }

    mutating func add(_ row: Row) {
        let line = row.line
        guard let time = TraceTime(row.time) else {
            return refuse(
                line,
                "the time '\(Self.shown(row.time))' is neither seconds, such as 12.5, nor a date such as 2026-11-23T08:00:00Z"
            )
        }
        guard let operation = RequestTrace.Operation(rawValue: row.operation) else {
            let known = RequestTrace.Operation.allCases.map(\.rawValue).joined(separator: ", ")
            return refuse(line, "no operation is called '\(Self.shown(row.operation))'; expected one of \(known)")
        }
        var request = RequestTrace.Request(
            line: line, at: time.nanoseconds, operation: operation, partition: row.partition)
        guard operation == .scan || 1...2048 ~= row.partition.utf8.count else {
            return refuse(line, "the key has \(row.partition.utf8.count) bytes; expected 1 to 2048")
        }
        if operation != .scan, operation != .query {
            guard row.sort.isEmpty != itemsHaveSortKey else {
                return refuse(
                    line,
                    itemsHaveSortKey ? "the table has a sort key, and the request none" : "the table has no sort key")
            }
            guard row.sort.utf8.count <= 1024 else { return refuse(line, "the sort key has more than 1024 bytes") }
            if itemsHaveSortKey { request.sort = row.sort }
        }
        if !row.size.isEmpty {
            guard let size = Int(row.size), 0...(400 << 10) ~= size else {
                return refuse(line, "the size '\(Self.shown(row.size))' is no number of bytes from 0 to 409600")
            }
            request.byteCount = min(size, RequestTrace.byteCountMax)
        }
        let region = source.region ?? row.region
        if !region.isEmpty {
            guard regions.contains(region) else {
                return refuse(
                    line,
                    "no clients are in '\(Self.shown(region))'; expected one of \(regions.joined(separator: ", ")), or 'region' in the scenario"
                )
            }
            request.region = region
        }
        guard requests.count < RequestTrace.requestCountMax else {
            return refuse(line, "the file has more than \(RequestTrace.requestCountMax) requests")
        }
        if case .date = time { dateCount += 1 }
        requests.append(request)
    }

    /// A value as a problem shows it: not all of what may be very long.
    static func shown(_ text: String) -> String {
        text.utf8.count <= 60 ? text : "\(text.prefix(50))…"
    }

    // MARK: - Comma-separated values

    private static let columns = ["time", "operation", "key", "size", "region", "sort-key", "table"]

    mutating func readValues(_ bytes: [UInt8]) {
        var values = CommaSeparatedValues(bytes)
        do {
            guard let header = try values.next() else { return }
            guard let places = places(of: header.fields, line: header.line) else { return }
            while let row = try values.next(), !isHopeless {
                guard row.fields.count == header.fields.count else {
                    refuse(row.line, "the row has \(row.fields.count) values, and the header \(header.fields.count)")
                    continue
                }
                func value(_ column: String) -> String { places[column].map { row.fields[$0] } ?? "" }
                guard isOfTable(value("table")) else { continue }
                add(
                    Row(
                        line: row.line, time: value("time"), operation: value("operation"), partition: value("key"),
                        sort: value("sort-key"), size: value("size"), region: value("region")))
            }
        } catch {
            refuse(error.line, error.text)
        }
    }

    /// By the columns' names, where they stand; nil where the header is none.
    private mutating func places(of header: [String], line: Int) -> [String: Int]? {
        var places: [String: Int] = [:]
        let count = problems.count
        for (place, name) in header.enumerated() {
            guard Self.columns.contains(name) else {
                refuse(
                    line, "no column is called '\(Self.shown(name))'; expected \(Self.columns.joined(separator: ", "))")
                continue
            }
            if places.updateValue(place, forKey: name) != nil { refuse(line, "the column '\(name)' is there twice") }
        }
        for name in ["time", "operation", "key"] where places[name] == nil {
            refuse(line, "the column '\(name)' is missing: the first row names the columns")
        }
        if source.table != nil, places["table"] == nil {
            refuse(line, "the column 'table' is missing, and one is asked for")
        }
        return problems.count == count ? places : nil
    }

    // MARK: - The end

    /// Everything that was read, by rising time.
    consuming func trace() throws(TraceProblems) -> RequestTrace {
        if tables.count > 1 {
            let names = tables.sorted().map(Self.shown).joined(separator: ", ")
            refuse(0, "it has requests to the tables \(names): say with 'table' which one is meant")
        }
        if requests.isEmpty, problems.isEmpty { refuse(0, "there is no request in it") }
        if dateCount > 0, dateCount < requests.count { refuse(0, "some times are dates, and some are seconds") }
        guard problems.isEmpty else { throw TraceProblems(problems) }
        // Stable: what has one time stays in the file's order.
        let order = requests.indices.sorted { (requests[$0].at, $0) < (requests[$1].at, $1) }
        var sorted = order.map { requests[$0] }
        // Seconds since 1970 are dates too; no scenario is that long.
        let start = sorted[0].at
        if dateCount > 0 || start >= 100_000_000 * 1_000_000_000 {
            for index in sorted.indices { sorted[index].at -= start }
        }
        if timesAreWholeSeconds { Self.spread(&sorted) }
        Self.numberSortKeys(&sorted)
        var trace = RequestTrace(source: source, requests: sorted)
        trace.leftOut = leftOut.sorted { $0.key < $1.key }.map { .init(name: $0.key, count: $0.value) }
        return trace
    }

    /// Spreads the requests of a second evenly over it.
    private static func spread(_ requests: inout [RequestTrace.Request]) {
        var start = 0
        while start < requests.count {
            var end = start
            while end < requests.count, requests[end].at == requests[start].at { end += 1 }
            let step = 1_000_000_000 / UInt64(end - start)
            for (number, index) in (start..<end).enumerated() { requests[index].at += UInt64(number) * step }
            start = end
        }
    }

    private static func numberSortKeys(_ requests: inout [RequestTrace.Request]) {
        let numbers = requests.map { $0.sort.flatMap { try? Number($0) } }
        guard zip(requests, numbers).contains(where: { $0.sort != nil && $1 == nil }) else {
            for (index, number) in numbers.enumerated() { requests[index].sortNumber = number }
            return
        }
        let values = Set(requests.compactMap(\.sort)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        // Looked up only.
        var ranks: [String: Int] = [:]
        for (rank, value) in values.enumerated() { ranks[value] = rank }
        for index in requests.indices {
            requests[index].sortNumber = requests[index].sort.flatMap { ranks[$0] }.map { Number($0) }
        }
    }
}
