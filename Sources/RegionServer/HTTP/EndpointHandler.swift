import AWSProtocol
import NIOCore
import NIOHTTP1
import ReplicationTransport

/// One connection of the endpoint: takes decoded requests, has them answered, and writes the answers in the requests' order.
///
/// It writes whole responses as bytes, so no response encoder stands before it. Answers that are there at once are collected in
/// one buffer and flushed when the read is done. Requests whose answers are awaited stand in a queue; when the queue is full, or
/// the peer doesn't take what is written, the connection isn't read.
final class EndpointHandler<Service: EndpointService>: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let service: Service
    let loop: EndpointLoop
    var incoming = Incoming.nothing
    private(set) var context: ChannelHandlerContext?
    /// Bytes of responses that have not been handed to the channel.
    private var outbound = ByteBuffer()
    private var queue = CircularBuffer<Awaited>()
    /// The number of the request at the front of `queue`.
    private var firstSequence: UInt64 = 0
    /// Parts that came in one read with the request that filled the queue.
    private var postponed = CircularBuffer<HTTPServerRequestPart>()
    private var isReadPostponed = false
    private var hasUnsentReplies = false
    private var isDraining = false
    private var ending = Ending.open
    /// Nil before the connection is active and after its end.
    private var place: WaitingConnections.Place?
    /// Whether an answer was written since the phase was noted last.
    private var hasAnswered = false
    /// Whether the current read has brought a part of a request.
    private var hasReadPart = false
    /// Whether bytes of a head have come, and not the whole head.
    private var isHeadArriving = false

    /// What has come of the next request.
    enum Incoming {
        case nothing
        case receiving(PartialRequest)
        /// What follows on the connection is thrown away.
        case ignoring
    }

    /// A request that is arriving.
    struct PartialRequest {
        var head: HTTPRequestHead
        var body: ByteBuffer?
        /// Which filling of the loop's header table holds its fields.
        var headersTicket: UInt64
        /// Whether the client waits for `100 Continue` before it sends the body.
        var owesContinue: Bool
    }

    /// A request that was handed to the service and not answered yet.
    private struct Awaited {
        var context: ResponseEncoder.Context
        var response: EndpointResponse?
    }

    /// How far the connection's end has come.
    private enum Ending {
        case open
        /// The last response is in `outbound`; `lingers` when input may be unread.
        case lastResponseWritten(lingers: Bool)
        case closing
    }

    /// Responses are handed to the channel before more than this is collected.
    private static var outboundByteCountMax: Int { 256 * 1024 }
    /// A larger buffer isn't kept for the next responses.
    private static var keptByteCountMax: Int { 16 * 1024 }
    /// How long the peer may take to read a last response while its own bytes are thrown away.
    private static var lingerTime: TimeAmount { .seconds(2) }

    init(service: Service, loop: EndpointLoop) {
        self.service = service
        self.loop = loop
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        place = loop.add(self)
        if loop.isDraining { drain() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ending = .closing
        incoming = .ignoring
        queue.removeAll()
        postponed.removeAll()
        loop.remove(self, at: place)
        place = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        hasReadPart = true
        isHeadArriving = false
        if isSaturated(context) || !postponed.isEmpty {
            postponed.append(part)
        } else {
            handle(part, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The decoder keeps the bytes of a head that is not complete.
        if !hasReadPart, case .nothing = incoming { isHeadArriving = true }
        hasReadPart = false
        sendContinueIfOwed()
        flush(context)
        notePhase(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted {
            // What was read so far was no part of a request.
            hasReadPart = true
            isHeadArriving = false
        }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if isSaturated(context) {
            isReadPostponed = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resume(context)
        flush(context)
        notePhase(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        guard case .open = ending, context.channel.isActive else { return }
        if case .ignoring = incoming { return }
        answer(
            with: parserError == .headerOverflow ? .headersTooLarge : .malformedRequest,
            ResponseEncoder.Context(id: loop.requestIDs.next()))
        flush(context)
        notePhase(context)
    }

    // MARK: Answers

    /// The number that the next request gets.
    var nextSequence: UInt64 { firstSequence + UInt64(queue.count) }

    /// Answers the request that has just been taken, behind those that are still awaited.
    func answer(with response: EndpointResponse, _ responseContext: ResponseEncoder.Context) {
        if queue.isEmpty {
            firstSequence += 1
            write(response, responseContext)
        } else {
            queue.append(Awaited(context: responseContext, response: response))
        }
    }

    /// Refuses the request that has just been taken, and everything after it when the fault says so.
    func answer(with fault: WireFault, _ responseContext: ResponseEncoder.Context) {
        var responseContext = responseContext
        if fault.closesConnection {
            responseContext.keepsAlive = false
            responseContext.lingers = true
            incoming = .ignoring
        }
        answer(with: EndpointResponse(fault), responseContext)
    }

    /// Waits for the answer of the request that has just been taken.
    func awaitAnswer(_ responseContext: ResponseEncoder.Context) {
        queue.append(Awaited(context: responseContext, response: nil))
    }

    private func write(_ response: EndpointResponse, _ responseContext: ResponseEncoder.Context) {
        guard case .open = ending else { return }
        var responseContext = responseContext
        if isDraining, queue.isEmpty, postponed.isEmpty, !isReceiving { responseContext.keepsAlive = false }
        loop.encoder.setSecond(loop.clock() / 1000)
        loop.encoder.write(response, responseContext, to: &outbound)
        hasAnswered = true
        if !responseContext.keepsAlive {
            ending = .lastResponseWritten(lingers: responseContext.lingers)
            incoming = .ignoring
            queue.removeAll()
            postponed.removeAll()
        }
        if outbound.readableBytes > Self.outboundByteCountMax, let context { flush(context) }
    }

    /// Tells a client that waits for it to go on, once nothing that it asked before is still to be answered.
    private func sendContinueIfOwed() {
        guard case .receiving(var request) = incoming, request.owesContinue, request.body == nil, queue.isEmpty,
            case .open = ending
        else { return }
        request.owesContinue = false
        incoming = .receiving(request)
        outbound.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private func writeReadyAnswers() {
        while let response = queue.first?.response {
            let awaited = queue.removeFirst()
            firstSequence += 1
            write(response, awaited.context)
        }
        sendContinueIfOwed()
    }

    private func flush(_ context: ChannelHandlerContext) {
        switch ending {
        case .open:
            guard outbound.readableBytes > 0 else { return }
            // Writing may change the channel's writability, of which this handler hears before the call returns: it answers more then,
            // and flushes. So what is written is no longer in the buffer.
            var bytes = outbound
            outbound = ByteBuffer()
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            // The channel has let go of the bytes if the socket took them all, and then the memory is used again.
            guard bytes.storageCapacity <= Self.keptByteCountMax, outbound.storageCapacity == 0 else { return }
            bytes.clear()
            outbound = bytes
        case .lastResponseWritten(let lingers):
            ending = .closing
            let bytes = outbound
            outbound = ByteBuffer()
            let written = context.writeAndFlush(wrapOutboundOut(bytes))
            let channel = context.channel
            guard lingers else {
                written.whenComplete { _ in channel.close(promise: nil) }
                return
            }
            // Closing with input unread resets the connection, and the peer might lose the response.
            written.flatMap { channel.close(mode: .output) }.whenFailure { _ in channel.close(promise: nil) }
            context.eventLoop.scheduleTask(in: Self.lingerTime) { channel.close(promise: nil) }
        case .closing:
            return
        }
    }

    // MARK: Back-pressure

    private func isSaturated(_ context: ChannelHandlerContext) -> Bool {
        queue.count >= loop.configuration.limits.pipelinedRequestCountMax || !context.channel.isWritable
    }

    /// Takes up the parts and the read that had to wait.
    private func resume(_ context: ChannelHandlerContext) {
        while !isSaturated(context), let part = postponed.popFirst() {
            handle(part, context)
        }
        guard isReadPostponed, postponed.isEmpty, !isSaturated(context) else { return }
        isReadPostponed = false
        context.read()
    }

    private var isReceiving: Bool {
        if case .receiving = incoming { true } else { false }
    }

    // MARK: Deadlines

    /// Tells the event loop what the connection does, after everything that may have changed it.
    private func notePhase(_ context: ChannelHandlerContext) {
        guard let place else { return }
        let phase = currentPhase(context)
        guard phase != place.phase || hasAnswered else { return }
        hasAnswered = false
        loop.move(place, to: phase)
    }

    private func currentPhase(_ context: ChannelHandlerContext) -> ConnectionPhase {
        guard case .open = ending, context.channel.isWritable else { return .sending }
        if !queue.isEmpty || !postponed.isEmpty { return .answering }
        return isReceiving || isHeadArriving ? .receiving : .idle
    }

    // MARK: Parts of requests

    private func handle(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch (part, incoming) {
        case (_, .ignoring): return
        case (.head(let head), _):
            guard !(isDraining && queue.isEmpty && postponed.isEmpty) else {
                incoming = .ignoring
                return
            }
            begin(head)
        case (.body(let bytes), .receiving(var request)):
            incoming = .nothing
            let count = (request.body?.readableBytes ?? 0) + bytes.readableBytes
            guard count <= loop.configuration.limits.bodyByteCountMax else {
                answer(with: .requestTooLarge, ResponseEncoder.Context(id: loop.requestIDs.next()))
                return
            }
            if request.body == nil {
                request.body = bytes
            } else {
                request.body?.writeImmutableBuffer(bytes)
            }
            incoming = .receiving(request)
        case (.end, .receiving(let request)):
            incoming = .nothing
            finish(request)
        case (.body, .nothing), (.end, .nothing):
            preconditionFailure("a part of a request before its head")
        }
    }
}

extension EndpointHandler: ReplyReceiver {
    func receive(_ response: EndpointResponse, for sequence: UInt64) -> Bool {
        guard sequence >= firstSequence, sequence - firstSequence < UInt64(queue.count) else { return false }
        let index = queue.index(queue.startIndex, offsetBy: Int(sequence - firstSequence))
        guard queue[index].response == nil else { return false }
        queue[index].response = response
        guard index == queue.startIndex, !hasUnsentReplies else { return false }
        hasUnsentReplies = true
        return true
    }

    func sendReplies() {
        hasUnsentReplies = false
        guard let context else { return }
        writeReadyAnswers()
        resume(context)
        flush(context)
        notePhase(context)
    }
}

extension EndpointHandler: EndpointConnection {
    var isSending: Bool {
        guard case .open = ending, let channel = context?.channel else { return true }
        let unsent = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return !channel.isWritable || (unsent ?? 0) > 0
    }

    func refuseLateRequest() {
        guard let context, case .open = ending else { return close() }
        answer(with: .requestTooLate, ResponseEncoder.Context(id: loop.requestIDs.next()))
        flush(context)
        notePhase(context)
    }

    func drain() {
        isDraining = true
        guard queue.isEmpty, postponed.isEmpty, !isReceiving, case .open = ending else { return }
        close()
    }

    func close() {
        context?.close(promise: nil)
    }
}
