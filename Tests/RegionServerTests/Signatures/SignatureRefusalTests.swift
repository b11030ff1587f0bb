import AWSProtocol
import ConfigurationFiles
import TestSupport
import Testing

@testable import RegionServer

@Suite struct SignatureRefusalTests {
    private static let keys = AccessKeys([AccessKey(id: "test", secret: "secret")])

    /// What is said of a request to us-east-1 that is signed as the arguments say; nothing where it is accepted.
    private func refusal(
        id: String = "test", secret: String = "secret", region: String = "us-east-1", service: String = "dynamodb",
        token: String? = nil, sentSeconds: Int64 = GoldenRequest.signedAt, change: (String) -> String = { $0 }
    ) -> SignatureRefusal? {
        let signer = RequestSigner(
            credential: Credential(accessKeyID: id, secret: secret), region: region, service: service)
        var fields = [(name: "Content-Type", value: "application/x-amz-json-1.0")]
        if let token { fields.append((name: "X-Amz-Security-Token", value: token)) }
        let signed = signer.sign(
            method: "POST", target: "/", host: "localhost", fields: fields, body: [], at: sentSeconds)
        var headers = HeaderTable()
        headers.append(name: "Host", value: "localhost")
        for (name, value) in fields + signed { headers.append(name: name, value: change(value)) }
        var verifier = SignatureVerifier(credentials: Self.keys.credentials, region: "us-east-1", service: "dynamodb")
        do throws(ServiceFault) {
            _ = try verifier.verify(
                method: "POST", target: "/", headers: &headers, body: UnsafeRawBufferPointer(start: nil, count: 0),
                now: GoldenRequest.signedAt)
            return nil
        } catch {
            let claim = verifier.claim(target: "/", headers: &headers)
            return SignatureRefusal(error, claim: claim, region: "us-east-1", service: "dynamodb")
        }
    }

    private static let invalid = "a request was refused with InvalidSignatureException: "
    private static let unrecognized = "a request was refused with UnrecognizedClientException: "
    private static let regionReason =
        ", and this one is us-east-1: the client's region has to be that, unless the topology has `signature-region: any` for "
        + "this one"
    private static let tokenReason =
        "it has the session token of temporary credentials, which there are not here: the client must have none, neither in "
        + "AWS_SESSION_TOKEN nor in its profile"

    @Test func `what was sent is told beside what was expected`() {
        #expect(refusal() == nil)
        #expect(
            refusal(region: "localhost")?.text
                == Self.invalid + "it is signed for the region \"localhost\"" + Self.regionReason)
        #expect(
            refusal(service: "s3")?.text
                == Self.invalid + "it is signed for the service \"s3\", and this one is dynamodb")
        #expect(
            refusal(id: "AKIA")?.text
                == Self.unrecognized
                + "it is signed with the access key \"AKIA\", which is not among the topology's access-keys")
        #expect(refusal(token: "FwoG")?.text == Self.unrecognized + Self.tokenReason)
        #expect(
            refusal(secret: "guess")?.text
                == Self.invalid
                + "its signature does not fit: the client has another secret for the access key \"test\" than the "
                + "topology, or what it has signed was changed on the way")
    }

    @Test func `everything that differs is told at once`() {
        let refused = refusal(id: "ASIA", region: "eu-west-1", service: "sts", token: "FwoG")
        #expect(
            refused?.text
                == Self.invalid + "it is signed for the service \"sts\", and this one is dynamodb; "
                + "it is signed for the region \"eu-west-1\"" + Self.regionReason + "; "
                + "it is signed with the access key \"ASIA\", which is not among the topology's access-keys; "
                + Self.tokenReason)
        #expect(refused?.cause == "InvalidSignatureException, service, region, key, session token")
    }

    @Test func `a wrong time and a signature that cannot be read are told`() {
        #expect(
            refusal(sentSeconds: GoldenRequest.signedAt - 1000)?.text.hasPrefix(
                Self.invalid + "Signature expired: 2026")
                == true)
        #expect(
            refusal { $0.replacing("Signature=", with: "Sign=") }?.text
                == "a request was refused with IncompleteSignatureException: its signature lacks a part, or cannot be read"
        )
        #expect(
            refusal { $0.replacing("AWS4-HMAC", with: "Basic") }?.text
                == "a request was refused with MissingAuthenticationTokenException: it has no signature of version 4")
    }

    @Test func `what the client chose can neither fill the log nor forge a line`() {
        let long = refusal(region: String(repeating: "x", count: 5000))
        #expect(long?.text.contains("\"" + String(repeating: "x", count: 64) + "…\"") == true)
        let forged = refusal(region: "a\u{7F}\u{1B}[2J\"é") { $0 }
        #expect(forged?.text == Self.invalid + "it is signed for the region \"a??[2J??\"" + Self.regionReason)
        #expect(long?.cause == forged?.cause)
    }

    @Test func `neither signature nor token is told`() {
        for refused in [
            refusal(secret: "guess", token: "FwoG"), refusal(region: "localhost"),
            refusal { $0.replacing("SignedHeaders=", with: "Signed=") },
        ] {
            let text = refused?.text ?? "FwoG"
            #expect(!text.contains("FwoG") && !text.contains("Signature=") && !text.contains("guess"))
        }
    }
}
