import ItemModel

/// Values as they are written in statements.
extension PartiQLParser {
    /// Whether a literal or a parameter is next.
    var startsLiteral: Bool {
        switch current {
        case .string, .number, .parameter, .keyword("true"), .keyword("false"), .keyword("null"):
            true
        case .symbol(let symbol): ["[", "{", "<<", "-", "+"].contains(symbol)
        case .identifier, .quoted, .keyword, .end: false
        }
    }

    /// A literal or a parameter.
    mutating func literal() throws(ExpressionFault) -> AttributeValue {
        switch current {
        case .string(let text):
            advance()
            return .string(Text(text))
        case .number(let digits):
            advance()
            return .number(try number(digits))
        case .parameter: return takeParameter()
        case .keyword("true"):
            advance()
            return .bool(true)
        case .keyword("false"):
            advance()
            return .bool(false)
        case .keyword("null"):
            advance()
            return .null
        case .symbol("-"), .symbol("+"):
            let sign = current == .symbol("-") ? "-" : ""
            advance()
            guard case .number(let digits) = current else { throw unexpected }
            advance()
            return .number(try number(sign + digits))
        case .symbol("["):
            return .list(try nested { parser throws(ExpressionFault) in try parser.elements(from: "[", to: "]") })
        case .symbol("<<"):
            return try set(
                of: try nested { parser throws(ExpressionFault) in try parser.elements(from: "<<", to: ">>") })
        case .symbol("{"): return .map(try nested { parser throws(ExpressionFault) in try parser.map() })
        case .identifier, .quoted, .keyword, .symbol, .end: throw unexpected
        }
    }

    private func number(_ text: String) throws(ExpressionFault) -> Number {
        do throws(NumberError) {
            return try Number(text)
        } catch {
            throw .number(error)
        }
    }

    /// Literals between brackets, with commas between them.
    mutating func elements(from open: String, to close: String) throws(ExpressionFault) -> [AttributeValue] {
        try expect(symbol: open)
        var elements: [AttributeValue] = []
        if take(symbol: close) { return elements }
        repeat { elements.append(try literal()) } while take(symbol: ",")
        try expect(symbol: close)
        return elements
    }

    /// `{'name': value, …}`; a name that stands twice has its last value.
    mutating func map() throws(ExpressionFault) -> AttributeMap {
        try expect(symbol: "{")
        var map = AttributeMap()
        if take(symbol: "}") { return map }
        repeat {
            guard case .string(let name) = current else { throw unexpected }
            advance()
            try expect(symbol: ":")
            map[Text(name)] = try literal()
        } while take(symbol: ",")
        try expect(symbol: "}")
        return map
    }

    private func set(of elements: [AttributeValue]) throws(ExpressionFault) -> AttributeValue {
        var strings: Set<Text> = []
        var numbers: Set<Number> = []
        var binaries: Set<[UInt8]> = []
        for element in elements {
            switch element {
            case .string(let text): strings.insert(text)
            case .number(let number): numbers.insert(number)
            case .binary(let bytes): binaries.insert(bytes)
            case .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet: throw .statementSetMembers
            }
        }
        switch (strings.isEmpty, numbers.isEmpty, binaries.isEmpty) {
        case (false, true, true): return .stringSet(strings.sorted())
        case (true, false, true): return .numberSet(numbers.sorted())
        case (true, true, false): return .binarySet(binaries.sorted { $0.lexicographicallyPrecedes($1) })
        default: throw .statementSetMembers
        }
    }
}
