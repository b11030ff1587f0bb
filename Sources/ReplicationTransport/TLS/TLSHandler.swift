public import NIOCore

/// Fired towards the application when both ends have proved who they are; no data is delivered before it.
public struct TLSHandshakeCompleted: Sendable, Hashable {
    /// The names of the peer's verified certificate, the region's name first where Meridian made it; empty for a client
    /// that is not asked for one.
    public let peerNames: [String]
    /// Such as "TLSv1.3".
    public let protocolVersion: String

    public init(peerNames: [String], protocolVersion: String) {
        self.peerNames = peerNames
        self.protocolVersion = protocolVersion
    }
}

/// TLS for one channel, by OpenSSL over memory buffers: the first handler of a link's and of an HTTPS connection's pipeline.
///
/// - The handshake starts when the channel is active, and must end within its time. Then `TLSHandshakeCompleted` is fired. With
///   TLS 1.3 a client's handshake is complete before the server has judged its certificate: a refusal comes as an error after.
/// - Every fault is fired as a `TLSError` and then the channel is closed, after the alert has gone out.
/// - A close sends all that was written and a close_notify, and closes the socket when these have gone out or after
///   `closeTimeout`. A peer's close_notify is answered with a close.
/// - A connection that ends without a close_notify is `TLSError.truncated`.
/// - `close(mode: .output)` sends the close_notify and reads on.
/// - The outbound event `TLSAbort` closes the channel at once, for a peer that is gone.
///
/// What it holds is bounded: of plaintext to send at most `eagerByteCount` and the last write, before the handshake at most
/// `handshakeWriteLimit`; what is encrypted lies in the channel's own buffer, where `isWritable` sees it.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    private let handshakeTimeout: TimeAmount
    private let closeTimeout: TimeAmount
    private var state = State.idle
    private var unencrypted = CircularBuffer<PendingWrite>()
    private var unencryptedByteCount = 0
    /// A flush came before the end of the handshake.
    private var isFlushPending = false
    /// The application asked to read and has got nothing since.
    private var isReadPending = false
    /// The buffer for the next plaintext, kept where the last read gave none.
    private var spareBuffer: ByteBuffer?
    /// What was made in answer to the peer alone since the channel stopped being writable.
    private var blockedAnswerByteCount = 0
    /// Ends the handshake, or later the close, that takes too long.
    private var timer: Scheduled<Void>?
    private var closePromise: EventLoopPromise<Void>?

    /// The certificate names that `TLSHandshakeCompleted` told of.
    public private(set) var peerNames: [String] = []

    /// Plaintext is encrypted no later than when this much waits, flushed or not.
    static let eagerByteCount = 64 << 10
    /// How much ciphertext is made at once for a large write.
    private static let outputByteCount = 128 << 10
    /// The most plaintext of one inbound event.
    private static let inputByteCount = 64 << 10
    static let handshakeWriteLimit = 1 << 20
    static let blockedAnswerLimit = 64 << 10
    /// The most plaintext of one TLS record: smaller writes are put together up to this.
    private static let recordByteCount = 16 << 10

    private enum State {
        /// The channel is not active yet.
        case idle
        case handshaking
        case open
        /// The close_notify has been sent; the peer may still send.
        case outputClosed
        /// Nothing more is read; the channel is closed when what was written has gone out.
        case closing
        case closed
    }

    private struct PendingWrite {
        var plaintext: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    public init(
        context: TLSContext, role: TLSRole, handshakeTimeout: TimeAmount = .seconds(10),
        closeTimeout: TimeAmount = .seconds(5)
    ) throws(TLSError) {
        session = try TLSSession(context: context, role: role)
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
    }

    // MARK: The channel's life

    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        state = .closed
        failWrites(ChannelError.ioOnClosedChannel)
        takeClosePromise()?.fail(ChannelError.ioOnClosedChannel)
    }

    public func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    public func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        let last = state
        state = .closed
        failWrites(ChannelError.ioOnClosedChannel)
        takeClosePromise()?.succeed()
        switch last {
        case .idle, .handshaking:
            context.fireErrorCaught(TLSError.closedDuringHandshake)
        case .open, .outputClosed:
            context.fireErrorCaught(TLSError.truncated)
        case .closing, .closed:
            break
        }
        context.fireChannelInactive()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            switch state {
            case .idle, .handshaking:
                fail(.closedDuringHandshake, context)
            case .open, .outputClosed:
                fail(.truncated, context)
            case .closing, .closed:
                break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { blockedAnswerByteCount = 0 }
        context.fireChannelWritabilityChanged()
    }

    // MARK: From the peer

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .idle, .closing, .closed:
            return
        case .handshaking, .open, .outputClosed:
            break
        }
        do {
            try session.receive(unwrapInboundIn(data))
        } catch {
            return fail(error, context)
        }
        if state == .handshaking { continueHandshake(context) }
        deliverPlaintext(context)
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        // What came held no plaintext, so whoever asked for some has to be asked for again.
        if isReadPending || state == .handshaking { context.read() }
        context.fireChannelReadComplete()
    }

    public func read(context: ChannelHandlerContext) {
        isReadPending = true
        context.read()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTimeout) {
            if self.state == .handshaking { self.fail(.handshakeTimedOut, context) }
        }
        continueHandshake(context)
        if state == .handshaking { context.read() }
    }

    private func continueHandshake(_ context: ChannelHandlerContext) {
        let isComplete: Bool
        do {
            isComplete = try session.continueHandshake()
        } catch {
            return fail(error, context)
        }
        sendAnswers(context)
        guard isComplete, state == .handshaking else { return }
        timer?.cancel()
        state = .open
        peerNames = session.peerNames
        context.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(peerNames: peerNames, protocolVersion: session.protocolVersion))
        guard state == .open else { return }
        encryptWrites(context)
        if isFlushPending {
            isFlushPending = false
            context.flush()
        }
    }

    private func deliverPlaintext(_ context: ChannelHandlerContext) {
        while state == .open || state == .outputClosed {
            var plaintext = takeInputBuffer(context)
            let result: TLSSession.ReadResult
            do {
                result = try session.read(into: &plaintext)
            } catch {
                deliver(plaintext, context)
                return fail(error, context)
            }
            deliver(plaintext, context)
            switch result {
            case .more:
                continue
            case .drained:
                return sendAnswers(context)
            case .ended:
                return peerClosed(context)
            }
        }
    }

    private func deliver(_ plaintext: ByteBuffer, _ context: ChannelHandlerContext) {
        guard plaintext.readableBytes > 0 else {
            spareBuffer = plaintext
            return
        }
        isReadPending = false
        context.fireChannelRead(wrapInboundOut(plaintext))
    }

    private func takeInputBuffer(_ context: ChannelHandlerContext) -> ByteBuffer {
        if let buffer = spareBuffer {
            spareBuffer = nil
            return buffer
        }
        let byteCount = min(max(session.undecryptedByteCount, 1024), Self.inputByteCount)
        return context.channel.allocator.buffer(capacity: byteCount)
    }

    /// Sends what TLS itself has to say: its half of the handshake, session tickets, key updates.
    private func sendAnswers(_ context: ChannelHandlerContext) {
        guard let answers = session.takeOutput(allocator: context.channel.allocator) else { return }
        if !context.channel.isWritable {
            blockedAnswerByteCount += answers.readableBytes
            if blockedAnswerByteCount > Self.blockedAnswerLimit { return fail(.peerDoesNotRead, context) }
        }
        context.writeAndFlush(wrapOutboundOut(answers), promise: nil)
    }

    private func peerClosed(_ context: ChannelHandlerContext) {
        switch state {
        case .open:
            encryptWrites(context)
            guard state == .open else { return }
            session.sendCloseNotify()
            closeOnceWritten(context)
        case .outputClosed:
            closeOnceWritten(context)
        case .idle, .handshaking, .closing, .closed:
            break
        }
    }

    // MARK: From the application

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let plaintext = unwrapOutboundIn(data)
        switch state {
        case .idle, .handshaking:
            guard unencryptedByteCount + plaintext.readableBytes <= Self.handshakeWriteLimit else {
                promise?.fail(TLSError.tooMuchBeforeHandshake(limit: Self.handshakeWriteLimit))
                return
            }
            append(PendingWrite(plaintext: plaintext, promise: promise))
        case .open:
            append(PendingWrite(plaintext: plaintext, promise: promise))
            if unencryptedByteCount >= Self.eagerByteCount { encryptWrites(context) }
        case .outputClosed:
            promise?.fail(ChannelError.outputClosed)
        case .closing, .closed:
            promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    public func flush(context: ChannelHandlerContext) {
        switch state {
        case .idle, .handshaking:
            isFlushPending = true
        case .open:
            encryptWrites(context)
            context.flush()
        case .outputClosed, .closing, .closed:
            context.flush()
        }
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all:
            closeAll(context, promise)
        case .output:
            closeOutput(context, promise)
        case .input:
            // TLS cannot be told not to read: alerts and key updates come that way.
            promise?.fail(ChannelError.operationUnsupported)
        }
    }

    public func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard event is TLSAbort else { return context.triggerUserOutboundEvent(event, promise: promise) }
        timer?.cancel()
        state = .closed
        failWrites(ChannelError.ioOnClosedChannel)
        context.close(promise: promise)
    }

    private func closeAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        switch state {
        case .idle, .handshaking:
            timer?.cancel()
            state = .closed
            failWrites(ChannelError.ioOnClosedChannel)
            context.close(promise: promise)
        case .open:
            encryptWrites(context)
            guard state == .open else { return closeAll(context, promise) }
            keepClosePromise(promise)
            session.sendCloseNotify()
            closeOnceWritten(context)
        case .outputClosed:
            keepClosePromise(promise)
            closeOnceWritten(context)
        case .closing:
            keepClosePromise(promise)
        case .closed:
            context.close(promise: promise)
        }
    }

    private func closeOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        switch state {
        case .idle, .handshaking:
            promise?.fail(ChannelError.operationUnsupported)
        case .open:
            encryptWrites(context)
            guard state == .open else {
                promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            session.sendCloseNotify()
            state = .outputClosed
            let written = context.eventLoop.makePromise(of: Void.self)
            writeOutput(context, promise: written)
            context.flush()
            written.futureResult.assumeIsolated().whenComplete { _ in
                context.close(mode: .output, promise: promise)
            }
        case .outputClosed, .closing, .closed:
            promise?.fail(ChannelError.outputClosed)
        }
    }

    private func append(_ write: PendingWrite) {
        unencryptedByteCount += write.plaintext.readableBytes
        unencrypted.append(write)
    }

    /// Encrypts everything that waits and hands it to the channel, without flushing.
    private func encryptWrites(_ context: ChannelHandlerContext) {
        guard !unencrypted.isEmpty else { return }
        var promise: EventLoopPromise<Void>?
        do {
            while var write = unencrypted.popFirst() {
                promise.setOrCascade(to: write.promise)
                // Small writes, such as the head and the body of a response, share a record.
                while let next = unencrypted.first,
                    write.plaintext.readableBytes + next.plaintext.readableBytes <= Self.recordByteCount
                {
                    write.plaintext.writeImmutableBuffer(next.plaintext)
                    promise.setOrCascade(to: next.promise)
                    unencrypted.removeFirst()
                }
                unencryptedByteCount -= write.plaintext.readableBytes
                try encrypt(&write.plaintext, context)
            }
        } catch {
            promise?.fail(error)
            return fail(error, context)
        }
        writeOutput(context, promise: promise)
    }

    private func encrypt(_ plaintext: inout ByteBuffer, _ context: ChannelHandlerContext) throws(TLSError) {
        while let piece = plaintext.readSlice(length: min(plaintext.readableBytes, Self.outputByteCount)),
            piece.readableBytes > 0
        {
            try session.write(piece)
            if session.outputByteCount >= Self.outputByteCount { writeOutput(context, promise: nil) }
        }
    }

    private func writeOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        if let output = session.takeOutput(allocator: context.channel.allocator) {
            context.write(wrapOutboundOut(output), promise: promise)
        } else if promise != nil {
            context.write(wrapOutboundOut(ByteBuffer()), promise: promise)
        }
    }

    // MARK: The end

    /// Tells the peer by OpenSSL's alert, the application by an event and then closes.
    private func fail(_ error: TLSError, _ context: ChannelHandlerContext) {
        switch state {
        case .closing, .closed:
            return
        case .idle, .handshaking, .open, .outputClosed:
            break
        }
        state = .closing
        failWrites(error)
        let written = flushOutput(context)
        context.fireErrorCaught(error)
        close(context, after: written)
    }

    /// Closes the channel when all that was written has gone out.
    private func closeOnceWritten(_ context: ChannelHandlerContext) {
        guard state != .closed else { return }
        state = .closing
        close(context, after: flushOutput(context))
    }

    private func flushOutput(_ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        let written = context.eventLoop.makePromise(of: Void.self)
        writeOutput(context, promise: written)
        context.flush()
        return written.futureResult
    }

    private func close(_ context: ChannelHandlerContext, after written: EventLoopFuture<Void>) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: closeTimeout) { self.closeNow(context) }
        written.assumeIsolated().whenComplete { _ in self.closeNow(context) }
    }

    private func closeNow(_ context: ChannelHandlerContext) {
        guard state == .closing else { return }
        timer?.cancel()
        state = .closed
        context.close(promise: takeClosePromise())
    }

    private func failWrites(_ error: any Error) {
        while let write = unencrypted.popFirst() {
            unencryptedByteCount -= write.plaintext.readableBytes
            write.promise?.fail(error)
        }
    }

    private func keepClosePromise(_ promise: EventLoopPromise<Void>?) {
        closePromise.setOrCascade(to: promise)
    }

    private func takeClosePromise() -> EventLoopPromise<Void>? {
        defer { closePromise = nil }
        return closePromise
    }
}

/// Asks a `TLSHandler` to close its channel without a close_notify, and without waiting for what was written.
struct TLSAbort {}
