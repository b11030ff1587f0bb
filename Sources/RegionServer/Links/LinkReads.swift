import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// Reads what a sending end asks for, on a thread that may block.
///
/// Unchecked Sendable: its owner has one read under way at a time, and touches nothing in between.
final class LinkReads<Store: KeyValueStore>: @unchecked Sendable {
    private let reader: RegionReader<Store>
    private let peer: Text
    /// The snapshot of each table that is being read for the peer, with what had been applied when it was taken.
    private var snapshots: [TableUUID: (snapshot: Store.Snapshot, vector: AppliedVector)] = [:]

    /// What was read.
    enum Outcome: Sendable {
        case catalog([[UInt8]], position: LogPosition, isReset: Bool)
        case log(LogPage?)
        case table(TableUUID, SenderLink.TableReadResult)
        case located(Origin, after: LogPosition, place: LogPosition?, isComplete: Bool)
        case failed(KeyValueStoreError)
    }

    init(reader: RegionReader<Store>, peer: Text) {
        self.reader = reader
        self.peer = peer
    }

    func perform(_ read: SenderLink.Read) -> Outcome {
        do throws(KeyValueStoreError) {
            switch read {
            case .catalog(let isReset): return try catalog(isReset: isReset)
            case .changes(let changes): return .log(try log(changes))
            case .table(let table, let key, let byteLimit):
                return .table(table, try page(of: table, from: key, byteLimit: byteLimit))
            case .locate(let origin, let position):
                return .located(
                    origin, after: position, place: try reader.logPosition(after: position, of: origin),
                    isComplete: try reader.holdsAllChanges(of: origin, after: position, for: peer))
            }
        } catch {
            return .failed(error)
        }
    }

    private func catalog(isReset: Bool) throws(KeyValueStoreError) -> Outcome {
        let snapshot = try reader.snapshot()
        return .catalog(
            try reader.catalogEntries(in: snapshot), position: try reader.vector(in: snapshot)[reader.origin],
            isReset: isReset)
    }

    private func log(_ read: SenderLink.ChangesRead) throws(KeyValueStoreError) -> LogPage? {
        var tables = reader.catalog.tables(replicatedTo: peer)
        if let table = read.table {
            guard tables.contains(table) else { return nil }
            tables = [table]
        }
        return try reader.changes(
            after: read.after, upTo: read.upTo,
            matching: LogFilter(origin: read.origin, tables: tables, includesCatalog: read.table == nil),
            byteLimit: read.byteLimit)
    }

    private func page(
        of uuid: TableUUID, from key: [UInt8]?, byteLimit: Int
    ) throws(KeyValueStoreError) -> SenderLink.TableReadResult {
        let catalog = reader.catalog
        guard let table = catalog.table(uuid), catalog.tables(replicatedTo: peer).contains(uuid) else {
            snapshots[uuid] = nil
            return .unavailable(.unknownTable)
        }
        if key == nil {
            let own = reader.configuration.name
            guard table.replicas.contains(where: { $0.region == own && $0.status == .active }) else {
                return .unavailable(.incomplete)
            }
            let snapshot = try reader.snapshot()
            guard let vector = try reader.fillVector(of: uuid, in: snapshot) else {
                return .unavailable(.incomplete)
            }
            snapshots[uuid] = (snapshot, vector)
        }
        guard let kept = snapshots[uuid] else { return .unavailable(.unknownTable) }
        let page = try reader.snapshotPage(of: table, in: kept.snapshot, from: key, byteLimit: byteLimit)
        if page.next == nil { snapshots[uuid] = nil }
        return .page(page, kept.vector)
    }
}
