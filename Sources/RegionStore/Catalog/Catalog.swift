import ItemModel
import KeyValueStore

/// The `catalog` keyspace: every table that this region has seen, with or without a replica here, how much each replica holds, and
/// the short numbers that were given out.
struct Catalog {
    /// This region's name.
    private let region: Text
    private var states = LookupTable<TableUUID, TableState>()
    /// Strictly increasing.
    private(set) var uuids: [TableUUID] = []
    /// The tables whose replica here waits for a transfer, a catch-up or an index's entries: strictly increasing, and mostly none.
    private(set) var pendingReplicas: [TableUUID] = []
    private var nextShortID: UInt32
    private var isShortIDTaken = false
    /// The tables whose values the next commit writes: in order of change, each once.
    private var changed: [TableUUID] = []
    /// The tables whose counts the next commit writes; likewise.
    private var counted: [TableUUID] = []

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

    /// All tables, in the order of their UUIDs.
    var all: [TableState] { uuids.compactMap { states[$0] } }

    /// The table of that name with a replica here.
    func local(named name: Text) -> TableState? { all.first { $0.table?.name == name } }

    /// Every region in which a table of that name has, or is getting or losing, a replica.
    func regions(withReplicaNamed name: Text) -> [Text] {
        all.filter { $0.entry.name == name }
            .flatMap { $0.entry.settings(under: SettingName.replicaPrefix).map(\.name) }
    }

    /// How many tables have a replica here.
    var localCount: Int { uuids.count { states[$0]?.table != nil } }

    /// Puts or replaces a table, with what follows from its settings; the next commit writes it.
    mutating func put(_ state: TableState) {
        update(state)
        if !changed.contains(state.entry.uuid) { changed.append(state.entry.uuid) }
    }

    private mutating func update(_ state: TableState) {
        var state = state
        state.table = Table(state.entry, state.local, in: region)
        let uuid = state.entry.uuid
        if states[uuid] == nil { uuids.insert(uuid, at: uuids.firstIndex { $0 > uuid } ?? uuids.endIndex) }
        states[uuid] = state
        let place = pendingReplicas.firstIndex { $0 >= uuid } ?? pendingReplicas.endIndex
        let isListed = place < pendingReplicas.endIndex && pendingReplicas[place] == uuid
        switch (state.local.isPending, isListed) {
        case (true, false): pendingReplicas.insert(uuid, at: place)
        case (false, true): pendingReplicas.remove(at: place)
        case (true, true), (false, false): break
        }
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
    var hasChanges: Bool { isShortIDTaken || !changed.isEmpty }

    /// Whether readers have to be shown other tables after the next commit.
    var isChanged: Bool { !changed.isEmpty }

    /// Adds to the batch of a commit what has changed.
    func stage(into batch: inout WriteBatch) {
        if isShortIDTaken {
            batch.put(Layout.MetaKey.nextShortID, Layout.bigEndian(nextShortID), in: Layout.meta)
        }
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
    }
}
