import ItemModel
import TestSupport
import Testing

@testable import Expressions

/// Random conditions as trees, with a notation of their own as text.
private struct StatementGenerator {
    var random: SplitMix64

    private static let names: [Text] = ["a", "b1", "_c", "select", "x y", "o\"k", "日本"]

    mutating func name() -> Text { Self.names[random.below(Self.names.count)] }

    mutating func path() -> DocumentPath {
        var tail: [DocumentPath.Element] = []
        while random.below(3) == 0 { tail.append(random.below(2) == 0 ? .name(name()) : .index(random.below(20))) }
        return DocumentPath(name(), tail)
    }

    mutating func value(depth: Int) -> AttributeValue {
        switch random.below(depth > 0 ? 9 : 5) {
        case 0: .string(["", "it's", "\"", "日本", "--", "/*"][random.below(6)])
        case 1: .number(Number(random.below(2_000) - 1_000))
        case 2: .bool(random.below(2) == 0)
        case 3: .null
        case 4: .number((try? Number("0.00\(1 + random.below(9))e-\(random.below(90))")) ?? Number(0))
        case 5: .list((0..<random.below(4)).map { _ in value(depth: depth - 1) })
        case 6: .stringSet(["a", "b'"])
        case 7: .numberSet([Number(-1), Number(2)])
        default: .map(["k": value(depth: depth - 1), "l'm": value(depth: depth - 1)])
        }
    }

    mutating func operand() -> Operand<BoundStage> {
        switch random.below(4) {
        case 0: .value(value(depth: 2))
        case 1: .size(.path(path()))
        default: .path(path())
        }
    }

    /// No value that has no order.
    private mutating func orderedOperand() -> Operand<BoundStage> {
        let operand = operand()
        if case .value(let value) = operand, !value.kind.isOrdered, value.kind != .null { return .value(.number(7)) }
        return operand
    }

    mutating func condition(depth: Int) -> Condition.Node {
        switch random.below(depth > 0 ? 10 : 7) {
        case 0:
            let comparator = Comparator.allCases[random.below(6)]
            guard comparator != .equal, comparator != .notEqual else {
                return .comparison(comparator, operand(), operand())
            }
            return .comparison(comparator, orderedOperand(), orderedOperand())
        case 1: return .between(orderedOperand(), lower: orderedOperand(), upper: orderedOperand())
        case 2: return .in(operand(), (0...random.below(3)).map { _ in operand() })
        case 3: return random.below(2) == 0 ? .attributeExists(path()) : .attributeNotExists(path())
        case 4: return .attributeType(.path(path()), .string("SS"))
        case 5: return .beginsWith(operand(), prefix: operand())
        case 6: return .contains(operand(), operand())
        case 7: return .not(condition(depth: depth - 1))
        case 8: return .and((0...(1 + random.below(2))).map { _ in condition(depth: depth - 1) })
        default: return .or((0...(1 + random.below(2))).map { _ in condition(depth: depth - 1) })
        }
    }
}

extension Text {
    fileprivate var inDoubleQuotes: String { "\"\(string.replacing("\"", with: "\"\""))\"" }
    fileprivate var inQuotes: String { "'\(string.replacing("'", with: "''"))'" }
}

extension DocumentPath {
    fileprivate var statementText: String {
        tail.reduce(into: head.inDoubleQuotes) { text, element in
            switch element {
            case .name(let name): text += ".\(name.inDoubleQuotes)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}

extension AttributeValue {
    fileprivate var statementText: String {
        switch self {
        case .string(let text): text.inQuotes
        case .number(let number): "\(number)"
        case .bool(let bool): "\(bool)"
        case .list(let list): "[\(list.map(\.statementText).joined(separator: ", "))]"
        case .stringSet(let set): "<<\(set.map(\.inQuotes).joined(separator: ", "))>>"
        case .numberSet(let set): "<<\(set.map { "\($0)" }.joined(separator: ", "))>>"
        case .map(let map):
            "{\(map.attributes.map { "\($0.name.inQuotes): \($0.value.statementText)" }.joined(separator: ", "))}"
        case .null, .binary, .binarySet: "null"
        }
    }
}

extension Operand<BoundStage> {
    fileprivate var statementText: String {
        switch self {
        case .path(let path): path.statementText
        case .value(let value): value.statementText
        case .size(let operand): "size(\(operand.statementText))"
        }
    }
}

extension Condition.Node {
    fileprivate var statementText: String {
        switch self {
        case .and(let nodes): nodes.map { "(\($0.statementText))" }.joined(separator: " AND ")
        case .or(let nodes): nodes.map { "(\($0.statementText))" }.joined(separator: " OR ")
        case .not(let node): "NOT (\(node.statementText))"
        case .comparison(let comparator, let left, let right):
            "\(left.statementText) \(comparator.rawValue) \(right.statementText)"
        case .between(let operand, let lower, let upper):
            "\(operand.statementText) BETWEEN \(lower.statementText) AND \(upper.statementText)"
        case .in(let operand, let candidates):
            "\(operand.statementText) IN [\(candidates.map(\.statementText).joined(separator: ", "))]"
        case .attributeExists(let path): "\(path.statementText) IS NOT MISSING"
        case .attributeNotExists(let path): "\(path.statementText) IS MISSING"
        case .attributeType(let operand, _): "attribute_type(\(operand.statementText), 'SS')"
        case .beginsWith(let operand, let prefix): "begins_with(\(operand.statementText), \(prefix.statementText))"
        case .contains(let left, let right): "contains(\(left.statementText), \(right.statementText))"
        }
    }
}

@Suite struct PartiQLPropertyTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a condition that is written out reads back as it was`(seed: UInt64) throws {
        var generator = StatementGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<50 {
            let node = generator.condition(depth: 4)
            let text = "SELECT * FROM t WHERE \(node.statementText)"
            guard case .select(let select) = try PartiQLStatement(parsing: Text(text), parameters: []) else {
                Issue.record("another statement than a SELECT: \(text)")
                continue
            }
            #expect(select.condition?.root == node, "\(text)")
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `an item that is written out reads back as it was`(seed: UInt64) throws {
        var generator = StatementGenerator(random: SplitMix64(seed: seed))
        for _ in 0..<50 {
            let item: Item = ["pk": generator.value(depth: 0), "v": generator.value(depth: 5)]
            let text = "INSERT INTO t VALUE \(AttributeValue.map(item).statementText)"
            guard case .insert(let insert) = try PartiQLStatement(parsing: Text(text), parameters: []) else {
                Issue.record("another statement than an INSERT: \(text)")
                continue
            }
            #expect(insert.item == item, "\(text)")
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `whatever stands in a statement, it is read or refused`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let words = [
            "SELECT", "*", "FROM", "t", "\"t\"", ".", "WHERE", "a", "=", "1", "'x'", "AND", "OR", "NOT", "(", ")", "[",
            "]",
            "{", "}", "<<", ">>", ",", ":", "?", "IN", "BETWEEN", "IS", "MISSING", "NULL", "size", "begins_with",
            "INSERT",
            "INTO", "VALUE", "UPDATE", "SET", "REMOVE", "DELETE", "RETURNING", "ALL", "OLD", "EXISTS", "ORDER", "BY",
            "-",
            "+", "--", "/*", "*/", "1e5", "'", "\"", "\u{0}", "é", ";", "list_append", "set_add", "<>", "!=", "true",
        ]
        for _ in 0..<2_000 {
            var text = ["", "SELECT * FROM t WHERE ", "INSERT INTO t VALUE {'a': ", "UPDATE t SET a = "][
                random.below(4)]
            for _ in 0..<random.below(12) {
                text += words[random.below(words.count)] + (random.below(4) == 0 ? "" : " ")
            }
            do throws(ExpressionError) {
                _ = try PartiQLStatement(
                    parsing: Text(text), parameters: (0..<random.below(3)).map { .number(Number($0)) })
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `a statement with some bytes changed is read or refused`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let statement = Array(
            """
            UPDATE "t" SET a.b[3] = list_append(c, [1, {'x': <<'y'>>}]) REMOVE d WHERE pk = 'k' AND (size(e) > 2 OR f IS NULL) \
            RETURNING ALL NEW *
            """.utf8)
        for _ in 0..<2_000 {
            var bytes = statement
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(statement[random.below(statement.count)], at: place)
                }
            }
            let text = Text(String(decoding: bytes, as: UTF8.self))
            _ = try? PartiQLStatement(parsing: text, parameters: [])
        }
    }
}
