public import HybridClock
public import RegionStore
import Replication

extension LinkHub {
    /// What the links to and from one other region are doing.
    public struct PeerStatus: Sendable, Hashable {
        public let region: RegionIdentity
        /// Whether this region's log is being shipped to it.
        public let isOutgoingUp: Bool
        public let shippedPosition: LogPosition
        public let acknowledgedPosition: LogPosition
        public let inFlightByteCount: Int
        /// What its physical clock last showed, once it was asked.
        public let clock: ClockSample?
        /// Its logs that were seen, in order.
        public let logs: [Log]

        /// One of the region's logs.
        public struct Log: Sendable, Hashable {
            public let origin: Origin
            /// Whether a link from it is up.
            public let isUp: Bool
            /// What its store has applied, as it last reported.
            public let vector: AppliedVector
        }
    }

    /// Every other region of the topology, in the order of their numbers.
    public var status: [PeerStatus] {
        outgoing.map { link in
            PeerStatus(
                region: link.peer, isOutgoingUp: link.isStreaming, shippedPosition: link.shippedPosition,
                acknowledgedPosition: link.acknowledgedPosition, inFlightByteCount: link.inFlightByteCount,
                clock: link.clock,
                logs: peers.logs(of: link.peer.id).compactMap { peer in
                    peer.origin.map { .init(origin: $0, isUp: peer.downSince == nil, vector: peer.vector) }
                })
        }
    }

    /// The log that sends on a connection, once its link was up.
    public func sender(of number: LinkNumber) -> Origin? { incoming.first { $0.number == number }?.sender }
}
