import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

@Suite struct ExpiryTests {
    /// The second at which tests begin.
    private let start = TestRegion.start / 1000

    private func region() throws -> TestRegion {
        let region = try TestRegion()
        try region.createTable { $0.streamViewType = .newAndOldImages }
        try region.update("T", .setTimeToLive(attribute: "expires", isEnabled: true))
        return region
    }

    private func world() throws -> World {
        let world = try World(3)
        try world[1].createTable { $0.streamViewType = .newAndOldImages }
        for number in 2...3 {
            try world.exchange()
            try world[1].update("T", .createReplica(region: world[number].name, ReplicaOverrides()))
        }
        try world.exchange()
        try world[1].update("T", .setTimeToLive(attribute: "expires", isEnabled: true))
        try world.exchange()
        return world
    }

    private func item(_ key: String, expires: UInt64) -> Item {
        ["pk": .string(Text(key)), "expires": .number(Number(Int(expires)))]
    }

    /// Sweeps until nothing is left to do, as the writer does between drains.
    private func sweep(_ region: TestRegion, limit: Int = 100) throws {
        while try region.store.sweepExpired(at: region.now, limit: limit) { try region.commit() }
        try region.commit()
    }

    private func keys(_ region: TestRegion) throws -> [String] {
        try region.items().compactMap { item -> String? in
            guard case .string(let key) = item["pk"] else { return nil }
            return key.string
        }.sorted()
    }

    private func expiries(_ region: TestRegion) throws -> [Bool] {
        var consumer = StreamConsumer(region)
        try consumer.drain()
        return consumer.records.map(\.record).filter { $0.event == .remove }.map(\.isExpiry)
    }

    @Test func `an item is deleted once its second is over, and not before`() throws {
        let region = try region()
        try region.put(item("a", expires: start + 10))
        region.now = (start + 10) * 1000 + 999
        try sweep(region)
        #expect(try keys(region) == ["a"])
        region.now += 1
        try sweep(region)
        #expect(try keys(region).isEmpty)
        #expect(try region.contents(of: Layout.expiry).isEmpty)
        #expect(region.store.counters.expirations == 1 && region.store.counters.localWrites == 1)
        #expect(try region.log().last?.record.cause == .timeToLive)
        #expect(try expiries(region) == [true])
    }

    @Test func `only numbers of seconds within five years count`() throws {
        let region = try region()
        let old = start - 5 * 365 * 86_400
        let values: [(String, AttributeValue, Bool)] = [
            ("past", .number(Number(Int(start - 1))), false), ("text", .string(Text("\(start - 1)")), true),
            ("ancient", .number(Number(Int(old - 1))), true), ("almost ancient", .number(Number(Int(old + 10))), false),
            ("zero", 0, true), ("negative", -5, true), ("milliseconds", .number(Number(Int(start * 1000))), true),
            ("fraction", .number(try Number("\(start - 2).75")), false), ("small", .number(try Number("1e-130")), true),
            ("huge", .number(try Number("9e125")), true), ("list", .list([1]), true), ("null", .null, true),
        ]
        for (key, value, _) in values { try region.put(["pk": .string(Text(key)), "expires": value]) }
        try region.put(["pk": "without"])
        try sweep(region)
        #expect(try keys(region) == (values.filter(\.2).map(\.0) + ["without"]).sorted())
    }

    @Test func `an item whose time was put off lives on, and one whose time was brought forward goes`() throws {
        let region = try region()
        for key in ["off", "forward", "gone"] { try region.put(item(key, expires: start + 10)) }
        try region.put(item("off", expires: start + 100))
        try region.put(item("forward", expires: start + 5))
        try region.update(["pk": "gone"], "REMOVE expires")
        region.now += 6_000
        try sweep(region)
        #expect(try keys(region) == ["gone", "off"])
        region.now += 60_000
        try sweep(region)
        #expect(try keys(region) == ["gone", "off"])
        #expect(try region.contents(of: Layout.expiry).count == 2)
        region.now += 60_000
        try sweep(region)
        #expect(try keys(region) == ["gone"])
    }

    @Test func `an item that is written with a time long over goes too, wherever the sweeper has got to`() throws {
        let region = try region()
        try region.put(item("a", expires: start - 10))
        try sweep(region)
        try region.put(item("b", expires: start - 1000))
        try sweep(region)
        #expect(try keys(region).isEmpty)
    }

    @Test func `a step looks at no more than its limit, and all steps together at everything`() throws {
        let region = try region()
        try region.createTable("other")
        try region.update("other", .setTimeToLive(attribute: "expires", isEnabled: true))
        for number in 0..<20 {
            try region.put(item("\(number)", expires: start + 1))
            try region.put(item("\(number)", expires: start + 1), in: "other")
        }
        region.now += 5_000
        var steps = 0
        while try region.store.sweepExpired(at: region.now, limit: 3) {
            try region.commit()
            steps += 1
            #expect(region.store.counters.expirations <= UInt64(3 * steps))
            // No table waits for another one to be done with.
            if steps == 4 { #expect(try region.items().count < 20 && region.items(in: "other").count < 20) }
        }
        try region.commit()
        #expect(try region.items().isEmpty && region.items(in: "other").isEmpty && steps >= 13)
    }

    @Test func `items that were there before time to live was enabled are found, also over a restart`() throws {
        let region = try TestRegion()
        try region.createTable()
        for number in 0..<20 { try region.put(item("\(number)", expires: start + UInt64(number))) }
        try region.update("T", .setTimeToLive(attribute: "expires", isEnabled: true))
        _ = try region.store.backfillIndexes(limit: 3)
        try region.commit()
        try region.restart()
        try region.backfill()
        #expect(try region.contents(of: Layout.expiry).count == 40)
        region.now += 10_000
        try sweep(region)
        #expect(try region.items().count == 10)
    }

    @Test func `disabled, nothing expires, and enabled for another attribute that one counts`() throws {
        let region = try region()
        try region.put(["pk": "a", "expires": .number(Number(Int(start))), "until": .number(Number(Int(start + 50)))])
        try region.update("T", .setTimeToLive(attribute: "expires", isEnabled: false))
        #expect(try region.contents(of: Layout.expiry).isEmpty)
        region.now += 10_000
        try sweep(region)
        #expect(try keys(region) == ["a"])
        try region.update("T", .setTimeToLive(attribute: "until", isEnabled: true))
        try region.backfill()
        try sweep(region)
        #expect(try keys(region) == ["a"])
        region.now += 50_000
        try sweep(region)
        #expect(try keys(region).isEmpty)
    }

    @Test func `a table that goes takes its index with it`() throws {
        let region = try region()
        try region.put(item("a", expires: start + 10))
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        #expect(try region.contents(of: Layout.expiry).isEmpty)
    }

    @Test func `the region that wrote an item last deletes it, and the others get a deletion like any other`() throws {
        let world = try world()
        try world[2].put(item("a", expires: start + 10))
        try world.exchange()
        world.pass(milliseconds: 20_000)
        for region in world.regions {
            region.store.tick(at: region.now)
            try region.commit()
        }
        try world.exchange()
        for region in world.regions { try sweep(region) }
        #expect(world.regions.map(\.store.counters.expirations) == [0, 1, 0])
        try world.exchange()
        for region in world.regions {
            #expect(try region.items().isEmpty && region.contents(of: Layout.expiry).isEmpty)
        }
        #expect(try world.regions.map(expiries) == [[false], [true], [false]])
    }

    @Test func `while it may not know of a later write, the region that wrote an item waits, for less than a minute`()
        throws
    {
        let world = try world()
        try world[1].put(item("a", expires: start + 10))
        try world.exchange()
        // Cut off: no stable time comes any more.
        world[1].now = (start + 20) * 1000
        try sweep(world[1])
        #expect(try keys(world[1]) == ["a"])
        // The other side puts it off meanwhile.
        world[2].now = (start + 9) * 1000
        try world[2].put(item("a", expires: start + 500))
        try world.carry(from: world[2], to: world[1])
        world[1].now = (start + 26) * 1000
        try sweep(world[1])
        #expect(try keys(world[1]) == ["a"])
        try world[1].put(item("b", expires: start + 30))
        world[1].now = (start + 46) * 1000
        try sweep(world[1])
        #expect(try keys(world[1]) == ["a"])
    }

    @Test func `only the regions that have a replica are waited for`() throws {
        let world = try World(3)
        try world[1].createTable { $0.streamViewType = .newAndOldImages }
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try world[1].update("T", .setTimeToLive(attribute: "expires", isEnabled: true))
        try world[1].put(item("a", expires: start + 10))
        try world.exchange()
        // The third region is cut off.
        world.pass(milliseconds: 12_000)
        for number in 1...2 {
            world[number].store.tick(at: world[number].now)
            try world[number].commit()
        }
        for _ in 1...2 {
            try world.carry(from: world[1], to: world[2])
            try world.carry(from: world[2], to: world[1])
        }
        try sweep(world[1])
        #expect(try keys(world[1]).isEmpty)
    }

    @Test func `what a region wrote that is cut off, the others delete within a minute, and nothing comes back`() throws
    {
        let world = try world()
        try world[1].put(item("a", expires: start + 10))
        try world.exchange()
        world.pass(milliseconds: 46_000)
        for number in 1...3 { try sweep(world[number]) }
        // The cut is healed when both sides have deleted it.
        for region in world.regions { #expect(try region.items().isEmpty) }
        #expect(world.regions.map(\.store.counters.expirations) == [1, 1, 1])
        try world.exchange()
        for region in world.regions {
            #expect(try region.items().isEmpty && region.contents(of: Layout.expiry).isEmpty)
            #expect(try expiries(region) == [true])
        }
    }

    @Test func `an index that writes keep up holds just what the items say, whatever happens to them`() throws {
        var random = SplitMix64(seed: 11)
        let world = try world()
        for step in 0..<400 {
            let region = world[Int.random(in: 1...3, using: &random)]
            world.pass(milliseconds: UInt64.random(in: 0...300, using: &random))
            let key = "k\(Int.random(in: 0..<30, using: &random))"
            let second = region.now / 1000 + UInt64.random(in: 0...20, using: &random) - 5
            switch Int.random(in: 0..<12, using: &random) {
            case 0: try region.delete(["pk": .string(Text(key))])
            case 1: try region.put(["pk": .string(Text(key)), "expires": "never"])
            case 2: try sweep(region, limit: Int.random(in: 1...5, using: &random))
            case 3: try world.exchange()
            case 4: try region.restart()
            default: try region.put(item(key, expires: second))
            }
            guard step % 20 == 0 else { continue }
            for region in world.regions { try check(region) }
        }
        try world.exchange()
        for region in world.regions { try check(region) }
        world.pass(milliseconds: 120_000)
        for region in world.regions { try sweep(region) }
        try world.exchange()
        for region in world.regions {
            #expect(try region.items().allSatisfy { $0["expires"] == "never" })
            #expect(try region.contents(of: Layout.expiry).isEmpty)
        }
    }

    private func check(_ region: TestRegion) throws {
        let table = try region.table()
        let expected = try region.items().compactMap { item in
            ExpirySecond.of(item["expires"]).flatMap { second in
                table.storageKey(of: item).map { Layout.expiryKey(table.id, second, itemKey: $0) }
            }
        }
        let contents = try region.contents(of: Layout.expiry)
        let found = stride(from: 0, to: contents.count, by: 2).map { contents[$0] }
        #expect(Set(found) == Set(expected) && found.count == expected.count)
    }
}
