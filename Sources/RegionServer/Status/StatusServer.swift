import ConfigurationFiles
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Answers `GET /status` and `GET /health` at a region's administration address.
///
/// It tells nothing of items, and takes no orders.
struct StatusServer: Sendable {
    private let listener: any Channel

    /// How many connections it holds; further ones are closed at once.
    private static let maximumConnectionCount = 64
    /// After how long without a byte either way a connection is closed.
    private static let idleTimeout = TimeAmount.seconds(30)

    /// Listens at `address`, on event loops that close its connections when they are shut down.
    ///
    /// - Throws: when the address cannot be listened at.
    static func start(
        at address: HostAndPort, on group: any EventLoopGroup, status: @escaping @Sendable () async -> RegionStatus?
    ) async throws -> StatusServer {
        let connectionCount = SharedCount()
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.closeFuture.whenComplete { _ in connectionCount.value.subtract(1, ordering: .relaxed) }
                let count = connectionCount.value.add(1, ordering: .relaxed).newValue
                return channel.eventLoop.makeCompletedFuture {
                    guard count <= maximumConnectionCount else { throw ChannelError.operationUnsupported }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: idleTimeout))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(StatusHandler(status))
                }
            }
            .bind(host: address.host, port: address.port).get()
        return StatusServer(listener: listener)
    }

    /// Stops listening.
    func stop() async { try? await listener.close() }

    private final class SharedCount: Sendable {
        let value = Atomic<Int>(0)
    }
}

/// Answers the requests of one connection, one after the other.
private final class StatusHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let status: @Sendable () async -> RegionStatus?
    private var head: HTTPRequestHead?

    init(_ status: @escaping @Sendable () async -> RegionStatus?) {
        self.status = status
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET || head.method == .HEAD else {
            return send(.methodNotAllowed, "text/plain", "only GET is answered here\n", to: head, context)
        }
        switch head.uri.prefix(while: { $0 != "?" }) {
        case "/health": send(.ok, "text/plain", "ok\n", to: head, context)
        case "/status":
            let promise = context.eventLoop.makePromise(of: RegionStatus?.self)
            promise.completeWithTask { [status] in await status() }
            promise.futureResult.assumeIsolated().whenComplete { [self] result in
                guard case .success(let status?) = result, let text = try? status.encoded() else {
                    return send(.serviceUnavailable, "text/plain", "the region is stopping\n", to: head, context)
                }
                send(.ok, "application/json", text, to: head, context)
            }
        default: send(.notFound, "text/plain", "there are /status and /health\n", to: head, context)
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ type: String, _ text: String, to request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let body = context.channel.allocator.buffer(string: text)
        var fields = HTTPHeaders([
            ("Content-Type", type), ("Content-Length", "\(body.readableBytes)"), ("Server", "meridian"),
        ])
        if !request.isKeepAlive { fields.add(name: "Connection", value: "close") }
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: request.version, status: status, headers: fields))),
            promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
        guard !request.isKeepAlive else { return }
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
}

extension RegionStatus {
    /// As JSON, for programs and for people.
    fileprivate func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
