import ItemModel
import Testing

@testable import Expressions

@Suite struct PartiQLKeysTests {
    private func keys(_ text: String, sort: Bool = true) throws -> PartiQLKeys {
        guard
            case .select(let select) = try PartiQLStatement(
                parsing: Text("SELECT * FROM t\(text.isEmpty ? "" : " WHERE \(text)")"), parameters: [])
        else { throw ExpressionError(.empty) }
        return PartiQLKeys(
            of: select.condition,
            schema: .init(
                partition: [.init(name: "pk", kind: .string)], sort: sort ? [.init(name: "sk", kind: .number)] : []))
    }

    @Test(arguments: [
        ("pk = 'a'", ["a"], nil as KeyCondition.SortRange?, [] as [AttributeValue]),
        ("'a' = pk AND b = 1", ["a"], nil, []),
        ("pk = 'a' AND sk = 1", ["a"], nil, [1]),
        ("pk = 'a' AND sk > 1 AND c = 2", ["a"], .greater(1), []),
        ("pk = 'a' AND 1 >= sk", ["a"], .lessOrEqual(1), []),
        ("pk = 'a' AND sk BETWEEN 1 AND 2", ["a"], .between(1, 2), []),
        ("pk IN ['a', 'b', 'a']", ["a", "b"], nil, []),
        ("pk = 'a' OR pk = 'b'", ["a", "b"], nil, []),
        ("(pk = 'a' AND c = 1) OR (pk = 'b' AND sk = 2)", ["a", "b"], nil, []),
        ("pk = 'a' AND (sk = 1 OR sk = 2)", ["a"], nil, []),
    ])
    func `a partition key makes a query, and a sort key narrows it`(
        text: String, partitions: [Text], range: KeyCondition.SortRange?, prefix: [AttributeValue]
    ) throws {
        let found = try #require(try keys(text).partitions())
        #expect(found.map(\.partition) == partitions.map { [.string($0)] })
        #expect(found.allSatisfy { $0.sortRange == range && $0.sortPrefix == prefix })
    }

    @Test(arguments: [
        "", "a = 1", "sk = 1", "pk > 'a'", "NOT pk = 'a'", "pk = 'a' OR b = 1", "pk IN [b]", "pk = b", "pk.c = 'a'",
    ])
    func `anything else is a scan`(text: String) throws {
        #expect(try keys(text).partitions() == nil)
    }

    @Test func `one item takes an equality for each key attribute`() throws {
        #expect(try keys("pk = 'a' AND sk = 1 AND b > 2").item() == ["pk": "a", "sk": 1])
        for text in ["pk = 'a'", "pk = 'a' AND sk > 1", "pk = 'a' OR sk = 1", "pk = 'a' AND sk = 1 AND sk = 2", ""] {
            #expect(throws: ExpressionError(.statementKeyMissing)) { try keys(text).item() }
        }
    }

    @Test func `order is by keys, and of partitions that are named`() throws {
        let order = [PartiQLStatement.Order(name: "sk", isAscending: false)]
        #expect(try !keys("pk = 'a'").isForward(order, hasCondition: true))
        #expect(try keys("").isForward([], hasCondition: false))
        #expect(throws: ExpressionError(.statementOrderWithoutCondition)) {
            try keys("").isForward(order, hasCondition: false)
        }
        #expect(throws: ExpressionError(.statementOrderWithoutPartition)) {
            try keys("a = 1").isForward(order, hasCondition: true)
        }
        #expect(throws: ExpressionError(.statementOrder(by: "b"))) {
            try keys("pk = 'a'").isForward([.init(name: "b", isAscending: true)], hasCondition: true)
        }
        let partitions = try #require(try keys("pk IN ['b', 'c', 'a']").partitions())
        #expect(
            try keys("").sorted(partitions, by: [.init(name: "pk", isAscending: false)]).map(\.partition) == [
                ["c"], ["b"], ["a"],
            ])
    }

    @Test func `a key value of another type is refused in a query`() throws {
        #expect(throws: ExpressionError.self) { try keys("pk = 1").partitions() }
        #expect(throws: ExpressionError.self) { try keys("pk = 'a' AND sk > 'b'").partitions() }
    }
}
