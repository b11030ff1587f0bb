import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// A store that has forgotten the end of its own log.
@Suite struct ForgottenTests {
    /// Opens a copy of what a region's disk holds.
    private func open(
        copyOf region: TestRegion, mark: LogMarkReading
    ) throws -> (store: RegionStore<InMemoryStore>, disk: InMemoryStore) {
        let disk = region.disk.copy()
        var generator = SplitMix64(seed: 77)
        let store = try RegionStore(
            opening: disk, configuration: region.configuration, mark: mark, using: &generator)
        return (store, disk)
    }

    private func mark(_ region: TestRegion, at position: UInt64? = nil) -> LogMarkReading {
        .found(
            LogMark(
                incarnation: region.store.incarnation,
                position: position.map(LogPosition.init(rawValue:)) ?? region.store.lastPosition))
    }

    /// A region with a stream and three items.
    private func region() throws -> TestRegion {
        let region = try TestRegion()
        try region.createTable()
        try region.update("T", .enableStream(.newAndOldImages))
        for key in ["a", "b", "c"] { try region.put(item(key)) }
        return region
    }

    @Test func `a mark at the log's end, or behind it, changes nothing`() throws {
        let region = try region()
        for mark in [mark(region), mark(region, at: 1), .notKept] {
            let (store, disk) = try open(copyOf: region, mark: mark)
            #expect(store.origin == region.origin && store.forgotten == nil && !store.isUnproven)
            #expect(!store.hasPendingChanges)
            disk.close()
        }
        let (store, _) = try open(copyOf: region, mark: .missing)
        #expect(store.origin == region.origin && store.isUnproven)
    }

    @Test func `a new store needs no mark`() throws {
        let store = try newStore(mark: .missing)
        #expect(store.forgotten == nil && !store.isUnproven)
    }

    @Test func `a new store beside the mark of a lost one wants all of that one's log`() throws {
        let region = try region()
        let store = try newStore(mark: mark(region))
        #expect(store.origin != region.origin && !store.isUnproven && !store.mustReopen)
        #expect(store.forgotten?.log == region.origin)
        #expect(store.forgotten?.held == .zero && store.forgotten?.known == region.reader.lastPosition)
        #expect(store.receivedVector.contains(region.origin))
    }

    private func newStore(mark: LogMarkReading) throws -> RegionStore<InMemoryStore> {
        var generator = SplitMix64(seed: 5)
        return try RegionStore(
            opening: InMemoryStore(keyspaces: Layout.keyspaces), configuration: try TestRegion().configuration,
            mark: mark, using: &generator)
    }

    @Test func `a store behind its mark goes on as another log, with its own old one as one that has ended`() throws {
        let region = try region()
        let end = region.store.lastPosition
        let (store, disk) = try open(copyOf: region, mark: mark(region, at: end.rawValue + 4))
        #expect(store.origin != region.origin && store.origin.region == region.origin.region)
        let tail = try #require(store.forgotten)
        #expect(tail.log == region.origin && tail.held == end && tail.known.rawValue == end.rawValue + 4)
        #expect(store.vector[region.origin] == end && !store.mustReopen)
        try store.commit()
        let table = try #require(store.reader.table(named: "T"))
        #expect(try store.reader.item(["pk": "b"], in: table) != nil)
        // What others lack of the old log is found where it stands.
        let place = try #require(try store.reader.logPosition(after: LogPosition(rawValue: 2), of: region.origin))
        let page = try store.reader.changes(
            after: place, upTo: end,
            matching: LogFilter(origin: region.origin, tables: [table.uuid], includesCatalog: true), byteLimit: 1 << 20)
        #expect(page.records.count >= 3 && !page.isTrimmed)
        // Opened once more it stays what it is.
        disk.close()
        let reopened = try disk.reopen()
        var generator = SplitMix64(seed: 78)
        let again = try RegionStore(
            opening: reopened, configuration: region.configuration,
            mark: .found(LogMark(incarnation: store.incarnation, position: store.lastPosition)), using: &generator)
        #expect(again.origin == store.origin && again.forgotten?.log == region.origin)
        #expect(!again.hasPendingChanges)
    }

    @Test func `a mark of another incarnation says that the copy is older than that one`() throws {
        let region = try region()
        let other = LogMark(incarnation: Incarnation(high: 1 << 40, low: 9), position: LogPosition(rawValue: 1))
        let (store, _) = try open(copyOf: region, mark: .found(other))
        #expect(store.origin != region.origin && store.forgotten?.log == region.origin)
    }

    @Test
    func `a process that ends before the new log has a mark begins no third, and wants the tail still`()
        throws
    {
        let region = try region()
        let behind = mark(region, at: region.store.lastPosition.rawValue + 4)
        let (first, disk) = try open(copyOf: region, mark: behind)
        disk.close()
        // The mark is still the old log's: nothing was committed under the new one.
        var generator = SplitMix64(seed: 78)
        let second = try RegionStore(
            opening: try disk.reopen(), configuration: region.configuration, mark: behind, using: &generator)
        #expect(second.origin == first.origin)
        #expect(second.forgotten?.log == region.origin && second.forgotten?.known == first.forgotten?.known)
    }

    @Test func `streams go on in other shards, and sequence numbers that were forgotten are known as such`() throws {
        let region = try region()
        let before = try #require(region.reader.catalog.streams.first)
        let (store, _) = try open(
            copyOf: region, mark: mark(region, at: region.store.lastPosition.rawValue + 1))
        #expect(store.reader.lastPosition == region.reader.lastPosition, "readers are shown what is committed")
        try store.commit()
        let after = try #require(store.reader.catalog.streams.first)
        #expect(after.shards.count == before.shards.count * 2)
        #expect(after.shards.first?.isForgotten == true && after.openShards.allSatisfy { !$0.isForgotten })
        #expect(try ChangeStream(decoding: after.encoded()) == after)
        let old = try #require(after.shards.first)
        #expect(try #require(old.last) > region.store.lastPosition, "a shard has a position of its own")
    }

    @Test func `what a peer knows ends the log at the next opening, from where it was opened`() throws {
        let region = try region()
        let (store, disk) = try open(copyOf: region, mark: mark(region))
        let end = store.lastPosition
        store.noteForgotten(upTo: LogPosition(rawValue: end.rawValue + 9))
        #expect(store.mustReopen)
        store.noteForgotten(upTo: LogPosition(rawValue: end.rawValue + 2))
        #expect(store.forgotten?.known.rawValue == end.rawValue + 9, "the highest counts")
        try store.commit()
        disk.close()
        var generator = SplitMix64(seed: 79)
        let next = try RegionStore(
            opening: try disk.reopen(), configuration: region.configuration, mark: mark(region), using: &generator)
        #expect(next.origin != region.origin && !next.mustReopen)
        #expect(next.forgotten?.known.rawValue == end.rawValue + 9 && next.forgotten?.held == end)
    }

    @Test func `with nobody to ask, what is lost is named`() throws {
        let region = try region()
        let end = region.store.lastPosition.rawValue
        let (store, _) = try open(copyOf: region, mark: mark(region, at: end + 3))
        #expect(store.endRecovery(.forAll) == nil)
        let recovery = try #require(store.endRecovery(.forHeard))
        #expect(recovery.lost == end + 1...end + 3)
        #expect(recovery.unasked == ["eu-west-1", "ap-northeast-1", "sa-east-1"])
        #expect("\(recovery)".contains("changes \(end + 1) to \(end + 3) were acknowledged and are on no disk"))
        #expect(store.forgotten == nil && store.endRecovery(.none) == nil)
    }

    @Test func `marks are what was written, or nothing`() throws {
        let mark = LogMark(incarnation: Incarnation(high: 3, low: 4), position: LogPosition(rawValue: 5))
        let bytes = mark.encoded()
        #expect(bytes.count == LogMark.byteCount)
        #expect(try LogMark(decoding: bytes) == mark)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(throws: BinaryDecodingError.self) { try LogMark(decoding: damaged) }
            #expect(throws: BinaryDecodingError.self) { try LogMark(decoding: Array(bytes[..<index])) }
        }
    }
}
