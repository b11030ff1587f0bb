public import ItemModel
public import KeyValueStore

extension RegionReader {
    /// Several items of any number of tables, all as of one commit; nil where there is none.
    ///
    /// A transaction is one commit, so that this shows all of it or nothing.
    public func items(_ keys: [(table: Table, key: Item)]) throws(KeyValueStoreError) -> [StoredItem?] {
        let storageKeys = keys.map { $0.table.storageKey(of: $0.key) }
        let values = try store.snapshot().values(for: storageKeys.compactMap(\.self), in: Layout.items)
        var found: [StoredItem?] = []
        var next = values.makeIterator()
        for key in storageKeys {
            guard key != nil, let value = next.next(), let bytes = value else {
                found.append(nil)
                continue
            }
            found.append(try Self.storedItem(bytes))
        }
        return found
    }
}
