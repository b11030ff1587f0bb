import HybridClock
import ItemModel
import KeyValueStore

/// The `deleted-tables` keyspace: the tombstones of tables, each the table's entry with nothing but its creation and its deletion.
///
/// A tombstone is collected when every region of the topology has acknowledged all that was received here when it was first looked at,
/// the deletion with it, and when this region has everything, from every region, that was stamped up to the deletion. What may come of
/// the table afterwards:
///
/// - Records that were made before the deletion, relayed or sent once more: ``CollectedTables`` tells that the table was deleted, and
///   they are logged for whoever they are relayed to, and change nothing.
/// - Catalogs and records of a region that holds the table again, as an old copy of its disk was put back: likewise. Its catalog, which it
///   ships as its log is new, is answered with the deletion, which then waits once more. And where a region's catalog is shipped to it,
///   that catalog's ``CollectedTables`` say that every table is deleted which they cover and the catalog lacks.
/// - Records for a region without a disk: it has taken over a catalog first.
///
/// The acknowledgements are lost with the process, so after a restart each tombstone waits once more.
struct DeletedTables {
    private var entries = LookupTable<TableUUID, CatalogEntry>()
    /// Those that no collection has looked at yet.
    private var fresh: [TableUUID] = []
    /// Those that wait, with what for: what a later one waits for includes what an earlier one does, so only the first is looked at.
    private var waiting: [Batch] = []
    private(set) var collected = CollectedTables()
    /// What the next commit writes, in order of change; what it removes is in no entry any more.
    private var changed: [TableUUID] = []
    private var isCollectedChanged = false

    private struct Batch {
        var uuids: [TableUUID]
        /// What every region has to have acknowledged.
        let vector: AppliedVector
        /// The highest of the deletions' stamps.
        let stamp: HybridTimestamp
        /// The logs in which the tables were created.
        let logs: [Origin]
    }

    /// Reads every tombstone back.
    init(loading store: some KeyValueReader) throws {
        try store.visit(KeyRange(from: [], to: nil), in: Layout.deletedTables, direction: .forward) { _, value in
            let entry = try CatalogEntry(decoding: value)
            entries[entry.uuid] = entry
            fresh.append(entry.uuid)
            return true
        }
        collected = try CollectedTables(storedIn: store)
    }

    subscript(uuid: TableUUID) -> CatalogEntry? { entries[uuid] }

    /// How many wait.
    var count: Int { fresh.count + waiting.reduce(0) { $0 + $1.uuids.count } }

    /// Whether a table that is not in the catalog is known to be deleted.
    func isDeleted(_ entry: CatalogEntry) -> Bool {
        entries[entry.uuid] != nil || entry.creation.map(collected.covers) ?? false
    }

    /// Puts or replaces the tombstone of a table; the next commit writes it.
    mutating func put(_ entry: CatalogEntry) {
        precondition(entry.isDeleted, "a tombstone of the table \(entry.uuid), which has a replica")
        if entries[entry.uuid] == nil { fresh.append(entry.uuid) }
        entries[entry.uuid] = entry
        changed.append(entry.uuid)
    }

    /// Takes over what another region's catalog says of deleted tables that it lacks.
    mutating func take(_ collected: CollectedTables) {
        let before = self.collected
        self.collected.merge(collected)
        if self.collected != before { isCollectedChanged = true }
    }

    /// Removes tombstones that nobody needs any more.
    ///
    /// - Parameters:
    ///   - last: the last position of this region's own log.
    ///   - limit: how many at the most.
    /// - Returns: whether it stopped at the limit.
    mutating func collect(_ progress: ReplicaProgress, upTo last: LogPosition, limit: Int) -> Bool {
        lookAtFresh(progress, upTo: last)
        var remaining = limit
        while let batch = waiting.first {
            guard progress.mayForget(batch.vector, stamp: batch.stamp, createdIn: batch.logs) else { return false }
            for uuid in batch.uuids.suffix(remaining) { remove(uuid) }
            let rest = batch.uuids.count - remaining
            guard rest <= 0 else {
                waiting[0].uuids.removeLast(remaining)
                return true
            }
            remaining = -rest
            waiting.removeFirst()
        }
        return false
    }

    private mutating func lookAtFresh(_ progress: ReplicaProgress, upTo last: LogPosition) {
        guard !fresh.isEmpty else { return }
        var stamp = HybridTimestamp.zero
        var logs: [Origin] = []
        for entry in fresh.compactMap({ entries[$0] }) {
            stamp = max(stamp, entry.deletion?.stamp ?? .zero)
            if let log = entry.creation?.origin, !logs.contains(log) { logs.append(log) }
        }
        waiting.append(Batch(uuids: fresh, vector: progress.everReceived(upTo: last), stamp: stamp, logs: logs))
        fresh = []
    }

    private mutating func remove(_ uuid: TableUUID) {
        guard let entry = entries[uuid] else { return }
        entries[uuid] = nil
        changed.append(uuid)
        guard let creation = entry.creation else { return }
        collected.note(creation)
        isCollectedChanged = true
    }

    // MARK: Commits

    var hasChanges: Bool { !changed.isEmpty || isCollectedChanged }

    /// Adds to the batch of a commit what has changed.
    func stage(into batch: inout WriteBatch) {
        for uuid in changed {
            let key = Layout.deletedTableKey(uuid)
            if let entry = entries[uuid] {
                batch.put(key, entry.encoded(), in: Layout.deletedTables)
            } else {
                batch.delete(key, in: Layout.deletedTables)
            }
        }
        guard isCollectedChanged else { return }
        var writer = ByteWriter()
        collected.encode(into: &writer)
        batch.put(Layout.MetaKey.collectedTables, writer.bytes, in: Layout.meta)
    }

    /// Notes that everything pending is in the store.
    mutating func committed() {
        if !changed.isEmpty { changed = [] }
        isCollectedChanged = false
    }
}

extension CollectedTables {
    /// What is stored in the `meta` keyspace.
    init(storedIn reader: some KeyValueReader) throws {
        self.init()
        guard let bytes = try reader.value(for: Layout.MetaKey.collectedTables, in: Layout.meta) else { return }
        var reader = ByteReader(bytes)
        self = try CollectedTables(from: &reader)
        try reader.expectEnd()
    }
}

/// Which deletions of tables every region has.
extension ReplicaProgress {
    /// Up to where anything was ever received of the logs of the topology's regions, this region's own with it.
    ///
    /// Not of regions that have left the topology: a region without a disk never hears of their logs.
    func everReceived(upTo last: LogPosition) -> AppliedVector {
        var result = AppliedVector()
        for entry in vector.entries + seen.entries
        where peers.contains(entry.origin.region) || entry.origin.region == origin.region {
            result.raise(entry.origin, to: entry.position)
        }
        result.raise(origin, to: last)
        return result
    }

    /// Whether every other region has acknowledged all of `vector`, and this one has all that was stamped up to `stamp` and all that the
    /// logs hold up to what it has seen of them.
    func mayForget(_ vector: AppliedVector, stamp: HybridTimestamp, createdIn logs: [Origin]) -> Bool {
        // Without other regions there is no stable time, and nobody whom anything could come from.
        (peers.isEmpty || stamp <= stableTime)
            && logs.allSatisfy { seen[$0] <= self.vector[$0] }
            && peers.allSatisfy { peer in
                vector.entries.allSatisfy { hasAcknowledged(peer, $0.origin, upTo: $0.position) }
            }
    }
}
