// What is wrong with a signature, in the order in which a request is examined.
extension ServiceFault {
    static let twoSignatures = coral(
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")

    static let missingToken = coral(
        "MissingAuthenticationTokenException", "Request is missing Authentication Token")

    /// The `Authorization` field lacks parameters, or there is no date.
    static func incompleteAuthorization(missing: [String], lacksDate: Bool, header: String) -> ServiceFault {
        var sentences = missing.map { "Authorization header requires '\($0)' parameter." }
        if lacksDate {
            sentences.append(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        sentences.append("Authorization=\(header)")
        return coral("IncompleteSignatureException", sentences.joined(separator: " "))
    }

    /// The query string lacks parameters.
    static func incompleteQuery(missing: [String]) -> ServiceFault {
        var sentences = missing.map { "AWS query-string parameters must include '\($0)'." }
        sentences.append("Re-examine the query-string parameters.")
        return coral("IncompleteSignatureException", sentences.joined(separator: " "))
    }

    static func malformedDate(_ found: String) -> ServiceFault {
        coral(
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format'. Got '\(found)'. See http://en.wikipedia.org/wiki/ISO_8601")
    }

    /// The request was signed too long ago.
    ///
    /// - Parameters:
    ///   - signed: the request's date, and `now` the region's, in seconds since the epoch.
    ///   - window: how many seconds a signature lasts.
    static func signatureExpired(signed: Int64, now: Int64, window: Int64) -> ServiceFault {
        let earliest = isoText(now - window)
        return coral(
            "InvalidSignatureException",
            "Signature expired: \(isoText(signed)) is now earlier than \(earliest) (\(isoText(now)) - \(windowText(window)))"
        )
    }

    /// The request's date is further ahead than `window` seconds.
    static func signatureNotYetCurrent(signed: Int64, now: Int64, window: Int64) -> ServiceFault {
        let latest = isoText(now + window)
        return coral(
            "InvalidSignatureException",
            "Signature not yet current: \(isoText(signed)) is still later than \(latest) "
                + "(\(isoText(now)) + \(windowText(window)))")
    }

    static let hostNotSigned = coral(
        "InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")

    static func unsupportedAlgorithm(_ found: String) -> ServiceFault {
        coral(
            "IncompleteSignatureException", "Unsupported AWS 'algorithm': '\(found)' (only AWS4-HMAC-SHA256 for now). ")
    }

    static func malformedCredential(_ found: String) -> ServiceFault {
        coral(
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '\(found)'"
        )
    }

    /// The credential's scope is not this region's; every element that differs adds its sentence.
    static func wrongScope(_ sentences: [String]) -> ServiceFault {
        coral("InvalidSignatureException", sentences.joined(separator: " "))
    }

    static let unrecognizedClient = coral(
        "UnrecognizedClientException", "The security token included in the request is invalid.")

    public static let signatureMismatch = coral(
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
