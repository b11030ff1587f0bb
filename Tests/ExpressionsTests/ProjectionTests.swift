import Expressions
import ItemModel
import TestSupport
import Testing

@Suite struct ProjectionTests {
    static let item: Item = [
        "a": ["b": ["c": 1, "d": 2], "e": 3], "l": [0, ["x": 1, "y": 2], 2, [3, 4]], "s": "text", "x.y": 7,
    ]

    private func project(_ expression: String) throws -> Item {
        let placeholders = try placeholders(names: [("#b", "b"), ("#dot", "x.y")])
        let projection = try ParsedProjection(parsing: Text(expression)).bind(to: placeholders)
        let projected = projection.apply(to: Self.item)
        #expect(try projection.apply(to: BinaryItem(Self.item.encoded())) == projected)
        return projected
    }

    @Test func `parts come at their own places`() throws {
        #expect(try project("s") == ["s": "text"])
        #expect(try project("a") == ["a": ["b": ["c": 1, "d": 2], "e": 3]])
        #expect(try project("a.#b.c, a.e") == ["a": ["b": ["c": 1], "e": 3]])
        #expect(try project("#dot") == ["x.y": 7])
    }

    @Test func `list elements keep their order and close up`() throws {
        #expect(try project("l[2], l[0]") == ["l": [0, 2]])
        #expect(try project("l[3][1], l[1].y, l[3][0]") == ["l": [["y": 2], [3, 4]]])
        #expect(try project("l[9], l[2]") == ["l": [2]])
    }

    @Test(arguments: ["absent", "s.x", "s[0]", "a[0]", "l.x", "a.b.q", "l[9]", "a.q.c", "l[1][0]", "a.e.z"])
    func `what the item lacks leaves no trace`(_ expression: String) throws {
        #expect(try project(expression) == [:])
    }

    @Test(arguments: [
        Refusal("", "The expression can not be empty;"),
        Refusal("a,", "Syntax error; token: \"<EOF>\", near: \",\""),
        Refusal(",a", "Syntax error; token: \",\", near: \",a\""),
        Refusal("a b", "Syntax error; token: \"b\", near: \"a b\""),
        Refusal("a.size(b)", "Syntax error; token: \"(\", near: \"size(b\""),
        Refusal(":v", "Syntax error; token: \":v\", near: \":v\""),
        Refusal("a, and", "Attribute name is a reserved keyword; reserved keyword: and"),
        Refusal("a, bAg, aBORT", "Attribute name is a reserved keyword; reserved keyword: aBORT"),
        Refusal("#x", "An expression attribute name used in the document path is not defined; attribute name: #x"),
        Refusal(
            "a, b, a",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a], path two: [a]"),
        Refusal(
            "a, b.c, a.b",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a], path two: [a, b]"),
        Refusal(
            "a[3].#b, c, a[3]",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [a, [3], b], path two: [a, [3]]"),
        Refusal(
            "a.b, a[0].c",
            "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                + "path one: [a, b], path two: [a, [0], c]"),
        Refusal(
            "b[1], z, b[1].x, b.c",
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                + "path one: [b, [1]], path two: [b, [1], x]"),
    ])
    func `a projection that DynamoDB refuses is refused in its words`(_ refusal: Refusal) throws {
        let message = try messageRefusing {
            try ParsedProjection(parsing: Text(refusal.expression)).bind(to: placeholders(names: [("#b", "b")]))
        }
        #expect(message == "Invalid ProjectionExpression: \(refusal.message)")
    }

    @Test func `paths overlap exactly when one leads through the other`() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2_000 {
            let paths = (0..<Int.random(in: 1...4, using: &random)).map { _ in randomPath(&random) }
            let clashes = paths.indices.contains { index in
                paths[..<index].contains { one in
                    let other = paths[index]
                    guard one.head == other.head else { return false }
                    for (left, right) in zip(one.tail, other.tail) where left != right {
                        switch (left, right) {
                        case (.name, .index), (.index, .name): return true
                        default: return false
                        }
                    }
                    return true
                }
            }
            #expect(try (messageRefusing { try Projection(paths) } != nil) == clashes)
        }
    }

    private func randomPath(_ random: inout SplitMix64) -> DocumentPath {
        let tail = (0..<Int.random(in: 0...3, using: &random)).map { _ -> DocumentPath.Element in
            Bool.random(using: &random)
                ? .index(Int.random(in: 0...1, using: &random)) : .name(Bool.random(using: &random) ? "x" : "y")
        }
        return DocumentPath(Bool.random(using: &random) ? "a" : "b", tail)
    }
}
