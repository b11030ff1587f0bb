import KeyValueStore
import Logging
import NIOCore
import RegionStore
import Replication
import ReplicationTransport

/// The receiving end of a link from one region: carries out what its machine decides.
///
/// Unchecked Sendable: everything is touched on the context's event loop alone, but `applications`, which says what of itself.
final class IncomingLink<Store: KeyValueStore>: LinkConnectionDelegate, @unchecked Sendable {
    /// What a link tells its owner.
    struct Events {
        var established: (IncomingLink, Origin) -> Void
        var closed: (IncomingLink) -> Void
    }

    let connection: LinkConnection
    private let context: LinkContext<Store>
    private let events: Events
    private let applications = LinkApplications<Store>()
    private var machine: ReceiverLink
    private var timer: Scheduled<Void>?
    private var isReadingPaused = false
    /// Succeeds when the connection of a link that is being stopped has closed.
    private var closed: EventLoopPromise<Void>?
    /// The name in the peer's certificate, for messages.
    private let peerName: String
    /// Stays after the link has ended.
    private(set) var sender: Origin?

    /// Messages that may wait for the writer before nothing more is read.
    private static var backlogHigh: Int { 64 }
    private static var backlogLow: Int { 16 }

    init(_ connection: LinkConnection, context: LinkContext<Store>, events: Events) {
        self.connection = connection
        self.context = context
        self.events = events
        peerName = connection.peerName
        machine = ReceiverLink(at: context.identity, regions: context.regions, configuration: context.configuration)
    }

    func start() {
        perform(machine.connected(at: context.now))
    }

    /// Asks the sender for what this region needs of it.
    func ask(for requests: [LinkMessage.Request]) {
        perform(machine.needs(requests))
    }

    func close() {
        connection.close()
    }

    /// Closes the connection as the region stops.
    ///
    /// - Returns: what succeeds when it is closed.
    func stop() -> EventLoopFuture<Void> {
        let closed = closed ?? context.eventLoop.makePromise()
        self.closed = closed
        connection.close()
        return closed.futureResult
    }

    // MARK: - The machine's actions

    private func perform(_ actions: [ReceiverLink.Action]) {
        for action in actions {
            switch action {
            case .send(let message): send(message)
            case .apply(let sequence, let application): apply(application, sequence: sequence)
            case .established(let origin):
                sender = origin
                events.established(self, origin)
            case .transferAgain(let replica):
                guard let region = sender?.region else { continue }
                context.writer.perform { store, _ in store.transferAgain(replica, from: region) }
            case .releaseTransfer(let replica):
                guard let region = sender?.region else { continue }
                context.writer.perform { store, _ in store.releaseTransfer(replica, from: region) }
            case .wakeAt(let time):
                timer?.cancel()
                timer = context.schedule(at: time) { [weak self] in self?.wake() }
            case .close(let reason):
                context.logger.warning("link from \(peerName) closed: \(reason)")
                connection.close()
            }
        }
    }

    private func wake() {
        perform(machine.timerFired(at: context.now))
    }

    private func send(_ message: LinkMessage) {
        do {
            try connection.send(message.encoded())
        } catch {
            context.logger.warning("link from \(peerName) closed: an answer could not be sent: \(error)")
            connection.close()
        }
    }

    private func apply(_ application: ReceiverLink.Application, sequence: UInt64) {
        let (applications, eventLoop) = (applications, context.eventLoop)
        context.writer.perform { store, now in
            applications.apply(application, to: store, at: now)
        } completion: { outcome in
            eventLoop.execute { self.applied(outcome, sequence: sequence) }
        }
        if !isReadingPaused, machine.backlogCount >= Self.backlogHigh {
            isReadingPaused = true
            connection.pauseReading()
        }
    }

    private func applied(_ outcome: LinkApplications<Store>.Outcome?, sequence: UInt64) {
        switch outcome {
        case .applied(let vector): perform(machine.applied(upTo: sequence, vector: vector, at: context.now))
        case .refused(let error): perform(machine.refused(error))
        case .skipped: return
        case nil: perform(machine.refused(.storage("the region is stopping or its store has failed")))
        }
        if isReadingPaused, machine.backlogCount <= Self.backlogLow {
            isReadingPaused = false
            connection.resumeReading()
        }
    }

    // MARK: - LinkConnectionDelegate

    func link(_ connection: LinkConnection, received message: [UInt8]) {
        let decoded: LinkMessage
        do {
            decoded = try LinkMessage(decoding: message)
        } catch {
            context.logger.warning("link from \(peerName) closed: a message that cannot be read: \(error)")
            return connection.close()
        }
        perform(
            machine.received(
                decoded, certificateNames: connection.peerNames, vector: context.writer.committed.vector,
                at: context.now))
    }

    func link(_ connection: LinkConnection, becameWritable isWritable: Bool) {}

    func link(_ connection: LinkConnection, closedWith error: LinkError?) {
        timer?.cancel()
        machine.disconnected()
        if let error, closed == nil { context.logger.info("link from \(peerName) lost: \(error)") }
        closed?.succeed()
        events.closed(self)
    }
}
