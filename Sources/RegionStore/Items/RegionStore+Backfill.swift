import ItemModel
public import KeyValueStore

extension RegionStore {
    /// Enters the next items of a table into an index that was added to it while it held items, or into the index of when they expire.
    ///
    /// Writes maintain the index from the moment that it is added; this enters what was there before. It is run again and again until
    /// it returns false. After a restart it starts anew, which changes nothing that was entered. It reads what is committed, so
    /// nothing may be pending.
    ///
    /// - Parameter limit: how many items to look at.
    /// - Returns: whether any index of any table still has items to be entered.
    public func backfillIndexes(limit: Int) throws(KeyValueStoreError) -> Bool {
        if let failure { throw failure }
        precondition(pending.isEmpty, "a backfill reads what is committed: commit first")
        guard let (state, index) = nextBackfill(), let table = state.table else {
            return try backfillExpiry(limit: limit)
        }
        let cursor = backfillCursors[index.id] ?? Layout.prefix(table.id)
        var range = KeyRange(prefix: Layout.prefix(table.id))
        range.lower = cursor
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
                    pending.batch.put(key, index.projected(item, in: table).encoded(), in: Layout.indexes)
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
        } else {
            backfillCursors[index.id] = nil
            var state = state
            if let place = state.local.indexes.firstIndex(where: { $0.id == index.id }) {
                state.local.indexes[place].needsBackfill = false
            }
            keep(state)
        }
        return true
    }

    private func nextBackfill() -> (Catalog.TableState, SecondaryIndex)? {
        for uuid in unsettled {
            guard let state = catalog[uuid],
                let index = state.table?.indexes.first(where: { $0.status == .creating })
            else { continue }
            return (state, index)
        }
        return nil
    }
}
