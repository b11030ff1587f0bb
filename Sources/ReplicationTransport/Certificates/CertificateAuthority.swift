import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A development authority: a directory with a root certificate of its own and one certificate a region.
///
///     authority.pem         what links trust          authority-key.pem     mode 0600
///     us-east-1.pem         the region's certificate  us-east-1-key.pem     mode 0600
///
/// All keys are P-256. A region's certificate has the region's name as its first dNSName, and serves both ends of a link and
/// the HTTPS endpoint. An operator's own files of the same form can stand in for any of them. Keys come from the system's
/// random numbers; the time is handed in.
public struct CertificateAuthority {
    public let directory: String
    private let certificate: Certificate
    private let privateKey: Certificate.PrivateKey

    /// The two files that an endpoint needs.
    public struct IssuedFiles: Sendable, Hashable {
        public let certificatePath: String
        public let privateKeyPath: String

        /// The same as a `TLSContext` takes it.
        public var identity: TLSContext.Identity {
            TLSContext.Identity(certificateChainPath: certificatePath, privateKeyPath: privateKeyPath)
        }

        init(directory: String, name: String) {
            certificatePath = "\(directory)/\(name).pem"
            privateKeyPath = "\(directory)/\(name)-key.pem"
        }
    }

    private static let fileName = "authority"
    private static let secondsPerDay: TimeInterval = 86_400
    /// Certificates are valid from this long before they are made, for peers whose clocks are behind.
    private static let backdating: TimeInterval = 3600

    private init(directory: String, certificate: Certificate, privateKey: Certificate.PrivateKey) {
        self.directory = directory
        self.certificate = certificate
        self.privateKey = privateKey
    }

    /// Opens the authority in `directory`, or makes the directory and one where there is none.
    ///
    /// - Parameters:
    ///   - now: when a new one starts to be valid, and what an existing one's end is held against.
    ///   - validityDays: how long a new one is valid.
    ///   - replacing: makes a new authority even where there is one; certificates of the old one are then worth nothing.
    public static func openOrCreate(
        in directory: String, now: Date, validityDays: Int = 3650, replacing: Bool = false
    ) throws(CertificateError) -> CertificateAuthority {
        let files = IssuedFiles(directory: directory, name: fileName)
        if !replacing {
            switch (CertificateFile.exists(files.certificatePath), CertificateFile.exists(files.privateKeyPath)) {
            case (true, true):
                return try open(files, in: directory, now: now)
            case (true, false):
                throw .incompleteAuthority(missingPath: files.privateKeyPath)
            case (false, true):
                throw .incompleteAuthority(missingPath: files.certificatePath)
            case (false, false):
                break
            }
        }
        return try create(files, in: directory, now: now, validityDays: validityDays, replacing: replacing)
    }

    /// Makes a certificate for the region `name` and writes its two files.
    ///
    /// - Parameters:
    ///   - name: lower-case letters, digits and hyphens, as regions are called; "authority" is taken.
    ///   - additionalNames: further host names and IP addresses that clients reach the region's HTTPS endpoint by.
    ///   - now: when the certificate starts to be valid.
    ///   - validityDays: 1 to 36500; the certificate never outlives the authority's.
    ///   - replacing: writes over files that are there already.
    public func issue(
        region name: String, additionalNames: [String] = [], now: Date, validityDays: Int = 365,
        replacing: Bool = false
    ) throws(CertificateError) -> IssuedFiles {
        try Self.checkRegionName(name)
        var names: [GeneralName] = [.dnsName(name)]
        for additionalName in additionalNames where additionalName != name {
            names.append(try Self.generalName(additionalName))
        }
        let end = try Self.end(after: validityDays, from: now)
        guard now < certificate.notValidAfter else { throw .authorityExpired(path: certificatePath) }
        let files = IssuedFiles(directory: directory, name: name)
        try Self.checkFree(files, replacing: replacing)
        let key = P256.Signing.PrivateKey()
        let issued: Certificate
        do {
            let publicKey = Certificate.PublicKey(key.publicKey)
            issued = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
                notValidBefore: now.addingTimeInterval(-Self.backdating),
                notValidAfter: min(end, certificate.notValidAfter), issuer: certificate.subject,
                subject: try DistinguishedName {
                    OrganizationName("Meridian")
                    CommonName(name)
                },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth, .clientAuth])
                    SubjectAlternativeNames(names)
                    SubjectKeyIdentifier(hash: publicKey)
                    AuthorityKeyIdentifier(
                        keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
                },
                issuerPrivateKey: privateKey)
        } catch {
            throw .signingFailed(reason: String(describing: error))
        }
        try Self.write(issued, key, to: files, replacing: replacing)
        return files
    }

    /// The file that every region of this authority trusts.
    public var certificatePath: String {
        IssuedFiles(directory: directory, name: Self.fileName).certificatePath
    }

    private static func open(
        _ files: IssuedFiles, in directory: String, now: Date
    ) throws(CertificateError) -> CertificateAuthority {
        let certificate: Certificate
        let certificateText = try CertificateFile.read(files.certificatePath)
        do {
            certificate = try Certificate(pemEncoded: certificateText)
        } catch {
            throw .invalidFile(path: files.certificatePath, reason: String(describing: error))
        }
        let privateKey: Certificate.PrivateKey
        let privateKeyText = try CertificateFile.read(files.privateKeyPath)
        do {
            privateKey = try Certificate.PrivateKey(pemEncoded: privateKeyText)
        } catch {
            throw .invalidFile(path: files.privateKeyPath, reason: String(describing: error))
        }
        guard privateKey.publicKey == certificate.publicKey else {
            throw .privateKeyMismatch(
                certificatePath: files.certificatePath, privateKeyPath: files.privateKeyPath)
        }
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
            throw .notAnAuthority(path: files.certificatePath)
        }
        guard now < certificate.notValidAfter else { throw .authorityExpired(path: files.certificatePath) }
        return CertificateAuthority(directory: directory, certificate: certificate, privateKey: privateKey)
    }

    private static func create(
        _ files: IssuedFiles, in directory: String, now: Date, validityDays: Int, replacing: Bool
    ) throws(CertificateError) -> CertificateAuthority {
        let end = try end(after: validityDays, from: now)
        try CertificateFile.makeDirectory(directory)
        let key = P256.Signing.PrivateKey()
        let certificate: Certificate
        do {
            let publicKey = Certificate.PublicKey(key.publicKey)
            let name = try DistinguishedName {
                OrganizationName("Meridian")
                CommonName("Meridian development authority")
            }
            certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
                notValidBefore: now.addingTimeInterval(-backdating), notValidAfter: end, issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: publicKey)
                },
                issuerPrivateKey: Certificate.PrivateKey(key))
        } catch {
            throw .signingFailed(reason: String(describing: error))
        }
        try write(certificate, key, to: files, replacing: replacing)
        return CertificateAuthority(
            directory: directory, certificate: certificate, privateKey: Certificate.PrivateKey(key))
    }

    /// The key goes first: a certificate on disk always has its key beside it.
    private static func write(
        _ certificate: Certificate, _ key: P256.Signing.PrivateKey, to files: IssuedFiles, replacing: Bool
    ) throws(CertificateError) {
        let text: String
        do {
            text = try certificate.serializeAsPEM().pemString + "\n"
        } catch {
            throw .signingFailed(reason: String(describing: error))
        }
        try checkFree(files, replacing: replacing)
        try CertificateFile.write(
            key.pemRepresentation + "\n", to: files.privateKeyPath, mode: 0o600, replacing: replacing)
        try CertificateFile.write(text, to: files.certificatePath, mode: 0o644, replacing: replacing)
    }

    private static func checkFree(_ files: IssuedFiles, replacing: Bool) throws(CertificateError) {
        for path in [files.certificatePath, files.privateKeyPath] where !replacing && CertificateFile.exists(path) {
            throw .fileExists(path: path)
        }
    }

    private static func end(after days: Int, from now: Date) throws(CertificateError) -> Date {
        guard (1...36_500).contains(days) else { throw .invalidValidity(days: days) }
        return now.addingTimeInterval(TimeInterval(days) * secondsPerDay)
    }

    private static func checkRegionName(_ name: String) throws(CertificateError) {
        guard isLabel(name.utf8) else {
            throw .invalidName(
                name, reason: "a region's name is 1 to 63 lower-case letters, digits and hyphens between them")
        }
        guard name != fileName else {
            throw .invalidName(name, reason: "the authority's own files are called that")
        }
        guard !name.hasSuffix("-key") else {
            throw .invalidName(name, reason: "private keys' files end with that")
        }
    }

    private static func generalName(_ name: String) throws(CertificateError) -> GeneralName {
        if let address = CertificateFile.addressBytes(name) {
            return .ipAddress(ASN1OctetString(contentBytes: address[...]))
        }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy({ isLabel($0) }) else {
            throw .invalidName(name, reason: "it is neither a host name in lower case nor an IP address")
        }
        return .dnsName(name)
    }

    private static func isLabel(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(bytes.count) && bytes.first != hyphen && bytes.last != hyphen
            && bytes.allSatisfy { byte in
                byte == hyphen || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
