import ItemModel
import KeyValueStore

/// The `indexes` keyspace: the entries of all secondary indexes, how many each has, and how far its backfill has come.
///
/// An index that is being created holds just the items that lie before its cursor, a key of the table: writes before the cursor
/// maintain it, those from it on do not concern it yet, and each step enters the next items and moves the cursor, all in one commit.
/// So at every moment, and after every crash, the index is what the items before the cursor say, and its counts are exact.
struct IndexEntries {
    private var counts = LookupTable<IndexID, TableStatistics>()
    /// The key of the next item to be entered into each index that is being created; none before the first step.
    private var cursors = LookupTable<IndexID, [UInt8]>()
    /// The indexes whose counts the next commit writes: strictly increasing.
    private var counted: [IndexID] = []

    /// Reads back what is known of an index when the store is opened.
    mutating func load(_ index: IndexID, from store: some KeyValueReader) throws(KeyValueStoreError) {
        counts[index] = try TableStatistics(under: Layout.countKey(index), in: store)
        cursors[index] = try store.value(for: Layout.backfillKey(index), in: Layout.meta)
    }

    /// The key of the next item to be entered into an index that is being created.
    func cursor(of index: IndexID) -> [UInt8]? { cursors[index] }

    /// What a change of the item under `key` does to the table's indexes, in their order.
    func changes(
        at key: [UInt8], from old: OldItem?, to new: EncodedItem?, in table: Table
    ) -> [IndexChange] {
        guard !table.indexes.isEmpty else { return [] }
        let isSameItem = old?.bytes == new?.bytes[...]
        return table.indexes.compactMap { index in
            guard isMaintained(index, at: key) else { return nil }
            return IndexChange(of: index, from: old, to: new, isSameItem: isSameItem, in: table)
        }
    }

    /// Whether a write of the item under `key` concerns `index`: not where its backfill has yet to come to the item.
    private func isMaintained(_ index: SecondaryIndex, at key: [UInt8]) -> Bool {
        guard index.status == .creating else { return true }
        guard let cursor = cursors[index.id] else { return false }
        return key.lexicographicallyPrecedes(cursor)
    }

    mutating func apply(_ changes: [IndexChange], into batch: inout WriteBatch) {
        for change in changes {
            addToCounts(
                of: change.index.id, entries: change.entryCountDifference, bytes: change.newSize - change.oldSize)
            if let oldKey = change.oldKey, oldKey != change.newKey { batch.delete(oldKey, in: Layout.indexes) }
            if let newKey = change.newKey { batch.put(newKey, change.newEntry, in: Layout.indexes) }
        }
    }

    /// Enters the next items of a table into an index that is being created.
    ///
    /// - Parameter limit: how many items to read.
    /// - Returns: whether every item has been entered.
    mutating func backfill(
        _ index: SecondaryIndex, of table: Table, limit: Int, in store: some KeyValueStore,
        into batch: inout WriteBatch
    ) throws(KeyValueStoreError) -> Bool {
        var entries: [(key: [UInt8], bytes: [UInt8], size: Int)] = []
        let next = try ItemPage.visit(table, from: cursors[index.id], limit: limit, in: store) { _, value in
            guard let item = try value.decodedItem(), let key = index.storageKey(of: item, in: table) else { return }
            let entry = index.projected(item, in: table)
            entries.append((key, entry.encoded(), entry.sizeInBytes))
        }
        for (key, bytes, size) in entries {
            batch.put(key, bytes, in: Layout.indexes)
            addToCounts(of: index.id, entries: 1, bytes: size)
        }
        cursors[index.id] = next
        if let next {
            batch.put(Layout.backfillKey(index.id), next, in: Layout.meta)
        } else {
            batch.delete(Layout.backfillKey(index.id), in: Layout.meta)
        }
        return next == nil
    }

    /// Removes everything under an index's number, which is never used again.
    mutating func removeAll(of index: IndexID, into batch: inout WriteBatch) {
        batch.deleteRange(KeyRange(prefix: Layout.prefix(index)), in: Layout.indexes)
        batch.delete(Layout.backfillKey(index), in: Layout.meta)
        batch.delete(Layout.countKey(index), in: Layout.meta)
        cursors[index] = nil
        counts[index] = nil
        counted.removeAll { $0 == index }
    }

    private mutating func addToCounts(of index: IndexID, entries: Int, bytes: Int) {
        guard entries != 0 || bytes != 0 else { return }
        counts[index, default: TableStatistics(itemCount: 0, byteCount: 0)].add(items: entries, bytes: bytes)
        let place = counted.firstIndex { $0 >= index } ?? counted.endIndex
        if place == counted.endIndex || counted[place] != index { counted.insert(index, at: place) }
    }

    /// Adds to the batch of a commit what changed beside the entries.
    func stageCounts(into batch: inout WriteBatch) {
        for index in counted {
            guard let counts = counts[index] else { continue }
            batch.put(Layout.countKey(index), counts.encoded(), in: Layout.meta)
        }
    }

    /// Notes that everything pending is in the store.
    mutating func committed() {
        if !counted.isEmpty { counted = [] }
    }
}

/// Some of a table's items in the order of their keys, as they are committed.
enum ItemPage {
    /// Reads at most `limit` values from `start` on, tombstones among them.
    ///
    /// - Returns: the key of the next one; nil at the table's end.
    static func visit(
        _ table: Table, from start: [UInt8]?, limit: Int, in store: some KeyValueReader,
        _ body: (_ key: [UInt8], _ value: ItemValue) throws -> Void
    ) throws(KeyValueStoreError) -> [UInt8]? {
        var range = KeyRange(prefix: Layout.prefix(table.id))
        range.lower = start ?? range.lower
        var count = 0
        var next: [UInt8]?
        do {
            try store.visit(range, in: Layout.items, direction: .forward) { key, bytes in
                guard count < limit else {
                    next = key
                    return false
                }
                count += 1
                try body(key, ItemValue(decoding: bytes))
                return true
            }
        } catch {
            throw KeyValueStoreError(reading: error)
        }
        return next
    }
}

extension KeyValueStoreError {
    /// What a visit threw: the store's own error, or what shows that its contents are damaged.
    init(reading error: any Error) {
        self = error as? KeyValueStoreError ?? .corruption("\(error)")
    }
}
