import Expressions
import ItemModel
import KeyValueStore

/// An item that is to be stored: its binary form and its size are found once.
struct EncodedItem: Sendable {
    let item: Item
    /// The binary form.
    let bytes: [UInt8]
    /// By DynamoDB's rules, in bytes.
    let size: Int

    /// An item that came in its binary form.
    init(_ item: Item, bytes: [UInt8]) {
        self.item = item
        self.bytes = bytes
        size = item.sizeInBytes
    }

    /// An item that a client writes to `table`.
    ///
    /// - Throws: where it breaks one of DynamoDB's limits, or a rule for the keys of the table's indexes.
    init(_ item: Item, for table: Table, isUpdate: Bool) throws(ItemWriteError) {
        self.item = item
        size = item.sizeInBytes
        // An item that nests deeper than any request may would trap when it is encoded.
        guard size <= Table.maximumItemByteCount, item.depth <= ExpressionLimits.nestingDepth else {
            throw .itemTooLarge(isUpdate: isUpdate)
        }
        try table.checkIndexes(for: item, size: size, isUpdate: isUpdate)
        bytes = item.encoded()
    }
}

/// The item that a change replaces, read where it is stored and decoded only for those who need it whole.
struct OldItem {
    let stored: ItemValue
    /// By DynamoDB's rules, in bytes.
    let size: Int
    /// The item decoded; nil where that was not asked for.
    let item: Item?

    /// Nil where there is no item, or a tombstone.
    init?(_ stored: ItemValue?, isDecoded: Bool) throws(KeyValueStoreError) {
        guard let stored, !stored.isTombstone else { return nil }
        self.stored = stored
        do {
            if isDecoded {
                let decoded = try stored.binaryItem.decoded()
                item = decoded
                size = decoded.sizeInBytes
            } else {
                item = nil
                size = try stored.binaryItem.sizeInBytes()
            }
        } catch {
            throw .corruption("an item: \(error)")
        }
    }

    /// The binary form, in the stored value.
    var bytes: ArraySlice<UInt8> { stored.bytes[ItemValue.headerByteCount...] }

    /// One attribute, read in place.
    func value(named name: Text) throws(KeyValueStoreError) -> AttributeValue? {
        if let item { return item[name] }
        do {
            return try stored.binaryItem.value(named: name)
        } catch {
            throw .corruption("an item: \(error)")
        }
    }

    /// The item as callers get it.
    var result: StoredItem { StoredItem(version: stored.version, value: stored.bytes, decoded: item) }
}

extension Table {
    /// Whether a change needs the whole item that it replaces, for the entries of indexes and the sizes of collections.
    var needsOldItems: Bool { !indexes.isEmpty }

    /// Throws for an item that cannot be in the table's indexes.
    ///
    /// - Parameter size: the item's.
    func checkIndexes(for item: Item, size: Int, isUpdate: Bool) throws(ItemWriteError) {
        guard !indexes.isEmpty else { return }
        guard !exceedsLocalIndexes(item, size: size) else { throw .itemTooLarge(isUpdate: isUpdate) }
        for index in indexes {
            for attribute in index.definition.keySchema.attributes {
                guard let value = item[attribute.name] else { continue }
                guard value.kind == attribute.kind, !value.isEmptyKey else {
                    throw .indexKeyInvalid(
                        index: index.name, attribute: attribute.name, expected: attribute.kind, found: value)
                }
            }
            if let part = index.definition.keySchema.oversizedPart(of: item) { throw .indexKeyTooLarge(part) }
        }
    }
}
