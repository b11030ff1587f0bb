public import ItemModel

/// Every table that this region has heard of, with or without a replica here: the writer's working copy.
struct Catalog {
    /// Looked up only; the order of tables comes from ``uuids``.
    private var states: [TableUUID: TableState] = [:]
    /// Strictly increasing.
    private(set) var uuids: [TableUUID] = []

    /// One table: what is shared, what is local, and what follows from both.
    struct TableState {
        var entry: CatalogEntry
        var local: LocalTableState
        /// Nil while no replica is here.
        var table: Table?
        var itemCount = 0
        var byteCount = 0

        /// This region's replica; nil while there is none.
        var localReplica: LocalReplica? { local.tableID.map { LocalReplica(table: entry.uuid, id: $0) } }
    }

    subscript(uuid: TableUUID) -> TableState? { states[uuid] }

    /// Puts or replaces a table.
    mutating func update(_ state: TableState) {
        let uuid = state.entry.uuid
        if states.updateValue(state, forKey: uuid) == nil {
            uuids.insert(uuid, at: uuids.firstIndex { $0 > uuid } ?? uuids.endIndex)
        }
    }

    /// Changes the counts of a table in place.
    mutating func addToCounts(of uuid: TableUUID, items: Int, bytes: Int) {
        states[uuid]?.itemCount += items
        states[uuid]?.byteCount += bytes
    }

    /// All tables, in the order of their UUIDs.
    var all: [TableState] { uuids.compactMap { states[$0] } }

    /// The table of that name with a replica here.
    func local(named name: Text) -> TableState? {
        all.first { $0.table?.name == name }
    }
}

/// The tables with a replica here, as readers see them.
public final class CatalogSnapshot: Sendable {
    /// In the byte order of their names.
    public let tables: [Table]
    /// By the names of their tables and then by their labels: those enabled, and those disabled whose records are kept.
    public let streams: [ChangeStream]
    /// Every region in which some table of each name has a replica, known from the catalog that all regions share.
    let regionsByName: [Text: [Text]]
    /// For each region the tables that it has, is getting or is losing a replica of, in order: what links ship to it.
    ///
    /// Also tables that have no replica here any more, whose last changes may still have to be shipped.
    private let tablesByRegion: [Text: [TableUUID]]
    /// Looked up only.
    private let byName: [Text: Table]
    /// Looked up only.
    private let byUUID: [TableUUID: Table]

    init(_ catalog: Catalog, _ streams: StreamRegistry) {
        let all = catalog.all
        self.streams = streams.all
        tables = all.compactMap(\.table).sorted { $0.name < $1.name }
        byUUID = Dictionary(tables.map { ($0.uuid, $0) }) { first, _ in first }
        byName = Dictionary(tables.map { ($0.name, $0) }) { first, _ in first }
        var regions: [Text: [Text]] = [:]
        var uuids: [Text: [TableUUID]] = [:]
        for state in all {
            for (region, _, value) in state.entry.settings(under: SettingName.replicaPrefix) {
                regions[state.entry.name, default: []].append(region)
                // One that is to be deleted serves until its region has heard of it.
                guard let replica = Replica(region: region, value), replica.status != .creationFailed else { continue }
                uuids[region, default: []].append(state.entry.uuid)
            }
        }
        regionsByName = regions
        tablesByRegion = uuids
    }

    /// The tables whose changes concern `region`, in order.
    public func tables(replicatedTo region: Text) -> [TableUUID] { tablesByRegion[region] ?? [] }

    /// The table with that UUID, if a replica is here.
    public func table(_ uuid: TableUUID) -> Table? { byUUID[uuid] }

    /// The table of that name.
    public func table(named name: Text) -> Table? { byName[name] }
}
