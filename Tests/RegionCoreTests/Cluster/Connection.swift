import RegionCore
import RegionStore
import Replication

/// One connection between two nodes: messages arrive in order, until it is cut.
final class Connection {
    private let cluster: Cluster
    private let sender: Node
    private let receiver: Node
    private let number: LinkHub.LinkNumber
    private(set) var isOpen = true
    /// When the last message of each direction arrives.
    private var lastArrivals: (atReceiver: UInt64, atSender: UInt64) = (0, 0)

    init(from sender: Node, to receiver: Node, _ number: LinkHub.LinkNumber) {
        cluster = sender.cluster
        self.sender = sender
        self.receiver = receiver
        self.number = number
    }

    func sendToReceiver(_ message: LinkMessage) {
        let bytes = message.encoded()
        let arrival = max(cluster.now + cluster.delay(), lastArrivals.atReceiver)
        lastArrivals.atReceiver = arrival
        cluster.schedule(after: arrival - cluster.now, on: receiver) { [self] in
            guard isOpen else { return }
            receiver.received(try LinkMessage(decoding: bytes), on: .incoming(number))
        }
    }

    func sendToSender(_ message: LinkMessage) {
        let bytes = message.encoded()
        let arrival = max(cluster.now + cluster.delay(), lastArrivals.atSender)
        lastArrivals.atSender = arrival
        cluster.schedule(after: arrival - cluster.now, on: sender) { [self] in
            guard isOpen else { return }
            sender.received(try LinkMessage(decoding: bytes), on: .outgoing(receiver.region.id))
        }
    }

    /// Closed by one end: what was sent before still arrives.
    func close() {
        let last = max(lastArrivals.atReceiver, lastArrivals.atSender, cluster.now)
        cluster.schedule(after: last - cluster.now) { self.cut() }
    }

    /// What is on its way is lost, and each end learns of it in its own time.
    func cut() {
        guard isOpen else { return }
        isOpen = false
        cluster.schedule(after: cluster.number(0...30), on: sender) { [self] in
            sender.disconnected(.outgoing(receiver.region.id), self)
        }
        cluster.schedule(after: cluster.number(0...30), on: receiver) { [self] in
            receiver.disconnected(.incoming(number), self)
        }
    }
}
