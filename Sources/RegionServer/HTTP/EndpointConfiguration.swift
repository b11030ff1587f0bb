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
        public var connectionCountMax = 10_000
        /// Requests of one connection that wait for their answers; beyond it the connection isn't read.
        public var pipelinedRequestCountMax = 64
        /// How long a connection may do nothing at all while nothing is owed to it.
        public var idleTimeout = TimeAmount.seconds(60)
        /// How long a request may take to arrive.
        public var requestTimeout = TimeAmount.seconds(300)

        public init() {}
    }

    /// The region's name, which credentials must be scoped to.
    public var region: String
    public var authentication: Authentication
    public var limits: Limits

    public init(region: String, authentication: Authentication, limits: Limits = Limits()) {
        self.region = region
        self.authentication = authentication
        self.limits = limits
    }
}
