import ConfigurationFiles
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import RegionStore
import Replication
import ReplicationTransport

/// All links of a region: the ones that it dials, and the ones that it accepts.
///
/// Unchecked Sendable: touched on the context's event loop alone.
final class LinkHub<Store: KeyValueStore>: @unchecked Sendable {
    private let context: LinkContext<Store>
    private let policy = RelayPolicy()
    /// What was last asked of whom.
    private var plan = RelayPolicy.Plan()
    private let outgoing: [OutgoingLink<Store>]
    private var incoming: [IncomingLink<Store>] = []
    /// What is known of every other region, in the topology's order.
    private var peers: [PeerState]
    private var listener: LinkListener?
    private var review: RepeatedTask?
    private var isReviewing = false

    /// What is known of one other region.
    private struct PeerState {
        let region: RegionID
        let name: String
        /// Its incarnation, once a link from it was up.
        var origin: Origin?
        /// Since when no link from it is up, in monotonic milliseconds.
        var downSince: UInt64?
        /// What it has applied, as it last said.
        var vector = AppliedVector()
        /// The messages' bytes that links which have ended brought.
        var receivedByteCount = 0
    }

    /// How often the region asks itself what it needs of the others.
    private static var reviewInterval: TimeAmount { .milliseconds(200) }

    init(context: LinkContext<Store>, topology: Topology) {
        self.context = context
        let now = context.clock.monotonicMilliseconds()
        let others = topology.regions.filter { $0.id != context.identity.region.rawValue }
        peers = others.map { PeerState(region: RegionID(rawValue: $0.id), name: $0.name, downSince: now) }
        let vectors = VectorInbox()
        outgoing = others.map { peer in
            let region = RegionIdentity(id: RegionID(rawValue: peer.id), name: Text(peer.name))
            return OutgoingLink(to: region, at: peer, context: context) { vectors.hub?(region.id, $0) }
        }
        vectors.hub = { [weak self] region, vector in self?.heard(vector, from: region) }
    }

    /// Lets links that were made before their hub was complete reach it.
    private final class VectorInbox: @unchecked Sendable {
        var hub: ((RegionID, AppliedVector) -> Void)?
    }

    /// Listens at `address`, and dials every other region.
    func start(at address: HostAndPort) -> EventLoopFuture<Void> {
        let handlers = LinkListener.Handlers(
            accepted: { [weak self] connection in self?.accept(connection) },
            failed: { [logger = context.logger] error, address in
                logger.warning(
                    "a connection did not become a link: \(error)",
                    metadata: ["from": "\(address.map { "\($0)" } ?? "unknown")"])
            })
        return LinkListener.bind(
            host: address.host, port: address.port, tls: context.tls, configuration: context.transport,
            group: context.eventLoop, handlers: handlers
        ).hop(to: context.eventLoop).map { listener in
            self.listener = listener
            for link in self.outgoing { link.start() }
            self.review = self.context.eventLoop.scheduleRepeatedTask(
                initialDelay: Self.reviewInterval, delay: Self.reviewInterval
            ) { [weak self] _ in self?.reviewNeeds() }
        }
    }

    /// Closes all links, after what they have sent has gone out.
    func stop() -> EventLoopFuture<Void> {
        context.eventLoop.flatSubmit {
            self.review?.cancel()
            let closed = self.outgoing.map { $0.stop() } + self.incoming.map { $0.stop() }
            let listener = self.listener?.close() ?? self.context.eventLoop.makeSucceededVoidFuture()
            return EventLoopFuture.andAllComplete(closed + [listener], on: self.context.eventLoop)
        }
    }

    /// The region has committed; on the event loop.
    func logAdvanced() {
        let bounds = context.logBounds
        for link in outgoing { link.logAdvanced(to: bounds) }
    }

    // MARK: - Links that others open

    private func accept(_ connection: LinkConnection) -> any LinkConnectionDelegate {
        let events = IncomingLink<Store>.Events(
            established: { [weak self] link, origin in self?.established(link, origin) },
            closed: { [weak self] link in self?.closed(link) })
        let link = IncomingLink(connection, context: context, events: events)
        incoming.append(link)
        // Before anything is read: a hello that came before would be lost.
        link.start()
        return link
    }

    private func established(_ link: IncomingLink<Store>, _ origin: Origin) {
        for other in incoming where other !== link && other.sender?.region == origin.region {
            // The sender has dialled anew, and this end of its old connection has not noticed yet.
            other.close()
        }
        update(origin.region) { peer in
            peer.origin = origin
            peer.downSince = nil
        }
        context.logger.info("link from \(link.connection.peerName) up", metadata: ["origin": "\(origin)"])
        for link in outgoing where link.peer.id == origin.region.rawValue { link.peerCameUp() }
        reviewNeeds()
    }

    private func closed(_ link: IncomingLink<Store>) {
        incoming.removeAll { $0 === link }
        guard let region = link.sender?.region else { return }
        update(region) { $0.receivedByteCount += link.connection.counters.receivedMessageByteCount }
        guard !incoming.contains(where: { $0.sender?.region == region }) else { return }
        let now = context.clock.monotonicMilliseconds()
        update(region) { $0.downSince = now }
        context.writer.perform { store, _ in store.abandonTransfers(from: region) }
    }

    private func heard(_ vector: AppliedVector, from region: RegionID) {
        update(region) { $0.vector = vector }
    }

    private func update(_ region: RegionID, _ change: (inout PeerState) -> Void) {
        for index in peers.indices where peers[index].region == region { change(&peers[index]) }
    }

    // MARK: - What this region needs

    /// Finds out what to ask the others for, and asks: tables to be filled, changes to be sent once more, and changes of regions that
    /// only others reach.
    private func reviewNeeds() {
        guard !isReviewing else { return }
        let senders = incoming.compactMap(\.sender)
        guard !senders.isEmpty else { return }
        isReviewing = true
        let (policy, current, now) = (policy, plan, context.clock.monotonicMilliseconds())
        let peers = peers.map {
            RelayPolicy.Peer(region: $0.region, origin: $0.origin, downSince: $0.downSince, vector: $0.vector)
        }
        context.writer.perform { store, _ in
            let plan = policy.plan(for: store.progress, peers: peers, current: current, at: now)
            return (plan, senders.map { sender in (sender, store.requests(to: sender, by: plan)) })
        } completion: { [eventLoop = context.eventLoop] result in
            eventLoop.execute {
                self.isReviewing = false
                guard let (plan, needs) = result else { return }
                self.plan = plan
                for (sender, requests) in needs {
                    for link in self.incoming where link.sender == sender { link.ask(for: requests) }
                }
            }
        }
    }

    // MARK: - Status

    /// What the status page says of the links; on the event loop.
    func status(closed: [RegionID: UInt64]) -> LinkStatus {
        let committed = context.writer.committed
        let now = context.clock.physicalMilliseconds()
        let incoming = peers.map { peer in
            let links = self.incoming.filter { $0.sender?.region == peer.region }
            let closed = closed[peer.region].flatMap { $0 == 0 ? nil : $0 }
            return RegionStatus.Incoming(
                region: peer.name, state: links.isEmpty ? "down" : "up",
                incarnation: peer.origin.map { "\($0)" },
                appliedPosition: peer.origin.map { committed.vector[$0].rawValue },
                lagMilliseconds: closed.map { now - min(now, $0) }, closedMilliseconds: closed,
                bytesReceived: links.reduce(peer.receivedByteCount) {
                    $0 + $1.connection.counters.receivedMessageByteCount
                })
        }
        let lag = outgoing.map { link in
            let lag = link.history.lag
            return RegionStatus.Lag(
                region: link.peer.name, count: lag.count, p50Milliseconds: lag.percentile(0.5),
                p99Milliseconds: lag.percentile(0.99), maxMilliseconds: lag.count == 0 ? nil : lag.maximum)
        }
        return LinkStatus(
            outgoing: outgoing.map { $0.status(end: committed.lastPosition) }, incoming: incoming, lag: lag)
    }
}

/// What the links add to a region's status.
struct LinkStatus: Sendable {
    let outgoing: [RegionStatus.Outgoing]
    let incoming: [RegionStatus.Incoming]
    let lag: [RegionStatus.Lag]
}
