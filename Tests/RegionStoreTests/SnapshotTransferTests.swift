import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// How a replica that is added to a table with items gets them, while writes go on everywhere.
@Suite struct FillTests {
    /// Three regions, of which the first two share a table; the third is about to get a replica.
    private func world(seed: Int = 0, items count: Int = 30) throws -> World {
        let world = try World(3)
        try world[1].createTable(indexes: [.global("g", "color")])
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        for number in 0..<count { try world[1 + number % 2].put(item("\(number)", ["color": "red"])) }
        try world.exchange()
        return world
    }

    private func expectSame(_ world: World, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let expected = try world[1].items()
        for region in world.regions {
            #expect(try region.items() == expected, sourceLocation: sourceLocation)
            #expect(
                try region.table().replicas.map(\.status) == [.active, .active, .active], sourceLocation: sourceLocation
            )
            try expectIndexesMatch(region, sourceLocation: sourceLocation)
            try expectTombstonesMatch(region, sourceLocation: sourceLocation)
            // Of an incarnation that is gone for good nobody can ship anything once more.
            let awaited = region.store.region.catalog.all[0].local.catchUps.entries.map(\.origin)
            #expect(Set(awaited).isDisjoint(with: world.regions.map(\.origin)), sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: 0..<40)
    func `writes in every region between the pages of a fill are all there in the end`(_ seed: Int) throws {
        let world = try world()
        var generator = SplitMix64(seed: UInt64(seed))
        /// One write somewhere, and now and then a link that moves.
        func disturb() throws {
            world.pass(milliseconds: UInt64(generator.below(3)))
            for _ in 0..<generator.below(4) {
                let region = world[1 + generator.below(2)]
                let key = item("\(generator.below(40))")
                if generator.chance(1, of: 2) {
                    try region.delete(key)
                } else {
                    try region.put(
                        item("\(generator.below(40))", ["color": "blue", "n": .number(Number(generator.below(99)))]))
                }
            }
            for _ in 0..<generator.below(4) {
                let (source, target) = (1 + generator.below(3), 1 + generator.below(3))
                if source != target { try world.carryLog(from: world[source], to: world[target]) }
            }
            // Tombstones go as early as they may.
            for source in world.regions {
                for target in world.regions where source !== target { world.acknowledge(from: source, to: target) }
            }
            for region in world.regions {
                region.store.tick(at: region.now)
                try region.commit()
                while try region.store.collectTombstones(limit: 100) { try region.commit() }
                try region.commit()
            }
        }
        try disturb()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try disturb()
        try world.carryLog(from: world[1], to: world[3])
        let source = 1 + generator.below(2)
        try world.carryLog(from: world[1], to: world[2])
        for replica in world[3].store.claimTransfers(from: world[source].origin) {
            let fill = try #require(try Fill(of: replica, to: world[3], from: world[source], byteLimit: 100))
            while try fill.next() { try disturb() }
        }
        for _ in 0..<3 { try disturb() }
        try world.exchange()
        try expectSame(world)
    }

    @Test func `a fill goes on with another region when the one that was to send it has no replica any more`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        let replica = try world[3].replica()
        #expect(world[3].store.claimTransfers(from: world[2].origin) == [replica])
        _ = try world[2].store.deleteTable("T", at: world[2].now)
        try world[2].commit()
        for source in [1, 2] { try world.carryLog(from: world[source], to: world[3]) }
        #expect(world[3].store.claimTransfers(from: world[2].origin).isEmpty)
        #expect(world[3].store.claimTransfers(from: world[1].origin) == [replica])
    }

    @Test func `a fill that was cut off begins again with another region`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        let replica = try world[3].replica()
        #expect(world[3].store.claimTransfers(from: world[1].origin) == [replica])
        #expect(world[3].store.claimTransfers(from: world[2].origin).isEmpty)
        let fill = try #require(try Fill(of: replica, to: world[3], from: world[1], byteLimit: 100))
        for _ in 0..<2 { #expect(try fill.next()) }
        world[3].store.abandonTransfers(from: world[1].origin)
        let renewed = world[3].store.claimTransfers(from: world[2].origin)
        try world[3].commit()
        #expect(try renewed == [world[3].replica()] && renewed != [replica])
        try world.fill(world[3], from: world[2])
        #expect(try world[3].table().status == .active)
        try world.exchange()
        try expectSame(world)
    }

    @Test func `a fill that a restart cut off begins again`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.carryLog(from: world[1], to: world[3])
        let replica = try world[3].replica()
        _ = world[3].store.claimTransfers(from: world[1].origin)
        let fill = try #require(try Fill(of: replica, to: world[3], from: world[1], byteLimit: 100))
        for _ in 0..<2 { #expect(try fill.next()) }
        try world[3].restart(losingUnsynced: true)
        #expect(try world[3].table().status == .creating)
        try world[1].delete(["pk": "3"])
        try world.exchange()
        try expectSame(world)
    }

    @Test(arguments: [true, false])
    func `what an abandoned fill left does not outlive its deletion`(_ isRestarted: Bool) throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        let replica = try world[3].replica()
        _ = world[3].store.claimTransfers(from: world[1].origin)
        let fill = try #require(try Fill(of: replica, to: world[3], from: world[1], byteLimit: 300))
        #expect(try fill.next())
        for number in 0..<30 { try world[1].delete(["pk": .string(Text("\(number)"))]) }
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        try world.carryLog(from: world[3], to: world[1])
        try world.carryLog(from: world[2], to: world[1])
        world.pass(milliseconds: 10)
        try collect(world, knowing: [1])
        #expect(try world[1].tombstoneCount() == 0)
        if isRestarted {
            try world[3].restart()
        } else {
            world[3].store.abandonTransfers(from: world[1].origin)
        }
        try world.exchange()
        #expect(try world[3].items().isEmpty)
        try expectSame(world)
        // A page of the old snapshot that comes late finds the replica filled.
        let page = try world[1].reader.snapshotPage(
            of: world[1].table(), in: fill.snapshot, from: nil, byteLimit: .max)
        #expect(page.items.count == 30)
        try world[3].store.applySnapshot(page.part(fill.vector), of: world[3].replica(), at: world[3].now)
        try world[3].commit()
        #expect(try world[3].items().isEmpty)
    }

    @Test func `a change that its deletion overtook does not come back through a fill`() throws {
        // Region 2 writes; region 1 has it, deletes it, and both collect the tombstone. Region 3 knows region 2's log only up to before the
        // write, gets its replica, and is shipped the old write before its fill ends and the deletion after.
        let world = try world(items: 1)
        try world[2].put(item("ghost"))
        let put = world[2].reader.lastPosition
        try world.carryLog(from: world[2], to: world[1])
        world.pass(milliseconds: 5)
        try world[2].delete(["pk": "ghost"])
        try world.carryLog(from: world[2], to: world[1])
        try collect(world, knowing: [1, 2])
        #expect(try world[1].tombstoneCount() == 0)
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.carryLog(from: world[1], to: world[3])
        try world.carryLog(from: world[1], to: world[2])
        func ship(after: LogPosition, upTo end: LogPosition) throws {
            let page = try world[2].reader.changes(
                after: after, upTo: end, matching: world.filter(world[2], world[3], world[2].origin), byteLimit: .max)
            try world[3].store.apply(
                ReceivedBatch(origin: world[2].origin, records: page.records, position: end, isComplete: true),
                at: world[3].now)
            try world[3].commit()
        }
        let replica = try world[3].replica()
        #expect(world[3].store.claimTransfers(from: world[1].origin) == [replica])
        let fill = try #require(try Fill(of: replica, to: world[3], from: world[1], byteLimit: 1000))
        try ship(after: world[3].store.appliedVector[world[2].origin], upTo: put)
        while try fill.next() {}
        #expect(try world[3].table().status == .active)
        try ship(after: put, upTo: world[2].reader.lastPosition)
        #expect(try world[3].item(["pk": "ghost"]) == nil)
        try world.exchange()
        try expectSame(world)
    }

    @Test func `a tombstone stays while its table still has to catch up with older changes`() throws {
        let world = try world(items: 1)
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        // Skipped by region 3, whose replica is not filled yet, and unknown to region 1, which fills it.
        try world[2].put(item("ghost"))
        try world.carryLog(from: world[2], to: world[3])
        try world.fill(world[3], from: world[1])
        world.pass(milliseconds: 5)
        try world[1].delete(["pk": "ghost"])
        for target in [2, 3] { try world.carryLog(from: world[1], to: world[target]) }
        try world.catchUp(world[3], from: world[1])
        world.pass(milliseconds: 5)
        try collect(world, knowing: [3])
        #expect(try world[3].tombstoneCount() == 1)
        try world.exchange()
        try expectSame(world)
        #expect(try world[3].item(["pk": "ghost"]) == nil)
        try collect(world, knowing: [1, 2, 3])
        for region in world.regions { #expect(try region.tombstoneCount() == 0) }
    }

    /// How a replica in use is sent once more that still has to catch up with what its first transfer lacked.
    enum Repetition: CaseIterable {
        /// What it has to catch up with is trimmed.
        case trimmed
        /// The source has no longer all of another log in its own.
        case orphaned
    }

    @Test(arguments: Repetition.allCases)
    func `a deletion that is forgotten while a replica is filled is made when the replica is sent once more`(
        _ repetition: Repetition
    ) throws {
        let world = try world(items: 4)
        let (first, second, third) = (world[1], world[2], world[3])
        try first.update("T", .createReplica(region: third.name, ReplicaOverrides()))
        for target in [2, 3] { try world.carryLog(from: first, to: world[target]) }
        let replica = try third.replica()
        #expect(third.store.claimTransfers(from: first.origin) == [replica])
        let fill = try #require(try Fill(of: replica, to: third, from: first, byteLimit: 1000))
        // The third region passes over the deletion, as its replica is not filled yet, and so all have acknowledged it.
        world.pass(milliseconds: 5)
        try second.delete(["pk": "1"])
        for target in [1, 3] { try world.carryLog(from: second, to: world[target]) }
        world.pass(milliseconds: 5)
        try collect(world, knowing: [1, 2])
        #expect(try first.tombstoneCount() == 0)
        while try fill.next() {}
        #expect(try third.item(["pk": "1"]) != nil)
        #expect(third.store.catchUps(from: second.origin).map(\.after) == [fill.vector[second.origin]])

        switch repetition {
        case .trimmed: third.store.transferAgain(replica, lacking: second.origin, from: first.origin)
        case .orphaned:
            let lost = Origin(rawValue: second.origin.rawValue + 1)
            third.store.noteClosed(
                second.origin, at: second.store.closedTimestamp,
                directory: RegionDirectory(alive: [second.origin], ended: [lost]))
            third.store.finishOrphanedOrigin(
                of: lost, from: first.origin, after: .zero, position: .init(rawValue: 3), isTrimmed: true)
        }
        try third.commit()
        #expect(third.store.region.catalog.all[0].local.needsTransfer)
        try world.fill(third, from: first)
        #expect(!third.store.region.catalog.all[0].local.needsTransfer)
        if repetition == .trimmed { #expect(try third.item(["pk": "1"]) == nil) }
        try world.exchange()
        #expect(try third.items() == first.items() && third.items().count == 3)
        #expect(try third.table().replicas.map(\.status) == [.active, .active, .active])
    }

    /// Lets tombstones be collected as if the third region had none of the table: heartbeats, then collection.
    private func collect(_ world: World, knowing numbers: [Int]) throws {
        for region in world.regions {
            region.store.tick(at: region.now)
            try region.commit()
        }
        for source in world.regions {
            for target in world.regions where source !== target {
                target.store.noteClosed(
                    source.origin, at: source.store.closedTimestamp, directory: source.store.directory)
                source.store.noteAcknowledged(by: target.origin, vector: target.store.appliedVector)
            }
        }
        for number in numbers {
            _ = try world[number].store.collectTombstones(limit: 1000)
            try world[number].commit()
        }
    }

    @Test func `a region that is new to another brings what it wrote before their first contact`() throws {
        let world = try World(3)
        try world[1].createTable()
        // Regions 1 and 3 do not reach each other at first.
        func exchangeWithoutLink() throws {
            for _ in 0..<6 {
                for (source, target) in [(1, 2), (2, 1), (2, 3), (3, 2)] {
                    try world.carry(from: world[source], to: world[target])
                }
            }
        }
        try exchangeWithoutLink()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try exchangeWithoutLink()
        try world[2].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try exchangeWithoutLink()
        #expect(try world[3].table().status == .active)
        try world[3].put(item("early"))
        try world.exchange()
        try world[3].put(item("late"))
        try world.exchange()
        for region in world.regions { #expect(try Set(region.items()) == [item("early"), item("late")]) }
    }

    @Test func `a region that lost its disk comes back whole, and what it writes at once reaches everybody`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.exchange()
        let wiped = World(replacing: 3, in: world, by: try TestRegion(3, seed: 77) { $0 = world[3].configuration })
        #expect(wiped[3].origin != world[3].origin)
        wiped[3].now += 10
        try wiped.carry(from: wiped[1], to: wiped[3])
        try wiped.carry(from: wiped[3], to: wiped[1])
        try wiped.carry(from: wiped[1], to: wiped[3])
        #expect(try wiped[3].table().status == .active)
        // Region 2 has not heard of the new incarnation yet.
        try wiped[3].put(item("fresh"))
        try wiped.exchange()
        for region in wiped.regions { #expect(try region.item(["pk": "fresh"]) != nil) }
        try expectSame(wiped)
    }

    @Test func `a replica that is filled itself transfers no other`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.carryLog(from: world[1], to: world[3])
        let table = try world[1].table().uuid
        #expect(try world[3].reader.transferVector(of: table, in: world[3].reader.snapshot()) == nil)
        #expect(try world[1].reader.transferVector(of: table, in: world[1].reader.snapshot()) != nil)
        #expect(world[1].store.claimTransfers(from: world[3].origin).isEmpty)
    }

    @Test func `a source claims of an origin it still catches up with only what it had before`() throws {
        let world = try world()
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
        try world.carryLog(from: world[1], to: world[3])
        try world[2].put(item("unseen"))
        try world.carryLog(from: world[2], to: world[3])
        try world.fill(world[3], from: world[1])
        let snapshot = try world[3].reader.snapshot()
        let vector = try #require(try world[3].reader.transferVector(of: world[3].table().uuid, in: snapshot))
        #expect(vector[world[2].origin] < world[3].store.vector[world[2].origin])
        #expect(try world[3].item(["pk": "unseen"]) == nil)
        try world.exchange()
        #expect(try world[3].item(["pk": "unseen"]) != nil)
    }
}

extension World {
    /// The same regions but one.
    convenience init(replacing number: Int, in other: World, by region: TestRegion) {
        var regions = other.regions
        regions[number - 1] = region
        self.init(regions)
    }
}
