import KeyValueStore
import RegionStore
import Replication
import Testing

/// Owns the sending end of a link.
final class Outgoing {
    unowned let node: Node
    let peer: RegionIdentity
    private(set) var connection: Connection?
    private(set) var machine: SenderLink
    private var reads: LinkReads<InMemoryStore>
    private var timer = 0

    init(from node: Node, to peer: RegionIdentity) {
        self.node = node
        self.peer = peer
        reads = LinkReads(reader: node.store.reader, peer: peer.name)
        machine = SenderLink(
            from: node.identity, to: peer, configuration: node.cluster.options.link, log: node.logBounds())
    }

    private var cluster: Cluster { node.cluster }

    func start() { perform(machine.start(at: node.instant)) }

    func logAdvanced() { perform(machine.logAdvanced(to: node.logBounds(), at: node.instant)) }

    func received(_ message: LinkMessage) { perform(machine.received(message, at: node.instant)) }

    func disconnected(_ connection: Connection) {
        guard connection === self.connection else { return }
        self.connection = nil
        reads = LinkReads(reader: node.store.reader, peer: peer.name)
        perform(machine.disconnected(at: node.instant, using: &cluster.random))
    }

    private func perform(_ actions: [SenderLink.Action]) {
        for action in actions {
            switch action {
            case .connect: connect()
            case .send(let message): connection?.sendToReceiver(message)
            case .read(let read): start(read)
            case .noteAcknowledged(let vector): node.acknowledged(by: peer.id, vector)
            case .recordLag: break
            case .wakeAt(let time):
                timer += 1
                let timer = timer
                cluster.schedule(after: time - min(time, cluster.now), on: node) { [unowned self] in
                    if timer == self.timer { perform(machine.timerFired(at: node.instant)) }
                }
            case .close: connection?.close()
            }
        }
        let limit = cluster.options.link.inFlightByteLimit + 2_000
        #expect(machine.inFlightByteCount <= limit, "more in flight than may be")
    }

    private func connect() {
        cluster.schedule(after: cluster.delay(), on: node) { [unowned self] in
            guard let receiver = cluster.node(peer.id), receiver.isUp,
                !cluster.isBlocked(from: node.region.id, to: peer.id)
            else { return perform(machine.disconnected(at: node.instant, using: &cluster.random)) }
            let incoming = Incoming(at: receiver, from: node.region)
            let connection = Connection(from: node, self, to: receiver, incoming)
            incoming.connection = connection
            self.connection = connection
            receiver.accept(incoming)
            perform(machine.connected(at: node.instant))
        }
    }

    private func start(_ read: SenderLink.Read) {
        let (connection, reads) = (connection, reads)
        cluster.schedule(after: cluster.number(0...5), on: node) { [unowned self] in
            guard connection === self.connection else { return }
            perform(machine.readFinished(try reads.perform(read), at: node.instant))
        }
    }
}
