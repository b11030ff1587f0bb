import ItemModel
import Testing

@testable import Expressions

@Suite struct PartiQLTests {
    private func parse(_ text: Text, _ parameters: AttributeValue...) throws -> PartiQLStatement {
        try PartiQLStatement(parsing: text, parameters: parameters)
    }

    private func select(_ text: Text, _ parameters: AttributeValue...) throws -> PartiQLStatement.Select {
        guard case .select(let select) = try PartiQLStatement(parsing: text, parameters: parameters) else {
            throw ExpressionError(.empty)
        }
        return select
    }

    /// What stands behind WHERE, in the notation of expressions.
    private func condition(_ text: Text, _ parameters: AttributeValue...) throws -> Condition.Node? {
        try PartiQLStatement(parsing: Text("SELECT * FROM t WHERE \(text)"), parameters: parameters).selectCondition?
            .root
    }

    @Test func `a select names its table, its index, its columns and its order`() throws {
        let everything = try select("select * from Music")
        #expect(everything.source.table == "Music" && everything.source.index == nil)
        #expect(everything.columns == nil && everything.condition == nil && everything.order.isEmpty)
        let some = try select(#"SELECT Artist, "a b".c[2], d['e f'].g FROM "my-table"."by.index" ORDER BY a DESC, b"#)
        #expect(some.source.table == "my-table" && some.source.index == "by.index")
        #expect(
            some.columns?.map(\.path) == [
                DocumentPath("Artist"), DocumentPath("a b", [.name("c"), .index(2)]),
                DocumentPath("d", [.name("e f"), .name("g")]),
            ])
        #expect(some.columns?.map(\.name) == ["Artist", "_2", "g"])
        #expect(some.order == [.init(name: "a", isAscending: false), .init(name: "b", isAscending: true)])
    }

    @Test func `literals of every type become their values`() throws {
        guard
            case .insert(let insert) = try parse(
                """
                INSERT INTO t VALUE {'s': 'it''s', 'n': -1.50e2, 't': true, 'f': FALSE, 'z': null, 'l': [1, 'a', []],
                 'm': {'x': {}, 'y': ?}, 'ss': <<'b', 'a'>>, 'ns': <<2, 1, 2>>, 'bs': << ? >>, 'e': ''}
                """, .bool(true), .binary([1]))
        else {
            Issue.record("no insert")
            return
        }
        #expect(
            insert.item
                == [
                    "s": .string("it's"), "n": .number(Number(-150)), "t": .bool(true), "f": .bool(false), "z": .null,
                    "l": .list([.number(Number(1)), .string("a"), .list([])]),
                    "m": .map(["x": .map([:]), "y": .bool(true)]), "ss": .stringSet(["a", "b"]),
                    "ns": .numberSet([Number(1), Number(2)]), "bs": .binarySet([[1]]), "e": .string(""),
                ])
    }

    @Test(arguments: [
        ("a = 1 AND b <> 'x' OR NOT c < 2", "a = :1 AND b <> :x OR NOT c < :2"),
        ("a != 1", "a <> :1"),
        ("(a = 1 OR b = 2) AND c >= 3", "(a = :1 OR b = :2) AND c >= :3"),
        ("a BETWEEN 1 AND 2 AND b = 3", "a BETWEEN :1 AND :2 AND b = :3"),
        ("a NOT BETWEEN 1 AND 2", "NOT a BETWEEN :1 AND :2"),
        ("a IN [1, 2]", "a IN (:1, :2)"), ("a NOT IN (1, 2)", "NOT a IN (:1, :2)"),
        ("a IS MISSING", "attribute_not_exists(a)"), ("a.b IS NOT MISSING", "attribute_exists(a.b)"),
        ("a IS NULL", "attribute_type(a, :null)"), ("a IS NOT NULL", "NOT attribute_type(a, :null)"),
        ("begins_with(a, 'x') and CONTAINS(b, 1)", "begins_with(a, :x) AND contains(b, :1)"),
        ("attribute_type(a, 'NULL')", "attribute_type(a, :null)"), ("size(a) > 3", "size(a) > :3"),
        ("1 < a", ":1 < a"), ("a[0].b = \"c\"", "a[0].b = c"),
        ("a = 1 -- the rest is said\n AND /* nothing */ b = 2", "a = :1 AND b = :2"),
    ])
    func `conditions are lowered to those of expressions`(text: String, expected: String) throws {
        let values: AttributeMap = [":1": 1, ":2": 2, ":3": 3, ":x": "x", ":null": "NULL"]
        let parsed = try ParsedCondition(parsing: Text(expected)).bind(to: try placeholders(values))
        #expect(try condition(Text(text)) == parsed.root)
    }

    @Test func `parameters stand for values in their order, lists for IN among them`() throws {
        #expect(
            try condition("a = ? AND b IN [?, ?] AND c BETWEEN ? AND ?", 1, 2, 3, 4, 5)
                == (try condition("a = 1 AND b IN [2, 3] AND c BETWEEN 4 AND 5")))
        #expect(try condition("a IN ?", .list([1, 2])) == (try condition("a IN [1, 2]")))
        for parameters in [[], [1], [1, 2, 3]] as [[AttributeValue]] {
            #expect(throws: ExpressionError(.statementParameterCount)) {
                try PartiQLStatement(parsing: "SELECT * FROM t WHERE a = ? AND b = ?", parameters: parameters)
            }
        }
    }

    @Test func `an update's chain of SET and REMOVE becomes one update`() throws {
        guard
            case .update(let update) = try parse(
                """
                UPDATE t SET a = 1, b.c = d + 1 SET e = list_append(e, ['x']) REMOVE f REMOVE g[0]
                SET h = set_add(h, <<1>>) SET i = set_delete(i, <<'x'>>) WHERE pk = 'k' RETURNING MODIFIED NEW *
                """)
        else {
            Issue.record("no update")
            return
        }
        let path = { (name: Text) in DocumentPath(name) }
        #expect(
            update.update.actions == [
                .set(path("a"), .value(1)), .set(DocumentPath("b", [.name("c")]), .sum(.path(path("d")), .value(1))),
                .set(path("e"), .listAppend(.path(path("e")), .value(.list(["x"])))), .remove(path("f")),
                .remove(DocumentPath("g", [.index(0)])), .add(path("h"), .numberSet([Number(1)])),
                .delete(path("i"), .stringSet(["x"])),
            ])
        #expect(update.returning == .init(isModifiedOnly: true, isNew: true))
    }

    @Test func `deletes and EXISTS are read`() throws {
        guard case .delete(let delete) = try parse("DELETE FROM t WHERE pk = 'k' RETURNING ALL OLD *;") else {
            Issue.record("no delete")
            return
        }
        #expect(delete.returning == .init(isModifiedOnly: false, isNew: false))
        guard case .exists = try parse("EXISTS(SELECT * FROM t WHERE pk = 'k')") else {
            Issue.record("no exists")
            return
        }
    }

    @Test(arguments: [
        ("", "Expected expression"), ("   ", "Expected expression"), ("SELECT", "Expected expression"),
        ("SELECT *", "Expected expression"), ("SELECT * FROM", "Expected identifier for simple path"),
        ("SELECT * FROM 't'", "Expected identifier for simple path"), ("CREATE TABLE t", "Unexpected keyword"),
        ("foo", "Unexpected term"), ("SELECT date FROM t", "Unexpected keyword"),
        ("SELECT * FROM t WHERE", "Expected expression"), ("SELECT * FROM t WHERE a", "Expected expression"),
        ("SELECT * FROM t WHERE a = ", "Expected expression"), ("SELECT * FROM t WHERE a == 1", "Unexpected token"),
        ("SELECT * FROM t WHERE a = 1 b", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE a = 1)", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE (a = 1", "Expected expression"),
        ("SELECT * FROM t WHERE foo(a)", "Unexpected function"),
        ("SELECT * FROM t WHERE a = 'x", "Unterminated quoted text"),
        ("SELECT * FROM t WHERE a = #", "Invalid character"),
        ("SELECT a[b] FROM t", "Unexpected path component"), ("UPDATE t WHERE a = 1", "Unexpected keyword"),
        ("INSERT INTO t VALUE", "Expected expression"), ("INSERT INTO t VALUE 1", "Unexpected term"),
        ("INSERT INTO t VALUE {a: 1}", "Unexpected term"),
        ("INSERT INTO t VALUE {'a': <<>>}", "A set must have elements, all of one type: string, number or binary"),
        (
            "INSERT INTO t VALUE {'a': <<1, 'a'>>}",
            "A set must have elements, all of one type: string, number or binary"
        ),
        ("DELETE t WHERE a = 1", "Unexpected term"), ("UPDATE t SET a = 1 + 2 + 3 WHERE a = 1", "Unexpected token"),
    ])
    func `what is no statement is refused`(text: String, what: String) {
        #expect(
            throws: ExpressionError(ExpressionFault("Statement wasn't well formed, can't be processed: \(what)"))
        ) { try parse(Text(text)) }
    }

    @Test(arguments: [
        ("SELECT * FROM t.u.v", "A path may contain at most 2 components in the FROM clause"),
        (#"SELECT * FROM "t"."u"."v" WHERE a = 1"#, "A path may contain at most 2 components in the FROM clause"),
        (#"SELECT * FROM """#, "Path component cannot be an empty string"),
        (#"SELECT * FROM t."" WHERE a = 1"#, "Path component cannot be an empty string"),
        (#"DELETE FROM "" WHERE a = 1"#, "Path component cannot be an empty string"),
    ])
    func `a source has one or two components with a name`(text: String, message: String) {
        #expect(throws: ExpressionError(ExpressionFault(message))) { try parse(Text(text)) }
    }

    @Test(arguments: [
        ("UPDATE t SET a = 1", "Where clause does not contain a mandatory equality on all key attributes"),
        ("DELETE FROM t", "Where clause does not contain a mandatory equality on all key attributes"),
        ("SELECT * FROM t, u", "Only select from a single table or index is supported."),
        (
            "INSERT INTO t << {'a': 1} >>",
            "Unsupported operation: Inserting multiple items in a single statement is not supported, use \"INSERT INTO tableName VALUE item\" instead"
        ),
        (
            "INSERT INTO t VALUE {'a': 1e200}",
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        ),
        (
            "UPDATE t SET a = 1, a.b = 2 WHERE pk = 1",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"
        ),
    ])
    func `what no statement may ask for is refused`(text: String, message: String) {
        #expect(throws: ExpressionError(ExpressionFault(message))) { try parse(Text(text)) }
    }

    @Test(arguments: [("true", "BOOL"), ("[1]", "L"), ("{'a': 1}", "M"), ("<<1, 2>>", "NS"), ("<<'a'>>", "SS")])
    func `values without order are compared for equality only`(_ value: String, _ kind: String) throws {
        for comparison in ["a < \(value)", "a <= \(value)", "\(value) > a", "a >= \(value)"] {
            #expect(throws: ExpressionError.self, "\(comparison)") { try condition(Text(comparison)) }
        }
        #expect(
            throws: ExpressionError(
                ExpressionFault(
                    "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: \(kind)"
                ))
        ) { try condition(Text("a BETWEEN 1 AND \(value)")) }
        _ = try condition(Text("a = \(value) OR a <> \(value) OR a < 1"))
    }

    @Test func `nesting has a bound, whatever it is made of`() {
        for (open, close) in [("(", ")"), ("NOT ", "")] {
            let text = String(repeating: open, count: 3_000) + "a = 1" + String(repeating: close, count: 3_000)
            #expect(throws: ExpressionError.self) { try condition(Text(text)) }
        }
        for (open, close) in [("[", "]"), ("{'a':", "}"), ("<<", ">>")] {
            let text = String(repeating: open, count: 3_000) + "1" + String(repeating: close, count: 3_000)
            #expect(throws: ExpressionError.self) { try parse(Text("INSERT INTO t VALUE {'a': \(text)}")) }
        }
    }
}

extension PartiQLStatement {
    fileprivate var selectCondition: Condition? {
        if case .select(let select) = self { select.condition } else { nil }
    }
}
