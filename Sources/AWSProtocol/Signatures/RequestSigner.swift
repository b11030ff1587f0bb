/// Signs requests to a service of AWS, or of this project, with Signature Version 4.
public struct RequestSigner: Sendable {
    private let credential: Credential
    private let region: String
    private let service: String

    /// A signer of requests to one region's endpoint of a service.
    ///
    /// - Parameter service: the service's name in credentials' scopes, such as `dynamodb`.
    public init(credential: Credential, region: String, service: String) {
        self.credential = credential
        self.region = region
        self.service = service
    }

    /// Signs a request.
    ///
    /// - Parameters:
    ///   - method: the HTTP method in capitals.
    ///   - target: path and query as in the request line.
    ///   - host: what the client will send as `Host`.
    ///   - fields: the other header fields to be signed, at most 254, neither `X-Amz-Date` nor `Authorization` among
    ///     them; a field that is not signed may be changed on its way.
    ///   - body: the body as it will be sent.
    ///   - secondsSinceEpoch: the time now.
    /// - Returns: the fields that the request needs besides `host` and `fields`: date and signature.
    public func sign(
        method: String, target: String, host: String, fields: [(name: String, value: String)], body: [UInt8],
        at secondsSinceEpoch: Int64
    ) -> [(name: String, value: String)] {
        let date = String(decoding: CivilTime(secondsSinceEpoch: secondsSinceEpoch).iso8601Basic, as: UTF8.self)
        let day = date.prefix(8)
        let scope = "\(day)/\(region)/\(service)/\(SignatureText.terminator)"
        let signed = [("host", host), ("x-amz-date", date)] + fields
        var headers = HeaderTable()
        for (name, value) in signed { headers.append(name: name, value: value) }
        let names = headers.append(signed.map(\.0).joined(separator: ";").utf8)
        let dateRange = headers.append(date.utf8)
        let scopeRange = headers.append(scope.utf8)

        var text = SignatureText()
        let isCollected = text.collectSignedNames(names, in: &headers)
        precondition(isCollected, "a request with \(fields.count) header fields to sign")
        let path = target == "/" ? nil : RequestPath(target)
        text.writeCanonicalRequest(method: method, path: path, headers, bodyHash: SHA256.digest(of: body))
        text.writeStringToSign(date: dateRange, scope: scopeRange, headers)
        let key = SigningKey(secret: credential.secret, date: day.utf8, region: region.utf8, service: service)
        var signature: [UInt8] = []
        signature.appendHexadecimal(key.code(for: text.bytes))
        let authorization = """
            \(SignatureText.algorithm) Credential=\(credential.accessKeyID)/\(scope), \
            SignedHeaders=\(text.signedNamesText(headers)), Signature=\(String(decoding: signature, as: UTF8.self))
            """
        return [("x-amz-date", date), ("authorization", authorization)]
    }
}
