import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RegionServer

/// The endpoint over real sockets: accepting, refusing and shutting down.
@Suite struct EndpointServerTests {
    private static let call = EndpointHarness.call(_:body:fields:)

    private func withServer(
        _ change: (inout EndpointConfiguration.Limits) -> Void = { _ in },
        _ body: (EndpointServer, ScriptedService) async throws -> Void
    ) async throws {
        var configuration = EndpointConfiguration(region: "us-east-1", authentication: .none)
        // While tests that compute take all cores, a client may wait for its turn for minutes.
        configuration.limits.idleTimeout = .hours(1)
        configuration.limits.crowdedIdleTimeout = .hours(1)
        configuration.limits.requestTimeout = .hours(1)
        change(&configuration.limits)
        let service = ScriptedService()
        var random = SystemRandomNumberGenerator()
        let server = try await EndpointServer.start(
            host: "127.0.0.1", port: 0, service: service, configuration: configuration,
            group: MultiThreadedEventLoopGroup.singleton, random: &random, clock: { EndpointHarness.now * 1000 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ).get()
        do {
            try await body(server, service)
        } catch {
            try await server.shutDown(within: .zero).get()
            throw error
        }
        try await server.shutDown(within: .zero).get()
    }

    @Test func `many connections are answered over sockets`() async throws {
        try await withServer { server, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let client = try await TestClient.connect(to: server.address)
                        for round in 0..<20 {
                            try await client.send(Self.call("now \(number)-\(round)!", "{}", []))
                            try await client.wait(for: "\(number)-\(round)!")
                        }
                        try await client.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a large answer and a large request arrive whole`() async throws {
        try await withServer { server, service in
            let client = try await TestClient.connect(to: server.address)
            try await client.send(Self.call("large", String(repeating: "y", count: 3_000_000), []))
            #expect(try await eventually { !service.requests.isEmpty })
            #expect(service.requests[0].body.readableBytes == 3_000_000)
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000_000) + Array("end".utf8)
            service.answer("large", body: body)
            try await client.wait(for: "xend")
            try await client.close()
        }
    }

    /// An answer that is more than the channel wants to hold changes its writability while it is being written.
    @Test(arguments: [1000, 60_000, 70_000, 300_000, 5_000_000])
    func `an answer of any size is sent once`(byteCount: Int) async throws {
        try await withServer { server, service in
            let client = try await TestClient.connect(to: server.address)
            try await client.send(Self.call("large", "{}", []) + Self.call("now last!", "{}", []))
            #expect(try await eventually { !service.requests.isEmpty })
            service.answer("large", body: [UInt8](repeating: UInt8(ascii: "x"), count: byteCount))
            try await client.wait(for: "last!")
            try await client.send(Self.call("now again!", "{}", []))
            try await client.wait(for: "again!")
            let answers = EndpointHarness.answers(in: Array(client.received.utf8))
            #expect(answers.map(\.body.count) == [byteCount, 5, 6])
            try await client.close()
        }
    }

    @Test func `a connection that is one too many takes the place of an idle one`() async throws {
        try await withServer({ $0.connectionCountMax = 2 }) { server, _ in
            var clients: [TestClient] = []
            for number in 0..<6 {
                let client = try await TestClient.connect(to: server.address)
                try await client.send(Self.call("now \(number)!", "{}", []))
                try await client.wait(for: "\(number)!")
                clients.append(client)
            }
            for client in clients.prefix(4) { try await client.waitForEnd() }
            for (number, client) in clients.enumerated().dropFirst(4) {
                try await client.send(Self.call("now again \(number)!", "{}", []))
                try await client.wait(for: "again \(number)!")
            }
        }
    }

    @Test func `while all are busy a connection that is one too many is told so`() async throws {
        try await withServer({ $0.connectionCountMax = 1 }) { server, service in
            let first = try await TestClient.connect(to: server.address)
            try await first.send(Self.call("slow", "{}", []))
            #expect(try await eventually { !service.requests.isEmpty })
            let second = try await TestClient.connect(to: server.address)
            try await second.wait(for: "The region holds its maximum of 1 connections, and all are busy.")
            #expect(second.received.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            try await second.waitForEnd()
            service.answer("slow")
            try await first.wait(for: "slow")
            let third = try await TestClient.connect(to: server.address)
            try await third.send(Self.call("now hello", "{}", []))
            try await third.wait(for: "hello")
            try await first.waitForEnd()
        }
    }

    @Test func `shutting down answers what has begun and refuses what is new`() async throws {
        try await withServer { server, service in
            let busy = try await TestClient.connect(to: server.address)
            let idle = try await TestClient.connect(to: server.address)
            try await busy.send(Self.call("slow", "{}", []))
            #expect(try await eventually { !service.requests.isEmpty })
            let done = server.shutDown(within: .seconds(60))
            try await idle.waitForEnd()
            await #expect(throws: (any Error).self) { _ = try await TestClient.connect(to: server.address) }
            service.answer("slow")
            try await busy.wait(for: "Connection: close")
            try await busy.waitForEnd()
            #expect(busy.received.hasSuffix("slow"))
            try await done.get()
        }
    }

    @Test func `what is not answered in time is closed unanswered`() async throws {
        try await withServer { server, service in
            let client = try await TestClient.connect(to: server.address)
            try await client.send(Self.call("never", "{}", []))
            #expect(try await eventually { !service.requests.isEmpty })
            try await server.shutDown(within: .milliseconds(10)).get()
            try await client.waitForEnd()
            #expect(client.received == "")
            service.answer("never")
        }
    }

    @Test func `a client that leaves a refused body half sent still reads the refusal`() async throws {
        try await withServer({ $0.bodyByteCountMax = 1000 }) { server, _ in
            let client = try await TestClient.connect(to: server.address)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n"
                    + String(repeating: "x", count: 100_000))
            try await client.wait(for: "HTTP/1.1 413 Content Too Large")
            try await client.waitForEnd()
        }
    }
}

/// A client that keeps what it receives as text.
final class TestClient: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
        var received = ""
        var hasEnded = false
        /// Who waits, and for what; for the end when for nothing.
        var waiting: (text: String?, continuation: CheckedContinuation<Void, any Error>)?
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    static func connect(to address: SocketAddress) async throws -> TestClient {
        let client = TestClient()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(client) }
            }
            .connect(to: address).get()
        client.channel.withLock { $0 = channel }
        return client
    }

    /// Everything that has been received.
    var received: String { state.withLock { $0.received } }

    func send(_ text: String) async throws {
        try await channel.withLock { $0 }?.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Returns when `text` has been received; an error when the connection ends before.
    func wait(for text: String) async throws {
        try await wait(text)
    }

    /// Returns when the server has closed the connection.
    func waitForEnd() async throws {
        try await wait(nil)
    }

    func close() async throws {
        try await channel.withLock { $0 }?.close().get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: unwrapInboundIn(data))
        change { $0.received += text }
    }

    func channelInactive(context: ChannelHandlerContext) {
        change { $0.hasEnded = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func wait(_ text: String?) async throws {
        try await withCheckedThrowingContinuation { continuation in
            change { $0.waiting = (text, continuation) }
        }
    }

    /// Changes the state and resumes whoever waits for what it has become.
    private func change(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            guard let waiting = state.waiting else { return }
            let isFulfilled = waiting.text.map { state.received.contains($0) } ?? state.hasEnded
            guard isFulfilled || state.hasEnded else { return }
            state.waiting = nil
            waiting.continuation.resume(with: isFulfilled ? .success(()) : .failure(ChannelError.eof))
        }
    }
}
