import HybridClock
import ItemModel
public import KeyValueStore

/// Maintenance, in steps that the owner bounds by the load. Each reads what is committed, so nothing may be pending.
extension RegionStore {
    /// Removes tombstones, of items and of tables, that no late write can need any more.
    ///
    /// An item's goes when every other replica of its table has acknowledged the deletion, and this region has
    /// everything, from every region, that was stamped up to it: an older write can then neither be on its way nor be
    /// made. A table's goes when every region of the topology has acknowledged the deletion: see ``DeletedTables``.
    ///
    /// - Parameter limit: how many tombstones to read, of either kind.
    /// - Returns: whether it stopped at the limit, so that there may be more to do.
    public func collectTombstones(limit: Int) throws(KeyValueStoreError) -> Bool {
        try expectCommitted("a collection")
        return try region.collectTombstones(replicaProgress, limit: limit, in: store)
    }

    /// Forgets changes that are older than streams keep them, and that every follower has acknowledged or that are
    /// beyond a bound: of age, or of the log's size.
    ///
    /// A follower that loses changes to a bound lapses, and ``takeEvents()`` tells of it.
    ///
    /// - Parameter limit: how many log entries to remove at the most.
    /// - Returns: whether it stopped at the limit.
    public func trimLog(at nowMilliseconds: UInt64, limit: Int) throws(KeyValueStoreError) -> Bool {
        try expectCommitted("a trim")
        guard let removed = try region.trimLog(&logFollowers, at: nowMilliseconds, limit: limit, in: store) else {
            return false
        }
        for entry in removed.origins.entries where entry.origin != origin {
            replicaProgress.noteNotRetained(entry.origin, upTo: entry.position)
        }
        return removed.isCutShort
    }

    /// Deletes items that have expired, as many as one step may, each only if it is still expired as it stands now: by
    /// one region where that can be.
    ///
    /// - Parameter limit: how many entries of the expiry index to read.
    /// - Returns: whether it stopped at the limit, so that there may be more to do.
    public func sweepExpired(at nowMilliseconds: UInt64, limit: Int) throws(KeyValueStoreError) -> Bool {
        try expectCommitted("a sweep")
        return try region.sweepExpired(replicaProgress, at: nowMilliseconds, limit: limit, in: store)
    }

    /// Takes the next step with one index: enters items into one that was added, the index of when items expire
    /// included, or removes one that was deleted.
    ///
    /// It is run again and again until it returns false, and goes on after a restart where it was.
    ///
    /// - Parameter limit: how many items to read.
    /// - Returns: whether there was anything to do.
    public func backfillIndexes(limit: Int) throws(KeyValueStoreError) -> Bool {
        try expectCommitted("a backfill")
        return try region.backfillIndexes(limit: limit, in: store)
    }

    private func expectCommitted(_ step: String) throws(KeyValueStoreError) {
        if let failure { throw failure }
        precondition(!hasPendingChanges, "\(step) reads what is committed: commit first")
    }
}
