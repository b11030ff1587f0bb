public import ItemModel

/// Writes one JSON text as UTF-8, in the order in which it is called, putting in the commas itself.
public struct JSONWriter {
    @usableFromInline var buffer: [UInt8] = []
    /// Whether a value precedes in the container that is open.
    @usableFromInline var needsComma = false

    /// Starts an empty text.
    ///
    /// - Parameter capacity: about how many bytes it will have.
    public init(capacity: Int = 256) {
        buffer.reserveCapacity(capacity)
    }

    /// The text so far.
    @inlinable
    public var bytes: [UInt8] { buffer }

    @inlinable
    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    @inlinable
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    @inlinable
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    @inlinable
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's name, which needs no escapes.
    @inlinable
    public mutating func name(_ name: StaticString) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        buffer.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        buffer.append(UInt8(ascii: "\""))
        endName()
    }

    /// Writes a member's name.
    public mutating func name(text name: Text) {
        separate()
        appendQuoted(name.string)
        endName()
    }

    /// Writes a member's name from its UTF-8 bytes.
    public mutating func name(utf8 name: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(name)
        endName()
    }

    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    public mutating func string(_ value: Text) { string(value.string) }

    /// Writes a string from its UTF-8 bytes.
    public mutating func string(utf8 value: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    public mutating func bool(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    public mutating func null() {
        raw("null")
    }

    public mutating func integer(_ value: Int) {
        raw(String(value))
    }

    /// Writes a value that another writer has written.
    public mutating func text(of other: JSONWriter) {
        separate()
        buffer.append(contentsOf: other.buffer)
        needsComma = true
    }

    /// Writes a number with at least one digit after the point.
    public mutating func double(_ value: Double) {
        raw("\(value)")
    }

    /// Writes a point in time as seconds since the Unix epoch with three decimals.
    public mutating func timestamp(milliseconds: UInt64) {
        let fraction = String(milliseconds % 1000)
        raw("\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)")
    }

    /// Writes `binary` as a string in Base64.
    public mutating func base64(_ binary: UnsafeRawBufferPointer) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        Base64.encode(binary, into: &buffer)
        buffer.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a number as a string, so that no reader rounds it.
    public mutating func number(_ number: Number) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        number.appendDigits(to: &buffer)
        buffer.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a member whose value is a string.
    public mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    /// Writes a member whose value is a whole number.
    public mutating func member(_ name: StaticString, _ value: Int) {
        self.name(name)
        integer(value)
    }

    private mutating func raw(_ text: String) {
        separate()
        buffer.append(contentsOf: text.utf8)
        needsComma = true
    }

    @inlinable
    mutating func begin(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
        needsComma = false
    }

    @inlinable
    mutating func end(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }

    @inlinable
    mutating func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
    }

    @inlinable
    mutating func endName() {
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func appendQuoted(_ value: String) {
        var value = value
        value.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0)) }
    }

    private mutating func appendQuoted(_ value: UnsafeRawBufferPointer) {
        buffer.append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let end = Self.firstEscaped(in: value, from: start)
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: value[start..<end]))
            guard end < value.count else { break }
            appendEscape(of: value[end])
            start = end + 1
        }
        buffer.append(UInt8(ascii: "\""))
    }

    /// The place of the first byte that needs an escape, or the end; looks at eight bytes at a time.
    ///
    /// Source: Anderson, "Bit Twiddling Hacks", of words that have a byte less than another or equal to it.
    private static func firstEscaped(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones << 7
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ (ones * UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones * UInt64(UInt8(ascii: "\\")))
            // Above the first byte that is found a borrow may set bits without cause.
            let found =
                ((word &- ones * 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highBits
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count, !needsEscape(bytes[index]) { index += 1 }
        return index
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(of byte: UInt8) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        default:
            buffer.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 0xF] {
                buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
