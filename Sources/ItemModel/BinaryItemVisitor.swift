/// Takes the attributes of a ``BinaryItem`` in the order of their bytes, as a parser's events.
///
/// An item is a row of attributes; each is ``attribute(named:at:)`` and then its value. A value is one call for a scalar, or
/// everything between a beginning and an end for the others: attributes in a map, elements in a list or set. Spans are
/// valid during the call only. Strings and names are the bytes as stored.
public protocol BinaryItemVisitor {
    /// - Parameter index: the attribute's place in its map or item, from zero.
    mutating func attribute(named name: Span<UInt8>, at index: Int)
    /// Announces an element of a list or a set.
    ///
    /// - Parameter index: the element's place, from zero.
    mutating func element(at index: Int)

    mutating func string(_ bytes: Span<UInt8>)
    mutating func number(_ number: Number)
    mutating func binary(_ bytes: Span<UInt8>)
    mutating func bool(_ value: Bool)
    mutating func null()

    mutating func beginList(count: Int)
    mutating func endList()
    mutating func beginMap(count: Int)
    mutating func endMap()
    /// Begins a set of type SS, NS or BS, whose elements are strings, numbers or binaries.
    mutating func beginSet(_ kind: AttributeValue.Kind, count: Int)
    mutating func endSet()
}

extension BinaryItem {
    /// Shows every attribute to `visitor`, allocating nothing.
    ///
    /// - Throws: where lengths, types or numbers are not what an encoder writes. The visitor has then seen what stands before.
    @inlinable
    public func visit(_ visitor: inout some BinaryItemVisitor) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes, in: range)
        let count = try reader.readCount(minimumByteCount: ItemCodec.minimumAttributeByteCount)
        try reader.visitAttributes(count: count, &visitor, depth: 0)
        try reader.expectEnd()
    }
}

extension ByteReader {
    @inlinable
    mutating func visitAttributes(
        count: Int, _ visitor: inout some BinaryItemVisitor, depth: Int
    ) throws(BinaryDecodingError) {
        for index in 0..<count {
            let name = try readLengthPrefixedRange()
            visitor.attribute(named: bytes.span.extracting(name), at: index)
            try visitValue(&visitor, depth: depth)
        }
    }

    @inlinable
    mutating func visitValue(_ visitor: inout some BinaryItemVisitor, depth: Int) throws(BinaryDecodingError) {
        let outerEnd = try enterField()
        let start = offset
        guard let tag = ItemCodec.Tag(rawValue: try readUInt8()) else { throw .invalid("value type", at: start) }
        switch tag {
        case .string:
            let content = try readRange(count: remainingCount)
            visitor.string(bytes.span.extracting(content))
        case .number: visitor.number(try Number(readingKeyFormFrom: &self))
        case .binary:
            let content = try readRange(count: remainingCount)
            visitor.binary(bytes.span.extracting(content))
        case .null: visitor.null()
        case .falseValue: visitor.bool(false)
        case .trueValue: visitor.bool(true)
        case .list:
            guard depth < AttributeValue.maximumBinaryDepth else { throw .invalid("nesting depth", at: start) }
            let count = try readCount(minimumByteCount: ItemCodec.minimumValueByteCount)
            visitor.beginList(count: count)
            for index in 0..<count {
                visitor.element(at: index)
                try visitValue(&visitor, depth: depth + 1)
            }
            visitor.endList()
        case .map:
            guard depth < AttributeValue.maximumBinaryDepth else { throw .invalid("nesting depth", at: start) }
            let count = try readCount(minimumByteCount: ItemCodec.minimumAttributeByteCount)
            visitor.beginMap(count: count)
            try visitAttributes(count: count, &visitor, depth: depth + 1)
            visitor.endMap()
        case .stringSet: try visitSet(.stringSet, &visitor)
        case .numberSet: try visitSet(.numberSet, &visitor)
        case .binarySet: try visitSet(.binarySet, &visitor)
        }
        try leaveField(outerEnd)
    }

    @inlinable
    mutating func visitSet(
        _ kind: AttributeValue.Kind, _ visitor: inout some BinaryItemVisitor
    ) throws(BinaryDecodingError) {
        let count = try readCount(minimumByteCount: 1)
        visitor.beginSet(kind, count: count)
        for index in 0..<count {
            visitor.element(at: index)
            switch kind {
            case .stringSet:
                let content = try readLengthPrefixedRange()
                visitor.string(bytes.span.extracting(content))
            case .numberSet: visitor.number(try Number(readingKeyFormFrom: &self))
            default:
                let content = try readLengthPrefixedRange()
                visitor.binary(bytes.span.extracting(content))
            }
        }
        visitor.endSet()
    }
}
