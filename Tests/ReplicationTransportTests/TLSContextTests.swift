import Foundation
import ReplicationTransport
import Testing

@Suite struct TLSContextTests {
    private let authority: TestAuthority

    init() throws {
        authority = try TestAuthority()
    }

    private func failure(certificate: String, key: String, roots: String? = nil) -> TLSError? {
        let identity = TLSContext.Identity(certificateChainPath: certificate, privateKeyPath: key)
        do {
            _ = try TLSContext(.link(identity: identity, trustRootsPath: roots ?? authority.rootPath))
            return nil
        } catch {
            return error
        }
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = authority.directory + "/" + name
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func `good files are taken, and the end of the certificate is known`() throws {
        let context = try authority.linkContext("us-east-1")
        let seconds = try #require(context.certificateExpirySeconds)
        let inAYear = Date().addingTimeInterval(365 * 86_400).timeIntervalSince1970
        #expect(abs(Double(seconds) - inAYear) < 3600)
    }

    @Test func `a missing file is named with the system's reason`() throws {
        let identity = try authority.identity("us-east-1")
        let gone = authority.directory + "/gone.pem"
        let expected = TLSError.unreadableFile(path: gone, reason: "No such file or directory")
        #expect(failure(certificate: gone, key: identity.privateKeyPath) == expected)
        #expect(failure(certificate: identity.certificateChainPath, key: gone) == expected)
        #expect(
            failure(certificate: identity.certificateChainPath, key: identity.privateKeyPath, roots: gone) == expected)
    }

    @Test func `a file of something else is named with OpenSSL's reason`() throws {
        let identity = try authority.identity("us-east-1")
        let other = try file("other.pem", "this is not PEM\n")
        guard
            case .invalidCertificateFile(other, let certificateReason)? = failure(
                certificate: other, key: identity.privateKeyPath),
            case .invalidPrivateKeyFile(other, _)? = failure(certificate: identity.certificateChainPath, key: other),
            case .invalidTrustRootsFile(other, _)? = failure(
                certificate: identity.certificateChainPath, key: identity.privateKeyPath, roots: other)
        else {
            Issue.record("a file that is not PEM was not refused as such")
            return
        }
        #expect(certificateReason.contains("no start line"))
    }

    @Test func `a key of another certificate is refused`() throws {
        let identity = try authority.identity("us-east-1")
        let other = try authority.identity("eu-west-1")
        guard
            case .privateKeyMismatch(identity.certificateChainPath, other.privateKeyPath, let reason)? = failure(
                certificate: identity.certificateChainPath, key: other.privateKeyPath)
        else {
            Issue.record("a key of another certificate was not refused as such")
            return
        }
        #expect(reason.contains("key values mismatch"))
    }

    @Test func `a key of another kind is refused`() throws {
        let identity = try authority.identity("us-east-1")
        let rsaPath = authority.directory + "/rsa.pem"
        #expect(try OpenSSLCommand.run(["genrsa", "-out", rsaPath, "2048"]))
        guard case .privateKeyMismatch? = failure(certificate: identity.certificateChainPath, key: rsaPath) else {
            Issue.record("an RSA key for an EC certificate was not refused as a mismatch")
            return
        }
    }

    @Test func `a key with a passphrase is refused without asking for it`() throws {
        let identity = try authority.identity("us-east-1")
        let path = authority.directory + "/locked.pem"
        let made = try OpenSSLCommand.run([
            "ec", "-in", identity.privateKeyPath, "-aes128", "-passout", "pass:secret", "-out", path,
        ])
        #expect(made)
        guard case .invalidPrivateKeyFile(path, _)? = failure(certificate: identity.certificateChainPath, key: path)
        else {
            Issue.record("a key with a passphrase was not refused")
            return
        }
    }

    @Test func `an expired certificate is refused, one that is still valid to its last day is not`() throws {
        let expired = try authority.identity("us-east-1", age: 40, validityDays: 30)
        guard
            case .certificateExpired(expired.certificateChainPath, let notAfter)? = failure(
                certificate: expired.certificateChainPath, key: expired.privateKeyPath)
        else {
            Issue.record("an expired certificate was not refused")
            return
        }
        #expect(notAfter.hasSuffix("GMT"))
        let valid = try authority.identity("us-east-1", age: 29, validityDays: 30)
        #expect(failure(certificate: valid.certificateChainPath, key: valid.privateKeyPath) == nil)
    }

    @Test func `a certificate from the future is refused`() throws {
        let early = try authority.identity("us-east-1", age: -2)
        #expect(
            failure(certificate: early.certificateChainPath, key: early.privateKeyPath)
                == .certificateNotYetValid(path: early.certificateChainPath))
    }

    @Test func `who asks for certificates must say whom to trust`() throws {
        let identity = try authority.identity("us-east-1")
        #expect(throws: TLSError.missingTrustRoots) {
            try TLSContext(
                .init(
                    identity: identity, trustRootsPath: nil, minimumVersion: .tls13, requiresClientCertificate: true))
        }
    }

    @Test func `a reload takes the new files, and a bad one leaves the old`() throws {
        let context = try authority.linkContext("us-east-1")
        let first = try #require(context.certificateExpirySeconds)
        try authority.identity("us-east-1", validityDays: 10)
        try context.reload()
        let second = try #require(context.certificateExpirySeconds)
        #expect(second < first)
        _ = try file("us-east-1.pem", "damaged")
        #expect(throws: TLSError.self) { try context.reload() }
        #expect(context.certificateExpirySeconds == second)
    }
}
