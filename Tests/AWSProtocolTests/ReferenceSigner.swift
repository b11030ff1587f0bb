import COpenSSL
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
        canonical += "\n\(names.joined(separator: ";"))\n\(Self.hexadecimal(Self.hash(body)))"
        let scope = "\(scopeDate ?? String(date.prefix(8)))/\(region)/\(service)/\(terminator)"
        let toSign =
            "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Self.hexadecimal(Self.hash(Array(canonical.utf8))))"
        var key = Array("AWS4\(secret)".utf8)
        for part in scope.split(separator: "/") { key = Self.code(Array(part.utf8), key) }
        let signature = Self.hexadecimal(Self.code(Array(toSign.utf8), key))
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

    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 32)
        COpenSSL.SHA256(bytes, bytes.count, &hash)
        return hash
    }

    private static func code(_ message: [UInt8], _ key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, nil)
        return code
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }
}
