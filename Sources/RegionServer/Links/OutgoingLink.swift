import ConfigurationFiles
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionStore
import Replication
import ReplicationTransport

/// The sending end of the link to one region: carries out what its machine decides.
///
/// Unchecked Sendable: everything but the counters of the connection is touched on the context's event loop alone.
final class OutgoingLink<Store: KeyValueStore>: LinkConnectionDelegate, @unchecked Sendable {
    let peer: Topology.Region
    private let context: LinkContext<Store>
    private let peerName: String
    private let onAcknowledged: @Sendable (AppliedVector) -> Void
    private var machine: SenderLink
    private var connection: LinkConnection?
    private var reads: LinkReads<Store>
    /// Counts connections, so that what an earlier one had asked for is not taken for this one's.
    private var epoch: UInt64 = 0
    private var timer: Scheduled<Void>?
    private var generator = SystemRandomNumberGenerator()
    private var isStopped = false
    /// Succeeds when the connection of a link that is being stopped has closed.
    private var closed: EventLoopPromise<Void>?
    private(set) var history = OutgoingHistory()

    init(
        to region: RegionIdentity, at peer: Topology.Region, context: LinkContext<Store>,
        onAcknowledged: @escaping @Sendable (AppliedVector) -> Void
    ) {
        self.peer = peer
        self.context = context
        self.onAcknowledged = onAcknowledged
        peerName = region.name.string
        machine = SenderLink(
            from: context.identity, to: region, configuration: context.configuration, log: context.logBounds)
        reads = LinkReads(reader: context.reader, peer: region.name)
    }

    func start() {
        perform(machine.start(at: context.now))
    }

    func logAdvanced(to bounds: SenderLink.LogBounds) {
        perform(machine.logAdvanced(to: bounds, at: context.now))
    }

    /// The peer has opened a link of its own, so it can be dialled now.
    func peerCameUp() {
        perform(machine.peerCameUp(at: context.now))
    }

    /// Closes the connection for good.
    ///
    /// - Returns: what succeeds when it is closed.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        timer?.cancel()
        guard let connection else { return context.eventLoop.makeSucceededVoidFuture() }
        let closed = closed ?? context.eventLoop.makePromise()
        self.closed = closed
        connection.close()
        return closed.futureResult
    }

    var isUp: Bool { machine.isStreaming }

    /// What the status page says of the link.
    func status(end: LogPosition) -> RegionStatus.Outgoing {
        let counters = history.closedConnections.adding(connection?.counters)
        let acknowledged = machine.acknowledgedPosition
        return RegionStatus.Outgoing(
            region: peerName, state: machine.isStreaming ? "up" : "down",
            shippedPosition: machine.shippedPosition.rawValue,
            acknowledgedPosition: acknowledged.rawValue,
            backlog: machine.isStreaming ? end.rawValue - min(end.rawValue, acknowledged.rawValue) : nil,
            bytesBeforeCompression: counters.sentMessageByteCount, bytesAfterCompression: counters.sentWireByteCount,
            reconnects: max(0, history.connectionCount - 1), lastError: machine.isStreaming ? nil : history.lastError)
    }

    // MARK: - The machine's actions

    private func perform(_ actions: [SenderLink.Action]) {
        guard !isStopped else { return }
        for action in actions {
            switch action {
            case .connect: connect()
            case .send(let message): send(message)
            case .read(let read): start(read)
            case .noteAcknowledged(let vector):
                onAcknowledged(vector)
                let region = RegionID(rawValue: peer.id)
                context.writer.perform { store, _ in store.noteAcknowledged(by: region, vector: vector) }
            case .recordLag(let milliseconds, let count): history.lag.record(milliseconds, count: count)
            case .wakeAt(let time):
                timer?.cancel()
                timer = context.schedule(at: time) { [weak self] in self?.wake() }
            case .close(let reason): close(reason)
            }
        }
    }

    private func wake() {
        perform(machine.timerFired(at: context.now))
    }

    private func connect() {
        LinkConnector.connect(
            host: peer.replication.host, port: peer.replication.port, tls: context.tls, expectedPeerName: peerName,
            configuration: context.transport, group: context.eventLoop
        ) { _ in self }.whenComplete { result in
            switch result {
            case .success(let connection): self.connected(connection)
            case .failure(let error): self.failedToConnect(error)
            }
        }
    }

    private func connected(_ connection: LinkConnection) {
        guard !isStopped else { return connection.close() }
        self.connection = connection
        epoch += 1
        history.connectionCount += 1
        context.logger.info("link to \(peerName) open", metadata: ["address": "\(peer.replication)"])
        perform(machine.connected(at: context.now))
    }

    private func failedToConnect(_ error: any Error) {
        note("link to \(peerName) cannot be opened", error: "\(error)")
        perform(machine.disconnected(at: context.now, using: &generator))
    }

    private func send(_ message: LinkMessage) {
        guard let connection else { return }
        do {
            try connection.send(message.encoded())
        } catch {
            close("a message could not be sent: \(error)")
        }
    }

    private func close(_ reason: String) {
        note("link to \(peerName) closed", error: reason)
        connection?.close()
    }

    private func start(_ read: SenderLink.Read) {
        let (epoch, reads) = (epoch, reads)
        context.threads.runIfActive(eventLoop: context.eventLoop) { () -> Result<_, KeyValueStoreError> in
            do throws(KeyValueStoreError) {
                return .success(try reads.perform(read))
            } catch {
                return .failure(error)
            }
        }.whenSuccess { result in self.finished(result, of: epoch) }
    }

    private func finished(_ result: Result<SenderLink.ReadOutcome, KeyValueStoreError>, of epoch: UInt64) {
        guard epoch == self.epoch, connection != nil else { return }
        switch result {
        case .success(let outcome): perform(machine.readFinished(outcome, at: context.now))
        case .failure(let error): close("the store could not be read: \(error)")
        }
    }

    // MARK: - LinkConnectionDelegate

    func link(_ connection: LinkConnection, received message: [UInt8]) {
        guard connection === self.connection else { return }
        do {
            perform(machine.received(try LinkMessage(decoding: message), at: context.now))
        } catch {
            close("the peer sent a message that cannot be read: \(error)")
        }
    }

    func link(_ connection: LinkConnection, becameWritable isWritable: Bool) {}

    func link(_ connection: LinkConnection, closedWith error: LinkError?) {
        guard connection === self.connection else { return }
        self.connection = nil
        closed?.succeed()
        // A read of this connection may still be under way with the old one's snapshots.
        reads = LinkReads(reader: context.reader, peer: Text(peerName))
        history.closedConnections = history.closedConnections.adding(connection.counters)
        if let error, !isStopped { note("link to \(peerName) lost", error: "\(error)") }
        perform(machine.disconnected(at: context.now, using: &generator))
    }

    private func note(_ event: String, error: String) {
        // A region that is away is dialled for as long as it takes: the same words once are enough.
        if history.lastError != error { context.logger.warning("\(event): \(error)") }
        history.lastError = error
    }
}

/// What a sending end remembers over its connections.
struct OutgoingHistory {
    var lastError: String?
    var connectionCount = 0
    /// Of the connections before the present one.
    var closedConnections = LinkCounters()
    var lag = LagHistogram()
}

extension LinkCounters {
    func adding(_ other: LinkCounters?) -> LinkCounters {
        guard let other else { return self }
        var sum = self
        sum.sentMessageCount += other.sentMessageCount
        sum.sentMessageByteCount += other.sentMessageByteCount
        sum.sentWireByteCount += other.sentWireByteCount
        sum.receivedMessageCount += other.receivedMessageCount
        sum.receivedMessageByteCount += other.receivedMessageByteCount
        sum.receivedWireByteCount += other.receivedWireByteCount
        return sum
    }
}
