public import NIOCore

/// How a link packs its messages and how much it holds.
///
/// Both ends must agree on `limits`; the rest is each end's own.
public struct TransportConfiguration: Sendable, Hashable {
    public var limits: FrameLimits
    /// zstd's level of what this end sends: 1 to 22, and negative for speed; nil sends everything as it is.
    public var compressionLevel: Int?
    /// The window of what this end sends is 2 to this power of bytes: 10 to 23.
    public var windowLog: Int
    /// A message that would make more bytes than this wait is refused, unless it is the only one: above what the owner may have in flight.
    public var backlogLimitByteCount: Int
    /// After how long an attempt to connect is given up that was not answered.
    public var connectTimeout: TimeAmount
    public var handshakeTimeout: TimeAmount
    /// How long a close waits for what was sent to go out.
    public var closeTimeout: TimeAmount
    /// The most links that a listener has at a time.
    public var maximumAcceptedConnections: Int
    /// The most connections that are in their handshake at a time; beyond it the oldest of them goes.
    ///
    /// Strangers take no place of a peer's: who has a certificate is done with its handshake in a moment.
    public var maximumPendingConnections: Int
    /// The most of those from one address.
    public var maximumPendingConnectionsPerAddress: Int

    public init(
        limits: FrameLimits = FrameLimits(), compressionLevel: Int? = 3, windowLog: Int = 21,
        backlogLimitByteCount: Int = 64 << 20, connectTimeout: TimeAmount = .seconds(1),
        handshakeTimeout: TimeAmount = .seconds(5), closeTimeout: TimeAmount = .seconds(5),
        maximumAcceptedConnections: Int = 256, maximumPendingConnections: Int = 128,
        maximumPendingConnectionsPerAddress: Int = 32
    ) {
        self.limits = limits
        self.compressionLevel = compressionLevel
        self.windowLog = windowLog
        self.backlogLimitByteCount = backlogLimitByteCount
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.maximumAcceptedConnections = maximumAcceptedConnections
        self.maximumPendingConnections = maximumPendingConnections
        self.maximumPendingConnectionsPerAddress = maximumPendingConnectionsPerAddress
    }
}
