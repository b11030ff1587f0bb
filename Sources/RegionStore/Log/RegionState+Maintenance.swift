import HybridClock
import ItemModel
import KeyValueStore

/// What keeps a store from growing for ever, and fills what was added to tables in use. All of it reads what is
/// committed, and goes on after a restart where it was.
extension RegionState {
    /// Removes tombstones of items that no late write can need any more, and of tables, as ``DeletedTables`` says.
    ///
    /// - Parameter limit: how many of either kind to look at.
    /// - Returns: whether it stopped at the limit.
    mutating func collectTombstones(
        _ progress: ReplicaProgress, limit: Int, in store: some KeyValueReader
    ) throws(KeyValueStoreError) -> Bool {
        let haveMoreTables = catalog.collectDeletedTables(progress, upTo: log.bounds.last, limit: limit)
        let stable = progress.stableTime
        let catalog = catalog
        let configuration = configuration
        let (entries, isCutShort) = try contents.tombstones.collectable(limit: limit, in: store) { entry in
            progress.verdict(on: entry, in: catalog.local(entry.table), stable: stable, configuration)
        }
        for entry in entries {
            if try contents.removeTombstone(entry, store, into: &batch) { counters.tombstonesCollected += 1 }
        }
        return isCutShort || haveMoreTables
    }

    /// Forgets changes that are older than streams keep them, and that every follower has acknowledged or that are
    /// beyond a bound: of age, or of the log's size.
    ///
    /// - Parameter followers: those that lose changes to a bound lapse.
    /// - Returns: what was removed; nil for nothing.
    mutating func trimLog(
        _ followers: inout LogFollowers, at nowMilliseconds: UInt64, limit: Int, in store: some KeyValueReader
    ) throws(KeyValueStoreError) -> ChangeLog.Prefix? {
        func stamp(before milliseconds: UInt64) -> HybridTimestamp {
            HybridTimestamp(milliseconds: nowMilliseconds - min(nowMilliseconds, milliseconds))
        }
        let retained = stamp(before: configuration.logRetentionMilliseconds)
        let limited = stamp(before: configuration.logRetentionLimitMilliseconds)
        // An error leaves the followers as they were.
        var remaining = followers
        var acknowledged = remaining.acknowledgedPosition ?? log.bounds.last
        let prefix = try log.removablePrefix(limit: limit, in: store) { candidate in
            let stamp = candidate.header.version.stamp
            let cause: LogFollowers.LapseCause? =
                stamp < limited ? .age : candidate.byteCount > configuration.logByteLimit ? .size : nil
            guard stamp < retained, candidate.position <= acknowledged || cause != nil,
                // What came from another region late is as old as its arrival to those who read streams here.
                try streams.trimPointer(
                    of: candidate.entry, candidate.header, at: candidate.position, retained: retained, in: store,
                    into: &batch)
            else { return false }
            if let cause, candidate.position > acknowledged {
                remaining.lapse(before: candidate.position, cause: cause)
                acknowledged = remaining.acknowledgedPosition ?? log.bounds.last
            }
            return true
        }
        guard prefix.end >= log.bounds.start else { return nil }
        log.remove(prefix, into: &batch)
        remaining.noteTrimmed(to: log.bounds.start)
        followers = remaining
        return prefix
    }

    /// Deletes items that have expired, each only if it is still expired as it stands now.
    ///
    /// - Returns: whether it stopped at the limit.
    mutating func sweepExpired(
        _ progress: ReplicaProgress, at nowMilliseconds: UInt64, limit: Int, in store: some KeyValueStore
    ) throws(KeyValueStoreError) -> Bool {
        var budget = limit
        // Where the last step stopped at its limit, the tables behind come first.
        let tables = catalog.expiringTables
        let first = tables.firstIndex { $0 > contents.expiry.lastSweptTable } ?? 0
        for uuid in tables[first...] + tables[..<first] {
            guard let state = catalog[uuid], let table = state.table, let attribute = table.expiryAttribute,
                table.status == .active, !state.local.needsTransfer
            else { continue }
            let stable = progress.stableTime(of: table.replicas.compactMap { configuration.id(of: $0.region) })
            let window = ExpiryWindow(
                at: nowMilliseconds, stableMilliseconds: stable.milliseconds, isGlobal: table.isGlobal)
            let entries = try contents.expiry.takeExpired(
                of: table.id, window, by: configuration.region, budget: &budget, in: store)
            for entry in entries {
                guard let write = try contents.expiration(entry, by: attribute, in: table, store, into: &batch)
                else { continue }
                _ = stage(write, cause: .timeToLive, at: nowMilliseconds)
            }
            guard budget > 0 else {
                contents.expiry.noteSweepStopped(at: uuid)
                return true
            }
        }
        return false
    }

    /// Takes the next step with one index: enters items into one that was added, the expiry index included, or removes
    /// one that was deleted.
    ///
    /// - Returns: whether there was anything to do.
    mutating func backfillIndexes(limit: Int, in store: some KeyValueStore) throws(KeyValueStoreError) -> Bool {
        for uuid in catalog.pendingReplicas {
            guard var state = catalog[uuid], let table = state.table else { continue }
            let local = state.local
            guard try contents.backfill(&state.local, of: table, limit: limit, in: store, into: &batch)
            else { continue }
            if state.local != local { catalog.put(state) }
            return true
        }
        for uuid in catalog.pendingReplicas {
            guard var state = catalog[uuid], let table = state.table, state.local.needsExpiryBackfill else { continue }
            try contents.backfillExpiry(&state.local, of: table, limit: limit, in: store, into: &batch)
            if !state.local.needsExpiryBackfill { catalog.put(state) }
            return true
        }
        return false
    }

    /// Replaces the open shards of every stream at once.
    mutating func rollStreams() {
        // A shard needs a position of its own, and so the log an entry: the region says once more what its replicas are.
        for uuid in catalog.uuids {
            guard var state = catalog[uuid], let replica = state.entry.replica(in: configuration.name),
                state.local.tableID != nil
            else { continue }
            let version = nextVersion(at: 0)
            state.entry.setReplica(in: configuration.name, status: replica.status, version: version)
            catalog.put(state)
            logCatalogChange(state.entry, version: version)
        }
        streams.rollAll(
            after: log.bounds.last, configuration, at: clock.highWaterMark.milliseconds, into: &batch)
    }

    /// Replaces the shards of streams that are due for it, and forgets streams and shards whose records are too old.
    mutating func maintainStreams(at nowMilliseconds: UInt64) {
        streams.maintain(after: log.bounds.last, configuration, at: nowMilliseconds, into: &batch)
    }
}
