public import NIOCore

/// How one region's endpoint is to run.
public struct EndpointConfiguration: Sendable {
    /// Whom the endpoint answers.
    public enum Authentication: Sendable {
        /// Whoever signs with one of these keys.
        case signatures(AccessKeys)
        /// Everybody. Signatures are not looked at.
        case none
    }

    /// What the endpoint holds at most, and how long.
    public struct Limits: Sendable {
        /// DynamoDB's limit of a request's body, compressed or not: 16 MB.
        public var bodyByteCountMax = 16 * 1024 * 1024
        /// DynamoDB's limit of the header fields, and of the request line.
        public var headerByteCountMax = 16 * 1024
        /// How many connections there are at most; beyond it the one goes that has been idle longest.
        public var connectionCountMax = 10_000
        /// How many connections beyond it wait for a place, or are being told that there is none; further ones are closed at once.
        public var excessConnectionCountMax = 256
        /// Requests of one connection that wait for their answers; beyond it the connection isn't read.
        public var pipelinedRequestCountMax = 64
        /// How long a connection may do nothing at all while nothing is owed to it.
        public var idleTimeout = TimeAmount.minutes(5)
        /// The same while more than half of the connections are open that there may be.
        public var crowdedIdleTimeout = TimeAmount.seconds(30)
        /// How long a request may take to arrive, from the first byte of its head to the last of its body, and likewise how long a client
        /// may take to read what is written to it.
        public var requestTimeout = TimeAmount.seconds(60)

        public init() {}
    }

    /// The region's name, which credentials must be scoped to.
    public var region: String
    /// Whether credentials may be scoped to any region.
    public var acceptsAnySignatureRegion = false
    public var authentication: Authentication
    public var limits: Limits

    public init(region: String, authentication: Authentication, limits: Limits = Limits()) {
        self.region = region
        self.authentication = authentication
        self.limits = limits
    }
}
