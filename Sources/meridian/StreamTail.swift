import Foundation

/// Follows a table's stream through its shards, each after the one that it replaced, and prints each record once.
///
/// What it has printed of a shard is what it knows of it: an iterator that is asked with twice gives the same records, and one that has
/// expired is replaced by one after the last record printed.
struct StreamTail {
    private let table: String
    private let start: StreamStart
    private let client: StreamClient
    private var remaining: Int
    private var arn = ""
    private var isEnabled = true
    /// Those not read to their ends, in the order of the stream, and those that were.
    private var shards: [Shard] = []
    private var finished: Set<String> = []
    /// When it began, for a shard of which nothing was read before its iterator expired.
    private let began = Date()

    /// One shard on its way.
    private struct Shard {
        let id: String
        let parent: String?
        /// Where to begin while nothing was read.
        let start: StreamStart
        var iterator: String?
        /// The last record's.
        var sequenceNumber: String?
    }

    /// How long to wait where no shard has anything new, in milliseconds.
    private static let pauseMilliseconds = 200

    init(table: String, from start: StreamStart, limit: Int?, client: StreamClient) {
        self.table = table
        self.start = start
        self.client = client
        remaining = limit ?? .max
    }

    /// Ends when the stream does, or with the last record of the limit.
    mutating func run() async throws {
        guard let arn = try await latestStream() else {
            throw StreamClient.Failure(
                code: "no stream", message: "\(table) has none; UpdateTable's StreamSpecification enables it")
        }
        self.arn = arn
        try await findShards(isFirst: true)
        while remaining > 0 {
            var didRead = false
            for index in shards.indices {
                guard remaining > 0 else { return }
                // A parent that is no longer kept is not waited for.
                guard !shards.contains(where: { $0.id == shards[index].parent }) else { continue }
                didRead = try await readPage(of: index) || didRead
            }
            let ended = shards.filter { finished.contains($0.id) }
            shards.removeAll { finished.contains($0.id) }
            if !ended.isEmpty || shards.isEmpty {
                try await findShards(isFirst: false)
                if shards.isEmpty, !isEnabled, try await !goOnWithNextStream() {
                    return StreamClient.warn("the stream \(self.arn) was disabled, and this was its end")
                }
            }
            if !didRead { try await Task.sleep(for: .milliseconds(Self.pauseMilliseconds)) }
        }
    }

    // MARK: - Streams and shards

    /// The newest stream of the table; nil where it never had one.
    private func latestStream() async throws -> String? {
        var streams: [[String: Any]] = []
        var request: [String: Any] = ["TableName": table]
        repeat {
            let answer = try await client.call("ListStreams", request)
            streams += answer["Streams"] as? [[String: Any]] ?? []
            request["ExclusiveStartStreamArn"] = answer["LastEvaluatedStreamArn"]
        } while request["ExclusiveStartStreamArn"] != nil
        return streams.max { ($0["StreamLabel"] as? String ?? "") < ($1["StreamLabel"] as? String ?? "") }?["StreamArn"]
            as? String
    }

    /// Whether the table has a stream that was enabled after this one's end.
    private mutating func goOnWithNextStream() async throws -> Bool {
        let next: String?
        do {
            next = try await latestStream()
        } catch let failure as StreamClient.Failure where failure.code == "ResourceNotFoundException" {
            return false
        }
        guard let next, next != arn else { return false }
        arn = next
        finished = []
        try await findShards(isFirst: false)
        return true
    }

    /// Takes up the shards that are not known yet.
    private mutating func findShards(isFirst: Bool) async throws {
        var request: [String: Any] = ["StreamArn": arn]
        var found: [Shard] = []
        repeat {
            let answer = try await client.call("DescribeStream", request)
            let stream = answer["StreamDescription"] as? [String: Any] ?? [:]
            isEnabled = (stream["StreamStatus"] as? String ?? "").hasPrefix("ENABL")
            for shard in stream["Shards"] as? [[String: Any]] ?? [] {
                guard let id = shard["ShardId"] as? String else { continue }
                let range = shard["SequenceNumberRange"] as? [String: Any] ?? [:]
                let first = range["StartingSequenceNumber"] as? String ?? ""
                let last = range["EndingSequenceNumber"] as? String
                if isFirst, isOver(last) {
                    finished.insert(id)
                } else if !finished.contains(id), !shards.contains(where: { $0.id == id }) {
                    found.append(
                        Shard(
                            id: id, parent: shard["ParentShardId"] as? String,
                            start: isFirst ? place(inShardFrom: first) : .oldest))
                }
            }
            request["ExclusiveStartShardId"] = stream["LastEvaluatedShardId"]
        } while request["ExclusiveStartShardId"] != nil
        shards += found
    }

    /// Whether a shard that ends with this sequence number lies before the place to begin at.
    private func isOver(_ last: String?) -> Bool {
        guard let last else { return false }
        switch start {
        case .latest: return true
        case .after(let number): return !Self.precedes(number, last)
        case .oldest, .time: return false
        }
    }

    /// Where to begin in a shard that begins with this sequence number.
    private func place(inShardFrom first: String) -> StreamStart {
        if case .after(let number) = start, Self.precedes(number, first) { return .oldest }
        return start
    }

    /// Whether one sequence number is below another one.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        (left.utf8.count, left) < (right.utf8.count, right)
    }

    // MARK: - Records

    /// - Returns: whether there was anything.
    private mutating func readPage(of index: Int) async throws -> Bool {
        let answer: [String: Any]
        do {
            answer = try await client.call(
                "GetRecords",
                ["ShardIterator": try await iterator(of: index), "Limit": min(1000, remaining)])
        } catch let failure as StreamClient.Failure where failure.code == "ExpiredIteratorException" {
            shards[index].iterator = nil
            return true
        }
        let records = answer["Records"] as? [[String: Any]] ?? []
        for record in records {
            try print(record)
            let content = record["dynamodb"] as? [String: Any]
            shards[index].sequenceNumber = content?["SequenceNumber"] as? String ?? shards[index].sequenceNumber
            remaining -= 1
        }
        shards[index].iterator = answer["NextShardIterator"] as? String
        if shards[index].iterator == nil { finished.insert(shards[index].id) }
        return !records.isEmpty
    }

    private mutating func iterator(of index: Int) async throws -> String {
        if let iterator = shards[index].iterator { return iterator }
        let shard = shards[index]
        var request: [String: Any] = ["StreamArn": arn, "ShardId": shard.id]
        if let number = shard.sequenceNumber {
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["SequenceNumber"] = number
        } else {
            switch shard.start {
            case .oldest: request["ShardIteratorType"] = "TRIM_HORIZON"
            case .latest where Date().timeIntervalSince(began) < 60: request["ShardIteratorType"] = "LATEST"
            case .latest:
                request["ShardIteratorType"] = "AT_TIMESTAMP"
                request["Timestamp"] = began.timeIntervalSince1970
            case .after(let number):
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
                request["SequenceNumber"] = number
            case .time(let date):
                request["ShardIteratorType"] = "AT_TIMESTAMP"
                request["Timestamp"] = date.timeIntervalSince1970
            }
        }
        let iterator = try await client.call("GetShardIterator", request)["ShardIterator"] as? String ?? ""
        shards[index].iterator = iterator
        return iterator
    }

    private func print(_ record: [String: Any]) throws {
        var line = try JSONSerialization.data(withJSONObject: record, options: [.sortedKeys, .withoutEscapingSlashes])
        line.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}
