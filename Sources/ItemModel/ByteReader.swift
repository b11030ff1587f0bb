/// Reads back what ``ByteWriter`` writes, front to back, and refuses everything else.
///
/// No read traps on any bytes: each checks against the end first and throws, after which the reader is of no more use.
/// Lengths are checked before anything is allocated for them, so hostile bytes cost no more memory than they take up.
public struct ByteReader: Sendable {
    /// The whole buffer; offsets count from its start.
    public let bytes: [UInt8]
    /// Where the next read begins.
    public private(set) var offset: Int
    /// Where reading ends: the end of the buffer, or of the enclosing field.
    @usableFromInline private(set) var end: Int

    @inlinable
    public init(_ bytes: [UInt8]) { self.init(bytes, in: bytes.indices) }

    /// Reads only `range` of `bytes`, which must lie within them.
    public init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range \(range) of \(bytes.count) bytes")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// How many bytes are left.
    public var remainingCount: Int { end - offset }

    public var isAtEnd: Bool { offset == end }

    /// The next byte, which stays the next; nil at the end.
    public func peekUInt8() -> UInt8? { offset < end ? bytes[offset] : nil }

    public mutating func readUInt8() throws(BinaryDecodingError) -> UInt8 {
        guard offset < end else { throw .truncated(at: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    public mutating func readUInt16() throws(BinaryDecodingError) -> UInt16 { try readBigEndian() }

    public mutating func readUInt32() throws(BinaryDecodingError) -> UInt32 { try readBigEndian() }

    public mutating func readUInt64() throws(BinaryDecodingError) -> UInt64 { try readBigEndian() }

    /// Reads a varint in its shortest form; a longer one, or one past 64 bits, is refused.
    public mutating func readVarint() throws(BinaryDecodingError) -> UInt64 {
        let start = offset
        guard offset < end else { throw .truncated(at: start) }
        var byte = bytes[offset]
        offset += 1
        if byte < 0x80 { return UInt64(byte) }
        var value = UInt64(byte & 0x7F)
        var shift: UInt64 = 7
        repeat {
            guard offset < end else { throw .truncated(at: start) }
            byte = bytes[offset]
            offset += 1
            // The tenth byte holds only the 64th bit.
            guard shift < 63 || byte <= 1 else { throw .invalid("varint", at: start) }
            value |= UInt64(byte & 0x7F) << shift
            shift += 7
        } while byte >= 0x80
        guard byte != 0 else { throw .invalid("varint", at: start) }
        return value
    }

    /// Reads the length of what follows, which must be there whole.
    public mutating func readLength() throws(BinaryDecodingError) -> Int {
        let start = offset
        let value = try readVarint()
        guard value <= UInt64(remainingCount) else { throw .truncated(at: start) }
        return Int(value)
    }

    /// Reads how many elements follow, each of which takes up at least `minimumByteCount` bytes.
    public mutating func readCount(minimumByteCount: Int) throws(BinaryDecodingError) -> Int {
        let start = offset
        let value = try readVarint()
        guard value <= UInt64(remainingCount / minimumByteCount) else { throw .truncated(at: start) }
        return Int(value)
    }

    /// Steps over `count` bytes and returns where they lie in ``bytes``.
    public mutating func readRange(count: Int) throws(BinaryDecodingError) -> Range<Int> {
        guard count >= 0, count <= remainingCount else { throw .truncated(at: offset) }
        defer { offset += count }
        return offset..<(offset + count)
    }

    public mutating func skip(count: Int) throws(BinaryDecodingError) { _ = try readRange(count: count) }

    public mutating func readBytes(count: Int) throws(BinaryDecodingError) -> [UInt8] {
        Array(bytes[try readRange(count: count)])
    }

    /// Reads everything up to the end.
    public mutating func readRemainingBytes() -> [UInt8] {
        defer { offset = end }
        return Array(bytes[offset..<end])
    }

    /// Reads `count` bytes of UTF-8.
    public mutating func readText(count: Int) throws(BinaryDecodingError) -> Text {
        let range = try readRange(count: count)
        guard let text = Text(validating: bytes.span.extracting(range)) else {
            throw .invalid("UTF-8", at: range.lowerBound)
        }
        return text
    }

    /// Reads a length and steps over that many bytes, whose place in ``bytes`` it returns.
    public mutating func readLengthPrefixedRange() throws(BinaryDecodingError) -> Range<Int> {
        try readRange(count: try readLength())
    }

    public mutating func readLengthPrefixedBytes() throws(BinaryDecodingError) -> [UInt8] {
        try readBytes(count: try readLength())
    }

    public mutating func readLengthPrefixedText() throws(BinaryDecodingError) -> Text {
        try readText(count: try readLength())
    }

    /// Ends a form that must take up all of the bytes.
    public func expectEnd() throws(BinaryDecodingError) {
        guard isAtEnd else { throw .trailingBytes(at: offset) }
    }

    /// Reads a length and lets reading end there until ``leaveField(_:)``; returns the end to go back to.
    @usableFromInline
    mutating func enterField() throws(BinaryDecodingError) -> Int {
        let length = try readLength()
        defer { end = offset + length }
        return end
    }

    /// Ends a field that must have been read whole, and opens the enclosing one again.
    @usableFromInline
    mutating func leaveField(_ outerEnd: Int) throws(BinaryDecodingError) {
        try expectEnd()
        end = outerEnd
    }

    /// Where the next `byte` before the end lies; nil where there is none.
    func offset(of byte: UInt8) -> Int? {
        var index = offset
        while index < end {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    private mutating func readBigEndian<Value: FixedWidthInteger>() throws(BinaryDecodingError) -> Value {
        let range = try readRange(count: MemoryLayout<Value>.size)
        return bytes.withUnsafeBytes { buffer in
            Value(bigEndian: buffer.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
        }
    }
}
