import Glibc
import NIOCore
import NIOPosix
import ReplicationTransport
import TestSupport
import Testing

/// Whole links over loopback sockets.
@Suite struct LinkTests {
    private let authority: TestAuthority
    private let group = MultiThreadedEventLoopGroup.singleton

    init() throws {
        authority = try TestAuthority()
    }

    private func listener(
        _ recorder: LinkRecorder, configuration: TransportConfiguration = TransportConfiguration(),
        tls: TLSContext? = nil
    ) async throws -> LinkListener {
        try await LinkListener.bind(
            host: "127.0.0.1", port: 0, tls: try tls ?? authority.linkContext("eu-west-1"),
            configuration: configuration, group: group, handlers: recorder.handlers
        ).get()
    }

    private func connect(
        _ recorder: LinkRecorder, to listener: LinkListener, tls: TLSContext? = nil,
        expecting name: String = "eu-west-1",
        configuration: TransportConfiguration = TransportConfiguration()
    ) async throws -> LinkConnection {
        try await LinkConnector.connect(
            host: "127.0.0.1", port: listener.port, tls: try tls ?? authority.linkContext("us-east-1"),
            expectedPeerName: name, configuration: configuration, group: group, connected: { recorder.adopt($0) }
        ).get()
    }

    @Test(arguments: [3, nil])
    func `messages come in order, and back`(level: Int?) async throws {
        var configuration = TransportConfiguration()
        configuration.compressionLevel = level
        let server = LinkRecorder(echoes: true)
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        let link = try await connect(client, to: listener, configuration: configuration)
        var generator = SplitMix64(seed: 14)
        let messages = (0..<200).map { _ in generator.bytes(count: Int.random(in: 0...3000, using: &generator)) }
        for message in messages { try link.send(message) }
        #expect(try await eventually { client.record.messages.count == messages.count })
        #expect(server.record.messages == messages)
        #expect(client.record.messages == messages)
        #expect(link.peerName == "eu-west-1")
        #expect(server.record.connection?.peerName == "us-east-1")
        link.close()
        #expect(try await eventually { server.record.isClosed && client.record.isClosed })
        #expect(server.record.error == nil && client.record.error == nil)
        #expect(throws: LinkError.closed) { try link.send([1]) }
        try await listener.close().get()
    }

    @Test func `both ends count the same, and compression shows`() async throws {
        let server = LinkRecorder()
        let client = LinkRecorder()
        let listener = try await listener(server)
        let link = try await connect(client, to: listener)
        var generator = SplitMix64(seed: 15)
        let batch = generator.bytes(count: 50_000)
        for _ in 0..<10 { try link.send(batch) }
        #expect(try await eventually { server.record.messages.count == 10 })
        let sent = link.counters
        let received = try #require(server.record.connection).counters
        #expect(sent.sentMessageCount == 10 && sent.sentMessageByteCount == 500_000)
        #expect(sent.sentWireByteCount < 60_000)
        #expect(received.receivedMessageCount == 10 && received.receivedMessageByteCount == 500_000)
        #expect(received.receivedWireByteCount == sent.sentWireByteCount)
        #expect(try await eventually { link.backlogByteCount == 0 })
        link.close()
        try await listener.close().get()
    }

    @Test func `what was sent before a close arrives`() async throws {
        let server = LinkRecorder()
        let listener = try await listener(server)
        let link = try await connect(LinkRecorder(), to: listener)
        var generator = SplitMix64(seed: 16)
        let message = generator.bytes(count: 3 << 20)
        try link.send(message)
        link.close()
        #expect(try await eventually { server.record.isClosed })
        #expect(server.record.messages == [message])
        #expect(server.record.error == nil)
        try await listener.close().get()
    }

    @Test func `a reader that pauses holds the writer back, and nothing is lost`() async throws {
        var configuration = TransportConfiguration()
        configuration.backlogLimitByteCount = 12 << 20
        let server = LinkRecorder(pausesAtOnce: true)
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        let link = try await connect(client, to: listener, configuration: configuration)
        var generator = SplitMix64(seed: 17)
        var sent: [[UInt8]] = []
        var isFull = false
        while !isFull, sent.count < 200 {
            let message = generator.bytes(count: 1 << 20)
            do {
                try link.send(message)
                sent.append(message)
            } catch {
                guard case .backlogFull(_, limit: 12 << 20) = error else { throw error }
                // The socket's own buffers may still be taking some.
                isFull = true
            }
        }
        #expect(isFull)
        #expect(link.backlogByteCount <= 12 << 20)
        #expect(server.record.messages.isEmpty)
        #expect(try await eventually { server.record.connection != nil })
        let accepted = try #require(server.record.connection)
        accepted.resumeReading()
        let count = sent.count
        #expect(try await eventually { server.record.messages.count == count })
        #expect(server.record.messages == sent)
        #expect(try await eventually { link.backlogByteCount == 0 })
        link.close()
        try await listener.close().get()
    }

    @Test func `an abort does not wait for a peer that reads nothing`() async throws {
        var configuration = TransportConfiguration()
        configuration.closeTimeout = .hours(1)
        let server = LinkRecorder(pausesAtOnce: true)
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        let link = try await connect(client, to: listener, configuration: configuration)
        var generator = SplitMix64(seed: 18)
        while link.backlogByteCount < 32 << 20 { try link.send(generator.bytes(count: 1 << 20)) }
        link.abort()
        #expect(try await eventually { client.record.isClosed })
        #expect(throws: LinkError.closed) { try link.send([1]) }
        server.record.connection?.resumeReading()
        #expect(try await eventually { server.record.isClosed })
        try await listener.close().get()
    }

    @Test func `a large message goes through as a whole`() async throws {
        let server = LinkRecorder(echoes: true)
        let client = LinkRecorder()
        let listener = try await listener(server)
        let link = try await connect(client, to: listener)
        var generator = SplitMix64(seed: 18)
        let random = generator.bytes(count: 8 << 20)
        let zeros = [UInt8](repeating: 0, count: 64 << 20)
        try link.send(random)
        #expect(try await eventually { client.record.messages.count == 1 })
        #expect(client.record.messages.first == random)
        #expect(client.record.partCount > 0, "what came of it was told before it was whole")
        try link.send(zeros)
        #expect(try await eventually { client.record.messages.count == 2 })
        #expect(client.record.messages.last?.count == zeros.count)
        let tooLong = LinkError.frame(.messageTooLong(byteCount: zeros.count + 1, limit: zeros.count))
        #expect(throws: tooLong) { try link.send(zeros + [0]) }
        link.close()
        try await listener.close().get()
    }

    @Test func `a peer with smaller limits ends the link with the reason`() async throws {
        let small = TransportConfiguration(limits: FrameLimits(payloadByteCount: 1000, messageByteCount: 1000))
        let server = LinkRecorder()
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: small)
        let link = try await connect(client, to: listener)
        try link.send([UInt8](repeating: 0, count: 1001))
        #expect(try await eventually { server.record.isClosed && client.record.isClosed })
        #expect(server.record.error == .frame(.messageTooLong(byteCount: 1001, limit: 1000)))
        #expect(server.record.messages.isEmpty)
        try await listener.close().get()
    }

    @Test func `a message that cannot be made small enough ends the link`() async throws {
        let small = TransportConfiguration(limits: FrameLimits(payloadByteCount: 1000, messageByteCount: 100_000))
        let server = LinkRecorder()
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: small)
        let link = try await connect(client, to: listener, configuration: small)
        var generator = SplitMix64(seed: 19)
        try link.send(generator.bytes(count: 50_000))
        #expect(try await eventually { client.record.isClosed })
        guard case .compression(.incompressible)? = client.record.error else {
            Issue.record("the link ended with \(String(describing: client.record.error))")
            return
        }
        try await listener.close().get()
    }

    // MARK: Links that do not come to be

    @Test func `a server of another region or authority is refused`() async throws {
        let server = LinkRecorder()
        let listener = try await listener(server)
        await #expect {
            _ = try await connect(LinkRecorder(), to: listener, expecting: "ap-northeast-1")
        } throws: { error in
            guard case .tls(.peerNotVerified)? = error as? LinkError else { return false }
            return true
        }
        let stranger = try TestAuthority()
        await #expect {
            _ = try await connect(LinkRecorder(), to: listener, tls: try stranger.linkContext("us-east-1"))
        } throws: { error in
            guard case .tls(.peerNotVerified)? = error as? LinkError else { return false }
            return true
        }
        #expect(try await eventually { server.record.failures.count == 2 })
        #expect(server.record.connection == nil)
        try await listener.close().get()
    }

    @Test func `a client without a certificate learns it after its handshake`() async throws {
        let server = LinkRecorder()
        let client = LinkRecorder()
        let listener = try await listener(server)
        _ = try await connect(client, to: listener, tls: try authority.anonymousContext(minimumVersion: .tls13))
        #expect(try await eventually { client.record.isClosed && !server.record.failures.isEmpty })
        #expect(server.record.failures == [.tls(.peerSentNoCertificate)])
        guard case .tls(.refusedByPeer)? = client.record.error else {
            Issue.record("the client was told \(String(describing: client.record.error))")
            return
        }
        try await listener.close().get()
    }

    @Test func `nobody at the address is told as such`() async throws {
        let listener = try await listener(LinkRecorder())
        let port = listener.port
        try await listener.close().get()
        await #expect {
            _ = try await LinkConnector.connect(
                host: "127.0.0.1", port: port, tls: try authority.linkContext("us-east-1"),
                expectedPeerName: "eu-west-1", group: group, connected: { LinkRecorder().adopt($0) }
            ).get()
        } throws: { error in
            guard case .unreachable? = error as? LinkError else { return false }
            return true
        }
    }

    @Test func `an address that is taken is told as such`() async throws {
        let listener = try await listener(LinkRecorder())
        await #expect {
            _ = try await LinkListener.bind(
                host: "127.0.0.1", port: listener.port, tls: try authority.linkContext("eu-west-1"), group: group,
                handlers: LinkRecorder().handlers
            ).get()
        } throws: { error in
            (error as? IOError)?.errnoCode == EADDRINUSE
        }
        try await listener.close().get()
    }

    @Test func `a peer that never speaks is let go`() async throws {
        var configuration = TransportConfiguration()
        configuration.handshakeTimeout = .milliseconds(100)
        let server = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        let silent = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: listener.port).get()
        try await silent.closeFuture.get()
        #expect(try await eventually { server.record.failures == [.tls(.handshakeTimedOut)] })
        try await listener.close().get()
    }

    @Test func `a listener has no more connections than it may`() async throws {
        var configuration = TransportConfiguration()
        configuration.maximumAcceptedConnections = 1
        let server = LinkRecorder()
        let client = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        let link = try await connect(client, to: listener)
        let other = LinkRecorder()
        // The client's part of the handshake may be over before the listener has said no.
        _ = try? await connect(other, to: listener)
        #expect(try await eventually { server.record.failures == [.tooManyConnections(limit: 1)] })
        link.close()
        #expect(try await eventually { server.record.isClosed })
        // The place is free again as soon as the channel is gone.
        let second = try await connect(LinkRecorder(), to: listener)
        second.close()
        try await listener.close().get()
    }

    @Test func `strangers who open connections and say nothing keep no peer out, from their own address either`()
        async throws
    {
        var configuration = TransportConfiguration()
        configuration.maximumPendingConnectionsPerAddress = 8
        let server = LinkRecorder()
        let listener = try await listener(server, configuration: configuration)
        var strangers: [any Channel] = []
        for _ in 0..<40 {
            strangers.append(
                try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: listener.port).get())
        }
        let client = LinkRecorder()
        let link = try await connect(client, to: listener)
        // The eight that came last may wait for their time to be over.
        #expect(try await eventually { strangers.count(where: \.isActive) <= 8 })
        #expect(!client.record.isClosed)
        link.close()
        for stranger in strangers { try? await stranger.close() }
        try await listener.close().get()
    }

    @Test func `an owner can refuse a peer`() async throws {
        let server = LinkRecorder()
        let refusing = LinkListener.Handlers(accepted: { _ in nil }, failed: { error, _ in server.failed(error) })
        let listener = try await LinkListener.bind(
            host: "127.0.0.1", port: 0, tls: try authority.linkContext("eu-west-1"), group: group, handlers: refusing
        ).get()
        let client = LinkRecorder()
        _ = try await connect(client, to: listener)
        #expect(try await eventually { client.record.isClosed })
        #expect(server.record.failures == [.refusedByOwner])
        #expect(client.record.error == nil)
        try await listener.close().get()
    }

    @Test func `bytes that are not frames end the link`() async throws {
        let server = LinkRecorder()
        let listener = try await listener(server)
        let tls = try authority.linkContext("us-east-1")
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TLSHandler(context: tls, role: .client(expectedPeerName: "eu-west-1")))
                }
            }
            .connect(host: "127.0.0.1", port: listener.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
        #expect(try await eventually { server.record.isClosed })
        #expect(server.record.error == .frame(.wrongMagic(0x4745)))
        try await listener.close().get()
    }

    @Test func `a link that ends inside a frame says so`() async throws {
        let server = LinkRecorder()
        let listener = try await listener(server)
        let tls = try authority.linkContext("us-east-1")
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TLSHandler(context: tls, role: .client(expectedPeerName: "eu-west-1")))
                }
            }
            .connect(host: "127.0.0.1", port: listener.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "MR"))
        try await channel.close()
        #expect(try await eventually { server.record.isClosed })
        #expect(server.record.error == .frame(.endedInsideFrame(byteCount: 2)))
        try await listener.close().get()
    }
}
