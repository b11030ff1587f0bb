public import ItemModel

/// How the keys of a table and of its indexes become bytes.
extension KeySchema {
    /// DynamoDB's limit on an attribute of a partition key, in bytes.
    public static let maximumPartitionByteCount = 2048
    /// DynamoDB's limit on an attribute of a sort key, in bytes.
    public static let maximumSortByteCount = 1024

    /// Which part of the key of `item` has an attribute that is longer than a key's may be.
    public func oversizedPart(of item: Item) -> Part? {
        if partition.contains(where: { item[$0.name]?.keyByteCount ?? 0 > Self.maximumPartitionByteCount }) {
            return .partition
        }
        if sort.contains(where: { item[$0.name]?.keyByteCount ?? 0 > Self.maximumSortByteCount }) { return .sort }
        return nil
    }

    /// One of the two parts of a key.
    public enum Part: Sendable, Hashable {
        case partition
        case sort
    }

    /// The key attributes of `item` alone, or nil where one is missing or of another type.
    public func key(of item: Item) -> Item? {
        var key = Item()
        for attribute in attributes {
            guard let value = item[attribute.name], value.kind == attribute.kind else { return nil }
            key[attribute.name] = value
        }
        return key
    }

    /// Appends hash, partition key forms and sort key forms; false where an attribute is missing, of another type or empty.
    func appendForms(of item: Item, to bytes: inout [UInt8]) -> Bool {
        // The hash is put in front of what it is of when that is there.
        let start = bytes.count
        withUnsafeBytes(of: 0 as UInt64) { bytes.append(contentsOf: $0) }
        for attribute in partition {
            guard append(attribute, of: item, to: &bytes) else { return false }
        }
        let hash = PartitionHash.hash(bytes.span.extracting((start + 8)...))
        for index in 0..<8 { bytes[start + index] = UInt8(truncatingIfNeeded: hash >> UInt64(56 - 8 * index)) }
        for attribute in sort {
            guard append(attribute, of: item, to: &bytes) else { return false }
        }
        return true
    }

    /// Appends partition key forms and sort key forms, as they stand at the end of an index's key; false likewise.
    func appendReferringForms(of item: Item, to bytes: inout [UInt8]) -> Bool {
        for attributes in [partition, sort] {
            for attribute in attributes {
                guard let value = item[attribute.name], value.kind == attribute.kind,
                    KeyEncoder.append(value, to: &bytes)
                else { return false }
            }
        }
        return true
    }

    private func append(_ attribute: KeyAttribute, of item: Item, to bytes: inout [UInt8]) -> Bool {
        guard let value = item[attribute.name], value.kind == attribute.kind, !value.isEmptyKey else { return false }
        return KeyEncoder.append(value, to: &bytes)
    }
}

extension AttributeValue {
    /// The length of a string or binary; zero for a number, which is never too long for a key.
    fileprivate var keyByteCount: Int {
        switch self {
        case .string(let text): text.byteCount
        case .binary(let bytes): bytes.count
        default: 0
        }
    }

    /// Whether this is a string or binary of no bytes, which no key may be.
    var isEmptyKey: Bool {
        switch self {
        case .string(let text): text.isEmpty
        case .binary(let bytes): bytes.isEmpty
        default: false
        }
    }
}

extension Table {
    /// The key in the `items` keyspace of the item that has these key attributes; nil where they do not fit the schema.
    func storageKey(of item: Item) -> [UInt8]? {
        var bytes = Layout.prefix(id)
        bytes.reserveCapacity(64)
        return keySchema.appendForms(of: item, to: &bytes) ? bytes : nil
    }
}

extension Table {
    /// Whether the item, with its entry in one of the local indexes, is larger than an item may be.
    ///
    /// Source: AWS developer guide, "Local secondary indexes: item size".
    public func exceedsLocalIndexes(_ item: Item) -> Bool { exceedsLocalIndexes(item, size: item.sizeInBytes) }

    /// - Parameter size: the item's.
    func exceedsLocalIndexes(_ item: Item, size: Int) -> Bool {
        let limit = Self.maximumItemByteCount
        // An entry is never larger than its item.
        guard size > limit / 2 else { return false }
        return indexes.contains { index in
            !index.isGlobal && size + index.entrySize(of: item, itemSize: size, in: self) > limit
        }
    }

    /// DynamoDB's limit on an item, in bytes.
    public static var maximumItemByteCount: Int { 400 * 1024 }
}

extension SecondaryIndex {
    /// The key in the `indexes` keyspace of the entry for `item`; nil where the item is not in the index, as it lacks a key attribute.
    ///
    /// An item that was there before the index may have one that is too long for a key: it is not in the index then.
    func storageKey(of item: Item, in table: Table) -> [UInt8]? {
        guard definition.keySchema.oversizedPart(of: item) == nil else { return nil }
        var bytes = Layout.prefix(id)
        bytes.reserveCapacity(96)
        guard definition.keySchema.appendForms(of: item, to: &bytes),
            table.keySchema.appendReferringForms(of: item, to: &bytes)
        else { return nil }
        return bytes
    }

    /// The size of the entry for `item`; zero where the item is not in the index.
    func entrySize(of item: Item, itemSize: Int, in table: Table) -> Int {
        guard storageKey(of: item, in: table) != nil else { return 0 }
        return definition.projection == .all ? itemSize : projected(item, in: table).sizeInBytes
    }

    /// What the index holds of `item`.
    func projected(_ item: Item, in table: Table) -> Item {
        let extra: [Text]
        switch definition.projection {
        case .all: return item
        case .keysOnly: extra = []
        case .include(let names): extra = names
        }
        let keys = (table.keySchema.attributes + definition.keySchema.attributes).map(\.name)
        var result = Item()
        for name in keys + extra { result[name] = item[name] }
        return result
    }

    /// The names of all attributes that the index can hold; nil for all.
    public func projectedNames(in table: Table) -> [Text]? {
        switch definition.projection {
        case .all: nil
        case .keysOnly: (table.keySchema.attributes + definition.keySchema.attributes).map(\.name)
        case .include(let names):
            (table.keySchema.attributes + definition.keySchema.attributes).map(\.name) + names
        }
    }
}
