import Expressions
import ItemModel
import KeyValueStore

/// What the replicas here hold: items, and everything that is derived from them and changes with them in the same commit.
struct TableContents {
    private(set) var items = ItemStorage()
    var tombstones = Tombstones()
    private(set) var indexes = IndexEntries()
    var expiry = ExpiryIndex()
    private var collections = ItemCollections()

    /// Reads back what is known of a replica's indexes when the store is opened.
    mutating func load(_ local: LocalTableState, from store: some KeyValueReader) throws(KeyValueStoreError) {
        for index in local.indexes { try indexes.load(index.id, from: store) }
    }

    // MARK: Writes

    /// Evaluates a write's condition on the item as it stands, with what is pending, and finds out what becomes of it.
    ///
    /// - Parameter table: the write's, as it is now.
    func prepare(
        _ write: ItemWrite, in table: Table, maximumCollectionByteCount: Int, _ store: some KeyValueReader
    ) throws(ItemWriteError) -> PreparedWrite {
        guard let key = write.key else { throw .tableNotFound }
        let (stored, old) = try item(at: key, isDecoded: write.readsItem || table.needsOldItems, store)
        if let condition = write.condition, !condition.evaluate(old?.item ?? Item()) {
            throw .conditionFailed(old?.result)
        }
        let (new, updated) = try write.outcome(on: old?.item, in: table)
        let change: ItemChange
        do {
            change = try self.change(
                of: key, write.action.keyAttributes, in: table, from: stored, old, to: new, store)
        } catch {
            throw .storage("\(error)")
        }
        if let collection = change.collection, collection.exceeds(maximumCollectionByteCount) {
            throw .itemCollectionTooLarge
        }
        return PreparedWrite(change: change, updated: updated, deletedKeyBytes: write.deletedKeyBytes)
    }

    /// Evaluates a check's condition on the item as it stands, with what is pending.
    ///
    /// - Returns: the item's size.
    func evaluate(_ check: ItemCheck, _ store: some KeyValueReader) throws(ItemWriteError) -> Int {
        guard let key = check.key else { throw .tableNotFound }
        let old = try item(at: key, isDecoded: true, store).old
        guard check.condition.evaluate(old?.item ?? Item()) else { throw .conditionFailed(old?.result) }
        return old?.size ?? 0
    }

    private func item(
        at key: [UInt8], isDecoded: Bool, _ store: some KeyValueReader
    ) throws(ItemWriteError) -> (stored: ItemValue?, old: OldItem?) {
        do {
            let stored = try items.value(key, in: store)
            return (stored, try OldItem(stored, isDecoded: isDecoded))
        } catch {
            throw .storage("\(error)")
        }
    }

    /// The deletion of the item that an entry of the expiry index is for, if it expires then; otherwise the entry is removed.
    func expiration(
        _ entry: ExpiryIndex.Entry, by attribute: Text, in table: Table, _ store: some KeyValueReader,
        into batch: inout WriteBatch
    ) throws(KeyValueStoreError) -> PreparedWrite? {
        let key = entry.itemKey
        let stored = try items.value(key, in: store)
        guard let old = try OldItem(stored, isDecoded: table.needsOldItems),
            ExpirySecond.of(try old.value(named: attribute)) == entry.second
        else {
            // No write leaves such an entry.
            expiry.remove(entry, into: &batch)
            return nil
        }
        let keyAttributes: Item
        do {
            keyAttributes = try table.decodedKey(key)
        } catch {
            throw .corruption("an item's key: \(error)")
        }
        return PreparedWrite(
            change: try change(of: key, keyAttributes, in: table, from: stored, old, to: nil, store),
            deletedKeyBytes: keyAttributes.encoded())
    }

    // MARK: Changes of items

    /// What a change of an item changes beside it.
    ///
    /// - Parameters:
    ///   - keyAttributes: the item's, the whole item or its key.
    ///   - old: decoded where the table needs that.
    func change(
        of key: [UInt8], _ keyAttributes: Item, in table: Table, from stored: ItemValue?, _ old: OldItem?,
        to new: EncodedItem?, _ store: some KeyValueReader
    ) throws(KeyValueStoreError) -> ItemChange {
        ItemChange(
            table: table, key: key, storedVersion: stored?.version, old: old, new: new,
            indexChanges: indexes.changes(at: key, from: old, to: new, in: table),
            collection: try collections.change(of: keyAttributes, from: old, to: new, in: table, store),
            expiry: try ExpiryChange(from: old, to: new, in: table), leavesTombstone: table.keepsTombstones)
    }

    /// What a change that has no condition changes beside the item.
    func change(
        of key: [UInt8], _ keyAttributes: Item, in table: Table, from stored: ItemValue?, to new: EncodedItem?,
        _ store: some KeyValueReader
    ) throws(KeyValueStoreError) -> ItemChange {
        let old = try OldItem(stored, isDecoded: table.needsOldItems)
        return try change(of: key, keyAttributes, in: table, from: stored, old, to: new, store)
    }

    /// Puts an item or its tombstone into the batch, and what changes with it.
    ///
    /// - Parameter originPosition: where the change stands in its origin's log; nil where a snapshot brought it.
    /// - Returns: the size of the item's collection; nil in a table without local indexes.
    mutating func apply(
        _ change: ItemChange, version: Version, originPosition: LogPosition?, into batch: inout WriteBatch
    ) -> Int? {
        let isTombstone = change.new == nil && change.leavesTombstone
        tombstones.replace(
            change.storedTombstone,
            by: isTombstone
                ? .init(table: change.table.id, version: version, position: originPosition, itemKey: change.key) : nil,
            of: change.table.id, into: &batch)
        if change.new == nil, !isTombstone {
            items.remove(change.key, into: &batch)
        } else {
            items.put(
                ItemValue.encode(version: version, item: change.new?.bytes), under: change.key, into: &batch)
        }
        if let expiry = change.expiry {
            self.expiry.apply(
                expiry, itemKey: change.key, writer: version.origin.region, in: change.table.id, into: &batch)
        }
        let size = change.collection.map { collections.apply($0, into: &batch) }
        indexes.apply(change.indexChanges, into: &batch)
        return size
    }

    /// Removes a tombstone that no late write can need any more.
    ///
    /// - Returns: false where the item is another by now: it is never removed for what an index says of it.
    mutating func removeTombstone(
        _ entry: Tombstones.Entry, _ store: some KeyValueReader, into batch: inout WriteBatch
    ) throws(KeyValueStoreError) -> Bool {
        tombstones.remove(entry, into: &batch)
        guard try items.value(entry.itemKey, in: store)?.tombstoneVersion == entry.version else { return false }
        items.remove(entry.itemKey, into: &batch)
        return true
    }

    // MARK: Tables and indexes

    /// Removes everything under a replica's local numbers, which are never used again.
    mutating func removeAll(of local: LocalTableState, into batch: inout WriteBatch) {
        if let id = local.tableID {
            items.removeAll(of: id, into: &batch)
            tombstones.removeAll(of: id, into: &batch)
            expiry.removeAll(of: id, into: &batch)
            expiry.restart(id)
            collections.removeAll(of: id, into: &batch)
        }
        for index in local.indexes { indexes.removeAll(of: index.id, into: &batch) }
    }

    /// Begins, ends or renews the expiry index of a replica, as the table's time to live asks for.
    mutating func reconcileExpiry(
        of local: inout LocalTableState, with attribute: Text?, hasItems: Bool, into batch: inout WriteBatch
    ) {
        guard let id = local.tableID, attribute != local.expiryAttribute else { return }
        if local.expiryAttribute != nil { expiry.removeAll(of: id, into: &batch) }
        local.expiryAttribute = attribute
        local.needsExpiryBackfill = attribute != nil && hasItems
        expiry.restart(id)
    }

    /// Takes one step with what a replica's indexes lack: removes one that was deleted, or enters items into one that was added, the
    /// expiry index last.
    ///
    /// - Returns: whether there was anything to do.
    mutating func backfill(
        _ local: inout LocalTableState, of table: Table, limit: Int, in store: some KeyValueStore,
        into batch: inout WriteBatch
    ) throws(KeyValueStoreError) -> Bool {
        if let place = local.indexes.firstIndex(where: \.isDeleting) {
            indexes.removeAll(of: local.indexes.remove(at: place).id, into: &batch)
            return true
        }
        guard let index = table.indexes.first(where: { $0.status == .creating }) else { return false }
        if try indexes.backfill(index, of: table, limit: limit, in: store, into: &batch),
            let place = local.indexes.firstIndex(where: { $0.id == index.id })
        {
            local.indexes[place].needsBackfill = false
        }
        return true
    }

    /// Enters the next items of a table whose time to live was enabled while it held items.
    mutating func backfillExpiry(
        _ local: inout LocalTableState, of table: Table, limit: Int, in store: some KeyValueStore,
        into batch: inout WriteBatch
    ) throws(KeyValueStoreError) {
        guard let attribute = local.expiryAttribute else { return }
        local.needsExpiryBackfill = try !expiry.backfill(
            table, by: attribute, limit: limit, in: store, into: &batch)
    }

    /// Adds to the batch of a commit what changed beside the entries.
    func stage(into batch: inout WriteBatch) { indexes.stageCounts(into: &batch) }

    /// Notes that everything pending is in the store.
    mutating func committed() {
        items.committed()
        indexes.committed()
        collections.committed()
    }
}
