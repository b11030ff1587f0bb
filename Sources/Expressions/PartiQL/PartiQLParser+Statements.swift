import ItemModel

/// The five kinds of statements.
extension PartiQLParser {
    mutating func statement() throws(ExpressionFault) -> PartiQLStatement {
        switch current {
        case .keyword("select"): return .select(try select())
        case .keyword("insert"): return .insert(try insert())
        case .keyword("update"): return .update(try update())
        case .keyword("delete"): return .delete(try delete())
        case .keyword("exists"):
            advance()
            try expect(symbol: "(")
            let select = try select()
            try expect(symbol: ")")
            return .exists(select)
        default: throw unexpected
        }
    }

    private mutating func select() throws(ExpressionFault) -> PartiQLStatement.Select {
        try expect(keyword: "select")
        var columns: [PartiQLStatement.Column]?
        if !take(symbol: "*") {
            var named: [PartiQLStatement.Column] = []
            repeat { named.append(try column(number: named.count + 1)) } while take(symbol: ",")
            columns = named
        }
        try expect(keyword: "from")
        let source = try source(allowsIndex: true)
        guard current != .symbol(","), !isJoin else {
            throw ExpressionFault("Only select from a single table or index is supported.")
        }
        let condition = take(keyword: "where") ? Condition(try self.condition()) : nil
        return PartiQLStatement.Select(source: source, columns: columns, condition: condition, order: try order())
    }

    private var isJoin: Bool {
        switch current {
        case .keyword(let word): ["join", "inner", "left", "right", "full", "cross", "natural"].contains(word)
        default: false
        }
    }

    private mutating func column(number: Int) throws(ExpressionFault) -> PartiQLStatement.Column {
        let path = try path()
        guard current != .keyword("as") else { throw .statementUnsupported("Aliasing is not supported") }
        // What has no name of its own is called by its place.
        let name: Text =
            switch path.tail.last {
            case .name(let name): name
            case .index: Text("_\(number)")
            case nil: path.head
            }
        return PartiQLStatement.Column(path: path, name: name)
    }

    private mutating func order() throws(ExpressionFault) -> [PartiQLStatement.Order] {
        guard take(keyword: "order") else { return [] }
        try expect(keyword: "by")
        var terms: [PartiQLStatement.Order] = []
        repeat {
            let path = try path()
            guard path.tail.isEmpty else { throw .statementUnexpectedPathComponent }
            let isAscending = !take(keyword: "desc")
            if isAscending { _ = take(keyword: "asc") }
            terms.append(PartiQLStatement.Order(name: path.head, isAscending: isAscending))
        } while take(symbol: ",")
        return terms
    }

    /// A table, or an index of it.
    private mutating func source(allowsIndex: Bool) throws(ExpressionFault) -> PartiQLStatement.Source {
        func isName(_ token: PartiQLToken) -> Bool {
            switch token {
            case .identifier, .quoted: true
            default: false
            }
        }
        guard isName(current) else {
            if case .keyword = current { throw .statementUnexpectedKeyword }
            throw .statementExpectedSource
        }
        let table = try name()
        var index: String?
        if take(symbol: ".") {
            guard isName(current) else { throw .statementUnexpectedPathComponent }
            guard allowsIndex else { throw .statementUnexpectedPathComponent }
            index = try name()
        }
        guard current != .symbol(".") || index == nil else { throw .statementLongSource }
        guard current != .symbol("."), current != .symbol("[") else { throw .statementUnexpectedPathComponent }
        return PartiQLStatement.Source(table: Text(table), index: index.map { Text($0) })
    }

    private mutating func insert() throws(ExpressionFault) -> PartiQLStatement.Insert {
        try expect(keyword: "insert")
        try expect(keyword: "into")
        let source = try source(allowsIndex: false)
        if current == .symbol("<<") || current == .keyword("values") { throw .statementSeveralItems }
        try expect(keyword: "value")
        if current == .symbol("<<") || current == .symbol("[") { throw .statementSeveralItems }
        guard case .map(let item) = try literal() else { throw .statementUnexpectedTerm }
        guard item.depth <= ExpressionLimits.nestingDepth else { throw .nestingTooDeep }
        return PartiQLStatement.Insert(source: source, item: item)
    }

    private mutating func delete() throws(ExpressionFault) -> PartiQLStatement.Delete {
        try expect(keyword: "delete")
        try expect(keyword: "from")
        let source = try source(allowsIndex: false)
        guard take(keyword: "where") else { throw current == .end ? .statementKeyMissing : unexpected }
        let condition = Condition(try condition())
        let returning = try returning()
        guard returning.map({ !$0.isNew && !$0.isModifiedOnly }) ?? true else {
            throw .statementUnsupported("DELETE returns ALL OLD * alone")
        }
        return PartiQLStatement.Delete(source: source, condition: condition, returning: returning)
    }

    private mutating func returning() throws(ExpressionFault) -> PartiQLStatement.Returning? {
        guard take(keyword: "returning") else { return nil }
        let isModifiedOnly = take(keyword: "modified")
        if !isModifiedOnly { try expect(keyword: "all") }
        let isNew = take(keyword: "new")
        if !isNew { try expect(keyword: "old") }
        try expect(symbol: "*")
        return PartiQLStatement.Returning(isModifiedOnly: isModifiedOnly, isNew: isNew)
    }

    // MARK: Updates

    private mutating func update() throws(ExpressionFault) -> PartiQLStatement.Update {
        try expect(keyword: "update")
        let source = try source(allowsIndex: false)
        var actions: [UpdateExpression.Action] = []
        while true {
            if take(keyword: "set") {
                repeat { actions.append(try assignment()) } while take(symbol: ",")
            } else if take(keyword: "remove") {
                repeat { actions.append(.remove(try path())) } while take(symbol: ",")
            } else {
                break
            }
        }
        guard !actions.isEmpty else { throw current == .end ? .statementEmptyUpdate : unexpected }
        guard take(keyword: "where") else { throw current == .end ? .statementKeyMissing : unexpected }
        let condition = Condition(try condition())
        let update = try UpdateExpression(checking: actions, faults: FaultLedger())
        return PartiQLStatement.Update(
            source: source, update: update, condition: condition, returning: try returning())
    }

    private mutating func assignment() throws(ExpressionFault) -> UpdateExpression.Action {
        let target = try path()
        try expect(symbol: "=")
        if case .identifier(let name) = current, following == .symbol("("),
            ["set_add", "set_delete"].contains(name.lowercased())
        {
            advance()
            advance()
            guard try path() == target else {
                throw .statementUnsupported("\(name) changes the attribute that it is assigned to")
            }
            try expect(symbol: ",")
            let value = try literal()
            guard [.stringSet, .numberSet, .binarySet].contains(value.kind) else {
                throw .operandType(value.kind.rawValue, of: name.lowercased())
            }
            try expect(symbol: ")")
            return name.lowercased() == "set_add" ? .add(target, value) : .delete(target, value)
        }
        return .set(target, try assigned())
    }

    /// A sum or a difference of terms, from left to right.
    private mutating func assigned() throws(ExpressionFault) -> UpdateExpression.Operand {
        var operand = try term()
        while current == .symbol("+") || current == .symbol("-") {
            let isSum = take(symbol: "+")
            if !isSum { advance() }
            // DynamoDB has one operator in an assignment.
            if case .sum = operand { throw .statementUnexpectedToken }
            if case .difference = operand { throw .statementUnexpectedToken }
            let right = try term()
            operand = isSum ? .sum(operand, right) : .difference(operand, right)
        }
        return operand
    }

    private mutating func term() throws(ExpressionFault) -> UpdateExpression.Operand {
        if case .identifier(let name) = current, following == .symbol("(") {
            guard ["list_append", "if_not_exists"].contains(name.lowercased()) else { throw .statementUnknownFunction }
            advance()
            advance()
            let result: UpdateExpression.Operand
            if name.lowercased() == "list_append" {
                let head = try nested { parser throws(ExpressionFault) in try parser.term() }
                try expect(symbol: ",")
                result = .listAppend(head, try nested { parser throws(ExpressionFault) in try parser.term() })
            } else {
                let path = try path()
                try expect(symbol: ",")
                result = .ifNotExists(path, try nested { parser throws(ExpressionFault) in try parser.term() })
            }
            try expect(symbol: ")")
            return result
        }
        return startsLiteral ? .value(try literal()) : .path(try path())
    }
}
