import NIOCore
import NIOEmbedded
import ReplicationTransport

/// Two ends of one TLS connection in memory, whose bytes the test carries across.
final class TLSPair {
    let client = EmbeddedChannel()
    let server = EmbeddedChannel()
    let clientLog = TLSLog()
    let serverLog = TLSLog()

    init(
        client clientContext: TLSContext, server serverContext: TLSContext, expecting name: String = "eu-west-1"
    ) throws {
        try client.pipeline.syncOperations.addHandlers(
            TLSHandler(context: clientContext, role: .client(expectedPeerName: name)), clientLog)
        try server.pipeline.syncOperations.addHandlers(
            TLSHandler(context: serverContext, role: .server), serverLog)
    }

    /// Starts both ends without carrying anything.
    func connect() throws {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        server.connect(to: address, promise: nil)
        client.connect(to: address, promise: nil)
    }

    /// Carries what each end has made to the other until both are silent; `change` may cut, alter or drop it.
    func carry(_ change: (ByteBuffer) -> [ByteBuffer] = { [$0] }) throws {
        var isMoving = true
        while isMoving {
            isMoving = false
            for (from, to) in [(client, server), (server, client)] {
                while let bytes = try from.readOutbound(as: ByteBuffer.self) {
                    isMoving = true
                    guard to.isActive else { continue }
                    for piece in change(bytes) { to.pipeline.fireChannelRead(piece) }
                    to.pipeline.fireChannelReadComplete()
                }
            }
            client.embeddedEventLoop.run()
            server.embeddedEventLoop.run()
        }
    }

    deinit {
        _ = try? client.finish(acceptAlreadyClosed: true)
        _ = try? server.finish(acceptAlreadyClosed: true)
    }
}

/// The application's end of a pipeline: remembers what it is told.
final class TLSLog: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private(set) var completed: TLSHandshakeCompleted?
    private(set) var plaintext: [UInt8] = []
    private(set) var errors: [TLSError] = []
    private(set) var isInactive = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { completed = event }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        plaintext += unwrapInboundIn(data).readableBytesView
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { errors.append(error) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isInactive = true
    }
}
