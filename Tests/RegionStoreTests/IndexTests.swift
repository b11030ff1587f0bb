import Expressions
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct IndexTests {
    let region: TestRegion

    init() throws { region = try TestRegion() }

    private let everyProjection: [IndexDefinition] = [
        .global("all", "color"), .global("keys", "color", projection: .keysOnly),
        .global("some", "color", projection: .include(["x", "missing"])),
        .local("local-keys", "color", projection: .keysOnly),
    ]

    @Test func `each projection holds the keys and what it names`() throws {
        try region.createTable(key: .sorted, indexes: everyProjection)
        try region.put(["pk": "a", "sk": 1, "color": "red", "x": 7, "y": 8])
        #expect(try region.entries(of: "all") == [["pk": "a", "sk": 1, "color": "red", "x": 7, "y": 8]])
        #expect(try region.entries(of: "keys") == [["pk": "a", "sk": 1, "color": "red"]])
        #expect(try region.entries(of: "some") == [["pk": "a", "sk": 1, "color": "red", "x": 7]])
        #expect(try region.entries(of: "local-keys") == [["pk": "a", "sk": 1, "color": "red"]])
    }

    @Test func `an item without an index's key is not in that index, and comes and goes with it`() throws {
        try region.createTable(indexes: [.global("by-color", "color", sort: ["size"])])
        try region.put(item("a", ["color": "red"]))
        #expect(try region.entries(of: "by-color").isEmpty)
        try region.update(["pk": "a"], "SET #s = :v", [":v": "L"], names: ["#s": "size"])
        #expect(try region.entries(of: "by-color") == [item("a", ["color": "red", "size": "L"])])
        try region.update(["pk": "a"], "REMOVE color")
        #expect(try region.entries(of: "by-color").isEmpty)
        try region.put(item("a", ["color": "blue", "size": "S"]))
        #expect(try region.entries(of: "by-color").count == 1)
        try region.delete(["pk": "a"])
        #expect(try region.contents(of: Layout.indexes).isEmpty)
    }

    @Test func `a global index may have several attributes in each part of its key`() throws {
        try region.createTable(indexes: [.global("wide", "c1", "c2", sort: ["s1", "s2"])])
        for (name, sort) in [("a", "x"), ("b", "y"), ("c", "z")] {
            try region.put(item(name, ["c1": "p", "c2": "q", "s1": .string(Text(sort)), "s2": "t"]))
        }
        try region.put(item("d", ["c1": "pq", "c2": "", "s1": "x", "s2": "t"]), expecting: "c2")
        try region.put(item("e", ["c1": "p", "c2": "q", "s1": "x"]))
        let table = try region.table()
        func names(_ condition: KeyCondition) throws -> [AttributeValue?] {
            let read = RangeRead(table: table, index: table.index(named: "wide"), range: .partition(condition))
            return try region.reader.page(read).items.map { try $0.value(named: "pk") }
        }
        #expect(try names(condition(partition: ["p", "q"])) == ["a", "b", "c"])
        #expect(try names(condition(partition: ["p", "q"], sortRange: .greater("x"))) == ["b", "c"])
        #expect(try names(condition(partition: ["p", "q"], sortPrefix: ["y"], sortRange: .beginsWith("t"))) == ["b"])
        #expect(try names(condition(partition: ["p", "x"])) == [])
    }

    @Test func `equal index keys of different items are different entries`() throws {
        try region.createTable(indexes: [.global("by-color", "color")])
        for name in ["a", "b", "c"] { try region.put(item(name, ["color": "red"])) }
        #expect(try region.entries(of: "by-color").count == 3)
    }

    @Test func `an attribute of the wrong type for an index is refused, and names the index`() throws {
        try region.createTable(indexes: [.global("by-color", "color")])
        try region.put(item("a", ["color": 5]), expecting: "color")
        try region.put(item("a", ["color": ""]), expecting: "color")
        try region.put(item("a"))
        #expect(throws: ItemWriteError.self) { try region.update(["pk": "a"], "SET color = :v", [":v": 5]) }
        #expect(try region.items() == [item("a")])
    }

    @Test func `a write says what it did to each index`() throws {
        try region.createTable(indexes: [.global("g", "color"), .local("l", "size", projection: .keysOnly)])
        let first = try region.put(item("a", ["color": "red"])).indexEffects
        let size = item("a", ["color": "red"]).sizeInBytes
        #expect(first == [.init(index: "g", isGlobal: true, entrySizes: [size])])
        let moved = try region.put(item("a", ["color": "green"])).indexEffects
        #expect(moved == [.init(index: "g", isGlobal: true, entrySizes: [size, size + 2])])
        #expect(try region.put(item("a", ["color": "green"])).indexEffects.isEmpty)
        #expect(try region.put(item("a", ["color": "green", "x": 1])).indexEffects.map(\.entrySizes.count) == [1])
        #expect(try region.delete(["pk": "a"]).indexEffects.map(\.entrySizes.count) == [1])
        #expect(try region.put(item("b", ["x": 1])).indexEffects.isEmpty)
        #expect(try region.put(item("b", ["x": 2])).indexEffects.isEmpty)
    }

    @Test func `an index added to a table that holds items is entered bit by bit, while writes go on`() throws {
        try region.createTable()
        for number in 0..<20 { try region.put(item("\(number)", ["color": .string(Text("c\(number % 3)"))])) }
        let table = try region.update("T", .createIndex(.global("by-color", "color")))
        #expect(table.index(named: "by-color")?.status == .creating)
        var round = 0
        while try region.store.backfillIndexes(limit: 3) {
            try region.commit()
            try region.put(item("\(round)", ["color": "new"]))
            try region.delete(["pk": .string(Text("\(19 - round)"))])
            try region.put(item("more-\(round)", ["color": "new"]))
            round += 1
        }
        #expect(try region.table().index(named: "by-color")?.status == .active)
        try expectIndexesMatch(region)
        #expect(!region.store.hasPendingChanges)
    }

    @Test func `entering items goes on after a restart and ends the same`() throws {
        try region.createTable()
        for number in 0..<20 { try region.put(item("\(number)", ["color": "c"])) }
        try region.update("T", .createIndex(.global("by-color", "color")))
        for _ in 0..<3 {
            #expect(try region.store.backfillIndexes(limit: 3))
            try region.commit()
        }
        try region.restart()
        #expect(try region.table().index(named: "by-color")?.status == .creating)
        try region.backfill()
        #expect(try region.table().index(named: "by-color")?.status == .active)
        try expectIndexesMatch(region)
    }

    @Test func `an index added to an empty table is active after one step`() throws {
        try region.createTable()
        let table = try region.update("T", .createIndex(.global("by-color", "color")))
        #expect(table.index(named: "by-color")?.status == .creating)
        #expect(try region.store.backfillIndexes(limit: 1))
        try region.commit()
        #expect(try region.table().index(named: "by-color")?.status == .active)
        #expect(try !region.store.backfillIndexes(limit: 1))
    }

    @Test func `a deleted index leaves no entry, and one of the same name begins empty`() throws {
        try region.createTable(indexes: [.global("i", "color")])
        try region.put(item("a", ["color": "red", "size": "L"]))
        let first = try region.table().index(named: "i")?.id
        try region.update("T", .deleteIndex(name: "i"))
        try region.backfill()
        #expect(try region.contents(of: Layout.indexes).isEmpty)
        try region.update("T", .createIndex(.global("i", "size")))
        try region.backfill()
        #expect(try region.table().index(named: "i")?.id != first)
        try expectIndexesMatch(region)
    }

    @Test func `items of an index's key with the wrong type, older than the index, are left out of it`() throws {
        try region.createTable()
        try region.put(item("a", ["color": 5]))
        try region.put(item("b", ["color": "red"]))
        try region.update("T", .createIndex(.global("by-color", "color")))
        try region.backfill()
        #expect(try region.entries(of: "by-color") == [item("b", ["color": "red"])])
    }
}

extension TestRegion {
    @discardableResult
    func update(
        _ key: Item, _ expression: Text, _ values: AttributeMap, names: [Text: Text]
    ) throws -> ItemWriteResult {
        let placeholders = try Placeholders(
            names: names.map { Placeholders.Name(placeholder: $0.key, name: $0.value) }, values: values)
        return try write(.update(key: key, ParsedUpdate(parsing: expression).bind(to: placeholders)), in: "T", if: nil)
    }

    /// Puts an item that must be refused for an index's key attribute.
    func put(_ item: Item, expecting attribute: Text) throws {
        do {
            try put(item)
            Issue.record("the item should have been refused")
        } catch ItemWriteError.indexKeyInvalid(_, let found, _, _) {
            #expect(found == attribute)
        }
    }
}

/// Whether the indexes' bytes are just what the items make of them, for every table of a region.
func expectIndexesMatch(_ region: TestRegion, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var expected: [[UInt8]: [UInt8]] = [:]
    for table in region.reader.catalog.tables {
        for item in try region.items(in: table.name) {
            for index in table.indexes {
                guard let key = index.storageKey(of: item, in: table) else { continue }
                expected[key] = index.projected(item, in: table).encoded()
            }
        }
    }
    let contents = try region.contents(of: Layout.indexes)
    var found: [[UInt8]: [UInt8]] = [:]
    for index in stride(from: 0, to: contents.count, by: 2) { found[contents[index]] = contents[index + 1] }
    #expect(found == expected, sourceLocation: sourceLocation)
}
