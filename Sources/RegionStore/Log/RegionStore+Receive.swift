import HybridClock
import ItemModel
import KeyValueStore

/// What links bring: checked before anything has changed, then applied.
extension RegionStore {
    /// Applies every record of a batch that is not here yet, and raises the vector.
    ///
    /// A record that was applied before changes nothing, so a batch may come twice, and batches of different origins in
    /// any order.
    ///
    /// - Throws: `ApplyError`, before anything has changed, when a record is malformed or a stamp too far ahead.
    public func apply(_ batch: ReceivedBatch, at nowMilliseconds: UInt64) throws(ApplyError) {
        let changes = try checked(at: nowMilliseconds) { check throws(ApplyError) in try check.changes(of: batch) }
        try applying { () throws(ApplyError) in
            try CheckedBatch(batch: batch, changes: changes)
                .apply(to: &region, &replicaProgress, in: store, at: nowMilliseconds)
        }
    }

    /// Takes over the catalog of a region that this one has no position of.
    public func applyCatalog(
        _ catalog: ReceivedCatalog, from source: Origin, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        let entries = try checked(at: nowMilliseconds) { check throws(ApplyError) in try check.entries(of: catalog) }
        CheckedCatalog(catalog: catalog, entries: entries, source: source)
            .apply(to: &region, &replicaProgress, at: nowMilliseconds)
    }

    /// Takes over part of a table from a snapshot; what is newer here stays.
    ///
    /// Nothing of it is shipped: it is no change, and other regions have it already.
    public func applySnapshot(
        _ part: SnapshotPart, of replica: LocalReplica, at nowMilliseconds: UInt64
    ) throws(ApplyError) {
        if let failure { throw .storage("\(failure)") }
        guard let table = region.catalog.tableAwaitingTransfer(replica) else { return }
        let checked = try checked(at: nowMilliseconds) { check throws(ApplyError) in
            CheckedSnapshotPart(table: table, part: part, items: try check.items(part.items, of: table))
        }
        try applying { () throws(ApplyError) in
            try transfers.take(checked, of: replica, in: &region, replicaProgress, from: reader, at: nowMilliseconds)
        }
    }

    /// Ends the snapshot transfer to a replica: from now on it is active, and asks each other region for what its link
    /// skipped.
    ///
    /// - Parameter snapshot: what the source's replica held, of its own log too, when it took the snapshot.
    public func finishSnapshot(of replica: LocalReplica, vector snapshot: AppliedVector, at nowMilliseconds: UInt64) {
        transfers.finish(replica, of: snapshot, within: vector, in: &region, at: nowMilliseconds)
    }

    /// Notes that all changes of `origin` after `position` that the replica lacked have been shipped once more.
    public func finishCatchUp(of replica: LocalReplica, from origin: Origin, after position: LogPosition) {
        transfers.finishCatchUp(of: replica, from: origin, after: position, upTo: vector[origin], in: &region)
    }

    /// Notes that the store of `source` has sent all that it holds of an ended log's changes above `after`, and that all
    /// of it was applied.
    ///
    /// - Parameters:
    ///   - position: up to where that store has seen the lost log itself.
    ///   - isTrimmed: whether some of it is in that store's items but no longer in its log: replicas are then sent from
    ///     there.
    public func finishOrphanedOrigin(
        of ended: Origin, from source: Origin, after: LogPosition, position: LogPosition, isTrimmed: Bool
    ) {
        guard hasEnded(ended), !hasEnded(source) else { return }
        transfers.finishOrphanedOrigin(
            of: ended, from: source, after: after, position: position, isTrimmed: isTrimmed, in: &region,
            &replicaProgress)
    }

    /// Runs checks that change nothing.
    private func checked<Result>(
        at nowMilliseconds: UInt64, _ body: (ReceiveCheck) throws(ApplyError) -> Result
    ) throws(ApplyError) -> Result {
        if let failure { throw .storage("\(failure)") }
        do throws(ApplyError) {
            return try body(
                ReceiveCheck(catalog: region.catalog, clock: region.clock, nowMilliseconds: nowMilliseconds))
        } catch {
            if case .clock = error { region.counters.clockRefusals += 1 }
            throw error
        }
    }

    /// Runs what stages changes one by one: part of them cannot be taken back, so after an error nothing more may be
    /// committed.
    private func applying(_ body: () throws(ApplyError) -> Void) throws(ApplyError) {
        do throws(ApplyError) {
            try body()
        } catch {
            failure = failure ?? .engine("\(error)")
            throw error
        }
    }
}
