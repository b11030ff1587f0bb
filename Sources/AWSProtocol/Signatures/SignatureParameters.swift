/// What a request says about its signature, as ranges of the header table's bytes.
///
/// Both forms are read into it: the `Authorization` field, whose parameters lie there already, and the query string,
/// whose decoded values are appended to the table.
struct SignatureParameters {
    /// `keyid/date/region/service/aws4_request`.
    var credential: Range<Int>
    /// Names joined by semicolons.
    var signedHeaders: Range<Int>
    /// 64 hexadecimal digits.
    var signature: Range<Int>
    /// The name of the algorithm.
    var algorithm: Range<Int>
    /// The text of the date; in the header form the field's value.
    var date: Range<Int>
    /// For how many seconds the signature lasts, when the query string says so.
    var lifetimeSeconds: Int64?
    /// A temporary credential's token.
    var securityToken: Range<Int>?

    /// The parts of the credential, each without its slash.
    struct Scope {
        var keyID: Range<Int>
        var date: Range<Int>
        var region: Range<Int>
        var service: Range<Int>
        var terminator: Range<Int>
        /// From the date to the terminator, as the string to sign has it.
        var text: Range<Int> { date.lowerBound..<terminator.upperBound }
    }

    /// The longest time for which a query signature may last: seven days.
    private static let lifetimeSecondsMax: Int64 = 604_800

    /// Reads the parameters of whichever form the request has.
    ///
    /// - Parameter query: the decoded query parameters, none for a request whose path is all there is.
    init(headers: inout HeaderTable, query: [QueryParameter]) throws(ServiceFault) {
        let signsInQuery = query.contains { $0.name == Array("X-Amz-Algorithm".utf8) }
        guard let authorization = headers.value(of: .authorization) else {
            guard signsInQuery else { throw .missingToken }
            try self.init(query: query, headers: &headers)
            return
        }
        guard !signsInQuery else { throw .twoSignatures }
        try self.init(authorization: authorization, headers: headers)
    }

    /// Splits the credential at its slashes.
    func scope(in headers: HeaderTable) throws(ServiceFault) -> Scope {
        let slash = UInt8(ascii: "/")
        var bounds = InlineArray<6, Int>(repeating: 0)
        bounds[0] = credential.lowerBound
        var count = 1
        for index in credential where headers.bytes[index] == slash {
            if count < 5 { bounds[count] = index + 1 }
            count += 1
        }
        guard count == 5 else {
            throw .malformedCredential(String(decoding: headers.bytes[credential], as: UTF8.self))
        }
        bounds[5] = credential.upperBound + 1
        return Scope(
            keyID: bounds[0]..<bounds[1] - 1, date: bounds[1]..<bounds[2] - 1, region: bounds[2]..<bounds[3] - 1,
            service: bounds[3]..<bounds[4] - 1, terminator: bounds[4]..<bounds[5] - 1)
    }

    /// Reads `<algorithm> Credential=…, SignedHeaders=…, Signature=…`, with commas, spaces or both between parameters.
    private init(authorization: Range<Int>, headers: HeaderTable) throws(ServiceFault) {
        guard authorization.count >= 5,
            headers.equals(authorization.lowerBound..<authorization.lowerBound + 5, "AWS4-")
        else { throw .missingToken }
        let bytes = headers.bytes.span
        var credential: Range<Int>?
        var signedHeaders: Range<Int>?
        var signature: Range<Int>?
        var algorithm: Range<Int>?
        var start = authorization.lowerBound
        while start < authorization.upperBound {
            var end = start
            var equals = -1
            while end < authorization.upperBound, bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: " ") {
                if equals < 0, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if algorithm == nil {
                algorithm = start..<end
            } else if equals >= 0, equals + 1 < end {
                let name = start..<equals
                let value = equals + 1..<end
                if headers.equals(name, "Credential") {
                    credential = value
                } else if headers.equals(name, "SignedHeaders") {
                    signedHeaders = value
                } else if headers.equals(name, "Signature") {
                    signature = value
                }
            }
            start = end + 1
        }
        let date = headers.value(of: .amzDate) ?? headers.value(of: .date)
        guard let credential, let signedHeaders, let signature, let algorithm, let date else {
            let required = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signedHeaders)]
            throw .incompleteAuthorization(
                missing: required.filter { $0.1 == nil }.map(\.0), lacksDate: date == nil,
                header: String(decoding: headers.bytes[authorization], as: UTF8.self))
        }
        self.credential = credential
        self.signedHeaders = signedHeaders
        self.signature = signature
        self.algorithm = algorithm
        self.date = date
        securityToken = headers.value(of: .amzSecurityToken)
    }

    private init(query: [QueryParameter], headers: inout HeaderTable) throws(ServiceFault) {
        let names = [
            "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date",
        ]
        var values: [Range<Int>?] = []
        for name in names {
            values.append(Self.value(of: name, in: query, headers: &headers))
        }
        guard let algorithm = values[0], let credential = values[1], let signature = values[2],
            let signedHeaders = values[3], let date = values[4]
        else {
            throw .incompleteQuery(missing: zip(names, values).filter { $0.1 == nil }.map(\.0))
        }
        self.algorithm = algorithm
        self.credential = credential
        self.signature = signature
        self.signedHeaders = signedHeaders
        self.date = date
        securityToken = Self.value(of: "X-Amz-Security-Token", in: query, headers: &headers)
        guard let expires = query.first(where: { $0.name == Array("X-Amz-Expires".utf8) }) else { return }
        let seconds = Int64(String(decoding: expires.value, as: UTF8.self)) ?? 0
        lifetimeSeconds = min(max(seconds, 0), Self.lifetimeSecondsMax)
    }

    /// The value of the query parameter `name`, appended to the header table; nothing when it is absent or empty.
    private static func value(
        of name: String, in query: [QueryParameter], headers: inout HeaderTable
    ) -> Range<Int>? {
        guard let parameter = query.first(where: { $0.name == Array(name.utf8) }), !parameter.value.isEmpty else {
            return nil
        }
        return headers.append(parameter.value)
    }
}
