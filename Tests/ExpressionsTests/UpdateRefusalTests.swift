import Expressions
import ItemModel
import Testing

@Suite struct UpdateRefusalTests {
    @Test(arguments: [
        Refusal("", "The expression can not be empty;"),
        Refusal("SET", "Syntax error; token: \"<EOF>\", near: \"SET\""),
        Refusal("a = :s", "Syntax error; token: \"a\", near: \"a =\""),
        Refusal("whatever something", "Syntax error; token: \"whatever\", near: \"whatever something\""),
        Refusal("SET a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Refusal("SET a = :s,", "Syntax error; token: \"<EOF>\", near: \",\""),
        Refusal("SET a = :s b = :s", "Syntax error; token: \"b\", near: \":s b =\""),
        Refusal("SET a = = :s", "Syntax error; token: \"=\", near: \"= = :s\""),
        Refusal("SET a = :n + ", "Syntax error; token: \"<EOF>\", near: \"+ \""),
        Refusal("SET a = :n * :n", "Syntax error; token: \"*\", near: \":n * :n\""),
        Refusal("SET a = list_append(b, c + :n)", "Syntax error; token: \"+\", near: \"c + :n\""),
        Refusal("SET _123 = :s", "Syntax error; token: \"_\", near: \"SET _123\""),
        Refusal("SET _abc = :s", "Syntax error; token: \"_\", near: \"SET _abc\""),
        Refusal("SET a._b = :s", "Syntax error; token: \"_\", near: \"._b\""),
        Refusal("REMOVE __typename", "Syntax error; token: \"_\", near: \"REMOVE __\""),
        Refusal(
            "SET a = list_append(list_append(:l, :l), b)",
            "The function is not allowed to be used this way in an expression; function: list_append"),
        Refusal(
            "SET a = list_append(:l, (list_append(:l, b)))",
            "The function is not allowed to be used this way in an expression; function: list_append"),
        Refusal("SET set = :s", "Syntax error; token: \"set\", near: \"SET set =\""),
        Refusal("REMOVE a = :s", "Syntax error; token: \"=\", near: \"a = :s\""),
        Refusal("ADD a b", "Syntax error; token: \"b\", near: \"a b\""),
        Refusal("ADD a", "Syntax error; token: \"<EOF>\", near: \"a\""),
        Refusal("DELETE :s a", "Syntax error; token: \":s\", near: \"DELETE :s a\""),
        Refusal("SET a = ((:s))", "The expression has redundant parentheses;"),
        Refusal("SET a = foo(b)", "Invalid function name; function: foo"),
        Refusal("SET a = size(b)", "The function is not allowed in an update expression; function: size"),
        Refusal(
            "SET a = :s REMOVE b SET c = :s", "The \"SET\" section can only be used once in an update expression;"),
        Refusal("remove a remove b", "The \"REMOVE\" section can only be used once in an update expression;"),
        Refusal("SET Data = :s", "Attribute name is a reserved keyword; reserved keyword: Data"),
        Refusal("SET between = :s", "Attribute name is a reserved keyword; reserved keyword: between"),
        Refusal(
            "SET #x = :s", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        Refusal(
            "ADD a :v", "An expression attribute value used in expression is not defined; attribute value: :v"),
        Refusal(
            "SET a = if_not_exists(b)",
            "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
                + "number of operands: 1"),
        Refusal(
            "SET a = if_not_exists(:s, :s)",
            "Operator or function requires a document path; operator or function: if_not_exists"),
        Refusal(
            "SET a = :s, b = :s, #a = :s",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a], path two: [a]"),
        Refusal(
            "REMOVE a.b[3], c SET a.b = :s",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a, b, [3]], path two: [a, b]"),
        Refusal(
            "SET a.b = :s REMOVE a[1]",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                + "path one: [a, b], path two: [a, [1]]"),
        Refusal(
            "ADD a :s",
            "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
                + "typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Refusal(
            "DELETE a :n",
            "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, "
                + "typeSet: ALLOWED_FOR_DELETE_OPERAND"),
        Refusal(
            "ADD a :m",
            "Incorrect operand type for operator or function; operator: ADD, operand type: MAP, "
                + "typeSet: ALLOWED_FOR_ADD_OPERAND"),
        Refusal(
            "SET a = b + :s",
            "Incorrect operand type for operator or function; operator or function: +, operand type: S"),
        Refusal(
            "SET a = if_not_exists(b, :s) - :n",
            "Incorrect operand type for operator or function; operator or function: -, operand type: S"),
        Refusal(
            "SET a = list_append(b, :s)",
            "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"),
        Refusal(
            "SET " + (0...300).map { "a\($0)=b+:n" }.joined(separator: ","),
            "The expression contains too many operators; operator count: 301"),
        Refusal("SET a = b + :n - c", "Syntax error; token: \"-\", near: \":n - c\""),
        Refusal("SET a = (b - :n) + c", "Syntax error; token: \"+\", near: \") + c\""),
        Refusal("SET a = :n - (b - c)", "Syntax error; token: \"-\", near: \"b - c\""),
    ])
    func `an update that DynamoDB refuses is refused in its words`(_ refusal: Refusal) throws {
        let message = try messageRefusing {
            try ParsedUpdate(parsing: Text(refusal.expression)).bind(to: everyPlaceholder())
        }
        #expect(message == "Invalid UpdateExpression: \(refusal.message)")
    }

    @Test(arguments: [
        "SET a = :s", "set a = :s remove b add c :n delete d :ss", "SET a = (b - :n)", "SET a = (b) + (c)",
        "SET a = if_not_exists(a, :n) + :n", "SET a = list_append(if_not_exists(b, :l), :l)", "SET a.b[0].#data = :s",
        "ADD a.b :n", "REMOVE a[0], a[1]", "SET a = a + :n", "SET a = :n - b",
        "SET " + (0..<300).map { "a\($0)=b+:n" }.joined(separator: ","),
    ])
    func `an update that DynamoDB takes is taken`(_ expression: String) throws {
        _ = try ParsedUpdate(parsing: Text(expression)).bind(to: everyPlaceholder())
    }

    @Test func `an update that touches a key attribute is refused`() throws {
        let update = try ParsedUpdate(parsing: "SET a = :s REMOVE sk.x").bind(to: everyPlaceholder())
        try update.checkLeavesKey(["pk", "x"])
        let message = try messageRefusing { try update.checkLeavesKey(["pk", "sk"]) }
        #expect(
            message
                == "One or more parameter values were invalid: Cannot update attribute sk. "
                + "This attribute is part of the key"
        )
    }

    @Test func `functions nested beyond any limit are refused, not followed`() throws {
        for (open, close) in [("(", ")"), ("list_append(", ",b)"), ("(b+", ")")] {
            let count = 4_000 / (open.count + close.count)
            let expression =
                "SET a = " + String(repeating: open, count: count) + ":n"
                + String(repeating: close, count: count)
            #expect(throws: ExpressionError.self) {
                try ParsedUpdate(parsing: Text(expression)).bind(to: everyPlaceholder())
            }
        }
    }
}
