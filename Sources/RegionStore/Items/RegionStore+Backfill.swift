import ItemModel
public import KeyValueStore

/// How an index comes to a table that holds items, and how one goes.
///
/// An index that is being created holds just the items that lie before its cursor, a key of the table: writes behind the cursor
/// maintain it, those from it on do not concern it yet, and each step enters the next items and moves the cursor, all in one commit.
/// So at every moment, and after every crash, the index is what the items before the cursor say, and its counts are exact.
extension RegionStore {
    /// Takes the next step with one index: enters items into one that was added, the index of when items expire included, or removes one
    /// that was deleted.
    ///
    /// It is run again and again until it returns false, and goes on after a restart where it was. It reads what is committed, so
    /// nothing may be pending.
    ///
    /// - Parameter limit: how many items to look at.
    /// - Returns: whether there was anything to do.
    public func backfillIndexes(limit: Int) throws(KeyValueStoreError) -> Bool {
        if let failure { throw failure }
        precondition(pending.isEmpty, "a backfill reads what is committed: commit first")
        for uuid in pendingReplicas {
            guard var state = catalog[uuid], let table = state.table else { continue }
            if let place = state.local.indexes.firstIndex(where: \.isDeleting) {
                dropIndex(state.local.indexes.remove(at: place).id)
                keep(state)
                return true
            }
            if let index = table.indexes.first(where: { $0.status == .creating }) {
                try enterItems(into: index, of: table, limit: limit)
                return true
            }
        }
        return try backfillExpiry(limit: limit)
    }

    private func enterItems(
        into index: SecondaryIndex, of table: Table, limit: Int
    ) throws(KeyValueStoreError) {
        var range = KeyRange(prefix: Layout.prefix(table.id))
        range.lower = backfillCursors[index.id] ?? range.lower
        var seen = 0
        var next: [UInt8]?
        do {
            try store.visit(range, in: Layout.items, direction: .forward) { key, value in
                guard seen < limit else {
                    next = key
                    return false
                }
                seen += 1
                if let item = try ItemValue(decoding: value).decodedItem(),
                    let key = index.storageKey(of: item, in: table)
                {
                    let entry = index.projected(item, in: table)
                    pending.batch.put(key, entry.encoded(), in: Layout.indexes)
                    addToCounts(of: index.id, entries: 1, bytes: entry.sizeInBytes)
                }
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        if let next {
            backfillCursors[index.id] = next
            pending.batch.put(Layout.backfillKey(index.id), next, in: Layout.meta)
        } else {
            backfillCursors[index.id] = nil
            pending.batch.delete(Layout.backfillKey(index.id), in: Layout.meta)
            guard var state = catalog[table.uuid],
                let place = state.local.indexes.firstIndex(where: { $0.id == index.id })
            else { return }
            state.local.indexes[place].needsBackfill = false
            keep(state)
        }
    }

    /// Whether a write of the item under `key` concerns `index`: not where its backfill has yet to come to the item.
    func isMaintained(_ index: SecondaryIndex, at key: [UInt8]) -> Bool {
        guard index.status == .creating else { return true }
        guard let cursor = backfillCursors[index.id] else { return false }
        return key.lexicographicallyPrecedes(cursor)
    }

    /// Removes everything under an index's number, which is never used again.
    func dropIndex(_ id: IndexID) {
        pending.batch.deleteRange(KeyRange(prefix: Layout.prefix(id)), in: Layout.indexes)
        pending.batch.delete(Layout.backfillKey(id), in: Layout.meta)
        pending.batch.delete(Layout.countKey(id), in: Layout.meta)
        backfillCursors[id] = nil
        indexCounts[id] = nil
        pending.countedIndexes.remove(id)
    }

    /// Changes how much an index holds.
    func addToCounts(of index: IndexID, entries: Int, bytes: Int) {
        guard entries != 0 || bytes != 0 else { return }
        let counts = indexCounts[index] ?? TableStatistics(itemCount: 0, byteCount: 0)
        indexCounts[index] = TableStatistics(
            itemCount: counts.itemCount + entries, byteCount: counts.byteCount + bytes)
        pending.countedIndexes.insert(index)
    }
}
