import TestSupport
import Testing

@testable import AWSProtocol

/// A verifier that accepts signatures for any region.
@Suite struct SignatureRegionTests {
    private static let credentials = CredentialTable([
        Credential(accessKeyID: GoldenRequest.accessKeyID, secret: GoldenRequest.secret),
        Credential(accessKeyID: "other", secret: "other"),
    ])
    private static let body = Array("{}".utf8)

    private static func verify(
        _ signer: ReferenceSigner, with verifier: inout SignatureVerifier, changed: (String) -> String = { $0 }
    ) throws(ServiceFault) -> Int {
        var headers = HeaderTable()
        for (name, value) in signer.signed(headers: [("Host", "localhost")], body: body) {
            headers.append(name: name, value: changed(value))
        }
        return try body.withUnsafeBufferPointer { bytes throws(ServiceFault) in
            try verifier.verify(
                method: "POST", target: "/", headers: &headers, body: UnsafeRawBufferPointer(bytes),
                now: GoldenRequest.signedAt)
        }
    }

    @Test func `the signing key is derived with the region that the client has named`() throws {
        var verifier = SignatureVerifier(credentials: Self.credentials, region: nil, service: "dynamodb")
        // In turns, so that no region's key is taken for another's.
        for region in ["localhost", "us-east-1", "localhost", "eu-west-1", "us-east-1", "eu-west-10"] {
            let signer = ReferenceSigner(region: region)
            #expect(try Self.verify(signer, with: &verifier) == 0)
            // The name is part of what is signed.
            #expect(throws: ServiceFault.signatureMismatch) {
                try Self.verify(signer, with: &verifier) { $0.replacing("/\(region)/", with: "/other/") }
            }
            let guess = ReferenceSigner(secret: "guess", region: region)
            #expect(throws: ServiceFault.signatureMismatch) { try Self.verify(guess, with: &verifier) }
        }
        let other = ReferenceSigner(keyID: "other", secret: "other", region: "localhost")
        #expect(try Self.verify(other, with: &verifier) == 1)
    }

    @Test func `everything else is checked as before`() throws {
        var verifier = SignatureVerifier(credentials: Self.credentials, region: nil, service: "dynamodb")
        let service = ReferenceSigner(region: "localhost", service: "s3")
        #expect(
            throws: ServiceFault.wrongScope(["Credential should be scoped to correct service: 'dynamodb'."])
        ) { try Self.verify(service, with: &verifier) }
        let nameless = ReferenceSigner(region: "")
        #expect(
            throws: ServiceFault.wrongScope(["Credential should be scoped to a valid region, not ''."])
        ) { try Self.verify(nameless, with: &verifier) }
        for signer in [
            ReferenceSigner(region: "localhost", terminator: "aws5"),
            ReferenceSigner(region: "localhost", scopeDate: "20260101"),
            ReferenceSigner(keyID: "nobody", region: "localhost"),
        ] {
            #expect(throws: ServiceFault.self) { try Self.verify(signer, with: &verifier) }
        }
    }

    @Test func `without the setting another region is refused`() {
        var verifier = SignatureVerifier(credentials: Self.credentials, region: "us-east-1", service: "dynamodb")
        #expect(
            throws: ServiceFault.wrongScope(["Credential should be scoped to a valid region, not 'localhost'."])
        ) { try Self.verify(ReferenceSigner(region: "localhost"), with: &verifier) }
    }
}
