import ItemModel
import KeyValueStore

/// The `expiry` keyspace: an index over the times at which items expire, which every write maintains as it does the other indexes.
///
/// An index, and no scan of the table: what has expired is found in the time that it takes to delete it, however large the table.
struct ExpiryIndex {
    /// How far each table's expired items have been dealt with; begun anew after a restart, and then only what is still there is found.
    private var progress = LookupTable<TableID, Progress>()
    /// Where the backfill of each table's entries goes on; begun anew after a restart.
    private var cursors = LookupTable<TableID, [UInt8]>()
    /// The table at which the last sweep stopped that reached its limit: the next one begins behind it.
    private(set) var lastSweptTable = TableUUID(high: 0, low: 0)

    /// Places in a table's part of the keyspace.
    private struct Progress {
        /// Before it there is nothing that this region wrote last, of what has expired.
        var own: [UInt8] = []
        /// Before it there is nothing at all.
        var everybody: [UInt8] = []

        /// Goes back to an entry that was put behind.
        mutating func include(_ key: [UInt8]) {
            if key.lexicographicallyPrecedes(own) { own = key }
            if key.lexicographicallyPrecedes(everybody) { everybody = key }
        }
    }

    /// An item that expires, as the index says.
    struct Entry {
        let key: [UInt8]
        let second: UInt64

        /// In the `items` keyspace.
        var itemKey: [UInt8] { Layout.itemKey(ofExpiryKey: key) }
    }

    // MARK: Changes

    /// - Parameter writer: the region that has written the item.
    mutating func apply(
        _ change: ExpiryChange, itemKey: [UInt8], writer: RegionID, in table: TableID, into batch: inout WriteBatch
    ) {
        if let before = change.before, before != change.after {
            batch.delete(Layout.expiryKey(table, before, itemKey: itemKey), in: Layout.expiry)
        }
        if let after = change.after { put(after, itemKey: itemKey, writer: writer, in: table, into: &batch) }
    }

    private mutating func put(
        _ second: UInt64, itemKey: [UInt8], writer: RegionID, in table: TableID, into batch: inout WriteBatch
    ) {
        let key = Layout.expiryKey(table, second, itemKey: itemKey)
        batch.put(key, Layout.bigEndian(writer.rawValue), in: Layout.expiry)
        progress[table]?.include(key)
    }

    /// Removes an entry that no item is behind.
    func remove(_ entry: Entry, into batch: inout WriteBatch) { batch.delete(entry.key, in: Layout.expiry) }

    /// Removes every entry of a table.
    func removeAll(of table: TableID, into batch: inout WriteBatch) {
        batch.deleteRange(KeyRange(prefix: Layout.prefix(table)), in: Layout.expiry)
    }

    /// Forgets how far a table's items were entered and dealt with: its attribute is another one now.
    mutating func restart(_ table: TableID) {
        progress[table] = nil
        cursors[table] = nil
    }

    /// Enters the next items of a table whose time to live was enabled while it held items.
    ///
    /// - Parameter limit: how many items to read.
    /// - Returns: whether every item has been entered.
    mutating func backfill(
        _ table: Table, by attribute: Text, limit: Int, in store: some KeyValueStore, into batch: inout WriteBatch
    ) throws(KeyValueStoreError) -> Bool {
        var found: [(second: UInt64, itemKey: [UInt8], writer: RegionID)] = []
        let next = try ItemPage.visit(table, from: cursors[table.id], limit: limit, in: store) { key, value in
            guard !value.isTombstone, let second = ExpirySecond.of(try value.binaryItem.value(named: attribute)) else {
                return
            }
            found.append((second, key, value.version.origin.region))
        }
        for (second, key, writer) in found { put(second, itemKey: key, writer: writer, in: table.id, into: &batch) }
        cursors[table.id] = next
        return next == nil
    }

    // MARK: Sweeps

    /// Takes the next entries of a table whose items `region` deletes, and does not show them again.
    ///
    /// - Parameter budget: how many entries to read, less those that were read.
    mutating func takeExpired(
        of table: TableID, _ window: ExpiryWindow, by region: RegionID, budget: inout Int, in store: some KeyValueStore
    ) throws(KeyValueStoreError) -> [Entry] {
        var progress = progress[table] ?? Progress()
        let start = Layout.prefix(table) + Layout.bigEndian(window.oldest)
        let isGlobal = window.othersEnd != nil
        var entries: [Entry] = []
        progress.own = try visit(
            table, from: max(start, progress.own), to: window.ownEnd, of: isGlobal ? region : nil, &budget, store,
            &entries)
        if let end = window.othersEnd, budget > 0 {
            progress.everybody = try visit(
                table, from: max(start, progress.everybody), to: end, of: nil, &budget, store, &entries)
        }
        self.progress[table] = progress
        return entries
    }

    /// Adds the entries before the second `end` to `entries`.
    ///
    /// - Parameter writer: the region that has written them last; nil for any.
    /// - Returns: where to go on.
    private func visit(
        _ table: TableID, from start: [UInt8], to end: UInt64, of writer: RegionID?, _ budget: inout Int,
        _ store: some KeyValueStore, _ entries: inout [Entry]
    ) throws(KeyValueStoreError) -> [UInt8] {
        let upper = Layout.prefix(table) + Layout.bigEndian(end)
        guard start.lexicographicallyPrecedes(upper) else { return start }
        var next = upper
        do {
            try store.visit(KeyRange(from: start, to: upper), in: Layout.expiry, direction: .forward) { key, value in
                guard budget > 0 else {
                    next = key
                    return false
                }
                budget -= 1
                guard let second: UInt64 = Layout.integer(Array(key.dropFirst(4).prefix(8))),
                    let last: UInt16 = Layout.integer(value)
                else { throw KeyValueStoreError.corruption("an entry of the expiry index") }
                if writer.map({ $0.rawValue == last }) ?? true { entries.append(Entry(key: key, second: second)) }
                return true
            }
        } catch {
            throw KeyValueStoreError(reading: error)
        }
        return next
    }

    /// Notes at which table a sweep reached its limit.
    mutating func noteSweepStopped(at table: TableUUID) { lastSweptTable = table }
}

/// The greater of two keys.
private func max(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    left.lexicographicallyPrecedes(right) ? right : left
}
