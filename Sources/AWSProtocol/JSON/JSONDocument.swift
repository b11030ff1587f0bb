public import ItemModel

/// The values of one JSON text in the order in which they stand in it, flat, with places instead of copies of their
/// bytes.
///
/// One array of sixteen-byte nodes is all that reading a request allocates before its own values: a container's node is
/// followed by those of its children, an object's child being the node of its name and then the value's.
public struct JSONDocument {
    /// One value, or one member's name.
    @usableFromInline
    struct Node {
        /// The first byte of the value; of a string, the first after its quotation mark.
        @usableFromInline var start: UInt32
        /// Of a string or a number its bytes as they stand in the text, of a container its elements or members.
        @usableFromInline var count: UInt32
        /// The node that follows this value and everything in it.
        @usableFromInline var next: UInt32
        @usableFromInline var kind: Kind
        /// Whether a string has to be unescaped.
        @usableFromInline var isEscaped = false
    }

    /// The type of a value.
    public enum Kind: UInt8, Sendable {
        case null, `true`, `false`, number, string, array, object
    }

    @usableFromInline let nodes: [Node]

    /// Parses `bytes`, one JSON text with nothing after it.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
        var parser = JSONParser(bytes)
        nodes = try parser.parse()
    }

    /// Calls `body` with the outermost value, which is of use only within the call.
    ///
    /// - Parameter bytes: what the document was parsed from.
    @inlinable
    public func withRoot<Result, Failure: Error>(
        _ bytes: UnsafeRawBufferPointer, _ body: (JSONValue) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try nodes.withUnsafeBufferPointer { nodes throws(Failure) in
            try body(JSONValue(nodes: nodes, bytes: bytes, index: 0))
        }
    }
}

/// A text that is no JSON, or nests too deeply.
public struct JSONSyntaxError: Error, Equatable {
    /// The byte where it was noticed.
    public let position: Int
}

/// A place in a document: cheap to copy, and of use only while the request's bytes are borrowed.
public struct JSONValue {
    @usableFromInline let nodes: UnsafeBufferPointer<JSONDocument.Node>
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline let index: Int

    @inlinable
    init(nodes: UnsafeBufferPointer<JSONDocument.Node>, bytes: UnsafeRawBufferPointer, index: Int) {
        self.nodes = nodes
        self.bytes = bytes
        self.index = index
    }

    @inlinable
    var node: JSONDocument.Node { nodes[index] }

    @inlinable
    public var kind: JSONDocument.Kind { node.kind }
    @inlinable
    public var isNull: Bool { node.kind == .null }

    /// The length of the whole text that the value stands in.
    @inlinable
    public var documentByteCount: Int { bytes.count }

    /// Elements of an array or members of an object.
    @inlinable
    public var count: Int { Int(node.count) }

    /// The bytes of a string as they stand in the text, escapes and all, or of a number.
    @inlinable
    public var rawBytes: UnsafeRawBufferPointer {
        let node = node
        return UnsafeRawBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.start) + Int(node.count)])
    }

    /// The text of a string; empty for any other value.
    public var text: Text { Text(string) }

    /// The text of a string; empty for any other value.
    public var string: String {
        guard node.kind == .string else { return "" }
        // The parser has checked that the bytes are UTF-8.
        guard node.isEscaped else { return String(decoding: rawBytes, as: UTF8.self) }
        return String(decoding: JSONEscapes.unescape(rawBytes), as: UTF8.self)
    }

    /// Calls `body` with the unescaped bytes of a string.
    @inlinable
    public func withStringBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard node.isEscaped else { return body(rawBytes) }
        return JSONEscapes.unescape(rawBytes).withUnsafeBytes(body)
    }

    /// Whether a string's text is `literal`.
    @inlinable
    public func isString(_ literal: StaticString) -> Bool {
        guard node.kind == .string else { return false }
        let expected = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        guard !node.isEscaped else { return JSONEscapes.unescape(rawBytes).elementsEqual(expected) }
        return node.count == expected.count && rawBytes.elementsEqual(expected)
    }

    /// The member of that name, unless it is absent or null; where a name stands twice, the later.
    @inlinable
    public subscript(name: StaticString) -> JSONValue? {
        var found: JSONValue?
        for member in members where member.name.isString(name) { found = member.value }
        guard let found, !found.isNull else { return nil }
        return found
    }

    /// The elements of an array; none of any other value.
    @inlinable
    public var elements: Elements { Elements(container: self, isObject: false) }

    /// The members of an object; none of any other value.
    @inlinable
    public var members: Members { Members(container: self) }

    /// The elements of an array in order.
    public struct Elements: Sequence, IteratorProtocol {
        @usableFromInline let container: JSONValue
        @usableFromInline var remaining: Int
        @usableFromInline var index: Int

        @inlinable
        init(container: JSONValue, isObject: Bool) {
            self.container = container
            remaining = container.kind == (isObject ? .object : .array) ? container.count * (isObject ? 2 : 1) : 0
            index = container.index + 1
        }

        @inlinable
        public mutating func next() -> JSONValue? {
            guard remaining > 0 else { return nil }
            let value = JSONValue(nodes: container.nodes, bytes: container.bytes, index: index)
            remaining -= 1
            index = Int(value.node.next)
            return value
        }
    }

    /// The members of an object in order.
    public struct Members: Sequence, IteratorProtocol {
        @usableFromInline var values: Elements

        @inlinable
        init(container: JSONValue) {
            values = Elements(container: container, isObject: true)
        }

        @inlinable
        public mutating func next() -> (name: JSONValue, value: JSONValue)? {
            guard let name = values.next(), let value = values.next() else { return nil }
            return (name, value)
        }
    }
}

extension JSONValue {
    /// Whether the value is the literal true.
    @inlinable
    public var isTrue: Bool { kind == .true }

    /// The whole part of a number, at the ends of its range where it lies beyond; nil for any other value.
    public var integer: Int? {
        guard kind == .number else { return nil }
        let text = String(decoding: rawBytes, as: UTF8.self)
        if let integer = Int(text) { return integer }
        guard let double = Double(text) else { return nil }
        if double >= 9.2e18 { return .max }
        if double <= -9.2e18 { return .min }
        return Int(double)
    }

    /// A number of seconds since the Unix epoch in milliseconds; zero for what is before it or no number.
    public var epochMilliseconds: UInt64 {
        guard kind == .number, let seconds = Double(String(decoding: rawBytes, as: UTF8.self)), seconds > 0 else {
            return 0
        }
        return seconds < 1e15 ? UInt64((seconds * 1000).rounded()) : .max
    }

    /// Whether a number has a fraction or an exponent.
    public var isDecimal: Bool { rawBytes.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") } }
}
