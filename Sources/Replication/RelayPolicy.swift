public import RegionStore

/// Decides through which region another one's changes are fetched while its own link is down.
///
/// A region that is cut off from this one may reach a third; and of a region that is lost for ever, a third may have received more. In
/// both cases whoever has most passes it on.
public struct RelayPolicy: Sendable {
    /// How long a link may be down before its changes are asked of another region, in milliseconds.
    public let patienceMilliseconds: UInt64

    public init(patienceMilliseconds: UInt64 = 3_000) {
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// What is known of another region.
    public struct Peer: Sendable, Hashable {
        public let region: RegionID
        /// Its present incarnation, once its link was up: of an earlier one only others can pass changes on.
        public let origin: Origin?
        /// Since when its link to this region is down, in monotonic milliseconds; nil while it is up.
        public let downSince: UInt64?
        /// What it has applied, as it last said.
        public let vector: AppliedVector

        public init(region: RegionID, origin: Origin?, downSince: UInt64?, vector: AppliedVector) {
            self.region = region
            self.origin = origin
            self.downSince = downSince
            self.vector = vector
        }
    }

    /// What this region has, and lacks.
    public struct Progress: Sendable, Hashable {
        public let own: Origin
        /// What this region has applied.
        public let vector: AppliedVector
        /// Of which origins a replica here lacks changes that the vector counts.
        public let gaps: AppliedVector

        public init(own: Origin, vector: AppliedVector, gaps: AppliedVector) {
            self.own = own
            self.vector = vector
            self.gaps = gaps
        }
    }

    /// Whose changes shall be fetched through whom.
    public struct Route: Sendable, Hashable {
        public let origin: Origin
        public let through: RegionID
        public let after: LogPosition
    }

    /// Who is asked for what.
    public struct Plan: Sendable, Hashable {
        /// Whose changes are passed on, in the order of the origins.
        public var routes: [Route] = []
        /// Who sends an origin's changes of single tables once more, in the order of the origins.
        public var catchUps: [Route] = []

        public init() {}
    }

    /// What is wanted now.
    ///
    /// - Parameters:
    ///   - peers: every other region.
    ///   - current: the plan before, whose routes are kept while they lead somewhere.
    public func plan(
        for progress: Progress, peers: [Peer], current: Plan, at monotonicMilliseconds: UInt64
    ) -> Plan {
        var plan = Plan()
        for origin in Self.origins(of: progress, peers) {
            let direct = peers.first { $0.region == origin.region }
            var isWaitedFor = false
            if let direct, direct.origin ?? origin == origin {
                guard let since = direct.downSince else {
                    if direct.origin == origin, progress.gaps.contains(origin) {
                        plan.catchUps.append(
                            Route(origin: origin, through: direct.region, after: progress.gaps[origin]))
                    }
                    continue
                }
                isWaitedFor = monotonicMilliseconds < since + patienceMilliseconds
            }
            guard !isWaitedFor else { continue }
            let applied = progress.vector[origin]
            let best = peers.filter { $0.downSince == nil && $0.origin != nil && $0.origin != origin }
                .max { ($0.vector[origin], $1.region) < ($1.vector[origin], $0.region) }
            guard let best, best.vector.contains(origin) else { continue }
            let kept = current.routes.first { route in
                route.origin == origin
                    && peers.contains { $0.region == route.through && $0.downSince == nil && $0.origin != origin }
            }
            if let kept,
                best.vector[origin] <= applied
                    || peers.contains(where: { $0.region == kept.through && $0.vector[origin] > applied })
            {
                plan.routes.append(kept)
            } else if best.vector[origin] > applied {
                plan.routes.append(Route(origin: origin, through: best.region, after: applied))
            }
            if progress.gaps.contains(origin), best.vector[origin] >= applied {
                plan.catchUps.append(Route(origin: origin, through: best.region, after: progress.gaps[origin]))
            }
        }
        return plan
    }

    /// Every incarnation of every region that anything is known of, but this one.
    private static func origins(of progress: Progress, _ peers: [Peer]) -> [Origin] {
        var origins: [Origin] = []
        let vectors = [progress.vector, progress.gaps] + peers.map(\.vector)
        for origin in vectors.flatMap(\.entries).map(\.origin)
        where origin != progress.own && !origins.contains(origin) {
            origins.append(origin)
        }
        return origins.sorted()
    }
}

extension RegionStore {
    /// What the forwarding policy has to know of this region.
    public var progress: RelayPolicy.Progress {
        RelayPolicy.Progress(own: origin, vector: receivedVector, gaps: gaps)
    }

    /// Everything that this region needs of `sender` just now, for ``ReceiverLink/needs(_:)``: replicas to be filled, changes to be sent
    /// once more, and what `plan` wants it to pass on.
    public func requests(to sender: Origin, by plan: RelayPolicy.Plan) -> [LinkMessage.Request] {
        var requests = claimTransfers(from: sender.region).map(LinkMessage.Request.transfer)
        for route in plan.catchUps where route.through == sender.region {
            // An earlier incarnation's catch-up was planned for the present one, not for it.
            guard route.origin.region != sender.region || route.origin == sender else { continue }
            for (replica, position) in catchUps(from: route.origin) {
                let added = addedPosition(of: replica)
                requests.append(.catchUp(replica, added: added, of: route.origin, after: position))
            }
        }
        for route in plan.routes where route.through == sender.region && route.origin != sender {
            requests.append(.relay(route.origin, after: route.after))
        }
        for (origin, after, successor) in orphanedOriginsNeeded(from: sender.region) {
            requests.append(.orphanedOrigin(of: origin, after: after, successor: successor))
        }
        return requests
    }
}
