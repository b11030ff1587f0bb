import KeyValueStore

/// The `items` keyspace, with what the commands since the last commit have changed in it.
struct ItemStorage {
    private var pending = PendingItems()

    /// The stored value under a key, with what is pending.
    func value(_ key: [UInt8], in store: some KeyValueReader) throws(KeyValueStoreError) -> ItemValue? {
        let bytes: [UInt8]?
        if let changed = pending[key] {
            bytes = changed
        } else {
            bytes = try store.value(for: key, in: Layout.items)
        }
        guard let bytes else { return nil }
        do {
            return try ItemValue(decoding: bytes)
        } catch {
            throw .corruption("an item's value: \(error)")
        }
    }

    /// Puts an item's value, or a tombstone, under a key.
    mutating func put(_ value: [UInt8], under key: [UInt8], into batch: inout WriteBatch) {
        batch.put(key, value, in: Layout.items)
        pending.set(key, to: value)
    }

    mutating func remove(_ key: [UInt8], into batch: inout WriteBatch) {
        batch.delete(key, in: Layout.items)
        pending.set(key, to: nil)
    }

    /// Removes everything under a table's number, which is never used again.
    func removeAll(of table: TableID, into batch: inout WriteBatch) {
        batch.deleteRange(KeyRange(prefix: Layout.prefix(table)), in: Layout.items)
    }

    /// Notes that everything pending is in the store.
    mutating func committed() { pending = PendingItems() }
}
