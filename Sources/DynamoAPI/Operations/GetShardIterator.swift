import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// Finds a place in a shard, for GetRecords to begin at.
struct GetShardIterator: Operation {
    static let name: StaticString = "GetShardIterator"
    static let service = DynamoService.streams
    static let shape = Shape.structure(
        "GetShardIteratorInput",
        .required("StreamArn", .streamARN),
        .required("ShardId", .shardID),
        .required(
            "ShardIteratorType",
            .oneOf("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP")),
        .init("SequenceNumber", .string(length: 21...40)),
        .init("Timestamp", .timestamp))

    private let reference: StreamReference
    private let shardID: Text
    private let place: Place

    /// Where the iterator is to point.
    private enum Place: Sendable {
        case oldest
        case latest
        case at(LogPosition)
        case after(LogPosition)
        case time(milliseconds: UInt64)
    }

    var accesses: [Access] { [Access(Self.name, .stream(reference))] }

    init(_ request: JSONValue, _ expressions: ExpressionCache) throws(DynamoFault) {
        reference = try StreamReference(request)
        shardID = request["ShardId"]?.text ?? ""
        let type = request["ShardIteratorType"]?.string ?? ""
        switch type {
        case "AT_SEQUENCE_NUMBER": place = .at(try Self.position(request, type))
        case "AFTER_SEQUENCE_NUMBER": place = .after(try Self.position(request, type))
        case "AT_TIMESTAMP":
            guard let timestamp = request["Timestamp"] else {
                throw .validation("Timestamp is required for ShardIteratorType \(type)")
            }
            place = .time(milliseconds: timestamp.epochMilliseconds)
        case "LATEST":
            try Self.checkHasNoPosition(request, type)
            place = .latest
        default:
            try Self.checkHasNoPosition(request, type)
            place = .oldest
        }
    }

    private static func position(_ request: JSONValue, _ type: String) throws(DynamoFault) -> LogPosition {
        guard let number = request["SequenceNumber"]?.string else {
            throw .validation("SequenceNumber is required for ShardIteratorType \(type)")
        }
        guard let position = SequenceNumber.position(of: number) else {
            throw .validation("Invalid SequenceNumber: \(number)")
        }
        return position
    }

    private static func checkHasNoPosition(_ request: JSONValue, _ type: String) throws(DynamoFault) {
        guard request["SequenceNumber"] == nil else {
            throw .validation("SequenceNumber must not be specified for ShardIteratorType \(type)")
        }
    }

    func run<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, completion: @escaping Dispatcher<Gateway>.Completion
    ) throws(DynamoFault) -> APIResponse? {
        let now = environment.gateway.nowMilliseconds()
        let stream = try reference.stream(in: environment, at: now)
        let shard = try reference.shard(shardID, of: stream, in: environment, at: now)
        let reader = environment.gateway.reader
        switch place {
        case .at(let position), .after(let position):
            // A shard begins with a number of its own, which may be no record's yet.
            let last = max(shard.first, min(reader.lastPosition, shard.last ?? reader.lastPosition))
            guard (shard.first...last).contains(position) || shard.isForgotten && position > last else {
                throw .validation("Invalid SequenceNumber: \(SequenceNumber.text(of: position))")
            }
        case .time(let milliseconds):
            guard milliseconds <= now else { throw .validation("Timestamp must not be in the future") }
        case .oldest, .latest: break
        }
        let start: StreamRead.Start
        do throws(StreamReadError) {
            start = try self.start(in: shard, of: stream, reader, now: now)
        } catch {
            throw DynamoFault(error)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member(
            "ShardIterator",
            ShardIterator.text(
                reference.arn.string, stream, shard: shard.number, start: start, issued: now,
                key: reader.origin))
        writer.endObject()
        return APIResponse(body: writer.bytes)
    }

    private func start<Store>(
        in shard: StreamShard, of stream: ChangeStream, _ reader: RegionReader<Store>, now: UInt64
    ) throws(StreamReadError) -> StreamRead.Start {
        switch place {
        case .oldest: return .oldest
        case .latest: return .after(reader.latest(in: shard))
        case .at(let position):
            let before = LogPosition(rawValue: position.rawValue - min(position.rawValue, 1))
            try reader.check(after: before, in: shard, of: stream, at: now)
            return .after(before)
        case .after(let position):
            try reader.check(after: position, in: shard, of: stream, at: now)
            return .after(position)
        case .time(let milliseconds):
            return .after(try reader.position(beforeArrivalAt: milliseconds, in: shard, of: stream, at: now))
        }
    }
}
