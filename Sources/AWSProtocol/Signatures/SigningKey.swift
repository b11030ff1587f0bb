/// A Signature Version 4 signing key, ready to authenticate: HMAC-SHA-256 with both of its hashes already keyed.
///
/// HMAC begins by hashing the padded key, once for the inner hash and once for the outer (RFC 2104). Both states are
/// made once and copied for each message, which halves the work for a message as short as a string to sign.
package struct SigningKey: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// A key for HMAC from at most a block of bytes, or from the hash of more.
    package init(_ key: [UInt8]) {
        var padded = key.count > SHA256.blockByteCount ? Array(SHA256.digest(of: key)) : key
        padded.append(contentsOf: repeatElement(0, count: SHA256.blockByteCount - padded.count))
        inner = Self.hash(keyedWith: padded.map { $0 ^ 0x36 })
        outer = Self.hash(keyedWith: padded.map { $0 ^ 0x5C })
    }

    /// The signing key of one day, region and service (AWS, "Create a signed AWS API request", step 4).
    ///
    /// - Parameter date: the day as `YYYYMMDD`.
    init(secret: String, date: some Sequence<UInt8>, region: some Sequence<UInt8>, service: String) {
        var key = Array("AWS4\(secret)".utf8)
        for part in [Array(date), Array(region), Array(service.utf8), Array("aws4_request".utf8)] {
            key = Array(SigningKey(key).code(for: part))
        }
        self.init(key)
    }

    /// The authentication code of `message`.
    func code(for message: [UInt8]) -> SHA256.Digest {
        var hash = inner
        hash.update(message)
        let digest = hash.finalize()
        hash = outer
        hash.update(digest)
        return hash.finalize()
    }

    /// The authentication code of `message` as bytes.
    package func bytes(for message: [UInt8]) -> [UInt8] { Array(code(for: message)) }

    private static func hash(keyedWith block: [UInt8]) -> SHA256 {
        var hash = SHA256()
        hash.update(block)
        return hash
    }
}
