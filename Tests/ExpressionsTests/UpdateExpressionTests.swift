import Expressions
import ItemModel
import TestSupport
import Testing

@Suite struct UpdateExpressionTests {
    /// What one update does to one item, and what `ReturnValues` then answers.
    struct Case: CustomTestStringConvertible {
        let expression: String
        let old: Item
        let new: Item
        let updatedOld: Item
        let updatedNew: Item

        init(_ expression: String, _ old: Item, _ new: Item, old updatedOld: Item, new updatedNew: Item) {
            (self.expression, self.old, self.new) = (expression, old, new)
            (self.updatedOld, self.updatedNew) = (updatedOld, updatedNew)
        }

        var testDescription: String { expression }
    }

    static let values: AttributeMap = [
        ":s": "new", ":n": 3, ":one": 1, ":l": ["x", "y"], ":m": ["k": "v"], ":ss": .strings("b", "c"),
        ":ns": .numbers(2, 3), ":bs": .binarySet([[1], [3]]), ":empty": [], ":tiny": .number(Number.zero),
    ]

    static let cases: [Case] = [
        // SET
        Case("SET a = :s", [:], ["a": "new"], old: [:], new: ["a": "new"]),
        Case("SET a = :s", ["a": 1, "b": 2], ["a": "new", "b": 2], old: ["a": 1], new: ["a": "new"]),
        Case("SET a = b, b = a", ["a": 1, "b": 2], ["a": 2, "b": 1], old: ["a": 1, "b": 2], new: ["a": 2, "b": 1]),
        Case("SET a = a + :n", ["a": 4], ["a": 7], old: ["a": 4], new: ["a": 7]),
        Case("SET a = (:n - b)", ["b": 5], ["a": -2, "b": 5], old: [:], new: ["a": -2]),
        Case("SET a = if_not_exists(a, :n) + :one", [:], ["a": 4], old: [:], new: ["a": 4]),
        Case("SET a = if_not_exists(a, absent)", ["a": 9], ["a": 9], old: ["a": 9], new: ["a": 9]),
        Case(
            "SET a = list_append(a, :l)", ["a": [1]], ["a": [1, "x", "y"]], old: ["a": [1]], new: ["a": [1, "x", "y"]]),
        Case(
            "SET a = list_append(:l, if_not_exists(a, :empty))", [:], ["a": ["x", "y"]], old: [:],
            new: ["a": ["x", "y"]]),
        Case(
            "SET a.b = :s", ["a": ["b": 1, "c": 2]], ["a": ["b": "new", "c": 2]], old: ["a": ["b": 1]],
            new: ["a": ["b": "new"]]),
        Case("SET a.q = :s", ["a": ["c": 2]], ["a": ["c": 2, "q": "new"]], old: [:], new: ["a": ["q": "new"]]),
        // SET in lists
        Case("SET a[1] = :s", ["a": [0, 1, 2]], ["a": [0, "new", 2]], old: ["a": [1]], new: ["a": ["new"]]),
        Case(
            "SET a[9] = :s, a[5] = :n", ["a": [0]], ["a": [0, 3, "new"]], old: [:], new: [:]),
        Case("SET a[3] = :s", ["a": [0, 1, 2]], ["a": [0, 1, 2, "new"]], old: [:], new: ["a": ["new"]]),
        Case(
            "SET a[1] = :s REMOVE a[0], a[7]", ["a": [0, 1, 2]], ["a": ["new", 2]], old: ["a": [0, 1]],
            new: ["a": ["new", 2]]),
        Case(
            "SET a[1].k = a[0].k, a[0].k = a[1].k", ["a": [["k": 0], ["k": 1]]], ["a": [["k": 1], ["k": 0]]],
            old: ["a": [["k": 0], ["k": 1]]], new: ["a": [["k": 1], ["k": 0]]]),
        // REMOVE
        Case("REMOVE a, q", ["a": 1, "b": 2], ["b": 2], old: ["a": 1], new: [:]),
        Case("REMOVE a.b", ["a": ["b": 1]], ["a": [:]], old: ["a": ["b": 1]], new: [:]),
        Case("REMOVE a[0], a[2]", ["a": [0, 1, 2, 3]], ["a": [1, 3]], old: ["a": [0, 2]], new: ["a": [1]]),
        Case(
            "REMOVE a.c[1]", ["a": ["c": [1, 2, 3, 70]]], ["a": ["c": [1, 3, 70]]], old: ["a": ["c": [2]]],
            new: ["a": ["c": [3]]]),
        Case(
            "REMOVE a[1], a[3]", ["a": [0, 1, 2, 3, 4, 5]], ["a": [0, 2, 4, 5]], old: ["a": [1, 3]],
            new: ["a": [2, 5]]),
        Case("REMOVE a[0]", ["a": [0]], ["a": []], old: ["a": [0]], new: [:]),
        // ADD
        Case("ADD a :n", [:], ["a": 3], old: [:], new: ["a": 3]),
        Case(
            "ADD a :n, m.x :one", ["a": 4, "m": [:]], ["a": 7, "m": ["x": 1]], old: ["a": 4],
            new: ["a": 7, "m": ["x": 1]]),
        Case(
            "ADD a :ss", ["a": .strings("a", "b", "z")], ["a": .strings("a", "b", "c", "z")],
            old: ["a": .strings("a", "b", "z")], new: ["a": .strings("a", "b", "c", "z")]),
        Case(
            "ADD a :ns, b :bs", ["a": .numbers(1, 3), "b": .binarySet([[2]])],
            ["a": .numbers(1, 2, 3), "b": .binarySet([[1], [2], [3]])],
            old: ["a": .numbers(1, 3), "b": .binarySet([[2]])],
            new: ["a": .numbers(1, 2, 3), "b": .binarySet([[1], [2], [3]])]),
        Case("ADD a :ss", [:], ["a": .strings("b", "c")], old: [:], new: ["a": .strings("b", "c")]),
        // DELETE
        Case(
            "DELETE a :ss", ["a": .strings("a", "b")], ["a": .strings("a")], old: ["a": .strings("a", "b")],
            new: ["a": .strings("a")]),
        Case("DELETE a :ss", ["a": .strings("b", "c"), "b": 1], ["b": 1], old: ["a": .strings("b", "c")], new: [:]),
        Case("DELETE a :ns", [:], [:], old: [:], new: [:]),
        Case(
            "DELETE m.a :bs", ["m": ["a": .binarySet([[1], [3]])]], ["m": [:]],
            old: ["m": ["a": .binarySet([[1], [3]])]], new: [:]),
        // All at once
        Case(
            "DELETE d :ss REMOVE b ADD c :n SET a = b", ["b": 1, "c": 1, "d": .strings("c", "d")],
            ["a": 1, "c": 4, "d": .strings("d")], old: ["b": 1, "c": 1, "d": .strings("c", "d")],
            new: ["a": 1, "c": 4, "d": .strings("d")]),
    ]

    @Test(arguments: cases)
    func `an update changes what it names and answers what it changed`(_ example: Case) throws {
        let update = try ParsedUpdate(parsing: Text(example.expression)).bind(to: placeholders(Self.values))
        let updated = try update.apply(to: example.old)
        #expect(updated.item == example.new)
        #expect(updated.updatedOld(from: example.old) == example.updatedOld)
        #expect(updated.updatedNew() == example.updatedNew)
    }

    @Test(
        arguments: [
            ("REMOVE a", nil), ("REMOVE x.y", nil), ("REMOVE x[0], b", nil), ("DELETE a :ss", nil),
            ("DELETE x.y :ss", nil),
            ("REMOVE x.y DELETE a :ss", nil),
            ("SET a = :n REMOVE b", ["a": 3]), ("SET a = :n REMOVE x.y, z[7]", ["a": 3]),
            ("ADD a :n DELETE x.y :ss", ["a": 3]),
            ("SET a = :n", ["a": 3]),
        ] as [(String, Item?)])
    func `an update that can only take something away makes no item`(_ expression: String, _ made: Item?) throws {
        let update = try ParsedUpdate(parsing: Text(expression)).bind(to: placeholders(Self.values))
        let updated = try update.creating(fromKey: ["id": "k"])
        var expected = made
        expected?["id"] = "k"
        #expect(updated?.item == expected)
        #expect(updated?.updatedNew() == made)
    }

    @Test func `an update without any action makes an item, and a nested path to be set does not`() throws {
        #expect(try UpdateExpression([]).creating(fromKey: ["id": "k"])?.item == ["id": "k"])
        let update = try ParsedUpdate(parsing: "SET x.y = :n REMOVE z.y").bind(to: placeholders(Self.values))
        #expect(throws: ExpressionError.self) { try update.creating(fromKey: ["id": "k"]) }
    }

    static let invalidPath = "The document path provided in the update expression is invalid for update"
    static let missing = "The provided expression refers to an attribute that does not exist in the item"
    static let wrongType = "An operand in the update expression has an incorrect data type"

    @Test(arguments: [
        Refusal("SET q.x = :s", invalidPath), Refusal("SET s.x = :s", invalidPath),
        Refusal("SET m[0] = :s", invalidPath),
        Refusal("SET l.x = :s", invalidPath), Refusal("SET l[9].x = :s", invalidPath),
        Refusal("SET m.q.x = :s", invalidPath), Refusal("REMOVE q.x", invalidPath), Refusal("REMOVE q[0]", invalidPath),
        Refusal("REMOVE s[0]", invalidPath), Refusal("ADD q.x :n", invalidPath), Refusal("DELETE q.x :ss", invalidPath),
        Refusal("SET a = absent", missing), Refusal("SET a = absent + :n", missing), Refusal("SET a = m.q", missing),
        Refusal("SET a = list_append(l, absent)", missing), Refusal("SET a = if_not_exists(q, absent)", missing),
        Refusal("SET a = s + :n", wrongType), Refusal("SET a = :n - m", wrongType),
        Refusal("SET a = list_append(s, :l)", wrongType), Refusal("ADD s :n", wrongType),
        Refusal("ADD n :ss", wrongType),
        Refusal("ADD ss :ns", wrongType), Refusal("DELETE s :ss", wrongType), Refusal("DELETE ns :ss", wrongType),
        Refusal(
            "SET a = huge + huge",
            "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        // 38 digits do not hold the results.
        Refusal(
            "ADD huge :n", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        Refusal(
            "SET a = huge - :n",
            "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ])
    func `an update that does not fit the item is refused`(_ refusal: Refusal) throws {
        let item: Item = [
            "s": "text", "n": 1, "m": ["x": 1], "l": [1], "ss": .strings("a"), "ns": .numbers(1),
            "huge": .number(try Number("9e125")),
        ]
        let message = try messageRefusing {
            try ParsedUpdate(parsing: Text(refusal.expression)).bind(to: placeholders(Self.values)).apply(to: item)
        }
        #expect(message == refusal.message)
    }

    @Test func `no update nests an item deeper than DynamoDB allows`() throws {
        let update = try ParsedUpdate(parsing: "SET m.x = m").bind(to: Placeholders())
        var item: Item = ["m": [:]]
        for _ in 1..<ExpressionLimits.nestingDepth { item = try update.apply(to: item).item }
        #expect(item.depth == ExpressionLimits.nestingDepth)
        let message = try messageRefusing { try update.apply(to: item) }
        #expect(
            message
                == "Nesting Levels have exceeded supported limits: "
                + "Attributes in the item have nested levels beyond supported limit")
    }

    @Test func `actions built by hand do what parsed ones do`() throws {
        let parsed = try ParsedUpdate(parsing: "SET a.b = if_not_exists(c, :n) REMOVE d[0] ADD e :n")
            .bind(to: placeholders(Self.values))
        let built = try UpdateExpression([
            .set(DocumentPath("a", [.name("b")]), .ifNotExists(DocumentPath("c"), .value(3))),
            .remove(DocumentPath("d", [.index(0)])), .add(DocumentPath("e"), 3),
        ])
        #expect(parsed == built)
        #expect(built.attributeNames == ["a", "d", "e"])
    }

    @Test func `an update names what it changes and what it reads`() throws {
        let update = try ParsedUpdate(parsing: "SET b.x = if_not_exists(c.y, d) - e, a = list_append(f, f) ADD g :n")
            .bind(to: placeholders(Self.values))
        #expect(update.attributeNames == ["a", "b", "g"])
        #expect(update.readAttributeNames == ["c", "d", "e", "f"])
    }

    @Test func `actions on maps do together what they do one after the other`() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<500 {
            let item: Item = [
                "a": ["x": ["p": 1, "q": 2], "y": ["p": 3]], "b": ["x": ["p": 4], "y": ["p": 5, "q": 6], "z": 7],
            ]
            var actions: [UpdateExpression.Action] = []
            for _ in 0..<6 {
                let heads: [Text] = ["a", "b"]
                let middles: [Text] = ["x", "y"]
                let ends: [Text] = ["p", "q", "r"]
                let tail: [DocumentPath.Element] = [
                    .name(middles[Int.random(in: 0..<2, using: &random)]),
                    .name(ends[Int.random(in: 0..<3, using: &random)]),
                ]
                let path = DocumentPath(heads[Int.random(in: 0..<2, using: &random)], tail)
                guard !actions.contains(where: { $0.path == path }) else { continue }
                actions.append(Bool.random(using: &random) ? .remove(path) : .set(path, .value("new")))
            }
            var expected = item
            for action in actions { expected = try UpdateExpression([action]).apply(to: expected).item }
            #expect(try UpdateExpression(actions).apply(to: item).item == expected)
        }
    }

    @Test func `list changes equal those made one index at a time`() throws {
        var random = SplitMix64(seed: 11)
        for _ in 0..<1_000 {
            let list = (0..<Int.random(in: 0...5, using: &random)).map { AttributeValue.number(Number($0)) }
            var actions: [UpdateExpression.Action] = []
            var slots: [AttributeValue?] = list
            var appended: [AttributeValue] = []
            for index in 0..<8 where Int.random(in: 0...2, using: &random) == 0 {
                let path = DocumentPath("l", [.index(index)])
                if Bool.random(using: &random) {
                    actions.append(.remove(path))
                    if index < slots.count { slots[index] = nil }
                } else {
                    actions.append(.set(path, .value("new")))
                    if index < slots.count { slots[index] = "new" } else { appended.append("new") }
                }
            }
            actions.shuffle(using: &random)
            let updated = try UpdateExpression(actions).apply(to: ["l": .list(list)])
            #expect(updated.item == ["l": .list(slots.compactMap(\.self) + appended)])
        }
    }
}
