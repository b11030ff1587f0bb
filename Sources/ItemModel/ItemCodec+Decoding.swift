extension AttributeMap {
    /// Decodes an item that takes up all of `bytes`.
    ///
    /// Only what ``encoded()`` writes is accepted, so encoding the result gives `bytes` again.
    public init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        try self.init(decoding: &reader)
        try reader.expectEnd()
    }

    /// Decodes the item that is next, as strictly, and steps behind it.
    public init(decoding reader: inout ByteReader) throws(BinaryDecodingError) {
        try self.init(decoding: &reader, depth: 0)
    }

    init(decoding reader: inout ByteReader, depth: Int) throws(BinaryDecodingError) {
        let count = try reader.readCount(minimumByteCount: ItemCodec.minimumAttributeByteCount)
        var attributes: [Attribute] = []
        attributes.reserveCapacity(min(count, ItemCodec.reservedCountLimit))
        for _ in 0..<count {
            let start = reader.offset
            let name = try reader.readLengthPrefixedText()
            if let last = attributes.last, name <= last.name { throw .invalid("order of attribute names", at: start) }
            attributes.append(Attribute(name: name, value: try AttributeValue(decoding: &reader, depth: depth)))
        }
        self.init(sorted: attributes)
    }
}

extension AttributeValue {
    /// Decodes a value, its length in front, that takes up all of `bytes`; as strict as decoding an item.
    public init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        try self.init(decoding: &reader)
        try reader.expectEnd()
    }

    /// Decodes the value that is next, its length in front, and steps behind it.
    public init(decoding reader: inout ByteReader) throws(BinaryDecodingError) {
        try self.init(decoding: &reader, depth: 0)
    }

    /// - Parameter depth: how many lists and maps enclose the value.
    init(decoding reader: inout ByteReader, depth: Int) throws(BinaryDecodingError) {
        let outerEnd = try reader.enterField()
        let start = reader.offset
        guard let tag = ItemCodec.Tag(rawValue: try reader.readUInt8()) else { throw .invalid("value type", at: start) }
        switch tag {
        case .string: self = .string(try reader.readText(count: reader.remainingCount))
        case .number: self = .number(try Number(readingKeyFormFrom: &reader))
        case .binary: self = .binary(reader.readRemainingBytes())
        case .null: self = .null
        case .falseValue: self = .bool(false)
        case .trueValue: self = .bool(true)
        case .list:
            try Self.checkDepth(depth, at: start)
            self = .list(try Self.decodeElements(from: &reader, depth: depth + 1))
        case .map:
            try Self.checkDepth(depth, at: start)
            self = .map(try AttributeMap(decoding: &reader, depth: depth + 1))
        case .stringSet:
            self = .stringSet(
                try Self.decodeSet(from: &reader, minimumByteCount: 1, by: <) { reader throws(BinaryDecodingError) in
                    try reader.readLengthPrefixedText()
                })
        case .numberSet:
            self = .numberSet(
                try Self.decodeSet(from: &reader, minimumByteCount: 1, by: <) { reader throws(BinaryDecodingError) in
                    try Number(readingKeyFormFrom: &reader)
                })
        case .binarySet:
            self = .binarySet(
                try Self.decodeSet(
                    from: &reader, minimumByteCount: 1, by: { $0.lexicographicallyPrecedes($1) }
                ) { reader throws(BinaryDecodingError) in
                    try reader.readLengthPrefixedBytes()
                })
        }
        try reader.leaveField(outerEnd)
    }

    private static func decodeElements(
        from reader: inout ByteReader, depth: Int
    ) throws(BinaryDecodingError) -> [AttributeValue] {
        let count = try reader.readCount(minimumByteCount: ItemCodec.minimumValueByteCount)
        var elements: [AttributeValue] = []
        elements.reserveCapacity(min(count, ItemCodec.reservedCountLimit))
        for _ in 0..<count { elements.append(try AttributeValue(decoding: &reader, depth: depth)) }
        return elements
    }

    private static func decodeSet<Element>(
        from reader: inout ByteReader, minimumByteCount: Int, by areInIncreasingOrder: (Element, Element) -> Bool,
        _ decode: (inout ByteReader) throws(BinaryDecodingError) -> Element
    ) throws(BinaryDecodingError) -> [Element] {
        let start = reader.offset
        let count = try reader.readCount(minimumByteCount: minimumByteCount)
        guard count > 0 else { throw .invalid("empty set", at: start) }
        var elements: [Element] = []
        elements.reserveCapacity(min(count, ItemCodec.reservedCountLimit))
        for _ in 0..<count {
            let start = reader.offset
            let element = try decode(&reader)
            if let last = elements.last, !areInIncreasingOrder(last, element) { throw .invalid("set order", at: start) }
            elements.append(element)
        }
        return elements
    }

    private static func checkDepth(_ depth: Int, at offset: Int) throws(BinaryDecodingError) {
        guard depth < maximumBinaryDepth else { throw .invalid("nesting depth", at: offset) }
    }
}

extension ItemCodec {
    /// How many elements room is made for before they are seen: a count may lie, and an element is larger than its bytes.
    static let reservedCountLimit = 64
}
