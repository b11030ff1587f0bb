public import HybridClock

/// What links have told of the other regions since the process started; all of it is told again after a restart.
struct PeerKnowledge {
    /// What each other region has applied, as its last acknowledgement said.
    var vectors: [(region: RegionID, vector: AppliedVector)] = []
    /// For each other region that was heard of its present incarnation, and how far that is closed.
    var closed: [ClosedRegion] = []
    /// This region's own earlier incarnations that others have told of, in order.
    var ownPast: [Origin] = []
    /// Whether nothing can come any more of the disks that this region itself has lost before its present one.
    var isOwnPastComplete = false
    /// The incarnations of other regions that are no more, as those regions themselves have said.
    var past: [Origin] = []
    /// What other regions have said to be all that they hold of a disk that was lost.
    var orphanedOrigins: [OrphanedOrigin] = []
    /// This region's own closed timestamp: the clock's mark at the last commit.
    ///
    /// Every stamp to come is above it, even after a crash with the physical clock set back, since the mark was in
    /// the commit.
    var closedTimestamp = HybridTimestamp.zero
    /// Which region fills which replica just now.
    var transfers: [(replica: LocalReplica, source: RegionID)] = []

    func vector(of region: RegionID) -> AppliedVector? { vectors.first { $0.region == region }?.vector }

    /// Another region's present incarnation.
    struct ClosedRegion {
        let region: RegionID
        var origin: Origin
        /// Nothing of this incarnation that is stamped at or below it will follow.
        var stamp = HybridTimestamp.zero
        /// How far the region was closed before this incarnation, for as long as others may hold more of the disks that it has lost; nil
        /// when they cannot.
        var held: HybridTimestamp?

        /// Nothing of the region that is stamped at or below it will follow, of whichever incarnation.
        var effective: HybridTimestamp { held ?? stamp }
    }
}

extension RegionStore {
    /// Notes what another region has made durable, of all origins.
    public func noteAcknowledged(by region: RegionID, vector: AppliedVector) {
        if let index = peers.vectors.firstIndex(where: { $0.region == region }) {
            peers.vectors[index].vector = vector
        } else {
            peers.vectors.append((region, vector))
        }
        releaseClosed()
    }

    /// Notes that `origin` will send nothing more that is stamped at or below `stamp`, and that all it has sent was applied.
    ///
    /// The stamp is ignored while a replica here lacks changes that the link has gone past: stable time must not overtake them.
    ///
    /// - Parameter past: the incarnations that `origin` has taken the place of, as far as it knows.
    public func noteClosed(_ origin: Origin, at stamp: HybridTimestamp, past: [Origin] = []) {
        // Word of one that is no more, which was on its way.
        guard !peers.past.contains(origin) else { return }
        for former in past where former.region == origin.region && former != origin && !peers.past.contains(former) {
            peers.past.append(former)
        }
        let index: Int
        if let known = peers.closed.firstIndex(where: { $0.region == origin.region }) {
            index = known
            if peers.closed[known].origin != origin {
                // Nobody can say yet what of the one before it is still to come.
                let held = peers.closed[known].effective
                peers.closed[known] = .init(region: origin.region, origin: origin, held: held)
            }
        } else {
            index = peers.closed.endIndex
            peers.closed.append(.init(region: origin.region, origin: origin, held: .zero))
        }
        let isLacking = catalog.all.contains { $0.table?.status == .active && $0.local.lacksChanges(of: origin) }
        if !isLacking { peers.closed[index].stamp = max(peers.closed[index].stamp, stamp) }
        releaseClosed()
    }

    /// Nothing stamped at or below it will be committed here any more.
    public var closedTimestamp: HybridTimestamp { peers.closedTimestamp }

    /// Nothing stamped at or below it will come from that region any more; zero until it was heard of.
    public func closedTimestamp(of region: RegionID) -> HybridTimestamp {
        region == configuration.region
            ? peers.closedTimestamp : peers.closed.first { $0.region == region }?.effective ?? .zero
    }

    /// Every change up to it that any region still holds is here; zero until all of the topology were heard of.
    public var stableTime: HybridTimestamp {
        guard peers.isOwnPastComplete else { return .zero }
        return configuration.regions.reduce(peers.closedTimestamp) { min($0, closedTimestamp(of: $1.id)) }
    }

    /// The tables whose replica here waits to be filled, and which `region` can fill as its own replica is active.
    ///
    /// Each is reserved for that region until ``abandonFills(from:)`` or ``releaseFill(_:from:)``, so that two links do not
    /// fill it at once. What an earlier fill left of a replica that never served is dropped: it may hold what was deleted and
    /// forgotten since.
    public func claimTransfers(from region: RegionID) -> [LocalReplica] {
        var taken: [LocalReplica] = []
        for uuid in pendingReplicas {
            guard var state = catalog[uuid], state.local.needsTransfer, var replica = state.localReplica else {
                continue
            }
            // A region whose own replica is gone fills no other.
            peers.transfers.removeAll { $0.replica == replica && !hasActiveReplica(state, in: $0.source) }
            guard
                !peers.transfers.contains(where: { $0.replica == replica && $0.source != region }),
                hasActiveReplica(state, in: region),
                peers.vector(of: region)?[origin] ?? .zero >= state.local.ownPosition
            else { continue }
            if !peers.transfers.contains(where: { $0.replica == replica }) {
                if state.local.isTransferBegun, !state.local.isServing {
                    emptyReplica(&state)
                    replica = state.localReplica ?? replica
                }
                peers.transfers.append((replica, region))
            }
            taken.append(replica)
        }
        return taken
    }

    /// Lets other links fill a replica that `region` cannot fill just now.
    public func releaseTransfer(_ replica: LocalReplica, from region: RegionID) {
        peers.transfers.removeAll { $0.replica == replica && $0.source == region }
    }

    /// Has a replica filled once more, as the changes of `region` that it lacks are no longer in that region's log.
    ///
    /// By that region itself where it has a replica: another may lack the same changes.
    public func transferAgain(_ replica: LocalReplica, from region: RegionID) {
        guard var state = catalog[replica.table], state.local.tableID == replica.id else { return }
        if !state.local.needsTransfer {
            state.local.needsTransfer = true
            keep(state)
        }
        guard hasActiveReplica(state, in: region) else { return }
        peers.transfers.removeAll { $0.replica == replica }
        peers.transfers.append((replica, region))
    }

    func hasActiveReplica(_ state: Catalog.TableState, in region: RegionID) -> Bool {
        guard let name = configuration.name(of: region) else { return false }
        return state.entry[SettingName.replica(name)].flatMap { Replica(region: name, $0) }?.status == .active
    }

    /// Lets other links fill what `region` was filling: its link is gone.
    public func abandonTransfers(from region: RegionID) {
        peers.transfers.removeAll { $0.source == region }
    }

    /// The replicas for which `origin`'s log has to be read once more, each with the position to begin after.
    public func catchUps(from origin: Origin) -> [(replica: LocalReplica, after: LogPosition)] {
        pendingReplicas.compactMap { uuid in
            // A replica that has to be filled is filled first.
            guard let state = catalog[uuid], let replica = state.localReplica, !state.local.needsTransfer,
                state.local.catchUps.contains(origin)
            else { return nil }
            return (replica, state.local.catchUps[origin])
        }
    }

    /// Where in this region's log it says that the replica was added: who has applied that ships to it what it logs from then on.
    public func addedPosition(of replica: LocalReplica) -> LogPosition {
        catalog[replica.table]?.local.addedPosition ?? .zero
    }

    /// For each origin of which some replica here lacks changes that have gone past it, the position after which they stand.
    public var gaps: AppliedVector {
        var gaps = AppliedVector()
        for entry in pendingReplicas.compactMap({ catalog[$0]?.local }).flatMap(\.catchUps.entries) {
            if gaps.contains(entry.origin) {
                gaps.lower(entry.origin, to: entry.position)
            } else {
                gaps.raise(entry.origin, to: entry.position)
            }
        }
        return gaps
    }

    /// Up to where each origin's log need not be shipped to this region again, its own log included.
    public var receivedVector: AppliedVector {
        vector.raised(origin, to: lastPosition)
    }

    /// What every replica here has of every origin, the region's own log included: what it acknowledges.
    ///
    /// Less than ``receivedVector`` while a replica lacks some of it: that is not acknowledged, so that nobody forgets a deletion that the
    /// replica may have missed.
    public var appliedVector: AppliedVector {
        var result = receivedVector
        for entry in gaps.entries { result.lower(entry.origin, to: entry.position) }
        return result
    }
}
