import COpenSSL
import TestSupport
import Testing

@testable import AWSProtocol

@Suite struct SigningKeyTests {
    /// From AWS's "Examples of how to derive a signing key".
    @Test(arguments: [
        ("20150830", "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"),
        ("20120215", "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"),
    ])
    func `the published signing keys are derived`(date: String, expected: String) {
        var key = Array("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)
        for part in [date, "us-east-1", "iam", "aws4_request"] {
            key = Array(SigningKey(key).code(for: Array(part.utf8)))
        }
        #expect(key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test func `codes are those of OpenSSL's HMAC`() {
        var random = SplitMix64(seed: 4)
        for length in [0, 1, 32, 63, 64, 65, 200] {
            let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let message = (0..<length * 2).map { _ in UInt8.random(in: 0...255, using: &random) }
            var expected = [UInt8](repeating: 0, count: 32)
            HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &expected, nil)
            #expect(Array(SigningKey(key).code(for: message)) == expected)
        }
    }
}
