import HybridClock
import ItemModel
import Testing

@testable import RegionStore

/// A region may have several logs alive at once, and nobody may take one for another.
@Suite struct SeveralLogsTests {
    private let world: World
    private let second: Origin
    /// Two logs of the third region.
    private let left = Origin(rawValue: 3 << 48 | 1)
    private let right = Origin(rawValue: 3 << 48 | 2)
    private var directory: RegionDirectory { RegionDirectory(alive: [left, right]) }

    init() throws {
        world = try World(3)
        second = world[2].origin
        try world[1].createTable()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        for _ in 0..<3 {
            try world.carry(from: world[1], to: world[2])
            try world.carry(from: world[2], to: world[1])
        }
        try world[1].update("T", .createReplica(region: world[3].name, ReplicaOverrides()))
    }

    private func vector(_ positions: [(Origin, UInt64)]) -> AppliedVector {
        positions.reduce(into: AppliedVector()) { $0.raise($1.0, to: LogPosition(rawValue: $1.1)) }
    }

    /// All of the others have all logs, and this region's own up to `own`.
    private func acknowledge(by peers: [Origin], own: LogPosition) {
        for peer in peers {
            world[1].store.noteAcknowledged(
                by: peer, vector: vector([(world[1].origin, own.rawValue), (second, 0), (left, 0), (right, 0)]))
        }
    }

    private func close(_ log: Origin, at milliseconds: UInt64) {
        world[1].store.noteClosed(
            log, at: HybridTimestamp(milliseconds: milliseconds),
            directory: log.region == second.region ? RegionDirectory(alive: [second]) : directory)
    }

    /// The directory of their region ends `right`, of which the second region has more than this one.
    ///
    /// - Returns: the last position of this region's own log, which all of the others have.
    private func endRight() throws -> LogPosition {
        let store = world[1].store
        store.tick(at: world[1].now)
        try world[1].commit()
        let own = world[1].reader.lastPosition
        acknowledge(by: [second, left, right], own: own)
        close(second, at: 90)
        close(left, at: 80)
        close(right, at: 60)
        store.noteAcknowledged(
            by: second, vector: vector([(world[1].origin, own.rawValue), (second, 0), (left, 0), (right, 7)]))
        store.noteClosed(
            left, at: HybridTimestamp(milliseconds: 85), directory: RegionDirectory(alive: [left], ended: [right]))
        return own
    }

    @Test func `stable time waits for the slower log of a region, and neither ends the other`() throws {
        world[1].store.tick(at: world[1].now)
        try world[1].commit()
        acknowledge(by: [second, left, right], own: world[1].reader.lastPosition)
        close(second, at: 90)
        close(left, at: 80)
        #expect(world[1].store.stableTime == .zero)
        close(right, at: 60)
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 60))
        close(left, at: 85)
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 60))
        close(right, at: 95)
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 85))
        #expect(!world[1].store.hasEnded(left) && !world[1].store.hasEnded(right))
        #expect(world[1].store.orphanedOriginsNeeded(from: second).isEmpty)
        #expect(world[1].store.followers.count == 3)
        // Each that speaks for itself alone ends no other either.
        world[1].store.noteClosed(
            left, at: HybridTimestamp(milliseconds: 99), directory: RegionDirectory(alive: [left]))
        #expect(!world[1].store.hasEnded(right))
        #expect(world[1].store.closedTimestamp(of: left.region) == HybridTimestamp(milliseconds: 95))
    }

    @Test func `what is left of a log that its region's directory ends is waited for, while the other goes on`() throws
    {
        _ = try endRight()
        #expect(world[1].store.hasEnded(right))
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 60))
        let needed = world[1].store.orphanedOriginsNeeded(from: second)
        #expect(needed.map(\.origin) == [right] && needed.map(\.successor) == [left])
        world[1].store.finishOrphanedOrigin(
            of: right, from: second, after: .zero, position: LogPosition(rawValue: 7), isTrimmed: false)
        #expect(world[1].store.stableTime == HybridTimestamp(milliseconds: 85))
    }

    @Test func `what a region has of an ended log in its items alone is transferred once, and then it counts as said`()
        throws
    {
        let store = world[1].store
        let own = try endRight()
        func answer() {
            store.finishOrphanedOrigin(
                of: right, from: second, after: .zero, position: LogPosition(rawValue: 7), isTrimmed: true)
        }
        answer()
        let replica = try #require(store.claimTransfers(from: second).first)
        #expect(store.gaps.contains(right))
        #expect(store.orphanedOriginsNeeded(from: second).isEmpty, "its items are on their way")
        answer()
        #expect(store.stableTime == HybridTimestamp(milliseconds: 60))
        // Of what it holds only its log could say more: the snapshot counts none of the ended log.
        store.finishSnapshot(
            of: replica, vector: vector([(world[1].origin, own.rawValue), (second, 0)]), at: world[1].now)
        try world[1].commit()
        #expect(store.orphanedOriginsNeeded(from: second).map(\.origin) == [right])
        answer()
        #expect(store.claimTransfers(from: second).isEmpty, "once is enough")
        store.finishOrphanedOrigin(of: right, from: left, after: .zero, position: .zero, isTrimmed: false)
        #expect(!store.gaps.contains(right))
        #expect(store.vector[right] == LogPosition(rawValue: 7))
        #expect(store.stableTime == HybridTimestamp(milliseconds: 85))
    }

    @Test func `a tombstone waits until every alive log of a region has acknowledged it`() throws {
        try world[1].delete(["pk": "a"])
        let own = world[1].reader.lastPosition
        for log in [second, left, right] { close(log, at: world[1].now + 10_000) }
        world.pass(milliseconds: 20_000)
        world[1].store.tick(at: world[1].now)
        try world[1].commit()
        let before = LogPosition(rawValue: own.rawValue - 1)
        acknowledge(by: [right], own: before)
        for (peers, count) in [([second, left], 1), ([right], 0)] {
            acknowledge(by: peers, own: own)
            #expect(world[1].store.stableTime > .zero)
            #expect(try !world[1].store.collectTombstones(limit: 100))
            try world[1].commit()
            #expect(try world[1].tombstoneCount() == count)
        }
    }
}
