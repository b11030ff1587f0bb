/// Parses one JSON text as RFC 8259 says, and nothing looser, in one pass.
///
/// It keeps its own stack, so that how deep a text nests costs no stack of the thread; deeper than ``maximumDepth`` is
/// an error.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var nodes: [JSONDocument.Node] = []
    /// The nodes of the containers that are open.
    private var open: [Int] = []

    /// Twice what the deepest request of a service takes, so that what nests a little too deeply is left to clearer
    /// errors.
    static let maximumDepth = 256

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        nodes.reserveCapacity(min(bytes.count / 6 + 4, 1 << 16))
    }

    /// Parses the whole text.
    mutating func parse() throws(JSONSyntaxError) -> [JSONDocument.Node] {
        guard bytes.count < Int(UInt32.max) else { throw error }
        repeat {
            try parseValue()
        } while try advanceToNextValue()
        guard position == bytes.count else { throw error }
        return nodes
    }

    private var error: JSONSyntaxError { JSONSyntaxError(position: position) }

    /// The next byte that is no white space, not consumed; zero, which no value begins with, at the end.
    private mutating func peek() -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return 0
    }

    /// Parses a value up to its end or, of a container, up to its first child's beginning.
    private mutating func parseValue() throws(JSONSyntaxError) {
        while true {
            switch peek() {
            case UInt8(ascii: "{"):
                try openContainer(.object)
                guard peek() != UInt8(ascii: "}") else { return }
                try parseMemberName()
            case UInt8(ascii: "["):
                try openContainer(.array)
                guard peek() != UInt8(ascii: "]") else { return }
            case UInt8(ascii: "\""): return try parseString()
            case UInt8(ascii: "t"): return try parseLiteral("true", .true)
            case UInt8(ascii: "f"): return try parseLiteral("false", .false)
            case UInt8(ascii: "n"): return try parseLiteral("null", .null)
            default: return try parseNumber()
            }
            addToOpenContainer()
        }
    }

    /// Closes what ends here and stands before the next value; false when the outermost value has ended.
    private mutating func advanceToNextValue() throws(JSONSyntaxError) -> Bool {
        while let container = open.last {
            let isObject = nodes[container].kind == .object
            switch peek() {
            case UInt8(ascii: ",") where nodes[container].count > 0:
                position += 1
                if isObject { try parseMemberName() }
                addToOpenContainer()
                return true
            case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
                position += 1
                nodes[container].next = UInt32(nodes.count)
                open.removeLast()
            default:
                throw error
            }
        }
        _ = peek()
        return false
    }

    private mutating func openContainer(_ kind: JSONDocument.Kind) throws(JSONSyntaxError) {
        guard open.count < Self.maximumDepth else { throw error }
        open.append(nodes.count)
        append(kind, start: position, count: 0)
        position += 1
    }

    private mutating func addToOpenContainer() {
        if let container = open.last { nodes[container].count += 1 }
    }

    private mutating func parseMemberName() throws(JSONSyntaxError) {
        guard peek() == UInt8(ascii: "\"") else { throw error }
        try parseString()
        guard peek() == UInt8(ascii: ":") else { throw error }
        position += 1
    }

    private mutating func append(_ kind: JSONDocument.Kind, start: Int, count: Int, isEscaped: Bool = false) {
        nodes.append(
            JSONDocument.Node(
                start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: count),
                next: UInt32(truncatingIfNeeded: nodes.count + 1), kind: kind, isEscaped: isEscaped))
    }

    private mutating func parseLiteral(_ literal: StaticString, _ kind: JSONDocument.Kind) throws(JSONSyntaxError) {
        let count = literal.utf8CodeUnitCount
        guard bytes.count - position >= count,
            bytes[position..<position + count].elementsEqual(
                UnsafeBufferPointer(start: literal.utf8Start, count: count))
        else { throw error }
        append(kind, start: position, count: count)
        position += count
    }
}

extension JSONParser {
    private mutating func parseString() throws(JSONSyntaxError) {
        position += 1
        let start = position
        var isEscaped = false
        var union: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let content = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
                guard union < 0x80 || JSONEscapes.isUTF8(content) else { throw error }
                append(.string, start: start, count: position - start, isEscaped: isEscaped)
                position += 1
                return
            }
            guard byte >= 0x20 else { throw error }
            union |= byte
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try skipEscape()
            } else {
                position += 1
            }
        }
        throw error
    }

    /// Skips one escape, of a pair of surrogates both.
    private mutating func skipEscape() throws(JSONSyntaxError) {
        guard position + 1 < bytes.count else { throw error }
        guard bytes[position + 1] == UInt8(ascii: "u") else {
            guard JSONEscapes.character(for: bytes[position + 1]) != nil else { throw error }
            position += 2
            return
        }
        guard let unit = JSONEscapes.codeUnit(in: bytes, at: position + 2) else { throw error }
        position += 6
        guard unit & 0xF800 == 0xD800 else { return }
        guard unit < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u"),
            let low = JSONEscapes.codeUnit(in: bytes, at: position + 2), low & 0xFC00 == 0xDC00
        else { throw error }
        position += 6
    }

    private mutating func parseNumber() throws(JSONSyntaxError) {
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        let isZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        let integerDigits = skipDigits()
        guard integerDigits == 1 || integerDigits > 1 && !isZero else { throw error }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() > 0 else { throw error }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard skipDigits() > 0 else { throw error }
        }
        append(.number, start: start, count: position - start)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }
}
