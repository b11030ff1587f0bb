public import HybridClock

/// What links have told of the other regions since the process started; all of it is told again after a restart.
struct PeerKnowledge {
    /// What each other region has applied, as its last acknowledgement said.
    var vectors: [(region: RegionID, vector: AppliedVector)] = []
    /// For each other region its incarnation and closed timestamp: nothing stamped at or below it will follow from there.
    var closed: [(region: RegionID, origin: Origin, stamp: HybridTimestamp)] = []
    /// This region's own closed timestamp: the clock's mark at the last commit.
    ///
    /// Every stamp to come is above it, even after a crash with the physical clock set back, since the mark was in
    /// the commit.
    var closedTimestamp = HybridTimestamp.zero
    /// Which region fills which replica just now.
    var fills: [(table: TableUUID, source: RegionID)] = []

    func vector(of region: RegionID) -> AppliedVector? { vectors.first { $0.region == region }?.vector }
}

extension RegionStore {
    /// Notes what another region has made durable, of all origins.
    public func noteAcknowledged(by region: RegionID, vector: AppliedVector) {
        if let index = peers.vectors.firstIndex(where: { $0.region == region }) {
            peers.vectors[index].vector = vector
        } else {
            peers.vectors.append((region, vector))
        }
    }

    /// Notes that `origin` will send nothing more that is stamped at or below `stamp`, and that all it has sent was applied.
    public func noteClosed(_ origin: Origin, at stamp: HybridTimestamp) {
        guard let index = peers.closed.firstIndex(where: { $0.region == origin.region }) else {
            return peers.closed.append((origin.region, origin, stamp))
        }
        let isSame = peers.closed[index].origin == origin
        peers.closed[index].origin = origin
        peers.closed[index].stamp = isSame ? max(peers.closed[index].stamp, stamp) : stamp
    }

    /// Nothing stamped at or below it will be committed here any more.
    public var closedTimestamp: HybridTimestamp { peers.closedTimestamp }

    /// Nothing stamped at or below it will come from that region any more; zero until it was heard of.
    public func closedTimestamp(of region: RegionID) -> HybridTimestamp {
        region == configuration.region
            ? peers.closedTimestamp : peers.closed.first { $0.region == region }?.stamp ?? .zero
    }

    /// Every change up to it, from every region of the topology, is here; zero until all of them were heard of.
    public var stableTime: HybridTimestamp {
        var stable = peers.closedTimestamp
        for region in configuration.regions where region.id != configuration.region {
            stable = min(stable, peers.closed.first { $0.region == region.id }?.stamp ?? .zero)
        }
        return stable
    }

    /// The tables whose replica here waits to be filled, and which `region` can fill as its own replica is active.
    ///
    /// Each is reserved for that region until ``abandonFills(from:)``, so that two links do not fill it at once. What an earlier fill left
    /// of a replica that never served is dropped: it may hold what was deleted and forgotten since.
    public func takeFills(from region: RegionID) -> [TableUUID] {
        guard let name = configuration.name(of: region) else { return [] }
        var taken: [TableUUID] = []
        for uuid in unsettled {
            guard let state = catalog[uuid], state.local.needsFill,
                !peers.fills.contains(where: { $0.table == uuid && $0.source != region }),
                let replica = state.entry[SettingName.replica(name)].flatMap({ Replica(region: name, $0) }),
                replica.status == .active
            else { continue }
            if !peers.fills.contains(where: { $0.table == uuid }) {
                peers.fills.append((uuid, region))
                if !state.local.isServing { emptyReplica(state) }
            }
            taken.append(uuid)
        }
        return taken
    }

    /// Lets other links fill what `region` was filling: its link is gone.
    public func abandonFills(from region: RegionID) {
        peers.fills.removeAll { $0.source == region }
    }

    /// The tables of which `origin`'s log has to be read once more, each with the position to begin after.
    public func catchUps(from origin: Origin) -> [(table: TableUUID, after: LogPosition)] {
        unsettled.compactMap { uuid in
            // A replica that has to be filled is filled first.
            guard let local = catalog[uuid]?.local, local.catchUps.contains(origin), !local.needsFill else {
                return nil
            }
            return (uuid, local.catchUps[origin])
        }
    }

    /// Whether the region of `origin` has begun anew without its disk: nobody waits for the old incarnation's log.
    func isSuperseded(_ origin: Origin) -> Bool {
        peers.closed.contains { $0.region == origin.region && $0.origin != origin }
    }

    /// What this region has applied of every origin, its own log included.
    ///
    /// Less than that while a replica that serves lacks some of it: that is not acknowledged, so that nobody forgets a deletion that the
    /// replica may have missed.
    public var appliedVector: AppliedVector {
        var result = vector
        result.raise(origin, to: lastPosition)
        for uuid in unsettled {
            guard let local = catalog[uuid]?.local, local.isServing else { continue }
            for entry in local.catchUps.entries where !isSuperseded(entry.origin) {
                result.lower(entry.origin, to: entry.position)
            }
        }
        return result
    }
}
