import HybridClock

/// What another region has said to be all that it holds of an origin whose disk is lost.
struct OrphanedOrigin {
    let origin: Origin
    let region: RegionID
    /// It has sent everything above this position of the origin's log.
    let after: LogPosition
    /// Up to where it has itself seen that log.
    let position: LogPosition
}

/// How regions share what is left of a disk that was lost.
///
/// A region that comes back without its disk is a new incarnation, and nothing more is made by the old one. Yet each of the others may have
/// received another part of what that had shipped, and passes it on. Until that is done, a change of the old incarnation may arrive
/// that is older than what the new one has closed, so stable time waits: each region asks every other one for the remainder, once that
/// one has heard of the new incarnation and can therefore receive nothing of the old one any more. With all answers
/// together there is nothing left to come: the region counts the old log as complete up to the highest position that anybody saw.
extension RegionStore {
    /// The incarnation of `region` that writes now, as far as this region knows.
    func presentOrigin(of region: RegionID) -> Origin? {
        region == configuration.region ? origin : peers.closed.first { $0.region == region }?.origin
    }

    /// Whether the region of `origin`, which may be this one, has begun anew without its disk: nobody waits for the old incarnation's
    /// log.
    ///
    /// Only the region itself can tell which of two incarnations is the later one.
    public func hasEnded(_ origin: Origin) -> Bool {
        origin.region == configuration.region ? origin != self.origin : peers.past.contains(origin)
    }

    /// The earlier incarnations of this region that anybody has told of, in order.
    public var pastIncarnations: [Origin] { peers.ownPast }

    /// Of which lost disks `region` shall send what it holds, each with the position after which it is wanted and the incarnation
    /// that has taken its place.
    public func orphanedOriginsNeeded(from region: RegionID) -> [(
        origin: Origin, after: LogPosition, successor: Origin
    )] {
        guard let vector = peers.vector(of: region) else { return [] }
        let gaps = gaps
        return endedOrigins(gaps).compactMap { origin in
            guard origin.region != region, let successor = presentOrigin(of: origin.region), successor != origin,
                vector.contains(successor), vector[origin] > receivedVector[origin] || gaps.contains(origin),
                !isAnswered(origin, by: region, gaps)
            else { return nil }
            return (origin, wantedAfter(origin, gaps), successor)
        }
    }

    /// Notes that `region` has sent all that it holds of a lost disk's changes above `after`, and that all of it was applied.
    ///
    /// - Parameters:
    ///   - position: up to where that region has seen the lost log itself.
    ///   - isTrimmed: whether some of it is in that region's items but no longer in its log: replicas are then filled from there.
    public func finishOrphanedOrigin(
        of origin: Origin, from region: RegionID, after: LogPosition, position: LogPosition, isTrimmed: Bool
    ) {
        guard hasEnded(origin), region != origin.region else { return }
        if isTrimmed { transferLacking(origin, from: region) }
        peers.orphanedOrigins.removeAll { $0.origin == origin && $0.region == region }
        peers.orphanedOrigins.append(OrphanedOrigin(origin: origin, region: region, after: after, position: position))
        complete(origin)
        releaseClosed()
    }

    private func transferLacking(_ origin: Origin, from region: RegionID) {
        guard let name = configuration.name(of: origin.region) else { return }
        for var state in catalog.all where state.local.isServing && state.entry.mentions(SettingName.replica(name)) {
            guard let replica = state.localReplica, hasActiveReplica(state, in: region) else { continue }
            if !state.local.catchUps.contains(origin) {
                state.local.catchUps.raise(origin, to: max(vector[origin], state.local.snapshotVector[origin]))
                keep(state)
            }
            transferAgain(replica, from: region)
        }
    }

    /// Counts a lost log as complete once every other region has sent what it holds of it.
    private func complete(_ origin: Origin) {
        let gaps = gaps
        guard witnesses(of: origin.region).allSatisfy({ isAnswered(origin, by: $0, gaps) }) else { return }
        let answers = peers.orphanedOrigins.filter { $0.origin == origin }
        peers.orphanedOrigins.removeAll { $0.origin == origin }
        let end = answers.map(\.position).reduce(vector[origin]) { max($0, $1) }
        if end > vector[origin] || !vector.contains(origin) {
            vector.raise(origin, to: end)
            pending.isVectorChanged = true
        }
        for var state in catalog.all where state.local.catchUps.contains(origin) && !state.local.needsTransfer {
            state.local.catchUps.remove(origin)
            state.local.snapshotVector.raise(origin, to: end)
            keep(state)
        }
    }

    /// Lets stable time go on to what a new incarnation has closed, where nothing of an earlier one can come any more.
    func releaseClosed() {
        guard !peers.isOwnPastComplete || peers.closed.contains(where: { $0.held != nil }) else { return }
        let gaps = gaps
        let known = knownOrigins(gaps)
        peers.ownPast = known.filter { $0.region == origin.region && $0 != origin }
        func isSettled(_ present: Origin) -> Bool {
            let past = known.filter { $0.region == present.region && $0 != present }
            return past.allSatisfy { hasEnded($0) && !gaps.contains($0) }
                && witnesses(of: present.region).allSatisfy { region in
                    guard let vector = peers.vector(of: region), vector.contains(present) else { return false }
                    return past.allSatisfy { vector[$0] <= receivedVector[$0] }
                }
        }
        if isSettled(origin) { peers.isOwnPastComplete = true }
        for index in peers.closed.indices where peers.closed[index].held != nil {
            if isSettled(peers.closed[index].origin) { peers.closed[index].held = nil }
        }
    }

    /// Every region that may hold more of what `region` had shipped before it lost its disk.
    private func witnesses(of region: RegionID) -> [RegionID] {
        configuration.regions.map(\.id).filter { $0 != configuration.region && $0 != region }
    }

    private func isAnswered(_ origin: Origin, by region: RegionID, _ gaps: AppliedVector) -> Bool {
        if peers.orphanedOrigins.contains(where: {
            $0.origin == origin && $0.region == region && $0.after <= wantedAfter(origin, gaps)
        }) {
            return true
        }
        // It has nothing that is not here.
        guard !gaps.contains(origin), let vector = peers.vector(of: region) else { return false }
        return presentOrigin(of: origin.region).map(vector.contains) ?? false
            && vector[origin] <= receivedVector[origin]
    }

    private func wantedAfter(_ origin: Origin, _ gaps: AppliedVector) -> LogPosition {
        gaps.contains(origin) ? min(vector[origin], gaps[origin]) : vector[origin]
    }

    /// Every incarnation that was heard of and is no more, in order.
    private func endedOrigins(_ gaps: AppliedVector) -> [Origin] { knownOrigins(gaps).filter(hasEnded) }

    /// Every incarnation of every region that was heard of, in order.
    private func knownOrigins(_ gaps: AppliedVector) -> [Origin] {
        var origins: [Origin] = []
        for vector in [vector, gaps] + peers.vectors.map(\.vector) {
            for origin in vector.entries.map(\.origin) where !origins.contains(origin) { origins.append(origin) }
        }
        return origins.sorted()
    }
}
