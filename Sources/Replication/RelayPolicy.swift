public import RegionStore

/// Decides through which region another one's changes are fetched while its own link is down.
///
/// A region that is cut off from this one may reach a third; and of a region that is lost for ever, a third may have received more. In
/// both cases whoever has most relays it.
public struct RelayPolicy: Sendable {
    /// How long a link may be down before its changes are asked of another region, in milliseconds.
    public let patienceMilliseconds: UInt64

    public init(patienceMilliseconds: UInt64 = 250) {
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// What is known of another region's log.
    ///
    /// A region may have several at once. Of a region that nothing was seen of yet there is one without an origin.
    public struct Peer: Sendable, Hashable {
        public let region: RegionID
        /// Its log, once a link from it was up or has answered.
        public let origin: Origin?
        /// Since when its link to this region is down, in monotonic milliseconds; nil while it is up.
        public let downSince: UInt64?
        /// What it has applied, as it last reported.
        public let vector: AppliedVector

        public init(region: RegionID, origin: Origin?, downSince: UInt64?, vector: AppliedVector) {
            self.region = region
            self.origin = origin
            self.downSince = downSince
            self.vector = vector
        }
    }

    /// Through which log of another region an origin's changes are fetched.
    public struct Route: Sendable, Hashable {
        public let origin: Origin
        public let through: Origin
        public let after: LogPosition
    }

    /// Who is asked for what.
    public struct Plan: Sendable, Hashable {
        /// Whose changes are relayed, in the order of the origins.
        public var routes: [Route] = []
        /// Who sends an origin's changes of single tables once more, in the order of the origins.
        public var catchUps: [Route] = []

        public init() {}
    }

    /// What is wanted now.
    ///
    /// - Parameters:
    ///   - needs: what this region has, and lacks.
    ///   - peers: every log of every other region.
    ///   - current: the plan before, whose routes are kept while they lead somewhere.
    public func plan(
        for needs: RegionNeeds, peers: [Peer], current: Plan, at monotonicMilliseconds: UInt64
    ) -> Plan {
        var plan = Plan()
        for origin in Self.origins(of: needs, peers) {
            let direct =
                peers.first { $0.origin == origin } ?? peers.first { $0.region == origin.region && $0.origin == nil }
            var isWaitedFor = false
            if let direct {
                guard let since = direct.downSince else {
                    if direct.origin == origin, needs.gaps.contains(origin) {
                        plan.catchUps.append(Route(origin: origin, through: origin, after: needs.gaps[origin]))
                    }
                    continue
                }
                isWaitedFor = monotonicMilliseconds < since + patienceMilliseconds
            }
            guard !isWaitedFor else { continue }
            planRelay(of: origin, for: needs, relays: Self.relays(of: origin, peers), current: current, &plan)
        }
        return plan
    }

    /// Who is there to relay an origin's changes.
    private static func relays(of origin: Origin, _ peers: [Peer]) -> [(log: Origin, vector: AppliedVector)] {
        peers.compactMap { peer in
            guard let log = peer.origin, peer.downSince == nil, log != origin else { return nil }
            return (log, peer.vector)
        }
    }

    private func planRelay(
        of origin: Origin, for needs: RegionNeeds, relays: [(log: Origin, vector: AppliedVector)], current: Plan,
        _ plan: inout Plan
    ) {
        let received = needs.vector[origin]
        // Of several that have as much, the one with the lowest number.
        let best = relays.max { ($0.vector[origin], $1.log) < ($1.vector[origin], $0.log) }
        guard let best, best.vector.contains(origin) else { return }
        let kept = current.routes.first { route in
            route.origin == origin && relays.contains { $0.log == route.through }
        }
        if let kept,
            best.vector[origin] <= received
                || relays.contains(where: { $0.log == kept.through && $0.vector[origin] > received })
        {
            plan.routes.append(kept)
        } else if best.vector[origin] > received {
            plan.routes.append(Route(origin: origin, through: best.log, after: received))
        }
        if needs.gaps.contains(origin), best.vector[origin] >= received {
            plan.catchUps.append(Route(origin: origin, through: best.log, after: needs.gaps[origin]))
        }
    }

    /// Every log of every region that anything is known of, but this one.
    private static func origins(of needs: RegionNeeds, _ peers: [Peer]) -> [Origin] {
        var origins: [Origin] = []
        let vectors = [needs.vector, needs.gaps] + peers.map(\.vector)
        for origin in vectors.flatMap(\.entries).map(\.origin)
        where origin != needs.own && !origins.contains(origin) {
            origins.append(origin)
        }
        return origins.sorted()
    }
}

extension RelayPolicy.Plan {
    /// Whether nothing is asked of anybody.
    public var isEmpty: Bool { routes.isEmpty && catchUps.isEmpty }

    /// Everything that this region needs of a sender just now, for ``ReceiverLink/needs(_:)``: snapshot transfers, changes to be sent
    /// once more, and what it shall relay.
    public func requests(to sender: RegionNeeds.Sender, of needs: RegionNeeds) -> [LinkMessage.Request] {
        let log = sender.origin
        var requests = sender.transfers.map(LinkMessage.Request.transfer)
        for route in catchUps where route.through == log {
            for catchUp in needs.catchUps where catchUp.origin == route.origin {
                requests.append(
                    .catchUp(catchUp.replica, added: catchUp.added, of: catchUp.origin, after: catchUp.after))
            }
        }
        for route in routes where route.through == log && route.origin != log {
            requests.append(.relay(route.origin, after: route.after))
        }
        for orphan in sender.orphanedOrigins {
            requests.append(.orphanedOrigin(of: orphan.origin, after: orphan.after, successor: orphan.successor))
        }
        return requests
    }
}
