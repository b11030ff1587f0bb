import Expressions
import ItemModel
import Testing

@Suite struct ExpressionCacheTests {
    @Test func `an expression is the same from the cache as from the parser`() throws {
        let cache = ExpressionCache(capacity: 8)
        for _ in 0..<2 {
            #expect(try cache.condition("a = :a") == ParsedCondition(parsing: "a = :a"))
            #expect(try cache.condition("a = :a", as: .filter) == ParsedCondition(parsing: "a = :a", as: .filter))
            #expect(try cache.projection("a, b") == ParsedProjection(parsing: "a, b"))
            #expect(try cache.update("SET a = :a") == ParsedUpdate(parsing: "SET a = :a"))
        }
        #expect(cache.count == 4)
    }

    @Test func `one text in two parameters keeps two error prefixes`() throws {
        let cache = ExpressionCache(capacity: 8)
        let filter = try messageRefusing { try cache.condition("a = :a", as: .filter).bind(to: Placeholders()) }
        let condition = try messageRefusing { try cache.condition("a = :a").bind(to: Placeholders()) }
        #expect(filter?.hasPrefix("Invalid FilterExpression: ") == true)
        #expect(condition?.hasPrefix("Invalid ConditionExpression: ") == true)
    }

    @Test func `the cache never outgrows its capacity and keeps nothing that does not parse`() throws {
        let cache = ExpressionCache(capacity: 10)
        for index in 0..<100 {
            _ = try cache.condition(Text("a\(index) = :a"))
            _ = try cache.condition("hot = :a")
            _ = try? cache.condition("not an expression")
        }
        #expect(cache.count == 10)
        #expect(ExpressionCache(capacity: 0).count == 0)
    }

    @Test func `threads may share a cache`() async throws {
        let cache = ExpressionCache(capacity: 4)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var isRight = true
                    for index in 0..<200 {
                        let text = Text("a\((index + task) % 7) = :a")
                        isRight = try cache.condition(text).description == text.string && isRight
                    }
                    return isRight
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
