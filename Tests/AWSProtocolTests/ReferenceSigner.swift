import Crypto
import Foundation

/// Signature Version 4 written down as AWS describes it, with strings and no care for speed, to test the verifier
/// against.
struct ReferenceSigner {
    var keyID = "AKIDEXAMPLE"
    var secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    var region = "us-east-1"
    var service = "dynamodb"
    /// What the credential ends with.
    var terminator = "aws4_request"
    var date = "20260102T030405Z"
    /// The day in the scope; the date's own when nothing.
    var scopeDate: String?

    /// The fields of a request to `/`, with the date, if they have none, and the signature added.
    func signed(method: String = "POST", headers: [(String, String)], body: [UInt8]) -> [(String, String)] {
        var fields = headers
        let isDated = fields.contains { ["x-amz-date", "date"].contains($0.0.lowercased()) }
        if !isDated { fields.append(("X-Amz-Date", date)) }
        let names = Set(fields.map { $0.0.lowercased() }).sorted {
            Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
        }
        var canonical = "\(method)\n/\n\n"
        for name in names {
            let values = fields.filter { $0.0.lowercased() == name }.map { Self.fold($0.1) }
            canonical += "\(name):\(values.joined(separator: ","))\n"
        }
        canonical += "\n\(names.joined(separator: ";"))\n\(Self.hexadecimal(SHA256.hash(data: body)))"
        let scope = "\(scopeDate ?? String(date.prefix(8)))/\(region)/\(service)/\(terminator)"
        let toSign =
            "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Self.hexadecimal(SHA256.hash(data: Array(canonical.utf8))))"
        var key = SymmetricKey(data: Array("AWS4\(secret)".utf8))
        for part in scope.split(separator: "/") {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let signature = Self.hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(toSign.utf8), using: key))
        fields.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope), SignedHeaders=\(names.joined(separator: ";")), "
                    + "Signature=\(signature)"
            ))
        return fields
    }

    private static func fold(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }
}
