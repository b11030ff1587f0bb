import ItemModel

/// What stands behind WHERE.
extension PartiQLParser {
    /// A condition.
    mutating func condition() throws(ExpressionFault) -> Condition.Node {
        var nodes = [try conjunction()]
        while take(keyword: "or") { nodes.append(try conjunction()) }
        return nodes.count == 1 ? nodes[0] : .or(nodes)
    }

    private mutating func conjunction() throws(ExpressionFault) -> Condition.Node {
        var nodes = [try negation()]
        while take(keyword: "and") { nodes.append(try negation()) }
        return nodes.count == 1 ? nodes[0] : .and(nodes)
    }

    private mutating func negation() throws(ExpressionFault) -> Condition.Node {
        guard take(keyword: "not") else { return try predicate() }
        return .not(try nested { parser throws(ExpressionFault) in try parser.negation() })
    }

    private mutating func predicate() throws(ExpressionFault) -> Condition.Node {
        if take(symbol: "(") {
            let node = try nested { parser throws(ExpressionFault) in try parser.condition() }
            try expect(symbol: ")")
            return node
        }
        if case .identifier(let name) = current, following == .symbol("(") { return try function(name.lowercased()) }
        return try comparison(of: try operand())
    }

    /// A function that is true or false.
    private mutating func function(_ name: String) throws(ExpressionFault) -> Condition.Node {
        guard let function = ConditionFunction(rawValue: name) else { throw .statementUnknownFunction }
        advance()
        try expect(symbol: "(")
        let node: Condition.Node
        switch function {
        case .beginsWith:
            let first = try operand()
            try expect(symbol: ",")
            node = .beginsWith(first, prefix: try operand())
        case .contains:
            let first = try operand()
            try expect(symbol: ",")
            node = .contains(first, try operand())
        case .attributeType:
            let first = try operand()
            try expect(symbol: ",")
            guard startsLiteral else { throw .statementExpectedLiteral }
            node = .attributeType(first, try typeName())
        case .attributeExists: node = .attributeExists(try path())
        case .attributeNotExists: node = .attributeNotExists(try path())
        case .size: throw .statementUnknownFunction
        }
        try expect(symbol: ")")
        return node
    }

    private mutating func typeName() throws(ExpressionFault) -> AttributeValue {
        let value = try literal()
        guard case .string(let name) = value else {
            throw .operandType(value.kind.rawValue, of: ConditionFunction.attributeType.rawValue)
        }
        guard AttributeValue.Kind(name: name) != nil else { throw .attributeTypeName(name) }
        return value
    }

    /// A path, a literal, or a size.
    private mutating func operand() throws(ExpressionFault) -> Operand<BoundStage> {
        if current == .keyword("size"), following == .symbol("(") {
            advance()
            advance()
            let measured = try nested { parser throws(ExpressionFault) in try parser.operand() }
            try expect(symbol: ")")
            return .size(measured)
        }
        return startsLiteral ? .value(try literal()) : .path(try path())
    }

    private mutating func comparison(of left: Operand<BoundStage>) throws(ExpressionFault) -> Condition.Node {
        switch current {
        case .symbol(let symbol):
            guard let comparator = Comparator(rawValue: symbol == "!=" ? "<>" : symbol) else { throw unexpected }
            advance()
            let right = try operand()
            if comparator != .equal, comparator != .notEqual { try checkOrdered([left, right], symbol) }
            return .comparison(comparator, left, right)
        case .keyword("is"):
            advance()
            let isNegated = take(keyword: "not")
            guard case .path(let path) = left else { throw .statementUnexpectedTerm }
            if take(keyword: "missing") { return isNegated ? .attributeExists(path) : .attributeNotExists(path) }
            try expect(keyword: "null")
            let node = Condition.Node.attributeType(left, .string("NULL"))
            return isNegated ? .not(node) : node
        case .keyword("not"):
            guard following == .keyword("in") || following == .keyword("between") else { throw unexpected }
            advance()
            return .not(try comparison(of: left))
        case .keyword("between"):
            advance()
            let lower = try operand()
            try expect(keyword: "and")
            let upper = try operand()
            try checkOrdered([left, lower, upper], "BETWEEN")
            return .between(left, lower: lower, upper: upper)
        case .keyword("in"):
            advance()
            return .in(left, try candidates())
        case .identifier, .quoted, .keyword, .string, .number, .parameter, .end: throw unexpected
        }
    }

    /// Refuses literals and parameters that have no order.
    private func checkOrdered(_ operands: [Operand<BoundStage>], _ name: String) throws(ExpressionFault) {
        for case .value(let value) in operands {
            switch value.kind {
            case .bool, .list, .map, .stringSet, .numberSet, .binarySet:
                throw .operandType(value.kind.rawValue, of: name)
            case .string, .number, .binary, .null: break
            }
        }
    }

    /// What IN compares with: a list in brackets or parentheses, or a parameter that is one.
    private mutating func candidates() throws(ExpressionFault) -> [Operand<BoundStage>] {
        var candidates: [Operand<BoundStage>] = []
        if current == .parameter {
            guard case .list(let values) = takeParameter() else { throw .statementUnexpectedTerm }
            candidates = values.map(Operand<BoundStage>.value)
        } else {
            let close = current == .symbol("[") ? "]" : ")"
            guard take(symbol: "[") || take(symbol: "(") else { throw unexpected }
            repeat { candidates.append(try operand()) } while take(symbol: ",")
            try expect(symbol: close)
        }
        guard candidates.count <= ExpressionLimits.inOperandCount else {
            throw .tooManyInOperands(count: candidates.count)
        }
        return candidates
    }
}
