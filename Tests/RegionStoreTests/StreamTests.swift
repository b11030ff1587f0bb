import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// A consumer that follows all shards of a table's streams, parents first, as the service's own libraries do.
struct StreamConsumer {
    let region: TestRegion
    var pageLimit = 3
    private var finished: Set<[UInt64]> = []
    private var places: [[UInt64]: StreamRead.Start] = [:]
    /// What was read, in the order of reading, with the shard that it was read from.
    private(set) var records: [(shard: [UInt64], record: StreamRecord)] = []

    init(_ region: TestRegion, pageLimit: Int = 3) {
        self.region = region
        self.pageLimit = pageLimit
    }

    /// Reads one page of every shard whose parent was read to its end, or is no longer kept.
    mutating func poll() throws -> Bool {
        var didRead = false
        for stream in region.reader.streams(at: region.now) {
            let shards = region.reader.shards(of: stream, at: region.now)
            for shard in shards {
                let id = [stream.createdMilliseconds, UInt64(shard.number)]
                let parent = shard.parent.map { [stream.createdMilliseconds, UInt64($0)] }
                let isParentKept = shards.contains { $0.number == shard.parent }
                guard !finished.contains(id), parent.map({ finished.contains($0) || !isParentKept }) ?? true else {
                    continue
                }
                var read = StreamRead(stream: stream, shard: shard, start: places[id] ?? .oldest)
                read.limit = pageLimit
                let page = try region.reader.page(read, at: region.now)
                records += page.records.map { (id, $0) }
                didRead = didRead || !page.records.isEmpty
                places[id] = page.next
                if page.next == nil {
                    finished.insert(id)
                    didRead = true
                }
            }
        }
        return didRead
    }

    /// Reads all that there is.
    mutating func drain() throws {
        while try poll() {}
    }
}

@Suite struct StreamTests {
    private func region(
        view: StreamViewType = .newAndOldImages, change: (inout RegionConfiguration) -> Void = { _ in }
    ) throws -> TestRegion {
        let region = try TestRegion(change: change)
        try region.createTable { $0.streamViewType = view }
        return region
    }

    private func stream(_ region: TestRegion) throws -> ChangeStream {
        try #require(region.reader.streams(at: region.now).last)
    }

    private func records(_ region: TestRegion) throws -> [StreamRecord] {
        var consumer = StreamConsumer(region)
        try consumer.drain()
        return consumer.records.map(\.record)
    }

    private func tick(_ region: TestRegion) throws {
        region.store.tick(at: region.now)
        try region.commit()
    }

    @Test func `inserts, modifications and removals have the images that the view type asks for`() throws {
        for view in StreamViewType.allCases {
            let region = try region(view: view)
            try region.put(item("a", ["n": 1]))
            try region.put(item("a", ["n": 2]))
            try region.delete(["pk": "a"])
            let records = try records(region)
            #expect(records.map(\.event) == [.insert, .modify, .remove])
            #expect(records.allSatisfy { $0.keys == ["pk": "a"] && !$0.isExpiry })
            let hasNew = view == .newImage || view == .newAndOldImages
            let hasOld = view == .oldImage || view == .newAndOldImages
            let (first, second) = (image("a", ["n": 1]), image("a", ["n": 2]))
            #expect(records.map(\.newImage) == (hasNew ? [first, second, nil] : [nil, nil, nil]))
            #expect(records.map(\.oldImage) == (hasOld ? [nil, first, second] : [nil, nil, nil]))
            #expect(records.map(\.position) == records.map(\.position).sorted())
        }
    }

    @Test func `an item that is put where one was deleted is inserted, also over a tombstone`() throws {
        let region = try region(view: .keysOnly)
        try region.update("T", .createReplica(region: TestRegion.names[1], ReplicaOverrides()))
        try region.put(item("a"))
        try region.delete(["pk": "a"])
        try region.put(item("a"))
        #expect(try records(region).map(\.event) == [.insert, .remove, .insert])
    }

    @Test func `what changes nothing is in no stream: the same item, the same update, a deletion of nothing`()
        throws
    {
        let region = try region()
        try region.put(item("a", ["s": .stringSet(["x", "y"]), "n": 1]))
        try region.put(item("a", ["n": 1, "s": .stringSet(["x", "y"])]))
        try region.update(["pk": "a"], "SET n = :n", [":n": 1])
        try region.delete(["pk": "none"])
        #expect(try records(region).count == 1)
    }

    @Test func `shards are replaced when their time has come, and each names its parent`() throws {
        let region = try region { $0.streamShardLifetimeMilliseconds = 1000 }
        try region.put(item("a"))
        region.now += 999
        try tick(region)
        #expect(try stream(region).shards.count == 1)
        region.now += 1
        try tick(region)
        let shards = try stream(region).shards
        #expect(shards.map(\.number) == [0, 1] && shards.map(\.parent) == [nil, 0])
        #expect(shards[0].last == region.reader.lastPosition && shards[1].first == shards[0].last?.successor)
        #expect(shards[0].closedMilliseconds == region.now && shards[1].last == nil)
        try region.put(item("b"))
        try region.restart()
        #expect(try stream(region).shards == shards)
        #expect(try records(region).count == 2)
    }

    @Test func `an idle region's shards are not replaced by shards of the same range`() throws {
        let region = try region { $0.streamShardLifetimeMilliseconds = 1000 }
        for _ in 0..<5 {
            region.now += 1000
            try tick(region)
        }
        // The first one had the table's creation after it.
        #expect(try stream(region).shards.count == 2)
    }

    @Test func `a page of a closed shard ends with it, and one of an open shard goes on`() throws {
        let region = try region { $0.streamShardLifetimeMilliseconds = 1000 }
        for number in 0..<4 { try region.put(item("\(number)")) }
        region.now += 1000
        try tick(region)
        let stream = try stream(region)
        var read = StreamRead(stream: stream, shard: stream.shards[0], start: .oldest)
        read.limit = 4
        let page = try region.reader.page(read, at: region.now)
        #expect(page.records.count == 4 && page.next == nil)
        read.limit = 3
        let first = try region.reader.page(read, at: region.now)
        #expect(first.next == first.records.last.map { .after($0.position) })
        let open = StreamRead(stream: stream, shard: stream.shards[1], start: .oldest)
        let empty = try region.reader.page(open, at: region.now)
        #expect(empty.records.isEmpty && empty.next == stream.shards[0].last.map { .after($0) })
    }

    @Test func `a page ends with the record that reaches its bytes`() throws {
        let region = try region()
        for number in 0..<5 { try region.put(item("\(number)", ["b": .binary(Array(repeating: 7, count: 1000))])) }
        let stream = try stream(region)
        var read = StreamRead(stream: stream, shard: stream.shards[0], start: .oldest)
        read.byteLimit = 2500
        let page = try region.reader.page(read, at: region.now)
        #expect(page.records.count == 3 && page.next == page.records.last.map { .after($0.position) })
    }

    @Test func `records are told for a day, and reading on from before is refused as trimmed`() throws {
        let region = try region()
        try region.put(item("old"))
        region.now += 12 * 3_600_000
        try region.put(item("young"))
        region.now += 12 * 3_600_000 + 1
        let stream = try stream(region)
        let shard = stream.shards[0]
        let page = try region.reader.page(.init(stream: stream, shard: shard, start: .oldest), at: region.now)
        #expect(page.records.map(\.keys) == [["pk": "young"]])
        let start = StreamRead(stream: stream, shard: shard, start: .after(.zero))
        #expect(throws: StreamReadError.trimmed) { try region.reader.page(start, at: region.now) }
        // Also once they are gone from the log, and after a restart.
        _ = try region.store.collectTombstones(limit: 100)
        try region.commit()
        for peer in 2...4 {
            var vector = AppliedVector()
            vector.raise(region.origin, to: region.reader.lastPosition)
            region.store.noteAcknowledged(by: Origin(rawValue: UInt64(peer) << 48), vector: vector)
        }
        _ = try region.store.trimLog(at: region.now, limit: 100)
        try region.commit()
        #expect(region.reader.logStart.rawValue == 3)
        #expect(try region.contents(of: Layout.streams).count == 2)
        try region.restart()
        #expect(throws: StreamReadError.trimmed) { try region.reader.page(start, at: region.now) }
        let all = try region.reader.page(.init(stream: stream, shard: shard, start: .oldest), at: region.now)
        #expect(all.records.map(\.keys) == [["pk": "young"]])
        region.now += 12 * 3_600_000
        let none = try region.reader.page(.init(stream: stream, shard: shard, start: .oldest), at: region.now)
        #expect(
            try none.records.isEmpty
                && region.reader.page(
                    .init(stream: stream, shard: shard, start: #require(none.next)), at: region.now
                ).records.isEmpty)
        region.now -= 12 * 3_600_000
        let on = StreamRead(stream: stream, shard: shard, start: .after(LogPosition(rawValue: 2)))
        #expect(try region.reader.page(on, at: region.now).records.map(\.keys) == [["pk": "young"]])
    }

    @Test func `a change that came late from another region is kept for a day from its arrival`() throws {
        let world = try World(2)
        try world[1].createTable { $0.streamViewType = .newImage }
        try world.exchange()
        try world[1].update("T", .createReplica(region: world[2].name, ReplicaOverrides()))
        try world.exchange()
        try world[1].put(item("a"))
        let hour: UInt64 = 3_600_000
        world.pass(milliseconds: 20 * hour)
        try world.exchange()
        #expect(try records(world[2]).map(\.arrivedMilliseconds) == [world[2].now])
        world.pass(milliseconds: 23 * hour)
        for region in world.regions { try tick(region) }
        try world.exchange()
        _ = try world[2].store.collectTombstones(limit: 100)
        try world[2].commit()
        _ = try world[2].store.trimLog(at: world[2].now, limit: 100)
        try world[2].commit()
        #expect(try records(world[2]).map(\.keys) == [["pk": "a"]])
    }

    @Test func `a disabled stream is readable for a day, beside the one that followed it`() throws {
        let region = try region()
        try region.put(item("a"))
        try region.update("T", .disableStream)
        try region.put(item("unseen"))
        try region.update("T", .enableStream(.keysOnly))
        try region.put(item("b"))
        let streams = region.reader.streams(at: region.now)
        #expect(streams.map(\.isEnabled) == [false, true] && streams[0].openShards.isEmpty)
        #expect(streams[0].createdMilliseconds < streams[1].createdMilliseconds)
        #expect(try records(region).map(\.keys) == [["pk": "a"], ["pk": "b"]])
        region.now += 24 * 3_600_000 + 1
        #expect(region.reader.streams(at: region.now).count == 1)
        try tick(region)
        #expect(region.reader.catalog.streams.count == 1)
        // The young stream's pointer is all that is left.
        #expect(try region.contents(of: Layout.streams).count == 2)
    }

    @Test func `a deleted table's stream stays, and that of a new table of its name has another label`() throws {
        let region = try region()
        try region.put(item("a"))
        try region.delete(["pk": "a"])
        _ = try region.store.deleteTable("T", at: region.now)
        try region.commit()
        try region.createTable { $0.streamViewType = .keysOnly }
        try region.put(item("b"))
        try region.restart()
        let streams = region.reader.streams(at: region.now)
        #expect(streams.map(\.tableName) == ["T", "T"])
        #expect(Set(streams.map(\.createdMilliseconds)).count == 2)
        #expect(try records(region).map(\.keys) == [["pk": "a"], ["pk": "a"], ["pk": "b"]])
    }

    @Test func `reading begins at a time with the first record that came then or later`() throws {
        let region = try region()
        var times: [UInt64] = []
        for number in 0..<20 {
            region.now += UInt64(number % 3) * 10
            try region.put(item("\(number)"))
            times.append(region.now)
            try region.createTable(Text("other-\(number)"))
        }
        let stream = try stream(region)
        for milliseconds in times[0] - 5...times[19] + 5 {
            let after = try region.reader.position(
                beforeArrivalAt: milliseconds, in: stream.shards[0], of: stream, at: region.now)
            let page = try region.reader.page(
                .init(stream: stream, shard: stream.shards[0], start: .after(after)), at: region.now)
            #expect(page.records.count == times.count { $0 >= milliseconds })
        }
    }

    @Test func `a stream's binary form is refused where it is cut off or has bytes too many`() throws {
        let region = try region { $0.streamShardCount = 4 }
        let bytes = try stream(region).encoded()
        #expect(try ChangeStream(decoding: bytes) == self.stream(region))
        for count in 0..<bytes.count {
            #expect(throws: BinaryDecodingError.self) { try ChangeStream(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: BinaryDecodingError.self) { try ChangeStream(decoding: bytes + [0]) }
    }

    @Test(arguments: 0..<12)
    func `whoever follows all shards sees each change once, and an item's changes in their order`(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let counts: [UInt32] = [1, 2, 4, 8]
        var count = counts[seed % 4]
        let region = try region {
            $0.streamShardLifetimeMilliseconds = 50
            $0.streamShardCount = count
        }
        var expected: [Text: [Int]] = [:]
        var consumer = StreamConsumer(region, pageLimit: 1 + seed % 5)
        for step in 1...600 {
            region.now += UInt64.random(in: 0...4, using: &random)
            let key = "k\(Int.random(in: 0..<20, using: &random))"
            switch Int.random(in: 0..<12, using: &random) {
            case 0: try tick(region)
            case 1: _ = try consumer.poll()
            case 2 where step % 100 == 0:
                try region.restart()
                count = count.multipliedReportingOverflow(by: 2).partialValue
            default:
                try region.put(item(key, ["n": .number(Number(step))]))
                expected[Text(key), default: []].append(step)
            }
        }
        try consumer.drain()
        var seen: [Text: [Int]] = [:]
        for (_, record) in consumer.records {
            let image = try #require(record.newImage).decoded()
            guard case .string(let key) = image["pk"], case .number(let number) = image["n"] else { continue }
            seen[key, default: []].append(number.intValue ?? 0)
        }
        #expect(seen == expected)
        #expect(try stream(region).shards.count > Int(counts[seed % 4]))
    }

    @Test func `more shards follow fewer, each within its parent's range`() throws {
        let region = try region { $0.streamShardLifetimeMilliseconds = 50 }
        var stream = try stream(region)
        stream.roll(after: LogPosition(rawValue: 10), shardCount: 4, at: 1)
        stream.roll(after: LogPosition(rawValue: 20), shardCount: 2, at: 2)
        stream.roll(after: LogPosition(rawValue: 30), shardCount: 8, at: 3)
        #expect(stream.shards.map(\.number) == Array(0...16))
        #expect(
            stream.shards.map(\.parent)
                == [nil, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 8])
        for hash: UInt64 in [0, 1 << 61, 1 << 62, 3 << 62, .max] {
            var shard = try #require(stream.openShard(hash: hash))
            while let parent = shard.parent {
                shard = try #require(stream.shard(numbered: parent))
                #expect(shard.contains(hash: hash))
            }
        }
    }
}
