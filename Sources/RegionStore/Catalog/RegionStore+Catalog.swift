import HybridClock
import ItemModel
import KeyValueStore

/// How what all regions agree on becomes this region's own tables, and how changes get into the log.
extension RegionStore {
    /// Reads every table back when the store is opened.
    func loadCatalog() throws(RegionStoreError) {
        do {
            try store.visit(KeyRange(from: [], to: nil), in: Layout.catalog, direction: .forward) { _, value in
                var reader = ByteReader(value)
                let entry = try CatalogEntry(from: &reader)
                let local = try LocalTableState(from: &reader)
                var state = Catalog.TableState(entry: entry, local: local)
                if let id = local.tableID {
                    let counts = try TableStatistics(under: Layout.countKey(id), in: store)
                    (state.itemCount, state.byteCount) = (counts.itemCount, counts.byteCount)
                }
                for index in local.indexes {
                    indexCounts[index.id] = try TableStatistics(under: Layout.countKey(index.id), in: store)
                    backfillCursors[index.id] = try store.value(for: Layout.backfillKey(index.id), in: Layout.meta)
                }
                update(state)
                return true
            }
        } catch {
            throw RegionStoreError(error)
        }
    }

    /// Keeps `state` in the working copy, with the table that follows from it, and has the next commit write it.
    func keep(_ state: Catalog.TableState) {
        update(state)
        pending.isCatalogChanged = true
        if !pending.catalogTables.contains(state.entry.uuid) { pending.catalogTables.append(state.entry.uuid) }
    }

    /// Puts `state` into the working copy, with what follows from it.
    private func update(_ state: Catalog.TableState) {
        var state = state
        state.table = derivedTable(of: state)
        catalog.update(state)
        let uuid = state.entry.uuid
        let place = pendingReplicas.firstIndex { $0 >= uuid } ?? pendingReplicas.endIndex
        let isListed = place < pendingReplicas.endIndex && pendingReplicas[place] == uuid
        switch (state.local.isPending, isListed) {
        case (true, false): pendingReplicas.insert(uuid, at: place)
        case (false, true): pendingReplicas.remove(at: place)
        case (true, true), (false, false): break
        }
    }

    /// Writes a table's catalog value into the batch.
    func stageCatalogValue(of uuid: TableUUID) {
        guard let state = catalog[uuid] else { return }
        var writer = ByteWriter()
        state.entry.encode(into: &writer)
        state.local.encode(into: &writer)
        pending.batch.put(
            Layout.catalogKey(name: state.entry.name, uuid: uuid), writer.bytes, in: Layout.catalog)
    }

    /// Logs the whole entry as it stands under `version`, for every other region.
    func logCatalogChange(_ state: Catalog.TableState, version: Version) {
        let position = nextPosition()
        let record = ChangeRecord(
            kind: .catalog, cause: .user, position: position, version: version, replaced: .zero,
            table: state.entry.uuid, payload: state.entry.encoded())
        let entry = LogEntry(record: record.encoded(), outcome: .applied)
        pending.batch.put(Layout.logKey(position), entry.encoded(), in: Layout.log)
    }

    /// Brings what is local into line with the settings: indexes that appeared or went, a stream that was enabled; then keeps it.
    func reconcile(_ state: inout Catalog.TableState, at nowMilliseconds: UInt64) {
        guard state.local.tableID != nil,
            let foundation = state.entry[SettingName.table].flatMap(TableFoundation.init)
        else { return keep(state) }
        let definitions = indexDefinitions(of: state.entry, foundation)
        let isWanted = { (index: LocalTableState.LocalIndex) in
            definitions.contains { $0.name == index.name && $0.shape == index.shape }
        }
        for place in state.local.indexes.indices where !isWanted(state.local.indexes[place]) {
            state.local.indexes[place].isDeleting = true
        }
        // A table that is in use gets an index step by step, an empty one too: its clients see each index come in the same way.
        let isInUse = state.local.isServing && catalog[state.entry.uuid]?.local.tableID == state.local.tableID
        for definition in definitions where state.local.index(named: definition.name) == nil {
            let index = LocalTableState.LocalIndex(
                name: definition.name, id: IndexID(rawValue: takeShortID()), shape: definition.shape,
                needsBackfill: isInUse || state.itemCount > 0)
            state.local.indexes.insert(
                index, at: state.local.indexes.firstIndex { $0.name > index.name } ?? state.local.indexes.endIndex)
        }
        reconcileStream(&state, foundation.keySchema, at: nowMilliseconds)
        reconcileExpiry(&state)
        keep(state)
    }

    /// Local indexes first, each kind in the order of the names.
    private func indexDefinitions(of entry: CatalogEntry, _ foundation: TableFoundation) -> [IndexDefinition] {
        foundation.localIndexes
            + entry.settings(under: SettingName.indexPrefix).compactMap {
                IndexDefinition(name: $0.name, isGlobal: true, $0.value)
            }
    }

    /// Takes over what another region says of a table, and does in this region what follows from it: makes this region's
    /// replica, or drops it.
    func mergeCatalog(_ received: CatalogEntry, at nowMilliseconds: UInt64) {
        let known = catalog[received.uuid]
        var state =
            known ?? Catalog.TableState(entry: CatalogEntry(uuid: received.uuid, name: received.name), local: .init())
        guard !state.entry.merge(received).isEmpty || known == nil else { return }
        guard let replica = localReplica(in: state.entry) else {
            // Somebody else has seen this region's replica go: the region that it belongs to always says so first, unless it
            // lost its disk in between.
            if state.local.tableID != nil {
                closeStream(of: state.entry.uuid, at: nowMilliseconds)
                dropData(&state)
            }
            return reconcile(&state, at: nowMilliseconds)
        }
        if replica.status == .deleting {
            let version = nextVersion(at: nowMilliseconds)
            dropReplica(&state, version: version)
            return logCatalogChange(state, version: version)
        }
        if state.local.tableID != nil {
            // Whoever changed the replica's overrides wrote its state too, as he knew it then.
            let status: TableStatus = state.local.isServing ? .active : .creating
            guard replica.status != status else { return reconcile(&state, at: nowMilliseconds) }
            let version = nextVersion(at: nowMilliseconds)
            setLocalReplica(&state, status: status, version: version)
            reconcile(&state, at: nowMilliseconds)
            return logCatalogChange(state, version: version)
        }
        guard replica.status != .creationFailed else { return reconcile(&state, at: nowMilliseconds) }
        let version = nextVersion(at: nowMilliseconds)
        let isNameTaken = catalog.local(named: received.name) != nil
        if isNameTaken {
            setLocalReplica(&state, status: .creationFailed, version: version)
        } else {
            state.local.tableID = TableID(rawValue: takeShortID())
            state.local.createdMilliseconds = nowMilliseconds
            state.local.needsTransfer = true
            // An earlier replica here may have written what is not everywhere yet.
            let wasHere = known?.entry.mentions(SettingName.replica(configuration.name)) ?? false
            state.local.ownPosition = wasHere ? lastPosition : .zero
            state.local.addedPosition = lastPosition.successor
            setLocalReplica(&state, status: .creating, version: version)
        }
        reconcile(&state, at: nowMilliseconds)
        logCatalogChange(state, version: version)
    }

    /// This region's replica as the entry has it.
    func localReplica(in entry: CatalogEntry) -> Replica? {
        entry[SettingName.replica(configuration.name)].flatMap { Replica(region: configuration.name, $0) }
    }

    /// Writes the state of this region's own replica, which no other region writes but to ask for its deletion.
    func setLocalReplica(_ state: inout Catalog.TableState, status: TableStatus, version: Version) {
        guard let replica = localReplica(in: state.entry) else { return }
        state.entry.set(
            SettingName.replica(configuration.name),
            to: replica.overrides.encoded(status: status, created: replica.created), version: version)
    }

    /// Removes this region's replica and its data, and keeps what is left: the table of the other regions.
    func dropReplica(_ state: inout Catalog.TableState, version: Version) {
        state.entry.set(SettingName.replica(configuration.name), to: nil, version: version)
        closeStream(of: state.entry.uuid, at: version.stamp.milliseconds)
        state.entry.set(SettingName.protection(configuration.name), to: nil, version: version)
        dropData(&state)
        keep(state)
    }

    /// Removes everything under the replica's local numbers, which are never used again; what was in its stream stays readable.
    private func dropData(_ state: inout Catalog.TableState) {
        if let id = state.local.tableID {
            for keyspace in [Layout.items, Layout.expiry] {
                pending.batch.deleteRange(KeyRange(prefix: Layout.prefix(id)), in: keyspace)
            }
            pending.batch.delete(Layout.countKey(id), in: Layout.meta)
            let collections = KeyRange(prefix: Layout.collectionPrefix(id))
            pending.batch.deleteRange(collections, in: Layout.meta)
        }
        for index in state.local.indexes { dropIndex(index.id) }
        state.local = LocalTableState()
        state.itemCount = 0
        state.byteCount = 0
    }

    /// Drops what a replica holds and gives it new local numbers; its settings and its state stay.
    func emptyReplica(_ state: inout Catalog.TableState) {
        var local = state.local
        dropData(&state)
        local.tableID = TableID(rawValue: takeShortID())
        local.indexes = []
        local.isTransferBegun = false
        local.needsExpiryBackfill = false
        state.local = local
        reconcile(&state, at: local.createdMilliseconds)
    }

    /// The table that readers see; nil while no replica is here.
    private func derivedTable(of state: Catalog.TableState) -> Table? {
        guard let id = state.local.tableID,
            let foundation = state.entry[SettingName.table].flatMap(TableFoundation.init)
        else { return nil }
        let replicas = state.entry.settings(under: SettingName.replicaPrefix)
            .compactMap { setting -> Replica? in
                var replica = Replica(region: setting.name, setting.value)
                replica?.isDeletionProtected = state.entry[SettingName.protection(setting.name)] != nil
                return replica
            }
            .sorted { ($0.created, $0.region) < ($1.created, $1.region) }
        let indexes = indexDefinitions(of: state.entry, foundation).compactMap { definition -> SecondaryIndex? in
            guard let index = state.local.index(named: definition.name) else { return nil }
            return SecondaryIndex(
                definition: definition, id: index.id, status: index.needsBackfill ? .creating : .active)
        }
        let settings = TableSettings(state.entry, in: configuration.name)
        let status: TableStatus = state.local.isServing ? .active : .creating
        return Table(
            name: state.entry.name, uuid: state.entry.uuid, id: id, in: configuration.name,
            createdMilliseconds: state.local.createdMilliseconds, status: status, keySchema: foundation.keySchema,
            indexes: indexes, deletingIndexes: state.local.indexes.compactMap(Self.deletingIndex), settings: settings,
            local: state.local, replicas: replicas,
            keepsTombstones: state.entry.mentionsReplica(besides: configuration.name))
    }

    private static func deletingIndex(_ index: LocalTableState.LocalIndex) -> SecondaryIndex? {
        guard index.isDeleting,
            let definition = IndexDefinition(name: index.name, isGlobal: true, index.shape)
        else { return nil }
        return SecondaryIndex(definition: definition, id: index.id, status: .deleting)
    }
}
