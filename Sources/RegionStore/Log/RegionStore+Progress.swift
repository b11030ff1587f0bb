public import HybridClock
import ItemModel

/// What links report of the other regions, and what this region needs of them.
extension RegionStore {
    /// Notes what another log's store has made durable, of all logs.
    public func noteAcknowledged(by peer: Origin, vector: AppliedVector) {
        guard configuration.name(of: peer.region) != nil, !hasEnded(peer) else { return }
        replicaProgress.noteAcknowledged(by: peer, vector)
        releaseHolds()
        linkFollowers.add(peer, to: &logFollowers, region.log.bounds)
        // At a link's beginning nothing was acknowledged yet.
        guard vector.contains(origin) else { return }
        linkFollowers.acknowledge(by: peer, upTo: vector[origin], &logFollowers, region.log.bounds)
    }

    /// Notes that `peer` will send nothing more of its log that is stamped at or below `stamp`, and that all it has
    /// sent was applied.
    ///
    /// - Parameter directory: what its region says of its own logs.
    public func noteClosed(_ peer: Origin, at stamp: HybridTimestamp, directory: RegionDirectory) {
        guard !hasEnded(peer) else { return }
        let isLacking = region.catalog.lacksChanges(of: peer)
        replicaProgress.noteClosed(peer, at: isLacking ? nil : stamp, directory: directory)
        releaseHolds()
        for known in replicaProgress.logs.alive(of: peer.region) {
            linkFollowers.add(known.origin, to: &logFollowers, region.log.bounds)
        }
        for gone in replicaProgress.logs.gone(of: peer.region) {
            linkFollowers.remove(gone.origin, from: &logFollowers, region.log.bounds)
            transfers.abandon(from: gone.origin)
        }
    }

    /// Whether nothing is added to a log any more, as its region has said, which may be this one: nobody waits for it.
    public func hasEnded(_ log: Origin) -> Bool { replicaProgress.hasEnded(log) }

    /// What this region says of its own logs, and of what it holds of ended ones.
    public var directory: RegionDirectory { replicaProgress.directory(acknowledging: appliedVector) }

    /// Nothing stamped at or below it will be committed here any more.
    public var closedTimestamp: HybridTimestamp { replicaProgress.closedTimestamp }

    /// Nothing stamped at or below it will come from that region any more; zero until it was seen.
    public func closedTimestamp(of region: RegionID) -> HybridTimestamp { replicaProgress.closedTimestamp(of: region) }

    /// Every change up to it that any region still holds is here; zero until all of the topology were seen.
    public var stableTime: HybridTimestamp { replicaProgress.stableTime }

    /// Who reads the log, in the order of the names.
    public var followers: [LogFollowers.Status] { logFollowers.all }

    /// What has happened since the last call that the region's operator has to hear of; only what is durable.
    public func takeEvents() -> [RegionStoreEvent] { region.events.take() + logFollowers.takeEvents() }

    /// What was applied, of every log but this region's own.
    var vector: AppliedVector { replicaProgress.vector }

    /// Up to where each log need not be shipped to this region again, its own included.
    public var receivedVector: AppliedVector { replicaProgress.received(upTo: lastPosition) }

    /// What every replica here has of every log, the region's own included: what it acknowledges.
    ///
    /// Less than ``receivedVector`` while a replica lacks some of it: that is not acknowledged, so that nobody forgets
    /// a deletion that the replica may have missed.
    public var appliedVector: AppliedVector { applied(of: receivedVector) }

    private func applied(of received: AppliedVector) -> AppliedVector {
        var result = received
        for entry in gaps.entries { result.lower(entry.origin, to: entry.position) }
        return result
    }

    /// ``receivedVector``, ``appliedVector`` and ``directory``, with each worked out once.
    package var reports: (received: AppliedVector, applied: AppliedVector, directory: RegionDirectory) {
        let received = receivedVector
        let applied = applied(of: received)
        return (received, applied, replicaProgress.directory(acknowledging: applied))
    }

    /// For each log of which some replica here lacks changes that have gone past it, the position after which they
    /// stand.
    public var gaps: AppliedVector { region.catalog.gaps }

    private func releaseHolds() {
        if replicaProgress.hasHolds { replicaProgress.releaseHolds(progressContext) }
    }

    var progressContext: ReplicaProgress.Context { replicaProgress.context(region.catalog, region.log) }

    // MARK: - Snapshot transfers

    /// The tables whose replica here waits for a snapshot transfer, and which `source` can send as its region's replica
    /// is active.
    ///
    /// Each is reserved for `source` until ``abandonTransfers(from:)`` or ``releaseTransfer(_:from:)``. What an earlier
    /// transfer left of a replica that never served is dropped: it may hold what was deleted and forgotten since.
    public func claimTransfers(from source: Origin) -> [LocalReplica] {
        transfers.claim(from: source, in: &region, replicaProgress)
    }

    /// Lets other links send a replica that `source` cannot send just now.
    public func releaseTransfer(_ replica: LocalReplica, from source: Origin) {
        transfers.release(replica, from: source)
    }

    /// Lets other links send what `source` was sending: its link is gone.
    public func abandonTransfers(from source: Origin) { transfers.abandon(from: source) }

    /// Has a replica sent once more, as `source` has trimmed the changes of `log` that it lacks.
    ///
    /// By `source` itself where its region has a replica: another may lack the same changes. Where no other region has one, nobody has
    /// them any more.
    public func transferAgain(_ replica: LocalReplica, lacking log: Origin, from source: Origin) {
        transfers.resolveGap(of: replica, in: log, trimmedBy: source, upTo: vector[log], in: &region)
    }

    // MARK: - Catch-ups and orphaned origins

    /// The replicas for which `log` has to be read once more, each with the position to begin after.
    public func catchUps(from log: Origin) -> [(replica: LocalReplica, after: LogPosition)] {
        region.catalog.catchUps(from: log)
    }

    /// Where in this region's log it says that the replica was added: who has applied that ships to it what it logs
    /// from then on.
    public func addedPosition(of replica: LocalReplica) -> LogPosition {
        region.catalog[replica.table]?.local.addedPosition ?? .zero
    }

    /// Of which lost disks the store of `source` shall send what it holds, each with the position after which it is
    /// wanted and a log that has taken its place.
    public func orphanedOriginsNeeded(
        from source: Origin
    ) -> [(origin: Origin, after: LogPosition, successor: Origin)] {
        replicaProgress.orphanedOriginsNeeded(from: source, progressContext)
            .filter { !transfers.isFilling(of: $0.origin, from: source) }
    }
}
