import NIOCore
import NIOPosix
import ReplicationTransport
import TestSupport
import Testing

/// The handler at both ends of real sockets, for what channels in memory do not do.
@Suite struct TLSSocketTests {
    private let authority: TestAuthority
    private let group = MultiThreadedEventLoopGroup.singleton

    init() throws {
        authority = try TestAuthority()
    }

    private func server(_ observation: TLSObservation) async throws -> any Channel {
        let tls = try authority.endpointContext("eu-west-1")
        return try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(context: tls, role: .server), TLSApplication(observation, echoes: true))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func client(
        of server: any Channel, _ observation: TLSObservation, autoRead: Bool = true
    ) async throws -> any Channel {
        let tls = try authority.anonymousContext()
        return try await ClientBootstrap(group: group)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(context: tls, role: .client(expectedPeerName: "eu-west-1")),
                        TLSApplication(observation, echoes: false))
                }
            }
            .connect(to: try #require(server.localAddress)).get()
    }

    @Test func `after a half close the answer is still read`() async throws {
        let atServer = TLSObservation()
        let atClient = TLSObservation()
        let server = try await server(atServer)
        let client = try await client(of: server, atClient)
        #expect(try await eventually { atClient.completed != nil })
        // In one turn of the loop: the server's answer and its end may come with the next.
        let more = client.eventLoop.flatSubmit {
            client.writeAndFlush(ByteBuffer(string: "request"), promise: nil)
            client.close(mode: .output, promise: nil)
            return client.writeAndFlush(ByteBuffer(string: "more"))
        }
        await #expect(throws: ChannelError.outputClosed) { try await more.get() }
        #expect(try await eventually { atClient.isClosed && atServer.isClosed })
        #expect(atServer.text == "request" && atClient.text == "request")
        #expect(atServer.errors.isEmpty && atClient.errors.isEmpty)
        try await server.close()
    }

    @Test func `who reads by hand gets the handshake for nothing and one answer a read`() async throws {
        let atClient = TLSObservation()
        let server = try await server(TLSObservation())
        let client = try await client(of: server, atClient, autoRead: false)
        #expect(try await eventually { atClient.completed != nil })
        for round in 0..<3 {
            try await client.writeAndFlush(ByteBuffer(string: "\(round)"))
            client.read()
            #expect(try await eventually { atClient.text.utf8.count == round + 1 })
        }
        #expect(atClient.text == "012")
        try await client.close()
        try await server.close()
    }

    @Test func `a large write goes through as a whole, and its promise is kept`() async throws {
        let atClient = TLSObservation()
        let server = try await server(TLSObservation())
        let client = try await client(of: server, atClient)
        let text = String(repeating: "0123456789abcdef", count: 1 << 16)
        try await client.writeAndFlush(ByteBuffer(string: text))
        #expect(try await eventually { atClient.text.utf8.count == text.utf8.count })
        #expect(atClient.text == text)
        try await client.close()
        try await server.close()
    }
}
