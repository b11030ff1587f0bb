import ConfigurationFiles
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionCore
import RegionStore
import Replication
import ReplicationTransport

/// The shell around a region's hub of links: sockets, timers and reads of the store, as the hub decides.
///
/// Unchecked Sendable: touched on its event loop alone.
final class LinkShell<Store: KeyValueStore>: @unchecked Sendable {
    let context: Context
    let hub: LinkHub
    private let peers: [RegionID: Topology.Region]
    private var outgoing: [RegionID: LinkConnection] = [:]
    /// How many attempts to open a connection are under way.
    private var attemptCounts: [RegionID: Int] = [:]
    private(set) var incoming: [LinkHub.LinkNumber: LinkConnection] = [:]
    private var reads: [RegionID: (connection: UInt64, reads: LinkReads<Store>)] = [:]
    private(set) var histories: [RegionID: OutgoingHistory] = [:]
    /// The messages' bytes that links which have ended brought, by their senders' regions.
    private(set) var receivedByteCounts: [RegionID: Int] = [:]
    private var listener: LinkListener?
    private var timer: Scheduled<Void>?
    private var generator = SystemRandomNumberGenerator()
    /// The connections that the hub has closed: why was told then.
    private var ended: Set<ObjectIdentifier> = []
    private let throttle = LogThrottle()
    private var isStopped = false
    /// Succeed when the connections have closed of a shell that is being stopped.
    private var closing: [ObjectIdentifier: EventLoopPromise<Void>] = [:]

    /// What the links use of their region.
    struct Context: Sendable {
        let transport: TransportConfiguration
        let tls: TLSContext
        let reader: RegionReader<Store>
        let writer: WriterThread<Store>
        let commits: CommitSignal
        let clock: SystemClock
        /// Where the hub and all connections live.
        let eventLoop: any EventLoop
        /// Where the log and tables are read for links.
        let threads: NIOThreadPool
        let logger: Logger
    }

    init(identity: LinkIdentity, topology: Topology, context: Context) {
        self.context = context
        peers = Dictionary(
            topology.regions.map { (RegionID(rawValue: $0.id), $0) }, uniquingKeysWith: { first, _ in first })
        hub = LinkHub(
            at: identity, regions: topology.regionIdentities, configuration: topology.linkConfiguration,
            committed: context.writer.committed, now: context.clock.now)
    }

    /// Listens at `address`, and dials every other region.
    func start(at address: HostAndPort) -> EventLoopFuture<Void> {
        let handlers = LinkListener.Handlers(
            accepted: { [weak self] connection in self?.accept(connection) },
            failed: { [logger = context.logger, clock = context.clock, throttle = LogThrottle()] error, address in
                guard let suppressed = throttle.admit("\(error)", at: clock.monotonicMilliseconds()) else { return }
                logger.warning(
                    "a connection did not become a link: \(error)",
                    metadata: [
                        "from": "\(address.map { "\($0)" } ?? "unknown")", "suppressed": "\(suppressed)",
                    ])
            })
        return LinkListener.bind(
            host: address.host, port: address.port, tls: context.tls, configuration: context.transport,
            group: context.eventLoop, handlers: handlers
        ).hop(to: context.eventLoop).map { listener in
            self.listener = listener
            self.tell { hub, now in hub.start(at: now) }
        }
    }

    /// Closes all links, after what they have sent has gone out.
    func stop() -> EventLoopFuture<Void> {
        context.eventLoop.flatSubmit { [self] in
            isStopped = true
            timer?.cancel()
            let closed = (Array(outgoing.values) + Array(incoming.values)).map { connection in
                let promise = context.eventLoop.makePromise(of: Void.self)
                closing[ObjectIdentifier(connection)] = promise
                connection.close()
                return promise.futureResult
            }
            let listener = listener?.close() ?? context.eventLoop.makeSucceededVoidFuture()
            return EventLoopFuture.andAllComplete(closed + [listener], on: context.eventLoop)
        }
    }

    /// The region has committed; on the event loop.
    func committed() { tell { hub, now in hub.advanced(to: context.writer.committed, at: now) } }

    /// Tells the hub of something that has happened, and before it of the commits that it did not await.
    private func tell(_ event: (LinkHub, LinkInstant) -> [LinkHub.Action]) {
        let now = context.clock.now
        if !hub.awaitsCommits { perform(hub.advanced(to: context.writer.committed, at: now)) }
        perform(event(hub, now))
        let isAwaiting = hub.awaitsCommits
        guard !context.commits.setAwaited(isAwaiting), isAwaiting else { return }
        // What was committed before the signal was set.
        perform(hub.advanced(to: context.writer.committed, at: now))
    }

    // MARK: - The hub's actions

    private func perform(_ actions: [LinkHub.Action]) {
        guard !isStopped else { return }
        for action in actions {
            switch action {
            case .connect(let region): connect(to: region)
            case .send(let message, let end): send(message, end)
            case .read(let read, let region, let connection): start(read, region, connection)
            case .opened(let region): opened(region)
            case .close(let end, let ending): close(end, ending)
            case .submit(let command, let ticket): submit(command, ticket)
            case .pauseReading(let number): incoming[number]?.pauseReading()
            case .resumeReading(let number): incoming[number]?.resumeReading()
            case .recordLag(let region, let milliseconds, let count):
                histories[region, default: OutgoingHistory()].lag.record(milliseconds, count: count)
            case .established(let number, let log):
                let name = incoming[number]?.peerName ?? ""
                context.logger.info("link from \(name) open", metadata: ["origin": "\(log)"])
            case .wakeAt(let time): wake(at: time)
            }
        }
    }

    private func wake(at time: UInt64) {
        timer?.cancel()
        let now = context.clock.monotonicMilliseconds()
        let delay = TimeAmount.milliseconds(Int64(clamping: time - min(time, now)))
        timer = context.eventLoop.scheduleTask(in: delay) { [weak self] in
            guard let self else { return }
            // What receiving ends say of their own accord must not be older than what they have answered.
            committed()
            tell { hub, now in hub.timerFired(at: now, using: &generator) }
        }
    }

    private func submit(_ command: RegionCommand, _ ticket: LinkHub.Ticket?) {
        let answered = ticket.map { ticket in
            WriterThread<Store>.Ticket(eventLoop: context.eventLoop) { outcome in
                self.tell { hub, now in hub.answered(ticket, outcome, at: now) }
            }
        }
        guard context.writer.submit(command, isBounded: false, answered) != nil, let answered else { return }
        context.eventLoop.execute { answered.completion(nil) }
    }

    private func send(_ message: LinkMessage, _ end: LinkHub.LinkEnd) {
        guard let connection = connection(at: end) else { return }
        do {
            try connection.send(message.encoded())
        } catch {
            close(end, .failed("a message could not be sent: \(error)"))
        }
    }

    private func opened(_ region: RegionID) {
        histories[region, default: OutgoingHistory()].openCount += 1
        histories[region]?.lastError = nil
        let name = outgoing[region]?.peerName ?? ""
        context.logger.info(
            "link to \(name) open", metadata: ["address": "\(peers[region].map { "\($0.replication)" } ?? "")"])
    }

    private func close(_ end: LinkHub.LinkEnd, _ ending: LinkEnding) {
        guard let connection = connection(at: end), ended.insert(ObjectIdentifier(connection)).inserted else { return }
        let text = ending.text(peer: connection.peerName)
        switch end {
        case .outgoing(let region): note("link to \(connection.peerName) closed", error: text, region)
        case .incoming: log("link from \(connection.peerName) closed: \(text)", ending.logLevel)
        }
        if ending.isAbrupt { connection.abort() } else { connection.close() }
    }

    /// One line a cause in a while: a peer that is refused comes again.
    private func log(_ text: String, _ level: Logger.Level) {
        guard let suppressed = throttle.admit(text, at: context.clock.monotonicMilliseconds()) else { return }
        context.logger.log(
            level: level, "\(text)", metadata: suppressed > 0 ? ["suppressed": "\(suppressed)"] : nil)
    }

    private func start(_ read: SenderLink.Read, _ region: RegionID, _ connection: UInt64) {
        guard let peer = peers[region] else { return }
        // A read of an earlier connection may still be under way with that one's snapshots.
        if reads[region]?.connection != connection {
            reads[region] = (connection, LinkReads(reader: context.reader, peer: Text(peer.name)))
        }
        guard let reads = reads[region]?.reads else { return }
        context.threads.runIfActive(eventLoop: context.eventLoop) { () -> Result<_, KeyValueStoreError> in
            do throws(KeyValueStoreError) {
                return .success(try reads.perform(read))
            } catch {
                return .failure(error)
            }
        }.whenSuccess { [self] result in
            switch result {
            case .success(let outcome):
                tell { hub, now in hub.readFinished(outcome, of: region, connection: connection, at: now) }
            case .failure(let error): close(.outgoing(region), .failed("the store could not be read: \(error)"))
            }
        }
    }

    private func connection(at end: LinkHub.LinkEnd) -> LinkConnection? {
        switch end {
        case .outgoing(let region): outgoing[region]
        case .incoming(let number): incoming[number]
        }
    }

    // MARK: - Connections

    private func connect(to region: RegionID) {
        guard let peer = peers[region] else { return }
        // A peer that takes connections and says nothing is not to be given one after the other.
        guard attemptCounts[region, default: 0] < Self.maximumAttemptCount else { return }
        attemptCounts[region, default: 0] += 1
        LinkConnector.connect(
            host: peer.replication.host, port: peer.replication.port, tls: context.tls, expectedPeerName: peer.name,
            configuration: context.transport, group: context.eventLoop,
            answered: { [self] in tell { hub, now in hub.attemptAnswered(by: region, at: now) } }
        ) { [self] connection in
            guard !isStopped, outgoing[region] == nil else { return nil }
            outgoing[region] = connection
            return ConnectionEnd(.outgoing(region), of: self)
        }.whenComplete { [self] result in
            attemptCounts[region, default: 0] -= 1
            switch result {
            case .success(let connection):
                guard outgoing[region] === connection else { break }
                tell { hub, now in hub.connected(to: region, at: now) }
            // Another attempt has succeeded meanwhile, or the region is stopping.
            case .failure(LinkError.refusedByOwner): break
            case .failure(let error):
                guard outgoing[region] == nil else { break }
                note("link to \(peer.name) cannot be opened", error: "\(error)", region)
                let isRefusal = (error as? LinkError)?.isRefusal ?? false
                tell { hub, now in
                    hub.attemptFailed(to: region, isRefusal: isRefusal, at: now, using: &generator)
                }
            }
        }
    }

    /// How many attempts to open one link may be under way.
    private static var maximumAttemptCount: Int { 4 }

    private func accept(_ connection: LinkConnection) -> any LinkConnectionDelegate {
        let (number, actions) = hub.accepted(certificateNames: connection.peerNames, at: context.clock.now)
        incoming[number] = connection
        // Before anything is read: a hello that came before would be lost.
        tell { _, _ in actions }
        return ConnectionEnd(.incoming(number), of: self)
    }

    fileprivate func received(_ message: [UInt8], on end: LinkHub.LinkEnd, of connection: LinkConnection) {
        guard connection === self.connection(at: end) else { return }
        do {
            let message = try LinkMessage(decoding: message)
            tell { hub, now in hub.received(message, on: end, at: now) }
        } catch {
            close(end, .failed("a message that cannot be read: \(error)"))
        }
    }

    fileprivate func receivedPart(on end: LinkHub.LinkEnd, of connection: LinkConnection) {
        guard connection === self.connection(at: end) else { return }
        hub.receivedPart(on: end, at: context.clock.now)
    }

    fileprivate func closed(_ end: LinkHub.LinkEnd, of connection: LinkConnection, _ error: LinkError?) {
        closing.removeValue(forKey: ObjectIdentifier(connection))?.succeed()
        guard connection === self.connection(at: end) else { return }
        let isTold = ended.remove(ObjectIdentifier(connection)) != nil || isStopped
        let reason = error.map { "\($0)" } ?? "\(connection.peerName) has closed it"
        let isRefusal = error?.isRefusal ?? false
        let event = isRefusal ? "refused" : "lost"
        switch end {
        case .outgoing(let region):
            outgoing[region] = nil
            let closed = histories[region, default: OutgoingHistory()].closedConnections
            histories[region]?.closedConnections = closed.adding(connection.counters)
            if !isTold { note("link to \(connection.peerName) \(event)", error: reason, region) }
        case .incoming(let number):
            incoming[number] = nil
            if let sender = hub.sender(of: number) {
                receivedByteCounts[sender.region, default: 0] += connection.counters.receivedMessageByteCount
            }
            if !isTold { log("link from \(connection.peerName) \(event): \(reason)", .info) }
        }
        tell { hub, now in hub.disconnected(end, isRefusal: isRefusal, at: now, using: &generator) }
    }

    /// The counters of the connection to the region that is open now.
    func counters(of region: RegionID) -> LinkCounters? { outgoing[region]?.counters }

    private func note(_ event: String, error: String, _ region: RegionID) {
        // A region that is away is dialled for as long as it takes: the same words once are enough.
        if histories[region]?.lastError != error { context.logger.warning("\(event): \(error)") }
        histories[region, default: OutgoingHistory()].lastError = error
    }
}

extension LinkEnding {
    /// How much an operator has to do with it.
    fileprivate var logLevel: Logger.Level {
        switch self {
        case .replaced, .logEnded: .info
        case .silence, .refusedByPeer, .refused, .failed: .warning
        }
    }
}

/// Tells the shell what happens to one connection.
///
/// Unchecked Sendable: called on the shell's event loop alone.
private final class ConnectionEnd<Store: KeyValueStore>: LinkConnectionDelegate, @unchecked Sendable {
    private let end: LinkHub.LinkEnd
    private let shell: LinkShell<Store>

    init(_ end: LinkHub.LinkEnd, of shell: LinkShell<Store>) {
        self.end = end
        self.shell = shell
    }

    func link(_ connection: LinkConnection, received message: [UInt8]) {
        shell.received(message, on: end, of: connection)
    }

    func linkReceivedPart(_ connection: LinkConnection) { shell.receivedPart(on: end, of: connection) }

    func link(_ connection: LinkConnection, closedWith error: LinkError?) {
        shell.closed(end, of: connection, error)
    }
}
