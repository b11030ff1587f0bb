/// A string as DynamoDB sees one: compared, ordered and hashed by its UTF-8 bytes.
///
/// Swift's own `String` compares by canonical equivalence, so that two spellings of "é" are equal and neither key order
/// nor equality is the bytes' own. Attribute names and values of type S are `Text` everywhere for that reason.
public struct Text: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text as a Swift string, for printing and parsing; compare `Text`, never this.
    public let string: String

    /// Wraps `string`, made contiguous in UTF-8 so that every later comparison is over plain bytes.
    @inlinable
    public init(_ string: String) {
        var string = string
        string.makeContiguousUTF8()
        self.string = string
    }

    /// Validates `bytes` as UTF-8; nil where they are not.
    @inlinable
    public init?(validating bytes: Span<UInt8>) {
        guard let validated = try? UTF8Span(validating: bytes) else { return nil }
        string = String(copying: validated)
    }

    /// Validates the bytes of any collection as UTF-8; nil where they are not.
    @inlinable
    public init?(validating bytes: some Collection<UInt8>) {
        guard let text = bytes.withContiguousStorageIfAvailable({ Text(validating: $0.span) }) else {
            let copy = Array(bytes)
            self.init(validating: copy.span)
            return
        }
        guard let text else { return nil }
        self = text
    }

    @inlinable
    public init(stringLiteral value: String) { self.init(value) }

    /// The text's UTF-8 bytes.
    @inlinable
    public var utf8: String.UTF8View { string.utf8 }

    /// The length in UTF-8 bytes, which is what all of DynamoDB's limits count.
    @inlinable
    public var byteCount: Int { string.utf8.count }

    @inlinable
    public var isEmpty: Bool { string.isEmpty }

    @inlinable
    public var description: String { string }

    @inlinable
    public static func == (left: Text, right: Text) -> Bool {
        let (a, b) = (left.string.utf8.span, right.string.utf8.span)
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }

    @inlinable
    public static func < (left: Text, right: Text) -> Bool {
        let (a, b) = (left.string.utf8.span, right.string.utf8.span)
        for index in 0..<min(a.count, b.count) where a[index] != b[index] { return a[index] < b[index] }
        return a.count < b.count
    }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
