/// The texts that a signature covers, canonical request and string to sign, built in buffers that are used again.
///
/// Signer and verifier build both alike. Source: AWS, "Create a signed AWS API request", steps 1 to 3.
struct SignatureText {
    /// The canonical request, then the string to sign.
    private(set) var bytes: [UInt8] = []
    /// Where the names of the signed fields lie in the header table: in byte order, each once.
    private(set) var signedNames: [Range<Int>] = []

    static let algorithm: StaticString = "AWS4-HMAC-SHA256"
    static let terminator: StaticString = "aws4_request"
    /// More names than a request may have fields.
    private static let signedNameCountMax = 256

    /// Takes the names of the signed fields, in lower case, in order and each once.
    ///
    /// - Parameter list: names joined by semicolons, of which the table's bytes become lower-case.
    /// - Returns: false when there are too many.
    mutating func collectSignedNames(_ list: Range<Int>, in headers: inout HeaderTable) -> Bool {
        headers.lowercase(list)
        signedNames.removeAll(keepingCapacity: true)
        var start = list.lowerBound
        var isSorted = true
        while start < list.upperBound {
            var end = start
            while end < list.upperBound, headers.bytes[end] != UInt8(ascii: ";") { end += 1 }
            if let last = signedNames.last, !Self.precedes(last, start..<end, headers) { isSorted = false }
            guard signedNames.count < Self.signedNameCountMax else { return false }
            signedNames.append(start..<end)
            start = end + 1
        }
        guard !isSorted else { return true }
        let table = headers
        signedNames.sort { Self.precedes($0, $1, table) }
        // A name listed many times would write its value as often, so that a short request could fill the memory.
        for index in signedNames.indices.dropFirst().reversed()
        where Self.areEqual(signedNames[index - 1], signedNames[index], headers) {
            signedNames.remove(at: index)
        }
        return true
    }

    /// Writes the canonical request.
    ///
    /// - Parameter path: nil for `/` without a query.
    mutating func writeCanonicalRequest(
        method: String, path: RequestPath?, _ headers: HeaderTable, bodyHash: SHA256.Digest
    ) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: method.utf8)
        if let path {
            append("\n")
            bytes.append(contentsOf: path.canonicalPath)
            append("\n")
            bytes.append(contentsOf: path.canonicalQuery)
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
        appendSignedNames(headers)
        append("\n")
        bytes.appendHexadecimal(bodyHash)
    }

    /// Replaces the canonical request by the string to sign, which has its hash.
    ///
    /// - Parameters:
    ///   - date: where the date lies in the header table, in ISO 8601's basic form.
    ///   - scope: where the credential's scope lies there.
    mutating func writeStringToSign(date: Range<Int>, scope: Range<Int>, _ headers: HeaderTable) {
        let requestHash = SHA256.digest(of: bytes)
        bytes.removeAll(keepingCapacity: true)
        append(Self.algorithm)
        append("\n")
        append(headers.bytes, date)
        append("\n")
        append(headers.bytes, scope)
        append("\n")
        bytes.appendHexadecimal(requestHash)
    }

    /// The names of the signed fields as the `Authorization` field lists them.
    func signedNamesText(_ headers: HeaderTable) -> String {
        signedNames.map { String(decoding: headers.bytes[$0], as: UTF8.self) }.joined(separator: ";")
    }

    private mutating func appendSignedNames(_ headers: HeaderTable) {
        for (index, name) in signedNames.enumerated() {
            if index > 0 { append(";") }
            append(headers.bytes, name)
        }
    }

    private mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ source: [UInt8], _ range: Range<Int>) {
        bytes.append(contentsOf: source[range])
    }

    /// Appends a field's value without the blanks around it and with one space for every run of blanks inside.
    private mutating func appendFolded(_ source: [UInt8], _ range: Range<Int>) {
        let start = bytes.count
        var pendingBlank = false
        for index in range {
            let byte = source[index]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                pendingBlank = true
            } else {
                if pendingBlank, bytes.count > start { bytes.append(UInt8(ascii: " ")) }
                pendingBlank = false
                bytes.append(byte)
            }
        }
    }

    private static func areEqual(_ left: Range<Int>, _ right: Range<Int>, _ headers: HeaderTable) -> Bool {
        guard left.count == right.count else { return false }
        let bytes = headers.bytes.span
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    private static func precedes(_ left: Range<Int>, _ right: Range<Int>, _ headers: HeaderTable) -> Bool {
        headers.bytes[left].lexicographicallyPrecedes(headers.bytes[right])
    }
}
