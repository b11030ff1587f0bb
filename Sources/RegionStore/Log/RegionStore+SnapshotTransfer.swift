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
        for entry in decoded {
            raiseClock(to: entry, at: nowMilliseconds)
            let known = catalog[entry.uuid]?.entry
            mergeCatalog(entry, at: nowMilliseconds)
            // An image is in no log: what it taught is passed on as a change of this region's own.
            if let state = catalog[entry.uuid], state.entry != known {
                logCatalogChange(state, version: nextVersion(at: nowMilliseconds))
            }
        }
        if position > vector[source] { openGaps(of: source, isReset: isReset) }
        vector.raise(source, to: position)
        retainedFrom.raise(source, to: position)
        pending.isVectorChanged = true
        pending.isRetainedFromChanged = true
    }

    /// Notes for every replica in use that it lacks what `source` logged after this region's position, as that is skipped.
    private func openGaps(of source: Origin, isReset: Bool) {
        guard let name = configuration.name(of: source.region) else { return }
        for var state in catalog.all where state.local.isServing && state.entry.mentions(SettingName.replica(name)) {
            if !state.local.catchUps.contains(source) {
                state.local.catchUps.raise(source, to: max(vector[source], state.local.snapshotVector[source]))
            }
            if isReset, state.entry[SettingName.replica(name)] != nil { state.local.needsTransfer = true }
            keep(state)
        }
    }

    /// Takes over part of a table from a snapshot; what is newer here stays.
    ///
    /// Nothing of it is logged but tombstones: it is no change, and other regions have it already.
    public func applySnapshot(
        _ items: [SnapshotItem], of replica: LocalReplica, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        if let failure { throw .storage("\(failure)") }
        guard var state = catalog[replica.table], let table = state.table, table.id == replica.id,
            state.local.needsTransfer
        else { return }
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
        if !state.local.isServing, !state.local.isTransferBegun {
            state.local.isTransferBegun = true
            keep(state)
        }
        do {
            try apply(decoded, to: table, at: nowMilliseconds)
        } catch {
            failure = failure ?? .engine("\(error)")
            throw error
        }
    }

    private func apply(
        _ decoded: [(SnapshotItem, Item, [UInt8])], to table: Table, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        for (snapshot, item, key) in decoded {
            raiseClock(to: snapshot.version.stamp, at: nowMilliseconds)
            let stored = try storedValue(key)
            if let stored, stored.version >= snapshot.version { continue }
            let position = snapshot.isTombstone ? nextPosition() : lastPosition
            let record = ChangeRecord(
                kind: snapshot.isTombstone ? .delete : .put, cause: .system,
                position: max(position, LogPosition(rawValue: 1)),
                version: snapshot.version, replaced: .zero, table: table.uuid, payload: snapshot.payload)
            let change = try itemChange(record: record, item: item, key: key, stored: stored, table: table)
            _ = stageItem(change)
            guard snapshot.isTombstone else { continue }
            let entry = LogEntry(record: record.encoded(), outcome: .filled)
            pending.batch.put(Layout.logKey(position), entry.encoded(), in: Layout.log)
        }
    }

    /// Ends the filling of a replica: from now on it is active, and asks each other region for what its link skipped.
    ///
    /// - Parameter snapshotVector: what the source's replica held, of its own log too, when it took the snapshot.
    public func finishSnapshot(
        of replica: LocalReplica, vector snapshotVector: AppliedVector, at nowMilliseconds: UInt64
    ) {
        guard var state = catalog[replica.table], state.local.tableID == replica.id, state.local.needsTransfer else {
            return
        }
        guard snapshotVector[origin] >= state.local.ownPosition else {
            return peers.transfers.removeAll { $0.replica == replica }
        }
        if state.local.isServing {
            // A replica in use got everything but what it has gaps of.
            for gap in state.local.catchUps.entries {
                state.local.catchUps.raise(gap.origin, to: snapshotVector[gap.origin])
            }
        } else {
            // A new one may have been passed over by every link.
            state.local.catchUps = AppliedVector()
            for seen in (vector.entries + snapshotVector.entries).map(\.origin) where seen != origin {
                state.local.catchUps.raise(seen, to: snapshotVector[seen])
            }
        }
        state.local.needsTransfer = false
        state.local.isServing = true
        state.local.isTransferBegun = false
        state.local.snapshotVector.merge(snapshotVector)
        peers.transfers.removeAll { $0.replica == replica }
        let version = nextVersion(at: nowMilliseconds)
        setLocalReplica(&state, status: .active, version: version)
        reconcile(&state, at: nowMilliseconds)
        logCatalogChange(state, version: version)
    }

    /// Puts replicas into use that nobody can fill, as every other replica is gone or waits to be filled itself.
    func activateSourceless(at nowMilliseconds: UInt64) {
        for state in catalog.all where state.local.needsTransfer && !state.local.isServing {
            guard let replica = state.localReplica else { continue }
            let others = state.entry.settings(under: SettingName.replicaPrefix)
                .compactMap { Replica(region: $0.name, $0.value) }
                .filter { $0.region != configuration.name }
            let isFirst = others.allSatisfy { other in
                switch other.status {
                case .creationFailed: true
                // Of several that wait the one with the lowest number begins.
                case .creating: configuration.id(of: other.region).map { $0 > configuration.region } ?? true
                case .active, .updating, .deleting: false
                }
            }
            guard isFirst else { continue }
            // What other regions still have in their logs is fetched.
            var nothing = AppliedVector()
            nothing.raise(origin, to: state.local.ownPosition)
            finishSnapshot(of: replica, vector: nothing, at: nowMilliseconds)
        }
    }

    /// Notes that all changes of `origin` after `position` that the replica lacked have been shipped once more.
    public func finishCatchUp(of replica: LocalReplica, from origin: Origin, after position: LogPosition) {
        guard var state = catalog[replica.table], state.local.tableID == replica.id, !state.local.needsTransfer,
            state.local.catchUps.contains(origin), state.local.catchUps[origin] == position
        else { return }
        state.local.catchUps.remove(origin)
        // What was caught up with stands in this region's log behind younger changes, so it is passed on from there only to whoever has it.
        state.local.snapshotVector.raise(origin, to: vector[origin])
        keep(state)
    }
}
