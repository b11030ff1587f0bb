import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct BackfillTests {
    /// Random writes of 30 keys, half of them with the attribute that the indexes are of.
    private func write(_ region: TestRegion, using generator: inout SplitMix64) throws {
        let key = "\(generator.below(30))"
        guard !generator.chance(1, of: 4) else {
            try region.delete(["pk": .string(Text(key)), "sk": .number(Number(generator.below(2)))])
            return
        }
        var written = item(key)
        written["sk"] = .number(Number(generator.below(2)))
        if generator.chance(2, of: 3) { written["color"] = .string(Text("c\(generator.below(4))")) }
        if generator.chance(1, of: 2) { written["size"] = .string(Text("s\(generator.below(4))")) }
        if generator.chance(1, of: 3) {
            written["note"] = .string(Text(String(repeating: "n", count: generator.below(9))))
        }
        try region.put(written)
    }

    @Test(arguments: 0..<60)
    func `an index added to a live table becomes the same as one that was there from the beginning`(_ seed: Int) throws
    {
        var generator = SplitMix64(seed: UInt64(seed))
        let indexes: [IndexDefinition] = [
            .global("g", "color", sort: ["size"]), .global("g", "size", projection: .keysOnly),
            .global("g", "color", projection: .include(["note"])),
        ]
        let index = indexes[seed % indexes.count]
        let region = try TestRegion()
        let reference = try TestRegion()
        try region.createTable(key: .sorted)
        try reference.createTable(key: .sorted, indexes: [index])
        for _ in 0..<generator.below(60) { try write(region, using: &generator) }
        try region.update("T", .createIndex(index))
        #expect(try region.table().index(named: "g")?.status == .creating)
        while try region.table().index(named: "g")?.status == .creating {
            switch generator.below(8) {
            case 0: try region.restart()
            case 1:
                // A crash between a step and its commit.
                _ = try region.store.backfillIndexes(limit: 1 + generator.below(5))
                try region.restart(losingUnsynced: true)
            case 2, 3: if try region.store.backfillIndexes(limit: 1 + generator.below(5)) { try region.commit() }
            default: try write(region, using: &generator)
            }
        }
        for item in try region.items() { try reference.put(item) }
        #expect(try region.entries(of: "g") == reference.entries(of: "g"))
        try expectCountsAreExact(region)
        for _ in 0..<20 { try write(region, using: &generator) }
        try expectIndexesMatch(region)
        try expectCountsAreExact(region)
        try region.restart()
        try expectCountsAreExact(region)
    }

    @Test func `at every step the index holds just the items before its cursor, and counts them`() throws {
        var generator = SplitMix64(seed: 1)
        let region = try TestRegion()
        try region.createTable(key: .sorted)
        for _ in 0..<80 { try write(region, using: &generator) }
        try region.update("T", .createIndex(.global("g", "color")))
        while try region.store.backfillIndexes(limit: 2) {
            try region.commit()
            try write(region, using: &generator)
            let table = try region.table()
            guard let index = table.index(named: "g"), index.status == .creating else { break }
            let cursor = try #require(region.store.region.contents.indexes.cursor(of: index.id))
            let before = try region.items().filter { item in
                index.storageKey(of: item, in: table) != nil
                    && table.storageKey(of: item).map { $0.lexicographicallyPrecedes(cursor) } ?? false
            }
            #expect(try Set(region.entries(of: "g")) == Set(before))
            try expectCountsAreExact(region)
        }
    }

    @Test func `a backfill goes on after a restart where it was`() throws {
        let region = try TestRegion()
        try region.createTable()
        for number in 0..<50 { try region.put(item("\(number)", ["color": "c"])) }
        try region.update("T", .createIndex(.global("g", "color")))
        for _ in 0..<4 {
            #expect(try region.store.backfillIndexes(limit: 10))
            try region.commit()
        }
        try region.restart()
        var steps = 0
        while try region.store.backfillIndexes(limit: 10) {
            try region.commit()
            steps += 1
        }
        #expect(steps == 1)
        #expect(try region.table().index(named: "g")?.status == .active)
        #expect(try region.entries(of: "g").count == 50)
        #expect(try region.contents(of: Layout.meta).allSatisfy { !$0.starts(with: Layout.MetaKey.backfillPrefix) })
    }

    @Test func `a deleted index is shown as being deleted until its entries are gone`() throws {
        let region = try TestRegion()
        try region.createTable(indexes: [.global("g", "color")])
        for number in 0..<5 { try region.put(item("\(number)", ["color": "c"])) }
        let table = try region.update("T", .deleteIndex(name: "g"))
        #expect(table.index(named: "g") == nil)
        #expect(table.deletingIndexes.map(\.name) == ["g"] && table.deletingIndexes.map(\.status) == [.deleting])
        try region.put(item("x", ["color": "c"]))
        try region.restart()
        #expect(try region.table().deletingIndexes.count == 1)
        try region.backfill()
        #expect(try region.table().deletingIndexes.isEmpty)
        #expect(try region.contents(of: Layout.indexes).isEmpty)
        #expect(try !region.store.backfillIndexes(limit: 1))
    }

    @Test func `one index at a time is added or removed, but the one that is being added may be given up`() throws {
        let region = try TestRegion()
        try region.createTable(indexes: [.global("other", "color")])
        for number in 0..<5 { try region.put(item("\(number)", ["color": "c"])) }
        try region.update("T", .createIndex(.global("g", "color")))
        #expect(throws: CatalogError.self) { try region.update("T", .createIndex(.global("h", "color"))) }
        #expect(throws: CatalogError.self) { try region.update("T", .deleteIndex(name: "other")) }
        #expect(throws: CatalogError.indexInProgress(table: "T")) {
            _ = try region.store.deleteTable("T", at: region.now)
        }
        _ = try region.store.backfillIndexes(limit: 2)
        try region.commit()
        try region.update("T", .deleteIndex(name: "g"))
        #expect(throws: CatalogError.self) { try region.update("T", .createIndex(.global("g", "color"))) }
        try region.backfill()
        try expectIndexesMatch(region)
        try region.update("T", .createIndex(.global("g", "size")))
        try region.backfill()
        try expectIndexesMatch(region)
        try expectCountsAreExact(region)
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        #expect(try region.contents(of: Layout.meta).allSatisfy { !$0.starts(with: Layout.MetaKey.countPrefix) })
    }

    @Test func `every region of a global table enters its own items when it hears of an index`() throws {
        let world = try World(2)
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        for number in 0..<9 { try world[2].put(item("\(number)", ["color": "c"])) }
        try world.exchange()
        try world[1].update("T", .createIndex(.global("g", "color")))
        try world[1].backfill()
        try world.exchange()
        #expect(try world[1].table().index(named: "g")?.status == .active)
        #expect(try world[2].table().index(named: "g")?.status == .creating)
        try world[2].backfill()
        #expect(try world[2].entries(of: "g") == world[1].entries(of: "g"))
        for region in world.regions { try expectCountsAreExact(region) }
    }
}

/// Whether the counts that are kept are those of what is there, of every table and every index of a region.
func expectCountsAreExact(_ region: TestRegion, sourceLocation: SourceLocation = #_sourceLocation) throws {
    func sizes(_ items: [Item]) -> TableStatistics {
        TableStatistics(itemCount: items.count, byteCount: items.reduce(0) { $0 + $1.sizeInBytes })
    }
    for table in region.reader.catalog.tables {
        #expect(
            try region.reader.statistics(of: table) == sizes(region.items(in: table.name)),
            sourceLocation: sourceLocation)
        for index in table.indexes {
            #expect(
                try region.reader.statistics(of: index) == sizes(region.entries(of: index.name, in: table.name)),
                sourceLocation: sourceLocation)
        }
    }
}
