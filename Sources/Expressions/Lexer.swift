/// One token of an expression: what it is and which bytes it is written with.
struct Token {
    let kind: Kind
    let range: Range<Int>

    enum Kind: Equatable {
        case identifier
        /// `#` and at least one letter, digit or underscore.
        case nameReference
        /// `:` and at least one letter, digit or underscore.
        case valueReference
        case number
        case comparator(Comparator)
        case leftParenthesis
        case rightParenthesis
        case leftBracket
        case rightBracket
        case comma
        case dot
        case plus
        case minus
        /// A character that no expression holds.
        case unknown
        case end
    }
}

/// Cuts the bytes of an expression into tokens.
struct Lexer {
    private let bytes: [UInt8]
    private var position = 0

    /// The tokens of `bytes`, which are UTF-8; the last is always ``Token/Kind/end``, and only the last.
    static func tokens(of bytes: [UInt8]) -> [Token] {
        var lexer = Lexer(bytes: bytes)
        var tokens: [Token] = []
        repeat { tokens.append(lexer.next()) } while tokens.last?.kind != .end
        return tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() -> Token {
        skip { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let start = position
        guard start < bytes.count else { return Token(kind: .end, range: start..<start) }
        position += 1
        let kind = kind(startingWith: bytes[start])
        return Token(kind: kind, range: start..<position)
    }

    private mutating func kind(startingWith byte: UInt8) -> Token.Kind {
        switch byte {
        case UInt8(ascii: "("): return .leftParenthesis
        case UInt8(ascii: ")"): return .rightParenthesis
        case UInt8(ascii: "["): return .leftBracket
        case UInt8(ascii: "]"): return .rightBracket
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: "."): return .dot
        case UInt8(ascii: "+"): return .plus
        case UInt8(ascii: "-"): return .minus
        case UInt8(ascii: "="): return .comparator(.equal)
        case UInt8(ascii: "<"):
            if take(UInt8(ascii: "=")) { return .comparator(.lessOrEqual) }
            return .comparator(take(UInt8(ascii: ">")) ? .notEqual : .less)
        case UInt8(ascii: ">"): return .comparator(take(UInt8(ascii: "=")) ? .greaterOrEqual : .greater)
        case UInt8(ascii: "#"): return skip(while: Self.isWord) ? .nameReference : .unknown
        case UInt8(ascii: ":"): return skip(while: Self.isWord) ? .valueReference : .unknown
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            skip { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return .number
        // A name that stands for itself begins with a letter.
        case UInt8(ascii: "_"): return .unknown
        case _ where Self.isWord(byte):
            skip(while: Self.isWord)
            return .identifier
        default:
            // The rest of a character of several bytes, so that an error text never shows half of one.
            skip { $0 & 0xC0 == 0x80 }
            return .unknown
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Whether anything was skipped.
    @discardableResult
    private mutating func skip(while predicate: (UInt8) -> Bool) -> Bool {
        let start = position
        while position < bytes.count, predicate(bytes[position]) { position += 1 }
        return position > start
    }

    /// Letters, digits and underscores of ASCII: what names and placeholders are written with.
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
