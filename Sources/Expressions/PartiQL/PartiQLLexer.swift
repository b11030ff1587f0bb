import ItemModel

/// One word, literal or mark of a statement.
enum PartiQLToken: Hashable {
    /// A name without quotes that is no keyword.
    case identifier(String)
    /// A name in double quotes.
    case quoted(String)
    /// In lower case.
    case keyword(String)
    /// A text in single quotes.
    case string(String)
    case number(String)
    case parameter
    case symbol(String)
    case end
}

/// Cuts a statement into tokens.
struct PartiQLLexer {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: Text) { bytes = Array(text.utf8) }

    /// The next token.
    mutating func next() throws(ExpressionFault) -> PartiQLToken {
        try skipSpace()
        guard let byte = peek() else { return .end }
        switch byte {
        case UInt8(ascii: "'"): return .string(try quoted(by: byte))
        case UInt8(ascii: "\""): return .quoted(try quoted(by: byte))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        case UInt8(ascii: "."):
            if let following = peek(1), following.isDigit { return number() }
            offset += 1
            return .symbol(".")
        case UInt8(ascii: "?"):
            offset += 1
            return .parameter
        default:
            if byte.startsName { return word() }
            return try symbol()
        }
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        bytes.indices.contains(offset + distance) ? bytes[offset + distance] : nil
    }

    /// White space, `-- …` to the end of the line, and `/* … */`.
    private mutating func skipSpace() throws(ExpressionFault) {
        while let byte = peek() {
            if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                offset += 1
            } else if byte == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "-") {
                while let byte = peek(), byte != 0x0A { offset += 1 }
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                offset += 2
                while peek() != UInt8(ascii: "*") || peek(1) != UInt8(ascii: "/") {
                    guard peek() != nil else { throw .statementUnclosed }
                    offset += 1
                }
                offset += 2
            } else {
                return
            }
        }
    }

    /// A quote within the quotes stands twice.
    private mutating func quoted(by quote: UInt8) throws(ExpressionFault) -> String {
        offset += 1
        var content: [UInt8] = []
        while let byte = peek() {
            offset += 1
            if byte == quote {
                guard peek() == quote else { return String(decoding: content, as: UTF8.self) }
                offset += 1
            }
            content.append(byte)
        }
        throw .statementUnclosed
    }

    private mutating func number() -> PartiQLToken {
        let start = offset
        skipDigits()
        if peek() == UInt8(ascii: ".") {
            offset += 1
            skipDigits()
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if let digit = peek(sign ? 2 : 1), digit.isDigit {
                offset += sign ? 2 : 1
                skipDigits()
            }
        }
        return .number(text(from: start))
    }

    private mutating func skipDigits() {
        while let byte = peek(), byte.isDigit { offset += 1 }
    }

    private mutating func word() -> PartiQLToken {
        let start = offset
        while let byte = peek(), byte.startsName || byte.isDigit || byte == UInt8(ascii: "$") { offset += 1 }
        let word = text(from: start)
        return PartiQLKeywords.contains(word) ? .keyword(word.lowercased()) : .identifier(word)
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<offset], as: UTF8.self) }

    private static let symbols = [
        "<<", ">>", "<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", "*", "+", "-", ";",
    ]

    private mutating func symbol() throws(ExpressionFault) -> PartiQLToken {
        for symbol in Self.symbols where bytes[offset...].starts(with: symbol.utf8) {
            offset += symbol.utf8.count
            return .symbol(symbol)
        }
        throw .statementInvalidCharacter
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var startsName: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) || self == UInt8(ascii: "_")
    }
}
