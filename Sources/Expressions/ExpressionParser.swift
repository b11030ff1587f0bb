import ItemModel

/// A recursive-descent parser over the tokens of one expression: what the grammars share.
///
/// Wrong syntax is thrown at once. Other faults are noted in ``faults`` and ``laterFaults`` while parsing goes on,
/// since a graver one may follow. Recursion is bounded by ``ExpressionLimits/parenthesisDepth``.
struct ExpressionParser {
    private let bytes: [UInt8]
    private let tokens: [Token]
    /// The index of the current token; never past the last, which is the end.
    private(set) var position = 0
    private let keywords: [Keyword]
    private var nesting = 0
    private var operatorCount = 0
    /// Every placeholder, in the order of the text.
    private(set) var references: [PlaceholderReference] = []
    /// Faults that are reported whatever the request's placeholders are.
    var faults = FaultLedger()
    /// Faults that give way to undefined placeholders.
    var laterFaults = FaultLedger()

    /// The words that the grammars give a meaning, in any letter case.
    enum Keyword: String {
        case and = "AND"
        case or = "OR"
        case not = "NOT"
        case between = "BETWEEN"
        case `in` = "IN"
        case set = "SET"
        case remove = "REMOVE"
        case add = "ADD"
        case delete = "DELETE"
    }

    /// Checks the length of `text` and cuts it into tokens; `keywords` can't be attribute names in this grammar.
    init(_ text: Text, keywords: [Keyword]) throws(ExpressionFault) {
        guard !text.isEmpty else { throw .empty }
        guard text.byteCount <= ExpressionLimits.byteCount else { throw .tooLong(byteCount: text.byteCount) }
        bytes = Array(text.utf8)
        tokens = Lexer.tokens(of: bytes)
        self.keywords = keywords
    }

    var current: Token { tokens[position] }

    /// The token after the current one; the end follows itself.
    private var following: Token { tokens[min(position + 1, tokens.count - 1)] }

    /// Whether the current token is a function's name.
    var isAtFunction: Bool { current.kind == .identifier && following.kind == .leftParenthesis }

    /// The keyword that the current token is, if it is one in this grammar.
    var keyword: Keyword? {
        guard current.kind == .identifier else { return nil }
        let word = string(of: current).uppercased()
        return keywords.first { $0.rawValue == word }
    }

    func string(of token: Token) -> String { String(decoding: bytes[token.range], as: UTF8.self) }

    func text(of token: Token) -> Text { Text(string(of: token)) }

    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    /// Steps over the current token if it is of `kind`.
    mutating func take(_ kind: Token.Kind) -> Bool {
        guard current.kind == kind else { return false }
        advance()
        return true
    }

    /// Steps over the current token if it is `keyword`.
    mutating func take(_ keyword: Keyword) -> Bool {
        guard self.keyword == keyword else { return false }
        advance()
        return true
    }

    mutating func expect(_ kind: Token.Kind) throws(ExpressionFault) {
        guard take(kind) else { throw syntaxFault }
    }

    mutating func expect(_ keyword: Keyword) throws(ExpressionFault) {
        guard take(keyword) else { throw syntaxFault }
    }

    /// Throws unless everything was parsed, then the gravest of the noted faults.
    mutating func finish() throws(ExpressionFault) {
        guard current.kind == .end else { throw syntaxFault }
        try faults.check()
    }

    /// The current token is not what the grammar wants; shown between its neighbours as they stand in the text.
    var syntaxFault: ExpressionFault {
        let start = tokens[max(position - 1, 0)].range.lowerBound
        let near = String(decoding: bytes[start..<following.range.upperBound], as: UTF8.self)
        return .syntax(token: current.kind == .end ? "<EOF>" : string(of: current), near: near)
    }

    mutating func countOperator() {
        operatorCount += 1
        if operatorCount > ExpressionLimits.operatorCount { faults.note(.tooManyOperators, .limit) }
    }

    /// Goes one parenthesis or function call deeper; ``leave()`` comes back.
    mutating func enter() throws(ExpressionFault) {
        nesting += 1
        guard nesting <= ExpressionLimits.parenthesisDepth else { throw faults.gravest?.fault ?? .tooManyOperators }
    }

    mutating func leave() { nesting -= 1 }
}

extension ExpressionParser {
    /// Parses `name`, `#name`, and any number of `.name`, `.#name` and `[n]` after it.
    mutating func parsePath() throws(ExpressionFault) -> PathReference {
        let head = try parseName()
        var tail: [PathReference.Element] = []
        while true {
            if take(.dot) {
                tail.append(.name(try parseName()))
            } else if take(.leftBracket) {
                tail.append(.index(try parseIndex()))
                try expect(.rightBracket)
            } else {
                break
            }
        }
        if tail.count >= ExpressionLimits.pathDepth { faults.note(.pathTooDeep(levels: tail.count + 1), .path) }
        return PathReference(head: head, tail: tail)
    }

    /// Parses a `:value`.
    mutating func parseValue() throws(ExpressionFault) -> ValueReference {
        guard current.kind == .valueReference else { throw syntaxFault }
        let placeholder = text(of: current)
        references.append(.value(placeholder))
        advance()
        return ValueReference(placeholder: placeholder)
    }

    private mutating func parseName() throws(ExpressionFault) -> NameReference {
        let token = current
        switch token.kind {
        case .nameReference:
            references.append(.name(text(of: token)))
            advance()
            return .placeholder(text(of: token))
        case .identifier where keyword == nil:
            if ReservedWords.contains(bytes[token.range]) {
                faults.note(.reservedWord(string(of: token)), .reservedWord)
            }
            advance()
            return .literal(text(of: token))
        default:
            throw syntaxFault
        }
    }

    private mutating func parseIndex() throws(ExpressionFault) -> Int {
        guard current.kind == .number else { throw syntaxFault }
        let digits = string(of: current)
        advance()
        guard let index = Int(digits), index <= ExpressionLimits.listIndex else {
            faults.note(.indexOutOfRange(digits: digits), .path)
            return 0
        }
        return index
    }
}
