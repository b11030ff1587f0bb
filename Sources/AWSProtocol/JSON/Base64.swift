/// Base64 with the alphabet and the padding of RFC 4648, section 4, as binary values stand in JSON.
public enum Base64 {
    private static let alphabet: [UInt8] = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The six bits that a character stands for; 0xFF for one that stands for none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// Appends the characters of `binary`.
    public static func encode(_ binary: UnsafeRawBufferPointer, into bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + (binary.count + 2) / 3 * 4)
        alphabet.withUnsafeBufferPointer { alphabet in
            var index = 0
            while index + 3 <= binary.count {
                let word = UInt32(binary[index]) << 16 | UInt32(binary[index + 1]) << 8 | UInt32(binary[index + 2])
                bytes.append(alphabet[Int(word >> 18)])
                bytes.append(alphabet[Int(word >> 12 & 63)])
                bytes.append(alphabet[Int(word >> 6 & 63)])
                bytes.append(alphabet[Int(word & 63)])
                index += 3
            }
            guard index < binary.count else { return }
            let hasTwo = index + 2 == binary.count
            let word = UInt32(binary[index]) << 16 | (hasTwo ? UInt32(binary[index + 1]) << 8 : 0)
            bytes.append(alphabet[Int(word >> 18)])
            bytes.append(alphabet[Int(word >> 12 & 63)])
            bytes.append(hasTwo ? alphabet[Int(word >> 6 & 63)] : UInt8(ascii: "="))
            bytes.append(UInt8(ascii: "="))
        }
    }

    /// What is wrong with `characters`, in the services' words; nil when they can be decoded.
    public static func problem(in characters: UnsafeRawBufferPointer) -> String? {
        guard characters.count % 4 == 0 else {
            return "Base64 encoded length is expected a multiple of 4 bytes but found: \(characters.count)"
        }
        let content = contentCount(of: characters)
        let problem: String? = values.withUnsafeBufferPointer { values in
            for character in characters[..<content] where values[Int(character)] == 0xFF {
                return "Invalid Base64 character: '\(Unicode.Scalar(character))'"
            }
            guard content % 4 != 0, let last = content > 0 ? characters[content - 1] : nil else { return nil }
            // The bits that no byte takes must be zero, so that each value has one spelling only.
            let unused: UInt8 = content % 4 == 2 ? 0b1111 : 0b11
            return values[Int(last)] & unused == 0 ? nil : "Invalid last non-pad Base64 character dectected"
        }
        return problem
    }

    /// The bytes that `characters` stand for; nil where ``problem(in:)`` finds one.
    public static func decode(_ characters: UnsafeRawBufferPointer) -> [UInt8]? {
        guard problem(in: characters) == nil else { return nil }
        let content = contentCount(of: characters)
        return [UInt8](unsafeUninitializedCapacity: characters.count / 4 * 3) { bytes, count in
            values.withUnsafeBufferPointer { values in
                func bits(_ index: Int) -> UInt32 { UInt32(values[Int(characters[index])]) }
                var index = 0
                while index + 4 <= content {
                    let word = bits(index) << 18 | bits(index + 1) << 12 | bits(index + 2) << 6 | bits(index + 3)
                    bytes[count] = UInt8(truncatingIfNeeded: word >> 16)
                    bytes[count + 1] = UInt8(truncatingIfNeeded: word >> 8)
                    bytes[count + 2] = UInt8(truncatingIfNeeded: word)
                    (index, count) = (index + 4, count + 3)
                }
                guard content - index >= 2 else { return }
                let word = bits(index) << 10 | bits(index + 1) << 4 | (content - index == 3 ? bits(index + 2) >> 2 : 0)
                bytes[count] = UInt8(truncatingIfNeeded: word >> 8)
                count += 1
                if content - index == 3 {
                    bytes[count] = UInt8(truncatingIfNeeded: word)
                    count += 1
                }
            }
        }
    }

    /// How many characters stand before the padding, of which there are two at the most.
    private static func contentCount(of characters: UnsafeRawBufferPointer) -> Int {
        let padding = characters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return characters.count - padding
    }
}
