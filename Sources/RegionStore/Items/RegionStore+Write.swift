import Expressions
import HybridClock
import ItemModel
import KeyValueStore

extension RegionStore {
    /// DynamoDB's limit on an item, in bytes.
    public static var maximumItemByteCount: Int { Table.maximumItemByteCount }

    /// Runs one write against the item as it stands, with what is pending.
    ///
    /// - Parameter admission: who is asked for the capacity that it takes; nil where nobody is.
    /// - Throws: `ItemWriteError`; nothing has changed then.
    public func write(
        _ write: ItemWrite, at nowMilliseconds: UInt64, admission: (any WriteAdmission)? = nil
    ) throws(ItemWriteError) -> ItemWriteResult {
        if let failure { throw .storage("\(failure)") }
        let prepared: PreparedWrite
        do throws(ItemWriteError) {
            prepared = try prepare(write, admission)
        } catch {
            if case .conditionFailed(let old) = error, let demand = demand(ofLookAt: old, in: write.table, admission) {
                _ = admission?.take([demand])
            }
            throw error
        }
        if let demand = demand(of: prepared), let refusal = admission?.take([demand]) {
            throw .throttled(refusal.resource)
        }
        return stage(prepared, at: nowMilliseconds)
    }

    /// A write that was carried out on the item as it stands, before anything is changed.
    struct PreparedWrite {
        let table: Table
        let key: [UInt8]
        let stored: ItemValue?
        let old: Item?
        let new: Item?
        let updated: UpdatedItem?
        /// The attributes that say which item is meant.
        let keyAttributes: Item
        /// Whether it has to be asked whether there is capacity for it.
        var isLimited = false
        /// Whether there is nothing to log: a deletion of what is not there, in a table that no other region has.
        var changesNothing: Bool { new == nil && old == nil && !table.isGlobal }
    }

    /// Evaluates a write's condition, and finds out what becomes of its item; takes no capacity.
    func prepare(
        _ write: ItemWrite, _ admission: (any WriteAdmission)? = nil
    ) throws(ItemWriteError) -> PreparedWrite {
        guard let table = catalog[write.table.uuid]?.table, table.id == write.table.id, table.status == .active,
            let key = table.storageKey(of: write.key)
        else { throw .tableNotFound }
        let isLimited = admission?.isLimited(table) ?? false
        guard !isLimited || admission?.hasCapacity(table) ?? true else { throw .throttled(.table) }
        let (stored, old) = try storedItem(key)
        if let condition = write.condition, !condition.evaluate(old ?? Item()) { throw .conditionFailed(old) }
        let (new, updated) = try outcome(of: write, old: old, table: table)
        try checkCollection(old: old, new: new, in: table)
        return PreparedWrite(
            table: table, key: key, stored: stored, old: old, new: new, updated: updated, keyAttributes: write.key,
            isLimited: isLimited)
    }

    /// Puts what was prepared into the batch.
    ///
    /// - Parameter transaction: the change's place in its transaction.
    func stage(
        _ prepared: PreparedWrite, transaction: ChangeRecord.TransactionBounds? = nil,
        cause: ChangeRecord.Cause = .user, at nowMilliseconds: UInt64
    ) -> ItemWriteResult {
        let (table, old, new, stored) = (prepared.table, prepared.old, prepared.new, prepared.stored)
        guard !prepared.changesNothing else {
            return ItemWriteResult(old: nil, new: nil, updated: nil, oldSize: 0, newSize: 0, indexEffects: [])
        }
        let version = nextVersion(at: nowMilliseconds)
        let position = nextPosition()
        let bytes = new?.encoded()
        let keyAttributes = prepared.keyAttributes
        let record = ChangeRecord(
            kind: new == nil ? .delete : .put, cause: cause, position: position, version: version,
            replaced: stored?.version ?? .zero, table: table.uuid, transaction: transaction,
            payload: bytes ?? (table.keySchema.key(of: keyAttributes) ?? keyAttributes).encoded())
        let oldSize = old?.sizeInBytes ?? 0
        let newSize = new?.sizeInBytes ?? 0
        let effects = stage(
            ItemChange(
                table: table, key: prepared.key, old: old, oldBytes: stored?.itemBytes, oldSize: oldSize, new: new,
                newBytes: bytes, newSize: newSize, version: version),
            record: record.encoded(), at: position, nowMilliseconds)
        switch cause {
        case .user, .system: counters.localWrites += 1
        case .timeToLive: counters.expirations += 1
        }
        return ItemWriteResult(
            old: old, new: new, updated: prepared.updated, oldSize: oldSize, newSize: newSize, indexEffects: effects,
            collectionByteCount: collectionByteCount(of: keyAttributes, in: table))
    }

    func storedItem(_ key: [UInt8]) throws(ItemWriteError) -> (ItemValue?, Item?) {
        do {
            let stored = try itemValue(key)
            return (stored, try stored?.decodedItem())
        } catch {
            throw .storage("\(error)")
        }
    }

    /// The item after the write, checked against the limits; nil after a delete.
    private func outcome(
        of write: ItemWrite, old: Item?, table: Table
    ) throws(ItemWriteError) -> (Item?, UpdatedItem?) {
        switch write.action {
        case .delete: return (nil, nil)
        case .put(let item):
            try check(item, table: table, isUpdate: false)
            return (item, nil)
        case .update(let key, let update):
            let result: UpdatedItem
            do {
                try update.checkLeavesKey(table.keySchema.attributes.map(\.name))
                result = try update.apply(to: old ?? key)
            } catch {
                throw .expression(error)
            }
            try check(result.item, table: table, isUpdate: true)
            return (result.item, result)
        }
    }

    private func check(_ item: Item, table: Table, isUpdate: Bool) throws(ItemWriteError) {
        // Requests are checked for nesting before; what slipped through would trap when it is encoded.
        guard item.sizeInBytes <= Self.maximumItemByteCount, item.depth <= ExpressionLimits.nestingDepth else {
            throw .itemTooLarge(isUpdate: isUpdate)
        }
        guard !table.exceedsLocalIndexes(item) else { throw .itemTooLarge(isUpdate: isUpdate) }
        for index in table.indexes {
            for attribute in index.definition.keySchema.attributes {
                guard let value = item[attribute.name] else { continue }
                guard value.kind == attribute.kind, !value.isEmptyKey else {
                    throw .indexKeyInvalid(
                        index: index.name, attribute: attribute.name, expected: attribute.kind, found: value)
                }
            }
            if let part = index.definition.keySchema.oversizedPart(of: item) { throw .indexKeyTooLarge(part) }
        }
    }

    /// One item's change, on its way into the batch.
    struct ItemChange {
        let table: Table
        let key: [UInt8]
        let old: Item?
        /// Where they are stored.
        let oldBytes: ArraySlice<UInt8>?
        let oldSize: Int
        let new: Item?
        let newBytes: [UInt8]?
        let newSize: Int
        let version: Version
    }

    /// Puts everything that belongs to a change into the batch: item or tombstone, index entries, counts, log and stream.
    ///
    /// Local and replicated writes both come through here.
    func stage(
        _ change: ItemChange, record: [UInt8], at position: LogPosition, _ nowMilliseconds: UInt64
    ) -> [ItemWriteResult.IndexEffect] {
        let effects = stageItem(change)
        let place = streamPlace(of: change, at: position, nowMilliseconds)
        let entry = LogEntry.encode(
            record: record, outcome: .applied, oldImage: place?.keepsOldImage ?? false ? change.oldBytes ?? [] : [])
        pending.batch.put(Layout.logKey(position), entry, in: Layout.log)
        if let place { pending.batch.put(place.key, place.pointer.encoded(), in: Layout.streams) }
        return effects
    }

    /// The part of a change that is state and not history: what a snapshot carries too.
    func stageItem(_ change: ItemChange) -> [ItemWriteResult.IndexEffect] {
        let table = change.table
        if change.newBytes == nil, !table.keepsTombstones {
            pending.batch.delete(change.key, in: Layout.items)
            pending.items.set(change.key, to: nil)
        } else {
            let value = ItemValue.encode(version: change.version, item: change.newBytes)
            pending.batch.put(change.key, value, in: Layout.items)
            pending.items.set(change.key, to: value)
        }
        let count = (change.new == nil ? 0 : 1) - (change.old == nil ? 0 : 1)
        if count != 0 || change.newSize != change.oldSize {
            catalog.addToCounts(of: table.uuid, items: count, bytes: change.newSize - change.oldSize)
            if !pending.countedTables.contains(table.uuid) { pending.countedTables.append(table.uuid) }
        }
        stageExpiry(change)
        guard !table.indexes.isEmpty else { return [] }
        stageCollection(change)
        return stageIndexes(change)
    }

    /// What a change of an item does to one index.
    struct IndexChange {
        let index: SecondaryIndex
        /// Nil where the item has no entry in the index, before it or after it.
        let oldKey: [UInt8]?
        let newKey: [UInt8]?
        let newEntry: Item?
        let oldSize: Int
        let newSize: Int

        var effect: ItemWriteResult.IndexEffect {
            var sizes: [Int] = []
            if let oldKey, oldKey != newKey { sizes.append(oldSize) }
            if newKey != nil { sizes.append(max(newSize, oldKey == newKey ? oldSize : 0)) }
            return .init(index: index.name, isGlobal: index.isGlobal, entrySizes: sizes)
        }
    }

    /// The indexes whose entries a change of an item changes, in the table's order.
    ///
    /// - Parameter isSameItem: whether the two items are equal, where that is known already.
    func indexChanges(
        from old: Item?, to new: Item?, isSameItem: Bool? = nil, at key: [UInt8], in table: Table
    ) -> [IndexChange] {
        table.indexes.compactMap { index in
            guard isMaintained(index, at: key) else { return nil }
            let oldKey = old.flatMap { index.storageKey(of: $0, in: table) }
            let newKey = new.flatMap { index.storageKey(of: $0, in: table) }
            let oldEntry = oldKey == nil ? nil : old.map { index.projected($0, in: table) }
            let newEntry = newKey == nil ? nil : new.map { index.projected($0, in: table) }
            let holdsAll = index.definition.projection == .all
            let isSameEntry = holdsAll ? isSameItem ?? (oldEntry == newEntry) : oldEntry == newEntry
            guard oldKey != newKey || (newKey != nil && !isSameEntry) else { return nil }
            return IndexChange(
                index: index, oldKey: oldKey, newKey: newKey, newEntry: newEntry,
                oldSize: oldEntry?.sizeInBytes ?? 0, newSize: newEntry?.sizeInBytes ?? 0)
        }
    }

    private func stageIndexes(_ change: ItemChange) -> [ItemWriteResult.IndexEffect] {
        // Of equal items the bytes are equal too, and sooner compared.
        let changes = indexChanges(
            from: change.old, to: change.new, isSameItem: change.oldBytes == change.newBytes?[...], at: change.key,
            in: change.table)
        for entry in changes {
            addToCounts(
                of: entry.index.id, entries: (entry.newKey == nil ? 0 : 1) - (entry.oldKey == nil ? 0 : 1),
                bytes: entry.newSize - entry.oldSize)
            if let oldKey = entry.oldKey, oldKey != entry.newKey {
                pending.batch.delete(oldKey, in: Layout.indexes)
            }
            if let newKey = entry.newKey, let newEntry = entry.newEntry {
                let holdsAll = entry.index.definition.projection == .all
                let bytes = holdsAll ? change.newBytes ?? newEntry.encoded() : newEntry.encoded()
                pending.batch.put(newKey, bytes, in: Layout.indexes)
            }
        }
        return changes.map(\.effect)
    }
}

extension ItemWrite {
    /// The key attributes, or the whole item, that say which item is meant.
    var key: Item {
        switch action {
        case .put(let item): item
        case .update(let key, _), .delete(let key): key
        }
    }
}
