import COpenSSL

/// Why TLS refused: a file that it was configured with, or what the peer sent.
///
/// `reason` is OpenSSL's own text.
public enum TLSError: Error, Sendable, Hashable {
    /// The file cannot be opened at all.
    case unreadableFile(path: String, reason: String)
    case invalidCertificateFile(path: String, reason: String)
    /// The certificate's validity ended at `notAfter`.
    case certificateExpired(path: String, notAfter: String)
    case certificateNotYetValid(path: String)
    /// Also for a key that is protected by a passphrase: nobody is there to type it.
    case invalidPrivateKeyFile(path: String, reason: String)
    case privateKeyMismatch(certificatePath: String, privateKeyPath: String, reason: String)
    case invalidTrustRootsFile(path: String, reason: String)
    /// Peers are to be authenticated, but no file says whom to trust.
    case missingTrustRoots
    /// A name that no certificate is checked for: it is empty, begins with a dot or holds a NUL.
    case invalidPeerName(String)
    /// OpenSSL could not make or set up a context or a connection.
    case library(reason: String)

    /// The peer's certificate does not lead to a trusted root, is not valid today, is for another use or another name.
    case peerNotVerified(reason: String)
    case peerSentNoCertificate
    /// The peer sent an alert: it is the one that refused.
    case refusedByPeer(reason: String)
    /// The two could not agree, or what came is not TLS.
    case handshakeFailed(reason: String)
    case handshakeTimedOut
    /// The connection ended during the handshake.
    case closedDuringHandshake
    /// The connection ended without the peer's close_notify, so what came last may be missing.
    case truncated
    /// What the peer sent after the handshake is not what TLS allows.
    case protocolViolation(reason: String)
    /// The peer makes this end answer again and again and does not read the answers.
    case peerDoesNotRead
    /// More was written before the end of the handshake than is held for it.
    case tooMuchBeforeHandshake(limit: Int)
}

extension TLSError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            "cannot open \(path): \(reason)"
        case .invalidCertificateFile(let path, let reason):
            "\(path) is not a certificate chain in PEM: \(reason)"
        case .certificateExpired(let path, let notAfter):
            "the certificate in \(path) expired at \(notAfter)"
        case .certificateNotYetValid(let path):
            "the certificate in \(path) is not valid yet"
        case .invalidPrivateKeyFile(let path, let reason):
            "\(path) is not a private key in PEM without a passphrase: \(reason)"
        case .privateKeyMismatch(let certificatePath, let privateKeyPath, let reason):
            "the private key in \(privateKeyPath) is not that of the certificate in \(certificatePath): \(reason)"
        case .invalidTrustRootsFile(let path, let reason):
            "\(path) holds no trusted certificates in PEM: \(reason)"
        case .missingTrustRoots:
            "peers are to show a certificate, but no file of trusted certificates is given"
        case .invalidPeerName(let name):
            "\"\(name)\" cannot be the name of a peer"
        case .library(let reason):
            "TLS cannot be set up: \(reason)"
        case .peerNotVerified(let reason):
            "the peer's certificate is refused: \(reason)"
        case .peerSentNoCertificate:
            "the peer sent no certificate"
        case .refusedByPeer(let reason):
            "the peer refused: \(reason)"
        case .handshakeFailed(let reason):
            "the TLS handshake failed: \(reason)"
        case .handshakeTimedOut:
            "the TLS handshake took too long"
        case .closedDuringHandshake:
            "the connection was closed during the TLS handshake"
        case .truncated:
            "the connection ended without TLS's close_notify: its last bytes may be missing"
        case .protocolViolation(let reason):
            "the peer broke TLS: \(reason)"
        case .peerDoesNotRead:
            "the peer asks for answers that it does not read"
        case .tooMuchBeforeHandshake(let limit):
            "more than \(limit) bytes were written before the end of the TLS handshake"
        }
    }
}

/// What OpenSSL has to say about the last call of this thread.
struct OpenSSLFailure: Error {
    /// Its texts, the deepest cause first.
    let text: String
    /// The library and reason of the deepest cause; zero where it has nothing to say.
    let library: Int32
    let reason: Int32

    /// Takes everything from the thread's queue of errors.
    static func take() -> OpenSSLFailure {
        var texts: [String] = []
        var library: Int32 = 0
        var reason: Int32 = 0
        while case let code = ERR_get_error(), code != 0 {
            if texts.isEmpty {
                library = ERR_GET_LIB(code)
                reason = ERR_GET_REASON(code)
            }
            let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? Self.systemText(of: code)
            if texts.last != text { texts.append(text) }
        }
        return OpenSSLFailure(
            text: texts.isEmpty ? "no reason given" : texts.joined(separator: ", "), library: library, reason: reason)
    }

    /// Forgets what earlier calls left behind, as `SSL_get_error` asks for.
    static func clear() {
        ERR_clear_error()
    }

    private static func systemText(of code: UInt) -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &bytes, bytes.count)
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
