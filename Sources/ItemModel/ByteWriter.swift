/// Appends the elements of binary forms to a byte array: big-endian integers, varints, bytes after their length.
///
/// Integers are big-endian so that the order of bytes is that of values wherever a form is part of a key. A varint is
/// unsigned LEB128, seven bits a byte from the lowest, in as few bytes as hold the value.
public struct ByteWriter: Sendable {
    /// What has been written.
    public var bytes: [UInt8]

    /// The place of a length that is not known yet; see ``beginLengthPrefixed()``.
    public struct LengthMark: Sendable {
        @usableFromInline let offset: Int

        @inlinable
        init(offset: Int) { self.offset = offset }
    }

    /// - Parameter capacity: how many bytes to make room for at once.
    @inlinable
    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Goes on where `bytes` end.
    @inlinable
    public init(appendingTo bytes: [UInt8]) { self.bytes = bytes }

    @inlinable
    public var count: Int { bytes.count }

    @inlinable
    public mutating func append(_ value: UInt8) { bytes.append(value) }

    @inlinable
    public mutating func append(_ value: UInt16) { appendBigEndian(value) }

    @inlinable
    public mutating func append(_ value: UInt32) { appendBigEndian(value) }

    @inlinable
    public mutating func append(_ value: UInt64) { appendBigEndian(value) }

    @inlinable
    public mutating func append(contentsOf content: some Collection<UInt8>) { bytes.append(contentsOf: content) }

    @inlinable
    public mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a length or count, which is never negative, as a varint.
    @inlinable
    public mutating func appendLength(_ value: Int) { appendVarint(UInt64(value)) }

    /// Appends the length of `content` and then `content`.
    @inlinable
    public mutating func appendLengthPrefixed(_ content: some Collection<UInt8>) {
        appendLength(content.count)
        bytes.append(contentsOf: content)
    }

    /// Appends the length of the text in UTF-8 and then its bytes.
    @inlinable
    public mutating func appendLengthPrefixed(_ text: Text) { appendLengthPrefixed(text.utf8) }

    /// Makes room for the length of what is appended next; ``endLengthPrefixed(_:)`` with the mark fills it in.
    ///
    /// Pairs may nest. Room is made for a length below 128, which most are; a longer content moves up by a byte or two.
    @inlinable
    public mutating func beginLengthPrefixed() -> LengthMark {
        bytes.append(0)
        return LengthMark(offset: bytes.count - 1)
    }

    /// Writes the length of everything that was appended since `mark` in front of it.
    @inlinable
    public mutating func endLengthPrefixed(_ mark: LengthMark) {
        let start = mark.offset + 1
        let length = bytes.count - start
        if length < 0x80 {
            bytes[mark.offset] = UInt8(length)
            return
        }
        let extraCount = Self.varintByteCount(UInt64(length)) - 1
        bytes.insert(contentsOf: repeatElement(0, count: extraCount), at: start)
        var rest = length
        for index in mark.offset..<(start + extraCount) {
            bytes[index] = UInt8(truncatingIfNeeded: rest & 0x7F) | (index < mark.offset + extraCount ? 0x80 : 0)
            rest >>= 7
        }
    }

    /// How many bytes ``appendVarint(_:)`` writes for `value`.
    @inlinable
    public static func varintByteCount(_ value: UInt64) -> Int {
        max(1, (UInt64.bitWidth - value.leadingZeroBitCount + 6) / 7)
    }

    @inlinable
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
