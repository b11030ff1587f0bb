import ItemModel

/// Writes one JSON text as UTF-8, in the order in which it is called, putting in the commas itself.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether a value precedes in the container that is open.
    private var needsComma = false

    /// Starts an empty text.
    ///
    /// - Parameter capacity: about how many bytes it will have.
    init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    mutating func beginObject() { begin(UInt8(ascii: "{")) }
    mutating func endObject() { end(UInt8(ascii: "}")) }
    mutating func beginArray() { begin(UInt8(ascii: "[")) }
    mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's name, which needs no escapes.
    mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        endName()
    }

    /// Writes a member's name.
    mutating func name(text name: Text) {
        separate()
        appendQuoted(name.string)
        endName()
    }

    /// Writes a member's name from its UTF-8 bytes.
    mutating func name(utf8 name: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(name)
        endName()
    }

    mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    mutating func string(_ value: Text) { string(value.string) }

    /// Writes a string from its UTF-8 bytes.
    mutating func string(utf8 value: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    mutating func bool(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    mutating func integer(_ value: Int) {
        raw(String(value))
    }

    /// Writes a value that another writer has written.
    mutating func text(of other: JSONWriter) {
        separate()
        bytes.append(contentsOf: other.bytes)
        needsComma = true
    }

    /// Writes capacity units: a whole number or a half, with one digit after the point.
    mutating func units(_ value: Double) {
        raw("\(value)")
    }

    /// Writes a point in time as seconds since the Unix epoch with three decimals, as DynamoDB does.
    mutating func timestamp(milliseconds: UInt64) {
        let fraction = String(milliseconds % 1000)
        raw("\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)")
    }

    /// Writes `binary` as a string in Base64.
    mutating func base64(_ binary: UnsafeRawBufferPointer) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        Base64.encode(binary, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a number as a string, which is how DynamoDB writes the numbers of items.
    mutating func number(_ number: Number) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        number.appendDigits(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func endName() {
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func appendQuoted(_ value: String) {
        var value = value
        value.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0)) }
    }

    private mutating func appendQuoted(_ value: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for index in 0..<value.count {
            let byte = value[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: value[start..<index])
            appendEscape(of: byte)
            start = index + 1
        }
        bytes.append(contentsOf: value[start...])
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            for digit in [byte >> 4, byte & 0xF] {
                bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
