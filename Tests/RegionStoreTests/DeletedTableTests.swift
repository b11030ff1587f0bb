import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// What is left of tables that no region has a replica of any more.
@Suite struct DeletedTableTests {
    private func delete(_ name: Text = "T", in region: TestRegion) throws {
        _ = try region.store.deleteTable(name, at: region.now)
        try region.commit()
    }

    private func addReplica(_ number: Int, in world: World, _ name: Text = "T") throws {
        try world[1].update(name, .createReplica(region: world[number].name, ReplicaOverrides()))
        try world.exchange()
    }

    /// Three regions that share the table T, quiet.
    private func world() throws -> World {
        let world = try World(3)
        try world[1].createTable()
        for number in [2, 3] {
            try world.exchange()
            try addReplica(number, in: world)
        }
        return world
    }

    private func tombstones(_ region: TestRegion) throws -> Int {
        try region.contents(of: Layout.deletedTables).count / 2
    }

    /// Tables that any region still has to remember, deleted ones with them.
    private func known(_ world: World) throws -> [Int] {
        try world.regions.map { try $0.contents(of: Layout.catalog).count / 2 + tombstones($0) }
    }

    /// Every region's clock and closed timestamp goes on and all hear of it, and then all collect.
    private func settle(_ world: World) throws {
        try world.settle()
        for region in world.regions { try region.collectTombstones() }
    }

    @Test func `a deleted table leaves a tombstone, which goes when every region has acknowledged the deletion`() throws
    {
        let world = try World(3)
        try world[1].createTable()
        try world.exchange()
        try delete(in: world[1])
        #expect(try known(world) == [1, 1, 1])
        #expect(try world[1].contents(of: Layout.catalog).isEmpty && tombstones(world[1]) == 1)
        let both = World([world[1], world[2]])
        for _ in 0..<3 { try settle(both) }
        #expect(try tombstones(world[1]) == 1 && tombstones(world[2]) == 1)
        try world[1].restart()
        #expect(try tombstones(world[1]) == 1 && world[1].store.region.catalog.deleted.count == 1)
        try settle(world)
        try settle(world)
        #expect(try known(world) == [0, 0, 0])
        // What is remembered of all of them is as much as of one.
        try world[1].restart()
        #expect(world[1].store.region.catalog.deleted.collected.entries.map(\.log) == [world[1].origin])
    }

    @Test func `a region alone keeps nothing of deleted tables`() throws {
        let world = try World(1)
        for _ in 0..<3 {
            try world[1].createTable()
            try delete(in: world[1])
        }
        try world[1].collectTombstones()
        #expect(try known(world) == [0])
    }

    @Test func `replicas that all regions delete at once leave no table`() throws {
        let world = try world()
        for number in 1...3 { try delete(in: world[number]) }
        try settle(world)
        try settle(world)
        #expect(try known(world) == [0, 0, 0])
        #expect(world.regions.allSatisfy { $0.reader.catalog.tables.isEmpty })
    }

    @Test func `a table that only a replica is left of which its region refused is deleted`() throws {
        let world = try World(2)
        for number in 1...2 { try world[number].createTable() }
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try delete(in: world[1])
        try settle(world)
        try settle(world)
        #expect(try known(world) == [1, 1])
        #expect(try world[2].table().replicas.map(\.region) == [world[2].name])
    }

    @Test func `a deletion is final, whatever settings are merged with it and in whichever order`() throws {
        let world = try world()
        let live = try #require(world[1].store.region.catalog.all.first).entry
        for number in [3, 2, 1] {
            try delete(in: world[number])
            try world.exchange()
        }
        let tombstone = try #require(world[1].store.region.catalog.deleted[live.uuid])
        #expect(tombstone.settings.map(\.name) == [SettingName.deleted, SettingName.table])
        var late = live
        late.setReplica(
            in: world[3].name, status: .active,
            version: Version(stamp: HybridTimestamp(milliseconds: world[1].now + 1_000), origin: world[3].origin))
        for (first, second) in [(tombstone, late), (late, tombstone), (live, tombstone)] {
            var entry = first
            _ = entry.merge(second)
            #expect(entry == tombstone)
            #expect(!entry.lacks(anyOf: late))
        }
    }

    @Test func `a record of a collected table that comes late changes nothing, and is passed on`() throws {
        let world = try world()
        let entry = try #require(world[1].store.region.catalog.all.first).entry
        for number in 1...3 { try delete(in: world[number]) }
        try settle(world)
        try settle(world)
        #expect(try known(world) == [0, 0, 0])
        let record = ChangeRecord(
            kind: .catalog, cause: .user, position: world[3].reader.lastPosition.successor,
            version: Version(stamp: HybridTimestamp(milliseconds: world[3].now), origin: world[3].origin),
            replaced: .zero, table: entry.uuid, payload: entry.encoded())
        let count = try world[2].log().count
        for _ in 0..<2 {
            try world[2].store.apply(
                ReceivedBatch(
                    origin: world[3].origin, records: [record.encoded()], position: record.position, isComplete: true),
                at: world[2].now)
            try world[2].commit()
        }
        #expect(try known(world) == [0, 0, 0] && world[2].reader.catalog.tables.isEmpty)
        #expect(try world[2].log().count == count + 1)
        #expect(world[2].store.vector[world[3].origin] == record.position)
    }

    @Test func `an old copy of a disk that holds a collected table loses it, and brings it back nowhere`() throws {
        for isTrimmed in [false, true] {
            let world = try world()
            try world[3].put(item("a"))
            try world.exchange()
            let image = try world[3].image()
            for number in 1...3 { try delete(in: world[number]) }
            try settle(world)
            try settle(world)
            #expect(try known(world) == [0, 0, 0])
            if isTrimmed {
                world.pass(milliseconds: 30 * 24 * 3_600_000)
                for region in world.regions {
                    region.store.tick(at: region.now)
                    try region.commit()
                    while try region.store.trimLog(at: region.now, limit: 1000) { try region.commit() }
                    try region.commit()
                }
            }
            let last = world[3].store.lastPosition
            let copy = try TestRegion(opening: image, configuration: world[3].configuration)
            copy.now = world[3].now
            #expect(copy.reader.table(named: "T") != nil)
            copy.store.noteForgotten(upTo: last)
            try copy.commit()
            try copy.restart()
            try copy.commit()
            let after = World([world[1], world[2], copy])
            try after.exchange()
            #expect(after.regions.allSatisfy { $0.reader.catalog.tables.isEmpty }, "trimmed: \(isTrimmed)")
            #expect(try after.regions.allSatisfy { try $0.contents(of: Layout.items).isEmpty })
            #expect(try after.regions.allSatisfy { try $0.contents(of: Layout.catalog).isEmpty })
        }
    }

    @Test func `a new region learns of tombstones and of collected tables, and keeps its own tables`() throws {
        let world = try world()
        let old = try #require(world[1].store.region.catalog.all.first).entry
        for number in 1...3 { try delete(in: world[number]) }
        try settle(world)
        try settle(world)
        try world[1].createTable("U")
        try world.exchange()
        try delete("U", in: world[1])
        let fresh = try TestRegion(4)
        fresh.now = world[1].now
        try fresh.createTable("mine")
        let pair = World([world[1], fresh])
        try pair.exchange()
        #expect(fresh.store.region.catalog.deleted.count == 1)
        #expect(fresh.store.region.catalog.deleted.isDeleted(old))
        #expect(fresh.reader.catalog.tables.map(\.name) == ["mine"])
    }

    @Test func `ten thousand deleted tables are in nothing that a heartbeat, a commit or a reader takes`() throws {
        /// What the commit of a heartbeat and a tick writes, in bytes.
        func beat(_ world: World) throws -> Int {
            world.pass(milliseconds: 10)
            let region = world[1]
            region.store.tick(at: region.now)
            let vector = world[2].store.appliedVector
            region.store.noteClosed(
                world[2].origin, at: world[2].store.closedTimestamp, directory: world[2].store.directory)
            region.store.noteAcknowledged(by: world[2].origin, vector: vector)
            let byteCount = try #require(region.store.stagedBatch()).byteCount
            try region.commit()
            return byteCount
        }
        func makeWorld() throws -> World {
            let world = try World(3)
            world.byteLimit = 1 << 20
            try world[1].createTable("kept")
            try world.exchange()
            try world[1].update("kept", .createReplica(region: world[2].name, ReplicaOverrides()))
            try world.exchange()
            return world
        }
        let world = try makeWorld()
        let region = world[1]
        for number in 0..<10_000 {
            let name = Text("T\(number % 7)")
            _ = try region.store.createTable(TableSpecification(name: name, keySchema: .partitionOnly), at: region.now)
            _ = try region.store.deleteTable(name, at: region.now)
            if number.isMultiple(of: 500) { try region.commit() }
        }
        try region.commit()
        // The third region is away.
        let both = World([world[1], world[2]])
        both.byteLimit = 1 << 20
        try both.exchange()
        for region in both.regions { try region.collectTombstones() }
        #expect(try both.regions.map { try tombstones($0) } == [10_000, 10_000])
        for region in both.regions {
            #expect(try region.contents(of: Layout.catalog).count == 2)
            #expect(region.reader.catalog.tables.map(\.name) == ["kept"])
            #expect(region.store.region.catalog.uuids.count == 1)
        }
        let few = try makeWorld()
        #expect(try abs(beat(world) - beat(few)) < 100)
        // Whatever settings the tables had.
        let byteCount = try region.contents(of: Layout.deletedTables).reduce(0) { $0 + $1.count }
        #expect(byteCount < 10_000 * 100, "\(byteCount) bytes")
        try region.restart()
        #expect(region.store.region.catalog.deleted.count == 10_000)

        try world.exchange()
        for _ in 0..<3 { try settle(world) }
        #expect(try known(world) == [1, 1, 1])
        #expect(region.store.region.catalog.deleted.collected.entries.count == 1)
        #expect(try region.contents(of: Layout.meta).reduce(0) { $0 + $1.count } < 2_000)
    }
}

extension TestRegion {
    func collectTombstones(limit: Int = 1000) throws {
        while try store.collectTombstones(limit: limit) { try commit() }
        try commit()
    }
}
