import AWSProtocol
import ItemModel
import RegionStore

/// A stream as a request names it: by its ARN, the table's with the stream's label after it.
struct StreamReference: Sendable {
    let arn: Text
    let tableName: Text
    /// When the stream was enabled, as ``CivilTime`` writes it.
    let label: Text
    private let region: Text
    private let accountID: Text

    init(_ arn: Text) throws(DynamoFault) {
        let invalid = DynamoFault.validation("Invalid StreamArn")
        guard arn.utf8.starts(with: TableReference.arnPrefix.utf8) else { throw invalid }
        // The label has colons of its own.
        let parts = arn.string.utf8.dropFirst(TableReference.arnPrefix.utf8.count).split(
            separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw invalid }
        let resource = parts[2].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard resource.count == 4, resource[0].elementsEqual("table".utf8), resource[2].elementsEqual("stream".utf8),
            (3...255).contains(resource[1].count), resource[1].allSatisfy(TableReference.isNameByte),
            !resource[3].isEmpty
        else { throw invalid }
        self.arn = arn
        tableName = Text(String(decoding: resource[1], as: UTF8.self))
        label = Text(String(decoding: resource[3], as: UTF8.self))
        region = Text(String(decoding: parts[0], as: UTF8.self))
        accountID = Text(String(decoding: parts[1], as: UTF8.self))
    }

    /// Reads the parameter `StreamArn`.
    init(_ request: JSONValue) throws(DynamoFault) { try self.init(request["StreamArn"]?.text ?? "") }

    /// The stream itself.
    func stream<Gateway: RegionAccess>(
        in environment: Environment<Gateway>, at nowMilliseconds: UInt64
    ) throws(DynamoFault) -> ChangeStream {
        guard region == environment.gateway.regionName, accountID == Text(environment.configuration.accountID),
            let stream = environment.gateway.reader.streams(at: nowMilliseconds).first(where: {
                $0.tableName == tableName && Text($0.label) == label
            })
        else { throw .resourceNotFound("Requested resource not found: Stream: \(arn) not found") }
        return stream
    }

    /// The shard of that identifier.
    func shard<Gateway: RegionAccess>(
        _ id: Text, of stream: ChangeStream, in environment: Environment<Gateway>, at nowMilliseconds: UInt64
    ) throws(DynamoFault) -> StreamShard {
        guard
            let shard = environment.gateway.reader.shards(of: stream, at: nowMilliseconds).first(where: {
                ShardName.text(of: $0, in: stream) == id.string
            })
        else {
            throw .resourceNotFound("Requested resource not found: Shard: \(id) in Stream: \(arn) not found")
        }
        return shard
    }
}

extension ChangeStream {
    /// The last part of the stream's ARN.
    var label: String { CivilTime(millisecondsSinceEpoch: createdMilliseconds).iso8601Milliseconds }
}

extension Environment {
    func arn(of stream: ChangeStream) -> String {
        "\(TableReference.arnPrefix)\(gateway.regionName):\(configuration.accountID):table/\(stream.tableName)/stream/\(stream.label)"
    }
}

extension DynamoFault {
    /// What a client is told of a shard that cannot be read.
    init(_ error: StreamReadError) {
        self =
            switch error {
            case .trimmed: .trimmedDataAccess
            case .storage(let cause): .internalError(cause)
            }
    }
}
