import COpenSSL

/// SHA-256 (FIPS 180-4), of which a state that has taken in some bytes can be copied and goes on from there.
///
/// OpenSSL's newer interface keeps its states on the heap, and copies one by an allocation; this one is a value.
struct SHA256: Sendable {
    private var state = SHA256_CTX()

    /// The hash works on blocks of 64 bytes.
    static let blockByteCount = 64

    init() {
        SHA256_Init(&state)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    mutating func update(_ digest: Digest) {
        digest.bytes.span.withUnsafeBytes { update($0) }
    }

    /// The hash of all bytes so far; the state takes no more.
    consuming func finalize() -> Digest {
        var digest = Digest()
        var bytes = digest.bytes.mutableSpan
        bytes.withUnsafeMutableBufferPointer { _ = SHA256_Final($0.baseAddress, &state) }
        return digest
    }

    /// The hash of `bytes`.
    static func digest(of bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The hash of `bytes`.
    static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    struct Digest: Sendable {
        fileprivate(set) var bytes = InlineArray<32, UInt8>(repeating: 0)

        /// Whether `hexadecimal` is the digest's text, found out in a time that doesn't depend on where they differ.
        func isEqual(hexadecimal: Span<UInt8>) -> Bool {
            guard hexadecimal.count == bytes.count * 2 else { return false }
            var difference: UInt8 = 0
            for index in bytes.indices {
                let (high, low) = Self.hexadecimal(bytes[index])
                difference |= (high ^ hexadecimal[index * 2]) | (low ^ hexadecimal[index * 2 + 1])
            }
            return difference == 0
        }

        /// The two lower-case hexadecimal digits of a byte.
        fileprivate static func hexadecimal(_ byte: UInt8) -> (UInt8, UInt8) {
            let digits: StaticString = "0123456789abcdef"
            return (digits.utf8Start[Int(byte >> 4)], digits.utf8Start[Int(byte & 15)])
        }
    }
}

extension [UInt8] {
    init(_ digest: SHA256.Digest) {
        self = digest.bytes.span.withUnsafeBytes { Array($0) }
    }

    /// Appends a digest as lower-case hexadecimal.
    mutating func appendHexadecimal(_ digest: SHA256.Digest) {
        for index in digest.bytes.indices {
            let (high, low) = SHA256.Digest.hexadecimal(digest.bytes[index])
            append(high)
            append(low)
        }
    }
}
