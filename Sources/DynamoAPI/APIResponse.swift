/// The answer to a request: an HTTP status and a JSON text.
public struct APIResponse: Sendable, Equatable {
    public let status: Int
    public let body: [UInt8]

    public init(status: Int = 200, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
