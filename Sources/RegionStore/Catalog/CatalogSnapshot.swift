public import ItemModel

/// The tables with a replica here, as readers see them.
public final class CatalogSnapshot: Sendable {
    /// In the byte order of their names.
    public let tables: [Table]
    /// By the names of their tables and then by their labels: those enabled, and those disabled whose records are kept.
    public let streams: [ChangeStream]
    /// For each region the tables that it has, is getting or is losing a replica of, in order: what links ship to it.
    ///
    /// Also tables that have no replica here any more, whose last changes may still have to be shipped.
    private let tablesByRegion: LookupTable<Text, [TableUUID]>
    private let byName: LookupTable<Text, Table>
    private let byUUID: LookupTable<TableUUID, Table>

    /// - Parameter states: in the order of their UUIDs.
    init(_ states: [Catalog.TableState] = [], streams: [ChangeStream] = []) {
        self.streams = streams
        tables = states.compactMap(\.table).sorted { $0.name < $1.name }
        byUUID = LookupTable(tables.lazy.map { ($0.uuid, $0) })
        byName = LookupTable(tables.lazy.map { ($0.name, $0) })
        var uuids = LookupTable<Text, [TableUUID]>()
        for state in states {
            for (region, _, value) in state.entry.settings(under: SettingName.replicaPrefix) {
                // One that is to be deleted serves until its region has seen that.
                guard let replica = Replica(region: region, value), replica.status != .creationFailed else { continue }
                uuids[region, default: []].append(state.entry.uuid)
            }
        }
        tablesByRegion = uuids
    }

    /// The tables whose changes concern `region`, in order.
    public func tables(replicatedTo region: Text) -> [TableUUID] { tablesByRegion[region] ?? [] }

    /// The table with that UUID, if a replica is here.
    public func table(_ uuid: TableUUID) -> Table? { byUUID[uuid] }

    /// The table of that name.
    public func table(named name: Text) -> Table? { byName[name] }
}
