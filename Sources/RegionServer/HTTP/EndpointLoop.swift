import AWSProtocol
import NIOCore
import Synchronization

/// What the connections of one event loop share: buffers, signing keys, identifiers, and the list of themselves.
///
/// It is used on its event loop only, so none of it needs a lock; `longestWait` may be read by any thread.
final class EndpointLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let mailbox: ReplyMailbox
    let configuration: EndpointConfiguration
    /// The time in milliseconds since the Unix epoch.
    let clock: @Sendable () -> Int64

    var headers = HeaderTable()
    /// Which filling of `headers` this is, so that a request whose parts came in several reads knows to fill it again.
    var headersTicket: UInt64 = 0
    var requestIDs: RequestIDSource
    var encoder = ResponseEncoder()
    /// Nothing where the region runs without authentication.
    var verifier: SignatureVerifier?

    /// What DynamoDB and its streams are called in credentials' scopes.
    private static let service = "dynamodb"

    private(set) var isDraining = false
    private let census: ConnectionCensus
    private let log: ConnectionLog
    private var connections: [ObjectIdentifier: any EndpointConnection] = [:]
    private var waiting = WaitingConnections()
    private let publishedWait = Atomic<UInt64>(LongestWait.none.rawValue)
    private var sweep: RepeatedTask?
    /// Made when draining begins, fulfilled when no connection is left.
    private var drained: EventLoopPromise<Void>?

    init(
        eventLoop: any EventLoop, configuration: EndpointConfiguration, census: ConnectionCensus, log: ConnectionLog,
        random: inout some RandomNumberGenerator, clock: @escaping @Sendable () -> Int64
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.census = census
        self.log = log
        self.clock = clock
        mailbox = ReplyMailbox(eventLoop: eventLoop)
        requestIDs = RequestIDSource(seededBy: &random)
        switch configuration.authentication {
        case .signatures(let keys):
            verifier = SignatureVerifier(
                credentials: keys.credentials,
                region: configuration.acceptsAnySignatureRegion ? nil : configuration.region, service: Self.service)
        case .none: verifier = nil
        }
    }

    /// Begins to look for connections whose deadline has passed.
    func start() {
        let limits = configuration.limits
        let shortest = min(limits.idleTimeout, limits.crowdedIdleTimeout, limits.requestTimeout)
        // A look costs next to nothing where no deadline has passed.
        let interval = min(max(TimeAmount.nanoseconds(shortest.nanoseconds / 8), .milliseconds(10)), .seconds(1))
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [unowned self] _ in
            endOverdue()
        }
    }

    /// Has the log tell of a request, whose fields are in `headers`, that its signature was refused.
    func noteRefusal(of target: String, _ fault: ServiceFault, from client: SocketAddress?) {
        let refusal = SignatureRefusal(
            fault, claim: verifier?.claim(target: target, headers: &headers),
            region: configuration.acceptsAnySignatureRegion ? nil : configuration.region, service: Self.service)
        log.note(refusal.cause, saying: refusal.text, from: client, at: eventLoop.now)
    }

    // MARK: The list

    /// Adds a connection to the list, or has it closed when the endpoint is closing.
    ///
    /// - Returns: its place, which the connection moves whenever what it does has changed.
    func add(_ connection: any EndpointConnection) -> WaitingConnections.Place {
        connections[ObjectIdentifier(connection)] = connection
        let place = WaitingConnections.Place(connection)
        move(place, to: .idle)
        return place
    }

    func remove(_ connection: any EndpointConnection, at place: WaitingConnections.Place?) {
        if let place { move(place, to: .answering) }
        connections[ObjectIdentifier(connection)] = nil
        finishDrainingIfEmpty()
    }

    /// Notes what a connection does from now on.
    func move(_ place: WaitingConnections.Place, to phase: ConnectionPhase) {
        waiting.move(place, to: phase, at: eventLoop.now)
        publishedWait.store(LongestWait(waiting).rawValue, ordering: .relaxed)
    }

    // MARK: Ends

    /// How dispensable the connection is that would be ended first; from any thread, and possibly of a moment ago.
    var longestWait: LongestWait { LongestWait(rawValue: publishedWait.load(ordering: .relaxed)) }

    /// Closes the idle connection that has been so longest or, where none is idle, the one whose request has been arriving longest.
    ///
    /// - Returns: false where all are busy.
    func endLongestWaiting() -> Bool {
        while let place = waiting.first(in: .idle) {
            guard place.connection.isSending else {
                close(place)
                return true
            }
            move(place, to: .sending)
        }
        guard let place = waiting.first(in: .receiving) else { return false }
        close(place)
        return true
    }

    private func endOverdue() {
        let limits = configuration.limits
        let idleTimeout = census.isCrowded ? min(limits.crowdedIdleTimeout, limits.idleTimeout) : limits.idleTimeout
        for place in overdue(.idle, idleTimeout) {
            if place.connection.isSending { move(place, to: .sending) } else { close(place) }
        }
        for place in overdue(.receiving, limits.requestTimeout) {
            log.note("a request took too long to arrive", at: eventLoop.now)
            place.connection.refuseLateRequest()
        }
        for place in overdue(.sending, limits.requestTimeout) {
            // What was written may have been read meanwhile, of which nobody is told.
            if place.connection.isSending {
                log.note("an answer was not read in time", at: eventLoop.now)
                close(place)
            } else {
                move(place, to: .idle)
            }
        }
    }

    /// The connections that have been in that phase for as long as they may.
    private func overdue(_ phase: ConnectionPhase, _ limit: TimeAmount) -> [WaitingConnections.Place] {
        let now = eventLoop.now
        var overdue: [WaitingConnections.Place] = []
        while let place = waiting.first(in: phase), place.since + limit <= now {
            move(place, to: .answering)
            overdue.append(place)
        }
        return overdue
    }

    private func close(_ place: WaitingConnections.Place) {
        move(place, to: .answering)
        place.connection.close()
    }

    /// Has every connection finish what it has begun and close.
    ///
    /// - Returns: a future that is fulfilled when the last connection has closed.
    func drain() -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        isDraining = true
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        for connection in connections.values {
            connection.drain()
        }
        finishDrainingIfEmpty()
        return promise.futureResult
    }

    /// Closes every connection at once, whatever it waits for.
    func closeAll() {
        for connection in connections.values {
            connection.close()
        }
    }

    private func finishDrainingIfEmpty() {
        guard isDraining, connections.isEmpty else { return }
        sweep?.cancel()
        sweep = nil
        drained?.succeed()
    }
}

/// One connection, as its event loop's list sees it.
protocol EndpointConnection: AnyObject {
    /// Whether something is written that the client has not taken yet, or the connection is closing.
    var isSending: Bool { get }

    /// Tells the client that its request took too long to arrive, and closes the connection.
    func refuseLateRequest()

    /// Closes the connection once every request that has begun is answered.
    func drain()

    /// Closes the connection now.
    func close()
}
