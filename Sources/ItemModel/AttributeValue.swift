/// One DynamoDB attribute value, of one of the ten types.
///
/// Sets are kept sorted and without duplicates (strings and binaries by bytes, numbers by value), so that equal values have
/// equal bytes whatever order a client wrote them in. Source: AWS API reference, `AttributeValue`.
public enum AttributeValue: Sendable, Hashable {
    case string(Text)
    case number(Number)
    case binary([UInt8])
    case bool(Bool)
    case null
    case list([AttributeValue])
    case map(AttributeMap)
    /// Never empty; made by ``makeStringSet(_:)``, which sorts.
    case stringSet([Text])
    /// Never empty; made by ``makeNumberSet(_:)``, which sorts.
    case numberSet([Number])
    /// Never empty; made by ``makeBinarySet(_:)``, which sorts.
    case binarySet([[UInt8]])

    /// DynamoDB's name of a value's type, as it stands in JSON and in `attribute_type`.
    public enum Kind: String, Sendable, CaseIterable {
        case string = "S"
        case number = "N"
        case binary = "B"
        case bool = "BOOL"
        case null = "NULL"
        case list = "L"
        case map = "M"
        case stringSet = "SS"
        case numberSet = "NS"
        case binarySet = "BS"
    }

    /// The value's type.
    public var kind: Kind {
        switch self {
        case .string: .string
        case .number: .number
        case .binary: .binary
        case .bool: .bool
        case .null: .null
        case .list: .list
        case .map: .map
        case .stringSet: .stringSet
        case .numberSet: .numberSet
        case .binarySet: .binarySet
        }
    }

    /// A string set of `elements` in canonical order; nil when they are none or hold a duplicate.
    public static func makeStringSet(_ elements: [Text]) -> AttributeValue? {
        sortedSet(elements, by: <).map(AttributeValue.stringSet)
    }

    /// A number set of `elements` in canonical order; nil when they are none or hold a duplicate.
    public static func makeNumberSet(_ elements: [Number]) -> AttributeValue? {
        sortedSet(elements, by: <).map(AttributeValue.numberSet)
    }

    /// A binary set of `elements` in canonical order; nil when they are none or hold a duplicate.
    public static func makeBinarySet(_ elements: [[UInt8]]) -> AttributeValue? {
        sortedSet(elements) { $0.lexicographicallyPrecedes($1) }.map(AttributeValue.binarySet)
    }

    private static func sortedSet<Element: Equatable>(
        _ elements: [Element], by areInIncreasingOrder: (Element, Element) -> Bool
    ) -> [Element]? {
        guard !elements.isEmpty else { return nil }
        let sorted = elements.sorted(by: areInIncreasingOrder)
        for (one, next) in zip(sorted, sorted.dropFirst()) where one == next { return nil }
        return sorted
    }
}
