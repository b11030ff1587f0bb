import COpenSSL
public import FoundationEssentials

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
    private let certificate: X509Certificate
    private let privateKey: PrivateKey

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
    private static let secondsPerDay = 86_400
    /// Certificates are valid from this many seconds before they are made, for peers whose clocks are behind.
    private static let backdating = 3600

    private init(directory: String, certificate: X509Certificate, privateKey: PrivateKey) {
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
        var names = ["DNS:\(name)"]
        for additionalName in additionalNames where additionalName != name {
            names.append(try Self.generalName(additionalName))
        }
        let end = try Self.end(after: validityDays, from: now)
        guard let authorityEnd = certificate.notAfter, Self.seconds(now) < authorityEnd else {
            throw .authorityExpired(path: certificatePath)
        }
        let files = IssuedFiles(directory: directory, name: name)
        try Self.checkFree(files, replacing: replacing)
        var extensions = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth,clientAuth"), (NID_subject_alt_name, names.joined(separator: ",")),
            (NID_subject_key_identifier, "hash"),
        ]
        if certificate.hasKeyIdentifier { extensions.append((NID_authority_key_identifier, "keyid:always")) }
        let contents = X509Certificate.Contents(
            commonName: name, validity: Self.start(now)..<min(end, authorityEnd), extensions: extensions)
        let (issued, key) = try Self.signing { () throws(OpenSSLFailure) in
            let key = try PrivateKey()
            return (try X509Certificate(contents, for: key, issuer: certificate, signedBy: privateKey), key)
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
        let certificate = try read(files.certificatePath) { text throws(OpenSSLFailure) in
            try X509Certificate(pem: text)
        }
        let privateKey = try read(files.privateKeyPath) { text throws(OpenSSLFailure) in try PrivateKey(pem: text) }
        guard certificate.belongs(to: privateKey) else {
            throw .privateKeyMismatch(
                certificatePath: files.certificatePath, privateKeyPath: files.privateKeyPath)
        }
        guard certificate.isAuthority else { throw .notAnAuthority(path: files.certificatePath) }
        guard let end = certificate.notAfter, seconds(now) < end else {
            throw .authorityExpired(path: files.certificatePath)
        }
        return CertificateAuthority(directory: directory, certificate: certificate, privateKey: privateKey)
    }

    private static func read<Content>(
        _ path: String, _ decode: (String) throws(OpenSSLFailure) -> Content
    ) throws(CertificateError) -> Content {
        let text = try CertificateFile.read(path)
        do {
            return try decode(text)
        } catch {
            throw .invalidFile(path: path, reason: error.text)
        }
    }

    private static func create(
        _ files: IssuedFiles, in directory: String, now: Date, validityDays: Int, replacing: Bool
    ) throws(CertificateError) -> CertificateAuthority {
        let end = try end(after: validityDays, from: now)
        try CertificateFile.makeDirectory(directory)
        let contents = X509Certificate.Contents(
            commonName: "Meridian development authority", validity: start(now)..<end,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"), (NID_subject_key_identifier, "hash"),
            ])
        let (certificate, key) = try signing { () throws(OpenSSLFailure) in
            let key = try PrivateKey()
            return (try X509Certificate(contents, for: key, issuer: nil, signedBy: key), key)
        }
        try write(certificate, key, to: files, replacing: replacing)
        return CertificateAuthority(directory: directory, certificate: certificate, privateKey: key)
    }

    /// The key goes first: a certificate on disk always has its key beside it.
    private static func write(
        _ certificate: X509Certificate, _ key: PrivateKey, to files: IssuedFiles, replacing: Bool
    ) throws(CertificateError) {
        let texts = try signing { () throws(OpenSSLFailure) in (key: try key.pem(), certificate: try certificate.pem())
        }
        try checkFree(files, replacing: replacing)
        try CertificateFile.write(texts.key, to: files.privateKeyPath, mode: 0o600, replacing: replacing)
        try CertificateFile.write(texts.certificate, to: files.certificatePath, mode: 0o644, replacing: replacing)
    }

    private static func signing<Made>(
        _ make: () throws(OpenSSLFailure) -> Made
    ) throws(CertificateError) -> Made {
        do {
            return try make()
        } catch {
            throw .signingFailed(reason: error.text)
        }
    }

    private static func checkFree(_ files: IssuedFiles, replacing: Bool) throws(CertificateError) {
        for path in [files.certificatePath, files.privateKeyPath] where !replacing && CertificateFile.exists(path) {
            throw .fileExists(path: path)
        }
    }

    private static func seconds(_ time: Date) -> Int { Int(time.timeIntervalSince1970.rounded(.down)) }

    private static func start(_ now: Date) -> Int { seconds(now) - backdating }

    private static func end(after days: Int, from now: Date) throws(CertificateError) -> Int {
        guard (1...36_500).contains(days) else { throw .invalidValidity(days: days) }
        return seconds(now) + days * secondsPerDay
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

    /// A name as x509v3_config(5) writes it; what it lets through has no character that means something there.
    private static func generalName(_ name: String) throws(CertificateError) -> String {
        if CertificateFile.isAddress(name) { return "IP:\(name)" }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy({ isLabel($0) }) else {
            throw .invalidName(name, reason: "it is neither a host name in lower case nor an IP address")
        }
        return "DNS:\(name)"
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
