import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct CollectionTests {
    private let indexes: [IndexDefinition] = [
        .local("all", "color"), .local("keys", "size", projection: .keysOnly),
    ]

    /// What the items of each partition key come to, with their entries in local indexes.
    private func sizes(_ region: TestRegion) throws -> [AttributeValue: Int] {
        let table = try region.table()
        var sizes: [AttributeValue: Int] = [:]
        for item in try region.items() {
            var size = item.sizeInBytes
            for index in table.indexes where !index.isGlobal && index.storageKey(of: item, in: table) != nil {
                size += index.projected(item, in: table).sizeInBytes
            }
            sizes[item["pk"] ?? "", default: 0] += size
        }
        return sizes
    }

    @Test(arguments: 0..<10)
    func `the size of each item collection is that of its items and their entries in local indexes`(_ seed: Int) throws
    {
        var generator = SplitMix64(seed: UInt64(seed))
        let region = try TestRegion()
        try region.createTable(key: .sorted, indexes: indexes + [.global("g", "color")])
        for _ in 0..<80 {
            if generator.chance(1, of: 10) { try region.restart() }
            var written = item("\(generator.below(4))")
            written["sk"] = .number(Number(generator.below(4)))
            if generator.chance(1, of: 3) {
                try region.delete(written)
                continue
            }
            if generator.chance(1, of: 2) { written["color"] = .string(Text("c\(generator.below(100))")) }
            if generator.chance(1, of: 2) { written["size"] = .string(Text("s\(generator.below(100))")) }
            let result = try region.put(written)
            #expect(try result.collectionByteCount == sizes(region)[written["pk"] ?? ""])
        }
        let contents = try region.contents(of: Layout.meta)
        var kept: [Int] = []
        for place in stride(from: 0, to: contents.count, by: 2)
        where contents[place].starts(with: Layout.MetaKey.collectionPrefix) {
            let size: UInt64 = try #require(Layout.integer(contents[place + 1]))
            kept.append(Int(size))
        }
        #expect(try kept.sorted() == sizes(region).values.sorted())
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        #expect(
            try region.contents(of: Layout.meta).allSatisfy { !$0.starts(with: Layout.MetaKey.collectionPrefix) })
    }

    @Test func `an item collection at its limit does not grow, but shrinks, and others grow`() throws {
        let region = try TestRegion { $0.maximumItemCollectionByteCount = 200 }
        try region.createTable(key: .sorted, indexes: indexes)
        let filler = AttributeValue.string(Text(String(repeating: "x", count: 60)))
        try region.put(["pk": "a", "sk": 1, "x": filler])
        try region.put(["pk": "a", "sk": 2, "x": filler])
        do {
            try region.put(["pk": "a", "sk": 3, "x": filler])
            Issue.record("the collection should have been full")
        } catch ItemWriteError.itemCollectionTooLarge {}
        try region.put(["pk": "b", "sk": 3, "x": filler])
        // An entry in a local index counts too.
        #expect(throws: ItemWriteError.self) { try region.put(["pk": "a", "sk": 1, "x": filler, "color": "c"]) }
        try region.put(["pk": "a", "sk": 1, "x": "short"])
        try region.put(["pk": "a", "sk": 3])
        try region.delete(["pk": "a", "sk": 2])
        try region.put(["pk": "a", "sk": 4, "x": filler])
        #expect(!region.store.hasPendingChanges)
    }

    @Test func `a table without local indexes has no item collections`() throws {
        let region = try TestRegion { $0.maximumItemCollectionByteCount = 10 }
        try region.createTable(key: .sorted, indexes: [.global("g", "color")])
        let result = try region.put(["pk": "a", "sk": 1, "color": "a long text that is over the limit"])
        #expect(result.collectionByteCount == nil)
        #expect(
            try region.contents(of: Layout.meta).allSatisfy { !$0.starts(with: Layout.MetaKey.collectionPrefix) })
    }
}
