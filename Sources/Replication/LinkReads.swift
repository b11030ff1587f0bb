public import ItemModel
public import KeyValueStore
public import RegionStore

/// Reads what a sending end asks for, on whatever thread its owner likes; one read at a time.
///
/// It belongs to one connection: it keeps the snapshot of each table that is being read for the peer. Unchecked
/// Sendable: its owner has one read under way at a time, and touches nothing in between.
public final class LinkReads<Store: KeyValueStore>: @unchecked Sendable {
    private let reader: RegionReader<Store>
    private let peer: Text
    /// Only looked up, never iterated.
    private var snapshots: [TableUUID: (table: Table, snapshot: Store.Snapshot, vector: AppliedVector)] = [:]

    /// The last catalog, and what of it concerns the peer.
    private var known: (catalog: CatalogSnapshot, tables: [TableUUID])?

    public init(reader: RegionReader<Store>, peer: Text) {
        self.reader = reader
        self.peer = peer
    }

    /// Carries out one read.
    ///
    /// - Throws: the store's error, after which the link is to be closed.
    public func perform(_ read: SenderLink.Read) throws(KeyValueStoreError) -> SenderLink.ReadOutcome {
        switch read {
        case .catalog:
            let snapshot = try reader.snapshot()
            return .catalog(
                try reader.catalogEntries(in: snapshot), collected: try reader.collectedTables(in: snapshot),
                position: try reader.lastPosition(in: snapshot))
        case .changes(let changes): return try log(changes)
        case .table(let table, let key, let byteLimit): return try page(of: table, from: key, byteLimit: byteLimit)
        case .locate(let origin, let position):
            return .located(try reader.logPosition(after: position, of: origin) ?? position)
        }
    }

    private func log(_ read: SenderLink.ChangesRead) throws(KeyValueStoreError) -> SenderLink.ReadOutcome {
        let published = reader.lastPosition
        let snapshot = try reader.snapshot()
        var tables = tables(in: reader.catalog)
        if !read.prerequisite.entries.isEmpty {
            let applied = try reader.vector(in: snapshot)
            guard
                read.prerequisite.entries.allSatisfy({
                    applied.contains($0.origin) && applied[$0.origin] >= $0.position
                })
            else { return .unavailable(read.isOrphaned ? .incomplete : .unknownTable) }
        }
        if let table = read.table {
            guard tables.contains(table) else { return .unavailable(.unknownTable) }
            tables = [table]
        }
        let isOwn = read.origin == reader.origin
        var coverage = LogCoverage.complete
        if !isOwn {
            coverage = try reader.coverage(
                of: read.origin, after: read.since, for: peer, table: read.table, isOrphaned: read.isOrphaned,
                in: snapshot)
        }
        if read.isOrphaned, coverage == .incomplete { return .unavailable(.incomplete) }
        if read.table != nil, coverage != .complete {
            return .unavailable(coverage == .trimmed ? .trimmed : .incomplete)
        }
        let end: LogPosition
        if let upTo = read.upTo, upTo <= published {
            // What was published before the snapshot was taken is in it.
            end = upTo
        } else {
            let last = try reader.lastPosition(in: snapshot)
            end = min(read.upTo ?? last, last)
        }
        var page = try reader.changes(
            after: read.after, upTo: end,
            matching: LogFilter(origin: read.origin, tables: tables, includesCatalog: read.table == nil),
            in: snapshot, byteLimit: read.byteLimit)
        if page.readPosition >= end {
            if read.isOrphaned {
                page.completePosition = try reader.seenPosition(of: read.origin, in: snapshot)
                page.isTrimmed = page.isTrimmed || coverage == .trimmed
            } else if !isOwn, coverage == .complete {
                page.completePosition = try reader.vector(in: snapshot)[read.origin]
            }
        }
        return .changes(page)
    }

    /// The tables whose changes concern the peer.
    private func tables(in catalog: CatalogSnapshot) -> [TableUUID] {
        if let known, known.catalog === catalog { return known.tables }
        let tables = catalog.tables(replicatedTo: peer)
        known = (catalog, tables)
        return tables
    }

    private func page(
        of uuid: TableUUID, from key: [UInt8]?, byteLimit: Int
    ) throws(KeyValueStoreError) -> SenderLink.ReadOutcome {
        let catalog = reader.catalog
        guard let table = catalog.table(uuid), catalog.tables(replicatedTo: peer).contains(uuid) else {
            snapshots[uuid] = nil
            return .unavailable(.unknownTable)
        }
        if key == nil {
            let snapshot = try reader.snapshot()
            snapshots[uuid] = nil
            guard let vector = try reader.transferVector(of: uuid, in: snapshot) else {
                return .unavailable(.incomplete)
            }
            snapshots[uuid] = (table, snapshot, vector)
        }
        guard let kept = snapshots[uuid], kept.table.id == table.id else { return .unavailable(.incomplete) }
        let page = try reader.snapshotPage(of: kept.table, in: kept.snapshot, from: key, byteLimit: byteLimit)
        if page.next == nil { snapshots[uuid] = nil }
        return .table(page, kept.vector)
    }
}
