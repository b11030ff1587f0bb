import AWSProtocol
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import TestSupport

@testable import RegionServer

/// A service that answers as the target says: `now <text>` at once, anything else when the test answers it.
final class ScriptedService: EndpointService {
    private let waiting = Mutex<[(request: EndpointRequest, reply: EndpointReply)]>([])
    private let seen = Mutex<[EndpointRequest]>([])

    /// Every request that the service was called with.
    var requests: [EndpointRequest] { seen.withLock { $0 } }

    func respond(to request: EndpointRequest, reply: EndpointReply) -> EndpointResponse? {
        seen.withLock { $0.append(request) }
        if request.target.hasPrefix("now ") {
            return EndpointResponse(body: Array(request.target.dropFirst(4).utf8))
        }
        waiting.withLock { $0.append((request, reply)) }
        return nil
    }

    func faultPrecedingAuthentication(of request: EndpointRequest) -> EndpointResponse? {
        request.target == "unknown" ? EndpointResponse(WireFault(.unknownOperation)) : nil
    }

    /// Answers the oldest unanswered request for `target`, with the target as the body.
    func answer(_ target: String, body: [UInt8]? = nil) {
        let reply = waiting.withLock { waiting in
            waiting.firstIndex { $0.request.target == target }.map { waiting.remove(at: $0).reply }
        }
        reply?.send(EndpointResponse(body: body ?? Array(target.utf8)))
    }
}

/// One connection without a socket: bytes in, bytes out, and a clock that the test moves.
struct EndpointHarness {
    let channel: EmbeddedChannel
    let loop: EndpointLoop
    let census: ConnectionCensus
    let service = ScriptedService()

    static let now: Int64 = GoldenRequest.signedAt

    /// - Parameters:
    ///   - keys: the access keys; without them the endpoint verifies nothing.
    ///   - log: what is told of refused signatures and of slow clients.
    ///   - change: alters the limits.
    init(
        keys: AccessKeys? = nil, log: ConnectionLog = .silent,
        _ change: (inout EndpointConfiguration.Limits) -> Void = { _ in }
    ) throws {
        var configuration = EndpointConfiguration(
            region: "us-east-1", authentication: keys.map { .signatures($0) } ?? .none)
        change(&configuration.limits)
        var random = SplitMix64(seed: 7)
        channel = EmbeddedChannel()
        census = ConnectionCensus(configuration.limits)
        loop = EndpointLoop(
            eventLoop: channel.eventLoop, configuration: configuration, census: census, log: log, random: &random,
            clock: { Self.now * 1000 })
        loop.start()
        try EndpointServer.addHandlers(to: channel, service: service, loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Brings bytes in, in reads of `readByteCount`.
    func send(_ text: String, readByteCount: Int = .max) throws {
        try send(Array(text.utf8), readByteCount: readByteCount)
    }

    func send(_ bytes: [UInt8], readByteCount: Int = .max) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try channel.writeInbound(ByteBuffer(bytes: rest.prefix(readByteCount)))
            rest = rest.dropFirst(readByteCount)
        }
        channel.embeddedEventLoop.run()
    }

    func advanceTime(by time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    /// A call of an operation.
    static func call(_ target: String, body: String = "{}", fields: [String] = []) -> String {
        let further = fields.map { "\($0)\r\n" }.joined()
        return "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: \(target)\r\n"
            + "\(further)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Everything that was written since the last time.
    func written() throws -> String {
        String(decoding: try writtenBytes(), as: UTF8.self)
    }

    func writtenBytes() throws -> [UInt8] {
        channel.embeddedEventLoop.run()
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    /// The bodies of the answers that were written since the last time, in order.
    func bodies() throws -> [String] {
        try Self.answers(in: writtenBytes()).map { String(decoding: $0.body, as: UTF8.self) }
    }

    /// Takes a stream of answers apart by their lengths.
    static func answers(in bytes: [UInt8]) -> [(head: String, body: [UInt8])] {
        var answers: [(String, [UInt8])] = []
        var rest = bytes[...]
        let end = Array("\r\n\r\n".utf8)
        while let range = rest.firstRange(of: end) {
            let head = String(decoding: rest[..<range.lowerBound], as: UTF8.self)
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
                .flatMap { Int($0.dropFirst("Content-Length: ".count)) }
            rest = rest[range.upperBound...]
            answers.append((head, Array(rest.prefix(length ?? 0))))
            rest = rest.dropFirst(length ?? 0)
        }
        return answers
    }
}

extension ConnectionLog {
    static var silent: ConnectionLog { ConnectionLog(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) }
}

/// Keeps what is logged, each line with its metadata.
final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }

    var log: ConnectionLog { ConnectionLog(Logger(label: "test") { _ in Handler(recorder: self) }) }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
            recorder.recorded.withLock {
                $0.append("\(event.level) \(event.message) \(metadata.joined(separator: " "))")
            }
        }
    }
}
