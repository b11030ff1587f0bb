/// The binary form of items and values: what stores keep and what links carry.
///
/// - map: varint count; then for each attribute, strictly increasing by the bytes of the name: the name after its
///   length, the value
/// - value: varint length of what follows; one byte of type; the payload
/// - payload of S: UTF-8; of B: the bytes; of N: the key form of ``KeyEncoder``; of NULL, false and true: nothing;
///   of L: varint count, the values; of M: a map; of SS and BS: varint count, which is not 0, the elements after their
///   lengths, strictly increasing by their bytes; of NS: the same with key forms in place of the elements
///
/// Every length and every order is fixed, so equal values have equal bytes, and comparing items is comparing bytes. Every
/// value begins with its length, so one attribute is found without decoding the others; see ``BinaryItem``.
///
/// The form is part of the disk format and of the replication protocol.
@usableFromInline
enum ItemCodec {
    /// The byte in front of a payload; persisted, never reused.
    @usableFromInline
    enum Tag: UInt8 {
        case string = 1
        case number = 2
        case binary = 3
        case null = 4
        case falseValue = 5
        case trueValue = 6
        case list = 7
        case map = 8
        case stringSet = 9
        case numberSet = 10
        case binarySet = 11
    }

    /// The fewest bytes that an attribute, or a list's element, takes up: its lengths and its type.
    @usableFromInline static let minimumAttributeByteCount = 3
    @usableFromInline static let minimumValueByteCount = 2
}

extension AttributeMap {
    /// The item's binary form, which ``init(decoding:)`` reads back.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 16 + 24 * count)
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the item's binary form, which says itself where it ends.
    public func encode(into writer: inout ByteWriter) { encode(into: &writer, depth: 0) }

    func encode(into writer: inout ByteWriter, depth: Int) {
        writer.appendLength(attributes.count)
        for attribute in attributes {
            writer.appendLengthPrefixed(attribute.name)
            attribute.value.encode(into: &writer, depth: depth)
        }
    }
}

extension AttributeValue {
    /// How many lists and maps may lie in one another in the binary form.
    ///
    /// DynamoDB allows 32 levels, which requests are checked against; the rest is slack, so that no item that was once let in
    /// can fail to be read. Decoding stops here because it recurses, and encoding traps here rather than write what
    /// could never be read.
    public static let maximumBinaryDepth = 64

    /// The value's binary form, its length in front, which ``init(decoding:)`` reads back.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the value's binary form, its length in front.
    public func encode(into writer: inout ByteWriter) { encode(into: &writer, depth: 0) }

    /// - Parameter depth: how many lists and maps enclose the value.
    func encode(into writer: inout ByteWriter, depth: Int) {
        let mark = writer.beginLengthPrefixed()
        switch self {
        case .string(let text):
            writer.append(ItemCodec.Tag.string.rawValue)
            writer.append(contentsOf: text.utf8)
        case .number(let number):
            writer.append(ItemCodec.Tag.number.rawValue)
            number.appendKeyForm(to: &writer.bytes)
        case .binary(let binary):
            writer.append(ItemCodec.Tag.binary.rawValue)
            writer.append(contentsOf: binary)
        case .null: writer.append(ItemCodec.Tag.null.rawValue)
        case .bool(let value): writer.append((value ? ItemCodec.Tag.trueValue : .falseValue).rawValue)
        case .list(let elements):
            Self.checkDepth(depth)
            writer.append(ItemCodec.Tag.list.rawValue)
            writer.appendLength(elements.count)
            for element in elements { element.encode(into: &writer, depth: depth + 1) }
        case .map(let map):
            Self.checkDepth(depth)
            writer.append(ItemCodec.Tag.map.rawValue)
            map.encode(into: &writer, depth: depth + 1)
        case .stringSet, .numberSet, .binarySet: encodeSet(into: &writer)
        }
        writer.endLengthPrefixed(mark)
    }

    private func encodeSet(into writer: inout ByteWriter) {
        switch self {
        case .stringSet(let elements):
            writer.append(ItemCodec.Tag.stringSet.rawValue)
            writer.appendLength(elements.count)
            for element in elements { writer.appendLengthPrefixed(element) }
        case .numberSet(let elements):
            writer.append(ItemCodec.Tag.numberSet.rawValue)
            writer.appendLength(elements.count)
            for element in elements { element.appendKeyForm(to: &writer.bytes) }
        case .binarySet(let elements):
            writer.append(ItemCodec.Tag.binarySet.rawValue)
            writer.appendLength(elements.count)
            for element in elements { writer.appendLengthPrefixed(element) }
        case .string, .number, .binary, .null, .bool, .list, .map: preconditionFailure("\(kind) is no set")
        }
    }

    private static func checkDepth(_ depth: Int) {
        precondition(depth < maximumBinaryDepth, "a value nests deeper than \(maximumBinaryDepth) levels")
    }
}
