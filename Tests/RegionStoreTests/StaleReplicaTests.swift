import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// An old copy of a disk is put back, and the other regions' logs no longer go back so far.
@Suite struct StaleReplicaTests {
    /// Three regions with items of which one is deleted after the second region's disk was copied, so long ago that nobody knows of it.
    private func world() throws -> (world: World, copy: WriteBatch) {
        let world = try World.sharingTable()
        for key in ["a", "b", "c"] { try world[1].put(item(key)) }
        try world[2].put(item("own"))
        try world.settle()
        let copy = try world[2].image()
        try world[2].put(item("later"))
        try world[1].delete(["pk": "a"])
        try world[3].put(item("b", ["n": 2]))
        try world.settle()
        try forget(world)
        return (world, copy)
    }

    /// Lets so much time go by that logs and tombstones go.
    private func forget(_ world: World) throws {
        for _ in 0..<3 {
            world.pass(milliseconds: 25 * 3_600_000)
            try world.settle()
            for region in world.regions {
                try region.collectTombstones()
                while try region.store.trimLog(at: region.now, limit: 1000) { try region.commit() }
                try region.commit()
            }
        }
        for region in world.regions { #expect(try region.tombstoneCount() == 0) }
    }

    /// The regions with the second one on a copy of its disk, which a mark beside it shows to be old.
    private func putBack(_ copy: WriteBatch, in world: World) throws -> World {
        let mark = LogMark(incarnation: world[2].store.incarnation, position: world[2].reader.lastPosition.successor)
        let region = try TestRegion(opening: copy, configuration: world[2].configuration, mark: .found(mark))
        region.now = world.regions.map(\.now).max() ?? 0
        #expect(region.store.forgotten?.log == world[2].origin)
        return World([world[1], region, world[3]])
    }

    @Test func `what was deleted and forgotten meanwhile does not come back`() throws {
        let (before, copy) = try world()
        let world = try putBack(copy, in: before)
        #expect(try world[2].item(["pk": "a"]) != nil)
        try world.carryLog(from: world[1], to: world[2])
        #expect(world[2].store.reader.table(named: "T")?.status == .active, "it answers with what it has")
        #expect(try status(of: world[2]) == .updating)
        #expect(try world[2].item(["pk": "a"]) != nil, "it keeps what it has until another region sends the table")
        let snapshot = try world[2].reader.snapshot()
        #expect(
            try world[2].reader.transferVector(of: world[2].table().uuid, in: snapshot) == nil,
            "nobody is given what it holds")
        try world.exchange()
        for region in world.regions {
            #expect(try Set(region.items()) == [item("b", ["n": 2]), item("c"), item("later"), item("own")])
            #expect(try status(of: world[2], in: region) == .active)
        }
        // It takes writes again, and nobody lacks them.
        try world[2].put(item("new"))
        try world.exchange()
        for region in world.regions { #expect(try region.item(["pk": "new"]) != nil) }
    }

    /// What the settings say of a region's replica.
    private func status(of region: TestRegion, in other: TestRegion? = nil) throws -> TableStatus? {
        let state = try #require((other ?? region).store.region.catalog.all.first)
        return state.entry.replica(in: region.name)?.status
    }

    @Test func `what came since the copy was found stays, be it older than the copy`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.settle()
        // The third region's clock is behind: its later write has a lower stamp than what the copy holds.
        world[3].now -= 5_000
        world[2].now += 5_000
        try world[2].put(item("own"))
        for target in [1, 3] { try world.carryLog(from: world[2], to: world[target]) }
        let copy = try world[2].image()
        try world[1].delete(["pk": "a"])
        try world.settle()
        try forget(world)
        let after = try putBack(copy, in: world)
        let region = after[2]
        for source in [after[1], after[3]] { try after.carryLog(from: source, to: region) }
        try after[3].put(item("late"))
        let log = after[3].origin
        let page = try after[3].reader.changes(
            after: region.store.vector[log], upTo: after[3].reader.lastPosition,
            matching: after.filter(after[3], region, log), byteLimit: .max)
        try region.store.apply(
            ReceivedBatch(origin: log, records: page.records, position: page.readPosition, isComplete: true),
            at: region.now)
        try region.commit()
        // The first region does not have the write yet that the snapshot's receiver has.
        after.acknowledge(from: region, to: after[1])
        #expect(region.store.vector[log] > after[1].store.vector[log])
        try after.fill(region, from: after[1])
        #expect(try status(of: region) == .active)
        #expect(try Set(region.items()) == [item("own"), item("late")])
    }

    @Test func `a table of more pages, of which some are lost, is compared as a whole`() throws {
        let world = try World.sharingTable()
        for number in 0..<200 { try world[1].put(item("\(number)")) }
        try world.settle()
        let copy = try world[2].image()
        for number in 0..<200 where number % 3 > 0 { try world[1].delete(["pk": .string(Text("\(number)"))]) }
        try world.settle()
        try forget(world)
        let after = try putBack(copy, in: world)
        let region = after[2]
        try after.carryLog(from: after[1], to: region)
        after.acknowledge(from: region, to: after[1])
        let replica = try #require(region.store.claimTransfers(from: after[1].origin).first)
        let fill = try #require(try Fill(of: replica, to: region, from: after[1], byteLimit: 500))
        for _ in 0..<3 { #expect(try fill.next()) }
        // The link ends, and with the transfer's end alone nothing is compared.
        region.store.abandonTransfers(from: after[1].origin)
        region.store.finishSnapshot(of: replica, vector: fill.vector, at: region.now)
        try region.commit()
        #expect(try status(of: region) == .updating)
        try after.exchange()
        let left = Set((0..<200).filter { $0 % 3 == 0 }.map { item("\($0)") })
        for region in after.regions { #expect(try Set(region.items()) == left) }
        #expect(try status(of: region) == .active)
        #expect(region.store.region.catalog.all.first?.itemCount == left.count)
    }

    @Test func `what only the copy has stays`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.settle()
        // Cut off it has written, and then its disk was copied.
        try world[2].put(item("own"))
        let copy = try world[2].image()
        try world[2].put(item("later"))
        let others = World([world[1], world[3]])
        try world[1].put(item("b"))
        for _ in 0..<40 {
            others.pass(milliseconds: 25 * 3_600_000)
            try others.settle()
            for region in others.regions {
                while try region.store.trimLog(at: region.now, limit: 1000) { try region.commit() }
                try region.commit()
            }
        }
        let after = try putBack(copy, in: world)
        let region = after[2]
        try after.carryLog(from: world[1], to: region)
        #expect(try status(of: region) == .updating)
        after.acknowledge(from: region, to: world[1])
        try after.fill(region, from: world[1])
        #expect(try status(of: region) == .active)
        #expect(try Set(region.items()) == [item("a"), item("b"), item("own")])
    }

    @Test func `where every copy is old, one of them is what is left`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.settle()
        let store = world[1].store
        var state = try #require(store.region.catalog.all.first)
        state.local.isCopied = true
        store.region.requireTransfer(&state)
        state.entry.setReplica(
            in: world[2].name, status: .updating, version: store.region.nextVersion(at: world[1].now))
        state.entry.setReplica(
            in: world[3].name, status: .creating, version: store.region.nextVersion(at: world[1].now))
        store.region.catalog.put(state)
        try world[1].commit()
        #expect(try status(of: world[1]) == .updating)
        store.tick(at: world[1].now)
        try world[1].commit()
        #expect(try status(of: world[1]) == .active)
        #expect(try world[1].items() == [item("a")])
    }
}
