import HybridClock
import ItemModel
import KeyValueStore

/// Changes of other regions: applied where they are newer than what is here, logged either way.
extension RegionStore {
    /// A record that was decoded and checked, before anything is changed.
    private struct Checked {
        let bytes: [UInt8]
        let record: ChangeRecord
        let content: Content

        enum Content {
            case catalog(CatalogEntry)
            /// The item of a put, the attributes of the key of a deletion; and where the item lies in the table.
            case item(Item, key: [UInt8], TableID)
            /// Of a table that has no replica here.
            case foreign
        }
    }

    /// Applies every record of a batch that is not here yet, and raises the vector.
    ///
    /// A record that was applied before changes nothing, so a batch may come twice, and batches of different origins in any order.
    ///
    /// - Throws: `ApplyError`, before anything has changed, when a record is malformed or a stamp too far ahead.
    public func apply(_ batch: ReceivedBatch, at nowMilliseconds: UInt64) throws(ApplyError) {
        if let failure { throw .storage("\(failure)") }
        let checked = try check(batch, at: nowMilliseconds)
        guard batch.origin != origin else { return }
        let known = vector[batch.origin]
        for change in checked where change.record.position > known || isCatchingUp(change.record) {
            do {
                try apply(change, isComplete: batch.isComplete, at: nowMilliseconds)
            } catch {
                // Part of the batch is staged and cannot be taken back: nothing more may be committed.
                failure = failure ?? .engine("\(error)")
                throw error
            }
        }
        guard batch.isComplete else { return noteSeen(of: batch.origin, checked.map(\.record.position).max()) }
        guard batch.position > known || !vector.contains(batch.origin) else { return }
        vector.raise(batch.origin, to: batch.position)
        pending.isVectorChanged = true
        // Behind this place stands all that is above the position, but for what came in parts before.
        if !checked.isEmpty, seen[batch.origin] <= batch.position {
            pending.batch.put(
                Layout.originKey(batch.origin, batch.position), Layout.bigEndian(lastPosition.rawValue),
                in: Layout.origins)
        }
    }

    private func noteSeen(of origin: Origin, _ position: LogPosition?) {
        guard let position, position > max(vector[origin], seen[origin]) else { return }
        seen.raise(origin, to: position)
        pending.isSeenChanged = true
    }

    /// Whether an old record is one that this region's replica of the table has not had: everything else up to the vector is here, or
    /// was and is gone for good.
    private func isCatchingUp(_ record: ChangeRecord) -> Bool {
        guard record.kind != .catalog, let local = catalog[record.table]?.local else { return false }
        let origin = record.version.origin
        return local.catchUps.contains(origin) && record.position > local.catchUps[origin]
    }

    private func check(_ batch: ReceivedBatch, at nowMilliseconds: UInt64) throws(ApplyError) -> [Checked] {
        var checked: [Checked] = []
        checked.reserveCapacity(batch.records.count)
        for bytes in batch.records {
            do {
                let record = try ChangeRecord(decoding: bytes)
                guard record.version.origin == batch.origin else {
                    throw ApplyError.malformed("a record of \(record.version.origin) in a batch of \(batch.origin)")
                }
                guard record.position <= batch.position else {
                    throw ApplyError.malformed("position \(record.position) in a batch up to \(batch.position)")
                }
                try clock.check(record.version.stamp, at: nowMilliseconds)
                let content = try content(of: record, at: nowMilliseconds)
                checked.append(Checked(bytes: bytes, record: record, content: content))
            } catch let error as ApplyError {
                throw error
            } catch let error as ClockError {
                counters.clockRefusals += 1
                throw .clock(error)
            } catch {
                throw .malformed("\(error)")
            }
        }
        return checked
    }

    private func content(of record: ChangeRecord, at nowMilliseconds: UInt64) throws -> Checked.Content {
        if record.kind == .catalog {
            let entry = try CatalogEntry(decoding: record.payload)
            guard entry.uuid == record.table else { throw ApplyError.malformed("a catalog entry of another table") }
            try check(entry, at: nowMilliseconds)
            return .catalog(entry)
        }
        let item = try Item(decoding: record.payload)
        guard let table = catalog[record.table]?.table else { return .foreign }
        guard let key = table.storageKey(of: item) else {
            throw ApplyError.malformed("an item that lacks its table's key")
        }
        return .item(item, key: key, table.id)
    }

    /// Throws for an entry that no region makes, or whose stamps are too far ahead.
    func check(_ entry: CatalogEntry, at nowMilliseconds: UInt64) throws {
        for setting in entry.settings { try clock.check(setting.version.stamp, at: nowMilliseconds) }
        let foundation = entry[SettingName.table]
        if let foundation {
            guard TableFoundation(foundation) != nil else { throw ApplyError.malformed("a table without a key schema") }
        }
        guard let known = catalog[entry.uuid]?.entry else { return }
        guard known.name == entry.name, known[SettingName.table] == foundation else {
            throw ApplyError.malformed("another name or key schema of the table \(known.name)")
        }
    }

    private func apply(_ change: Checked, isComplete: Bool, at nowMilliseconds: UInt64) throws(ApplyError) {
        let record = change.record
        raiseClock(to: record.version.stamp, at: nowMilliseconds)
        if case .catalog(let entry) = change.content {
            raiseClock(to: entry, at: nowMilliseconds)
            if isComplete || catalog[entry.uuid]?.entry.lacks(anyOf: entry) ?? true {
                log(change.bytes, outcome: .applied)
            }
            return mergeCatalog(entry, at: nowMilliseconds)
        }
        // A replica that is filled for the first time takes nothing until it is: what its snapshot does not hold is shipped to it once
        // more, while a change that it holds, undone by a deletion that is long collected, would come back with this one.
        guard case .item(let item, let key, let id) = change.content, let state = catalog[record.table],
            state.local.isServing, let table = state.table, table.id == id,
            state.local.snapshotVector[record.version.origin] < record.position
        else { return }
        let stored = try storedValue(key)
        if let stored, stored.version >= record.version {
            guard stored.version != record.version else {
                counters.replicatedDuplicates += 1
                if isComplete { log(change.bytes, outcome: .repeated) }
                return
            }
            counters.replicatedSuperseded += 1
            if stored.version.origin != record.version.origin, record.replaced < stored.version {
                counters.conflicts += 1
            }
            return log(change.bytes, outcome: .superseded)
        }
        if let stored, stored.version > record.replaced, stored.version.origin != record.version.origin {
            counters.conflicts += 1
        }
        counters.replicatedApplied += 1
        let position = nextPosition()
        _ = stage(
            try itemChange(record: record, item: item, key: key, stored: stored, table: table), record: change.bytes,
            at: position, nowMilliseconds)
    }

    func itemChange(
        record: ChangeRecord, item: Item, key: [UInt8], stored: ItemValue?, table: Table
    ) throws(ApplyError) -> ItemChange {
        let old: Item?
        do {
            old = try stored?.decodedItem()
        } catch {
            throw .storage("\(error)")
        }
        let isDeletion = record.kind == .delete
        return ItemChange(
            table: table, key: key, old: old, oldBytes: stored?.itemBytes, oldSize: old?.sizeInBytes ?? 0,
            new: isDeletion ? nil : item, newBytes: isDeletion ? nil : record.payload,
            newSize: isDeletion ? 0 : item.sizeInBytes, version: record.version)
    }

    func storedValue(_ key: [UInt8]) throws(ApplyError) -> ItemValue? {
        do {
            return try itemValue(key)
        } catch {
            throw .storage("\(error)")
        }
    }

    private func log(_ record: [UInt8], outcome: LogEntry.Outcome) {
        let entry = LogEntry(record: record, outcome: outcome)
        pending.batch.put(Layout.logKey(nextPosition()), entry.encoded(), in: Layout.log)
    }

    /// The stamp was checked before, so this cannot be refused.
    func raiseClock(to stamp: HybridTimestamp, at nowMilliseconds: UInt64) {
        try? clock.observe(stamp, at: nowMilliseconds)
    }

    func raiseClock(to entry: CatalogEntry, at nowMilliseconds: UInt64) {
        for setting in entry.settings { raiseClock(to: setting.version.stamp, at: nowMilliseconds) }
    }
}
