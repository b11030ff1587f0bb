import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// What consumers see that follow each stream as the Streams API has it read: shards after their parents, page after page, with a
/// checkpoint that outlives the region's process.
///
/// A consumer has to be given every change that became the item, once, in the order of the log, with the item before and after it, and
/// nothing else, as much as the stream's view type says; only what is older than records are kept may be missing, and only where that is so may it be told that records were
/// trimmed. What was given once is asked for again from time to time, from the checkpoint before.
final class Consumers: WorldObserver {
    private unowned let world: World
    private let history: History
    private let contents: Contents
    private var regions: [RegionConsumers]
    /// What records may hold: of each table of a name what it was made with.
    private let views: [Text: [StreamViewType]]

    /// Consumers fetch so often at first; the others rest for longer and longer, some beyond what is kept.
    private static let interval = VirtualDuration.seconds(2)

    private struct RegionConsumers {
        /// By the stream.
        var consumers: [StreamID: Consumer] = [:]
        /// By the table's number.
        var tables: [TableRecords] = []
        var nextPoll = VirtualTime.zero
        var pollCount = 0
        /// What the region's clock showed at the commit before.
        var lastMilliseconds: UInt64 = 0
    }

    /// The records of one table's streams.
    private struct TableRecords {
        var isStreaming = false
        /// What no consumer was given yet, by position.
        var due: [UInt64: Record] = [:]
        /// The last position of each item that was given.
        var given: [Int: UInt64] = [:]
    }

    /// A change that consumers have to be given.
    private struct Record {
        let item: Int
        let event: StreamEvent
        let newHash: UInt64
        /// Nil where it is not known what the region held.
        let oldHash: UInt64?
        let isExpiry: Bool
        /// What the region's clock showed at the latest when it was logged, and at the earliest.
        let latestArrival: UInt64
        let earliestArrival: UInt64
        /// Whether consumers may do without it.
        let isOptional: Bool
    }

    /// One consumer of a stream.
    private struct Consumer {
        var shards: [Shard: Place] = [:]
        /// What was told of the stream's shards, and of the stream itself: nothing of it changes, but that what is open is closed.
        var told: [Shard: StreamShard] = [:]
        var stream: ChangeStream?

        /// A number may come again after an old copy of a disk, and not with the time at which the shard was opened.
        struct Shard: Hashable {
            let number: UInt32
            let openedMilliseconds: UInt64

            init(_ shard: StreamShard) { (number, openedMilliseconds) = (shard.number, shard.openedMilliseconds) }
        }

        struct Place {
            var start = StreamRead.Start.oldest
            var isAtEnd = false
            /// Where the page before began, and what was in it.
            var pageBefore: (start: LogPosition, positions: [LogPosition])?
        }
    }

    init(of world: World, history: History, contents: Contents) {
        self.world = world
        self.history = history
        self.contents = contents
        regions = world.regions.map { _ in RegionConsumers() }
        let made = world.scenario.faults.compactMap { if case .createTable(let plan) = $0.kind { plan } else { nil } }
        views = Dictionary(grouping: world.scenario.tables + made, by: { Text($0.name) })
            .mapValues { $0.map(\.streamViewType) }
    }

    // MARK: - What happens

    func losesDisk(_ region: SimulatedRegion) {
        guard let copy = region.oldCopy else { return regions[region.index] = RegionConsumers() }
        // What the copy lacks was given to consumers or is gone; they keep their checkpoints.
        for table in regions[region.index].tables.indices {
            regions[region.index].tables[table].due = regions[region.index].tables[table].due.filter {
                $0.key <= copy.end.rawValue
            }
            regions[region.index].tables[table].given = [:]
        }
        for stream in regions[region.index].consumers.keys {
            let shards = regions[region.index].consumers[stream]?.shards ?? [:]
            // What was closed since the copy was made is open again.
            regions[region.index].consumers[stream]?.told = [:]
            regions[region.index].consumers[stream]?.stream = nil
            regions[region.index].consumers[stream]?.shards = shards.mapValues { place in
                var start = place.start
                // Positions that nobody can know of are given out once more: a consumer that has been there misses what stands at them.
                if copy.isKnownToNobody, case .after(let position) = start { start = .after(min(position, copy.end)) }
                return Consumer.Place(start: start, isAtEnd: place.isAtEnd)
            }
        }
    }

    func started(_ region: SimulatedRegion) {
        guard let store = region.store, store.reader.lastPosition == .zero else { return }
        regions[region.index] = RegionConsumers()
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        let before = regions[index].tables.map(\.isStreaming)
        followStreams(of: region, store)
        let now = region.instant.physicalMilliseconds
        let earliest = min(regions[index].lastMilliseconds, now)
        regions[index].lastMilliseconds = now
        for (image, entry) in zip(contents.images, entries) {
            guard let image else { continue }
            let table = Int(history.items.tableOfItem[image.item])
            let wasStreaming = table < before.count && before[table]
            let isStreaming = regions[index].tables[table].isStreaming
            guard wasStreaming || isStreaming else { continue }
            // Of a commit in which a stream comes or goes it is not known which changes are in it.
            regions[index].tables[table].due[entry.position.rawValue] = record(
                of: entry, image, in: region, earliest: earliest, latest: now, isOptional: wasStreaming != isStreaming)
        }
        guard world.now >= regions[index].nextPoll else { return }
        regions[index].pollCount += 1
        // Mostly one after the other, now and then after a rest.
        let rest = [1, 1, 2, 1, 1, 8, 1, 30][regions[index].pollCount % 8]
        regions[index].nextPoll = world.now + VirtualDuration(nanoseconds: Self.interval.nanoseconds * UInt64(rest))
        fetch(in: region, store)
    }

    private func followStreams(of region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        let catalog = store.reader.catalog
        for (number, table) in history.items.tables.enumerated() {
            if regions[region.index].tables.count <= number { regions[region.index].tables.append(TableRecords()) }
            regions[region.index].tables[number].isStreaming = catalog.table(table.uuid)?.streamViewType != nil
        }
    }

    /// What consumers have to be given of a change.
    private func record(
        of entry: ObservedEntry, _ image: Contents.Image, in region: SimulatedRegion, earliest: UInt64, latest: UInt64,
        isOptional: Bool
    ) -> Record {
        let oldHash: UInt64? =
            switch image.before {
            case .unknown: nil
            case .nothing: 0
            case .item(let bytes, let range): Hashing.hash(bytes, in: range)
            }
        return Record(
            item: image.item, event: image.event,
            newHash: image.event == .remove ? 0 : Hashing.hash(entry.bytes, in: History.payload(of: entry)),
            oldHash: oldHash,
            isExpiry: Expiries.isExpiry(entry) && entry.header.version.origin.region == region.identity.id,
            latestArrival: latest, earliestArrival: earliest,
            isOptional: isOptional || oldHash == nil || entry.outcome == .transferred || region.oldCopy != nil)
    }

    func conclude() {
        for region in world.regions {
            guard let store = region.store else { continue }
            fetch(in: region, store)
        }
    }

    // MARK: - Fetching

    private func fetch(in region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        guard region.disk.faults.read == nil else { return }
        let now = region.instant.physicalMilliseconds
        let reader = store.reader
        for stream in reader.streams(at: now) {
            guard let table = history.items.number(ofTable: stream.table), table < regions[region.index].tables.count
            else { continue }
            var consumer = regions[region.index].consumers[stream.id] ?? Consumer()
            let shards = reader.shards(of: stream, at: now)
            let kept = Set(shards.map(Consumer.Shard.init))
            consumer.shards = consumer.shards.filter { kept.contains($0.key) }
            consumer.told = consumer.told.filter { kept.contains($0.key) }
            checkTold(stream, shards, &consumer, in: region)
            for shard in shards {
                // A child holds what came after everything in its parent.
                if let parent = shards.first(where: { $0.number == shard.parent }),
                    consumer.shards[Consumer.Shard(parent)]?.isAtEnd != true
                {
                    report(stream, region, "goes on with a shard before its parent \(parent.number)")
                }
                var place = consumer.shards[Consumer.Shard(shard)] ?? Consumer.Place()
                readAgain(shard, of: stream, place, in: region, reader)
                read(shard, of: stream, &place, table, in: region, reader)
                consumer.shards[Consumer.Shard(shard)] = place
            }
            regions[region.index].consumers[stream.id] = consumer
        }
        for table in regions[region.index].tables.indices { findMissing(of: table, in: region, reader) }
    }

    /// Compares what is told of a stream and its shards with what was told before, by this process or another one.
    private func checkTold(
        _ stream: ChangeStream, _ shards: [StreamShard], _ consumer: inout Consumer, in region: SimulatedRegion
    ) {
        if views[stream.tableName]?.contains(stream.viewType) != true {
            report(stream, region, "is said to hold \(stream.viewType.rawValue)")
        }
        if let before = consumer.stream {
            if let closed = before.closedMilliseconds, closed != stream.closedMilliseconds {
                report(stream, region, "was disabled at \(closed), and now at \(text(stream.closedMilliseconds))")
            } else if before.createdMilliseconds != stream.createdMilliseconds || before.viewType != stream.viewType
                || before.keySchema != stream.keySchema || before.tableName != stream.tableName
            {
                report(stream, region, "opened at \(stream.createdMilliseconds) is described otherwise than before")
            }
        }
        consumer.stream = stream
        for shard in shards {
            let key = Consumer.Shard(shard)
            if let before = consumer.told[key] {
                if before.parent != shard.parent {
                    report(
                        stream, region,
                        "names \(text(shard.parent)) as the parent of shard \(shard.number), and named \(text(before.parent))"
                    )
                } else if before.first != shard.first || before.slot != shard.slot
                    || before.slotCount != shard.slotCount
                {
                    report(stream, region, "has shard \(shard.number) hold other records than before")
                } else if before.closedMilliseconds != nil,
                    before.closedMilliseconds != shard.closedMilliseconds || before.last != shard.last
                {
                    report(
                        stream, region,
                        "closed shard \(shard.number) at \(text(before.closedMilliseconds)), and now at \(text(shard.closedMilliseconds))"
                    )
                }
            }
            consumer.told[key] = shard
        }
    }

    private func text(_ number: (some FixedWidthInteger)?) -> String { number.map { "\($0)" } ?? "none" }

    /// Reads a shard to its end.
    private func read(
        _ shard: StreamShard, of stream: ChangeStream, _ place: inout Consumer.Place, _ table: Int,
        in region: SimulatedRegion, _ reader: RegionReader<SimulatedStore>
    ) {
        let now = region.instant.physicalMilliseconds
        while !place.isAtEnd {
            var read = StreamRead(stream: stream, shard: shard, start: place.start)
            // Small pages, so that there are many seams.
            read.limit = 100
            do {
                let page = try reader.page(read, at: now)
                for record in page.records { take(record, of: stream, table, in: region) }
                if case .after(let start) = place.start, !page.records.isEmpty {
                    place.pageBefore = (start, page.records.map(\.position))
                }
                guard let next = page.next else {
                    if shard.last == nil { report(stream, region, "ends while its shard is open") }
                    place.isAtEnd = true
                    return
                }
                place.start = next
                if page.records.isEmpty { return }
            } catch .trimmed {
                if !mayLack(table, in: region, at: now) {
                    report(stream, region, "says that records were trimmed, and all of them are young")
                }
                guard place.start != .oldest else {
                    return report(stream, region, "cannot be read from its oldest record at \(now)")
                }
                place.start = .oldest
                place.pageBefore = nil
            } catch {
                return report(stream, region, "cannot be read: \(error)")
            }
        }
    }

    /// Reads the page before once more, which holds the same unless it was trimmed.
    private func readAgain(
        _ shard: StreamShard, of stream: ChangeStream, _ place: Consumer.Place, in region: SimulatedRegion,
        _ reader: RegionReader<SimulatedStore>
    ) {
        guard let (start, positions) = place.pageBefore else { return }
        var read = StreamRead(stream: stream, shard: shard, start: .after(start))
        read.limit = positions.count
        guard let page = try? reader.page(read, at: region.instant.physicalMilliseconds) else { return }
        guard page.records.map(\.position) != positions else { return }
        report(stream, region, "shows other records after \(start) than it did before")
    }

    private func take(_ record: StreamRecord, of stream: ChangeStream, _ table: Int, in region: SimulatedRegion) {
        let position = record.position.rawValue
        guard let due = regions[region.index].tables[table].due.removeValue(forKey: position) else {
            // An old copy shows what it has once more.
            guard region.oldCopy == nil else { return }
            return report(stream, region, "shows a change at \(position), which was shown before or never made")
        }
        if let last = regions[region.index].tables[table].given[due.item], last >= position {
            report(stream, region, "shows the change at \(position) after that at \(last) of the same item")
        }
        regions[region.index].tables[table].given[due.item] = position
        let oldest = oldest(in: region, at: region.instant.physicalMilliseconds)
        func hash(_ image: BinaryItem?) -> UInt64 { image.map { Hashing.hash($0.bytes, in: $0.range) } ?? 0 }
        let newHash = stream.viewType.showsNewImage ? due.newHash : 0
        let oldHash = stream.viewType.showsOldImage ? due.oldHash : 0
        let text: String? =
            if due.oldHash != nil, record.event != due.event {
                "calls the change at \(position) \(record.event), and it is \(due.event)"
            } else if hash(record.newImage) != newHash {
                "shows another item than the change at \(position) made"
            } else if let oldHash, hash(record.oldImage) != oldHash {
                "shows another item than the change at \(position) replaced"
            } else if history.items.number(of: record.keys, inTable: table) != due.item {
                "shows another key than that of the change at \(position)"
            } else if record.isExpiry != due.isExpiry {
                "says of the change at \(position) that it \(record.isExpiry ? "is" : "is not") an expiry"
            } else if due.latestArrival < oldest, !world.scenario.hasWrongClocks {
                // A region that others outvote goes by their time.
                "still shows the change at \(position), which is too old"
            } else {
                nil
            }
        if let text { report(stream, region, "\(text) (\(history.items.text(of: due.item)))") }
    }

    /// What consumers have not been given though they have read everything.
    private func findMissing(of table: Int, in region: SimulatedRegion, _ reader: RegionReader<SimulatedStore>) {
        let now = region.instant.physicalMilliseconds
        let left = regions[region.index].tables[table].due
        guard !left.isEmpty else { return }
        regions[region.index].tables[table].due = [:]
        for (position, record) in left.sorted(by: { $0.key < $1.key })
        where !record.isOptional && !mayBeGone(record, in: region, at: now) {
            return world.violate(
                "streams",
                "no consumer of \(history.items.tables[table].name) in \(region.name) was shown the change at \(position) of \(history.items.text(of: record.item))"
            )
        }
    }

    // MARK: - Age

    private func oldest(in region: SimulatedRegion, at now: UInt64) -> UInt64 {
        let kept = world.storeConfiguration(of: region).logRetentionMilliseconds
        return now - min(now, kept)
    }

    private func mayBeGone(_ record: Record, in region: SimulatedRegion, at now: UInt64) -> Bool {
        // A clock that was set back once may have been ahead when the region trimmed.
        record.earliestArrival < oldest(in: region, at: now) || isClockWrong(in: region)
    }

    /// Whether something that was not given yet is old enough to be gone, or may have been given and gone since.
    private func mayLack(_ table: Int, in region: SimulatedRegion, at now: UInt64) -> Bool {
        isClockWrong(in: region)
            || regions[region.index].tables[table].due.contains { mayBeGone($0.value, in: region, at: now) }
    }

    private func isClockWrong(in region: SimulatedRegion) -> Bool {
        world.scenario.faults.contains { fault in
            if case .clockStep(let name, _) = fault.kind { name == region.name } else { false }
        }
    }

    private func report(_ stream: ChangeStream, _ region: SimulatedRegion, _ text: String) {
        world.violate("streams", "the stream of \(stream.tableName) in \(region.name) \(text)")
    }
}

/// What view types mean, spelt out here once more, for checkers not to go by what the store takes them for.
extension StreamViewType {
    var showsNewImage: Bool { [.newImage, .newAndOldImages].contains(self) }
    var showsOldImage: Bool { [.oldImage, .newAndOldImages].contains(self) }
}
