public import NIOCore
import NIOPosix

/// Opens links to other regions.
public enum LinkConnector {
    /// Connects to the listener of the region `expectedPeerName`, whose certificate must have that name.
    ///
    /// The future fails with a `LinkError`. With TLS 1.3 the server judges this end's certificate only after this end has been
    /// told that the link is open: a refusal then comes to the delegate as `.tls(.refusedByPeer)`.
    /// - Parameters:
    ///   - answered: is called on the link's event loop when the listener's host has answered, before the handshake of TLS.
    ///   - connected: is called on the link's event loop before the future succeeds; returns who gets the messages, or
    ///     nil to give the link up.
    public static func connect(
        host: String, port: Int, tls: TLSContext, expectedPeerName: String,
        configuration: TransportConfiguration = TransportConfiguration(), group: any EventLoopGroup,
        answered: @escaping @Sendable () -> Void = {},
        connected: @escaping @Sendable (LinkConnection) -> (any LinkConnectionDelegate)?
    ) -> EventLoopFuture<LinkConnection> {
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: LinkConnection.self)
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(configuration.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let outcome = LinkHandler.Outcome(
                        established: connected,
                        failed: { error, _ in promise.fail(error) },
                        opened: { promise.succeed($0) })
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(
                            context: tls, role: .client(expectedPeerName: expectedPeerName),
                            handshakeTimeout: configuration.handshakeTimeout, closeTimeout: configuration.closeTimeout),
                        LinkHandler(configuration: configuration, outcome: outcome))
                }
            }
            .connect(host: host, port: port)
            .whenComplete { result in
                switch result {
                case .success: answered()
                case .failure(let error):
                    switch LinkError(error) {
                    case .connection(let text): promise.fail(LinkError.unreachable(text))
                    case let other: promise.fail(other)
                    }
                }
            }
        return promise.futureResult
    }
}
