import HybridClock
import ItemModel
import KeyValueStore

/// How what all regions agree on becomes this region's own tables, and how changes of it get into the log.
extension RegionState {
    /// Brings what is local into line with the settings: indexes that appeared or went, a stream that was enabled; then
    /// puts it into the catalog.
    mutating func reconcile(_ state: inout Catalog.TableState, at nowMilliseconds: UInt64) {
        guard state.local.tableID != nil, let foundation = state.entry.foundation else { return catalog.put(state) }
        // A table that is in use gets an index step by step, an empty one too: its clients see each index come in the
        // same way.
        let isInUse = state.local.isServing && catalog[state.entry.uuid]?.local.tableID == state.local.tableID
        state.local.reconcileIndexes(
            with: state.entry.indexDefinitions(foundation), needsBackfill: isInUse || state.itemCount > 0
        ) { catalog.takeShortID() }
        let settings = TableSettings(state.entry)
        let label = streams.reconcile(
            state.entry, foundation.keySchema, with: settings.streamViewType, after: log.bounds.last,
            shardCount: configuration.streamShardCount, at: nowMilliseconds, into: &batch
        ) { catalog.takeShortID() }
        if let label { state.local.streamLabelMilliseconds = label }
        contents.reconcileExpiry(
            of: &state.local, with: settings.timeToLive.flatMap { $0.isEnabled ? $0.attribute : nil },
            hasItems: state.itemCount > 0, into: &batch)
        catalog.put(state)
    }

    /// Logs the whole entry as it stands under `version`, for every other region.
    mutating func logCatalogChange(_ entry: CatalogEntry, version: Version) {
        let position = log.nextPosition
        let record = ChangeRecord(
            kind: .catalog, cause: .user, position: position, version: version, replaced: .zero,
            table: entry.uuid, payload: entry.encoded())
        log.append(LogEntry.encode(record, outcome: .applied), at: position, into: &batch)
    }

    /// Takes over what another region says of a table, and does in this region what follows from it: makes this
    /// region's replica, or drops it.
    mutating func mergeCatalog(_ received: CatalogEntry, at nowMilliseconds: UInt64) {
        guard !catalog.absorb(received) else { return }
        let known = catalog[received.uuid]
        var state = known ?? Catalog.TableState(entry: CatalogEntry(uuid: received.uuid, name: received.name))
        guard !state.entry.merge(received).isEmpty || known == nil else { return }
        let namesake = catalog.local(named: received.name)
        if known == nil, let namesake, !state.entry.isDeleted { noteShared(state.entry, with: namesake.entry) }
        guard let replica = state.entry.replica(in: configuration.name) else {
            // Somebody else has seen this region's replica go: the region that it belongs to always says so first,
            // unless it lost its disk in between.
            if state.local.tableID != nil { dropData(&state, at: nowMilliseconds) }
            return reconcile(&state, at: nowMilliseconds)
        }
        let version: Version
        switch state.local.replicaStep(after: replica.status, isNameTaken: namesake != nil) {
        case .keep: return reconcile(&state, at: nowMilliseconds)
        case .drop:
            version = nextVersion(at: nowMilliseconds)
            dropReplica(&state, version: version)
            return logCatalogChange(state.entry, version: version)
        case .report(let status):
            version = nextVersion(at: nowMilliseconds)
            state.entry.setReplica(in: configuration.name, status: status, version: version)
            if status == .creationFailed, let namesake {
                events.append(.nameTaken(received.name, own: namesake.entry.uuid, other: received.uuid))
            }
        case .create:
            version = nextVersion(at: nowMilliseconds)
            state.local.begin(
                TableID(rawValue: catalog.takeShortID()),
                wasHere: known?.entry.hasHadReplica(in: configuration.name) ?? false,
                after: log.bounds.last, at: nowMilliseconds)
            state.entry.setReplica(in: configuration.name, status: .creating, version: version)
        }
        reconcile(&state, at: nowMilliseconds)
        logCatalogChange(state.entry, version: version)
    }

    private mutating func noteShared(_ entry: CatalogEntry, with namesake: CatalogEntry) {
        let regions = entry.replicas.filter { $0.region != configuration.name }.map(\.region)
        guard !regions.isEmpty, entry.replica(in: configuration.name) == nil else { return }
        events.append(.nameShared(entry.name, own: namesake.uuid, other: entry.uuid, regions: regions))
    }

    /// Says once more that a table is deleted, where it is, to a region whose catalog holds it.
    ///
    /// An old copy of a disk may have forgotten that it has removed its replica, and nobody else's records say so in one piece.
    mutating func repeatDeletion(of entry: CatalogEntry, at nowMilliseconds: UInt64) {
        guard catalog[entry.uuid] == nil, catalog.deleted.isDeleted(entry) else { return }
        var tombstone = catalog.deleted[entry.uuid] ?? entry
        let version = nextVersion(at: nowMilliseconds)
        tombstone.delete(version: version)
        catalog.put(Catalog.TableState(entry: tombstone))
        logCatalogChange(tombstone, version: version)
    }

    /// Deletes the tables that another region's whole catalog lacks, as it says that it has seen them; then takes that over.
    ///
    /// - Parameter listed: the tables that the other catalog holds, deleted or not.
    mutating func takeCollected(
        _ collected: CollectedTables, besides listed: Set<TableUUID>, at nowMilliseconds: UInt64
    ) {
        guard !collected.entries.isEmpty else { return }
        for var state in catalog.all where !listed.contains(state.entry.uuid) {
            guard let creation = state.entry.creation, collected.covers(creation) else { continue }
            let version = nextVersion(at: nowMilliseconds)
            state.entry.delete(version: version)
            dropData(&state, at: version.stamp.milliseconds)
            catalog.put(state)
            logCatalogChange(state.entry, version: version)
        }
        catalog.take(collected)
    }

    /// Removes this region's replica and its data, and keeps what is left: the table of the other regions.
    mutating func dropReplica(_ state: inout Catalog.TableState, version: Version) {
        state.entry.removeReplica(in: configuration.name, version: version)
        dropData(&state, at: version.stamp.milliseconds)
        catalog.put(state)
    }

    /// Removes everything under the replica's local numbers, which are never used again; what was in its stream stays
    /// readable.
    private mutating func dropData(_ state: inout Catalog.TableState, at nowMilliseconds: UInt64) {
        streams.close(state.entry.uuid, after: log.bounds.last, at: nowMilliseconds, into: &batch)
        emptyData(&state)
    }

    private mutating func emptyData(_ state: inout Catalog.TableState) {
        contents.removeAll(of: state.local, into: &batch)
        catalog.clearReplica(&state, into: &batch)
    }

    /// Marks what every replica holds as an old copy's.
    mutating func noteCopied() {
        for var state in catalog.all where state.local.isServing {
            state.local.isCopied = true
            catalog.put(state)
        }
    }

    /// Has a replica wait for a snapshot transfer: one of an old copy says so, as nobody is to be given what it holds before.
    mutating func requireTransfer(_ state: inout Catalog.TableState) {
        let before = state.local.replicaStatus
        state.local.needsTransfer = true
        guard state.local.replicaStatus != before, state.entry[SettingName.replica(configuration.name)] != nil else {
            return
        }
        let version = nextVersion(at: 0)
        state.entry.setReplica(in: configuration.name, status: state.local.replicaStatus, version: version)
        logCatalogChange(state.entry, version: version)
    }

    /// Drops what a replica holds and gives it new local numbers; its settings and its state stay.
    mutating func emptyReplica(_ state: inout Catalog.TableState) {
        var local = state.local
        emptyData(&state)
        local.restart(TableID(rawValue: catalog.takeShortID()))
        state.local = local
        reconcile(&state, at: local.createdMilliseconds)
    }
}
