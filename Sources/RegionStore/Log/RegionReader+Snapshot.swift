public import ItemModel
public import KeyValueStore

/// A table or the whole catalog as of one commit, for a region that starts from nothing.
extension RegionReader {
    /// What had been applied when `snapshot` was taken, of this region's own log too.
    public func vector(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> AppliedVector {
        var vector = try ReplicaProgress.vector(Layout.MetaKey.vector, in: snapshot)
        vector.raise(origin, to: try lastPosition(in: snapshot))
        return vector
    }

    /// Up to where this region has seen the log of `origin`, with or without gaps, when `snapshot` was taken.
    public func seenPosition(
        of origin: Origin, in snapshot: Store.Snapshot
    ) throws(KeyValueStoreError) -> LogPosition {
        max(try vector(in: snapshot)[origin], try ReplicaProgress.vector(Layout.MetaKey.seen, in: snapshot)[origin])
    }

    /// What `snapshot` holds of one table's changes, for a replica that it is transferred to; nil where this region's
    /// own replica is gone, was never complete itself, or is an old copy's.
    ///
    /// At most ``vector(in:)``: of what this region still has to catch up with, only what it had before.
    public func transferVector(
        of table: TableUUID, in snapshot: Store.Snapshot
    ) throws(KeyValueStoreError) -> AppliedVector? {
        guard let local = try catalogValues(in: snapshot).first(where: { $0.entry.uuid == table })?.local,
            local.tableID != nil, local.isServing, !local.isStale
        else { return nil }
        return local.vector(within: try vector(in: snapshot))
    }

    /// Every table that `reader` knows, with what is local of it.
    private func catalogValues(
        in reader: some KeyValueReader
    ) throws(KeyValueStoreError) -> [(entry: CatalogEntry, local: LocalTableState)] {
        var bytes: [[UInt8]] = []
        do {
            try reader.visit(KeyRange(from: [], to: nil), in: Layout.catalog, direction: .forward) { _, value in
                bytes.append(value)
                return true
            }
            return try decodedCatalog.values(bytes)
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
    }

    /// The last position of this region's log when `snapshot` was taken.
    public func lastPosition(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> LogPosition {
        try ChangeLog.Bounds(in: snapshot).last
    }

    /// The catalog entries of every table that `snapshot` knows, as they are shipped, the tombstones of deleted ones last.
    public func catalogEntries(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> [[UInt8]] {
        var entries = try catalogValues(in: snapshot).map { $0.entry.encoded() }
        do {
            try snapshot.visit(KeyRange(from: [], to: nil), in: Layout.deletedTables, direction: .forward) { _, value in
                entries.append(value)
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return entries
    }

    /// Of which tables that ``catalogEntries(in:)`` lacks it is known that they are deleted.
    public func collectedTables(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> CollectedTables {
        do {
            return try CollectedTables(storedIn: snapshot)
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("collected tables: \(error)")
        }
    }

    /// Whether this region's log holds all changes of `origin` after `position` that concern `receiver`.
    public func holdsAllChanges(
        of origin: Origin, after position: LogPosition, for receiver: Text
    ) throws(KeyValueStoreError) -> Bool {
        try coverage(of: origin, after: position, for: receiver, in: try snapshot()) == .complete
    }

    /// How much of what `origin` changed after `position` this region can relay, of every table that has a replica at
    /// `receiver` and has or had one at the origin: only where it is all may a receiver count it as complete.
    ///
    /// - Parameters:
    ///   - table: the one table that is asked about; nil for all.
    ///   - isOrphaned: whether the receiver asks all others as well, the origin's disk being lost: what this region
    ///     does not have is then for them to send.
    public func coverage(
        of origin: Origin, after position: LogPosition, for receiver: Text, table: TableUUID? = nil,
        isOrphaned: Bool = false, in snapshot: Store.Snapshot
    ) throws(KeyValueStoreError) -> LogCoverage {
        guard let originName = configuration.name(of: origin.region) else { return .incomplete }
        var isTrimmed = try ReplicaProgress.vector(Layout.MetaKey.retainedFrom, in: snapshot)[origin] > position
        for (entry, local) in try catalogValues(in: snapshot) {
            guard table == nil || entry.uuid == table, entry.hasHadReplica(in: originName),
                entry[SettingName.replica(receiver)] != nil
            else { continue }
            if isOrphaned {
                guard local.tableID != nil else { continue }
                guard !local.needsTransfer else { return .incomplete }
            } else {
                guard local.tableID != nil, !local.lacksChanges(of: origin) else { return .incomplete }
            }
            isTrimmed = isTrimmed || local.snapshotVector[origin] > position
        }
        return isTrimmed ? .trimmed : .complete
    }
}

/// How much of another origin's changes a region can relay.
public enum LogCoverage: Sendable, Hashable {
    /// All of them are in its log.
    case complete
    /// All of them are in its items, but some are no longer in its log.
    case trimmed
    /// It may lack some itself.
    case incomplete
}
