/// What a request says of who has signed it, and for what: all of a signature that may be shown.
public struct SignatureClaim: Equatable, Sendable {
    public var accessKeyID: String
    public var region: String
    public var service: String
    /// Whether it has the session token of temporary credentials.
    public var hasSessionToken: Bool
    /// Whether the verifier has a credential with that access key.
    public var isKeyKnown: Bool

    public init(accessKeyID: String, region: String, service: String, hasSessionToken: Bool, isKeyKnown: Bool) {
        self.accessKeyID = accessKeyID
        self.region = region
        self.service = service
        self.hasSessionToken = hasSessionToken
        self.isKeyKnown = isKeyKnown
    }
}

extension SignatureVerifier {
    /// What a request that was refused claims, whether that is true or not; nil where it cannot be read.
    ///
    /// - Parameters:
    ///   - target: path and query as in the request line.
    ///   - headers: the request's header fields; decoded parameters of a query may be appended to its bytes.
    public func claim(target: String, headers: inout HeaderTable) -> SignatureClaim? {
        let parameters: SignatureParameters
        let scope: SignatureParameters.Scope
        do {
            parameters = try SignatureParameters(headers: &headers, query: RequestPath(target).parameters)
            scope = try parameters.scope(in: headers)
        } catch {
            return nil
        }
        func text(_ range: Range<Int>) -> String { String(decoding: headers.bytes[range], as: UTF8.self) }
        return SignatureClaim(
            accessKeyID: text(scope.keyID), region: text(scope.region), service: text(scope.service),
            hasSessionToken: parameters.securityToken != nil,
            isKeyKnown: credentials.slot(of: headers.bytes.span.extracting(scope.keyID)) != nil)
    }
}
