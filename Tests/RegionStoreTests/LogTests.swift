import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

@Suite struct LogTests {
    /// Two regions or more that share a table.
    private func world(_ count: Int = 2, change: (inout RegionConfiguration) -> Void = { _ in }) throws -> World {
        let world = try World(count, change: change)
        try world[1].createTable { $0.streamViewType = .newAndOldImages }
        for number in 2...count {
            try world.exchange()
            try world[1].update("T", .createReplica(region: world[number].name, ReplicaOverrides()))
        }
        try world.exchange()
        return world
    }

    @Test func `each write is one record, without gaps, and names what it replaced`() throws {
        let region = try TestRegion()
        try region.createTable()
        try region.put(item("a", ["n": 1]))
        try region.update(["pk": "a"], "ADD n :one", [":one": 1])
        try region.delete(["pk": "a"])
        let records = try region.log().map(\.record)
        #expect(records.map(\.position.rawValue) == [1, 2, 3, 4])
        #expect(records.map(\.kind) == [.catalog, .put, .put, .delete])
        #expect(records[1].replaced == .zero && records[2].replaced == records[1].version)
        #expect(records[3].replaced == records[2].version)
        #expect(try Item(decoding: records[2].payload) == item("a", ["n": 2]))
        #expect(try Item(decoding: records[3].payload) == ["pk": "a"])
    }

    @Test func `the payload of a deletion is the key alone, whatever the request held`() throws {
        let world = try world()
        try world[1].write(.delete(key: item("a", ["n": 1])), in: "T", if: nil)
        #expect(try Item(decoding: #require(world[1].log().last).record.payload) == ["pk": "a"])
    }

    @Test func `old images are kept beside the record where a stream wants them, and only there`() throws {
        for (view, hasOldImage) in [
            (nil, false), (.keysOnly, false), (.newImage, false), (.oldImage, true), (.newAndOldImages, true),
        ] as [(StreamViewType?, Bool)] {
            let region = try TestRegion()
            try region.createTable { $0.streamViewType = view }
            try region.put(item("a", ["n": 1]))
            try region.put(item("a", ["n": 2]))
            let entry = try #require(region.log().last).entry
            #expect(entry.oldImage == (hasOldImage ? item("a", ["n": 1]).encoded() : []))
            #expect(try region.contents(of: Layout.streams).count == (view == nil ? 0 : 4))
        }
    }

    @Test func `a write that changes nothing is replicated, but is in no stream`() throws {
        let region = try TestRegion()
        try region.createTable { $0.streamViewType = .newImage }
        for _ in 0..<2 { try region.put(item("a")) }
        #expect(try region.log().count == 3)
        #expect(try region.contents(of: Layout.streams).count == 2)
    }

    @Test func `what was received is logged as applied, lost or repeated, and only what was applied is in the stream`()
        throws
    {
        let world = try world(3)
        try world[1].put(item("a", ["n": 1]))
        world.pass(milliseconds: 1)
        try world[2].put(item("a", ["n": 2]))
        try world.carryLog(from: world[2], to: world[3])
        let streamed = try world[3].contents(of: Layout.streams).count
        try world.carryLog(from: world[1], to: world[3])
        let last = try #require(world[3].log().last)
        #expect(last.entry.outcome == .superseded && last.record.version.origin == world[1].origin)
        #expect(try world[3].contents(of: Layout.streams).count == streamed)
        #expect(world[3].store.counters.replicatedSuperseded == 1)
        #expect(try world[3].items() == [item("a", ["n": 2])])
    }

    @Test func `a batch that comes twice changes nothing the second time`() throws {
        let world = try world()
        let start = world[1].reader.lastPosition
        for number in 0..<5 { try world[1].put(item("\(number)")) }
        try world[1].update("T", .setTableClass(.infrequentAccess))
        let page = try world[1].reader.changes(
            after: start, upTo: world[1].reader.lastPosition,
            matching: world.filter(world[1], world[2], world[1].origin),
            byteLimit: .max)
        try world.carryLog(from: world[1], to: world[2])
        let before = try world[2].contents()
        for isComplete in [true, false] {
            try world[2].store.apply(
                ReceivedBatch(
                    origin: world[1].origin, records: page.records, position: page.readPosition, isComplete: isComplete),
                at: world[2].now)
            try world[2].commit()
            #expect(try world[2].contents() == before)
        }
    }

    @Test func `conflicts are counted where neither writer had seen the other, and nowhere else`() throws {
        let world = try world()
        try world[1].put(item("a", ["n": 1]))
        try world.exchange()
        try world[2].put(item("a", ["n": 2]))
        try world.exchange()
        #expect(world.regions.map(\.store.counters.conflicts) == [0, 0])
        try world[1].put(item("a", ["n": 3]))
        world.pass(milliseconds: 1)
        try world[2].put(item("a", ["n": 4]))
        try world.exchange()
        #expect(world.regions.map(\.store.counters.conflicts) == [1, 1])
        try world[1].put(item("a", ["n": 5]))
        try world.exchange()
        #expect(world.regions.map(\.store.counters.conflicts) == [1, 1])
    }

    @Test func `pages of the log end at a byte limit, a scan limit or the end, and join without gap`() throws {
        let world = try world()
        try world[1].createTable("U")
        for number in 0..<30 { try world[1].put(item("\(number)"), in: number % 3 == 0 ? "T" : "U") }
        let filter = world.filter(world[1], world[2], world[1].origin)
        let end = world[1].reader.lastPosition
        let whole = try world[1].reader.changes(after: .zero, upTo: end, matching: filter, byteLimit: .max)
        #expect(whole.readPosition == end)
        for (byteLimit, scanLimit) in [(1, 10_000), (200, 10_000), (.max, 1), (.max, 4), (150, 3)] {
            var records: [[UInt8]] = []
            var position = LogPosition.zero
            while position < end {
                let page = try world[1].reader.changes(
                    after: position, upTo: end, matching: filter, byteLimit: byteLimit, scanLimit: scanLimit)
                #expect(page.readPosition > position)
                position = page.readPosition
                records += page.records
            }
            #expect(records == whole.records)
        }
    }

    private func trim(_ region: TestRegion, limit: Int = 1000) throws {
        while try region.store.collectTombstones(limit: 1000) { try region.commit() }
        try region.commit()
        while try region.store.trimLog(at: region.now, limit: limit) { try region.commit() }
        try region.commit()
    }

    private func beat(_ world: World) throws {
        for region in world.regions {
            region.store.tick(at: region.now)
            try region.commit()
        }
        try world.exchange()
    }

    @Test func `the log keeps a day, and what others lack up to a week`() throws {
        let hour: UInt64 = 3_600_000
        let world = try world()
        try world[1].put(item("a"))
        let written = world[1].reader.lastPosition
        world.pass(milliseconds: 23 * hour)
        try beat(world)
        try trim(world[1])
        #expect(world[1].reader.logStart.rawValue == 1)
        try world[1].put(item("b"))
        world.pass(milliseconds: 2 * hour)
        // The other region has all but the last write.
        try trim(world[1])
        #expect(world[1].reader.logStart == written.successor)
        #expect(try world[1].store.region.log.bounds.byteCount == world[1].logByteCount())
        world.pass(milliseconds: 48 * hour)
        try trim(world[1])
        #expect(world[1].reader.logStart == written.successor)
        world.pass(milliseconds: 7 * 24 * hour)
        try trim(world[1])
        #expect(world[1].reader.logStart == world[1].reader.lastPosition.successor)
        #expect(try world[1].contents(of: Layout.log).isEmpty && world[1].contents(of: Layout.streams).isEmpty)
    }

    @Test func `a trimmed log goes on at the same positions, also after a restart`() throws {
        let world = try world()
        for number in 0..<5 { try world[1].put(item("\(number)")) }
        try beat(world)
        let last = world[1].reader.lastPosition
        world.pass(milliseconds: 25 * 3_600_000)
        try beat(world)
        try trim(world[1], limit: 2)
        #expect(try world[1].contents(of: Layout.log).isEmpty)
        try world[1].restart()
        #expect(world[1].reader.lastPosition == last && world[1].reader.logStart == last.successor)
        #expect(world[1].store.region.log.bounds.byteCount == 0)
        #expect(try world[1].reader.vector(in: world[1].reader.snapshot())[world[1].origin] == last)
        try world[1].put(item("next"))
        #expect(world[1].reader.lastPosition == last.successor)
        try world.exchange()
        #expect(try world[2].items() == world[1].items())
    }

    @Test func `the places of other origins go with the log that they point into`() throws {
        let world = try world()
        for number in 0..<20 {
            try world[2].put(item("\(number)"))
            // Between them what does not concern the other region, so that batches end behind their last record.
            try world[2].createTable(Text("own-\(number)"))
            try world[2].put(item("x"), in: Text("own-\(number)"))
            try world.carryLog(from: world[2], to: world[1])
        }
        #expect(try world[1].contents(of: Layout.origins).count >= 40)
        world.pass(milliseconds: 25 * 3_600_000)
        try beat(world)
        try trim(world[1])
        #expect(try world[1].contents(of: Layout.log).isEmpty)
        #expect(try world[1].contents(of: Layout.origins).count <= 2)
    }

    @Test func `a batch of which nothing is logged leaves no place`() throws {
        let world = try World(2)
        try world[1].createTable()
        try world.exchange()
        // Until a snapshot has filled it the replica takes no changes: the snapshot brings them.
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.carryLog(from: world[1], to: world[2])
        let places = try world[2].contents(of: Layout.origins)
        let end = world[2].reader.lastPosition
        for number in 0..<5 {
            try world[1].put(item("\(number)"))
            try world.carryLog(from: world[1], to: world[2])
        }
        #expect(world[2].reader.lastPosition == end)
        #expect(try world[2].contents(of: Layout.origins) == places)
        #expect(world[2].store.vector[world[1].origin] == world[1].reader.lastPosition)
    }

    @Test func `a third region passes on what it has of a region that is cut off`() throws {
        let world = try world(3)
        for number in 0..<10 { try world[1].put(item("\(number)", ["n": .number(Number(number))])) }
        try world[1].delete(["pk": "3"])
        try world.carryLog(from: world[1], to: world[2])
        try world.relay(world[1].origin, through: world[2], to: world[3])
        #expect(try world[3].items() == world[1].items())
        #expect(world[3].store.appliedVector[world[1].origin] == world[2].store.appliedVector[world[1].origin])
        try world.exchange()
        #expect(try world[3].items() == world[1].items())
    }

    @Test func `what was passed on early is passed on again without a gap`() throws {
        let world = try world(4)
        for number in 0..<6 { try world[1].put(item("\(number)")) }
        // Region 2 first gets single records ahead of the others, then the whole of the log.
        let known = world[2].store.appliedVector[world[1].origin]
        let page = try world[1].reader.changes(
            after: known, upTo: world[1].reader.lastPosition,
            matching: world.filter(world[1], world[2], world[1].origin),
            byteLimit: .max)
        try world[2].store.apply(
            ReceivedBatch(
                origin: world[1].origin, records: [page.records[4], page.records[2]], position: page.readPosition,
                isComplete: false), at: world[2].now)
        try world[2].commit()
        try world.carryLog(from: world[1], to: world[2])
        #expect(
            try world[2].log().suffix(6).map(\.record.position)
                == page.records.map { try ChangeRecord.header(of: $0).position })
        try world.relay(world[1].origin, through: world[2], to: world[3])
        #expect(try world[3].items() == world[1].items())
    }

    @Test func `nothing is passed on as complete by a region that may lack some of it`() throws {
        let world = try world(3)
        try world[1].createTable("U")
        try world.exchange()
        try world[1].update("U", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.exchange()
        try world[1].put(item("t"))
        try world[1].put(item("u"), in: "U")
        try world.carryLog(from: world[1], to: world[2])
        let known = world[3].store.appliedVector[world[1].origin]
        #expect(try !world[2].reader.holdsAllChanges(of: world[1].origin, after: known, for: world[3].name))
        try world.relay(world[1].origin, through: world[2], to: world[3])
        #expect(try world[3].items() == [item("t")])
        #expect(world[3].store.appliedVector[world[1].origin] == known)
        try world.exchange()
        #expect(try world[3].items(in: "U") == [item("u")])
    }
}
