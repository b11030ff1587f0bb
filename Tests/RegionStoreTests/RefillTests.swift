import HybridClock
import ItemModel
import KeyValueStore
import Testing

@testable import RegionStore

/// Replicas that have to be filled once more, as the others' logs no longer hold what they lack.
@Suite struct RefillTests {
    /// Such a gap stayed open, and whoever had no more of a log that has ended was asked for it, and sent the replica, again and again.
    @Test(
        arguments: [
            (position: 5, snapshot: 5, counted: 5, left: nil), (5, 7, 7, nil), (7, 5, 7, nil), (5, 7, 6, nil),
            (5, 5, 6, 5),
            (5, 6, 7, 6),
        ] as [(position: UInt64, snapshot: UInt64, counted: UInt64, left: UInt64?)])
    func `a transfer ends the gap of a replica in use that has all that its region counts then`(
        position: UInt64, snapshot: UInt64, counted: UInt64, left: UInt64?
    ) {
        let log = Origin(rawValue: 2 << 48)
        func vector(_ position: UInt64) -> AppliedVector {
            var vector = AppliedVector()
            vector.raise(log, to: LogPosition(rawValue: position))
            return vector
        }
        var local = LocalTableState()
        local.isServing = true
        local.needsTransfer = true
        local.openGap(of: log, after: LogPosition(rawValue: position))
        local.finishTransfer(of: vector(snapshot), passedOverBy: [], upTo: vector(counted), wasCompared: false)
        #expect(!local.needsTransfer)
        #expect(local.catchUps.contains(log) == (left != nil))
        #expect(local.catchUps[log].rawValue == left ?? 0)
    }

    @Test func `a region that was away for longer than logs are kept is filled once more, and keeps what it wrote`()
        throws
    {
        let world = try World(2) {
            $0.logRetentionMilliseconds = 1000
            $0.logRetentionLimitMilliseconds = 5000
        }
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try world[2].put(item("own"))
        for number in 0..<10 { try world[1].put(item("\(number)")) }
        world.pass(milliseconds: 10_000)
        try world[1].put(item("young"))
        while try world[1].store.collectTombstones(limit: 100) { try world[1].commit() }
        try world[1].commit()
        _ = try world[1].store.trimLog(at: world[1].now, limit: 1000)
        try world[1].commit()
        #expect(world[1].reader.logStart > world[2].store.appliedVector[world[1].origin].successor)
        try world.carryLog(from: world[1], to: world[2])
        // It goes on serving what it has, and acknowledges nothing that it may lack.
        #expect(try world[2].table().status == .active)
        #expect(world[2].store.appliedVector[world[1].origin] < world[1].reader.logStart)
        try world[2].restart()
        #expect(world[2].store.appliedVector[world[1].origin] < world[1].reader.logStart)
        try world[2].put(item("meanwhile"))
        try world.exchange()
        #expect(try world[1].items().count == 13)
        #expect(try world[2].items() == world[1].items())
        #expect(world[2].store.appliedVector[world[1].origin] == world[1].reader.lastPosition)
    }

    @Test func `two regions that were both away for too long fill each other, and nothing deleted comes back`() throws {
        let world = try World(2) {
            $0.logRetentionMilliseconds = 1000
            $0.logRetentionLimitMilliseconds = 5000
        }
        try world[1].createTable()
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        for name in ["old-1", "old-2"] { try world[1].put(item(name)) }
        try world.exchange()
        for number in 1...2 {
            for count in 0..<5 { try world[number].put(item("\(number)-\(count)")) }
        }
        world.pass(milliseconds: 10_000)
        for number in 1...2 {
            let region = world[number]
            try region.put(item("young-\(number)"))
            try region.delete(["pk": .string(Text("old-\(number)"))])
            while try region.store.collectTombstones(limit: 100) { try region.commit() }
            try region.commit()
            _ = try region.store.trimLog(at: region.now, limit: 1000)
            try region.commit()
            #expect(region.reader.logStart.rawValue > 5)
        }
        // Each takes over the other's catalog before either is filled.
        try world.carryLog(from: world[1], to: world[2])
        try world.carryLog(from: world[2], to: world[1])
        for region in world.regions {
            region.store.tick(at: region.now)
            try region.commit()
        }
        for (source, target) in [(1, 2), (2, 1)] { world.acknowledge(from: world[source], to: world[target]) }
        for region in world.regions {
            while try region.store.collectTombstones(limit: 100) { try region.commit() }
            try region.commit()
            #expect(try region.tombstoneCount() == 1)
        }
        try world.exchange()
        #expect(try world[1].items().count == 12)
        #expect(try world[2].items() == world[1].items())
    }

    @Test(arguments: StreamViewType.allCases)
    func `a stream tells of everything that a refill has changed, against what the replica had`(view: StreamViewType)
        throws
    {
        let world = try World(2) {
            $0.logRetentionMilliseconds = 1000
            $0.logRetentionLimitMilliseconds = 5000
        }
        try world[1].createTable { $0.streamViewType = view }
        try world[1].put(item("filled"))
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        for key in ["changed", "deleted", "same"] { try world[1].put(item(key, ["n": 1])) }
        try world.exchange()
        var consumer = StreamConsumer(world[2])
        try consumer.drain()
        // What the replica was filled with for the first time is what its stream begins behind.
        #expect(consumer.records.map(\.record.keys) == ["changed", "deleted", "same"].map { ["pk": $0] })
        let before = consumer.records.count

        try world[1].put(item("changed", ["n": 2]))
        try world[1].delete(["pk": "deleted"])
        try world[1].put(item("new", ["n": 1]))
        try world[1].put(item("gone"))
        try world[1].delete(["pk": "gone"])
        world.pass(milliseconds: 10_000)
        try world[1].put(item("young"))
        while try world[1].store.trimLog(at: world[1].now, limit: 1000) { try world[1].commit() }
        try world[1].commit()
        #expect(world[1].reader.logStart > world[2].store.appliedVector[world[1].origin].successor)
        try world.exchange()
        #expect(try world[2].items() == world[1].items())
        // Consumers read what came in the last second here.
        try consumer.drain()
        let records = consumer.records.dropFirst(before).map(\.record)
        func record(_ key: AttributeValue) -> [StreamRecord] { records.filter { $0.keys == ["pk": key] } }
        #expect(record("changed").map(\.event) == [.modify] && record("deleted").map(\.event) == [.remove])
        #expect(record("new").map(\.event) == [.insert] && record("young").map(\.event) == [.insert])
        #expect(records.count == 4 && records.allSatisfy { !$0.isExpiry })
        let hasNew = view == .newImage || view == .newAndOldImages
        let hasOld = view == .oldImage || view == .newAndOldImages
        #expect(record("changed").map(\.newImage) == [hasNew ? image("changed", ["n": 2]) : nil])
        #expect(record("changed").map(\.oldImage) == [hasOld ? image("changed", ["n": 1]) : nil])
        #expect(record("deleted").map(\.newImage) == [nil])
        #expect(record("deleted").map(\.oldImage) == [hasOld ? image("deleted", ["n": 1]) : nil])

        // They are this region's own, and nobody is shipped what others have made.
        let page = try world[2].reader.changes(
            after: .zero, upTo: world[2].reader.lastPosition,
            matching: world.filter(world[2], world[1], world[2].origin), byteLimit: .max)
        #expect(try page.records.allSatisfy { try ChangeRecord(decoding: $0).kind == .catalog })
        // They go as others do.
        world.pass(milliseconds: 10_000)
        try world.exchange()
        world[2].store.tick(at: world[2].now)
        try world[2].commit()
        while try world[2].store.trimLog(at: world[2].now, limit: 1000) { try world[2].commit() }
        try world[2].commit()
        #expect(try world[2].contents(of: Layout.streams).isEmpty)
        #expect(try world[2].log().allSatisfy { $0.entry.outcome != .transferred })
    }
}
