import Crypto

/// A Signature Version 4 signing key, ready to authenticate: HMAC-SHA-256 with both of its hashes already keyed.
///
/// HMAC begins by hashing the padded key, once for the inner hash and once for the outer (RFC 2104). Both states are
/// made once and copied for each message, which halves the work for a message as short as a string to sign.
struct SigningKey: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    /// SHA-256 works on blocks of 64 bytes.
    private static let blockByteCount = 64

    /// A key for HMAC from at most 64 bytes, or from the hash of more.
    init(_ key: [UInt8]) {
        var padded = key.count > Self.blockByteCount ? Array(SHA256.digest(of: key)) : key
        padded.append(contentsOf: repeatElement(0, count: Self.blockByteCount - padded.count))
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
        message.withUnsafeBytes { hash.update(bufferPointer: $0) }
        let digest = hash.finalize()
        hash = outer
        digest.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash.finalize()
    }

    private static func hash(keyedWith block: [UInt8]) -> SHA256 {
        var hash = SHA256()
        block.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash
    }
}

extension SHA256 {
    /// The hash of `bytes`.
    static func digest(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The hash of `bytes`.
    static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return hash.finalize()
    }
}

extension [UInt8] {
    /// Appends a digest as lower-case hexadecimal.
    mutating func appendHexadecimal(_ digest: SHA256.Digest) {
        let digits: StaticString = "0123456789abcdef"
        digest.withUnsafeBytes { bytes in
            for byte in bytes {
                append(digits.utf8Start[Int(byte >> 4)])
                append(digits.utf8Start[Int(byte & 15)])
            }
        }
    }
}
