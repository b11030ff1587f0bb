import ItemModel
import KeyValueStore

/// The sizes of item collections: all items of one partition key with their entries in local indexes.
///
/// They are kept for tables with local indexes, the only ones with a limit on them. Source: AWS developer guide, "Item collections in
/// local secondary indexes".
struct ItemCollections {
    /// Those that the commands since the last commit have changed, by their keys in the `meta` keyspace.
    private var changed = LookupTable<[UInt8], Int>()

    /// How a change of an item changes its collection; nil in a table without local indexes.
    ///
    /// - Parameter keyAttributes: the item's, the whole item or its key.
    func change(
        of keyAttributes: Item, from old: OldItem?, to new: EncodedItem?, in table: Table,
        _ store: some KeyValueReader
    ) throws(KeyValueStoreError) -> CollectionChange? {
        guard table.hasLocalIndexes, let key = table.collectionKey(of: keyAttributes) else { return nil }
        var difference = (new?.size ?? 0) - (old?.size ?? 0)
        for index in table.indexes where !index.isGlobal {
            if let new { difference += index.entrySize(of: new.item, itemSize: new.size, in: table) }
            if let old, let item = old.item {
                difference -= index.entrySize(of: item, itemSize: old.size, in: table)
            }
        }
        return CollectionChange(key: key, storedByteCount: try byteCount(key, store), difference: difference)
    }

    private func byteCount(_ key: [UInt8], _ store: some KeyValueReader) throws(KeyValueStoreError) -> Int {
        if let size = changed[key] { return size }
        guard let bytes = try store.value(for: key, in: Layout.meta) else { return 0 }
        guard let size: UInt64 = Layout.integer(bytes) else { throw .corruption("an item collection's size") }
        return Int(clamping: size)
    }

    /// - Returns: the collection's size after the change.
    mutating func apply(_ change: CollectionChange, into batch: inout WriteBatch) -> Int {
        // Another change of the same collection may have come since this one was prepared, as in a transaction.
        let before = changed[change.key] ?? change.storedByteCount
        guard change.difference != 0 else { return before }
        let size = max(0, before + change.difference)
        changed[change.key] = size
        if size == 0 {
            batch.delete(change.key, in: Layout.meta)
        } else {
            batch.put(change.key, Layout.bigEndian(UInt64(size)), in: Layout.meta)
        }
        return size
    }

    /// Removes everything under a table's number, which is never used again.
    func removeAll(of table: TableID, into batch: inout WriteBatch) {
        batch.deleteRange(KeyRange(prefix: Layout.collectionPrefix(table)), in: Layout.meta)
    }

    /// Notes that everything pending is in the store.
    mutating func committed() { changed.removeAll() }
}

/// What a change of an item does to the size of its item collection.
struct CollectionChange {
    /// In the `meta` keyspace.
    let key: [UInt8]
    /// When the change was prepared.
    let storedByteCount: Int
    let difference: Int

    /// Whether the collection grows, beyond `limit`.
    func exceeds(_ limit: Int) -> Bool { difference > 0 && storedByteCount + difference > limit }
}

extension Table {
    /// Whether the table has a local index, and with it item collections of bounded size.
    public var hasLocalIndexes: Bool { indexes.contains { !$0.isGlobal } }

    /// Where the size of the item's collection is kept in the `meta` keyspace.
    func collectionKey(of item: Item) -> [UInt8]? {
        var key = Layout.collectionPrefix(id)
        let partition = KeySchema(partition: keySchema.partition)
        return partition.appendForms(of: item, to: &key) ? key : nil
    }
}
