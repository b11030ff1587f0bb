import HybridClock
import ItemModel
import KeyValueStore

/// A replica of an old copy of a disk is compared with another one, and what was deleted and forgotten after the copy was made goes.
///
/// Nobody has the tombstones any more: the region had acknowledged them before it forgot. But an item that a snapshot lacks, although its
/// source has had the change that has written it, was deleted. What the source has had of each log the snapshot's vector says; and a log's
/// stamps grow with its positions, so the first change behind that, which is in this region's log, says which items are beyond.
struct ReplicaPruning {
    let replica: LocalReplica
    /// Up to where all was compared; nil for the table's end.
    private var reached: [UInt8]? = []
    private var bounds: Bounds?

    /// How many items may go for one part: what is beyond waits for the next transfer.
    static var limit: Int { 10_000 }

    init(of replica: LocalReplica) { self.replica = replica }

    /// Whether the whole table was compared.
    var isComplete: Bool { reached == nil }

    /// What a part of a snapshot lacks that its source has had, as it is committed.
    ///
    /// - Parameters:
    ///   - keys: of the part's items, under the number that the table has here.
    ///   - loggedFrom: for each log the position after which this region's log holds all changes that the replica has.
    ///   - received: up to where anything has come of each log, in parts too.
    mutating func missing(
        in part: SnapshotPart, _ keys: [[UInt8]], of table: Table, loggedFrom: AppliedVector, received: AppliedVector,
        from reader: RegionReader<some KeyValueStore>
    ) throws -> [(key: [UInt8], version: Version)] {
        let snapshot = try reader.snapshot()
        var bounds = bounds.flatMap { $0.vector == part.vector ? $0 : nil } ?? Bounds(part.vector, of: table.uuid)
        try bounds.scan(to: try reader.lastPosition(in: snapshot), in: snapshot, of: reader, received)
        self.bounds = bounds
        let prefix = Layout.prefix(table.id)
        var range = KeyRange(prefix: prefix)
        range.lower = prefix + part.lower
        if let upper = part.upper { range.upper = prefix + upper }
        guard range.upper.map({ range.lower.lexicographicallyPrecedes($0) }) ?? true else { return [] }
        let present = Set(keys)
        var missing: [(key: [UInt8], version: Version)] = []
        try snapshot.visit(range, in: Layout.items, direction: .forward) { key, value in
            let value = try ItemValue(decoding: value)
            guard !value.isTombstone, bounds.covers(value.version, loggedFrom), !present.contains(key) else {
                return true
            }
            missing.append((key, value.version))
            return missing.count < Self.limit
        }
        if missing.count < Self.limit, let reached, !reached.lexicographicallyPrecedes(part.lower) {
            // Another transfer may have come further.
            self.reached = part.upper.map { reached.lexicographicallyPrecedes($0) ? $0 : reached }
        }
        return missing
    }
}

/// Up to which stamps a snapshot's source had the changes of each log.
private struct Bounds {
    let vector: AppliedVector
    let table: TableUUID
    /// The lowest stamp that this region's log has of each log behind the vector's position.
    private var first: [(log: Origin, stamp: HybridTimestamp)] = []
    /// Up to where this region's log was read.
    private var scanned: LogPosition?

    init(_ vector: AppliedVector, of table: TableUUID) {
        self.vector = vector
        self.table = table
    }

    func covers(_ version: Version, _ loggedFrom: AppliedVector) -> Bool {
        let log = version.origin
        guard vector.contains(log), vector[log] >= loggedFrom[log] else { return false }
        return first.first { $0.log == log }.map { version.stamp < $0.stamp } ?? true
    }

    /// The place in this region's log behind which everything stands that the source had not had.
    private func start(
        _ received: AppliedVector, from reader: RegionReader<some KeyValueStore>
    ) throws(KeyValueStoreError) -> LogPosition? {
        var start: LogPosition?
        for entry in received.entries where entry.position > vector[entry.origin] {
            let place = try reader.logPosition(after: vector[entry.origin], of: entry.origin) ?? .zero
            start = min(start ?? place, place)
        }
        return start
    }

    /// Reads what was logged since the last time.
    ///
    /// - Parameter received: up to where anything has come of each log.
    mutating func scan(
        to end: LogPosition, in snapshot: some KeyValueReader, of reader: RegionReader<some KeyValueStore>,
        _ received: AppliedVector
    ) throws {
        let from = try scanned ?? start(received, from: reader) ?? end
        guard from < end else { return scanned = max(from, end) }
        let range = KeyRange(from: Layout.logKey(from.successor), to: Layout.logKey(end.successor))
        var found = first
        try snapshot.visit(range, in: Layout.log, direction: .forward) { _, value in
            let entry = try StoredLogEntry(value)
            let header = try entry.header()
            let log = header.version.origin
            guard header.kind != .catalog, header.table == table, entry.outcome != .transferred,
                header.position > vector[log]
            else { return true }
            if let index = found.firstIndex(where: { $0.log == log }) {
                found[index].stamp = min(found[index].stamp, header.version.stamp)
            } else {
                found.append((log, header.version.stamp))
            }
            return true
        }
        first = found
        scanned = end
    }
}

extension RegionState {
    /// Removes what another replica says was deleted, as state and without a change of its own; the replica's stream tells of it.
    mutating func prune(
        _ items: [(key: [UInt8], version: Version)], of table: Table, in store: some KeyValueReader,
        at nowMilliseconds: UInt64
    ) throws {
        for (key, version) in items {
            guard let stored = try contents.receivedValue(key, in: store), !stored.isTombstone,
                stored.version == version
            else { continue }
            let attributes = try table.decodedKey(key)
            let payload = attributes.encoded()
            var change = try contents.receivedChange(
                to: attributes, payload: payload, isDeletion: true, key: key, stored: stored, table: table, in: store)
            // The deletion's tombstone is forgotten everywhere.
            change.leavesTombstone = false
            stageTransferred(change, version: stored.version, payload: payload, isFirst: false, at: nowMilliseconds)
        }
    }
}
