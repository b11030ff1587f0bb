/// A refusal that the endpoint makes itself, before any operation is run: HTTP, request head and signature.
///
/// The texts are DynamoDB's where a source for them is known. Where one names several failings, each failing adds its
/// sentence, in DynamoDB's order. An operation's own faults belong to the service.
public struct WireFault: Error, Equatable, Sendable {
    /// How the answer's body is written.
    enum Form: Equatable, Sendable {
        /// JSON: `{"__type":"<type>","message":"<message>"}`, without the message when there is none.
        case json(type: String, message: String?)
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

    /// The body of the answer.
    var body: [UInt8] {
        switch form {
        case .plain(let text): return Array(text.utf8)
        case .json(let type, let message):
            var json = Array("{\"__type\":\"".utf8)
            json.appendEscaped(type)
            if let message {
                json.append(contentsOf: "\",\"message\":\"".utf8)
                json.appendEscaped(message)
            }
            json.append(contentsOf: "\"}".utf8)
            return json
        }
    }

    private static func coral(_ name: String, _ message: String?, status: Int = 400, closes: Bool = false) -> WireFault
    {
        WireFault(
            status: status, form: .json(type: "com.amazon.coral.service#" + name, message: message),
            closesConnection: closes)
    }
}

// Requests that are no call of an operation.
extension WireFault {
    /// The target names no operation.
    public static let unknownOperation = coral("UnknownOperationException", nil)

    /// The method, path or content type is none that a call of an operation has.
    static let notAnOperation = WireFault(status: 404, form: .plain("<UnknownOperationException/>\n"))

    /// The body is not the JSON that the operation takes; DynamoDB gives a message only for some of its failings.
    public static func serialization(_ message: String? = nil) -> WireFault {
        coral("SerializationException", message)
    }

    /// The body is longer than 16 MB.
    static let requestTooLarge = WireFault(status: 413, form: .plain(""), closesConnection: true)

    /// A compressed body unpacks to more than 16 MB; all of it has been read, so the connection can go on.
    static let unpackedRequestTooLarge = WireFault(status: 413, form: .plain(""))

    /// The request line or the header fields are longer than 16 KB.
    static let headersTooLarge = WireFault(
        status: 431, form: .plain("The request line or the header fields are longer than 16 KB.\n"),
        closesConnection: true)

    /// The bytes are no HTTP/1.1 request.
    static let malformedRequest = WireFault(
        status: 400, form: .plain("The bytes received are not an HTTP/1.1 request.\n"), closesConnection: true)

    /// A body whose content encoding can't be undone; DynamoDB calls that its own failure.
    static let undecodableBody = coral(
        "InternalServerError", "The request's body could not be decompressed.", status: 500)

    /// The region has as many connections as it is configured to hold.
    static func tooManyConnections(limit: Int) -> WireFault {
        coral(
            "ServiceUnavailable",
            "The region holds its maximum of \(limit) connections. Close some, or raise the limit.", status: 503,
            closes: true)
    }
}

// Authentication, in the order in which a request is examined.
extension WireFault {
    static let twoSignatures = coral(
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")

    static let missingToken = coral(
        "MissingAuthenticationTokenException", "Request is missing Authentication Token")

    /// The `Authorization` field lacks parameters, or there is no date.
    static func incompleteAuthorization(missing: [String], lacksDate: Bool, header: String) -> WireFault {
        var sentences = missing.map { "Authorization header requires '\($0)' parameter." }
        if lacksDate {
            sentences.append(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        sentences.append("Authorization=\(header)")
        return coral("IncompleteSignatureException", sentences.joined(separator: " "))
    }

    /// The query string lacks parameters.
    static func incompleteQuery(missing: [String]) -> WireFault {
        var sentences = missing.map { "AWS query-string parameters must include '\($0)'." }
        sentences.append("Re-examine the query-string parameters.")
        return coral("IncompleteSignatureException", sentences.joined(separator: " "))
    }

    static func malformedDate(_ found: String) -> WireFault {
        coral(
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format'. Got '\(found)'. See http://en.wikipedia.org/wiki/ISO_8601")
    }

    /// The request was signed too long ago.
    ///
    /// - Parameters:
    ///   - signed: the request's date, and `now` the region's, in seconds since the epoch.
    ///   - window: how many seconds a signature lasts.
    static func signatureExpired(signed: Int64, now: Int64, window: Int64) -> WireFault {
        let earliest = isoText(now - window)
        return coral(
            "InvalidSignatureException",
            "Signature expired: \(isoText(signed)) is now earlier than \(earliest) (\(isoText(now)) - \(windowText(window)))"
        )
    }

    /// The request's date is further ahead than `window` seconds.
    static func signatureNotYetCurrent(signed: Int64, now: Int64, window: Int64) -> WireFault {
        let latest = isoText(now + window)
        return coral(
            "InvalidSignatureException",
            "Signature not yet current: \(isoText(signed)) is still later than \(latest) "
                + "(\(isoText(now)) + \(windowText(window)))")
    }

    static let hostNotSigned = coral(
        "InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")

    static func unsupportedAlgorithm(_ found: String) -> WireFault {
        coral(
            "IncompleteSignatureException", "Unsupported AWS 'algorithm': '\(found)' (only AWS4-HMAC-SHA256 for now). ")
    }

    static func malformedCredential(_ found: String) -> WireFault {
        coral(
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '\(found)'"
        )
    }

    /// The credential's scope is not this region's; every element that differs adds its sentence.
    static func wrongScope(_ sentences: [String]) -> WireFault {
        coral("InvalidSignatureException", sentences.joined(separator: " "))
    }

    static let unrecognizedClient = coral(
        "UnrecognizedClientException", "The security token included in the request is invalid.")

    static let signatureMismatch = coral(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. "
            + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")

    private static func isoText(_ seconds: Int64) -> String {
        String(decoding: CivilTime(secondsSinceEpoch: seconds).iso8601Basic, as: UTF8.self)
    }

    private static func windowText(_ seconds: Int64) -> String {
        seconds % 60 == 0 ? "\(seconds / 60) min." : "\(seconds) sec."
    }
}

extension [UInt8] {
    /// Appends `text` as the inside of a JSON string.
    fileprivate mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append(contentsOf: "\\u00".utf8)
                append(digits[Int(byte >> 4)])
                append(digits[Int(byte & 15)])
            default: append(byte)
            }
        }
    }
}
