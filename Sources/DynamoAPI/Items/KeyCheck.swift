import ItemModel
import RegionStore

/// The rules that keys of items are under, with the service's text for each.
///
/// Source: AWS developer guide, "Quotas: partition keys and sort keys".
extension KeySchema {
    /// Checks what a request gives as a key: the key attributes and no others.
    func checkKey(_ key: Item) throws(DynamoFault) {
        guard key.count == partition.count + sort.count else { throw Self.mismatch }
        for attribute in partition { try Self.check(attribute, in: key, isSort: false, isWholeItem: false) }
        for attribute in sort { try Self.check(attribute, in: key, isSort: true, isWholeItem: false) }
    }

    /// Checks the key attributes of a whole item.
    func checkItem(_ item: Item) throws(DynamoFault) {
        for attribute in partition { try Self.check(attribute, in: item, isSort: false, isWholeItem: true) }
        for attribute in sort { try Self.check(attribute, in: item, isSort: true, isWholeItem: true) }
    }

    /// Checks that no key attribute of an item or of a key is empty, and nothing else of it.
    func checkNotEmpty(_ item: Item) throws(DynamoFault) {
        for attribute in attributes {
            guard let value = item[attribute.name], value.kind == attribute.kind, value.isEmptyStringOrBinary else {
                continue
            }
            throw Self.emptyKey(value, attribute.name)
        }
    }

    /// A key that lacks an attribute, has another or one of another type.
    static let mismatch = DynamoFault.validation("The provided key element does not match the schema")

    private static func check(
        _ attribute: KeyAttribute, in item: Item, isSort: Bool, isWholeItem: Bool
    ) throws(DynamoFault) {
        guard let value = item[attribute.name] else {
            throw isWholeItem ? .invalidParameters("Missing the key \(attribute.name) in the item") : mismatch
        }
        guard value.kind == attribute.kind else {
            throw isWholeItem
                ? .invalidParameters(
                    """
                    Type mismatch for key \(attribute.name) expected: \(attribute.kind.rawValue) actual: \
                    \(value.kind.rawValue)
                    """) : mismatch
        }
        try check(value, of: attribute.name, isSort: isSort)
    }

    /// Checks that a value is not empty and not too long for a key.
    static func check(_ value: AttributeValue, of name: Text, isSort: Bool) throws(DynamoFault) {
        let byteCount: Int
        switch value {
        case .string(let text): byteCount = text.byteCount
        case .binary(let bytes): byteCount = bytes.count
        default: return
        }
        guard byteCount > 0 else { throw emptyKey(value, name) }
        guard byteCount <= (isSort ? maximumSortByteCount : maximumPartitionByteCount) else {
            throw .keyTooLarge(isSort ? .sort : .partition)
        }
    }

    private static func emptyKey(_ value: AttributeValue, _ name: Text) -> DynamoFault {
        .validation(
            """
            One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
            \(value.kind == .string ? "string" : "binary") value. Key: \(name)
            """)
    }
}

extension Table {
    /// Checks that no attribute of a whole item that is an index's key is empty, and nothing else of it.
    func checkIndexKeysAreNotEmpty(_ item: Item) throws(DynamoFault) {
        for index in indexes {
            for attribute in index.definition.keySchema.attributes {
                guard let value = item[attribute.name], value.kind == attribute.kind, value.isEmptyStringOrBinary else {
                    continue
                }
                throw DynamoFault(
                    .indexKeyInvalid(
                        index: index.name, attribute: attribute.name, expected: attribute.kind, found: value),
                    returnsItem: false, isUpdate: false)
            }
        }
    }

    /// Checks that a whole item has no attribute that an index's key cannot be.
    func checkIndexKeys(of item: Item) throws(DynamoFault) {
        for index in indexes {
            for attribute in index.definition.keySchema.attributes {
                guard let value = item[attribute.name] else { continue }
                guard value.kind == attribute.kind, !value.isEmptyStringOrBinary else {
                    let error = ItemWriteError.indexKeyInvalid(
                        index: index.name, attribute: attribute.name, expected: attribute.kind, found: value)
                    throw DynamoFault(error, returnsItem: false, isUpdate: false)
                }
            }
            if let part = index.definition.keySchema.oversizedPart(of: item) { throw .keyTooLarge(part) }
        }
        guard !exceedsLocalIndexes(item) else { throw .itemTooLarge }
    }
}

extension DynamoFault {
    /// A key attribute of a table or an index is too long.
    static func keyTooLarge(_ part: KeySchema.Part) -> DynamoFault {
        .invalidParameters(
            part == .sort
                ? "Aggregated size of all range keys has exceeded the size limit of \(KeySchema.maximumSortByteCount) bytes"
                : "Size of hashkey has exceeded the maximum size limit of\(KeySchema.maximumPartitionByteCount) bytes")
    }
}

extension AttributeValue {
    fileprivate var isEmptyStringOrBinary: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .binary(let bytes): bytes.isEmpty
        default: false
        }
    }
}
