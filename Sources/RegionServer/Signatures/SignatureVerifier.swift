import ConfigurationFiles
import Crypto

/// Verifies Signature Version 4: that a request comes, unchanged and lately, from the holder of an access key.
///
/// It examines a request in DynamoDB's order and refuses it with the first failing's text. Each event loop has a verifier of
/// its own, so that its buffers and its signing keys need no lock. The signing keys kept are two days' for each access key,
/// because a window of fifteen minutes touches two days at most.
struct SignatureVerifier {
    private let keys: AccessKeys
    private let region: String
    private let service: String
    /// The canonical request, then the string to sign.
    private var text: [UInt8] = []
    private var signedNames: [Range<Int>] = []
    private var cache: [CachedDay?]

    /// The signing key of one access key for one day.
    private struct CachedDay {
        var date: InlineArray<8, UInt8>
        var key: SigningKey
    }

    /// The request's date, and its text in the form that is signed.
    private struct SignedDate {
        var text: Range<Int>
        var seconds: Int64
    }

    /// For how many seconds a signature lasts, before and after its date.
    static let windowSeconds: Int64 = 15 * 60
    private static let signatureCharacterCount = 64
    /// More names than a request may have fields.
    private static let signedNameCountMax = 256

    /// A verifier of requests to one region's endpoint.
    init(keys: AccessKeys, region: String, service: String = "dynamodb") {
        self.keys = keys
        self.region = region
        self.service = service
        cache = Array(repeating: nil, count: keys.count * 2)
    }

    /// Finds out who signed a request.
    ///
    /// - Parameters:
    ///   - method: the HTTP method in capitals.
    ///   - target: path and query as in the request line.
    ///   - headers: the request's header fields; decoded parameters of a query may be appended to its bytes.
    ///   - body: the body as sent.
    ///   - now: the time in seconds since the epoch.
    /// - Returns: the access key whose secret made the signature.
    mutating func verify(
        method: StaticString, target: String, headers: inout RequestHeaders, body: UnsafeRawBufferPointer, now: Int64
    ) throws(WireFault) -> AccessKey {
        let isRoot = target.utf8.count == 1
        let path = isRoot ? nil : RequestPath(target)
        let parameters = try SignatureParameters(headers: &headers, query: path?.parameters ?? [])
        let date = try signedDate(parameters, &headers, now)
        try collectSignedNames(parameters.signedHeaders, &headers)
        guard signedNames.contains(where: { headers.equals($0, "host") }) else { throw .hostNotSigned }
        guard headers.equals(parameters.algorithm, "AWS4-HMAC-SHA256") else {
            throw .unsupportedAlgorithm(String(decoding: headers.bytes[parameters.algorithm], as: UTF8.self))
        }
        let scope = try parameters.scope(in: headers)
        try check(scope, date, headers)
        guard let keyIndex = keys.index(of: headers.bytes.span.extracting(scope.keyID)), parameters.securityToken == nil
        else { throw .unrecognizedClient }

        let bodyHash = SHA256.digest(of: body)
        writeCanonicalRequest(method, path, headers, bodyHash)
        let requestHash = SHA256.digest(of: text)
        writeStringToSign(date, scope, headers, requestHash)
        let code = signingKey(at: keyIndex, date: scope.date, headers).code(for: text)
        guard Self.isEqual(code, hexadecimal: headers.bytes.span.extracting(parameters.signature)),
            Self.states(bodyHash, headers)
        else { throw .signatureMismatch }
        return keys[keyIndex]
    }

    /// Reads the date and refuses one that is too old or too new.
    private func signedDate(
        _ parameters: SignatureParameters, _ headers: inout RequestHeaders, _ now: Int64
    ) throws(WireFault) -> SignedDate {
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

    /// Lists the names of the signed fields, in lower case, in order and each once.
    private mutating func collectSignedNames(
        _ list: Range<Int>, _ headers: inout RequestHeaders
    ) throws(WireFault) {
        headers.lowercase(list)
        signedNames.removeAll(keepingCapacity: true)
        var start = list.lowerBound
        var isSorted = true
        while start < list.upperBound {
            var end = start
            while end < list.upperBound, headers.bytes[end] != UInt8(ascii: ";") { end += 1 }
            if let last = signedNames.last, !Self.precedes(last, start..<end, headers) { isSorted = false }
            guard signedNames.count < Self.signedNameCountMax else { throw .signatureMismatch }
            signedNames.append(start..<end)
            start = end + 1
        }
        guard !isSorted else { return }
        let table = headers
        signedNames.sort { Self.precedes($0, $1, table) }
        // A name listed many times would write its value as often, so that a short request could fill the memory.
        for index in signedNames.indices.dropFirst().reversed()
        where Self.areEqual(signedNames[index - 1], signedNames[index], headers) {
            signedNames.remove(at: index)
        }
    }

    /// Refuses a scope that is not of this day, region and service, naming everything that differs.
    private func check(
        _ scope: SignatureParameters.Scope, _ date: SignedDate, _ headers: RequestHeaders
    ) throws(WireFault) {
        let day = date.text.prefix(8)
        let regionFits = Self.equal(headers, scope.region, region)
        let serviceFits = Self.equal(headers, scope.service, service)
        let terminatorFits = headers.equals(scope.terminator, "aws4_request")
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

    /// Writes the canonical request into `text`.
    private mutating func writeCanonicalRequest(
        _ method: StaticString, _ path: RequestPath?, _ headers: RequestHeaders, _ bodyHash: SHA256.Digest
    ) {
        text.removeAll(keepingCapacity: true)
        append(method)
        if let path {
            append("\n")
            text.append(contentsOf: path.canonicalPath)
            append("\n")
            text.append(contentsOf: path.canonicalQuery)
            append("\n")
        } else {
            append("\n/\n\n")
        }
        for name in signedNames {
            append(headers.bytes, name)
            append(":")
            var isFirst = true
            for field in headers.fields where Self.areEqual(field.name, name, headers) {
                if !isFirst { append(",") }
                isFirst = false
                appendFolded(headers.bytes, field.value)
            }
            append("\n")
        }
        append("\n")
        for (index, name) in signedNames.enumerated() {
            if index > 0 { append(";") }
            append(headers.bytes, name)
        }
        append("\n")
        text.appendHexadecimal(bodyHash)
    }

    /// Writes the string to sign into `text`.
    private mutating func writeStringToSign(
        _ date: SignedDate, _ scope: SignatureParameters.Scope, _ headers: RequestHeaders, _ requestHash: SHA256.Digest
    ) {
        text.removeAll(keepingCapacity: true)
        append("AWS4-HMAC-SHA256\n")
        append(headers.bytes, date.text)
        append("\n")
        append(headers.bytes, scope.text)
        append("\n")
        text.appendHexadecimal(requestHash)
    }

    /// The signing key of an access key for a day, from the cache or derived and kept in place of the older day's.
    private mutating func signingKey(at keyIndex: Int, date: Range<Int>, _ headers: RequestHeaders) -> SigningKey {
        let slots = keyIndex * 2...keyIndex * 2 + 1
        for slot in slots {
            guard let day = cache[slot] else { continue }
            var isSame = true
            for offset in 0..<8 where day.date[offset] != headers.bytes[date.lowerBound + offset] { isSame = false }
            if isSame { return day.key }
        }
        let access = keys[keyIndex]
        var day = CachedDay(
            date: InlineArray(repeating: 0),
            key: SigningKey(secret: access.secret, date: headers.bytes[date], region: region, service: service))
        for offset in 0..<8 { day.date[offset] = headers.bytes[date.lowerBound + offset] }
        cache[slots.upperBound] = cache[slots.lowerBound]
        cache[slots.lowerBound] = day
        return day.key
    }

    private mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { text.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: [UInt8], _ range: Range<Int>) {
        text.append(contentsOf: bytes[range])
    }

    /// Appends a field's value without the blanks around it and with one space for every run of blanks inside.
    private mutating func appendFolded(_ bytes: [UInt8], _ range: Range<Int>) {
        let start = text.count
        var pendingBlank = false
        for index in range {
            let byte = bytes[index]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                pendingBlank = true
            } else {
                if pendingBlank, text.count > start { text.append(UInt8(ascii: " ")) }
                pendingBlank = false
                text.append(byte)
            }
        }
    }

    /// Whether `hexadecimal` is the code's text, found out in a time that doesn't depend on where they differ.
    private static func isEqual(_ code: SHA256.Digest, hexadecimal: Span<UInt8>) -> Bool {
        guard hexadecimal.count == signatureCharacterCount else { return false }
        let digits: StaticString = "0123456789abcdef"
        return code.withUnsafeBytes { bytes in
            var difference: UInt8 = 0
            for (index, byte) in bytes.enumerated() {
                difference |= digits.utf8Start[Int(byte >> 4)] ^ hexadecimal[index * 2]
                difference |= digits.utf8Start[Int(byte & 15)] ^ hexadecimal[index * 2 + 1]
            }
            return difference == 0
        }
    }

    /// Whether the request's own statement of its body's hash, if it makes one, is right.
    private static func states(_ bodyHash: SHA256.Digest, _ headers: RequestHeaders) -> Bool {
        guard let stated = headers.value(of: .amzContentSHA256) else { return true }
        return isEqual(bodyHash, hexadecimal: headers.bytes.span.extracting(stated))
    }

    private static func areEqual(_ left: Range<Int>, _ right: Range<Int>, _ headers: RequestHeaders) -> Bool {
        guard left.count == right.count else { return false }
        let bytes = headers.bytes.span
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    private static func precedes(_ left: Range<Int>, _ right: Range<Int>, _ headers: RequestHeaders) -> Bool {
        headers.bytes[left].lexicographicallyPrecedes(headers.bytes[right])
    }

    private static func equal(_ headers: RequestHeaders, _ range: Range<Int>, _ text: String) -> Bool {
        headers.bytes[range].elementsEqual(text.utf8)
    }
}
