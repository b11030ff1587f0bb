import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Shows a stream with its shards, or with those that followed one shard, a page at a time.
struct DescribeStream: Operation {
    static let name: StaticString = "DescribeStream"
    static let service = DynamoService.streams
    static let shape = Shape.structure(
        "DescribeStreamInput",
        .required("StreamArn", .streamARN),
        .init("Limit", .integer(atLeast: 1, atMost: 100)),
        .init("ExclusiveStartShardId", .shardID),
        .init(
            "ShardFilter",
            .structure(
                "ShardFilter", Shape.Member("Type", .oneOf("CHILD_SHARDS")), Shape.Member("ShardId", .shardID))))

    private let reference: StreamReference
    private let limit: Int
    private let start: Text?
    /// The shard whose children are asked for.
    private let parent: Text?

    var accesses: [Access] { [Access(Self.name, .stream(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try StreamReference(request)
        limit = request["Limit"]?.integer ?? 100
        start = request["ExclusiveStartShardId"]?.text
        if let filter = request["ShardFilter"] {
            guard filter["Type"] != nil else { throw .validation("ShardFilter must have a Type") }
            guard let id = filter["ShardId"] else {
                throw .validation("ShardFilter of type CHILD_SHARDS must have a ShardId")
            }
            parent = id.text
        } else {
            parent = nil
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let now = environment.gateway.nowMilliseconds()
        let stream = try reference.stream(in: environment, at: now)
        var shards = environment.gateway.reader.shards(of: stream, at: now)
        if let parent {
            let number = try reference.shard(parent, of: stream, in: environment, at: now).number
            shards = shards.filter { $0.parent == number }
        }
        // Consumers go on from the greatest name that they have seen.
        let named = shards.map { (name: ShardName.text(of: $0, in: stream), shard: $0) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .filter { shard in start.map { Text(shard.name) > $0 } ?? true }
        return response(stream, named, environment.arn(of: stream))
    }

    private func response(
        _ stream: ChangeStream, _ shards: [(name: String, shard: StreamShard)], _ arn: String
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.name("StreamDescription")
        writer.beginObject()
        writer.name("CreationRequestDateTime")
        writer.timestamp(milliseconds: stream.createdMilliseconds)
        writer.name("KeySchema")
        writer.beginArray()
        for (attributes, role) in [(stream.keySchema.partition, "HASH"), (stream.keySchema.sort, "RANGE")] {
            for attribute in attributes {
                writer.beginObject()
                writer.member("AttributeName", attribute.name.string)
                writer.member("KeyType", role)
                writer.endObject()
            }
        }
        writer.endArray()
        writer.name("Shards")
        writer.beginArray()
        for (name, shard) in shards.prefix(limit) { write(shard, called: name, of: stream, to: &writer) }
        writer.endArray()
        if shards.count > limit {
            writer.member("LastEvaluatedShardId", shards[limit - 1].name)
        }
        writer.member("StreamArn", arn)
        writer.member("StreamLabel", stream.label)
        writer.member("StreamStatus", stream.isEnabled ? "ENABLED" : "DISABLED")
        writer.member("StreamViewType", stream.viewType.rawValue)
        writer.member("TableName", stream.tableName.string)
        writer.endObject()
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    private func write(
        _ shard: StreamShard, called name: String, of stream: ChangeStream, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("ShardId", name)
        writer.name("SequenceNumberRange")
        writer.beginObject()
        writer.member("StartingSequenceNumber", SequenceNumber.text(of: shard.first))
        if let last = shard.last {
            writer.member("EndingSequenceNumber", SequenceNumber.text(of: max(shard.first, last)))
        }
        writer.endObject()
        if let parent = ShardName.parent(of: shard, in: stream) { writer.member("ParentShardId", parent) }
        writer.endObject()
    }
}
