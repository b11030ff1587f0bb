import RegionCore
import RegionStore
import Replication

/// How a region's process carries out what its hub of links decides, on the simulated network.
extension SimulatedRegion {
    /// A message has arrived.
    func received(_ message: LinkMessage, on end: LinkHub.LinkEnd, of connection: Connection) {
        guard let hub, self.connection(at: end) === connection else { return }
        perform(hub.received(message, on: end, at: instant))
    }

    /// Part of a message has arrived.
    func receivedPart(on end: LinkHub.LinkEnd, of connection: Connection) {
        guard let hub, self.connection(at: end) === connection else { return }
        hub.receivedPart(on: end, at: instant)
    }

    /// The process learns that a connection has ended.
    func connectionEnded(_ end: LinkHub.LinkEnd, of connection: Connection) {
        guard let hub, self.connection(at: end) === connection else { return }
        switch end {
        case .outgoing(let region):
            outgoing[region] = nil
            world.trace.note(
                .disconnected, at: world.now, UInt64(index), UInt64(connection.receiver.index))
        case .incoming(let number): incoming[number] = nil
        }
        perform(hub.disconnected(end, at: instant, using: &generator))
    }

    private func connection(at end: LinkHub.LinkEnd) -> Connection? {
        switch end {
        case .outgoing(let region): outgoing[region]
        case .incoming(let number): incoming[number]
        }
    }

    /// Takes a connection that another region has opened; nil while no process runs.
    func accept(from peer: SimulatedRegion) -> Connection? {
        guard let hub else { return nil }
        let (number, actions) = hub.accepted(certificateNames: [peer.name], at: instant)
        let connection = Connection(from: peer, to: self, number, in: world)
        incoming[number] = connection
        perform(actions)
        return connection
    }

    /// Carries out what the hub has decided.
    func perform(_ actions: [LinkHub.Action]) {
        for action in actions {
            switch action {
            case .connect(let region): connect(to: region)
            case .send(let message, let end): send(message, end)
            case .read(let read, let region, let connection): start(read, region, connection)
            case .opened: break
            case .close(let end, _):
                guard let connection = connection(at: end) else { continue }
                connection.close()
                // This end knows at once.
                world.schedule(after: .zero, on: self, of: process) { [self] in connectionEnded(end, of: connection) }
            case .submit(.administer(.noteKnown), _) where world.hooks.trustsDisks: break
            case .submit(let command, let ticket): submit(command, answering: ticket)
            case .wakeAt(let milliseconds): wake(at: milliseconds)
            case .pauseReading, .resumeReading, .recordLag, .established: break
            }
        }
    }

    private func send(_ message: LinkMessage, _ end: LinkHub.LinkEnd) {
        guard let connection = connection(at: end) else { return }
        switch end {
        case .outgoing:
            guard let alter = world.hooks.alterMessage else { return connection.sendToReceiver(message) }
            for altered in alter(message, index, connection.receiver.index) { connection.sendToReceiver(altered) }
        case .incoming:
            if case .acknowledge(_, let vector, _) = message {
                for observer in world.observers { observer.acknowledges(vector, by: self) }
            }
            guard let alter = world.hooks.alterMessage else { return connection.sendToSender(message) }
            for altered in alter(message, index, connection.sender.index) { connection.sendToSender(altered) }
        }
    }

    private func submit(_ command: RegionCommand, answering ticket: LinkHub.Ticket?) {
        guard let ticket else {
            submit(command, .nobody)
            return
        }
        guard case .deliver(let delivery, _) = command else {
            submit(command, .hub(ticket, nil))
            return
        }
        if world.hooks.acknowledgesBeforeCommit, case .changes(let batch) = delivery, let hub {
            var vector = committedVector
            vector.raise(batch.origin, to: batch.position)
            perform(hub.answered(ticket, .deliver(.success(vector)), at: instant))
        }
        submit(command, .hub(ticket, delivery))
    }

    private func wake(at milliseconds: UInt64) {
        wakeNumber += 1
        let number = wakeNumber
        let time = max(world.now, VirtualTime(nanoseconds: milliseconds * 1_000_000))
        world.schedule(after: time - world.now, on: self, of: process) { [self] in
            guard number == wakeNumber, let hub else { return }
            perform(hub.timerFired(at: instant, using: &generator))
        }
    }

    private func connect(to region: RegionID) {
        guard let peer = world.regions.first(where: { $0.identity.id == region }) else { return }
        let answered = { [self] in
            guard let hub else { return }
            perform(hub.attemptAnswered(by: region, at: instant))
        }
        world.dial(from: self, to: peer, answered: answered) { [self] connection in
            guard let hub else { return }
            guard let connection else {
                return perform(hub.attemptFailed(to: region, isRefusal: false, at: instant, using: &generator))
            }
            // An earlier attempt has succeeded meanwhile.
            guard outgoing[region] == nil else { return connection.close() }
            outgoing[region] = connection
            world.trace.note(.connected, at: world.now, UInt64(index), UInt64(peer.index))
            perform(hub.connected(to: region, at: instant))
        }
    }

    private func start(_ read: SenderLink.Read, _ region: RegionID, _ connection: UInt64) {
        guard let store, let name = world.regionIdentities.first(where: { $0.id == region })?.name else { return }
        if reads[region]?.connection != connection {
            reads[region] = (connection, LinkReads(reader: store.reader, peer: name))
        }
        guard let reads = reads[region]?.reads else { return }
        world.schedule(after: readTime, on: self, of: process) { [self] in
            guard let hub else { return }
            do {
                perform(hub.readFinished(try reads.perform(read), of: region, connection: connection, at: instant))
            } catch {
                outgoing[region]?.close()
            }
        }
    }
}

extension SimulatedRegion {
    /// Who is told what became of a command.
    enum Ticket {
        case nobody
        /// With what a link has brought, for the observers.
        case hub(LinkHub.Ticket, LinkDelivery?)
        case client((RegionOutcome) -> Void)
    }
}
