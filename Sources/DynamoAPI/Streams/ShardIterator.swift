import AWSProtocol
import ItemModel
import RegionStore

/// A place in a shard that a client holds for a while: what GetShardIterator gives out and GetRecords takes.
///
/// Its text is the stream's ARN, `|1|`, and in Base64: format 1 · issued 8 · stream 4 · shard 4 · kind 1 · position 8 · code 8, all integers
/// big-endian. The code is keyed with the region's incarnation, so that only what this region gave out is taken back, on whatever
/// thread and after whatever restart. It guards against mistakes: who forges one gains nothing that GetShardIterator would not give.
struct ShardIterator: Sendable {
    let issuedMilliseconds: UInt64
    let stream: StreamReference
    let streamID: UInt32
    let shard: UInt32
    let start: StreamRead.Start

    /// For how long one can be used, in milliseconds.
    static let lifetimeMilliseconds: UInt64 = 15 * 60_000

    private static let formatVersion: UInt8 = 1
    private static let byteCount = 34
    private static let codedByteCount = 26

    /// The text of an iterator.
    static func text(
        _ arn: String, _ stream: ChangeStream, shard: UInt32, start: StreamRead.Start, issued: UInt64, key: Origin
    ) -> String {
        var writer = ByteWriter(capacity: byteCount)
        writer.append(formatVersion)
        writer.append(issued)
        writer.append(stream.id.rawValue)
        writer.append(shard)
        switch start {
        case .oldest:
            writer.append(0 as UInt8)
            writer.append(0 as UInt64)
        case .after(let position):
            writer.append(1 as UInt8)
            writer.append(position.rawValue)
        }
        writer.append(code(of: writer.bytes, arn, key))
        var characters: [UInt8] = []
        writer.bytes.withUnsafeBytes { Base64.encode($0, into: &characters) }
        return "\(arn)|1|\(String(decoding: characters, as: UTF8.self))"
    }

    /// The stream that the text of an iterator names, whoever gave it out.
    static func stream(namedBy text: String) throws(DynamoFault) -> StreamReference {
        do throws(DynamoFault) {
            return try StreamReference(Text(String(text.prefix { $0 != "|" })))
        } catch {
            throw .validation("Invalid ShardIterator")
        }
    }

    /// Reads the text of an iterator that the region with `key` gave out.
    init(_ text: String, key: Origin) throws(DynamoFault) {
        let invalid = DynamoFault.validation("Invalid ShardIterator")
        let parts = text.utf8.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].elementsEqual("1".utf8),
            let bytes = Array(parts[2]).withUnsafeBytes({
                Base64.problem(in: $0) == nil ? Base64.decode($0) : nil
            }), bytes.count == Self.byteCount
        else { throw invalid }
        let arn = String(decoding: parts[0], as: UTF8.self)
        do {
            var reader = ByteReader(bytes)
            let format = try reader.readUInt8()
            issuedMilliseconds = try reader.readUInt64()
            streamID = try reader.readUInt32()
            shard = try reader.readUInt32()
            let kind = try reader.readUInt8()
            let position = LogPosition(rawValue: try reader.readUInt64())
            guard format == Self.formatVersion, kind <= 1,
                try reader.readUInt64() == Self.code(of: Array(bytes[..<Self.codedByteCount]), arn, key)
            else { throw invalid }
            start = kind == 0 ? .oldest : .after(position)
            stream = try StreamReference(Text(arn))
        } catch {
            throw invalid
        }
    }

    /// Throws where the iterator is too old.
    func checkAge(at nowMilliseconds: UInt64) throws(DynamoFault) {
        let age = nowMilliseconds - min(issuedMilliseconds, nowMilliseconds)
        guard age <= Self.lifetimeMilliseconds else {
            throw .expiredIterator(issued: issuedMilliseconds, now: nowMilliseconds)
        }
    }

    private static func code(of bytes: [UInt8], _ arn: String, _ key: Origin) -> UInt64 {
        SipHash.hash(bytes + arn.utf8, key: (key.rawValue, key.rawValue.byteSwapped))
    }
}

extension DynamoFault {
    static func expiredIterator(issued: UInt64, now: UInt64) -> DynamoFault {
        .expiredIterator(
            """
            Iterator expired. The iterator was created at time \(CivilTime(millisecondsSinceEpoch: issued).javaDate) while right now it is \
            \(CivilTime(millisecondsSinceEpoch: now).javaDate) which is further in the future than the tolerated delay of \
            \(ShardIterator.lifetimeMilliseconds) milliseconds.
            """)
    }
}
