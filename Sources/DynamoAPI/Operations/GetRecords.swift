import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Reads records from a place in a shard on.
struct GetRecords: Operation {
    static let name: StaticString = "GetRecords"
    static let service = DynamoService.streams
    static let mayTakeLong = true
    static let shape = Shape.structure(
        "GetRecordsInput",
        .required("ShardIterator", .string(length: 1...2048)),
        .init("Limit", .integer(atLeast: 1, atMost: 1000)))

    private let iterator: String
    private let stream: StreamReference
    private let limit: Int

    var accesses: [Access] { [Access(Self.name, .stream(stream))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        iterator = request["ShardIterator"]?.string ?? ""
        stream = try ShardIterator.stream(namedBy: iterator)
        limit = request["Limit"]?.integer ?? 1000
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let reader = environment.gateway.reader
        let now = environment.gateway.nowMilliseconds()
        let iterator = try ShardIterator(iterator, key: reader.origin)
        try iterator.checkAge(at: now)
        // What the stream is, before what is in it: a shard that is closed in between is read as one that is open.
        let stream = try iterator.stream.stream(in: environment, at: now)
        guard stream.id.rawValue == iterator.streamID else { throw .validation("Invalid ShardIterator") }
        guard let shard = stream.shard(numbered: iterator.shard) else { throw .trimmedDataAccess }
        var read = StreamRead(stream: stream, shard: shard, start: iterator.start)
        read.limit = limit
        let page: StreamPage
        do throws(StreamReadError) {
            page = try reader.page(read, at: now)
        } catch {
            throw DynamoFault(error)
        }
        let writing = StreamRecordWriting(stream: stream, region: environment.gateway.regionName, origin: reader.origin)
        var writer = JSONWriter(capacity: 256 + page.records.count * 512)
        writer.beginObject()
        writer.name("Records")
        writer.beginArray()
        for record in page.records { try writing.write(record, to: &writer) }
        writer.endArray()
        if let next = page.next {
            writer.member(
                "NextShardIterator",
                ShardIterator.text(
                    iterator.stream.arn.string, stream, shard: shard.number, start: next, issued: now,
                    key: reader.origin))
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
