import Foundation
import NIOCore
import NIOPosix
import ReplicationTransport
import TestSupport
import Testing

/// The handler against the system's `openssl` at the other end.
@Suite struct OpenSSLInteroperabilityTests {
    private let authority: TestAuthority
    private let group = MultiThreadedEventLoopGroup.singleton

    init() throws {
        authority = try TestAuthority()
    }

    private func server(_ tls: TLSContext, _ observation: TLSObservation) async throws -> (any Channel, Int) {
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(context: tls, role: .server), TLSApplication(observation, echoes: true))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return (channel, try #require(channel.localAddress?.port))
    }

    private func client(_ tls: TLSContext, port: Int, _ observation: TLSObservation) async throws -> any Channel {
        try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        TLSHandler(context: tls, role: .client(expectedPeerName: "eu-west-1")),
                        TLSApplication(observation, echoes: false))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    private func sClient(_ port: Int, identity: TLSContext.Identity? = nil, _ more: [String]) throws -> OpenSSLCommand {
        var arguments = [
            "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority.rootPath, "-verify_return_error",
            "-verify_hostname", "eu-west-1",
        ]
        if let identity {
            arguments += ["-cert", identity.certificateChainPath, "-key", identity.privateKeyPath]
        }
        return try OpenSSLCommand(arguments + more)
    }

    /// `s_server -rev` answers each line with its letters in the opposite order.
    private func sServer(_ identity: TLSContext.Identity, _ more: [String]) async throws -> (OpenSSLCommand, Int) {
        let command = try OpenSSLCommand(
            [
                "s_server", "-accept", "127.0.0.1:0", "-cert", identity.certificateChainPath, "-key",
                identity.privateKeyPath, "-CAfile", authority.rootPath, "-rev",
            ] + more)
        #expect(try await eventually { command.output.contains("ACCEPT 127.0.0.1:") })
        let text = command.output.split(separator: "ACCEPT 127.0.0.1:").last?.prefix { $0.isNumber } ?? ""
        return (command, try #require(Int(text)))
    }

    // MARK: openssl as the client

    @Test func `s_client with a certificate talks to a link's server over TLS 1_3`() async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.linkContext("eu-west-1"), seen)
        let command = try sClient(port, identity: authority.identity("us-east-1"), ["-quiet"])
        try command.write("hello from openssl\n")
        #expect(try await eventually { command.output.contains("hello from openssl") })
        #expect(seen.completed == .init(peerNames: ["us-east-1"], protocolVersion: "TLSv1.3"))
        try command.closeInput()
        try await channel.close()
    }

    @Test func `a key update in the middle is answered`() async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.linkContext("eu-west-1"), seen)
        let command = try sClient(port, identity: authority.identity("us-east-1"), [])
        for round in 0..<3 {
            // A line of "K" asks s_client for a key update that asks for one in return.
            try command.write("K\n")
            #expect(try await eventually { command.output.split(separator: "KEYUPDATE").count >= round + 2 })
            try command.write("round \(round)\n")
            #expect(try await eventually { command.output.contains("round \(round)") })
        }
        #expect(seen.errors.isEmpty)
        try await channel.close()
    }

    @Test(arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    func `an endpoint speaks TLS 1_2 and 1_3 with clients that show nothing`(option: String, version: String)
        async throws
    {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.endpointContext("eu-west-1"), seen)
        let command = try sClient(port, ["-quiet", option])
        try command.write("a request\n")
        #expect(try await eventually { command.output.contains("a request") })
        #expect(seen.completed == .init(peerNames: [], protocolVersion: version))
        try await channel.close()
    }

    @Test func `a TLS 1_2 client cannot begin a second handshake`() async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.endpointContext("eu-west-1"), seen)
        let command = try sClient(port, ["-tls1_2"])
        try command.write("before\n")
        #expect(try await eventually { seen.text == "before\n" })
        try command.write("R\n")
        #expect(try await eventually { command.output.contains("no renegotiation") && command.hasEnded })
        #expect(seen.text == "before\n")
        try await channel.close()
    }

    @Test(arguments: ["-tls1_1", "-tls1_2"])
    func `a client of an older TLS is refused by a link`(option: String) async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.linkContext("eu-west-1"), seen)
        let command = try sClient(
            port, identity: authority.identity("us-east-1"), [option, "-cipher", "DEFAULT@SECLEVEL=0"])
        #expect(try await eventually { command.hasEnded && seen.isClosed })
        #expect(command.output.contains("alert protocol version"))
        guard case .handshakeFailed(let reason)? = seen.errors.first else {
            Issue.record("\(seen.errors)")
            return
        }
        #expect(reason.contains("unsupported protocol"))
        try await channel.close()
    }

    @Test func `a client without a certificate is refused by a link`() async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.linkContext("eu-west-1"), seen)
        let command = try sClient(port, [])
        #expect(try await eventually { seen.isClosed && command.output.contains("certificate required") })
        #expect(seen.errors == [.peerSentNoCertificate])
        try await channel.close()
    }

    @Test func `a client whose certificate has expired is refused by a link`() async throws {
        let seen = TLSObservation()
        let (channel, port) = try await server(authority.linkContext("eu-west-1"), seen)
        let expired = try authority.identity("us-east-1", age: 40, validityDays: 30)
        let command = try sClient(port, identity: expired, [])
        #expect(try await eventually { seen.isClosed && command.output.contains("certificate expired") })
        guard case .peerNotVerified(let reason)? = seen.errors.first else {
            Issue.record("\(seen.errors)")
            return
        }
        #expect(reason.contains("expired"))
        try await channel.close()
    }

    @Test func `a client that dies is a truncation, one that ends is not`() async throws {
        let identity = try authority.identity("us-east-1")
        let context = try authority.linkContext("eu-west-1")
        for dies in [true, false] {
            let seen = TLSObservation()
            let (channel, port) = try await server(context, seen)
            let command = try sClient(port, identity: identity, ["-quiet", "-no_ign_eof"])
            try command.write("hello\n")
            #expect(try await eventually { seen.text == "hello\n" })
            if dies { command.kill() } else { try command.closeInput() }
            #expect(try await eventually { seen.isClosed })
            #expect(seen.errors == (dies ? [.truncated] : []))
            try await channel.close()
        }
    }

    // MARK: openssl as the server

    @Test func `a link's client talks to s_server, which checks its certificate`() async throws {
        let (command, port) = try await sServer(
            authority.identity("eu-west-1"), ["-tls1_3", "-Verify", "1", "-verify_return_error"])
        let seen = TLSObservation()
        let channel = try await client(authority.linkContext("us-east-1"), port: port, seen)
        try await channel.writeAndFlush(ByteBuffer(string: "hello\n"))
        #expect(try await eventually { seen.text == "olleh\n" })
        #expect(seen.completed == .init(peerNames: ["eu-west-1"], protocolVersion: "TLSv1.3"))
        #expect(try await eventually { command.output.contains("us-east-1") })
        try await channel.close()
        #expect(seen.errors.isEmpty)
    }

    @Test func `a link's client refuses a server of TLS 1_2`() async throws {
        let (command, port) = try await sServer(authority.identity("eu-west-1"), ["-tls1_2"])
        let seen = TLSObservation()
        _ = try await client(authority.linkContext("us-east-1"), port: port, seen)
        #expect(try await eventually { seen.isClosed })
        guard case .refusedByPeer(let reason)? = seen.errors.first else {
            Issue.record("\(seen.errors)")
            return
        }
        #expect(reason.contains("protocol version"))
        withExtendedLifetime(command) {}
    }

    @Test func `a link's client refuses a server whose certificate has expired`() async throws {
        let expired = try authority.identity("eu-west-1", age: 40, validityDays: 30)
        let (command, port) = try await sServer(expired, ["-tls1_3"])
        let seen = TLSObservation()
        _ = try await client(authority.linkContext("us-east-1"), port: port, seen)
        #expect(try await eventually { seen.isClosed })
        #expect(seen.errors == [.peerNotVerified(reason: "certificate has expired")])
        #expect(seen.completed == nil)
        withExtendedLifetime(command) {}
    }
}
