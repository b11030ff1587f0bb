import HybridClock
import ItemModel

/// Which deletions every replica has.
extension ReplicaProgress {
    /// Whether a tombstone can go: when every other replica of its table has acknowledged the deletion, and this region
    /// has everything, from every region, that was stamped up to it.
    ///
    /// - Parameters:
    ///   - state: the tombstone's table; nil where it has no replica here any more.
    ///   - stable: ``stableTime``.
    func verdict(
        on entry: Tombstones.Entry, in state: Catalog.TableState?, stable: HybridTimestamp,
        _ configuration: RegionConfiguration
    ) -> Tombstones.Verdict {
        guard let state, let table = state.table else { return .goes }
        // What a replica still has to get of older changes is behind the stable time's back.
        guard !state.local.needsTransfer, state.local.catchUps.entries.isEmpty else { return .tableWaits }
        guard entry.version.stamp <= stable else { return .waits }
        let log = entry.version.origin
        // The snapshot that brought it held it, so its position is at most the snapshot's.
        let position = entry.position ?? state.local.snapshotVector[log]
        let isAcknowledged = table.replicas.allSatisfy { replica in
            guard replica.region != configuration.name, replica.status != .creationFailed,
                let region = configuration.id(of: replica.region)
            else { return true }
            return hasAcknowledged(region, log, upTo: position)
        }
        return isAcknowledged ? .goes : .waits
    }
}
