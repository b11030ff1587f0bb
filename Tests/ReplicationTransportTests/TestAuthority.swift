import Foundation
import ReplicationTransport
import Testing

/// A directory of certificates that goes with the test.
final class TestAuthority: Sendable {
    let directory: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/meridian-certificates-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        directory = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = try CertificateAuthority.openOrCreate(in: directory, now: Date())
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    var rootPath: String { directory + "/authority.pem" }

    /// A certificate for `name`, made once; `age` puts its making into the past.
    @discardableResult
    func identity(_ name: String, additionalNames: [String] = [], age: Int = 0, validityDays: Int = 365) throws
        -> TLSContext.Identity
    {
        let made = Date().addingTimeInterval(-86_400 * Double(age))
        let authority = try CertificateAuthority.openOrCreate(in: directory, now: made)
        return try authority.issue(
            region: name, additionalNames: additionalNames, now: made, validityDays: validityDays, replacing: true
        ).identity
    }

    func linkContext(_ name: String) throws -> TLSContext {
        try TLSContext(.link(identity: try identity(name), trustRootsPath: rootPath))
    }

    func endpointContext(_ name: String) throws -> TLSContext {
        try TLSContext(.endpoint(identity: try identity(name)))
    }

    /// A client that shows no certificate.
    func anonymousContext(minimumVersion: TLSContext.Version = .tls12) throws -> TLSContext {
        try TLSContext(
            .init(
                identity: nil, trustRootsPath: rootPath, minimumVersion: minimumVersion,
                requiresClientCertificate: false))
    }
}
