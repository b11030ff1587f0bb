import AWSProtocol
import DynamoAPI
import ItemModel
import NIOCore
import Synchronization

/// Notes the requests for items of the tables that somebody records, for as long as he fetches them.
///
/// A recording begins with its first fetch, and ends when it was not fetched for a while. What it has noted and was not fetched yet is
/// bounded; what comes beyond that is counted and left out. While nothing is recorded, a request costs one load of an atomic.
final class RequestRecorder: Sendable {
    /// The target of the operation that fetches what was noted, which is Meridian's own; it is an action that keys can be allowed.
    static let target = "Meridian_20261130.\(action)"
    static let action = "RecordRequests"

    /// How many recordings there may be at a time.
    static let recordingCountMax = 8
    /// What a recording holds at most: requests, and bytes of their keys.
    static let requestCountMax = 100_000
    static let keyByteCountMax = 16 << 20
    /// How many requests one answer has at most.
    static let answerCountMax = 5_000
    /// After how long without a fetch a recording ends, in milliseconds.
    static let patienceMilliseconds: Int64 = 30_000

    /// The names of a table's key attributes, or of an index's; nil where there is none.
    typealias KeyNames = @Sendable (_ table: Text, _ index: Text?) -> (partition: Text, sort: Text?)?

    private let keyNames: KeyNames
    private let recordings = Mutex<[Recording]>([])
    private let recordingCount = Atomic<Int>(0)

    /// What one client records of one table.
    private struct Recording {
        let id: String
        let table: Text
        var fetchedAt: Int64
        var requests: [RecordedRequest] = []
        /// The number of the first of them, from 1 on.
        var first = 1
        var keyByteCount = 0
        var droppedCount = 0

        mutating func note(_ request: RecordedRequest) {
            guard requests.count < requestCountMax, keyByteCount + request.keyByteCount <= keyByteCountMax else {
                droppedCount += 1
                return
            }
            requests.append(request)
            keyByteCount += request.keyByteCount
        }

        /// Forgets what was fetched: everything up to that number.
        mutating func forget(upTo number: Int) {
            let count = min(requests.count, max(0, number - first + 1))
            for request in requests.prefix(count) { keyByteCount -= request.keyByteCount }
            requests.removeFirst(count)
            first += count
        }
    }

    init(keyNames: @escaping KeyNames) {
        self.keyNames = keyNames
    }

    // MARK: - Requests

    /// Notes a request, if its table is recorded.
    func note(_ request: EndpointRequest) {
        guard recordingCount.load(ordering: .relaxed) > 0 else { return }
        let tables = recordings.withLock { recordings in
            Self.endForgotten(&recordings, at: request.receivedAt)
            recordingCount.store(recordings.count, ordering: .relaxed)
            return recordings.map(\.table)
        }
        guard !tables.isEmpty else { return }
        let found = request.body.withUnsafeReadableBytes { body in
            RequestReading(tables: tables, keyNames: keyNames, receivedAt: request.receivedAt)
                .requests(in: body, target: request.target)
        }
        guard !found.isEmpty else { return }
        recordings.withLock { recordings in
            for index in recordings.indices {
                for request in found where request.table == recordings[index].table { recordings[index].note(request) }
            }
        }
    }

    private static func endForgotten(_ recordings: inout [Recording], at time: Int64) {
        recordings.removeAll { time - $0.fetchedAt > patienceMilliseconds }
    }

    // MARK: - Fetches

    /// Answers a fetch: `{"TableName": …, "Recording": …, "After": …}`, of which the last two are those of the answer before.
    func answer(_ request: EndpointRequest, caller: Caller) -> EndpointResponse {
        let fetch = request.body.withUnsafeReadableBytes { body -> (table: Text, id: String?, after: Int)? in
            guard let document = try? JSONDocument(parsing: body) else { return nil }
            return document.withRoot(body) { root in
                guard let table = root["TableName"], table.kind == .string else { return nil }
                return (table.text, root["Recording"]?.string, root["After"]?.integer ?? 0)
            }
        }
        guard let fetch else {
            return Self.refusal("SerializationException", "the request has to be an object with TableName")
        }
        guard caller.mayDo(Self.action, with: fetch.table) else {
            return Self.refusal(
                "AccessDeniedException", "\(caller.name) is not allowed \(Self.action) with \(fetch.table)")
        }
        guard keyNames(fetch.table, nil) != nil else {
            return Self.refusal("ResourceNotFoundException", "there is no table \(fetch.table)")
        }
        return recordings.withLock { recordings in
            Self.endForgotten(&recordings, at: request.receivedAt)
            var place = recordings.firstIndex { $0.id == fetch.id && $0.table == fetch.table }
            if place == nil {
                guard recordings.count < Self.recordingCountMax else {
                    return Self.refusal(
                        "LimitExceededException", "there are \(Self.recordingCountMax) recordings already")
                }
                recordings.append(Recording(id: request.id.text, table: fetch.table, fetchedAt: request.receivedAt))
                place = recordings.count - 1
            } else if let place {
                recordings[place].forget(upTo: fetch.after)
            }
            recordingCount.store(recordings.count, ordering: .relaxed)
            guard let place else { return Self.refusal("InternalServerError", "no recording") }
            recordings[place].fetchedAt = request.receivedAt
            return Self.answer(recordings[place])
        }
    }

    private static func answer(_ recording: Recording) -> EndpointResponse {
        let requests = recording.requests.prefix(answerCountMax)
        var writer = JSONWriter(capacity: 128 + requests.count * 64)
        writer.beginObject()
        writer.name("Recording")
        writer.string(recording.id)
        writer.name("Last")
        writer.integer(recording.first + requests.count - 1)
        writer.name("Dropped")
        writer.integer(recording.droppedCount)
        writer.name("Requests")
        writer.beginArray()
        for request in requests { request.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return EndpointResponse(body: writer.bytes)
    }

    private static func refusal(_ name: String, _ message: String) -> EndpointResponse {
        EndpointResponse(WireFault(.coral(name, message)))
    }
}
