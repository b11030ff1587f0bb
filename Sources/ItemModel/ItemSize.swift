/// Sizes by DynamoDB's rules: what the limit of 400 KB, capacity units and pages are counted in.
///
/// They are not the lengths of any form that is stored here.
///
/// Source: AWS developer guide, "DynamoDB item sizes and formats".
public enum ItemSize {
    /// What a list or a map costs beside its elements.
    @usableFromInline static let containerByteCount = 3
    /// What each element of a list and each attribute of a map costs beside itself.
    @usableFromInline static let elementByteCount = 1

    /// A byte for two digits of the integer part, one for two of the fraction, one more, and one for a minus; zero takes one byte.
    @inlinable
    public static func byteCount(of number: Number) -> Int {
        number.centesimalDigitCount + 1 + (number.isNegative ? 1 : 0)
    }
}

extension AttributeMap {
    /// The size of an item with these attributes: names in UTF-8 and values.
    public var sizeInBytes: Int {
        attributes.reduce(0) { $0 + $1.name.byteCount + $1.value.sizeInBytes }
    }

    /// How many levels of lists and maps the deepest attribute has; 0 where all are scalars and sets.
    public var depth: Int { attributes.reduce(0) { max($0, $1.value.depth) } }
}

extension AttributeValue {
    /// The size of the value without its name.
    public var sizeInBytes: Int {
        switch self {
        case .string(let text): text.byteCount
        case .number(let number): ItemSize.byteCount(of: number)
        case .binary(let bytes): bytes.count
        case .bool, .null: 1
        case .list(let elements):
            elements.reduce(ItemSize.containerByteCount) { $0 + $1.sizeInBytes + ItemSize.elementByteCount }
        case .map(let map):
            ItemSize.containerByteCount + map.sizeInBytes + map.count * ItemSize.elementByteCount
        case .stringSet(let elements): elements.reduce(0) { $0 + $1.byteCount }
        case .numberSet(let elements): elements.reduce(0) { $0 + ItemSize.byteCount(of: $1) }
        case .binarySet(let elements): elements.reduce(0) { $0 + $1.count }
        }
    }

    /// How many levels of lists and maps the value has: 0 for a scalar or a set, 1 for a list of scalars.
    ///
    /// DynamoDB allows 32.
    public var depth: Int {
        switch self {
        case .list(let elements): 1 + elements.reduce(0) { max($0, $1.depth) }
        case .map(let map): 1 + map.depth
        case .string, .number, .binary, .bool, .null, .stringSet, .numberSet, .binarySet: 0
        }
    }
}

extension BinaryItem {
    /// The item's size by DynamoDB's rules, the same as ``AttributeMap/sizeInBytes`` of the item decoded.
    public func sizeInBytes() throws(BinaryDecodingError) -> Int {
        var visitor = SizeVisitor()
        try visit(&visitor)
        return visitor.byteCount
    }
}

private struct SizeVisitor: BinaryItemVisitor {
    var byteCount = 0

    mutating func attribute(named name: Span<UInt8>, at index: Int) { byteCount += name.count }
    mutating func element(at index: Int) {}
    mutating func string(_ bytes: Span<UInt8>) { byteCount += bytes.count }
    mutating func number(_ number: Number) { byteCount += ItemSize.byteCount(of: number) }
    mutating func binary(_ bytes: Span<UInt8>) { byteCount += bytes.count }
    mutating func bool(_ value: Bool) { byteCount += 1 }
    mutating func null() { byteCount += 1 }
    mutating func beginList(count: Int) { begin(count: count) }
    mutating func endList() {}
    mutating func beginMap(count: Int) { begin(count: count) }
    mutating func endMap() {}
    mutating func beginSet(_ kind: AttributeValue.Kind, count: Int) {}
    mutating func endSet() {}

    private mutating func begin(count: Int) {
        byteCount += ItemSize.containerByteCount + count * ItemSize.elementByteCount
    }
}
