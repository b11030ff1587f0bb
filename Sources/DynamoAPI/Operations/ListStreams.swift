import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Lists the streams that can be read, those disabled less than a day ago included, by table and label, a page at a time.
struct ListStreams: Operation {
    static let name: StaticString = "ListStreams"
    static let service = DynamoService.streams
    static let shape = Shape.structure(
        "ListStreamsInput",
        .init("TableName", .string(length: 3...255, .name)),
        .init("Limit", .integer(atLeast: 1, atMost: 100)),
        .init("ExclusiveStartStreamArn", .streamARN))

    private let table: Text?
    private let limit: Int
    private let start: StreamReference?

    var accesses: [Access] { [Access(Self.name, table.map(Access.Resource.tableNamed) ?? .allTables)] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        table = request["TableName"]?.text
        limit = request["Limit"]?.integer ?? 100
        start = try request["ExclusiveStartStreamArn"].map { value throws(DynamoFault) in
            try StreamReference(value.text)
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let reader = environment.gateway.reader
        var streams = reader.streams(at: environment.gateway.nowMilliseconds())
        if let table {
            streams = streams.filter { $0.tableName == table }
            guard !streams.isEmpty || reader.table(named: table) != nil else { throw .tableNotFound(table) }
        }
        if let start {
            streams = streams.filter { ($0.tableName, Text($0.label)) > (start.tableName, start.label) }
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("Streams")
        writer.beginArray()
        for stream in streams.prefix(limit) {
            writer.beginObject()
            writer.member("StreamArn", environment.arn(of: stream))
            writer.member("TableName", stream.tableName.string)
            writer.member("StreamLabel", stream.label)
            writer.endObject()
        }
        writer.endArray()
        if streams.count > limit {
            writer.member("LastEvaluatedStreamArn", environment.arn(of: streams[limit - 1]))
        }
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }
}
