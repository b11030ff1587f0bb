public import NIOCore

/// How a link packs its messages and how much it holds.
///
/// Both ends must agree on `limits`; the rest is each end's own.
public struct LinkConfiguration: Sendable, Hashable {
    public var limits: FrameLimits
    /// zstd's level of what this end sends: 1 to 22, and negative for speed; nil sends everything as it is.
    public var compressionLevel: Int?
    /// The window of what this end sends is 2 to this power of bytes: 10 to 23.
    public var windowLog: Int
    /// From this many bytes that wait to be sent on, `isWritable` is false.
    public var backlogHighByteCount: Int
    /// At or below this many bytes that wait to be sent `isWritable` is true again.
    public var backlogLowByteCount: Int
    /// A message that would make more bytes than this wait is refused, unless it is the only one.
    public var backlogLimitByteCount: Int
    public var connectTimeout: TimeAmount
    public var handshakeTimeout: TimeAmount
    /// How long a close waits for what was sent to go out.
    public var closeTimeout: TimeAmount
    /// The most connections that a listener has at a time, those in their handshake among them.
    public var maximumAcceptedConnections: Int

    public init(
        limits: FrameLimits = FrameLimits(), compressionLevel: Int? = 3, windowLog: Int = 21,
        backlogHighByteCount: Int = 4 << 20, backlogLowByteCount: Int = 1 << 20,
        backlogLimitByteCount: Int = 64 << 20, connectTimeout: TimeAmount = .seconds(10),
        handshakeTimeout: TimeAmount = .seconds(10), closeTimeout: TimeAmount = .seconds(5),
        maximumAcceptedConnections: Int = 256
    ) {
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.windowLog = windowLog
        self.backlogHighByteCount = backlogHighByteCount
        self.backlogLowByteCount = backlogLowByteCount
        self.backlogLimitByteCount = backlogLimitByteCount
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.maximumAcceptedConnections = maximumAcceptedConnections
    }
}

/// Why a link could not be made, ended or did not take a message.
public enum LinkError: Error, Sendable, Hashable {
    /// The peer's address cannot be reached, or this end's cannot be bound: the operating system's words.
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
        default: self = .connection(String(describing: error))
        }
    }
}
