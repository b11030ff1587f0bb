import AWSProtocol
import NIOCore

/// What the connections of one event loop share: buffers, signing keys, identifiers, and the list of themselves.
///
/// It is used on its event loop only, so none of it needs a lock.
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

    /// Counts up eight times in an idle timeout.
    private(set) var tick: UInt64 = 0
    let ticksUntilIdle: UInt64 = 8
    /// For how many ticks a request may arrive.
    let ticksUntilRequestExpires: UInt64
    private(set) var isDraining = false
    private var connections: [ObjectIdentifier: any EndpointConnection] = [:]
    private var sweep: RepeatedTask?
    /// Made when draining begins, fulfilled when no connection is left.
    private var drained: EventLoopPromise<Void>?

    init(
        eventLoop: any EventLoop, configuration: EndpointConfiguration, random: inout some RandomNumberGenerator,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.clock = clock
        mailbox = ReplyMailbox(eventLoop: eventLoop)
        requestIDs = RequestIDSource(seededBy: &random)
        let tickNanoseconds = max(configuration.limits.idleTimeout.nanoseconds / 8, 1)
        ticksUntilRequestExpires = UInt64(max(configuration.limits.requestTimeout.nanoseconds / tickNanoseconds, 1))
        switch configuration.authentication {
        case .signatures(let keys):
            verifier = SignatureVerifier(
                credentials: keys.credentials, region: configuration.region, service: "dynamodb")
        case .none: verifier = nil
        }
    }

    /// Begins to look for idle connections.
    func start() {
        let interval = TimeAmount.nanoseconds(max(configuration.limits.idleTimeout.nanoseconds / 8, 1))
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [unowned self] _ in
            tick += 1
            for connection in connections.values {
                connection.tickPassed()
            }
        }
    }

    /// Adds a connection to the list, or has it closed when the endpoint is closing.
    func add(_ connection: any EndpointConnection) {
        connections[ObjectIdentifier(connection)] = connection
        if isDraining { connection.drain() }
    }

    func remove(_ connection: any EndpointConnection) {
        connections[ObjectIdentifier(connection)] = nil
        finishDrainingIfEmpty()
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
    /// Closes the connection if it has been idle, or a request has been arriving, for too long.
    func tickPassed()

    /// Closes the connection once every request that has begun is answered.
    func drain()

    /// Closes the connection now.
    func close()
}
