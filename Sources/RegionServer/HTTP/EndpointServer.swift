import AWSProtocol
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix

/// One region's DynamoDB endpoint: a listening socket and the connections that it has accepted.
public final class EndpointServer: Sendable {
    /// Where the endpoint listens; the port is the one that the system chose when zero was asked for.
    public let address: SocketAddress

    private let listener: any Channel
    private let loops: [EndpointLoop]
    private let logger: Logger

    private init(address: SocketAddress, listener: any Channel, loops: [EndpointLoop], logger: Logger) {
        self.address = address
        self.listener = listener
        self.loops = loops
        self.logger = logger
    }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - host: the address to listen at; see `BindingRule` for which are allowed.
    ///   - port: the port, or zero for one that the system chooses.
    ///   - service: what runs the operations.
    ///   - group: the event loops that the connections are spread over.
    ///   - random: seeds the request identifiers, once for each event loop.
    ///   - clock: the time in milliseconds since the Unix epoch, from any thread.
    ///   - configureChannel: adds handlers before those of HTTP, such as TLS; called on the connection's event loop.
    public static func start<Service: EndpointService>(
        host: String, port: Int, service: Service, configuration: EndpointConfiguration, group: any EventLoopGroup,
        random: inout some RandomNumberGenerator, clock: @escaping @Sendable () -> Int64, logger: Logger,
        configureChannel: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) -> EventLoopFuture<EndpointServer> {
        let census = ConnectionCensus(configuration.limits)
        let log = ConnectionLog(logger)
        var loops: [EndpointLoop] = []
        for eventLoop in group.makeIterator() {
            loops.append(
                EndpointLoop(
                    eventLoop: eventLoop, configuration: configuration, census: census, log: log, random: &random,
                    clock: clock))
        }
        let allLoops = loops
        let admission = ConnectionAdmission(census: census, loops: allLoops, log: log)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                admission.admit(on: channel.eventLoop).flatMapThrowing { decision in
                    channel.closeFuture.whenComplete { _ in admission.leave(decision) }
                    guard let loop = allLoops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    switch decision {
                    case .admitted:
                        try configureChannel(channel)
                        try addHandlers(to: channel, service: service, loop: loop)
                    case .refused:
                        try configureChannel(channel)
                        let fault = WireFault.tooManyConnections(limit: census.limit)
                        try channel.pipeline.syncOperations.addHandler(RefusalHandler(fault: fault, loop: loop))
                    case .closedAtOnce:
                        throw ChannelError.operationUnsupported
                    }
                }
            }
        return bootstrap.bind(host: host, port: port).flatMapThrowing { listener in
            guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
            for loop in allLoops {
                loop.eventLoop.execute { loop.start() }
            }
            return EndpointServer(address: address, listener: listener, loops: allLoops, logger: logger)
        }
    }

    /// Stops accepting, lets every request that has begun be answered, and closes.
    ///
    /// - Parameter limit: how long answers are waited for; then what is left is closed unanswered.
    public func shutDown(within limit: TimeAmount) -> EventLoopFuture<Void> {
        let eventLoop = listener.eventLoop
        let deadline = eventLoop.scheduleTask(in: limit) { [loops, logger] in
            logger.warning("connections closed unanswered: the time to shut down has passed")
            for loop in loops {
                loop.eventLoop.execute { loop.closeAll() }
            }
        }
        return listener.close().flatMapError { _ in eventLoop.makeSucceededVoidFuture() }.flatMap { [loops] in
            let drained = loops.map { loop in loop.eventLoop.flatSubmit { loop.drain() } }
            return EventLoopFuture.andAllComplete(drained, on: eventLoop)
        }.map { deadline.cancel() }
    }

    /// Puts the handlers of HTTP behind what is in the pipeline already.
    static func addHandlers(
        to channel: any Channel, service: some EndpointService, loop: EndpointLoop
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        let headerByteCountMax = loop.configuration.limits.headerByteCountMax
        limits.maxHeaderFieldSize = headerByteCountMax
        // The decoder counts the request line with the fields.
        limits.maxHeaderListSize = headerByteCountMax * 2
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(EndpointHandler(service: service, loop: loop))
    }
}

/// Tells a connection that is one too many why it is closed.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let fault: WireFault
    private let loop: EndpointLoop

    /// How long the peer may take to read the refusal.
    private static let lingerTime = TimeAmount.seconds(1)

    init(fault: WireFault, loop: EndpointLoop) {
        self.fault = fault
        self.loop = loop
    }

    func channelActive(context: ChannelHandlerContext) {
        var bytes = ByteBuffer()
        var responseContext = ResponseEncoder.Context(id: loop.requestIDs.next())
        responseContext.keepsAlive = false
        loop.encoder.setSecond(loop.clock() / 1000)
        loop.encoder.write(EndpointResponse(fault), responseContext, to: &bytes)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(bytes)).flatMap { channel.close(mode: .output) }
            .whenFailure { _ in channel.close(promise: nil) }
        context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
