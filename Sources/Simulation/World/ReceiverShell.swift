import ItemModel
import RegionStore
import Replication

/// Owns the receiving end of one link, as the process of a region does.
final class ReceiverShell: LinkShell {
    unowned let region: SimulatedRegion
    var connection: Connection?
    private var machine: ReceiverLink
    /// Stays after the link has ended.
    private(set) var sender: Origin?
    private let certificateName: String
    private let applications = LinkApplications<SimulatedStore>()
    private var timer = 0
    private var isClosed = false

    init(at region: SimulatedRegion, store: RegionStore<SimulatedStore>, from peer: SimulatedRegion) {
        self.region = region
        certificateName = peer.identity.name.string
        machine = ReceiverLink(
            at: region.linkIdentity(of: store), regions: region.world.regionIdentities,
            configuration: region.world.linkConfiguration)
    }

    func start() { perform(machine.connected(at: region.instant)) }

    func received(_ message: LinkMessage) {
        guard !isClosed else { return }
        let vector = region.committedVector
        perform(
            machine.received(message, certificateNames: [certificateName], vector: vector, at: region.instant))
    }

    func ask(for requests: [LinkMessage.Request]) { perform(machine.needs(requests)) }

    func connectionEnded(_ connection: Connection) {
        guard !isClosed else { return }
        isClosed = true
        self.connection = nil
        machine.disconnected()
        region.linkClosed(self)
    }

    private func perform(_ actions: [ReceiverLink.Action]) {
        for action in actions {
            switch action {
            case .send(let message):
                guard let connection else { continue }
                if case .acknowledge(_, let vector) = message {
                    for observer in region.world.observers { observer.acknowledges(vector, by: region) }
                }
                for message in region.world.hooks.messages(
                    message, from: region.index, to: connection.sender.region.index)
                {
                    connection.sendToSender(message)
                }
            case .apply(let sequence, let application): apply(application, sequence)
            case .established(let origin):
                sender = origin
                region.established(self, origin)
            case .transferAgain(let replica):
                guard let sender else { continue }
                region.submit { store, _ in store.transferAgain(replica, from: sender.region) }
            case .releaseTransfer(let replica):
                guard let sender else { continue }
                region.submit { store, _ in store.releaseTransfer(replica, from: sender.region) }
            case .wakeAt(let milliseconds): wake(at: milliseconds)
            case .close:
                guard let connection else { continue }
                connection.close()
                region.world.schedule(after: .zero, on: region, of: region.process) { [weak self] in
                    self?.connectionEnded(connection)
                }
            }
        }
    }

    private func apply(_ application: ReceiverLink.Application, _ sequence: UInt64) {
        let acknowledgesEarly = region.world.hooks.acknowledgesBeforeCommit
        if acknowledgesEarly, case .changes(let batch) = application {
            var vector = region.committedVector
            vector.raise(batch.origin, to: batch.position)
            perform(machine.applied(upTo: sequence, vector: vector, at: region.instant))
        }
        region.submit(
            { [applications, region] store, now in
                let outcome = applications.apply(application, to: store, at: now)
                if case .applied = outcome {
                    for observer in region.world.observers { observer.applied(application, in: region) }
                }
                return outcome
            },
            completion: { [weak self] outcome in
                guard let self, !isClosed else { return }
                switch outcome {
                case .applied(let vector):
                    perform(machine.applied(upTo: sequence, vector: vector, at: region.instant))
                case .refused(let error):
                    region.world.refused(error, at: region, from: certificateName)
                    perform(machine.refused(error))
                case .skipped: break
                }
            })
    }

    private func wake(at milliseconds: UInt64) {
        timer += 1
        let number = timer
        let time = max(region.world.now, VirtualTime(nanoseconds: milliseconds * 1_000_000))
        region.world.schedule(after: time - region.world.now, on: region, of: region.process) { [weak self] in
            guard let self, number == timer, !isClosed else { return }
            perform(machine.timerFired(at: region.instant))
        }
    }
}
