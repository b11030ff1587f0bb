import RegionStore
import Replication

/// The links of a region's process, as the hub of links of a region in production.
extension SimulatedRegion {
    /// Takes a connection that another region has opened.
    func accept(from peer: SimulatedRegion) -> ReceiverShell? {
        guard let store else { return nil }
        let receiver = ReceiverShell(at: self, store: store, from: peer)
        receivers.append(receiver)
        return receiver
    }

    func established(_ receiver: ReceiverShell, _ origin: Origin) {
        for other in receivers where other !== receiver && other.sender?.region == origin.region {
            other.connection?.close()
        }
        update(origin.region) { peer in
            peer.origin = origin
            peer.downSince = nil
        }
        for sender in senders where sender.peer.identity.id == origin.region { sender.peerCameUp() }
    }

    func linkClosed(_ receiver: ReceiverShell) {
        receivers.removeAll { $0 === receiver }
        guard let region = receiver.sender?.region, !receivers.contains(where: { $0.sender?.region == region }) else {
            return
        }
        let now = world.now.milliseconds
        update(region) { $0.downSince = now }
        submit { store, _ in store.abandonTransfers(from: region) }
    }

    func acknowledged(by peer: SimulatedRegion, _ vector: AppliedVector) {
        update(peer.identity.id) { $0.vector = vector }
        let region = peer.identity.id
        submit { store, _ in store.noteAcknowledged(by: region, vector: vector) }
    }

    private func update(_ region: RegionID, _ change: (inout PeerState) -> Void) {
        for index in peers.indices where peers[index].region.identity.id == region { change(&peers[index]) }
    }

    /// Finds out every so often what to ask the others for.
    func review() {
        world.schedule(after: .milliseconds(200), on: self, of: process) { [self] in
            if receivers.contains(where: { $0.sender != nil }) {
                submit(
                    { [self] store, _ in
                        plan = RelayPolicy().plan(
                            for: store.progress,
                            peers: peers.map {
                                .init(
                                    region: $0.region.identity.id, origin: $0.origin, downSince: $0.downSince,
                                    vector: $0.vector)
                            }, current: plan, at: world.now.milliseconds)
                        return receivers.compactMap { link in
                            link.sender.map { (link, store.requests(to: $0, by: plan)) }
                        }
                    },
                    completion: { needs in
                        for (link, requests) in needs { link.ask(for: requests) }
                    })
            }
            review()
        }
    }
}
