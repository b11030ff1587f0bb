import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// Owns the receiving end of a link.
final class Incoming {
    unowned let node: Node
    var connection: Connection?
    private(set) var machine: ReceiverLink
    /// Stays after the link has ended.
    private(set) var sender: Origin?
    private let certificateName: String
    private let applications = LinkApplications<InMemoryStore>()
    private var timer = 0
    private var isClosed = false

    init(at node: Node, from region: RegionIdentity) {
        self.node = node
        certificateName = region.name.string
        machine = ReceiverLink(
            at: node.identity, regions: node.cluster.regions, configuration: node.cluster.options.link)
    }

    func start() { perform(machine.connected(at: node.instant)) }

    func received(_ message: LinkMessage) {
        // Uncommitted changes must not be in the vector.
        let vector = (try? node.store.reader.vector(in: node.store.reader.snapshot())) ?? AppliedVector()
        perform(
            machine.received(message, certificateNames: [certificateName], vector: vector, at: node.instant))
    }

    func ask(for requests: [LinkMessage.Request]) { perform(machine.needs(requests)) }

    func disconnected() {
        guard !isClosed else { return }
        isClosed = true
        machine.disconnected()
        node.closed(self)
    }

    private func perform(_ actions: [ReceiverLink.Action]) {
        for action in actions {
            switch action {
            case .send(let message): connection?.sendToSender(message)
            case .apply(let sequence, let application): apply(application, sequence)
            case .established(let origin):
                sender = origin
                node.established(self, origin)
            case .transferAgain(let replica): command { store, sender in store.transferAgain(replica, from: sender) }
            case .releaseTransfer(let replica):
                command { store, sender in store.releaseTransfer(replica, from: sender) }
            case .wakeAt(let time):
                timer += 1
                let timer = timer
                node.cluster.schedule(after: time - min(time, node.cluster.now), on: node) { [self] in
                    if timer == self.timer { perform(machine.timerFired(at: node.instant)) }
                }
            case .close: connection?.close()
            }
        }
    }

    private func command(_ body: @escaping (Node.Store, RegionID) -> Void) {
        guard let sender else { return }
        node.submit { store, _ in
            body(store, sender.region)
            return {}
        }
    }

    private func apply(_ application: ReceiverLink.Application, _ sequence: UInt64) {
        node.submit { [self] store, now in
            let outcome = applications.apply(application, to: store, at: now)
            return { [self] in
                switch outcome {
                case .applied(let vector): perform(machine.applied(upTo: sequence, vector: vector, at: node.instant))
                case .refused(let error):
                    node.cluster.history.refusals.append("\(error)")
                    perform(machine.refused(error))
                case .skipped: break
                }
            }
        }
    }
}
