import Expressions
import ItemModel
import Testing

@Suite struct ConditionRefusalTests {
    static let syntax: [Refusal] = [
        Refusal("", "The expression can not be empty;"),
        Refusal(" ", "Syntax error; token: \"<EOF>\", near: \"\""),
        Refusal("a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Refusal("a =", "Syntax error; token: \"<EOF>\", near: \"=\""),
        Refusal("a = :s OR", "Syntax error; token: \"<EOF>\", near: \"OR\""),
        Refusal("a = = :s", "Syntax error; token: \"=\", near: \"= = :s\""),
        Refusal("foo-bar = :s", "Syntax error; token: \"-\", near: \"foo-bar\""),
        Refusal("a = :s b", "Syntax error; token: \"b\", near: \":s b\""),
        Refusal("a = 5", "Syntax error; token: \"5\", near: \"= 5\""),
        Refusal("a = \"x\"", "Syntax error; token: \"\"\", near: \"= \"x\""),
        Refusal("a = é", "Syntax error; token: \"é\", near: \"= é\""),
        Refusal("#", "Syntax error; token: \"#\", near: \"#\""),
        Refusal("a = :", "Syntax error; token: \":\", near: \"= :\""),
        Refusal("a = # b", "Syntax error; token: \"#\", near: \"= # b\""),
        Refusal("(a = :s", "Syntax error; token: \"<EOF>\", near: \":s\""),
        Refusal("a = :s)", "Syntax error; token: \")\", near: \":s)\""),
        Refusal("a = (b = :s)", "Syntax error; token: \"=\", near: \"b = :s\""),
        Refusal("a = :s AND b", "Syntax error; token: \"<EOF>\", near: \"b\""),
        Refusal("a AND b = :s", "Syntax error; token: \"AND\", near: \"a AND b\""),
        Refusal("NOT a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Refusal("(a = :s) = :s", "Syntax error; token: \"=\", near: \") = :s\""),
        Refusal("a.", "Syntax error; token: \"<EOF>\", near: \".\""),
        Refusal("a[b] = :s", "Syntax error; token: \"b\", near: \"[b]\""),
        Refusal("a[-1] = :s", "Syntax error; token: \"-\", near: \"[-1\""),
        Refusal("a[:n] = :s", "Syntax error; token: \":n\", near: \"[:n]\""),
        Refusal("a BETWEEN :s", "Syntax error; token: \"<EOF>\", near: \":s\""),
        Refusal("a BETWEEN :s OR :s", "Syntax error; token: \"OR\", near: \":s OR :s\""),
        Refusal("a IN :s", "Syntax error; token: \":s\", near: \"IN :s\""),
        Refusal("a IN ()", "Syntax error; token: \")\", near: \"()\""),
        Refusal("a IN (:s,)", "Syntax error; token: \")\", near: \",)\""),
        Refusal("size()", "Syntax error; token: \")\", near: \"()\""),
        Refusal("a = b + :n", "Syntax error; token: \"+\", near: \"b + :n\""),
        Refusal("and = :s", "Syntax error; token: \"and\", near: \"and =\""),
        Refusal("a.or = :s", "Syntax error; token: \"or\", near: \".or =\""),
        Refusal("a = :s, b = :s", "Syntax error; token: \",\", near: \":s, b\""),
    ]

    static let operands: [Refusal] = [
        Refusal("((a = :s))", "The expression has redundant parentheses;"),
        Refusal("a = ((:s))", "The expression has redundant parentheses;"),
        Refusal("((a)) = :s", "The expression has redundant parentheses;"),
        Refusal("a IN (((:s)))", "The expression has redundant parentheses;"),
        Refusal("foo(a)", "Invalid function name; function: foo"),
        Refusal("Size(a) > :n", "Invalid function name; function: Size"),
        Refusal("BEGINS_WITH(a, :s)", "Invalid function name; function: BEGINS_WITH"),
        Refusal(
            "if_not_exists(a, :s) = :s",
            "The function is not allowed in a condition expression; function: if_not_exists"),
        Refusal("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        Refusal("NOT size(a)", "The function is not allowed to be used this way in an expression; function: size"),
        Refusal(
            "attribute_exists(a) = :bool",
            "The function is not allowed to be used this way in an expression; function: attribute_exists"),
        Refusal(
            "contains(begins_with(a, :s), :s)",
            "The function is not allowed to be used this way in an expression; function: begins_with"),
        Refusal("Data = :s", "Attribute name is a reserved keyword; reserved keyword: Data"),
        Refusal("a.b.size = :s", "Attribute name is a reserved keyword; reserved keyword: size"),
        Refusal(
            "#x = :s", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        Refusal(
            "a = :v", "An expression attribute value used in expression is not defined; attribute value: :v"),
        Refusal(
            "a = :v AND #x = :s",
            "An expression attribute value used in expression is not defined; attribute value: :v"),
        Refusal(
            "size(a, b) = :n",
            "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"
        ),
        Refusal(
            "begins_with(a)",
            "Incorrect number of operands for operator or function; operator or function: begins_with, "
                + "number of operands: 1"),
        Refusal(
            "attribute_exists(:s)",
            "Operator or function requires a document path; operator or function: attribute_exists"),
        Refusal(
            "attribute_not_exists(size(a))",
            "Operator or function requires a document path; operator or function: attribute_not_exists"),
        Refusal(
            "a = a",
            "The first operand must be distinct from the remaining operands for this operator or function; "
                + "operator: =, first operand: [a]"),
        Refusal(
            "#a.b[1] <> a.#b[1]",
            "The first operand must be distinct from the remaining operands for this operator or function; "
                + "operator: <>, first operand: [a, b, [1]]"),
        Refusal(
            "contains(a, #a)",
            "The first operand must be distinct from the remaining operands for this operator or function; "
                + "operator: contains, first operand: [a]"),
        Refusal(
            "begins_with(a, :n)",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
        Refusal(
            "begins_with(a, size(b))",
            "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
        Refusal(
            "a < :bool",
            "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"),
        Refusal(
            "a BETWEEN :l AND :l",
            "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: L"),
        Refusal(
            "size(:n) = :n",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N"),
        Refusal(
            "size(size(a)) = :n",
            "Incorrect operand type for operator or function; operator or function: size, operand type: N"),
        Refusal(
            "attribute_type(a, :n)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"),
        Refusal(
            "attribute_type(a, b)",
            "Incorrect operand type for operator or function; operator or function: attribute_type, "
                + "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"),
        Refusal(
            "attribute_type(a, :badtype)",
            "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
        Refusal(
            "a BETWEEN :s AND :n",
            "The BETWEEN operator requires same data type for lower and upper bounds; "
                + "lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {N:5}"),
        Refusal(
            "a BETWEEN :s AND :s2",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                + "lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}"),
        Refusal(
            "a BETWEEN :n AND :n2",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                + "lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"),
        Refusal(
            "a BETWEEN :b AND :b2",
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                + "lower bound operand: AttributeValue: {B:Ag==}, upper bound operand: AttributeValue: {B:AQ==}"),
        Refusal(
            "a[99999999999] = :s", "List index is not within the allowable range; index: [99999999999]"),
        Refusal("a[2147483648] = :s", "List index is not within the allowable range; index: [2147483648]"),
        Refusal(
            "a[99999999999999999999999] = :s",
            "List index is not within the allowable range; index: [99999999999999999999999]"),
    ]

    static let limits: [Refusal] = [
        Refusal(
            "a = :" + String(repeating: "x", count: 4_092),
            "Expression size has exceeded the maximum allowed size; expression size: 4097"),
        Refusal(
            Array(repeating: "a=:s", count: 152).joined(separator: " OR "),
            "The expression contains too many operators; operator count: 301"),
        Refusal(
            String(repeating: "NOT ", count: 300) + "a=:s",
            "The expression contains too many operators; operator count: 301"),
        Refusal(
            "a IN (" + Array(repeating: ":s", count: 101).joined(separator: ",") + ")",
            "The IN operator is provided with too many operands; number of operands: 101"),
        Refusal(
            "a" + String(repeating: ".b", count: 32) + " = :s",
            "The document path has too many nesting elements; nesting levels: 33"),
    ]

    @Test(arguments: syntax + operands + limits)
    func `a condition that DynamoDB refuses is refused in its words`(_ refusal: Refusal) throws {
        let everything = try everyPlaceholder()
        for (kind, name) in [
            (ExpressionKind.condition, "ConditionExpression"), (.filter, "FilterExpression"),
            (.keyCondition, "KeyConditionExpression"),
        ] {
            let message = try messageRefusing {
                try ParsedCondition(parsing: Text(refusal.expression), as: kind).bind(to: everything)
            }
            #expect(message == "Invalid \(name): \(refusal.message)")
        }
    }

    @Test(arguments: [
        "a = :s", "(a = :s)", "(a) = (:s)", ":s = a", "NOT NOT a = :s", "a = :s and not (b = :s or b <> :n)",
        "a BETWEEN :s2 AND :s AND b BETWEEN :n2 and :n", "a BETWEEN b AND c", "a in (:s)", "(a) IN ((b), :n)",
        "size(a) > :n", "size (:s) = :n", "contains(a, size(b))", "attribute_type(a, :type)", "a_ = :s",
        "a1.b_2[0][1] = :s",
        "a\n=\t:s", "#data = :s", "(a = :s AND (b = :s))", "((a = :s) AND (b = :s))",
        "begins_with(:s, a)", "a [ 0 ] . b = :s", "a = :l", "a <> :m", "NOT(a = :s)AND(b = :s)",
    ])
    func `a condition that DynamoDB takes is taken`(_ expression: String) throws {
        _ = try ParsedCondition(parsing: Text(expression)).bind(to: everyPlaceholder())
    }

    @Test func `a keyword of another grammar is a reserved word, not syntax`() throws {
        let message = try messageRefusing { try ParsedCondition(parsing: "set = :s") }
        #expect(message == "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: set")
    }

    @Test func `limits are inclusive`() throws {
        let allowed = [
            Array(repeating: "a=:s", count: 150).joined(separator: " OR "),
            "a IN (" + Array(repeating: ":s", count: 100).joined(separator: ",") + ")",
            "a" + String(repeating: ".b", count: 31) + " = :s", "a[2147483647] = :s",
            "a = :s" + String(repeating: " ", count: 4_090), String(repeating: "NOT ", count: 299) + "a=:s",
        ]
        for expression in allowed { _ = try ParsedCondition(parsing: Text(expression)).bind(to: everyPlaceholder()) }
    }

    @Test func `parentheses nested beyond any limit are refused, not followed`() throws {
        for (open, close) in [("(", ")"), ("(a=:s AND (", "))"), ("size(", ")"), ("NOT (", ")")] {
            let count = 4_000 / (open.count + close.count)
            let expression = String(repeating: open, count: count) + "a=:s" + String(repeating: close, count: count)
            #expect(throws: ExpressionError.self) { try ParsedCondition(parsing: Text(expression)) }
        }
    }

    @Test func `the gravest fault is reported, wherever it stands`() throws {
        var terms = ["a = a", "begins_with(a)", "#x = :v", "data = :s", "size(a)", "foo(a)", "((a = :s))"]
        var messages: [String] = []
        while !terms.isEmpty {
            let message = try messageRefusing {
                try ParsedCondition(parsing: Text(terms.joined(separator: " AND "))).bind(to: everyPlaceholder())
            }
            messages.append(String(try #require(message).dropFirst("Invalid ConditionExpression: ".count)))
            terms.removeLast()
        }
        #expect(
            messages == [
                "The expression has redundant parentheses;", "Invalid function name; function: foo",
                "The function is not allowed to be used this way in an expression; function: size",
                "Attribute name is a reserved keyword; reserved keyword: data",
                "An expression attribute name used in the document path is not defined; attribute name: #x",
                "Incorrect number of operands for operator or function; operator or function: begins_with, "
                    + "number of operands: 1",
                "The first operand must be distinct from the remaining operands for this operator or function; "
                    + "operator: =, first operand: [a]",
            ])
    }
}
