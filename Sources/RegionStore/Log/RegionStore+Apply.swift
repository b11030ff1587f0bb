import HybridClock
import ItemModel
import KeyValueStore

/// Changes of other regions: applied where they are newer than what is here, logged either way.
extension RegionStore {
    /// A record that was decoded and checked, before anything is changed.
    private struct Checked {
        let bytes: [UInt8]
        let record: ChangeRecord
        /// The item of a put, the key of a deletion; nil for a catalog change.
        let item: Item?
        let entry: CatalogEntry?
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
        let known = batch.isComplete ? vector[batch.origin] : .zero
        for change in checked where change.record.position > known {
            try apply(change, at: nowMilliseconds)
        }
        guard batch.isComplete, batch.position > known || !vector.contains(batch.origin) else { return }
        vector.raise(batch.origin, to: batch.position)
        pending.isVectorChanged = true
        if !checked.isEmpty {
            pending.batch.put(
                Layout.originKey(batch.origin, batch.position), Layout.bigEndian(lastPosition.rawValue),
                in: Layout.origins)
        }
    }

    private func check(_ batch: ReceivedBatch, at nowMilliseconds: UInt64) throws(ApplyError) -> [Checked] {
        var checked: [Checked] = []
        checked.reserveCapacity(batch.records.count)
        var last = LogPosition.zero
        for bytes in batch.records {
            do {
                let record = try ChangeRecord(decoding: bytes)
                guard record.version.origin == batch.origin else {
                    throw ApplyError.malformed("a record of \(record.version.origin) in a batch of \(batch.origin)")
                }
                guard record.position > last, record.position <= batch.position else {
                    throw ApplyError.malformed("position \(record.position) out of order")
                }
                last = record.position
                try clock.check(record.version.stamp, at: nowMilliseconds)
                let isCatalog = record.kind == .catalog
                let entry = isCatalog ? try CatalogEntry(decoding: record.payload) : nil
                for setting in entry?.settings ?? [] { try clock.check(setting.version.stamp, at: nowMilliseconds) }
                let item = isCatalog ? nil : try Item(decoding: record.payload)
                checked.append(Checked(bytes: bytes, record: record, item: item, entry: entry))
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

    private func apply(_ change: Checked, at nowMilliseconds: UInt64) throws(ApplyError) {
        let record = change.record
        raiseClock(to: record.version.stamp, at: nowMilliseconds)
        if let entry = change.entry {
            for setting in entry.settings { raiseClock(to: setting.version.stamp, at: nowMilliseconds) }
            log(change.bytes, outcome: .applied)
            return mergeCatalog(entry, at: nowMilliseconds)
        }
        guard let item = change.item, let state = catalog[record.table], let table = state.table,
            state.local.floor[record.version.origin] < record.position
        else { return }
        guard let key = table.storageKey(of: item) else { throw .malformed("an item that lacks its table's key") }
        let stored = try storedValue(key)
        if let stored, stored.version >= record.version {
            guard stored.version != record.version else { return counters.replicatedDuplicates += 1 }
            counters.replicatedLost += 1
            if stored.version.origin != record.version.origin, record.replaced < stored.version {
                counters.conflicts += 1
            }
            return log(change.bytes, outcome: .lost)
        }
        if let stored, stored.version > record.replaced, stored.version.origin != record.version.origin {
            counters.conflicts += 1
        }
        counters.replicatedApplied += 1
        let position = nextPosition()
        _ = stage(
            try itemChange(record: record, item: item, key: key, stored: stored, table: table), record: change.bytes,
            at: position)
    }

    private func itemChange(
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

    private func storedValue(_ key: [UInt8]) throws(ApplyError) -> ItemValue? {
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
    private func raiseClock(to stamp: HybridTimestamp, at nowMilliseconds: UInt64) {
        try? clock.observe(stamp, at: nowMilliseconds)
    }

    // MARK: - Filling a replica

    /// Takes over the catalog of a region that this one has no position of, as of `position` in its log.
    ///
    /// - Parameter isReset: whether the sender no longer has the changes that this region lacks: every replica that both
    ///   regions have is then filled anew.
    public func applyCatalog(
        _ entries: [[UInt8]], from source: Origin, position: LogPosition, isReset: Bool, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        if let failure { throw .storage("\(failure)") }
        var decoded: [CatalogEntry] = []
        do {
            for bytes in entries {
                let entry = try CatalogEntry(decoding: bytes)
                for setting in entry.settings { try clock.check(setting.version.stamp, at: nowMilliseconds) }
                decoded.append(entry)
            }
        } catch let error as ClockError {
            counters.clockRefusals += 1
            throw .clock(error)
        } catch {
            throw .malformed("\(error)")
        }
        let sourceName = configuration.name(of: source.region)
        for entry in decoded {
            for setting in entry.settings { raiseClock(to: setting.version.stamp, at: nowMilliseconds) }
            mergeCatalog(entry, at: nowMilliseconds)
            guard isReset, let sourceName, entry[SettingName.replica(sourceName)] != nil,
                var state = catalog[entry.uuid], state.local.tableID != nil
            else { continue }
            state.local.needsFill = true
            keep(state)
        }
        vector.raise(source, to: position)
        floors.raise(source, to: position)
        pending.isVectorChanged = true
        pending.isFloorsChanged = true
    }

    /// Takes over part of a table from a snapshot; what is newer here stays.
    ///
    /// Nothing of it is logged but tombstones: it is no change, and other regions have it already.
    public func applySnapshot(
        _ items: [SnapshotItem], of uuid: TableUUID, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        if let failure { throw .storage("\(failure)") }
        guard let table = catalog[uuid]?.table else { return }
        var decoded: [(SnapshotItem, Item, [UInt8])] = []
        for snapshot in items {
            do {
                try clock.check(snapshot.version.stamp, at: nowMilliseconds)
                let item = try Item(decoding: snapshot.payload)
                guard let key = table.storageKey(of: item) else {
                    throw ApplyError.malformed("an item that lacks its table's key")
                }
                decoded.append((snapshot, item, key))
            } catch let error as ClockError {
                counters.clockRefusals += 1
                throw .clock(error)
            } catch {
                throw .malformed("\(error)")
            }
        }
        for (snapshot, item, key) in decoded {
            raiseClock(to: snapshot.version.stamp, at: nowMilliseconds)
            let stored = try storedValue(key)
            if let stored, stored.version >= snapshot.version { continue }
            let position = snapshot.isTombstone ? nextPosition() : lastPosition
            let record = ChangeRecord(
                kind: snapshot.isTombstone ? .delete : .put, cause: .system,
                position: max(position, LogPosition(rawValue: 1)),
                version: snapshot.version, replaced: .zero, table: uuid, payload: snapshot.payload)
            let change = try itemChange(record: record, item: item, key: key, stored: stored, table: table)
            _ = stageItem(change)
            guard snapshot.isTombstone else { continue }
            let entry = LogEntry(record: record.encoded(), outcome: .filled)
            pending.batch.put(Layout.logKey(position), entry.encoded(), in: Layout.log)
        }
    }

    /// Ends the filling of a replica: from now on it is active, and asks each other region for what its link skipped.
    ///
    /// - Parameter snapshotVector: what the source had applied, of its own log too, when it took the snapshot.
    public func finishSnapshot(
        of uuid: TableUUID, vector snapshotVector: AppliedVector, at nowMilliseconds: UInt64
    ) {
        guard var state = catalog[uuid], state.local.tableID != nil, state.local.needsFill else { return }
        state.local.needsFill = false
        state.local.floor.merge(snapshotVector)
        for entry in snapshotVector.entries where entry.origin != origin {
            state.local.catchUps.raise(entry.origin, to: entry.position)
        }
        peers.fills.removeAll { $0.table == uuid }
        let version = nextVersion(at: nowMilliseconds)
        setLocalReplica(&state, status: .active, version: version)
        settle(&state, at: nowMilliseconds)
        logCatalogChange(state, version: version)
    }

    /// Notes that `origin` has shipped once more what its link had skipped of a table.
    public func finishCatchUp(of uuid: TableUUID, from origin: Origin) {
        guard var state = catalog[uuid], state.local.catchUps.contains(origin) else { return }
        state.local.catchUps.remove(origin)
        keep(state)
    }

    /// Has a replica filled once more, as the changes that it lacks are no longer in the log of their origin.
    public func fillAgain(_ uuid: TableUUID) {
        guard var state = catalog[uuid], state.local.tableID != nil else { return }
        state.local.needsFill = true
        keep(state)
    }
}
