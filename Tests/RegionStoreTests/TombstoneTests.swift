import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct TombstoneTests {
    /// Every region's clock and closed timestamp goes on, and heartbeats tell the others.
    private func beat(_ world: World, links: [(Int, Int)] = [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]) throws {
        world.pass(milliseconds: 10)
        for region in world.regions {
            region.store.tick(at: region.now)
            try region.commit()
        }
        for (source, target) in links { world.acknowledge(from: world[source], to: world[target]) }
    }

    private func collect(_ region: TestRegion, limit: Int = 1000) throws {
        while try region.store.collectTombstones(limit: limit) { try region.commit() }
        try region.commit()
    }

    @Test func `a table of one region keeps no tombstone`() throws {
        let region = try TestRegion()
        try region.createTable()
        try region.put(item("a"))
        try region.delete(["pk": "a"])
        #expect(try region.tombstoneCount() == 0)
        #expect(try region.log().map(\.record.kind) == [.catalog, .put, .delete])
    }

    @Test func `a deletion wins over every older write that comes later`() throws {
        let world = try World.sharingTable()
        try world[2].put(item("a", ["n": 1]))
        world.pass(milliseconds: 1)
        try world[1].put(item("a", ["n": 2]))
        world.pass(milliseconds: 1)
        try world[1].delete(["pk": "a"])
        try world.carryLog(from: world[1], to: world[3])
        try world.carryLog(from: world[2], to: world[3])
        #expect(try world[3].items().isEmpty && world[3].tombstoneCount() == 1)
        try world.exchange()
        for region in world.regions { #expect(try region.items().isEmpty && region.tombstoneCount() == 1) }
    }

    @Test func `a deletion wins over an older write of a replica that was removed meanwhile`() throws {
        let world = try World(2)
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try world[2].put(item("a"))
        world.pass(milliseconds: 1)
        try world[1].update("T", .deleteReplica(region: world[2].name))
        world.pass(milliseconds: 1)
        try world[1].delete(["pk": "a"])
        try world.exchange()
        #expect(try world[1].items().isEmpty)
        try beat(world, links: [(1, 2), (2, 1)])
        try beat(world, links: [(1, 2), (2, 1)])
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 0)
    }

    @Test func `a deletion of what is not there yet wins over the write that it overtook`() throws {
        let world = try World.sharingTable()
        try world[2].put(item("a"))
        world.pass(milliseconds: 1)
        try world[1].delete(["pk": "a"])
        try world.exchange()
        for region in world.regions { #expect(try region.items().isEmpty) }
    }

    @Test func `a tombstone goes once everybody has it and no older write can follow`() throws {
        let world = try World.sharingTable()
        world.pass(milliseconds: 5)
        try world[1].put(item("a"))
        try world[1].delete(["pk": "a"])
        for number in [2, 3] {
            try world.carryLog(from: world[1], to: world[number])
            world[1].store.noteAcknowledged(
                by: world[number].origin, vector: world[number].store.appliedVector)
        }
        try collect(world[1])
        // Everybody has it, but nobody's closed timestamp has passed the deletion yet.
        #expect(try world[1].tombstoneCount() == 1)
        try world.exchange()
        try beat(world)
        for region in world.regions {
            try collect(region)
            #expect(try region.tombstoneCount() == 0)
            #expect(region.store.counters.tombstonesCollected == 1)
        }
    }

    @Test func `a tombstone stays while one replica has not acknowledged it`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.exchange()
        try world[1].delete(["pk": "a"])
        try world.carryLog(from: world[1], to: world[2])
        for _ in 0..<3 {
            try beat(world)
            try collect(world[1])
            #expect(try world[1].tombstoneCount() == 1)
        }
        try world.exchange()
        try beat(world)
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 0)
    }

    @Test func `a tombstone stays while one region's closed timestamp is unknown or older`() throws {
        let world = try World.sharingTable()
        world.pass(milliseconds: 5)
        try world[1].delete(["pk": "a"])
        for number in [2, 3] { try world.carryLog(from: world[1], to: world[number]) }
        // Region 3 is heard of no more, while its acknowledgements still come.
        try beat(world, links: [(1, 2), (1, 3), (2, 1), (2, 3)])
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 1)
        try world[1].restart()
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 1)
        try world.exchange()
        try beat(world)
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 0)
    }

    @Test func `an item written again is not collected with its old tombstone`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world[1].delete(["pk": "a"])
        try world[1].put(item("a", ["n": 2]))
        try world.exchange()
        try beat(world)
        for region in world.regions {
            try collect(region)
            #expect(try region.items() == [item("a", ["n": 2])])
        }
    }

    @Test func `collection goes on after a restart where it was, and any limit ends the same`() throws {
        let world = try World.sharingTable()
        for number in 0..<10 { try world[1 + number % 3].delete(["pk": .string(Text("\(number)"))]) }
        try world.exchange()
        try beat(world)
        #expect(try world[1].tombstoneCount() == 10)
        #expect(try world[1].store.collectTombstones(limit: 9))
        try world[1].commit()
        try world[1].restart()
        try beat(world)
        try collect(world[1], limit: 1)
        #expect(try world[1].tombstoneCount() == 0)
        #expect(!world[1].store.hasPendingChanges)
    }

    @Test func `the tombstones of a table whose other replicas are gone are collected`() throws {
        let world = try World.sharingTable()
        try world[1].delete(["pk": "a"])
        for number in [2, 3] {
            try world.exchange()
            try world[1].update("T", .deleteReplica(region: world[number].name))
        }
        try world.exchange()
        try beat(world)
        try collect(world[1])
        #expect(try world[1].tombstoneCount() == 0)
    }

    @Test func `a tombstone that waits holds back neither those of other origins nor those of other tables`() throws {
        let world = try World.sharingTable()
        try world[1].createTable("U")
        try world.exchange()
        try world[1].update("U", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try world[2].delete(["pk": "a"])
        try world[1].delete(["pk": "u"], in: "U")
        try world.exchange()
        try beat(world)
        // Region 3 does not get this one.
        try world[1].delete(["pk": "b"])
        try world.carryLog(from: world[1], to: world[2])
        try beat(world)
        #expect(try world[1].tombstoneCount() == 3)
        for limit in [1, 2, 1000] {
            try collect(world[1], limit: limit)
            try expectTombstonesMatch(world[1])
        }
        #expect(try world[1].tombstoneCount() == 1)
    }

    @Test func `a limit that is reached again and again leaves no table out`() throws {
        let world = try World.sharingTable()
        // More tombstones that wait, one of each origin, than the limit lets a call look at.
        for number in 1...3 { try world[number].delete(["pk": .string(Text("wait-\(number)"))]) }
        try world.carryLog(from: world[2], to: world[1])
        try world.carryLog(from: world[3], to: world[1])
        try world[1].createTable("U")
        for number in 2...3 {
            try world[1].update("U", .createReplica(region: world[number].name, ReplicaOverrides()))
            try world.carryLog(from: world[1], to: world[number])
            for (source, target) in [(1, number), (number, 1)] {
                try world.fill(world[target], from: world[source])
                try world.carryLog(from: world[source], to: world[target])
            }
        }
        try world[1].delete(["pk": "u"], in: "U")
        var calls = 0
        while try world[1].store.collectTombstones(limit: 1) {
            try world[1].commit()
            calls += 1
        }
        // Each call looks at one entry, and the next one goes on behind it.
        #expect(calls == 3)
        #expect(try world[1].tombstoneCount() == 4)
    }

    @Test func `collection looks at no entry of the log`() throws {
        let world = try World.sharingTable()
        for number in 0..<50 { try world[1].put(item("\(number)")) }
        try world[1].delete(["pk": "3"])
        try world.exchange()
        try beat(world)
        let counting = CountingStore(world[1].disk)
        var generator = SplitMix64(seed: 1)
        let store = try RegionStore(opening: counting, configuration: world[1].configuration, using: &generator)
        counting.visited = [:]
        #expect(try !store.collectTombstones(limit: 1000))
        #expect(counting.visited == [Layout.tombstones: 1])
    }

    @Test func `the log is trimmed past tombstones that wait for a region that is away`() throws {
        let hour: UInt64 = 3_600_000
        let world = try World.sharingTable()
        for number in 0..<5 { try world[1].delete(["pk": .string(Text("\(number)"))]) }
        try world.carryLog(from: world[1], to: world[2])
        let last = world[1].reader.lastPosition
        world.pass(milliseconds: 8 * 24 * hour)
        try beat(world, links: [(1, 2), (2, 1)])
        try collect(world[1])
        while try world[1].store.trimLog(at: world[1].now, limit: 2) { try world[1].commit() }
        try world[1].commit()
        #expect(world[1].reader.logStart > last)
        #expect(try world[1].tombstoneCount() == 5)
        try world[1].restart()
        try expectTombstonesMatch(world[1])
        // What the region missed comes by a snapshot transfer, deletions included.
        try world.exchange()
        try beat(world)
        try world.exchange()
        try beat(world)
        for region in world.regions {
            try collect(region)
            #expect(try region.tombstoneCount() == 0)
            try expectTombstonesMatch(region)
        }
    }

    @Test(arguments: 0..<60)
    func `nothing deleted ever comes back, however links, collections and restarts interleave`(_ seed: Int) throws {
        let world = try World.sharingTable()
        var generator = SplitMix64(seed: UInt64(seed))
        for _ in 0..<120 {
            world.pass(milliseconds: UInt64(generator.below(4)))
            let region = world[1 + generator.below(3)]
            switch generator.below(8) {
            case 0, 1: try region.put(item("\(generator.below(6))", ["n": .number(Number(generator.below(100)))]))
            case 2, 3: try region.delete(["pk": .string(Text("\(generator.below(6))"))])
            case 4:
                for source in world.regions {
                    for target in world.regions where source !== target && generator.chance(1, of: 2) {
                        try world.carryLog(from: source, to: target)
                    }
                }
            case 5: try beat(world)
            case 6:
                for region in world.regions where generator.chance(1, of: 2) {
                    try collect(region, limit: 1 + generator.below(5))
                }
            default:
                if generator.chance(1, of: 3) { try region.restart() }
                let (source, target) = (1 + generator.below(3), 1 + generator.below(3))
                let third = 6 - source - target
                if source != target, (1...3).contains(third), third != source, third != target {
                    try world.relay(world[third].origin, through: world[source], to: world[target])
                }
            }
        }
        for region in world.regions { try expectTombstonesMatch(region) }
        try world.exchange()
        let expected = try world[1].contents(of: Layout.items)
        for region in world.regions {
            #expect(try region.items() == world[1].items())
            #expect(try region.reader.statistics(of: region.table()).itemCount == region.items().count)
        }
        try beat(world)
        for region in world.regions {
            try collect(region)
            #expect(try region.tombstoneCount() == 0)
            try expectTombstonesMatch(region)
        }
        #expect(try world[1].items().count <= expected.count / 2)
    }
}

/// Holds the index of tombstones against the tombstones in the items: one entry for each, and no other.
func expectTombstonesMatch(_ region: TestRegion, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var expected: [[UInt8]: Version] = [:]
    try region.disk.visit(KeyRange(from: [], to: nil), in: Layout.items, direction: .forward) { key, value in
        expected[key] = try ItemValue(decoding: value).tombstoneVersion
        return true
    }
    var found: [[UInt8]: Version] = [:]
    try region.disk.visit(KeyRange(from: [], to: nil), in: Layout.tombstones, direction: .forward) { key, value in
        let entry = try Tombstones.Entry(key: key, value: value)
        #expect(found.updateValue(entry.version, forKey: entry.itemKey) == nil, sourceLocation: sourceLocation)
        return true
    }
    #expect(found == expected, sourceLocation: sourceLocation)
}

/// A store that counts the entries that are visited in each keyspace.
final class CountingStore: KeyValueStore, @unchecked Sendable {
    private let store: InMemoryStore
    var visited: [Keyspace: Int] = [:]

    init(_ store: InMemoryStore) { self.store = store }

    func snapshot() throws(KeyValueStoreError) -> InMemoryStore.Snapshot { try store.snapshot() }

    func commit(_ batch: WriteBatch, durability: Durability) throws(KeyValueStoreError) {
        try store.commit(batch, durability: durability)
    }

    func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
        try store.value(for: key, in: keyspace)
    }

    func cachedValue(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> Cached<[UInt8]> {
        try store.cachedValue(for: key, in: keyspace)
    }

    func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
        try store.values(for: keys, in: keyspace)
    }

    func visit(
        _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        try store.visit(range, in: keyspace, direction: direction) { key, value in
            visited[keyspace, default: 0] += 1
            return try visitor(key, value)
        }
    }
}
