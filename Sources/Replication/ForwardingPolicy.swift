public import RegionStore

/// Decides through which region another one's changes are fetched while its own link is down.
///
/// A region that is cut off from this one may reach a third; and of a region that is lost for ever, a third may have received more. In
/// both cases whoever has most passes it on.
public struct ForwardingPolicy: Sendable {
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

    /// Whose changes shall be fetched through whom.
    public struct Route: Sendable, Hashable {
        public let origin: Origin
        public let through: RegionID
        public let after: LogPosition
    }

    /// The routes that are wanted now, in the order of the origins.
    ///
    /// - Parameters:
    ///   - own: this region and incarnation.
    ///   - vector: what this region has applied.
    ///   - peers: every other region.
    public func routes(
        own: Origin, vector: AppliedVector, peers: [Peer], at monotonicMilliseconds: UInt64
    ) -> [Route] {
        var origins: [Origin] = []
        for origin in (peers.flatMap(\.vector.entries) + vector.entries).map(\.origin)
        where origin.region != own.region && !origins.contains(origin) {
            origins.append(origin)
        }
        return origins.sorted().compactMap { origin in
            if let direct = peers.first(where: { $0.region == origin.region }), direct.origin ?? origin == origin {
                guard let since = direct.downSince, monotonicMilliseconds >= since + patienceMilliseconds else {
                    return nil
                }
            }
            let best = peers.filter { $0.downSince == nil && $0.origin != origin }
                .max { ($0.vector[origin], $1.region) < ($1.vector[origin], $0.region) }
            guard let best, best.vector[origin] > vector[origin] else { return nil }
            return Route(origin: origin, through: best.region, after: vector[origin])
        }
    }
}
