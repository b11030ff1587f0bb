import NIOCore

/// The last handler of a link's pipeline: turns what TLS delivers into messages for the owner, and the owner's into bytes.
///
/// It makes the `LinkConnection` when the handshake is complete, and lives on the channel's event loop alone.
final class LinkHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private var state = State.awaitingHandshake
    private var encoder: MessageEncoder
    private var decoder: MessageDecoder
    private var context: ChannelHandlerContext?
    /// What ended the link; the first error counts, later ones follow from it.
    private var error: LinkError?
    /// The channel has been connected: before that, whoever connects it reports what goes wrong.
    private var wasActive = false
    private var isPaused = false
    /// A read that waits for the owner to resume.
    private var isReadHeld = false
    /// Messages are being handed to the owner, who may call back from within.
    private var isDelivering = false
    private let configuration: TransportConfiguration
    private let outcome: Outcome

    /// Who is told how the attempt to make a link ended: once.
    struct Outcome {
        /// Both ends are authenticated; nil refuses the peer.
        let established: (LinkConnection) -> (any LinkConnectionDelegate)?
        let failed: (LinkError, SocketAddress?) -> Void
        /// Called after `established` returned a delegate.
        let opened: (LinkConnection) -> Void
    }

    private enum State {
        case awaitingHandshake
        case open(LinkConnection, any LinkConnectionDelegate)
        case closed
    }

    init(configuration: TransportConfiguration, outcome: Outcome) throws(ZstdError) {
        self.configuration = configuration
        self.outcome = outcome
        encoder = try MessageEncoder(
            limits: configuration.limits, compressionLevel: configuration.compressionLevel,
            windowLog: configuration.windowLog)
        decoder = try MessageDecoder(limits: configuration.limits)
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        wasActive = context.channel.isActive
    }

    func channelActive(context: ChannelHandlerContext) {
        wasActive = true
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { handshakeCompleted(completed, context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .open = state else { return }
        decoder.append(unwrapInboundIn(data))
        if !deliver(), case .open(let connection, let delegate) = state { delegate.linkReceivedPart(connection) }
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.error == nil { self.error = LinkError(error) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    private func handshakeCompleted(_ completed: TLSHandshakeCompleted, _ context: ChannelHandlerContext) {
        guard case .awaitingHandshake = state else { return }
        guard !completed.peerNames.isEmpty else { return fail(.peerHasNoName) }
        let connection = LinkConnection(
            peerNames: completed.peerNames, remoteAddress: context.channel.remoteAddress, configuration: configuration,
            handler: NIOLoopBound(self, eventLoop: context.eventLoop), eventLoop: context.eventLoop)
        guard let delegate = outcome.established(connection) else {
            connection.ended()
            return fail(.refusedByOwner)
        }
        state = .open(connection, delegate)
        outcome.opened(connection)
    }

    /// Returns whether there was a message, or may have been one.
    @discardableResult
    private func deliver() -> Bool {
        guard !isDelivering else { return true }
        isDelivering = true
        defer { isDelivering = false }
        var hasDelivered = false
        do {
            while !isPaused, error == nil, case .open(let connection, let delegate) = state,
                let message = try decoder.next()
            {
                connection.tally.received(messageByteCount: message.bytes.count, wireByteCount: message.wireByteCount)
                hasDelivered = true
                delegate.link(connection, received: message.bytes)
            }
        } catch {
            fail(error)
        }
        return hasDelivered
    }

    // MARK: From the connection

    /// Sends `message`, whose bytes are in the connection's backlog already.
    ///
    /// Between the owner's call and this one the link may have ended: then the message is gone, as any in flight is.
    func send(_ message: [UInt8]) {
        guard case .open(let connection, _) = state, let context, error == nil else { return }
        let frame: ByteBuffer
        do {
            frame = try encoder.encode(message, allocator: context.channel.allocator)
        } catch {
            return fail(error)
        }
        connection.tally.sent(messageByteCount: message.count, wireByteCount: frame.readableBytes)
        let byteCount = message.count
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in connection.sent(byteCount: byteCount) }
        context.writeAndFlush(wrapOutboundOut(frame), promise: written)
    }

    func close() {
        if case .open(let connection, _) = state { connection.ended() }
        context?.close(promise: nil)
    }

    func abort() {
        if case .open(let connection, _) = state { connection.ended() }
        context?.triggerUserOutboundEvent(TLSAbort(), promise: nil)
    }

    func setPaused(_ isPaused: Bool) {
        guard self.isPaused != isPaused else { return }
        self.isPaused = isPaused
        guard !isPaused else { return }
        deliver()
        if !self.isPaused, isReadHeld {
            isReadHeld = false
            context?.read()
        }
    }

    // MARK: The end

    private func fail(_ error: LinkError) {
        if self.error == nil { self.error = error }
        close()
    }

    private func finish() {
        let last = state
        state = .closed
        switch last {
        case .awaitingHandshake:
            if wasActive { outcome.failed(error ?? .closed, context?.channel.remoteAddress) }
        case .open(let connection, let delegate):
            connection.ended()
            delegate.link(connection, closedWith: error ?? unfinishedFrame())
        case .closed:
            break
        }
    }

    private func unfinishedFrame() -> LinkError? {
        do {
            try decoder.finished()
            return nil
        } catch {
            return error
        }
    }
}
