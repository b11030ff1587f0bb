import ItemModel
import KeyValueStore

/// The `catalog` keyspace: every table that any region has a replica of, as far as this region has seen, how much each replica here holds,
/// and the short numbers that were given out; and the tombstones of deleted tables.
///
/// What is asked at every commit, heartbeat or tick looks at no table but those that it is about.
struct Catalog {
    /// This region's name.
    private let region: Text
    private var states = LookupTable<TableUUID, TableState>()
    /// Strictly increasing.
    private(set) var uuids: [TableUUID] = []
    /// The tables whose replica here waits for a transfer, a catch-up or an index's entries: strictly increasing, and mostly none.
    private(set) var pendingReplicas: [TableUUID] = []
    /// The tables whose items expire here: strictly increasing.
    private(set) var expiringTables: [TableUUID] = []
    /// The tables with a replica here, by what they are called and numbered here.
    private var uuidsByName = LookupTable<Text, TableUUID>()
    private var uuidsByID = LookupTable<TableID, TableUUID>()
    /// How many tables have a replica here.
    private(set) var localCount = 0
    private(set) var deleted: DeletedTables
    private var nextShortID: UInt32
    private var isShortIDTaken = false
    /// The tables whose values the next commit writes: in order of change, each once.
    private var changed: [TableUUID] = []
    /// The tables whose counts the next commit writes; likewise.
    private var counted: [TableUUID] = []
    /// The keys of tables that the next commit removes.
    private var removedKeys: [[UInt8]] = []

    /// One table: what is shared, what is local, and what follows from both.
    struct TableState {
        var entry: CatalogEntry
        var local: LocalTableState
        /// Nil while no replica is here.
        fileprivate(set) var table: Table?
        fileprivate(set) var itemCount = 0
        fileprivate(set) var byteCount = 0

        init(entry: CatalogEntry, local: LocalTableState = LocalTableState()) {
            self.entry = entry
            self.local = local
        }

        /// A new table with one replica, that of `region`.
        init(
            creating specification: TableSpecification, _ id: TableID, in region: Text, version: Version,
            at nowMilliseconds: UInt64
        ) {
            entry = CatalogEntry(creating: specification, in: region, version: version, at: nowMilliseconds)
            local = LocalTableState()
            local.tableID = id
            local.isServing = true
            local.createdMilliseconds = nowMilliseconds
            local.settings = specification.localSettings
        }

        /// This region's replica; nil while there is none.
        var localReplica: LocalReplica? { local.tableID.map { LocalReplica(table: entry.uuid, id: $0) } }
    }

    /// Reads every table back.
    ///
    /// - Parameter nextShortID: the next number of a table, an index or a stream.
    init(loading store: some KeyValueReader, region: Text, nextShortID: UInt32) throws {
        self.region = region
        self.nextShortID = nextShortID
        deleted = try DeletedTables(loading: store)
        try store.visit(KeyRange(from: [], to: nil), in: Layout.catalog, direction: .forward) { _, value in
            var reader = ByteReader(value)
            var state = TableState(
                entry: try CatalogEntry(from: &reader), local: try LocalTableState(from: &reader))
            if let id = state.local.tableID {
                let counts = try TableStatistics(under: Layout.countKey(id), in: store)
                (state.itemCount, state.byteCount) = (counts.itemCount, counts.byteCount)
            }
            update(state)
            return true
        }
    }

    // MARK: Tables

    subscript(uuid: TableUUID) -> TableState? { states[uuid] }

    /// All tables that are not deleted, in the order of their UUIDs.
    var all: [TableState] { uuids.compactMap { states[$0] } }

    /// The table of that name with a replica here.
    func local(named name: Text) -> TableState? { uuidsByName[name].flatMap { states[$0] } }

    /// The table whose replica here has that number.
    func local(_ id: TableID) -> TableState? { uuidsByID[id].flatMap { states[$0] } }

    /// The entry of a table, deleted or not; nil once a tombstone was collected.
    func entry(_ uuid: TableUUID) -> CatalogEntry? { states[uuid]?.entry ?? deleted[uuid] }

    /// Every region in which a table of that name has, or is getting or losing, a replica.
    func regions(withReplicaNamed name: Text) -> [Text] {
        all.filter { $0.entry.name == name }
            .flatMap { $0.entry.settings(under: SettingName.replicaPrefix).map(\.name) }
    }

    /// Puts or replaces a table, with what follows from its settings; the next commit writes it.
    ///
    /// Of a deleted one, whose data is gone, its tombstone is left.
    mutating func put(_ state: TableState) {
        let uuid = state.entry.uuid
        guard !state.entry.isDeleted else {
            remove(uuid)
            return deleted.put(state.entry)
        }
        update(state)
        if !changed.contains(uuid) { changed.append(uuid) }
    }

    private mutating func update(_ state: TableState) {
        var state = state
        state.table = Table(state.entry, state.local, in: region)
        let uuid = state.entry.uuid
        Self.list(uuid, in: &uuids, if: true)
        noteNames(of: states[uuid], becoming: state)
        states[uuid] = state
        Self.list(uuid, in: &pendingReplicas, if: state.local.isPending)
        Self.list(uuid, in: &expiringTables, if: state.table?.expiryAttribute != nil)
    }

    private mutating func remove(_ uuid: TableUUID) {
        guard let state = states[uuid] else { return }
        noteNames(of: state, becoming: nil)
        Self.list(uuid, in: &pendingReplicas, if: false)
        Self.list(uuid, in: &expiringTables, if: false)
        Self.list(uuid, in: &uuids, if: false)
        states[uuid] = nil
        removedKeys.append(Layout.catalogKey(name: state.entry.name, uuid: uuid))
    }

    private mutating func noteNames(of old: TableState?, becoming new: TableState?) {
        if let table = old?.table {
            uuidsByName[table.name] = nil
            uuidsByID[table.id] = nil
            localCount -= 1
        }
        if let table = new?.table {
            uuidsByName[table.name] = table.uuid
            uuidsByID[table.id] = table.uuid
            localCount += 1
        }
    }

    /// Has a table in a strictly increasing list, or not.
    private static func list(_ uuid: TableUUID, in list: inout [TableUUID], if isMember: Bool) {
        let index = list.partitioningIndex { $0 >= uuid }
        let isListed = index < list.count && list[index] == uuid
        switch (isMember, isListed) {
        case (true, false): list.insert(uuid, at: index)
        case (false, true): list.remove(at: index)
        case (true, true), (false, false): break
        }
    }

    // MARK: Deleted tables

    /// Takes over what is received of a table that is known to be deleted, which is at the most a later version of that.
    ///
    /// - Returns: whether the table is known to be.
    mutating func absorb(_ received: CatalogEntry) -> Bool {
        guard states[received.uuid] == nil, deleted.isDeleted(received) else { return false }
        if var entry = deleted[received.uuid], !entry.merge(received).isEmpty { deleted.put(entry) }
        return true
    }

    /// Whether an entry says of its table what is not known here.
    func lacks(anyOf received: CatalogEntry) -> Bool {
        guard let entry = entry(received.uuid) else { return !deleted.isDeleted(received) }
        return entry.lacks(anyOf: received)
    }

    /// Takes over what another region's whole catalog says of tables that it lacks.
    mutating func take(_ collected: CollectedTables) { deleted.take(collected) }

    /// Removes tombstones of tables that nobody needs any more.
    ///
    /// - Returns: whether it stopped at the limit.
    mutating func collectDeletedTables(_ progress: ReplicaProgress, upTo last: LogPosition, limit: Int) -> Bool {
        deleted.collect(progress, upTo: last, limit: limit)
    }

    /// Changes what only this region's replica of a table has.
    mutating func change(
        _ change: LocalSettingsChange, ofTable name: Text, at nowMilliseconds: UInt64
    ) throws(LocalSettingsRefusal) -> LocalSettingsResult {
        guard var state = local(named: name), let table = state.table, table.status == .active else {
            throw .tableNotFound
        }
        let before = state.local.settings
        let revision = try state.local.settings.apply(change, at: nowMilliseconds)
        if state.local.settings != before { put(state) }
        return LocalSettingsResult(
            table: states[state.entry.uuid]?.table ?? table, policyRevision: revision,
            nowMilliseconds: nowMilliseconds)
    }

    /// A number for a table, an index or a stream that was never used before.
    mutating func takeShortID() -> UInt32 {
        defer { nextShortID += 1 }
        isShortIDTaken = true
        return nextShortID
    }

    // MARK: Counts

    /// Adds what a change of an item changes of how much its table holds.
    mutating func count(_ change: ItemChange) {
        let (items, bytes) = (change.itemCountDifference, change.newSize - change.oldSize)
        guard items != 0 || bytes != 0 else { return }
        let uuid = change.table.uuid
        states[uuid]?.itemCount += items
        states[uuid]?.byteCount += bytes
        if !counted.contains(uuid) { counted.append(uuid) }
    }

    /// Makes `state` that of a table without a replica here.
    func clearReplica(_ state: inout TableState, into batch: inout WriteBatch) {
        if let id = state.local.tableID { batch.delete(Layout.countKey(id), in: Layout.meta) }
        state.local = LocalTableState()
        (state.itemCount, state.byteCount) = (0, 0)
    }

    // MARK: Commits

    /// Whether the next commit writes anything of the catalog by itself; counts go with the items that changed them.
    var hasChanges: Bool { isShortIDTaken || isChanged || deleted.hasChanges }

    /// Whether readers have to be shown other tables after the next commit.
    var isChanged: Bool { !changed.isEmpty || !removedKeys.isEmpty }

    /// Adds to the batch of a commit what has changed.
    func stage(into batch: inout WriteBatch) {
        if isShortIDTaken {
            batch.put(Layout.MetaKey.nextShortID, Layout.bigEndian(nextShortID), in: Layout.meta)
        }
        for key in removedKeys { batch.delete(key, in: Layout.catalog) }
        deleted.stage(into: &batch)
        for state in changed.compactMap({ states[$0] }) {
            var writer = ByteWriter()
            state.entry.encode(into: &writer)
            state.local.encode(into: &writer)
            batch.put(
                Layout.catalogKey(name: state.entry.name, uuid: state.entry.uuid), writer.bytes, in: Layout.catalog)
        }
        for state in counted.compactMap({ states[$0] }) {
            guard let id = state.local.tableID else { continue }
            let counts = TableStatistics(itemCount: state.itemCount, byteCount: state.byteCount)
            batch.put(Layout.countKey(id), counts.encoded(), in: Layout.meta)
        }
    }

    /// Notes that everything pending is in the store.
    mutating func committed() {
        isShortIDTaken = false
        if !changed.isEmpty { changed = [] }
        if !counted.isEmpty { counted = [] }
        if !removedKeys.isEmpty { removedKeys = [] }
        deleted.committed()
    }
}
