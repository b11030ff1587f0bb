import AWSProtocol
import Expressions
import ItemModel

/// Where a SELECT goes on: the parameter `NextToken`, which clients hand back as they got it.
///
/// Base64 of: version 1 · statement's digest 8 · partition's number (varint) · whether a key follows 1 · binary item · checksum 8.
struct NextToken: Sendable {
    /// Which of the statement's partitions is next.
    let partition: Int
    /// After which key in it; nil at its beginning.
    let key: Item?

    static let shape = Shape.string(length: 1...32_768)
    private static let version: UInt8 = 1

    init(partition: Int, key: Item?) {
        self.partition = partition
        self.key = key
    }

    /// Reads a token that this region or another has given out for the same statement.
    init(_ text: Text, for statement: PartiQLStatement) throws(DynamoFault) {
        let decoded = text.utf8.span.withUnsafeBytes { Base64.decode($0) }
        guard let bytes = decoded, bytes.count > 8,
            Self.bytes(of: PartitionHash.hash(Array(bytes.dropLast(8)))) == Array(bytes.suffix(8))
        else { throw .validation("The provided NextToken is invalid") }
        do throws(BinaryDecodingError) {
            var reader = ByteReader(Array(bytes.dropLast(8)))
            guard try reader.readUInt8() == Self.version else { throw .invalid("version", at: 0) }
            guard try reader.readUInt64() == Self.digest(of: statement) else { throw .invalid("statement", at: 1) }
            partition = Int(clamping: try reader.readVarint())
            key = try reader.readUInt8() == 1 ? Item(decoding: reader.readRemainingBytes()) : nil
        } catch {
            throw .validation("NextToken does not match request")
        }
    }

    /// The token as clients get it.
    func text(for statement: PartiQLStatement) -> String {
        var writer = ByteWriter()
        writer.append(Self.version)
        writer.append(Self.digest(of: statement))
        writer.appendVarint(UInt64(partition))
        writer.append(key == nil ? 0 : 1 as UInt8)
        if let key { writer.append(contentsOf: key.encoded()) }
        writer.append(PartitionHash.hash(writer.bytes))
        var text: [UInt8] = []
        writer.bytes.withUnsafeBytes { Base64.encode($0, into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The same in every process, unlike a hash value.
    private static func digest(of statement: PartiQLStatement) -> UInt64 {
        PartitionHash.hash(Array("\(statement)".utf8))
    }

    private static func bytes(of value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}
