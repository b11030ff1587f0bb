import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// How tables come to other regions and go from them, by nothing but records of the log.
@Suite struct ReplicaTests {
    let world: World

    init() throws {
        world = try World(3)
        try world.exchange()
    }

    private func addReplica(_ number: Int, from source: Int = 1, _ name: Text = "T") throws {
        try world[source].update(name, .createReplica(region: world[number].name, ReplicaOverrides()))
    }

    /// What each region that has the table says of its replicas.
    private func states(_ name: Text = "T") -> [[TableStatus]] {
        world.regions.compactMap { $0.reader.table(named: name)?.replicas.map(\.status) }
    }

    @Test func `a table is a regional one until another region gets a replica`() throws {
        let table = try world[1].createTable()
        try world.exchange()
        #expect(world[2].reader.table(named: "T") == nil)
        #expect(world[2].store.region.catalog.regions(withReplicaNamed: "T").contains("us-east-1"))
        try addReplica(2)
        #expect(try world[1].table().replicas.map(\.status) == [.active, .creating])
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
        #expect(try world[2].table().uuid == table.uuid)
        #expect(world[3].reader.table(named: "T") == nil)
    }

    @Test func `items, settings and indexes come with the replica`() throws {
        try world[1].createTable(key: .sorted, indexes: [.global("g", "color"), .local("l", "size")])
        for number in 0..<20 {
            try world[1].put(["pk": "a", "sk": .number(Number(number)), "color": "red", "size": "L"])
        }
        try world[1].update("T", .setTableClass(.infrequentAccess))
        try addReplica(3)
        try world.exchange()
        #expect(try world[3].items() == world[1].items())
        #expect(try world[3].items().count == 20)
        #expect(try world[3].table().tableClass == .infrequentAccess)
        try expectIndexesMatch(world[3])
        #expect(
            try world[3].reader.statistics(of: world[3].table()) == world[1].reader.statistics(of: world[1].table()))
    }

    @Test func `a table whose replica is being made takes no change but waits`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        #expect(throws: CatalogError.tableInUse("T")) { try world[1].update("T", .setTableClass(.standard)) }
        try world.carryLog(from: world[1], to: world[2])
        #expect(try world[2].table().status == .creating)
        #expect(throws: CatalogError.replicaInUse(table: "T")) { try world[2].store.deleteTable("T", at: world[2].now) }
        #expect(throws: ItemWriteError.self) { try world[2].put(item("a")) }
        try world.exchange()
        try world[2].put(item("a"))
        try world.exchange()
        #expect(try world[1].items() == [item("a")])
    }

    @Test func `a region that has a table of that name refuses the replica, and says so`() throws {
        let other = try world[1].createTable()
        let own = try world[2].createTable()
        // Neither has heard of the other's yet, so the request is let in.
        try addReplica(2)
        try world[2].put(item("mine"))
        try world.exchange()
        #expect(
            world[2].store.takeEvents() == [
                .nameShared("T", own: own.uuid, other: other.uuid, regions: [world[1].name]),
                .nameTaken("T", own: own.uuid, other: other.uuid),
            ])
        let shared = RegionStoreEvent.nameShared("T", own: other.uuid, other: own.uuid, regions: [world[2].name])
        #expect(world[1].store.takeEvents() == [shared])
        #expect(try world[1].table().replicas.map(\.status) == [.active, .creationFailed])
        #expect(try world[2].table().uuid == own.uuid)
        #expect(try world[2].items() == [item("mine")])
        try world[1].update("T", .deleteReplica(region: world[2].name))
        try world.exchange()
        #expect(try world[1].table().replicas.map(\.status) == [.active])
        #expect(try world[2].items() == [item("mine")])
        // Once the region's own table is gone, the replica can come.
        #expect(throws: CatalogError.replicaExists(region: world[2].name)) { try addReplica(2) }
        _ = try world[2].store.deleteTable("T", at: world[2].now)
        try world[2].commit()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
    }

    @Test func `two tables of one name are mentioned once, by each region that has one`() throws {
        let tables = try (1...2).map { try world[$0].createTable() }
        for _ in 0..<2 {
            try world.exchange()
            try world[1].update("T", .setTableClass(.infrequentAccess))
        }
        #expect(
            world[1].store.takeEvents()
                == [.nameShared("T", own: tables[0].uuid, other: tables[1].uuid, regions: [world[2].name])])
        #expect(
            world[2].store.takeEvents()
                == [.nameShared("T", own: tables[1].uuid, other: tables[0].uuid, regions: [world[1].name])])
        #expect(world[3].store.takeEvents().isEmpty)
    }

    @Test func `two regions that offer each other their tables of one name both keep their own`() throws {
        try world[1].createTable()
        try world[2].createTable()
        try addReplica(2, from: 1)
        try addReplica(1, from: 2)
        try world.exchange()
        #expect(states() == [[.active, .creationFailed], [.active, .creationFailed]])
    }

    @Test func `a deleted replica loses its data and no other does`() throws {
        try world[1].createTable(indexes: [.global("g", "color")])
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        try addReplica(3)
        try world.exchange()
        try world[2].put(item("a", ["color": "red"]))
        try world.exchange()
        try world[1].update("T", .deleteReplica(region: world[3].name))
        #expect(try world[1].table().replicas.map(\.status) == [.active, .active, .deleting])
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
        #expect(world[3].reader.table(named: "T") == nil)
        #expect(try world[3].contents(of: Layout.items).isEmpty)
        #expect(try world[3].contents(of: Layout.indexes).isEmpty)
        #expect(try world[1].items() == [item("a", ["color": "red"])] && world[2].items() == world[1].items())
        try world[2].put(item("b"))
        try world.exchange()
        #expect(try world[3].contents(of: Layout.items).isEmpty)
    }

    @Test func `a region that has added a replica keeps its own for as long as is configured`() throws {
        let hour: UInt64 = 3_600_000
        let world = try World(3) { $0.sourceReplicaProtectionMilliseconds = hour }
        try world[1].createTable()
        try world.exchange()
        for (target, source) in [(2, 1), (3, 2)] {
            try world[source].update("T", .createReplica(region: world[target].name, ReplicaOverrides()))
            try world.exchange()
        }
        func deleteInFirst() throws {
            _ = try world[1].store.deleteTable("T", at: world[1].now)
            try world[1].commit()
        }
        // The first has added the second, and the second the third.
        #expect(throws: CatalogError.recentSource) { try deleteInFirst() }
        #expect(throws: CatalogError.recentSource) {
            try world[1].update("T", .deleteReplica(region: world[2].name))
        }
        #expect(throws: CatalogError.recentSource) {
            try world[3].update("T", .deleteReplica(region: world[1].name))
        }
        // Nothing depends on the third; without it the second can go, and then the first.
        for number in [3, 2] {
            try world[1].update("T", .deleteReplica(region: world[number].name))
            try world.exchange()
        }
        try deleteInFirst()
        #expect(world[1].reader.table(named: "T") == nil)
    }

    @Test func `the wait of a region that has added a replica ends`() throws {
        let hour: UInt64 = 3_600_000
        let world = try World(2) { $0.sourceReplicaProtectionMilliseconds = hour }
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        world.pass(milliseconds: hour - 60_000)
        #expect(throws: CatalogError.recentSource) { try world[1].store.deleteTable("T", at: world[1].now) }
        world.pass(milliseconds: 120_000)
        _ = try world[1].store.deleteTable("T", at: world[1].now)
    }

    @Test func `a replica that was deleted can be added again and is filled anew`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        try world[2].put(item("a"))
        try world.exchange()
        try world[1].update("T", .deleteReplica(region: world[2].name))
        try world.exchange()
        try world[1].put(item("b"))
        try world[1].delete(["pk": "a"])
        try addReplica(2)
        try world.exchange()
        #expect(try world[2].items() == [item("b")])
        #expect(states() == [[.active, .active], [.active, .active]])
    }

    @Test func `the only replica with the items is not deleted while another waits to be filled from it`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        #expect(throws: CatalogError.replicaInUse(table: "T")) { try world[1].store.deleteTable("T", at: world[1].now) }
        try world.exchange()
        try addReplica(3)
        _ = try world[1].store.deleteTable("T", at: world[1].now)
        try world[1].commit()
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
    }

    @Test func `deleting the table in its first region leaves the other replicas whole`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        try world[1].put(item("a"))
        _ = try world[1].store.deleteTable("T", at: world[1].now)
        try world[1].commit()
        try world.exchange()
        #expect(world[1].reader.table(named: "T") == nil)
        #expect(try world[2].items() == [item("a")])
        #expect(try world[2].table().replicas.map(\.region) == [world[2].name])
        // The name is free again there, and for another table.
        try world[1].createTable()
        try world.exchange()
        #expect(try world[1].table().uuid != world[2].table().uuid)
    }

    @Test func `settings changed at once in two regions are both kept, and of one setting the later wins`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        try world[1].update("T", .setTableClass(.infrequentAccess))
        try world[2].update("T", .changeOnDemandThroughput(OnDemandChange(read: .set(5))))
        world[2].now += 5
        try world[1].update("T", .setBilling(.provisioned, Throughput(read: 1, write: 1)))
        try world[2].update("T", .setBilling(.provisioned, Throughput(read: 2, write: 2)))
        try world.exchange()
        for number in 1...2 {
            let table = try world[number].table()
            #expect(table.tableClass == .infrequentAccess && table.onDemandThroughput?.maximumRead == 5)
            #expect(table.throughput == Throughput(read: 2, write: 2))
        }
    }

    @Test func `an index made, deleted or made otherwise in one region follows in the others`() throws {
        try world[1].createTable(indexes: [.global("old", "color")])
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        for number in 0..<10 { try world[1].put(item("\(number)", ["color": "red", "size": "L"])) }
        try world[1].update("T", .createIndex(.global("new", "size")), .deleteIndex(name: "old"))
        try world.exchange()
        #expect(try world[2].table().indexes.map(\.name) == ["new"])
        #expect(try world[2].table().indexes[0].status == .creating)
        try world[2].backfill()
        try expectIndexesMatch(world[2])
        #expect(try world[2].entries(of: "new").count == 10)
    }

    @Test func `an index deleted and made otherwise is made anew where only the outcome arrives`() throws {
        try world[1].createTable(indexes: [.global("i", "color")])
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        for number in 0..<5 { try world[1].put(item("\(number)", ["color": "red", "size": "L"])) }
        try world.exchange()
        try world[1].update("T", .deleteIndex(name: "i"))
        try world[1].backfill()
        try world[1].update("T", .createIndex(.global("i", "size", projection: .keysOnly)))
        // Only the last record, as when another region passes it on.
        let position = world[1].reader.lastPosition
        let page = try world[1].reader.changes(
            after: LogPosition(rawValue: position.rawValue - 1), upTo: position,
            matching: world.filter(world[1], world[2], world[1].origin), byteLimit: .max)
        try world[2].store.apply(
            ReceivedBatch(origin: world[1].origin, records: page.records, position: position, isComplete: false),
            at: world[2].now)
        try world[2].commit()
        try world[2].backfill()
        try expectIndexesMatch(world[2])
        #expect(try world[2].entries(of: "i").count == 5)
        #expect(try world[2].entries(of: "i")[0]["color"] == nil)
    }

    @Test func `a replica's state is its region's to say, whatever a change of its overrides wrote`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.carryLog(from: world[1], to: world[2])
        // A third party that still knows the replica as being made changes its overrides later than the region makes it active.
        var entry = try #require(world[1].store.region.catalog.all.first).entry
        let late = Version(stamp: HybridTimestamp(milliseconds: world[1].now + 50), origin: Origin(rawValue: 3 << 48))
        entry.set(
            SettingName.replica(world[2].name), to: Replica.encoded(status: .creating, created: late),
            version: late)
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
        try world[2].store.applyCatalog(
            [entry.encoded()], from: Origin(rawValue: 3 << 48), position: LogPosition(rawValue: 1), isReset: false,
            at: world[2].now)
        try world[2].commit()
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
        try world[2].put(item("a"))
    }

    @Test func `what is set of a replica stays, whatever its region says later of its state`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        var overrides = ReplicaOverrides()
        overrides.maximumReadRequestUnits = 70
        try world[1].update("T", .updateReplica(region: world[2].name, overrides))
        // The replica's own region has not heard of that: it has a log shard begin anew, and says its state once more.
        world.pass(milliseconds: 10)
        world[2].store.region.rollStreams()
        try world[2].commit()
        try world.exchange()
        for number in [1, 2] {
            #expect(try world[number].table().replicas.map(\.overrides) == [ReplicaOverrides(), overrides])
            #expect(try world[number].table().replicas.map(\.status) == [.active, .active])
        }
    }

    @Test func `a replica that is removed while its overrides are set elsewhere is gone, and comes again without them`()
        throws
    {
        try world[1].createTable()
        try world.exchange()
        for number in [2, 3] {
            try addReplica(number)
            try world.exchange()
        }
        try world[1].update("T", .deleteReplica(region: world[2].name))
        world.pass(milliseconds: 10)
        var overrides = ReplicaOverrides()
        overrides.maximumReadRequestUnits = 70
        try world[3].update("T", .updateReplica(region: world[2].name, overrides))
        try world.exchange()
        #expect(states() == [[.active, .active], [.active, .active]])
        try addReplica(2)
        try world.exchange()
        #expect(
            try world[1].table().replicas.map(\.overrides) == [
                ReplicaOverrides(), ReplicaOverrides(), ReplicaOverrides(),
            ])
    }

    @Test func `the same catalog comes of the same records, in any order and however often`() throws {
        try world[1].createTable()
        try world.exchange()
        try addReplica(2)
        try world.exchange()
        try addReplica(3)
        try world.exchange()
        var entries: [CatalogEntry] = []
        for step in 0..<4 {
            for region in world.regions {
                region.now += UInt64(step)
                try region.update(
                    "T", .setBilling(.provisioned, Throughput(read: step + 1, write: 1)),
                    .updateReplica(region: world[1 + step % 3].name, ReplicaOverrides()))
                entries.append(try #require(region.store.region.catalog.all.first).entry)
            }
        }
        var expected: CatalogEntry?
        var generator = SplitMix64(seed: 1)
        for _ in 0..<200 {
            var entry = CatalogEntry(uuid: entries[0].uuid, name: "T")
            for other in (entries + entries.prefix(3)).shuffled(using: &generator) { _ = entry.merge(other) }
            expected = expected ?? entry
            #expect(entry == expected)
            #expect(entry.merge(entries[5]).isEmpty)
        }
    }
}
