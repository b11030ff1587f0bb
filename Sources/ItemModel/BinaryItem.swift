/// An item in its binary form, read in place: one attribute is found, or all are visited, without decoding the others.
///
/// Making one costs nothing and checks nothing; each call checks the lengths that it goes by, so that no bytes can trap it.
/// What the calls do not check, order of names and UTF-8 of what they pass by, was checked when the item came in.
public struct BinaryItem: Sendable, Equatable {
    /// The buffer that the item lies in.
    public let bytes: [UInt8]
    /// Where it lies.
    public let range: Range<Int>

    /// The item that takes up all of `bytes`.
    @inlinable
    public init(_ bytes: [UInt8]) { self.init(bytes, in: bytes.indices) }

    /// The item that takes up `range`, which must lie within `bytes`.
    @inlinable
    public init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "range \(range) of \(bytes.count) bytes")
        self.bytes = bytes
        self.range = range
    }

    /// Whether both are the same bytes; equal items are, as there is one encoding of each.
    public static func == (left: Self, right: Self) -> Bool { left.bytes[left.range] == right.bytes[right.range] }

    /// Decodes the whole item, strictly.
    public func decoded() throws(BinaryDecodingError) -> Item {
        var reader = ByteReader(bytes, in: range)
        let item = try AttributeMap(decoding: &reader)
        try reader.expectEnd()
        return item
    }

    /// How many attributes the item has.
    public func attributeCount() throws(BinaryDecodingError) -> Int {
        var reader = ByteReader(bytes, in: range)
        return try reader.readCount(minimumByteCount: ItemCodec.minimumAttributeByteCount)
    }

    /// Decodes the value named `name` and no other; nil where the item has none.
    public func value(named name: Text) throws(BinaryDecodingError) -> AttributeValue? {
        var reader = ByteReader(bytes, in: range)
        let count = try reader.readCount(minimumByteCount: ItemCodec.minimumAttributeByteCount)
        for _ in 0..<count {
            let nameRange = try reader.readLengthPrefixedRange()
            switch compare(nameRange, with: name.utf8.span) {
            case 0: return try AttributeValue(decoding: &reader)
            case 1...: return nil
            default: _ = try reader.readLengthPrefixedRange()
            }
        }
        return nil
    }

    /// Negative, zero or positive as the bytes in `range` come before, equal or come after `name`.
    private func compare(_ range: Range<Int>, with name: Span<UInt8>) -> Int {
        for index in 0..<min(range.count, name.count) {
            let difference = Int(bytes[range.lowerBound + index]) - Int(name[index])
            if difference != 0 { return difference }
        }
        return range.count - name.count
    }
}
