public import ConfigurationFiles
import Crypto

/// Signs requests to a region's endpoint with Signature Version 4: what the commands of this program are clients with.
public struct RequestSigner: Sendable {
    private let key: AccessKey
    private let region: String

    /// A signer for requests to one region's endpoint.
    public init(key: AccessKey, region: String) {
        self.key = key
        self.region = region
    }

    /// The header fields of a `POST /` that names an operation, the signature among them; `Host` is left to the client.
    ///
    /// - Parameters:
    ///   - host: what the client will send as `Host`.
    ///   - target: the operation, as `X-Amz-Target` has it.
    ///   - secondsSinceEpoch: the time now.
    public func fields(
        host: String, target: String, body: [UInt8], at secondsSinceEpoch: Int64
    ) -> [(name: String, value: String)] {
        let date = String(decoding: CivilTime(secondsSinceEpoch: secondsSinceEpoch).iso8601Basic, as: UTF8.self)
        let fields = [
            ("content-type", "application/x-amz-json-1.0"), ("host", host), ("x-amz-date", date),
            ("x-amz-target", target),
        ]
        let names = fields.map(\.0).joined(separator: ";")
        let canonical =
            "POST\n/\n\n" + fields.map { "\($0):\($1)\n" }.joined()
            + "\n\(names)\n\(Self.hexadecimal(SHA256.digest(of: body)))"
        let scope = "\(date.prefix(8))/\(region)/dynamodb/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Self.hexadecimal(SHA256.digest(of: Array(canonical.utf8))))"
        let signature = SigningKey(secret: key.secret, date: date.prefix(8).utf8, region: region, service: "dynamodb")
            .code(for: Array(text.utf8))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(key.id)/\(scope), SignedHeaders=\(names), Signature=\(Self.hexadecimal(signature))"
        return fields.filter { $0.0 != "host" }.map { (name: $0.0, value: $0.1) }
            + [(name: "authorization", value: authorization)]
    }

    private static func hexadecimal(_ digest: SHA256.Digest) -> String {
        var bytes: [UInt8] = []
        bytes.appendHexadecimal(digest)
        return String(decoding: bytes, as: UTF8.self)
    }
}
