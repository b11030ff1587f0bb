import AWSProtocol

/// A refusal that the endpoint makes itself, before any operation is run: HTTP, request head and signature.
///
/// The texts are DynamoDB's where a source for them is known. An operation's own faults belong to the service.
struct WireFault: Error, Equatable, Sendable {
    /// How the answer's body is written.
    enum Form: Equatable, Sendable {
        /// An error that every service has, in the form of JSON 1.0.
        case service(ServiceFault)
        /// The bytes as they are, as `text/plain`.
        case plain(String)
    }

    /// The HTTP status.
    let status: Int
    let form: Form
    /// Whether the connection can't be used further, because where the next request begins is unknown.
    let closesConnection: Bool

    init(status: Int, form: Form, closesConnection: Bool = false) {
        self.status = status
        self.form = form
        self.closesConnection = closesConnection
    }

    /// A refusal that every service of AWS has.
    init(_ fault: ServiceFault, closesConnection: Bool = false) {
        self.init(status: fault.status, form: .service(fault), closesConnection: closesConnection)
    }

    /// The body of the answer.
    var body: [UInt8] {
        switch form {
        case .plain(let text): Array(text.utf8)
        case .service(let fault): fault.body
        }
    }
}

// Requests that are no call of an operation.
extension WireFault {
    /// The method, path or content type is none that a call of an operation has.
    static let notAnOperation = WireFault(status: 404, form: .plain("<UnknownOperationException/>\n"))

    /// The body is longer than 16 MB.
    static let requestTooLarge = WireFault(status: 413, form: .plain(""), closesConnection: true)

    /// A compressed body unpacks to more than 16 MB; all of it has been read, so the connection can go on.
    static let unpackedRequestTooLarge = WireFault(status: 413, form: .plain(""))

    /// The request line or the header fields are longer than 16 KB.
    static let headersTooLarge = WireFault(
        status: 400, form: .plain("The request line or the header fields are longer than 16 KB.\n"),
        closesConnection: true)

    /// The bytes are no HTTP/1.1 request.
    static let malformedRequest = WireFault(
        status: 400, form: .plain("The bytes received are not an HTTP/1.1 request.\n"), closesConnection: true)

    /// The request has not arrived whole within the time that it may take.
    static let requestTooLate = WireFault(
        status: 408, form: .plain("The request took too long to arrive.\n"), closesConnection: true)

    /// A body whose content encoding can't be undone; DynamoDB calls that its own failure.
    static let undecodableBody = WireFault(
        .coral("InternalServerError", "The request's body could not be decompressed.", status: 500))

    /// The region has as many connections as it may hold, and a request is being answered on every one.
    static func tooManyConnections(limit: Int) -> WireFault {
        WireFault(
            .coral(
                "ServiceUnavailable",
                "The region holds its maximum of \(limit) connections, and all are busy. Close some, or raise the limit.",
                status: 503),
            closesConnection: true)
    }
}
