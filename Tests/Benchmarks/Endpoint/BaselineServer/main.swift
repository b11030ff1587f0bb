import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

/// Answers every request with the same bytes, as a plain NIO server that has no work to do would.
///
/// It is the ruler for the endpoint's benchmark: the same head fields and a body of the same length as the region's answer, no
/// signature, no store. It goes without the pipelining and error handlers that a real server would add, so that it is the
/// fastest plain form.
final class FixedAnswer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let head: HTTPResponseHead
    private let body: ByteBuffer

    init(head: HTTPResponseHead, body: ByteBuffer) {
        self.head = head
        self.body = body
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The value that follows `name` on the command line.
func option(_ name: String, default value: String) -> String {
    let arguments = CommandLine.arguments
    guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return value }
    return arguments[index + 1]
}

/// The bytes of the file at `path`, or `count` letters when there is no path.
func answerBody(path: String, count: Int) -> ByteBuffer {
    guard !path.isEmpty, let file = fopen(path, "rb") else {
        return ByteBuffer(repeating: UInt8(ascii: "x"), count: count)
    }
    defer { fclose(file) }
    var body = ByteBuffer()
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        let read = fread(&chunk, 1, chunk.count, file)
        guard read > 0 else { return body }
        body.writeBytes(chunk[..<read])
    }
}

let port = Int(option("--port", default: "8300")) ?? 8300
let threads = Int(option("--threads", default: "2")) ?? 2
let body = answerBody(path: option("--body-file", default: ""), count: Int(option("--body-length", default: "2")) ?? 2)
let head = HTTPResponseHead(
    version: .http1_1, status: .ok,
    headers: [
        "Server": "Server",
        "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": String(body.readableBytes),
        "Connection": "keep-alive",
        "x-amzn-RequestId": "JHO3C0MD070PG09U89HA1LUFKNVV4KQNSO5AEMVJF66Q9ASUAAJG",
        "x-amz-crc32": "2745614147",
    ])

let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
let channel = try await ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 1024)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(FixedAnswer(head: head, body: body))
        }
    }
    .bind(host: "127.0.0.1", port: port).get()
print("baseline ready on \(channel.localAddress?.port ?? port)")
fflush(nil)
try await channel.closeFuture.get()
