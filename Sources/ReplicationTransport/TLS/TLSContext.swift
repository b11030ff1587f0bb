import COpenSSL
import Glibc
import Synchronization

/// The certificates, key and rules that the connections of one endpoint share.
///
/// One context serves both ends of links, or the server's end of an HTTPS endpoint. Any thread may use it.
public final class TLSContext: Sendable {
    public let configuration: Configuration
    private let loaded: Mutex<LoadedContext>

    /// What a context is made of.
    ///
    /// All files are PEM.
    public struct Configuration: Sendable, Hashable {
        /// The certificate that this end shows, first in its file, followed by those that lead to a root; nil for a client
        /// that stays anonymous.
        public var identity: Identity?
        /// The roots that a peer's certificate must lead to.
        ///
        /// The system's own roots never count.
        public var trustRootsPath: String?
        public var minimumVersion: Version
        /// Whether a server refuses clients without a certificate.
        ///
        /// A client always asks for the server's.
        public var requiresClientCertificate: Bool

        public init(
            identity: Identity?, trustRootsPath: String?, minimumVersion: Version, requiresClientCertificate: Bool
        ) {
            self.identity = identity
            self.trustRootsPath = trustRootsPath
            self.minimumVersion = minimumVersion
            self.requiresClientCertificate = requiresClientCertificate
        }

        /// Both ends of a link: TLS 1.3, both authenticated, no resumption.
        public static func link(identity: Identity, trustRootsPath: String) -> Configuration {
            Configuration(
                identity: identity, trustRootsPath: trustRootsPath, minimumVersion: .tls13,
                requiresClientCertificate: true)
        }

        /// The server's end of HTTPS for SDK clients: TLS 1.2 or 1.3, clients stay anonymous.
        public static func endpoint(identity: Identity) -> Configuration {
            Configuration(
                identity: identity, trustRootsPath: nil, minimumVersion: .tls12, requiresClientCertificate: false)
        }
    }

    /// A certificate chain and the private key of its first certificate.
    public struct Identity: Sendable, Hashable {
        public var certificateChainPath: String
        public var privateKeyPath: String

        public init(certificateChainPath: String, privateKeyPath: String) {
            self.certificateChainPath = certificateChainPath
            self.privateKeyPath = privateKeyPath
        }
    }

    public enum Version: Sendable, Hashable {
        case tls12
        case tls13
    }

    /// Reads all files and checks what can be checked without a peer.
    public init(_ configuration: Configuration) throws(TLSError) {
        self.configuration = configuration
        loaded = Mutex(try LoadedContext(configuration))
    }

    /// Reads the files again, as after a renewal, for the connections to come; those that are open keep what they have.
    ///
    /// On an error everything stays as it was.
    public func reload() throws(TLSError) {
        let renewed = try LoadedContext(configuration)
        loaded.withLock { $0 = renewed }
    }

    /// When this end's certificate expires, in seconds since 1970; nil without one.
    public var certificateExpirySeconds: Int? { loaded.withLock { $0.certificateExpirySeconds } }

    /// A new connection's state, which the caller frees with `SSL_free`.
    func makeConnection() throws(TLSError) -> OpaquePointer {
        let loaded = loaded.withLock { $0 }
        OpenSSLFailure.clear()
        guard let connection = SSL_new(loaded.pointer) else { throw .library(reason: OpenSSLFailure.take().text) }
        return connection
    }
}

/// One reading of a context's files.
///
/// Unchecked: the pointer never changes, and OpenSSL lets several threads make connections from one `SSL_CTX` that is not
/// changed any more.
private final class LoadedContext: @unchecked Sendable {
    let pointer: OpaquePointer
    private(set) var certificateExpirySeconds: Int?

    init(_ configuration: TLSContext.Configuration) throws(TLSError) {
        OpenSSLFailure.clear()
        guard let pointer = SSL_CTX_new(TLS_method()) else { throw .library(reason: OpenSSLFailure.take().text) }
        self.pointer = pointer
        try setRules(configuration)
        if let identity = configuration.identity {
            try loadCertificate(identity)
            try loadPrivateKey(identity)
        }
        if let path = configuration.trustRootsPath {
            try loadTrustRoots(path)
        } else if configuration.requiresClientCertificate {
            throw .missingTrustRoots
        }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private func setRules(_ configuration: TLSContext.Configuration) throws(TLSError) {
        let minimum =
            switch configuration.minimumVersion {
            case .tls12: TLS1_2_VERSION
            case .tls13: TLS1_3_VERSION
            }
        guard
            meridian_SSL_CTX_set_min_proto_version(pointer, minimum) == 1,
            meridian_SSL_CTX_set_max_proto_version(pointer, TLS1_3_VERSION) == 1,
            // For TLS 1.2 only those with forward secrecy and authenticated encryption; TLS 1.3 has no others.
            SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        else { throw .library(reason: OpenSSLFailure.take().text) }
        meridian_SSL_CTX_set_safe_options(pointer)
        meridian_SSL_CTX_set_modes(pointer)
        if configuration.requiresClientCertificate {
            meridian_SSL_CTX_disable_resumption(pointer)
        } else {
            meridian_SSL_CTX_disable_session_cache(pointer)
        }
        // Without this OpenSSL would ask for a passphrase on the terminal.
        SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
    }

    private func loadCertificate(_ identity: TLSContext.Identity) throws(TLSError) {
        let path = identity.certificateChainPath
        try Self.checkReadable(path)
        guard SSL_CTX_use_certificate_chain_file(pointer, path) == 1, let leaf = SSL_CTX_get0_certificate(pointer)
        else {
            throw .invalidCertificateFile(path: path, reason: OpenSSLFailure.take().text)
        }
        if meridian_X509_not_after_against_now(leaf) < 0 {
            var text = [CChar](repeating: 0, count: 64)
            let byteCount = meridian_X509_not_after_text(leaf, &text, Int32(text.count))
            let notAfter = String(decoding: text.prefix(Int(byteCount)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .certificateExpired(path: path, notAfter: notAfter)
        }
        if meridian_X509_not_before_against_now(leaf) > 0 { throw .certificateNotYetValid(path: path) }
        certificateExpirySeconds = Int(meridian_X509_not_after_seconds(leaf))
    }

    private func loadPrivateKey(_ identity: TLSContext.Identity) throws(TLSError) {
        let path = identity.privateKeyPath
        try Self.checkReadable(path)
        let isLoaded = SSL_CTX_use_PrivateKey_file(pointer, path, SSL_FILETYPE_PEM) == 1
        if isLoaded, SSL_CTX_check_private_key(pointer) == 1 { return }
        let failure = OpenSSLFailure.take()
        let isMismatch =
            failure.library == ERR_LIB_X509
            && (failure.reason == X509_R_KEY_VALUES_MISMATCH || failure.reason == X509_R_KEY_TYPE_MISMATCH)
        if isLoaded || isMismatch {
            throw .privateKeyMismatch(
                certificatePath: identity.certificateChainPath, privateKeyPath: path, reason: failure.text)
        }
        throw .invalidPrivateKeyFile(path: path, reason: failure.text)
    }

    private func loadTrustRoots(_ path: String) throws(TLSError) {
        try Self.checkReadable(path)
        guard SSL_CTX_load_verify_file(pointer, path) == 1, let names = SSL_load_client_CA_file(path) else {
            throw .invalidTrustRootsFile(path: path, reason: OpenSSLFailure.take().text)
        }
        SSL_CTX_set_client_CA_list(pointer, names)
    }

    /// Opens the file, only so that the error is the system's own: OpenSSL's are several and say less.
    private static func checkReadable(_ path: String) throws(TLSError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadableFile(path: path, reason: String(cString: strerror(errno))) }
        close(descriptor)
    }
}
