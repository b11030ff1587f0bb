import ItemModel
import KeyValueStore

/// The index over the times at which items expire, which is kept up by every write as the other indexes are.
///
/// An index, and no scan of the table: what has expired is found in the time that it takes to delete it, however large the table.
extension RegionStore {
    /// Begins, ends or renews the index as the table's time to live asks for.
    func reconcileExpiry(_ state: inout Catalog.TableState) {
        guard let id = state.local.tableID else { return }
        let wanted = TableSettings(state.entry).timeToLive.flatMap { $0.isEnabled ? $0.attribute : nil }
        guard wanted != state.local.expiryAttribute else { return }
        if state.local.expiryAttribute != nil {
            pending.batch.deleteRange(KeyRange(prefix: Layout.prefix(id)), in: Layout.expiry)
        }
        state.local.expiryAttribute = wanted
        state.local.needsExpiryBackfill = wanted != nil && state.itemCount > 0
        expiryProgress[id] = nil
        expiryBackfillCursors[id] = nil
    }

    /// Brings the index into line with a change of an item.
    func stageExpiry(_ change: ItemChange) {
        guard let attribute = change.table.expiryAttribute else { return }
        let before = ExpirySecond.of(change.old?[attribute])
        let after = ExpirySecond.of(change.new?[attribute])
        if let before, before != after {
            pending.batch.delete(
                Layout.expiryKey(change.table.id, before, itemKey: change.key), in: Layout.expiry)
        }
        guard let after else { return }
        putExpiry(after, itemKey: change.key, writer: change.version.origin.region, in: change.table.id)
    }

    private func putExpiry(_ second: UInt64, itemKey: [UInt8], writer: RegionID, in table: TableID) {
        let key = Layout.expiryKey(table, second, itemKey: itemKey)
        pending.batch.put(key, Layout.bigEndian(writer.rawValue), in: Layout.expiry)
        expiryProgress[table]?.include(key)
    }

    /// Enters the next items of a table whose time to live was enabled while it held items.
    ///
    /// - Returns: whether any table still has items to be entered.
    func backfillExpiry(limit: Int) throws(KeyValueStoreError) -> Bool {
        guard
            var state = pendingReplicas.lazy.compactMap({ self.catalog[$0] }).first(where: \.local.needsExpiryBackfill),
            let table = state.table, let attribute = state.local.expiryAttribute
        else { return false }
        var range = KeyRange(prefix: Layout.prefix(table.id))
        if let cursor = expiryBackfillCursors[table.id] { range.lower = cursor }
        var seen = 0
        var next: [UInt8]?
        do {
            try store.visit(range, in: Layout.items, direction: .forward) { key, bytes in
                guard seen < limit else {
                    next = key
                    return false
                }
                seen += 1
                let value = try ItemValue(decoding: bytes)
                guard !value.isTombstone,
                    let second = ExpirySecond.of(
                        try BinaryItem(bytes, in: StoredItem.itemOffset..<bytes.count).value(named: attribute))
                else { return true }
                putExpiry(second, itemKey: key, writer: value.version.origin.region, in: table.id)
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        expiryBackfillCursors[table.id] = next
        if next == nil {
            state.local.needsExpiryBackfill = false
            keep(state)
        }
        return true
    }
}
