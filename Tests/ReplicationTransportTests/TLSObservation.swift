import NIOCore
import ReplicationTransport
import Synchronization

/// What a pipeline's application saw, for another thread to read.
final class TLSObservation: Sendable {
    private let state = Mutex(
        (text: "", errors: [TLSError](), completed: TLSHandshakeCompleted?.none, isClosed: false))

    var text: String { state.withLock { $0.text } }
    var errors: [TLSError] { state.withLock { $0.errors } }
    var completed: TLSHandshakeCompleted? { state.withLock { $0.completed } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func saw(_ text: String) { state.withLock { $0.text += text } }
    func saw(_ error: TLSError) { state.withLock { $0.errors.append(error) } }
    func saw(_ completed: TLSHandshakeCompleted) { state.withLock { $0.completed = completed } }
    func sawEnd() { state.withLock { $0.isClosed = true } }
}

/// An application at the end of a real pipeline, which may send back what it gets.
final class TLSApplication: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let observation: TLSObservation
    private let echoes: Bool

    init(_ observation: TLSObservation, echoes: Bool) {
        self.observation = observation
        self.echoes = echoes
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { observation.saw(completed) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        observation.saw(String(buffer: bytes))
        if echoes { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError { observation.saw(error) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        observation.sawEnd()
    }
}
