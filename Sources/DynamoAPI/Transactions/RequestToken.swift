import AWSProtocol
import ItemModel
import RegionStore

/// The parameter `ClientRequestToken`, with a digest of the request that it names.
enum RequestToken {
    static let shape = Shape.string(length: 1...36)

    /// Reads the token; nil where the client gives none.
    ///
    /// - Parameter content: what of the request has to be the same when it comes again.
    static func read(_ request: JSONValue, covering content: JSONValue?) -> Transaction.Token? {
        guard let name = request["ClientRequestToken"]?.text else { return nil }
        var writer = ByteWriter()
        if let content { append(content, to: &writer) }
        // Two hashes of 64 bits, of which the second begins otherwise: whoever sends both requests gains nothing by a collision.
        let first = PartitionHash.hash(writer.bytes)
        var digest = ByteWriter()
        digest.append(first)
        writer.append(first)
        digest.append(PartitionHash.hash(writer.bytes))
        return Transaction.Token(name: name, fingerprint: digest.bytes)
    }

    /// A form of a JSON value that is the same whatever the order of members and the escapes in strings.
    private static func append(_ value: JSONValue, to writer: inout ByteWriter) {
        writer.append(value.kind.rawValue)
        switch value.kind {
        case .null, .true, .false: break
        case .number: writer.appendLengthPrefixed(Array(value.rawBytes))
        case .string: writer.appendLengthPrefixed(Array(value.string.utf8))
        case .array:
            writer.appendVarint(UInt64(value.count))
            for element in value.elements { append(element, to: &writer) }
        case .object:
            writer.appendVarint(UInt64(value.count))
            let members = value.members.map { (name: $0.name.text, value: $0.value) }.sorted { $0.name < $1.name }
            for member in members {
                writer.appendLengthPrefixed(Array(member.name.utf8))
                append(member.value, to: &writer)
            }
        }
    }
}
