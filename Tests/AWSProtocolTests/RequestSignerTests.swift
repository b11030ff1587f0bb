import TestSupport
import Testing

@testable import AWSProtocol

@Suite struct RequestSignerTests {
    private static let credential = Credential(
        accessKeyID: GoldenRequest.accessKeyID, secret: GoldenRequest.secret)

    /// The request is `get-vanilla` of AWS's published test suite, signed at 2015-08-30 12:36:00 UTC.
    @Test func `the published vector get-vanilla comes out`() {
        let signer = RequestSigner(credential: Self.credential, region: "us-east-1", service: "service")
        let fields = signer.sign(
            method: "GET", target: "/", host: "example.amazonaws.com", fields: [], body: [], at: 1_440_938_160)
        #expect(fields.map(\.name) == ["x-amz-date", "authorization"])
        #expect(
            fields.map(\.value) == [
                "20150830T123600Z",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                    + "SignedHeaders=host;x-amz-date, "
                    + "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ])
    }

    /// Both are of AWS's published test suite, the first with parameters out of order, the second with blanks to fold.
    @Test(
        arguments: [
            (
                "/?Param2=value2&Param1=value1", [],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            (
                "/", [(name: "My-Header1", value: " value1"), (name: "My-Header2", value: " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
            ),
        ] as [(String, [(name: String, value: String)], String)])
    func `a published vector comes out`(target: String, fields: [(name: String, value: String)], signature: String) {
        let signer = RequestSigner(credential: Self.credential, region: "us-east-1", service: "service")
        let signed = signer.sign(
            method: "GET", target: target, host: "example.amazonaws.com", fields: fields, body: [],
            at: 1_440_938_160)
        #expect(signed.last?.value.hasSuffix("Signature=\(signature)") == true)
    }

    @Test(arguments: ["dynamodb", "sts", "kinesis", "s3"])
    func `the signature is the reference signer's and the verifier accepts it`(service: String) throws {
        let signer = RequestSigner(credential: Self.credential, region: "eu-west-1", service: service)
        let reference = ReferenceSigner(region: "eu-west-1", service: service)
        var verifier = SignatureVerifier(
            credentials: CredentialTable([Self.credential]), region: "eu-west-1", service: service)
        var random = SplitMix64(seed: 9)
        for _ in 0..<100 {
            var fields = [
                (name: "Content-Type", value: "application/x-amz-json-1.1"), (name: "X-Amz-Target", value: "A.B"),
            ]
            for _ in 0..<random.below(4) {
                let value = String((0..<random.below(12)).map { _ in "ab, ;=\t".randomElement(using: &random) ?? "a" })
                fields.append((name: "X-\(random.below(3))", value: value))
            }
            let body = random.bytes(count: random.below(100))
            let signed = signer.sign(
                method: "POST", target: "/", host: "localhost:8000", fields: fields, body: body,
                at: GoldenRequest.signedAt)
            let expected = reference.signed(
                headers: [("Host", "localhost:8000")] + fields.map { ($0.name, $0.value) }, body: body)
            #expect(signed.last?.value == expected.last?.1)

            var headers = HeaderTable()
            headers.append(name: "Host", value: "localhost:8000")
            for (name, value) in fields + signed { headers.append(name: name, value: value) }
            let index = try body.withUnsafeBytes { bytes throws(ServiceFault) in
                try verifier.verify(
                    method: "POST", target: "/", headers: &headers, body: bytes, now: GoldenRequest.signedAt)
            }
            #expect(index == 0)
        }
    }

    @Test func `a path and a query are signed in their canonical form and verified`() throws {
        let signer = RequestSigner(credential: Self.credential, region: "us-east-1", service: "dynamodb")
        let target = "/a//b/../c d?z=%2F&y&x=1"
        let signed = signer.sign(
            method: "PUT", target: target, host: "localhost", fields: [], body: [], at: GoldenRequest.signedAt)
        func index(of target: String) throws(ServiceFault) -> Int {
            var verifier = SignatureVerifier(
                credentials: CredentialTable([Self.credential]), region: "us-east-1", service: "dynamodb")
            var headers = HeaderTable()
            headers.append(name: "Host", value: "localhost")
            for (name, value) in signed { headers.append(name: name, value: value) }
            return try verifier.verify(
                method: "PUT", target: target, headers: &headers, body: UnsafeRawBufferPointer(start: nil, count: 0),
                now: GoldenRequest.signedAt)
        }
        #expect(try index(of: target) == 0)
        #expect(throws: ServiceFault.self) { try index(of: target + "2") }
    }
}
