/// The escapes of JSON strings, and the check of their encoding.
@usableFromInline
enum JSONEscapes {
    /// The bytes that the content of a string stands for; the parser has checked every escape.
    @usableFromInline
    static func unescape(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < content.count else {
                result.append(byte)
                index += 1
                continue
            }
            if let character = character(for: content[index + 1]) {
                result.append(character)
                index += 2
                continue
            }
            let (scalar, length) = scalar(in: content, at: index)
            result.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
            index += length
        }
        return result
    }

    /// The scalar of the escape at `index`, and how many bytes the escape or the pair of them takes.
    private static func scalar(in content: UnsafeRawBufferPointer, at index: Int) -> (Unicode.Scalar, length: Int) {
        let high = UInt32(codeUnit(in: content, at: index + 2) ?? 0xFFFD)
        if let scalar = Unicode.Scalar(high) { return (scalar, 6) }
        let low = UInt32(codeUnit(in: content, at: index + 8) ?? 0xFFFD)
        let combined = 0x10000 + (high & 0x3FF) << 10 + low & 0x3FF
        return (Unicode.Scalar(combined) ?? "\u{FFFD}", 12)
    }

    /// What stands for the byte after a backslash; nil for `u` and for all that is no escape.
    static func character(for byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The UTF-16 code unit whose four hexadecimal digits begin at `index`.
    static func codeUnit(in bytes: UnsafeRawBufferPointer, at index: Int) -> UInt16? {
        guard index + 4 <= bytes.count else { return nil }
        var unit: UInt16 = 0
        for byte in bytes[index..<index + 4] {
            guard let digit = hexadecimalDigit(byte) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// Whether `bytes` are well-formed UTF-8: the Unicode Standard, table 3-7.
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            index += 1
            guard lead >= 0x80 else { continue }
            let second: ClosedRange<UInt8>
            let further: Int
            switch lead {
            case 0xC2...0xDF: (second, further) = (0x80...0xBF, 0)
            case 0xE0: (second, further) = (0xA0...0xBF, 1)
            case 0xED: (second, further) = (0x80...0x9F, 1)
            case 0xE1...0xEF: (second, further) = (0x80...0xBF, 1)
            case 0xF0: (second, further) = (0x90...0xBF, 2)
            case 0xF1...0xF3: (second, further) = (0x80...0xBF, 2)
            case 0xF4: (second, further) = (0x80...0x8F, 2)
            default: return false
            }
            guard index + further < bytes.count, second.contains(bytes[index]),
                bytes[index + 1..<index + 1 + further].allSatisfy({ $0 & 0xC0 == 0x80 })
            else { return false }
            index += 1 + further
        }
        return true
    }
}
