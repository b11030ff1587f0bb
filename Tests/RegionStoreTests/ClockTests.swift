import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// One region whose clock is wrong must not win every conflict for a year.
@Suite struct ClockTests {
    let world: World

    init() throws {
        world = try World(2)
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
    }

    private func expectRefused(_ body: () throws -> Void) throws {
        let before = try world[2].contents()
        let mark = world[2].store.region.clock.highWaterMark
        let refusals = world[2].store.counters.clockRefusals
        do {
            try body()
            Issue.record("the stamp should have been refused")
        } catch ApplyError.clock(.tooFarAhead) {
            #expect(world[2].store.counters.clockRefusals == refusals + 1)
        }
        #expect(!world[2].store.hasPendingChanges)
        #expect(world[2].store.region.clock.highWaterMark == mark)
        #expect(world[2].store.failure == nil)
        #expect(try world[2].contents() == before)
    }

    @Test func `a change stamped as far ahead as is allowed is applied, and one beyond is refused with its batch`()
        throws
    {
        world[1].now += 60_000
        try world[1].put(item("a"))
        try world.carryLog(from: world[1], to: world[2])
        #expect(try world[2].items() == [item("a")])
        try world[1].put(item("fine"))
        world[1].now += 1
        try world[1].put(item("a", ["n": 2]))
        world.byteLimit = .max
        try expectRefused { try world.carryLog(from: world[1], to: world[2]) }
        // Once time has come near, the same batch is let in.
        world[2].now += 1
        try world.carryLog(from: world[1], to: world[2])
        #expect(try world[2].items() == world[1].items())
    }

    @Test func `a setting stamped too far ahead is refused`() throws {
        world[1].now += 60_001
        try world[1].update("T", .setTableClass(.infrequentAccess))
        try expectRefused { try world.carryLog(from: world[1], to: world[2]) }
        let snapshot = try world[1].reader.snapshot()
        try expectRefused {
            try world[2].store.applyCatalog(
                world[1].reader.catalogEntries(in: snapshot), from: world[1].origin,
                position: LogPosition(rawValue: 50),
                isReset: true, at: world[2].now)
        }
    }

    @Test func `a snapshot with a stamp too far ahead is refused`() throws {
        world[1].now += 60_001
        try world[1].put(item("a"))
        let table = try world[1].table()
        try world[2].store.transferAgain(world[2].replica(), lacking: world[1].origin, from: world[1].origin)
        try world[2].commit()
        let page = try world[1].reader.snapshotPage(
            of: table, in: world[1].reader.snapshot(), from: nil, byteLimit: .max)
        let part = page.part(AppliedVector())
        try expectRefused { try world[2].store.applySnapshot(part, of: world[2].replica(), at: world[2].now) }
    }

    @Test func `a write that follows a change from a clock ahead is above it`() throws {
        world[1].now += 50_000
        try world[1].put(item("a", ["n": 1]))
        try world.carryLog(from: world[1], to: world[2])
        try world[2].put(item("a", ["n": 2]))
        try world.exchange()
        #expect(try world[1].items() == [item("a", ["n": 2])])
    }

    @Test func `stable time is the least of all closed timestamps, and zero until all are known`() throws {
        let world = try World(3)
        for region in world.regions { region.store.tick(at: region.now) }
        for region in world.regions { try region.commit() }
        // All of them know of all.
        var vector = AppliedVector()
        for region in world.regions { vector.raise(region.origin, to: .zero) }
        for number in [2, 3] { world[1].store.noteAcknowledged(by: world[number].origin, vector: vector) }
        #expect(world[1].store.stableTime == .zero)
        world[1].store.noteClosed(
            world[2].origin, at: HybridTimestamp(milliseconds: 70), directory: RegionDirectory(alive: [world[2].origin])
        )
        #expect(world[1].store.stableTime == .zero)
        world[1].store.noteClosed(
            world[3].origin, at: HybridTimestamp(milliseconds: 60), directory: RegionDirectory(alive: [world[3].origin])
        )
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 60))
        // A closed timestamp never goes back.
        world[1].store.noteClosed(
            world[3].origin, at: HybridTimestamp(milliseconds: 50), directory: RegionDirectory(alive: [world[3].origin])
        )
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 60))
    }

    @Test func `stable time waits for what a store that has forgotten the end of its log still has of it`() throws {
        let world = try World(3)
        let store = world[1].store
        let (second, forgotten, new) = (world[2].origin, world[3].origin, Origin(rawValue: 3 << 48 | 1))
        func vector(_ entries: (Origin, UInt64)...) -> AppliedVector {
            entries.reduce(into: AppliedVector()) { $0.raise($1.0, to: LogPosition(rawValue: $1.1)) }
        }
        store.tick(at: world[1].now)
        try world[1].commit()
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (forgotten, 0)))
        store.noteAcknowledged(by: forgotten, vector: vector((store.origin, 0), (second, 4), (forgotten, 9)))
        store.noteClosed(second, at: HybridTimestamp(milliseconds: 70), directory: RegionDirectory(alive: [second]))
        store.noteClosed(
            forgotten, at: HybridTimestamp(milliseconds: 60), directory: RegionDirectory(alive: [forgotten]))
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (new, 1)))
        // Nobody else has any of it, and the new log's first word says nothing of the old one.
        store.noteAcknowledged(by: new, vector: AppliedVector())
        store.noteClosed(
            new, at: HybridTimestamp(milliseconds: 65), directory: RegionDirectory(alive: [new], ended: [forgotten]))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        let own = vector((store.origin, 0), (second, 4), (forgotten, 7), (new, 9))
        store.noteAcknowledged(by: new, vector: own)
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        #expect(store.orphanedOriginsNeeded(from: new).map(\.origin) == [forgotten])
        store.finishOrphanedOrigin(
            of: forgotten, from: new, after: .zero, position: LogPosition(rawValue: 7), isTrimmed: false)
        #expect(store.vector[forgotten] == LogPosition(rawValue: 7))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 65))
    }

    @Test func `stable time waits until everybody has what anybody holds of a disk that was lost`() throws {
        let world = try World(3)
        let store = world[1].store
        let (second, lost, new) = (world[2].origin, world[3].origin, Origin(rawValue: 3 << 48 | 1))
        func vector(_ entries: (Origin, UInt64)...) -> AppliedVector {
            entries.reduce(into: AppliedVector()) { $0.raise($1.0, to: LogPosition(rawValue: $1.1)) }
        }
        store.tick(at: world[1].now)
        try world[1].commit()
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (lost, 9)))
        store.noteAcknowledged(by: lost, vector: vector((store.origin, 0), (second, 4), (lost, 9)))
        store.noteClosed(second, at: HybridTimestamp(milliseconds: 70), directory: RegionDirectory(alive: [second]))
        store.noteClosed(lost, at: HybridTimestamp(milliseconds: 60), directory: RegionDirectory(alive: [lost]))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))

        // The new incarnation closes more, but the second region has not heard of it, and may be getting more of the old one.
        store.noteAcknowledged(by: new, vector: vector((store.origin, 0), (second, 4), (new, 2)))
        store.noteClosed(
            new, at: HybridTimestamp(milliseconds: 65), directory: RegionDirectory(alive: [new], ended: [lost]))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        #expect(store.orphanedOriginsNeeded(from: second).isEmpty)

        // Now it has, and says that it has seen more of the old one than this region.
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (lost, 9), (new, 1)))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        #expect(store.orphanedOriginsNeeded(from: second).map(\.origin) == [lost])
        #expect(store.orphanedOriginsNeeded(from: new).isEmpty)

        // Word of the lost one that was on its way changes nothing.
        store.noteClosed(lost, at: HybridTimestamp(milliseconds: 90), directory: RegionDirectory(alive: [lost]))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        store.finishOrphanedOrigin(
            of: lost, from: second, after: .zero, position: LogPosition(rawValue: 9), isTrimmed: false)
        #expect(store.stableTime == HybridTimestamp(milliseconds: 65))
        #expect(store.vector[lost] == LogPosition(rawValue: 9))
        #expect(store.orphanedOriginsNeeded(from: second).isEmpty)
    }

    @Test func `stable time waits for what came of a lost disk in parts, here and elsewhere`() throws {
        func vector(_ entries: (Origin, UInt64)...) -> AppliedVector {
            entries.reduce(into: AppliedVector()) { $0.raise($1.0, to: LogPosition(rawValue: $1.1)) }
        }
        let world = try World(3)
        let store = world[1].store
        let (second, lost, new) = (world[2].origin, world[3].origin, Origin(rawValue: 3 << 48 | 1))
        let late = Origin(rawValue: 2 << 48 | 1)
        func hear(_ log: Origin, at stamp: UInt64, ended: [Origin] = [], parts: AppliedVector = AppliedVector()) {
            store.noteClosed(
                log, at: HybridTimestamp(milliseconds: stamp),
                directory: RegionDirectory(alive: [log], ended: ended, parts: parts))
        }
        store.tick(at: world[1].now)
        try world[1].commit()
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (lost, 0)))
        hear(second, at: 70)
        store.noteAcknowledged(by: lost, vector: vector((store.origin, 0), (second, 4), (lost, 9)))
        hear(lost, at: 60)
        // The second region acknowledges nothing of the lost log, and has something of it.
        store.noteAcknowledged(by: second, vector: vector((store.origin, 0), (second, 4), (lost, 0), (new, 1)))
        hear(second, at: 80, parts: vector((lost, 7)))
        store.noteAcknowledged(by: new, vector: vector((store.origin, 0), (second, 4), (new, 2)))
        hear(new, at: 65, ended: [lost])
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        #expect(store.orphanedOriginsNeeded(from: second).map(\.origin) == [lost])

        // An answer from before it had so much is none.
        store.finishOrphanedOrigin(
            of: lost, from: second, after: .zero, position: LogPosition(rawValue: 5), isTrimmed: false)
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        // It comes here in parts too, and then the second region loses its disk: nobody else has more, yet what is here may come again.
        store.replicaProgress.noteSeen(lost, at: LogPosition(rawValue: 7))
        #expect(store.directory.parts == vector((lost, 7)))
        store.noteAcknowledged(by: late, vector: vector((store.origin, 0), (late, 1), (lost, 0), (new, 1)))
        hear(late, at: 90, ended: [second])
        store.noteAcknowledged(by: new, vector: vector((store.origin, 0), (second, 4), (late, 1), (new, 2)))
        hear(new, at: 90, ended: [lost])
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        // The others get it from here, and say that they have it.
        for (log, own) in [(late, vector((late, 2), (new, 2))), (new, vector((late, 2), (new, 3)))] {
            var has = own
            has.merge(vector((store.origin, 0), (second, 4), (lost, 7)))
            store.noteAcknowledged(by: log, vector: has)
            store.finishOrphanedOrigin(
                of: lost, from: log, after: .zero, position: LogPosition(rawValue: 7), isTrimmed: false)
        }
        #expect(store.vector[lost] == LogPosition(rawValue: 7))
        #expect(store.directory.parts == AppliedVector())
        #expect(store.stableTime > HybridTimestamp(milliseconds: 60))
    }

    @Test func `of two incarnations the region itself says which is the later one`() throws {
        let world = try World(3)
        let store = world[1].store
        let (second, old, new) = (world[2].origin, world[3].origin, Origin(rawValue: 3 << 48 | 1))
        func vector(_ origins: Origin...) -> AppliedVector {
            ([store.origin] + origins).reduce(into: AppliedVector()) { $0.raise($1, to: LogPosition(rawValue: 3)) }
        }
        store.tick(at: world[1].now)
        try world[1].commit()
        store.noteAcknowledged(by: second, vector: vector(second, old))
        store.noteAcknowledged(by: old, vector: vector(second, old))
        store.noteClosed(old, at: HybridTimestamp(milliseconds: 50), directory: RegionDirectory(alive: [old]))
        store.noteClosed(second, at: HybridTimestamp(milliseconds: 70), directory: RegionDirectory(alive: [second]))
        // Another region has heard of the new incarnation first: nothing says yet that it is not the older one.
        store.noteAcknowledged(by: second, vector: vector(second, old, new))
        #expect(!store.hasEnded(old) && !store.hasEnded(new))
        #expect(store.orphanedOriginsNeeded(from: second).isEmpty)
        store.finishOrphanedOrigin(
            of: new, from: second, after: .zero, position: LogPosition(rawValue: 3), isTrimmed: false)
        #expect(!store.vector.contains(new))
        store.noteClosed(
            new, at: HybridTimestamp(milliseconds: 60), directory: RegionDirectory(alive: [new], ended: [old]))
        #expect(store.hasEnded(old) && !store.hasEnded(new))
    }
}
