import Foundation
import ReplicationTransport
import Testing

@Suite struct CertificateAuthorityTests {
    private let files: TestAuthority
    private let now = Date()

    init() throws {
        files = try TestAuthority()
    }

    private func mode(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    private func open() throws(CertificateError) -> CertificateAuthority {
        try CertificateAuthority.openOrCreate(in: files.directory, now: now)
    }

    @Test func `OpenSSL agrees that the chain is good for both ends and for the name`() throws {
        let issued = try open().issue(
            region: "us-east-1", additionalNames: ["localhost", "127.0.0.1", "::1"], now: now)
        for purpose in ["sslserver", "sslclient"] {
            for name in [
                ["-verify_hostname", "us-east-1"], ["-verify_hostname", "localhost"], ["-verify_ip", "::1"],
            ] {
                let arguments = ["verify", "-x509_strict", "-CAfile", files.rootPath, "-purpose", purpose] + name
                #expect(try OpenSSLCommand.run(arguments + [issued.certificatePath]), "\(purpose) \(name)")
            }
        }
        let wrong = ["verify", "-CAfile", files.rootPath, "-verify_hostname", "eu-west-1", issued.certificatePath]
        #expect(try !OpenSSLCommand.run(wrong))
    }

    @Test func `keys are their owner's alone`() throws {
        let issued = try open().issue(region: "us-east-1", now: now)
        #expect(try mode(of: issued.privateKeyPath) == 0o600)
        #expect(try mode(of: files.directory + "/authority-key.pem") == 0o600)
        #expect(try mode(of: issued.certificatePath) & 0o022 == 0)
    }

    @Test func `an authority is made once and then used again`() throws {
        let before = try Data(contentsOf: URL(filePath: files.rootPath))
        _ = try open().issue(region: "us-east-1", now: now)
        _ = try open().issue(region: "eu-west-1", now: now)
        #expect(try Data(contentsOf: URL(filePath: files.rootPath)) == before)
        let names = try FileManager.default.contentsOfDirectory(atPath: files.directory).sorted()
        #expect(
            names == [
                "authority-key.pem", "authority.pem", "eu-west-1-key.pem", "eu-west-1.pem", "us-east-1-key.pem",
                "us-east-1.pem",
            ])
    }

    @Test func `files that are there are left alone unless replacing them is asked for`() throws {
        let authority = try open()
        let issued = try authority.issue(region: "us-east-1", now: now)
        let before = try Data(contentsOf: URL(filePath: issued.certificatePath))
        #expect(throws: CertificateError.fileExists(path: issued.certificatePath)) {
            try authority.issue(region: "us-east-1", now: now)
        }
        #expect(try Data(contentsOf: URL(filePath: issued.certificatePath)) == before)
        _ = try authority.issue(region: "us-east-1", now: now, replacing: true)
        #expect(try Data(contentsOf: URL(filePath: issued.certificatePath)) != before)
        #expect(try mode(of: issued.privateKeyPath) == 0o600)
    }

    @Test func `a lone key is not written over`() throws {
        let path = files.directory + "/us-east-1-key.pem"
        try Data("precious".utf8).write(to: URL(filePath: path))
        #expect(throws: CertificateError.fileExists(path: path)) { try open().issue(region: "us-east-1", now: now) }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
    }

    @Test func `half an authority is an error that names the other half`() throws {
        let key = files.directory + "/authority-key.pem"
        try FileManager.default.removeItem(atPath: key)
        #expect(throws: CertificateError.incompleteAuthority(missingPath: key)) { try open() }
    }

    @Test func `a key of another authority is an error`() throws {
        let other = try TestAuthority()
        let key = files.directory + "/authority-key.pem"
        try FileManager.default.removeItem(atPath: key)
        try FileManager.default.copyItem(atPath: other.directory + "/authority-key.pem", toPath: key)
        #expect(throws: CertificateError.privateKeyMismatch(certificatePath: files.rootPath, privateKeyPath: key)) {
            try open()
        }
    }

    @Test func `a region's certificate cannot act as an authority`() throws {
        let issued = try open().issue(region: "us-east-1", now: now)
        let manager = FileManager.default
        let key = files.directory + "/authority-key.pem"
        for path in [files.rootPath, key] { try manager.removeItem(atPath: path) }
        try manager.copyItem(atPath: issued.certificatePath, toPath: files.rootPath)
        try manager.copyItem(atPath: issued.privateKeyPath, toPath: key)
        #expect(throws: CertificateError.notAnAuthority(path: files.rootPath)) { try open() }
    }

    @Test func `an authority past its end signs nothing`() throws {
        let later = now.addingTimeInterval(3651 * 86_400)
        #expect(throws: CertificateError.authorityExpired(path: files.rootPath)) {
            try CertificateAuthority.openOrCreate(in: files.directory, now: later)
        }
        let authority = try open()
        #expect(throws: CertificateError.authorityExpired(path: files.rootPath)) {
            try authority.issue(region: "us-east-1", now: later)
        }
    }

    @Test(arguments: [
        "", "authority", "us_east_1", "US-EAST-1", "-east", "east-", "us-east-1-key", "../us-east-1", "a/b", "a.b",
        "us east", "ä", String(repeating: "a", count: 64),
    ])
    func `a text that cannot be a region's name is refused`(name: String) throws {
        #expect {
            try open().issue(region: name, now: now)
        } throws: { error in
            guard case .invalidName(name, _)? = error as? CertificateError else { return false }
            return true
        }
    }

    @Test(arguments: ["", "*.example.com", "UPPER.example", "a..b", ".a", "1.2.3.4.5:80", "a b"])
    func `a text that is neither a host nor an address is refused`(name: String) throws {
        #expect(throws: CertificateError.self) {
            try open().issue(region: "us-east-1", additionalNames: [name], now: now)
        }
    }

    @Test(arguments: [0, -1, 36_501])
    func `a validity that makes no sense is refused`(days: Int) throws {
        #expect(throws: CertificateError.invalidValidity(days: days)) {
            try open().issue(region: "us-east-1", now: now, validityDays: days)
        }
    }

    @Test func `a directory that cannot be written is named`() {
        #expect {
            try CertificateAuthority.openOrCreate(in: "/proc/no-such-directory", now: now)
        } throws: { error in
            guard case .unwritableFile? = error as? CertificateError else { return false }
            return true
        }
    }
}
