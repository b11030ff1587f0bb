import TestSupport
import Testing

@testable import AWSProtocol

@Suite struct SignatureVerifierTests {
    private static let now = GoldenRequest.signedAt
    private static let credentials = CredentialTable([
        Credential(accessKeyID: GoldenRequest.accessKeyID, secret: GoldenRequest.secret),
        Credential(accessKeyID: "other", secret: "other"),
    ])
    /// The indexes of the two.
    private static let (example, other) = (0, 1)
    private static let fields = [
        ("Host", "localhost:8000"), ("X-Amz-Target", "DynamoDB_20120810.GetItem"),
        ("Content-Type", "application/x-amz-json-1.0"),
    ]
    private static let body = Array("{}".utf8)

    private func verify(
        _ fields: [(String, String)], body: [UInt8] = body, target: String = "/", now: Int64 = now,
        method: String = "POST", service: String = "dynamodb"
    ) throws(ServiceFault) -> Int {
        var verifier = SignatureVerifier(credentials: Self.credentials, region: "us-east-1", service: service)
        return try Self.verify(fields, body, target, now, method, &verifier)
    }

    private static func verify(
        _ fields: [(String, String)], _ body: [UInt8], _ target: String, _ now: Int64, _ method: String,
        _ verifier: inout SignatureVerifier
    ) throws(ServiceFault) -> Int {
        var headers = HeaderTable()
        for (name, value) in fields { headers.append(name: name, value: value) }
        return try body.withUnsafeBufferPointer { bytes throws(ServiceFault) in
            try verifier.verify(
                method: method, target: target, headers: &headers, body: UnsafeRawBufferPointer(bytes), now: now)
        }
    }

    private func fault(
        _ fields: [(String, String)], body: [UInt8] = body, target: String = "/", now: Int64 = now
    ) -> String? {
        do {
            _ = try verify(fields, body: body, target: target, now: now)
            return nil
        } catch {
            return String(decoding: error.body, as: UTF8.self)
        }
    }

    private static func text(_ type: String, _ message: String) -> String {
        "{\"__type\":\"com.amazon.coral.service#\(type)\",\"message\":\"\(message)\"}"
    }

    private static let mismatch = text(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            + "and signing method. Consult the service documentation for details.")

    // MARK: What is accepted

    @Test(arguments: GoldenRequest.all)
    func `a request as botocore sends it is verified`(request: GoldenRequest) throws {
        let parts = request.bytes.splitHead()
        let lines = parts.head
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        let target = String(lines[0].split(separator: " ")[1])
        let key = try verify(fields, body: Array(parts.body.utf8), target: target)
        #expect(key == Self.example)
    }

    /// The signatures are those of AWS's published test suite and of its documentation's IAM example.
    @Test(
        arguments: [
            (
                "get-vanilla", "/", [], "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            ),
            (
                "get-vanilla-query-order-key-case", "/?Param2=value2&Param1=value1", [], "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            (
                "get-header-value-trim", "/", [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
                "host;my-header1;my-header2;x-amz-date",
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
            ),
        ] as [(String, String, [(String, String)], String, String)])
    func `a published vector is verified`(
        name: String, target: String, extra: [(String, String)], signed: String, signature: String
    ) throws {
        let credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
        let fields =
            [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")] + extra + [
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(signed), Signature=\(signature)"
                )
            ]
        let key = try verify(
            fields, body: [], target: target, now: 1_440_938_160, method: "GET", service: "service")
        #expect(key == Self.example)
    }

    @Test func `the documentation's IAM request is verified`() throws {
        let key = try verify(
            [
                ("Host", "iam.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                        + "SignedHeaders=content-type;host;x-amz-date, "
                        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
                ),
            ], body: [], target: "/?Action=ListUsers&Version=2010-05-08", now: 1_440_938_160, method: "GET",
            service: "iam")
        #expect(key == Self.example)
    }

    @Test func `whatever the reference signer signs is verified`() throws {
        var random = SplitMix64(seed: 1)
        var verifier = SignatureVerifier(credentials: Self.credentials, region: "us-east-1", service: "dynamodb")
        let alphabet = Array("abcXYZ019 -_=;,/\"  \t")
        for _ in 0..<500 {
            var fields = Self.fields
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                let name = "X-\(["A", "b", "Cc", "a"].randomElement(using: &random) ?? "")"
                let value = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? "a"
                }
                fields.append((name, String(value)))
            }
            fields.shuffle(using: &random)
            let body = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let signer = ReferenceSigner(keyID: "other", secret: "other")
            let key = try Self.verify(
                signer.signed(headers: fields, body: body), body, "/", Self.now, "POST", &verifier)
            #expect(key == Self.other)
        }
    }

    @Test func `the list of signed fields may be in any order and case`() throws {
        var fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        fields[4].1 = fields[4].1.replacing(
            "content-type;host;x-amz-date;x-amz-target", with: "X-Amz-Target;HOST;content-type;x-amz-date")
        #expect(fields[4].1.contains("HOST"))
        #expect(try verify(fields) == Self.example)
    }

    @Test(arguments: [",", " ", ", ", ",,  "])
    func `parameters may be separated by commas, spaces or both`(separator: String) throws {
        var fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        fields[4].1 = fields[4].1.replacing(", ", with: separator)
        #expect(try verify(fields) == Self.example)
    }

    @Test func `a Date field in HTTP's form stands for the date when there is no other`() throws {
        let fields = Self.fields + [("Date", "Fri, 02 Jan 2026 03:04:05 GMT")]
        #expect(try verify(ReferenceSigner().signed(headers: fields, body: Self.body)) == Self.example)
        let old = Self.fields + [("Date", "Fri, 02 Jan 2026 02:04:05 GMT")]
        let signer = ReferenceSigner(date: "20260102T020405Z")
        #expect(
            fault(signer.signed(headers: old, body: Self.body))?
                .contains("Signature expired: 20260102T020405Z is now earlier than 20260102T024905Z") == true)
    }

    @Test(arguments: [-900, -1, 0, 1, 900] as [Int64])
    func `a signature lasts fifteen minutes either way`(offset: Int64) throws {
        let fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        #expect(try verify(fields, now: Self.now + offset) == Self.example)
    }

    @Test func `signing keys of two days are kept and both verify`() throws {
        var verifier = SignatureVerifier(credentials: Self.credentials, region: "us-east-1", service: "dynamodb")
        let midnight: Int64 = 1_767_312_000
        for (date, offset) in [("20260101T235900Z", 0), ("20260102T000100Z", 1), ("20260101T235959Z", 2)] {
            let fields = ReferenceSigner(date: date).signed(headers: Self.fields, body: Self.body)
            let key = try Self.verify(fields, Self.body, "/", midnight + Int64(offset), "POST", &verifier)
            #expect(key == Self.example)
        }
    }

    // MARK: What is refused

    @Test func `a change to any byte of a signed request is refused`() {
        let body = Array("{\"TableName\":\"t\"}".utf8)
        let fields = ReferenceSigner().signed(headers: Self.fields, body: body)
        for index in body.indices {
            var changed = body
            changed[index] ^= 1
            #expect(fault(fields, body: changed) == Self.mismatch)
        }
        for index in 0..<3 {
            var changed = fields
            changed[index].1 += "x"
            #expect(fault(changed, body: body) == Self.mismatch)
        }
        let authorization = Array(fields[4].1)
        for index in authorization.indices.suffix(64) {
            var changed = authorization
            changed[index] = changed[index] == "0" ? "1" : "0"
            #expect(fault(Array(fields[..<4]) + [("Authorization", String(changed))], body: body) == Self.mismatch)
        }
    }

    @Test func `a wrong secret is refused`() {
        #expect(fault(ReferenceSigner(secret: "guess").signed(headers: Self.fields, body: Self.body)) == Self.mismatch)
    }

    @Test func `a stated hash of another body is refused`() {
        let fields = Self.fields + [("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")]
        #expect(fault(ReferenceSigner().signed(headers: fields, body: Self.body)) == Self.mismatch)
    }

    @Test func `an unknown key or a session token is refused`() {
        let text = Self.text("UnrecognizedClientException", "The security token included in the request is invalid.")
        #expect(fault(ReferenceSigner(keyID: "nobody").signed(headers: Self.fields, body: Self.body)) == text)
        let withToken = Self.fields + [("X-Amz-Security-Token", "token")]
        #expect(fault(ReferenceSigner().signed(headers: withToken, body: Self.body)) == text)
    }

    @Test func `a request without a signature is refused`() {
        let text = Self.text("MissingAuthenticationTokenException", "Request is missing Authentication Token")
        #expect(fault(Self.fields) == text)
        #expect(fault(Self.fields + [("Authorization", "Basic dGVzdDp0ZXN0")]) == text)
        #expect(fault(Self.fields + [("Authorization", "")]) == text)
    }

    @Test func `a request that is signed twice is refused`() {
        let fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        #expect(
            fault(fields, target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256")
                == Self.text(
                    "InvalidSignatureException",
                    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."))
    }

    @Test func `every missing parameter is named`() {
        #expect(
            fault(Self.fields + [("Authorization", "AWS4-HMAC-SHA256 Signature=1")])
                == Self.text(
                    "IncompleteSignatureException",
                    "Authorization header requires 'Credential' parameter. "
                        + "Authorization header requires 'SignedHeaders' parameter. "
                        + "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                        + "Authorization=AWS4-HMAC-SHA256 Signature=1"))
        #expect(
            fault(Self.fields, target: "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Date=")
                == Self.text(
                    "IncompleteSignatureException",
                    "AWS query-string parameters must include 'X-Amz-Signature'. "
                        + "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
                        + "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."
                ))
    }

    @Test func `a date in another form is refused`() {
        let fields = Self.fields + [("X-Amz-Date", "201")]
        #expect(
            fault(ReferenceSigner().signed(headers: fields, body: Self.body))
                == Self.text(
                    "IncompleteSignatureException",
                    "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"))
    }

    @Test func `an old or a future signature is refused with both limits`() {
        let fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        #expect(
            fault(fields, now: Self.now + 901)
                == Self.text(
                    "InvalidSignatureException",
                    "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T031906Z - 15 min.)"
                ))
        #expect(
            fault(fields, now: Self.now - 901)
                == Self.text(
                    "InvalidSignatureException",
                    "Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z "
                        + "(20260102T024904Z + 15 min.)"))
    }

    @Test func `the host must be signed`() {
        let fields = ReferenceSigner().signed(headers: Array(Self.fields.dropFirst()), body: Self.body)
        #expect(
            fault(fields + [("Host", "localhost")])
                == Self.text("InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization."))
    }

    @Test func `another algorithm is refused`() {
        var fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        fields[4].1 = fields[4].1.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
        #expect(
            fault(fields)
                == Self.text(
                    "IncompleteSignatureException",
                    "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). "))
    }

    @Test(arguments: ["AKIDEXAMPLE", "a/b/c/d", "a/b/c/d/e/f"])
    func `a credential has five elements`(credential: String) {
        var fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        fields[4].1 = fields[4].1.replacing("AKIDEXAMPLE/20260102/us-east-1/dynamodb/aws4_request", with: credential)
        #expect(
            fault(fields)
                == Self.text(
                    "IncompleteSignatureException",
                    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                        + "got '\(credential)'"))
    }

    @Test func `everything that is wrong with the scope is named`() {
        let signer = ReferenceSigner(region: "c", service: "d", terminator: "e", scopeDate: "b")
        #expect(
            fault(signer.signed(headers: Self.fields, body: Self.body))
                == Self.text(
                    "InvalidSignatureException",
                    "Credential should be scoped to a valid region, not 'c'. "
                        + "Credential should be scoped to correct service: 'dynamodb'. "
                        + "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "
                        + "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                        + "'b' != '20260102', from '20260102T030405Z'."))
    }

    @Test func `a presigned request lasts as long as it says`() throws {
        let golden = try #require(GoldenRequest.all.first { $0.name == "a signature in the query string" })
        let target = String(golden.bytes.split(separator: " ")[1])
        let fields = [
            ("X-Amz-Target", "DynamoDB_20120810.ListTables"), ("Content-Type", "application/x-amz-json-1.0"),
            ("Host", "localhost:8000"),
        ]
        #expect(fault(fields, body: [], target: target, now: Self.now + 300) == nil)
        #expect(
            fault(fields, body: [], target: target, now: Self.now + 301)?
                .contains("(20260102T030906Z - 5 min.)") == true)
        #expect(fault(fields, body: [], target: target + "&c=d") == Self.mismatch)
    }

    // MARK: Hostile input

    @Test func `a list that names one field many times costs no more than the field`() {
        var fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        let repeated = Array(repeating: "host", count: 200).joined(separator: ";")
        fields[4].1 = fields[4].1.replacing(
            "SignedHeaders=content-type;", with: "SignedHeaders=\(repeated);content-type;")
        #expect(fault(fields) == nil)
        fields[4].1 = fields[4].1.replacing(repeated, with: Array(repeating: "h", count: 5000).joined(separator: ";"))
        #expect(fault(fields) == Self.mismatch)
    }

    @Test func `no Authorization field breaks the verifier`() {
        var random = SplitMix64(seed: 2)
        let fields = ReferenceSigner().signed(headers: Self.fields, body: Self.body)
        let authorization = Array(fields[4].1.utf8)
        for _ in 0..<3000 {
            var changed = authorization
            switch UInt8.random(in: 0..<3, using: &random) {
            case 0: changed.removeLast(Int.random(in: 1...changed.count, using: &random))
            case 1:
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(
                        in: 32..<127, using: &random)
                }
            default:
                let separators = Array("/,;= ".utf8)
                changed.insert(
                    separators.randomElement(using: &random) ?? 0, at: Int.random(in: 0..<changed.count, using: &random)
                )
            }
            let text = String(decoding: changed, as: UTF8.self)
            let outcome = fault(Array(fields[..<4]) + [("Authorization", text)])
            #expect(outcome != nil || text.contains(", ") || text.contains("AKIDEXAMPLE"))
        }
    }

    @Test func `no query string breaks the verifier`() {
        var random = SplitMix64(seed: 3)
        let alphabet = Array("?&=%2fX-Amz-Algorithm+a/ \u{e9}")
        for _ in 0..<2000 {
            let query = String(
                (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
            _ = fault(Self.fields, target: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + query)
            _ = RequestPath("/" + query).canonicalPath
        }
    }
}
