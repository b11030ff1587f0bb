import ItemModel
import KeyValueStore

/// The sizes of item collections: all items of one partition key with their entries in local indexes.
///
/// They are kept for tables with local indexes, the only ones with a limit on them. Source: AWS developer guide, "Item collections in
/// local secondary indexes".
extension RegionStore {
    /// How an item's change changes its collection; nil in a table without local indexes.
    ///
    /// - Returns: where the collection's size is kept, and the difference in bytes.
    private func collectionChange(
        old: Item?, new: Item?, in table: Table
    ) -> (key: [UInt8], difference: Int)? {
        guard table.hasLocalIndexes, let item = new ?? old, let key = table.collectionKey(of: item) else { return nil }
        var difference = (new?.sizeInBytes ?? 0) - (old?.sizeInBytes ?? 0)
        for index in table.indexes where !index.isGlobal {
            difference += size(of: new, in: index, table) - size(of: old, in: index, table)
        }
        return (key, difference)
    }

    private func size(of item: Item?, in index: SecondaryIndex, _ table: Table) -> Int {
        guard let item, index.storageKey(of: item, in: table) != nil else { return 0 }
        return index.projected(item, in: table).sizeInBytes
    }

    /// The size of the collection that is kept under `key`, with what is pending.
    func collectionByteCount(_ key: [UInt8]) throws(KeyValueStoreError) -> Int {
        if let size = pending.collections[key] { return size }
        guard let bytes = try store.value(for: key, in: Layout.meta) else { return 0 }
        guard let size: UInt64 = Layout.integer(bytes) else { throw .corruption("an item collection's size") }
        return Int(clamping: size)
    }

    /// The size of the collection of an item of that key; nil in a table without local indexes.
    func collectionByteCount(of keyAttributes: Item, in table: Table) -> Int? {
        guard table.hasLocalIndexes, let key = table.collectionKey(of: keyAttributes) else { return nil }
        return try? collectionByteCount(key)
    }

    /// Refuses a change by which an item collection would grow beyond the limit.
    ///
    /// The writes of one transaction are each looked at as if they were the only one.
    func checkCollection(old: Item?, new: Item?, in table: Table) throws(ItemWriteError) {
        guard let (key, difference) = collectionChange(old: old, new: new, in: table), difference > 0 else { return }
        let size: Int
        do {
            size = try collectionByteCount(key)
        } catch {
            throw .storage("\(error)")
        }
        guard size + difference <= configuration.maximumItemCollectionByteCount else {
            throw .itemCollectionTooLarge
        }
    }

    /// Keeps the size of a change's item collection.
    ///
    /// A store that cannot be read takes no further command: nothing of the change is acknowledged then.
    func stageCollection(_ change: ItemChange) {
        guard let (key, difference) = collectionChange(old: change.old, new: change.new, in: change.table),
            difference != 0
        else { return }
        do {
            let size = max(0, try collectionByteCount(key) + difference)
            pending.collections[key] = size
            if size == 0 {
                pending.batch.delete(key, in: Layout.meta)
            } else {
                pending.batch.put(key, Layout.bigEndian(UInt64(size)), in: Layout.meta)
            }
        } catch {
            failure = failure ?? error
        }
    }
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
