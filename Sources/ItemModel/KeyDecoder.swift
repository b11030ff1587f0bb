/// Reads back the key forms that ``KeyEncoder`` writes, and refuses everything else.
public enum KeyDecoder {
    /// Reads one key value of the type that the table's schema names, and steps behind it.
    public static func decodeKeyValue(
        kind: KeyKind, from reader: inout ByteReader
    ) throws(BinaryDecodingError) -> AttributeValue {
        switch kind {
        case .string:
            let start = reader.offset
            let content = try decodeEscaped(from: &reader)
            guard let text = Text(validating: content.span) else { throw .invalid("UTF-8", at: start) }
            return .string(text)
        case .number: return .number(try Number(readingKeyFormFrom: &reader))
        case .binary: return .binary(try decodeEscaped(from: &reader))
        }
    }

    /// Steps behind one key value without building it; whether a string is UTF-8 is not looked at.
    public static func skipKeyValue(kind: KeyKind, from reader: inout ByteReader) throws(BinaryDecodingError) {
        switch kind {
        case .string, .binary: _ = try skipEscaped(in: &reader)
        case .number: _ = try Number(readingKeyFormFrom: &reader)
        }
    }

    private static func decodeEscaped(from reader: inout ByteReader) throws(BinaryDecodingError) -> [UInt8] {
        let (range, escapeCount) = try skipEscaped(in: &reader)
        let escaped = reader.bytes[range]
        guard escapeCount > 0 else { return Array(escaped) }
        var result: [UInt8] = []
        result.reserveCapacity(range.count - escapeCount)
        var isEscaped = false
        for byte in escaped {
            if !isEscaped { result.append(byte) }
            isEscaped = byte == KeyEncoder.escape && !isEscaped
        }
        return result
    }

    /// Steps behind the terminator; returns where the bytes before it lie and how many of them are no content.
    private static func skipEscaped(
        in reader: inout ByteReader
    ) throws(BinaryDecodingError) -> (range: Range<Int>, escapeCount: Int) {
        let start = reader.offset
        var escapeCount = 0
        while let zero = reader.offset(of: KeyEncoder.escape) {
            try reader.skip(count: zero + 1 - reader.offset)
            switch try reader.readUInt8() {
            case KeyEncoder.escapedZero: escapeCount += 1
            case KeyEncoder.terminator: return (start..<zero, escapeCount)
            default: throw .invalid("key form", at: zero)
            }
        }
        throw .truncated(at: start)
    }
}
