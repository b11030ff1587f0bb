import Expressions
import ItemModel
import TestSupport
import Testing

@Suite struct ConditionTests {
    static let item: Item = [
        "s": "hello", "n": 5, "b": .binary([1, 2, 3]), "t": true, "nil": .null, "l": [1, "two", [3]],
        "m": ["x": 1, "y": ["z": "deep"]], "ss": .strings("p", "q"), "ns": .numbers(1, 5),
        "bs": .binarySet([[1], [2]]),
        "blank": "", "x.y": "dotted", "umlaut": "\u{65}\u{301}",
    ]

    static let values: AttributeMap = [
        ":hello": "hello", ":five": 5, ":six": 6, ":hell": "hell", ":ell": "ell", ":b": .binary([1, 2, 3]),
        ":b12": .binary([1, 2]), ":b23": .binary([2, 3]), ":t": true, ":nil": .null, ":p": "p", ":one": 1,
        ":two": "two",
        ":three": [3], ":ss": .strings("q", "p"), ":m": ["y": ["z": "deep"], "x": 1], ":l": [1, "two", [3]],
        ":S": "S", ":N": "N", ":SS": "SS", ":M": "M", ":NULL": "NULL", ":BOOL": "BOOL", ":empty": "",
        ":composed": "\u{E9}", ":b1": .binary([1]), ":z": "z",
    ]

    static let holding = [
        "s = :hello", "n = :five", "b = :b", "t = :t", "#nil = :nil", "l = :l", "m = :m", "ss = :ss", "s <> :hell",
        "s > :hell", "s >= :hello", "s <= :hello", "n < :six", "n BETWEEN :one AND :five", "b > :b12", "b23 <> :b",
        ":five = n", ":one < n", "n IN (:six, s, :five)", "attribute_exists(s)", "attribute_exists(m.y.z)",
        "attribute_exists(l[2][0])", "attribute_not_exists(m.q)", "attribute_not_exists(l[3])",
        "attribute_not_exists(s.x)", "attribute_not_exists(m[0])", "attribute_type(s, :S)", "attribute_type(n, :N)",
        "attribute_type(ss, :SS)", "attribute_type(m, :M)", "attribute_type(#nil, :NULL)", "attribute_type(t, :BOOL)",
        "begins_with(s, :hell)", "begins_with(b, :b12)", "begins_with(s, :empty)", "contains(s, :ell)",
        "contains(b, :b23)", "contains(ss, :p)", "contains(ns, n)", "contains(bs, :b1)", "contains(l, :two)",
        "contains(l, :three)", "contains(s, :empty)", "size(s) = :five", "size(b) < n", "size(l) > size(ss)",
        "size(m) = size(ns)", "size(blank) < :one", "#dotted > :z OR begins_with(#dotted, :empty)", "m.x = :one",
        "m.#y.z <> s", "NOT s = :hell", "absent <> :five", "absent <> gone", "s = :hell OR n = :five",
        "s = :hell AND n = :six OR t = :t", "NOT (s = :hello AND n = :six)", "NOT s = :hell AND n = :five",
    ]

    static let failing = [
        "s = :five", "n = :hello", "s < :five", "n > :hell", "absent = :five", "absent = gone",
        "NOT absent <> :five",
        "absent < :five", "absent BETWEEN :one AND :five", "s BETWEEN :one AND :five", "n BETWEEN :six AND :six",
        "absent IN (:five)", "s IN (:five, :hell)", "attribute_exists(absent)", "attribute_exists(s.x)",
        "attribute_exists(#xy.y)", "attribute_type(absent, :S)", "attribute_type(s, :N)", "begins_with(n, :hell)",
        "begins_with(s, :b12)", "begins_with(absent, :hell)", "begins_with(s, :hello_world)", "contains(n, :five)",
        "contains(s, :five)", "contains(ss, :five)", "contains(m, :one)", "contains(l, :five)", "contains(s, :z)",
        "size(n) = :five", "size(n) < :five", "size(absent) >= :one", "t < l", "l < m", "ss = ns",
        "umlaut = :composed",
        "s = :hello AND n = :six", "s = :hell OR n = :six", "s = :hello AND (n = :six OR s = :hell)",
    ]

    private func holds(_ expression: String) throws -> Bool {
        var values = Self.values
        values[":hello_world"] = "hello world"
        let placeholders = try placeholders(
            values, names: [("#nil", "nil"), ("#dotted", "x.y"), ("#y", "y"), ("#xy", "x")])
        let condition = try ParsedCondition(parsing: Text(expression), as: .filter).bind(to: placeholders)
        let holds = condition.evaluate(Self.item)
        let binary = try condition.evaluate(BinaryItem(Self.item.encoded()))
        #expect(binary == holds)
        return holds
    }

    @Test(arguments: holding)
    func `a condition that the item meets holds`(_ expression: String) throws {
        #expect(try holds(expression))
    }

    @Test(arguments: failing)
    func `a condition that the item does not meet fails`(_ expression: String) throws {
        #expect(try !holds(expression))
    }

    @Test func `a string is as long as its UTF-16 code units`() throws {
        let placeholders = try placeholders([":n": 4])
        let condition = try ParsedCondition(parsing: "size(a) = :n").bind(to: placeholders)
        #expect(condition.evaluate(["a": "é\u{1F600}a"]))
    }

    @Test func `a substring is found in linear time wherever it lies, and only there`() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...1, using: &random)
            }
            let part = (0..<Int.random(in: 0...4, using: &random)).map { _ in UInt8.random(in: 0...1, using: &random) }
            let isPart = (0...bytes.count).contains { bytes[$0...].starts(with: part) }
            let condition = Condition(.contains(.path(DocumentPath("a")), .value(.binary(part))))
            #expect(condition.evaluate(["a": .binary(bytes)]) == isPart)
        }
        let long = [UInt8](repeating: 0, count: 200_000)
        let condition = Condition(
            .contains(.path(DocumentPath("a")), .value(.binary(Array(long.dropLast(100_000)) + [1]))))
        #expect(!condition.evaluate(["a": .binary(long)]))
    }

    @Test func `the deepest condition that is allowed is evaluated`() throws {
        let count = ExpressionLimits.operatorCount - 1
        let text = String(repeating: "NOT (", count: count) + "a = :n" + String(repeating: ")", count: count)
        let condition = try ParsedCondition(parsing: Text(text)).bind(to: placeholders([":n": 4]))
        #expect(condition.evaluate(["a": 5]))
        #expect(!condition.evaluate(["a": 4]))
    }

    @Test func `a filter must not read a key attribute, at any depth`() throws {
        let condition = try ParsedCondition(parsing: "a = :s AND (NOT contains(b, size(pk.x)) OR sk = :s)", as: .filter)
            .bind(to: everyPlaceholder())
        try condition.checkFilter(keyNames: ["x", "s"])
        let message = try messageRefusing { try condition.checkFilter(keyNames: ["sk", "pk"]) }
        #expect(message == "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk")
        #expect(condition.attributeNames == ["a", "b", "pk", "sk"])
    }

    @Test func `a tree built by hand evaluates as one that was parsed`() throws {
        let parsed = try ParsedCondition(parsing: "NOT a.b[0] = :s AND size(c) > :n OR attribute_type(d, :type)")
            .bind(to: everyPlaceholder())
        let built = Condition(
            .or([
                .and([
                    .not(.comparison(.equal, .path(DocumentPath("a", [.name("b"), .index(0)])), .value("b"))),
                    .comparison(.greater, .size(.path(DocumentPath("c"))), .value(5)),
                ]), .attributeType(.path(DocumentPath("d")), "SS"),
            ]))
        #expect(parsed == built)
    }
}
