import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// Who reads the log, what that holds back, and what becomes of those that are away for too long.
@Suite struct FollowerTests {
    private static let hour: UInt64 = 3_600_000

    private func trim(_ region: TestRegion, limit: Int = 1000) throws {
        while try region.store.trimLog(at: region.now, limit: limit) { try region.commit() }
        try region.commit()
    }

    private func tick(_ region: TestRegion) throws {
        region.store.tick(at: region.now)
        try region.commit()
    }

    private func names(_ region: TestRegion) -> [String] { region.store.followers.map(\.name.string) }

    @Test func `each region of the topology has a claim from the beginning, and its logs once they are known`() throws {
        let world = try World(3)
        #expect(names(world[1]) == ["link/ap-northeast-1", "link/eu-west-1"])
        #expect(!world[1].store.hasPendingChanges)
        try world[1].createTable()
        try world.carry(from: world[1], to: world[2])
        #expect(names(world[1]) == ["link/ap-northeast-1", "link/eu-west-1/\(world[2].origin.incarnationText)"])
        try tick(world[1])
        let before = world[1].store.followers
        try world[1].restart()
        #expect(world[1].store.followers == before)
        #expect(before.map(\.cursor) == [.zero, world[1].reader.lastPosition])
    }

    @Test func `a cursor goes with the next commit and causes none`() throws {
        let world = try World.sharingTable(2)
        try world[1].put(item("a"))
        try world.carryLog(from: world[1], to: world[2])
        let before = try world[1].contents()
        world.acknowledge(from: world[1], to: world[2])
        #expect(!world[1].store.hasPendingChanges)
        try world[1].commit()
        #expect(try world[1].contents() == before)
        try world[1].restart()
        #expect(world[1].store.followers[0].cursor < world[1].reader.lastPosition)
    }

    @Test func `trimming goes on after a restart without anybody being heard of again`() throws {
        let world = try World.sharingTable(2)
        for number in 0..<5 { try world[1].put(item("\(number)")) }
        try world.exchange()
        let last = world[1].reader.lastPosition
        try tick(world[1])
        try world[1].restart()
        world.pass(milliseconds: 25 * Self.hour)
        try trim(world[1], limit: 2)
        #expect(world[1].reader.logStart == last.successor)
        #expect(world[1].store.takeEvents().isEmpty)
    }

    @Test func `the log is exact in bytes, and beyond its bound goes what a follower lacks`() throws {
        let world = try World.sharingTable(2) { $0.logByteLimit = 2_000 }
        try world.exchange()
        let acknowledged = world[1].reader.lastPosition
        for number in 0..<20 { try world[1].put(item("\(number)", ["b": .binary(Array(repeating: 7, count: 200))])) }
        #expect(try world[1].store.region.log.bounds.byteCount == world[1].logByteCount())
        try trim(world[1])
        // What streams keep stays.
        #expect(world[1].reader.logStart.rawValue == 1)
        world.pass(milliseconds: 25 * Self.hour)
        try world[1].put(item("young"))
        try trim(world[1], limit: 3)
        let events = world[1].store.takeEvents()
        let name = LinkFollowers.name(of: world[2].origin, in: world[2].name)
        guard case .followerLapsed(name, cursor: acknowledged, let retainedFrom, cause: .size) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(events.count == 1 && retainedFrom > acknowledged.successor)
        // Without its claim the rest goes too.
        #expect(world[1].reader.logStart == world[1].reader.lastPosition)
        #expect(try world[1].store.region.log.bounds.byteCount == world[1].logByteCount())
        try world[1].restart()
        #expect(try world[1].store.region.log.bounds.byteCount == world[1].logByteCount())
    }

    @Test
    func `a follower that is away for too long lapses, which is told once and durable, and counts again when filled`()
        throws
    {
        let world = try World.sharingTable(2)
        try world.exchange()
        let cursor = world[1].reader.lastPosition
        try world[1].put(item("missed"))
        world.pass(milliseconds: 8 * 24 * Self.hour)
        let name = LinkFollowers.name(of: world[2].origin, in: world[2].name)
        _ = try world[1].store.trimLog(at: world[1].now, limit: 1000)
        // Nothing is told before it is durable.
        #expect(world[1].store.takeEvents().isEmpty)
        try world[1].commit()
        let start = world[1].reader.logStart
        #expect(
            world[1].store.takeEvents() == [.followerLapsed(name, cursor: cursor, retainedFrom: start, cause: .age)])
        try world[1].restart()
        #expect(world[1].store.followers.map(\.lapse) == [.age])
        try trim(world[1])
        #expect(world[1].store.takeEvents().isEmpty)

        try world.exchange()
        try tick(world[1])
        #expect(try world[2].items() == [item("missed")])
        let resumed = world[1].store.takeEvents()
        guard case .followerResumed(name, let cursor) = resumed.first, resumed.count == 1 else {
            Issue.record("\(resumed)")
            return
        }
        #expect(cursor.successor >= start)
        #expect(world[1].store.followers.map(\.isLapsed) == [false])
        // Its claim counts again.
        try world[1].put(item("kept"))
        let kept = world[1].reader.lastPosition
        world.pass(milliseconds: 25 * Self.hour)
        try trim(world[1])
        #expect(world[1].reader.logStart == kept)
    }

    @Test func `a follower goes with its log, and another takes its place, when the region's directory says so`() throws
    {
        let world = try World.sharingTable(2)
        let old = world[2].origin
        let new = Origin(rawValue: old.rawValue ^ 1)
        func name(_ log: Origin) -> Text { LinkFollowers.name(of: log, in: world[2].name) }
        world[1].store.noteAcknowledged(by: new, vector: AppliedVector())
        // Another log alone ends none.
        #expect(Set(world[1].store.followers.map(\.name)) == [name(old), name(new)])
        world[1].store.noteClosed(new, at: .zero, directory: RegionDirectory(alive: [new], ended: [old]))
        #expect(world[1].store.followers.map(\.name) == [name(new)])
        try tick(world[1])
        try world[1].restart()
        #expect(world[1].store.followers.map(\.name) == [name(new)])
    }

    @Test func `a log that acknowledged and that the next directory of its region does not name counts no more`() throws
    {
        let world = try World(2)
        let (lost, new) = (Origin(rawValue: 2 << 48 | 1), Origin(rawValue: 2 << 48 | 2))
        world[1].store.noteAcknowledged(by: lost, vector: AppliedVector())
        world[1].store.noteClosed(new, at: .zero, directory: RegionDirectory(alive: [new]))
        #expect(world[1].store.followers.map(\.name) == [LinkFollowers.name(of: new, in: world[2].name)])
        // It was there after all.
        world[1].store.noteAcknowledged(by: lost, vector: AppliedVector())
        #expect(world[1].store.followers.count == 2)
    }

    @Test func `a region that left the topology holds nothing back`() throws {
        let region = try TestRegion()
        try region.createTable()
        var configuration = RegionConfiguration(
            region: region.configuration.region, regions: Array(region.configuration.regions.prefix(2)))
        configuration.durability = .synced
        let store = try TestRegion(opening: region.image(), configuration: configuration).store
        #expect(store.followers.map(\.name.string) == ["link/eu-west-1"])
    }
}
