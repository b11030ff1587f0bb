public import AWSProtocol
public import ConfigurationFiles
public import NIOCore

/// What stands behind the endpoint: DynamoDB's operations.
///
/// The endpoint calls it on the connection's event loop, so it must not block. It may answer at once by returning the response,
/// which costs no allocation, or return nothing and answer later through the reply.
public protocol EndpointService: Sendable {
    /// Runs one operation.
    ///
    /// - Parameters:
    ///   - request: a request whose signature, where signatures are asked for, has been verified.
    ///   - reply: where to answer when this returns nothing; then it must be answered exactly once.
    /// - Returns: the response, or nothing when it will come through `reply`.
    func respond(to request: EndpointRequest, reply: EndpointReply) -> EndpointResponse?

    /// The fault that DynamoDB finds before it looks at a signature: a body that is no JSON or a target that is no operation.
    ///
    /// It is asked only about a request whose signature was refused, to tell which of two faults to report; `respond` finds the
    /// same faults itself.
    func faultPrecedingAuthentication(of request: EndpointRequest) -> EndpointResponse?
}

/// One call of an operation.
public struct EndpointRequest: Sendable {
    /// The value of `X-Amz-Target`, such as `DynamoDB_20120810.GetItem`; empty when there is none.
    public var target: String
    /// The body, decompressed.
    public var body: ByteBuffer
    /// Whose signature was verified; nothing where the region runs without authentication.
    public var accessKey: AccessKey?
    /// What the response will carry as `x-amzn-RequestId`.
    public var id: RequestID
    /// When the request was complete, in milliseconds since the Unix epoch.
    public var receivedAt: Int64

    public init(target: String, body: ByteBuffer, accessKey: AccessKey?, id: RequestID, receivedAt: Int64) {
        self.target = target
        self.body = body
        self.accessKey = accessKey
        self.id = id
        self.receivedAt = receivedAt
    }
}

/// The answer to one request; the endpoint adds identifier, checksum, date and the other fields that every answer has.
public struct EndpointResponse: Equatable, Sendable {
    /// What kind of text the body is.
    public enum ContentType: Equatable, Sendable {
        /// The type that the request had: `application/x-amz-json-1.0` or `application/json`.
        case requested
        /// `text/plain`.
        case plainText
    }

    /// The HTTP status.
    public var status: Int
    public var body: [UInt8]
    public var contentType: ContentType
    /// Further header fields, whose names and values must be valid in HTTP.
    public var headers: [HeaderField]

    /// A header field that only some answers have.
    public struct HeaderField: Equatable, Sendable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        status: Int = 200, body: [UInt8], contentType: ContentType = .requested, headers: [HeaderField] = []
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.headers = headers
    }

    /// The answer that tells a client of a fault.
    init(_ fault: WireFault) {
        let contentType: ContentType
        switch fault.form {
        case .service: contentType = .requested
        case .plain: contentType = .plainText
        }
        self.init(status: fault.status, body: fault.body, contentType: contentType)
    }
}
