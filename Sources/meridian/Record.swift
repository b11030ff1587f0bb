import AWSProtocol
import ArgumentParser
import ConfigurationFiles
import Foundation

/// Records the requests that regions are sent for a table.
struct Record: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Record the requests for a table's items, as a file that the simulator replays.",
        discussion: """
            It writes a row for each item that a request is for, with the time, the operation, the key, the size of what is put, and \
            the region: comma-separated values, as a scenario's `trace` takes them. Batches and transactions are a row for each item; \
            PartiQL is not recorded, and neither are attributes beside the key. It ends with a signal, after --for, or with the last \
            row of --limit. A region holds at most 100,000 requests for it, and counts those that it had to leave out.

              meridian record orders --topology Regions/three-continents.yaml --for 1h --output orders.csv

            It signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or, where they are not set, with the topology's first access \
            key, which has to be allowed RecordRequests.
            """)

    @Argument(help: "The table.")
    var table: String

    @OptionGroup var topology: TopologyOption

    @Option(help: "A region to record in, once or more often; all of the topology unless said.")
    var region: [String] = []

    @Option(
        name: .customLong("for"), help: ArgumentHelp("End after so long, such as 10m.", valueName: "duration"),
        transform: Self.length)
    var length: Duration?

    @Option(help: ArgumentHelp("End after so many rows.", valueName: "count"))
    var limit: Int?

    @Option(help: ArgumentHelp("Write to this file instead of the standard output.", valueName: "file"))
    var output: String?

    @Flag(
        help: """
            Write keys as HMAC-SHA-256 with a key that is drawn now and kept nowhere: equal ones stay equal, and nobody finds out what \
            they were.
            """)
    var hashKeys = false

    private static func length(_ text: String) throws -> Duration {
        guard let length = Duration(configurationText: text) else {
            throw ValidationError("'\(text)' is no duration such as 30s, 10m or 1h")
        }
        return length
    }

    func run() async throws {
        let known = try topology.load()
        let names = region.isEmpty ? known.regions.map(\.name) : region
        guard let key = StreamClient.accessKey(of: known) else {
            throw CommandFailure("there is no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        var clients: [(name: String, client: StreamClient)] = []
        for name in names {
            guard let place = known.region(named: name) else {
                throw CommandFailure(
                    "the topology has no region \"\(name)\"; its regions are \(known.regions.map(\.name).joined(separator: ", "))"
                )
            }
            let url = "\(place.endpointTLS == nil ? "http" : "https")://\(place.endpoint)"
            guard
                let client = StreamClient(endpoint: url, region: name, key: key, service: RecordedRows.service)
            else { throw CommandFailure("\(url) is no address of an endpoint") }
            clients.append((name, client))
        }
        let rows = try RecordedRows(to: output, limit: limit, hashesKeys: hashKeys)
        try await record(from: clients, into: rows)
        await rows.tellOfDropped()
    }

    /// Fetches from every region until the time is over, there are enough rows, or one refuses.
    ///
    /// What is still under way then ends with the process: a region that does not answer is not waited for.
    private func record(from clients: [(name: String, client: StreamClient)], into rows: RecordedRows) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Result<Void, any Error>.self)
        for (name, client) in clients {
            Task { [table] in
                do {
                    try await RecordedRegion(name: name, table: table, client: client).run(into: rows)
                    end.yield(.success(()))
                } catch {
                    end.yield(.failure(error))
                }
            }
        }
        if let length {
            Task {
                try? await Task.sleep(for: length)
                end.yield(.success(()))
            }
        }
        var waiting = clients.count
        for await result in ends {
            do {
                try result.get()
            } catch let failure as StreamClient.Failure {
                waiting -= 1
                // Not every region need have a replica of the table.
                if region.isEmpty, waiting > 0, failure.code == "ResourceNotFoundException" { continue }
                throw CommandFailure("\(failure)")
            }
            return await rows.end()
        }
    }
}

/// Fetches what one region has noted.
private struct RecordedRegion {
    let name: String
    let table: String
    let client: StreamClient

    private static let pause = Duration.milliseconds(200)

    func run(into rows: RecordedRows) async throws {
        var recording: String?
        var last = 0
        while await !rows.isOver {
            var request: [String: Any] = ["TableName": table, "After": last]
            if let recording { request["Recording"] = recording }
            let answer = try await client.call("RecordRequests", request)
            let id = answer["Recording"] as? String
            if let recording, recording != id {
                StreamClient.warn(
                    "\(name) has been restarted, or was not reached for too long: some requests are missing")
            }
            recording = id
            last = answer["Last"] as? Int ?? last
            let requests = (answer["Requests"] as? [[Any]] ?? []).compactMap(RecordedRow.init)
            try await rows.write(requests, from: name, droppedCount: answer["Dropped"] as? Int ?? 0)
            if requests.isEmpty { try await Task.sleep(for: Self.pause) }
        }
    }
}

/// What a region tells of one request.
struct RecordedRow {
    let milliseconds: Int
    let operation: String
    let partition: String
    /// Empty where there is none, as is ``size``.
    let sort: String
    let size: String

    /// Nil for what is no such request.
    init?(_ values: [Any]) {
        guard values.count == 5, let milliseconds = values[0] as? Int, let operation = values[1] as? String,
            let partition = values[2] as? String
        else { return nil }
        self.milliseconds = milliseconds
        self.operation = operation
        self.partition = partition
        sort = values[3] as? String ?? ""
        size = (values[4] as? Int).map { "\($0)" } ?? ""
    }
}

/// The file that is recorded into.
actor RecordedRows {
    static let service = "Meridian_20261130"

    private let handle: FileHandle
    private var remaining: Int
    /// Nil where keys are written as they are.
    private let secret: SigningKey?
    private var droppedCounts: [String: Int] = [:]
    private(set) var isOver = false

    init(to path: String?, limit: Int?, hashesKeys: Bool) throws {
        if let path {
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else { throw CommandFailure("the file \(path) can't be written") }
            self.handle = handle
        } else {
            handle = .standardOutput
        }
        remaining = limit ?? .max
        var random = SystemRandomNumberGenerator()
        secret = hashesKeys ? SigningKey((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }) : nil
        try handle.write(contentsOf: Data("time,operation,key,sort-key,size,region\n".utf8))
    }

    func end() { isOver = true }

    /// Writes the rows of an answer, whole ones or none.
    func write(_ requests: [RecordedRow], from region: String, droppedCount: Int) throws {
        droppedCounts[region] = droppedCount
        guard !isOver else { return }
        var text = ""
        for request in requests.prefix(remaining) {
            let keys = [request.partition, request.sort].map { $0.isEmpty ? "" : shown($0) }
            let fields = [Self.date(request.milliseconds), request.operation] + keys + [request.size, region]
            text += fields.map(Self.field).joined(separator: ",") + "\n"
            remaining -= 1
        }
        try handle.write(contentsOf: Data(text.utf8))
        if remaining == 0 { isOver = true }
    }

    /// Says what regions could not hold.
    func tellOfDropped() {
        for (region, count) in droppedCounts.sorted(by: { $0.key < $1.key }) where count > 0 {
            StreamClient.warn("\(count) requests to \(region) are missing: it could not hold them")
        }
    }

    private func shown(_ key: String) -> String {
        guard let secret else { return key }
        // Half of it tells any keys apart.
        return secret.bytes(for: Array(key.utf8)).prefix(16).map { String(format: "%02x", $0) }.joined()
    }

    private static func date(_ milliseconds: Int) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(
                .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
    }

    /// A field in quotation marks where it has to be, by RFC 4180.
    static func field(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { !",\"\n\r#".utf8.contains($0) }
        return isPlain ? text : "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
    }
}
