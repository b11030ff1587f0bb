import AWSProtocol
import ConfigurationFiles
import TestSupport
import Testing

@testable import RegionServer

@Suite struct AccessKeysTests {
    @Test func `the key whose secret made the signature is the one found`() throws {
        let keys = AccessKeys(
            ["c", "a", "d", "b", "a"].enumerated().map { AccessKey(id: $1, secret: "secret \($0)", name: "\($0)") })
        for (id, position) in [("a", 4), ("b", 3), ("c", 0), ("d", 2)] {
            let signer = RequestSigner(
                credential: Credential(accessKeyID: id, secret: "secret \(position)"), region: "us-east-1",
                service: "dynamodb")
            var headers = HeaderTable()
            headers.append(name: "host", value: "localhost")
            let fields = signer.sign(
                method: "POST", target: "/", host: "localhost", fields: [], body: [], at: GoldenRequest.signedAt)
            for (name, value) in fields { headers.append(name: name, value: value) }
            var verifier = SignatureVerifier(
                credentials: keys.credentials, region: "us-east-1", service: "dynamodb")
            let index = try verifier.verify(
                method: "POST", target: "/", headers: &headers, body: UnsafeRawBufferPointer(start: nil, count: 0),
                now: GoldenRequest.signedAt)
            #expect(keys[index].name == "\(position)")
        }
    }
}
