import Foundation
import NIOCore
import ReplicationTransport
import Testing

/// Who is let in and who is not, with both ends in memory.
@Suite struct TLSAuthenticationTests {
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
    }

    private func attempt(client: TLSContext, server: TLSContext, expecting name: String = "eu-west-1") throws -> TLSPair
    {
        let pair = try TLSPair(client: client, server: server, expecting: name)
        try pair.connect()
        try pair.carry()
        return pair
    }

    @Test func `a server of an unknown authority is refused`() throws {
        let stranger = try TestAuthority()
        let pair = try attempt(
            client: authority.linkContext("us-east-1"), server: stranger.linkContext("eu-west-1"))
        guard case .peerNotVerified(let reason)? = pair.clientLog.errors.first,
            case .refusedByPeer(let alert)? = pair.serverLog.errors.first
        else {
            Issue.record("\(pair.clientLog.errors), \(pair.serverLog.errors)")
            return
        }
        #expect(reason.contains("unable to get local issuer certificate"))
        #expect(alert.contains("unknown ca"))
        #expect(pair.clientLog.completed == nil && pair.serverLog.completed == nil)
    }

    @Test func `a client of an unknown authority is refused, and hears so`() throws {
        let stranger = try TestAuthority()
        let client = try TLSContext(
            .link(identity: try stranger.identity("us-east-1"), trustRootsPath: authority.rootPath))
        let pair = try attempt(client: client, server: authority.linkContext("eu-west-1"))
        guard case .peerNotVerified? = pair.serverLog.errors.first,
            case .refusedByPeer? = pair.clientLog.errors.first
        else {
            Issue.record("\(pair.clientLog.errors), \(pair.serverLog.errors)")
            return
        }
        #expect(pair.serverLog.completed == nil)
        #expect(pair.clientLog.isInactive && pair.serverLog.isInactive)
    }

    @Test(arguments: ["ap-northeast-1", "eu-west", "eu-west-10", "x.eu-west-1", "*"])
    func `a server of another region is refused`(name: String) throws {
        let pair = try attempt(
            client: authority.linkContext("us-east-1"), server: authority.linkContext("eu-west-1"), expecting: name)
        guard case .peerNotVerified(let reason)? = pair.clientLog.errors.first else {
            Issue.record("\(pair.clientLog.errors)")
            return
        }
        #expect(reason.lowercased().contains("hostname mismatch"))
        #expect(pair.serverLog.completed == nil)
    }

    @Test func `a client without a certificate is refused`() throws {
        let pair = try attempt(
            client: authority.anonymousContext(minimumVersion: .tls13), server: authority.linkContext("eu-west-1"))
        #expect(pair.serverLog.errors == [.peerSentNoCertificate])
        guard case .refusedByPeer(let alert)? = pair.clientLog.errors.first else {
            Issue.record("\(pair.clientLog.errors)")
            return
        }
        #expect(alert.contains("certificate required"))
    }

    @Test func `an endpoint takes clients without a certificate`() throws {
        let pair = try attempt(client: authority.anonymousContext(), server: authority.endpointContext("eu-west-1"))
        #expect(pair.serverLog.completed == .init(peerNames: [], protocolVersion: "TLSv1.3"))
        #expect(pair.clientLog.completed?.peerNames == ["eu-west-1"])
    }

    @Test func `a client that trusts nobody refuses everybody`() throws {
        let client = try TLSContext(
            .init(identity: nil, trustRootsPath: nil, minimumVersion: .tls12, requiresClientCertificate: false))
        let pair = try attempt(client: client, server: authority.endpointContext("eu-west-1"))
        guard case .peerNotVerified? = pair.clientLog.errors.first else {
            Issue.record("\(pair.clientLog.errors)")
            return
        }
    }

    @Test func `all names of a certificate are told, the region's first`() throws {
        let identity = try authority.identity(
            "eu-west-1", additionalNames: ["localhost", "db.example.com", "127.0.0.1"])
        let server = try TLSContext(.link(identity: identity, trustRootsPath: authority.rootPath))
        let pair = try attempt(client: authority.linkContext("us-east-1"), server: server, expecting: "localhost")
        #expect(pair.clientLog.completed?.peerNames == ["eu-west-1", "localhost", "db.example.com"])
    }

    // MARK: Certificates of an operator's own, made with openssl

    /// A certificate by `openssl` with the given extensions, signed by the authority.
    private func foreignIdentity(_ name: String, subject: String, extensions: String) throws -> TLSContext.Identity {
        let base = authority.directory + "/" + name
        try Data(extensions.utf8).write(to: URL(filePath: base + ".ext"))
        let isMade =
            try OpenSSLCommand.run([
                "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", base + "-key.pem", "-out", base + ".csr",
                "-subj", subject,
            ])
            && OpenSSLCommand.run([
                "x509", "-req", "-in", base + ".csr", "-CA", authority.rootPath, "-CAkey",
                authority.directory + "/authority-key.pem", "-CAcreateserial", "-days", "1", "-extfile", base + ".ext",
                "-out", base + ".pem",
            ])
        try #require(isMade)
        return TLSContext.Identity(certificateChainPath: base + ".pem", privateKeyPath: base + "-key.pem")
    }

    @Test func `an operator's RSA certificate with only a common name serves as well`() throws {
        let identity = try foreignIdentity("eu-west-1", subject: "/O=Operator/CN=eu-west-1", extensions: "")
        let server = try TLSContext(.link(identity: identity, trustRootsPath: authority.rootPath))
        let pair = try attempt(client: authority.linkContext("us-east-1"), server: server)
        #expect(pair.clientLog.completed?.peerNames == ["eu-west-1"])
    }

    @Test func `a common name does not count beside dNSNames`() throws {
        let identity = try foreignIdentity(
            "other", subject: "/CN=eu-west-1", extensions: "subjectAltName=DNS:ap-south-1")
        let server = try TLSContext(.link(identity: identity, trustRootsPath: authority.rootPath))
        let refused = try attempt(client: authority.linkContext("us-east-1"), server: server)
        #expect(refused.clientLog.completed == nil)
        let taken = try attempt(client: authority.linkContext("us-east-1"), server: server, expecting: "ap-south-1")
        #expect(taken.clientLog.completed?.peerNames == ["ap-south-1"])
    }

    @Test func `a wildcard matches no region`() throws {
        let identity = try foreignIdentity(
            "wild", subject: "/CN=wild", extensions: "subjectAltName=DNS:*.example.com")
        let server = try TLSContext(.link(identity: identity, trustRootsPath: authority.rootPath))
        let pair = try attempt(
            client: authority.linkContext("us-east-1"), server: server, expecting: "us.example.com")
        #expect(pair.clientLog.completed == nil)
    }

    @Test func `a certificate serves only the end that it was made for`() throws {
        let extensions = "subjectAltName=DNS:us-east-1\nextendedKeyUsage="
        let forServers = try foreignIdentity("server", subject: "/CN=s", extensions: extensions + "serverAuth")
        let forClients = try foreignIdentity("client", subject: "/CN=c", extensions: extensions + "clientAuth")
        let serverOnly = try TLSContext(.link(identity: forServers, trustRootsPath: authority.rootPath))
        let clientOnly = try TLSContext(.link(identity: forClients, trustRootsPath: authority.rootPath))
        let right = try attempt(client: clientOnly, server: serverOnly, expecting: "us-east-1")
        #expect(right.clientLog.completed != nil && right.serverLog.completed != nil)
        let wrong = try attempt(client: serverOnly, server: serverOnly, expecting: "us-east-1")
        #expect(wrong.serverLog.completed == nil)
        let alsoWrong = try attempt(client: clientOnly, server: clientOnly, expecting: "us-east-1")
        guard case .peerNotVerified(let reason)? = alsoWrong.clientLog.errors.first else {
            Issue.record("\(alsoWrong.clientLog.errors)")
            return
        }
        #expect(reason.lowercased().contains("purpose"))
    }
}
