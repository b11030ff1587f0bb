/// Verifies Signature Version 4: that a request comes, unchanged and lately, from the holder of an access key.
///
/// It examines a request in the services' order and refuses it with the first failing's text. Each thread has a
/// verifier of its own, so that its buffers and its signing keys need no lock. The signing keys kept are two days' for
/// each credential, because a window of fifteen minutes touches two days at most.
public struct SignatureVerifier {
    let credentials: CredentialTable
    /// The region that signatures must be for; nil where any will do.
    private let region: String?
    private let service: String
    private var text = SignatureText()
    private var cache: [CachedDay?]

    /// The signing key of one credential for one day and the region that its client named.
    private struct CachedDay {
        var date: InlineArray<8, UInt8>
        var region: [UInt8]
        var key: SigningKey
    }

    /// The request's date, and its text in the form that is signed.
    private struct SignedDate {
        var text: Range<Int>
        var seconds: Int64
    }

    /// For how many seconds a signature lasts, before and after its date.
    static let windowSeconds: Int64 = 15 * 60

    /// A verifier of requests to one region's endpoint of a service.
    ///
    /// - Parameters:
    ///   - region: the region's name, which signatures must be for; nil to accept those for any region, whose name then only goes into the
    ///     signing key.
    ///   - service: the service's name in credentials' scopes, such as `dynamodb`.
    public init(credentials: CredentialTable, region: String?, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
        cache = Array(repeating: nil, count: credentials.count * 2)
    }

    /// Finds out who signed a request.
    ///
    /// - Parameters:
    ///   - method: the HTTP method in capitals.
    ///   - target: path and query as in the request line.
    ///   - headers: the request's header fields; decoded parameters of a query may be appended to its bytes.
    ///   - body: the body as sent.
    ///   - now: the time in seconds since the epoch.
    /// - Returns: the index, in the list that the table was made from, of the credential whose secret made the
    ///   signature.
    public mutating func verify(
        method: String, target: String, headers: inout HeaderTable, body: UnsafeRawBufferPointer, now: Int64
    ) throws(ServiceFault) -> Int {
        let isRoot = target.utf8.count == 1
        let path = isRoot ? nil : RequestPath(target)
        let parameters = try SignatureParameters(headers: &headers, query: path?.parameters ?? [])
        let date = try signedDate(parameters, &headers, now)
        guard text.collectSignedNames(parameters.signedHeaders, in: &headers) else { throw .signatureMismatch }
        guard text.signedNames.contains(where: { headers.equals($0, "host") }) else { throw .hostNotSigned }
        guard headers.equals(parameters.algorithm, SignatureText.algorithm) else {
            throw .unsupportedAlgorithm(String(decoding: headers.bytes[parameters.algorithm], as: UTF8.self))
        }
        let scope = try parameters.scope(in: headers)
        try check(scope, date, headers)
        guard let slot = credentials.slot(of: headers.bytes.span.extracting(scope.keyID)),
            parameters.securityToken == nil
        else { throw .unrecognizedClient }

        let bodyHash = SHA256.digest(of: body)
        text.writeCanonicalRequest(method: method, path: path, headers, bodyHash: bodyHash)
        text.writeStringToSign(date: date.text, scope: scope.text, headers)
        let code = signingKey(at: slot, scope, headers).code(for: text.bytes)
        guard code.isEqual(hexadecimal: headers.bytes.span.extracting(parameters.signature)),
            Self.states(bodyHash, headers)
        else { throw .signatureMismatch }
        return credentials.index(at: slot)
    }

    /// Reads the date and refuses one that is too old or too new.
    private func signedDate(
        _ parameters: SignatureParameters, _ headers: inout HeaderTable, _ now: Int64
    ) throws(ServiceFault) -> SignedDate {
        var date = SignedDate(text: parameters.date, seconds: 0)
        if let time = CivilTime(iso8601Basic: headers.bytes.span.extracting(date.text)) {
            date.seconds = time.secondsSinceEpoch
        } else if headers.value(of: .amzDate) == nil,
            let time = CivilTime(httpDate: headers.bytes.span.extracting(date.text))
        {
            // A `Date` field has HTTP's own form; what was signed is the same second in the basic form.
            date = SignedDate(text: headers.append(time.iso8601Basic), seconds: time.secondsSinceEpoch)
        } else {
            throw .malformedDate(String(decoding: headers.bytes[date.text], as: UTF8.self))
        }
        let lifetime = parameters.lifetimeSeconds ?? Self.windowSeconds
        guard date.seconds >= now - lifetime else {
            throw .signatureExpired(signed: date.seconds, now: now, window: lifetime)
        }
        guard date.seconds <= now + Self.windowSeconds else {
            throw .signatureNotYetCurrent(signed: date.seconds, now: now, window: Self.windowSeconds)
        }
        return date
    }

    /// Refuses a scope that is not of this day, region and service, naming everything that differs.
    private func check(
        _ scope: SignatureParameters.Scope, _ date: SignedDate, _ headers: HeaderTable
    ) throws(ServiceFault) {
        let day = date.text.prefix(8)
        let regionFits = region.map { Self.equal(headers, scope.region, $0) } ?? !scope.region.isEmpty
        let serviceFits = Self.equal(headers, scope.service, service)
        let terminatorFits = headers.equals(scope.terminator, SignatureText.terminator)
        let dateFits = headers.bytes[scope.date] == headers.bytes[day]
        if regionFits, serviceFits, terminatorFits, dateFits { return }

        func found(_ range: Range<Int>) -> String { String(decoding: headers.bytes[range], as: UTF8.self) }
        var sentences: [String] = []
        if !regionFits {
            sentences.append("Credential should be scoped to a valid region, not '\(found(scope.region))'.")
        }
        if !serviceFits {
            sentences.append("Credential should be scoped to correct service: '\(service)'.")
        }
        if !terminatorFits {
            sentences.append(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '\(found(scope.terminator))'."
            )
        }
        if !dateFits {
            sentences.append(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(found(scope.date))' != '\(found(day))', from '\(found(date.text))'.")
        }
        throw .wrongScope(sentences)
    }

    /// The signing key of a credential for a day, from the cache or derived and kept in place of the older one.
    private mutating func signingKey(
        at slot: Int, _ scope: SignatureParameters.Scope, _ headers: HeaderTable
    ) -> SigningKey {
        let date = scope.date
        let days = slot * 2...slot * 2 + 1
        for index in days {
            guard let day = cache[index] else { continue }
            var isSame = true
            for offset in 0..<8 where day.date[offset] != headers.bytes[date.lowerBound + offset] { isSame = false }
            if isSame, region != nil || day.region[...] == headers.bytes[scope.region] { return day.key }
        }
        let secret = credentials[slot].secret
        var day = CachedDay(
            date: InlineArray(repeating: 0), region: Array(headers.bytes[scope.region]),
            key: SigningKey(
                secret: secret, date: headers.bytes[date], region: headers.bytes[scope.region], service: service))
        for offset in 0..<8 { day.date[offset] = headers.bytes[date.lowerBound + offset] }
        cache[days.upperBound] = cache[days.lowerBound]
        cache[days.lowerBound] = day
        return day.key
    }

    /// Whether the request's own statement of its body's hash, if it makes one, is right.
    private static func states(_ bodyHash: SHA256.Digest, _ headers: HeaderTable) -> Bool {
        guard let stated = headers.value(of: .amzContentSHA256) else { return true }
        return bodyHash.isEqual(hexadecimal: headers.bytes.span.extracting(stated))
    }

    private static func equal(_ headers: HeaderTable, _ range: Range<Int>, _ text: String) -> Bool {
        headers.bytes[range].elementsEqual(text.utf8)
    }
}
