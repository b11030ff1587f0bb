import ItemModel
import TestSupport
import Testing

@testable import Expressions

/// Random expressions, as trees and as text.
private struct ExpressionGenerator {
    var random: SplitMix64

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func name() -> NameReference {
        let literals: [Text] = ["a", "b", "c_", "d1", "attr_x"]
        let placeholders: [Text] = ["#a", "#b", "#1"]
        return below(3) == 0 ? .placeholder(placeholders[below(3)]) : .literal(literals[below(5)])
    }

    mutating func path() -> PathReference {
        let head = name()
        var tail: [PathReference.Element] = []
        while below(3) == 0 { tail.append(below(2) == 0 ? .name(name()) : .index(below(20))) }
        return PathReference(head: head, tail: tail)
    }

    mutating func value() -> ValueReference { ValueReference(placeholder: Text(":v\(below(4))")) }

    mutating func operand() -> Operand<ParsedStage> {
        switch below(4) {
        case 0: .value(value())
        case 1: .size(operand())
        default: .path(path())
        }
    }

    mutating func condition(depth: Int) -> ConditionNode<ParsedStage> {
        guard depth > 0 else { return leaf() }
        switch below(5) {
        case 0: return .and((0...(1 + below(2))).map { _ in nested(depth) })
        case 1: return .or((0...(1 + below(2))).map { _ in nested(depth) })
        case 2: return .not(condition(depth: depth - 1))
        default: return leaf()
        }
    }

    private mutating func nested(_ depth: Int) -> ConditionNode<ParsedStage> { condition(depth: depth - 1) }

    private mutating func leaf() -> ConditionNode<ParsedStage> {
        switch below(8) {
        case 0: .between(operand(), lower: operand(), upper: operand())
        case 1: .in(operand(), (0...below(3)).map { _ in operand() })
        case 2: .attributeExists(path())
        case 3: .attributeNotExists(path())
        case 4: .attributeType(operand(), value())
        case 5: .beginsWith(operand(), prefix: operand())
        case 6: .contains(operand(), operand())
        default: .comparison(Comparator.allCases[below(6)], operand(), operand())
        }
    }

    /// What `list_append` takes: anything but another one.
    private mutating func listOperand(depth: Int) -> UpdateOperand<ParsedStage> {
        let operand = updateOperand(depth: depth, allowsSum: false)
        if case .listAppend(let head, _) = operand { return head }
        return operand
    }

    mutating func updateOperand(depth: Int, allowsSum: Bool = true) -> UpdateOperand<ParsedStage> {
        guard depth > 0 else { return below(2) == 0 ? .path(path()) : .value(value()) }
        switch below(5) {
        case 0 where allowsSum:
            return .sum(
                updateOperand(depth: depth - 1, allowsSum: false), updateOperand(depth: depth - 1, allowsSum: false))
        case 1 where allowsSum:
            return .difference(
                updateOperand(depth: depth - 1, allowsSum: false), updateOperand(depth: depth - 1, allowsSum: false))
        case 2: return .ifNotExists(path(), updateOperand(depth: depth - 1, allowsSum: false))
        case 3:
            return .listAppend(listOperand(depth: depth - 1), listOperand(depth: depth - 1))
        default: return below(2) == 0 ? .path(path()) : .value(value())
        }
    }

    mutating func actions() -> [UpdateAction<ParsedStage>] {
        var sections = UpdateSection.allCases.shuffled(using: &random)
        sections.removeLast(below(4))
        return sections.flatMap { section in
            (0...below(3)).map { _ -> UpdateAction<ParsedStage> in
                switch section {
                case .set: .set(path(), updateOperand(depth: 3))
                case .remove: .remove(path())
                case .add: .add(path(), value())
                case .delete: .delete(path(), value())
                }
            }
        }
    }

    mutating func garbage() -> Text {
        let words = [
            "a", "b.c", "[", "]", "(", ")", "((", "))", ",", ".", "=", "<", "<>", ">=", "+", "-", ":v0", "#a", "AND",
            "or",
            "NOT", "between", "IN", "SET", "REMOVE", "ADD", "DELETE", "size(", "contains(a,", "if_not_exists(a,",
            "list_append(", "attribute_exists(", "[0]", "[99999999999999999999]", "#", ":", "é", "\u{0}", "data", "1",
            " ",
        ]
        return Text((0..<below(24)).map { _ in words[below(words.count)] }.joined(separator: below(2) == 0 ? "" : " "))
    }
}

@Suite struct ExpressionPropertyTests {
    static let placeholders = try? Placeholders(
        names: [
            Placeholders.Name(placeholder: "#a", name: "a"), Placeholders.Name(placeholder: "#b", name: "b"),
            Placeholders.Name(placeholder: "#1", name: "x y"),
        ], values: [":v0": 1, ":v1": "s", ":v2": ["l"], ":v3": .strings("x")])

    @Test(arguments: 0..<20)
    func `a printed condition parses to the tree it was printed from`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<100 {
            let tree = generator.condition(depth: 3)
            var parser = try ExpressionParser(Text(tree.description), keywords: [.and, .or, .not, .between, .in])
            #expect(try parser.parseCondition() == tree)
        }
    }

    @Test(arguments: 0..<20)
    func `a printed update parses to the actions it was printed from`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<100 {
            let actions = generator.actions()
            let parsed = try ParsedUpdate(parsing: Text(actions.expressionText))
            #expect(parsed.actions == actions)
            #expect(try ParsedUpdate(parsing: Text(parsed.description)) == parsed)
        }
    }

    @Test(arguments: 0..<20)
    func `a printed projection parses to the paths it was printed from`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<100 {
            let paths = (0...generator.below(5)).map { _ in generator.path() }
            let text = paths.map(\.description).joined(separator: " , ")
            let parsed = try ParsedProjection(parsing: Text(text))
            #expect(parsed.paths == paths)
            #expect(try ParsedProjection(parsing: Text(parsed.description)) == parsed)
        }
    }

    @Test(arguments: 0..<20)
    func `no text traps the parser, the binder or the evaluator`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        let placeholders = try #require(Self.placeholders)
        let item: Item = ["a": ["c": 1], "b": [1, 2], "x y": .strings("x", "y")]
        for _ in 0..<1_000 {
            let text = generator.garbage()
            if let condition = try? ParsedCondition(parsing: text).bind(to: placeholders) {
                _ = condition.evaluate(item)
                _ = try? KeyCondition(
                    condition, schema: .init(partition: [.init(name: "a", kind: .number)], sort: []))
            }
            _ = try? ParsedProjection(parsing: text).bind(to: placeholders).apply(to: item)
            _ = try? ParsedUpdate(parsing: text).bind(to: placeholders).apply(to: item)
        }
    }

    @Test(arguments: 0..<20)
    func `a damaged expression is taken or refused, and near shows a part of it`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<200 {
            var bytes = Array(generator.condition(depth: 3).description.utf8)
            guard !bytes.isEmpty else { continue }
            bytes[generator.below(bytes.count)] = UInt8(generator.below(128))
            let text = Text(String(decoding: bytes, as: UTF8.self))
            do { _ = try ParsedCondition(parsing: text) } catch {
                #expect(error.message.hasPrefix("Invalid ConditionExpression: "))
            }
        }
    }

    @Test(arguments: 0..<20)
    func `logic agrees with a truth table`(_ seed: UInt64) throws {
        var generator = ExpressionGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<200 {
            let formula = Formula.random(depth: 4, &generator)
            let condition = try ParsedCondition(parsing: Text(formula.text)).bind(to: Placeholders())
            for bits in 0..<8 {
                var item = Item()
                for variable in 0..<3 where bits >> variable & 1 == 1 { item[Text("v\(variable)")] = .null }
                #expect(condition.evaluate(item) == formula.holds(bits), "\(formula.text) of \(bits)")
            }
        }
    }

    @Test func `every number of tokens leaves a tree or an error, never a wrong end`() throws {
        let whole = "a.b[1] = :v0 AND (NOT c IN (:v1, size(d)) OR e BETWEEN :v0 AND :v1)"
        for count in 0..<whole.utf8.count {
            let text = Text(String(decoding: Array(whole.utf8.prefix(count)), as: UTF8.self))
            guard let parsed = try? ParsedCondition(parsing: text) else { continue }
            #expect(try ParsedCondition(parsing: Text(parsed.description)) == parsed)
        }
    }
}

/// A formula over three variables that knows its own truth, with the precedence of the text left to the parser.
private indirect enum Formula {
    case variable(Int)
    case not(Formula)
    case and(Formula, Formula)
    case or(Formula, Formula)

    static func random(depth: Int, _ generator: inout ExpressionGenerator) -> Formula {
        guard depth > 0 else { return .variable(generator.below(3)) }
        return switch generator.below(5) {
        case 0: .not(random(depth: depth - 1, &generator))
        case 1, 2: .and(random(depth: depth - 1, &generator), random(depth: depth - 1, &generator))
        case 3: .or(random(depth: depth - 1, &generator), random(depth: depth - 1, &generator))
        default: .variable(generator.below(3))
        }
    }

    func holds(_ bits: Int) -> Bool {
        switch self {
        case .variable(let index): bits >> index & 1 == 1
        case .not(let formula): !formula.holds(bits)
        case .and(let left, let right): left.holds(bits) && right.holds(bits)
        case .or(let left, let right): left.holds(bits) || right.holds(bits)
        }
    }

    /// Tighter than OR are AND and NOT, tighter than AND is NOT; parentheses only where that would read it otherwise.
    var text: String {
        switch self {
        case .variable(let index): "attribute_exists(v\(index))"
        case .not(let formula): "NOT \(formula.within(2))"
        case .and(let left, let right): "\(left.within(1)) AND \(right.within(1))"
        case .or(let left, let right): "\(left.within(0)) OR \(right.within(0))"
        }
    }

    private func within(_ level: Int) -> String {
        let own =
            switch self {
            case .variable, .not: 2
            case .and: 1
            case .or: 0
            }
        return own < level ? "(\(text))" : text
    }
}
