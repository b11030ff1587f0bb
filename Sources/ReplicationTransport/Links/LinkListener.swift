public import NIOCore
import NIOPosix
import Synchronization

/// Accepts the links of other regions at one address.
public final class LinkListener: Sendable {
    private let channel: any Channel

    /// What a listener tells its owner, each on the event loop of the connection that it is about.
    public struct Handlers: Sendable {
        /// Both ends are authenticated.
        ///
        /// Returns who gets the messages, or nil to refuse the peer.
        public var accepted: @Sendable (LinkConnection) -> (any LinkConnectionDelegate)?
        /// A connection did not become a link.
        public var failed: @Sendable (LinkError, SocketAddress?) -> Void

        public init(
            accepted: @escaping @Sendable (LinkConnection) -> (any LinkConnectionDelegate)?,
            failed: @escaping @Sendable (LinkError, SocketAddress?) -> Void = { _, _ in }
        ) {
            self.accepted = accepted
            self.failed = failed
        }
    }

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Binds `host` and `port`, or any free port for 0.
    ///
    /// Fails with the error of the bind, such as an `IOError`.
    public static func bind(
        host: String, port: Int, tls: TLSContext, configuration: TransportConfiguration = TransportConfiguration(),
        group: any EventLoopGroup, handlers: Handlers
    ) -> EventLoopFuture<LinkListener> {
        let places = Places(limit: configuration.maximumAcceptedConnections)
        let pending = PendingConnections(
            limit: configuration.maximumPendingConnections,
            addressLimit: configuration.maximumPendingConnectionsPerAddress)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                let candidate = Candidate(channel)
                pending.enter(candidate)
                channel.closeFuture.whenComplete { _ in pending.leave(candidate) }
                return channel.eventLoop.makeCompletedFuture {
                    let outcome = LinkHandler.Outcome(
                        established: { connection in
                            pending.leave(candidate)
                            guard places.take() else {
                                candidate.refuse(.tooManyConnections(limit: places.limit))
                                return nil
                            }
                            candidate.closeFuture.whenComplete { _ in places.giveBack() }
                            return handlers.accepted(connection)
                        },
                        failed: { error, address in handlers.failed(candidate.refusal ?? error, address) },
                        opened: { _ in })
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(
                            context: tls, role: .server, handshakeTimeout: configuration.handshakeTimeout,
                            closeTimeout: configuration.closeTimeout),
                        LinkHandler(configuration: configuration, outcome: outcome))
                }
            }
            .bind(host: host, port: port)
            .map { LinkListener(channel: $0) }
    }

    /// Accepts no more; the links that there are go on.
    public func close() -> EventLoopFuture<Void> {
        channel.close(mode: .all).flatMapErrorThrowing { error in
            guard error as? ChannelError == .alreadyClosed else { throw error }
        }
    }

    public var localAddress: SocketAddress? { channel.localAddress }

    /// The port that it is bound to.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Counts the links that a listener has.
    private final class Places: Sendable {
        let limit: Int
        private let taken = Atomic<Int>(0)

        init(limit: Int) {
            self.limit = limit
        }

        func take() -> Bool {
            let (_, after) = taken.add(1, ordering: .acquiringAndReleasing)
            if after <= limit { return true }
            giveBack()
            return false
        }

        func giveBack() {
            taken.subtract(1, ordering: .acquiringAndReleasing)
        }
    }
}
