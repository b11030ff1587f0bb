import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// An old copy of a disk is put back, and the other regions' logs no longer go back so far.
@Suite struct StaleReplicaTests {
    /// Three regions with items of which one is deleted after the second region's disk was copied, so long ago that nobody knows of it.
    private func world() throws -> (world: World, copy: WriteBatch, mark: LogMark) {
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
        return (
            world, copy, LogMark(incarnation: world[2].store.incarnation, position: world[2].reader.lastPosition)
        )
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

    private func putBack(_ copy: WriteBatch, _ mark: LogMark, in world: World) throws -> World {
        let region = try TestRegion(opening: copy, configuration: world[2].configuration, mark: .found(mark))
        region.now = world[2].now
        #expect(region.store.forgotten?.log == world[2].origin)
        return World([world[1], region, world[3]])
    }

    @Test func `what was deleted and forgotten meanwhile does not come back`() throws {
        let (before, copy, mark) = try world()
        let world = try putBack(copy, mark, in: before)
        #expect(try world[2].item(["pk": "a"]) != nil)
        try world.carryLog(from: world[1], to: world[2])
        #expect(world[2].store.reader.table(named: "T")?.status == .creating)
        #expect(try world[2].item(["pk": "a"]) != nil, "it keeps what it has until another region sends the table")
        try world.exchange()
        for region in world.regions {
            #expect(try Set(region.items()) == [item("b", ["n": 2]), item("c"), item("later"), item("own")])
            #expect(region.store.reader.table(named: "T")?.status == .active)
        }
        // It takes writes again, and nobody lacks them.
        try world[2].put(item("new"))
        try world.exchange()
        for region in world.regions { #expect(try region.item(["pk": "new"]) != nil) }
    }

    @Test func `what only the copy has is fetched from its log before its items go`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.settle()
        // Cut off it has written, and then its disk was copied.
        try world[2].put(item("own"))
        let copy = try world[2].image()
        try world[2].put(item("later"))
        let mark = LogMark(incarnation: world[2].store.incarnation, position: world[2].reader.lastPosition)
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
        let region = try TestRegion(opening: copy, configuration: world[2].configuration, mark: .found(mark))
        region.now = world[1].now
        let after = World([world[1], region, world[3]])
        try after.carryLog(from: world[1], to: region)
        #expect(region.store.claimTransfers(from: world[1].origin).isEmpty, "the source lacks what the copy has")
        #expect(try region.item(["pk": "own"]) != nil)
    }

    @Test func `where every copy is old, one of them is what is left`() throws {
        let world = try World.sharingTable()
        try world[1].put(item("a"))
        try world.settle()
        let store = world[1].store
        var state = try #require(store.region.catalog.all.first)
        let id = state.local.tableID
        state.local.becomeStale(after: store.lastPosition)
        for region in world.regions {
            state.entry.setReplica(
                in: region.name, status: .creating, version: store.region.nextVersion(at: world[1].now))
        }
        store.region.catalog.put(state)
        try world[1].commit()
        #expect(world[1].reader.table(named: "T")?.status == .creating)
        store.tick(at: world[1].now)
        try world[1].commit()
        #expect(world[1].reader.table(named: "T")?.status == .active)
        #expect(store.region.catalog.all.first?.local.tableID == id)
        #expect(try world[1].items() == [item("a")])
    }
}
