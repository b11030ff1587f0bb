/// The types that an attribute of a key may have: DynamoDB's `ScalarAttributeType`.
public enum KeyKind: String, Sendable, CaseIterable {
    case string = "S"
    case number = "N"
    case binary = "B"
}

extension AttributeValue {
    /// The value's type as that of a key attribute; nil where no key can hold such a value.
    public var keyKind: KeyKind? { KeyKind(rawValue: kind.rawValue) }
}

/// Writes key values in the form whose byte order is DynamoDB's: strings and binaries by their bytes, numbers by value.
///
/// Every form says where it ends, so that forms of several key attributes can stand one after the other and still order
/// by the first that differs; no form is the beginning of another. The type is not in it: a table's schema fixes it.
///
/// - S and B: the bytes, each 00 as 00 FF, then 00 01.
/// - N: 02 for zero. For a positive number 03, the power of ten of its first digit plus 130, its digits two to a byte
///   as a value from 0 to 99 plus 1 (an odd last digit is a ten), then 00. For a negative number 01 and the complement
///   of all bytes that its absolute value has after the 03.
///
/// The form is part of the disk format and of the replication protocol.
public enum KeyEncoder {
    static let escape: UInt8 = 0x00
    static let escapedZero: UInt8 = 0xFF
    static let terminator: UInt8 = 0x01

    /// Appends the form of `value`; false, with nothing appended, where no key can hold a value of its type.
    public static func append(_ value: AttributeValue, to bytes: inout [UInt8]) -> Bool {
        switch value {
        case .string(let text): append(text, to: &bytes)
        case .number(let number): append(number, to: &bytes)
        case .binary(let binary): append(binary, to: &bytes)
        case .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet: return false
        }
        return true
    }

    public static func append(_ string: Text, to bytes: inout [UInt8]) {
        appendPrefix(string, to: &bytes)
        bytes.append(escape)
        bytes.append(terminator)
    }

    public static func append(_ binary: [UInt8], to bytes: inout [UInt8]) {
        appendPrefix(binary, to: &bytes)
        bytes.append(escape)
        bytes.append(terminator)
    }

    public static func append(_ number: Number, to bytes: inout [UInt8]) { number.appendKeyForm(to: &bytes) }

    /// Appends what the forms of all strings that begin with `prefix`, and no others, begin with.
    public static func appendPrefix(_ prefix: Text, to bytes: inout [UInt8]) {
        appendEscaped(prefix.utf8.span, to: &bytes)
    }

    /// Appends what the forms of all binaries that begin with `prefix`, and no others, begin with.
    public static func appendPrefix(_ prefix: [UInt8], to bytes: inout [UInt8]) {
        appendEscaped(prefix.span, to: &bytes)
    }

    private static func appendEscaped(_ content: Span<UInt8>, to bytes: inout [UInt8]) {
        content.withUnsafeBufferPointer { content in
            var start = 0
            for index in content.indices where content[index] == escape {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: content[start...index]))
                bytes.append(escapedZero)
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: content[start...]))
        }
    }
}
