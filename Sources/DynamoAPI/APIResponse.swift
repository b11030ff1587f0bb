/// The answer to a request: an HTTP status and a JSON text.
public struct APIResponse: Sendable, Equatable {
    public let status: Int
    public let body: [UInt8]
    /// What an internal error was caused by, for this region's log: the body does not tell it.
    public let internalCause: String?

    public init(status: Int = 200, body: [UInt8], internalCause: String? = nil) {
        self.status = status
        self.body = body
        self.internalCause = internalCause
    }

    /// The region has more to do than may wait, and the request was not begun: SDKs try again later.
    public static let overloaded = DynamoFault.overloaded.response
}
