import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// Keyspaces stay in proportion to what is live, whatever goes on for however long.
@Suite struct GrowthTests {
    private static let day: UInt64 = 24 * 3_600_000

    /// A quiet moment: everything is carried, everybody's clock goes on, and what can go goes.
    private func maintain(_ world: World) throws {
        try world.settle()
        for region in world.regions {
            try region.collectTombstones()
            while try region.store.trimLog(at: region.now, limit: 1000) { try region.commit() }
            try region.commit()
        }
    }

    /// How long ago the oldest entry of a region's log was stamped, in milliseconds.
    private func logAge(_ region: TestRegion) throws -> UInt64 {
        region.now - (try region.log().first?.record.version.stamp.milliseconds ?? region.now)
    }

    @Test(arguments: [UInt64(64 << 30), 20_000])
    func `a region that is away for a month holds back its tombstones and nothing else`(byteLimit: UInt64) throws {
        let world = try World.sharingTable { $0.logByteLimit = byteLimit }
        for number in 0..<40 { try world[1 + number % 3].put(item("old-\(number)")) }
        try world.exchange()
        let both = World([world[1], world[2]])
        for day in 0..<30 {
            for number in 0..<20 {
                try world[1 + number % 2].put(
                    item("day-\(day)-\(number)", ["b": .binary(Array(repeating: 7, count: 100))]))
            }
            try both.exchange()
            try world[1 + day % 2].delete(["pk": .string(Text("old-\(day)"))])
            if day > 0 { try world[1].delete(["pk": .string(Text("day-\(day - 1)-0"))]) }
            world.pass(milliseconds: Self.day)
            try maintain(both)
            for region in both.regions {
                #expect(try logAge(region) <= region.configuration.logRetentionLimitMilliseconds + Self.day)
                // Beside what streams keep.
                let kept: UInt64 = 2 * 25 * 600
                #expect(try region.logByteCount() <= byteLimit + kept)
            }
        }
        #expect(try world[1].tombstoneCount() == 59 && world[2].tombstoneCount() == 59)
        // What it has written meanwhile is the other regions' too.
        try world[3].put(item("meanwhile"))
        try maintain(world)
        for region in world.regions { #expect(try region.items() == world[1].items()) }
        #expect(try world[1].items().count == 40 + 600 + 1 - 59)
        for _ in 0..<2 { try maintain(world) }
        #expect(try world.regions.map { try $0.tombstoneCount() } == [0, 0, 0])
        world.pass(milliseconds: 2 * Self.day)
        try maintain(world)
        try maintain(world)
        for region in world.regions {
            #expect(try region.log().count <= 10)
            #expect(try region.contents(of: Layout.origins).count <= 20)
        }
    }

    @Test func `a replica that is removed and added again makes no log longer than a small multiple of the changes`()
        throws
    {
        let world = try World.sharingTable()
        var changeCount = 0
        func write(_ rounds: Int) throws {
            for round in 0..<rounds {
                for number in 1...3 where world[number].reader.table(named: "T")?.status == .active {
                    for key in 0..<5 { try world[number].put(item("\(key)", ["n": .number(Number(round))])) }
                    changeCount += 5
                }
                world.pass(milliseconds: 1)
            }
        }
        for _ in 0..<8 {
            try write(4)
            try world.exchange()
            try write(2)
            try world[1].update("T", .deleteReplica(region: world[3].name))
            try world.exchange()
            try write(4)
            try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
            try write(2)
            for source in [1, 2] { try world.carryLog(from: world[source], to: world[3]) }
            try write(2)
            try world.exchange()
            for region in world.regions { #expect(try region.items() == world[1].items()) }
        }
        let counts = try world.regions.map { try $0.log().count }
        #expect(counts.allSatisfy { $0 <= changeCount * 5 / 4 }, "\(counts) entries for \(changeCount) changes")
    }

    @Test func `of fifty thousand tokens the last ten minutes' are kept`() throws {
        let region = try TestRegion()
        try region.createTable()
        let steps = [try region.step(.update(key: ["pk": "a"], updating("SET n = :n", [":n": 1])))]
        var perMinute = 0
        for minute in 0..<50 {
            perMinute = 0
            for number in 0..<1_000 {
                _ = try region.store.transact(
                    Transaction(steps, token: .init(name: Text("\(minute)-\(number)"), fingerprint: [1])),
                    at: region.now)
                perMinute += 1
            }
            try region.commit()
            region.now += 60_000
        }
        var count = 0
        try region.disk.visit(KeyRange(prefix: Layout.MetaKey.tokenPrefix), in: Layout.meta, direction: .forward) {
            _, _ in
            count += 1
            return true
        }
        #expect(count <= 11 * perMinute)
    }
}
