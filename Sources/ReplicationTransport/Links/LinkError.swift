import Glibc
import NIOCore
import NIOPosix

/// Why a link could not be made, ended or did not take a message.
public enum LinkError: Error, Sendable, Hashable {
    /// The peer's address cannot be reached: the operating system's words.
    case unreachable(String)
    case tls(TLSError)
    case frame(FrameError)
    case compression(ZstdError)
    /// The connection broke: the operating system's words.
    case connection(String)
    /// A peer without a name in its certificate cannot be a region.
    case peerHasNoName
    /// The listener has as many connections as it may have.
    case tooManyConnections(limit: Int)
    /// Newer connections came while this one was in its handshake, and so many may be.
    case tooManyHandshakes(limit: Int)
    /// The owner of the listener or connector did not want this peer.
    case refusedByOwner
    /// The message was not taken, as too much waits to be sent already.
    case backlogFull(byteCount: Int, limit: Int)
    /// The link has ended.
    case closed

    init(_ error: any Error) {
        switch error {
        case let error as LinkError: self = error
        case let error as TLSError: self = .tls(error)
        case let error as FrameError: self = .frame(error)
        case let error as ZstdError: self = .compression(error)
        default: self = .connection(Self.text(of: error))
        }
    }

    /// Whether one end has refused the other by what it is, and will mostly do so again.
    public var isRefusal: Bool {
        switch self {
        case .peerHasNoName, .refusedByOwner: true
        case .tls(let error):
            switch error {
            case .peerNotVerified, .peerSentNoCertificate, .refusedByPeer, .handshakeFailed: true
            case .unreadableFile, .invalidCertificateFile, .certificateExpired, .certificateNotYetValid,
                .invalidPrivateKeyFile, .privateKeyMismatch, .invalidTrustRootsFile, .missingTrustRoots,
                .invalidPeerName, .library, .handshakeTimedOut, .closedDuringHandshake, .truncated,
                .protocolViolation, .peerDoesNotRead, .tooMuchBeforeHandshake:
                false
            }
        case .unreachable, .frame, .compression, .connection, .tooManyConnections, .tooManyHandshakes, .backlogFull,
            .closed:
            false
        }
    }

    /// What the operating system says, without the names of calls.
    static func text(of error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError where !error.connectionErrors.isEmpty:
            error.connectionErrors.map { text(of: $0.error) }.joined(separator: ", ")
        case ChannelError.connectTimeout: "no answer in time"
        default: String(describing: error)
        }
    }
}

extension LinkError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let text), .connection(let text): text
        case .tls(let error): "\(error)"
        case .frame(let error): "a damaged frame: \(error)"
        case .compression(let error): "damaged compression: \(error)"
        case .peerHasNoName: "the peer's certificate has no name"
        case .tooManyConnections(let limit): "there are \(limit) connections already"
        case .tooManyHandshakes(let limit):
            "it was the oldest of more than \(limit) connections that have not shown who they are"
        case .refusedByOwner: "the peer was not wanted"
        case .backlogFull(let byteCount, let limit):
            "\(byteCount) bytes wait to be sent already, and \(limit) may"
        case .closed: "the link has ended"
        }
    }
}
