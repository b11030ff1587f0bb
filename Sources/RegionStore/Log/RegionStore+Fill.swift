import HybridClock
import ItemModel
import KeyValueStore

/// How a replica gets what was there before it: the catalog, a snapshot of the table, and what links shipped in the meantime.
extension RegionStore {
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
                try check(entry, at: nowMilliseconds)
                decoded.append(entry)
            }
        } catch let error as ApplyError {
            throw error
        } catch let error as ClockError {
            counters.clockRefusals += 1
            throw .clock(error)
        } catch {
            throw .malformed("\(error)")
        }
        let sourceName = configuration.name(of: source.region)
        let isNew = !vector.contains(source)
        for entry in decoded {
            raiseClock(to: entry, at: nowMilliseconds)
            mergeCatalog(entry, at: nowMilliseconds)
            guard let sourceName, entry.mentions(SettingName.replica(sourceName)), var state = catalog[entry.uuid],
                state.local.tableID != nil
            else { continue }
            if isReset {
                state.local.needsFill = true
                // Up to here this replica has everything, and no further until it is filled.
                if !state.local.catchUps.contains(source) {
                    state.local.catchUps.raise(source, to: max(vector[source], state.local.floor[source]))
                }
            } else if isNew, state.local.isServing {
                // It was filled by another region, and has written since: all of that is before `position`.
                state.local.catchUps.raise(source, to: state.local.floor[source])
            }
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
        guard let state = catalog[uuid], state.local.needsFill, let table = state.table else { return }
        var decoded: [(SnapshotItem, Item, [UInt8])] = []
        for snapshot in items {
            do {
                try clock.check(snapshot.version.stamp, at: nowMilliseconds)
                let item = try Item(decoding: snapshot.payload)
                guard let key = table.storageKey(of: item) else {
                    throw ApplyError.malformed("an item that lacks its table's key")
                }
                decoded.append((snapshot, item, key))
            } catch let error as ApplyError {
                throw error
            } catch let error as ClockError {
                counters.clockRefusals += 1
                throw .clock(error)
            } catch {
                throw .malformed("\(error)")
            }
        }
        do {
            try apply(decoded, of: uuid, to: table, at: nowMilliseconds)
        } catch {
            failure = failure ?? .engine("\(error)")
            throw error
        }
    }

    private func apply(
        _ decoded: [(SnapshotItem, Item, [UInt8])], of uuid: TableUUID, to table: Table, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
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
        state.local.isServing = true
        state.local.floor.merge(snapshotVector)
        for entry in snapshotVector.entries where entry.origin != origin {
            state.local.catchUps.raise(entry.origin, to: entry.position)
        }
        // The source had nothing of these, so the snapshot has not.
        for entry in vector.entries where !snapshotVector.contains(entry.origin) {
            guard let name = configuration.name(of: entry.origin.region),
                state.entry.mentions(SettingName.replica(name))
            else { continue }
            state.local.catchUps.raise(entry.origin, to: .zero)
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
        // What was caught up with stands in this region's log behind younger changes, so it is passed on from there only to whoever has it.
        state.local.floor.raise(origin, to: vector[origin])
        keep(state)
    }

    /// Has a replica filled once more, as the changes that it lacks are no longer in the log of their origin.
    public func fillAgain(_ uuid: TableUUID) {
        guard var state = catalog[uuid], state.local.tableID != nil else { return }
        state.local.needsFill = true
        keep(state)
    }
}
