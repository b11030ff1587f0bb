import HybridClock
import ItemModel
import RegionStore

/// All changes that any region has made, as the regions' logs tell of them; the other checkers go by it, so it comes first.
///
/// It checks the logs themselves: that positions have no gaps, that no incarnation is used twice, that a log never loses its end, that
/// each region's stamps grow and are above all that it had seen, and that a change is the same in every log.
final class History: WorldObserver {
    private unowned let world: World
    let items = ItemNumbers()
    private(set) var origins: [OriginHistory] = []
    /// What the entries of the present commit are, one for each.
    private(set) var current: [ResolvedEntry] = []
    private var logs: [LogState]
    /// By region, what is logged on an old copy under a name that is no longer its own; nil where that is not so.
    private var strays: [OriginHistory?]

    /// What is known of one region's disk.
    private struct LogState {
        var origin: Origin?
        var lastPosition: UInt64 = 0
        /// The highest stamp of any entry, whoever made it.
        var highestStamp: UInt64 = 0
        /// What the region promised never to go back to.
        var closed: UInt64 = 0
    }

    /// An entry of a log, as checkers need it.
    struct ResolvedEntry {
        /// Nil for a change of the catalog, or of a table that nothing is known of.
        var item: Int?
        let mark: Mark
        /// What the write replaced where it was made.
        let replaced: Mark
        let isDelete: Bool
        let outcome: LogEntry.Outcome
        let isOwn: Bool
        let position: LogPosition
    }

    init(of world: World) {
        self.world = world
        logs = world.regions.map { _ in LogState() }
        strays = world.regions.map { _ in nil }
    }

    func history(of origin: Origin) -> OriginHistory? { origins.first { $0.origin == origin } }

    /// The incarnation that a region's disk belongs to, as far as it has committed anything.
    func origin(of region: SimulatedRegion) -> Origin? { logs[region.index].origin }

    /// The last position that was seen in the log of a region.
    func lastPosition(of region: SimulatedRegion) -> LogPosition {
        LogPosition(rawValue: logs[region.index].lastPosition)
    }

    // MARK: - Disks

    func started(_ region: SimulatedRegion) {
        guard let store = region.store else { return }
        if let copy = region.oldCopy { return adopt(copy, in: region, store) }
        let known = logs[region.index]
        if let origin = known.origin {
            if origin != store.origin {
                violate("\(region.name) came back as \(store.origin) on the disk of \(origin)")
            }
            if store.reader.lastPosition.rawValue < known.lastPosition {
                violate(
                    "the log of \(region.name) ends at \(store.reader.lastPosition) after a restart, and had reached \(known.lastPosition)"
                )
            }
            return
        }
        if history(of: store.origin) != nil {
            violate("\(region.name) came back without its disk, and calls itself \(store.origin) as before")
        }
        logs[region.index].origin = store.origin
        origins.append(OriginHistory(store.origin, region: region.index))
    }

    /// Takes an old copy's log for what it says; the log that it was of has ended, as soon as the region knows.
    private func adopt(_ copy: OldCopy, in region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        let end = store.reader.lastPosition.rawValue
        logs[region.index] = LogState(origin: store.origin, lastPosition: end)
        let own = OriginHistory(store.origin, region: region.index)
        while own.lastPosition < end { own.append(nil) }
        if store.origin == copy.origin, copy.isKnownToNobody {
            strays[region.index] = nil
            history(of: copy.origin)?.truncate(to: end)
        } else if store.origin == copy.origin {
            // What it takes in before it knows is no part of that log.
            strays[region.index] = own
        } else {
            strays[region.index] = nil
            origins.append(own)
        }
    }

    func losesDisk(_ region: SimulatedRegion) {
        if let origin = logs[region.index].origin { history(of: origin)?.isGone = true }
        // The observer that goes by the lost disk's log comes after this one, and asks before the next process starts.
        logs[region.index] = LogState()
    }

    // MARK: - Entries

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        current.removeAll(keepingCapacity: true)
        let promised = logs[region.index].closed
        logs[region.index].closed = max(promised, store.closedTimestamp.rawValue)
        guard !entries.isEmpty,
            let own = strays[region.index] ?? origins.last(where: { $0.origin == store.origin })
        else { return }
        let count = own.changes.count
        for entry in entries {
            let position = entry.position.rawValue
            if position != logs[region.index].lastPosition + 1 {
                violate(
                    "the log of \(region.name) has position \(position) after \(logs[region.index].lastPosition)")
                // What is missing is counted as nothing, so that positions stay what they are.
                while own.lastPosition + 1 < position { own.append(nil) }
            }
            current.append(resolve(entry, own: own, promised: promised, in: region, store: store))
            logs[region.index].lastPosition = position
            logs[region.index].highestStamp = max(
                logs[region.index].highestStamp, entry.header.version.stamp.rawValue)
        }
        if own.changes.count > count { own.noteCommit(at: world.now) }
    }

    private func resolve(
        _ entry: ObservedEntry, own: OriginHistory, promised: UInt64, in region: SimulatedRegion,
        store: SimulatedRegion.Store
    ) -> ResolvedEntry {
        let header = entry.header
        let isOwn = header.version.origin == own.origin
        var resolved = ResolvedEntry(
            item: nil, mark: Mark(header.version), replaced: Self.replaced(in: entry),
            isDelete: header.kind == .delete, outcome: entry.outcome, isOwn: isOwn, position: entry.position)
        if isOwn { checkOwn(entry, promised: promised, in: region) }
        // What a snapshot transfer has brought stands for a change that its region made, and is in no other log.
        guard header.kind != .catalog, entry.outcome != .transferred else {
            own.append(nil)
            return resolved
        }
        let payload = Self.payload(of: entry)
        if isOwn {
            resolved.item = item(of: entry, payload: payload, store: store)
            own.append(
                resolved.item.map {
                    OriginHistory.Change(
                        stamp: resolved.mark.stamp, payloadHash: Hashing.hash(entry.bytes, in: payload),
                        recordHash: Hashing.hash(entry.bytes, in: entry.record), replaced: resolved.replaced,
                        position: UInt32(truncatingIfNeeded: entry.position.rawValue),
                        item: Int32($0),
                        isDelete: resolved.isDelete)
                })
            return resolved
        }
        own.append(nil)
        guard let origin = history(of: header.version.origin), let place = origin.place(at: header.position) else {
            violate(
                "\(region.name) logged a change \(resolved.mark) at position \(header.position), which its region never made"
            )
            return resolved
        }
        let change = origin.changes[place]
        resolved.item = Int(change.item)
        if change.stamp != resolved.mark.stamp || change.isDelete != resolved.isDelete
            || change.recordHash != Hashing.hash(entry.bytes, in: entry.record)
        {
            violate(
                "\(region.name) got another change of \(items.text(of: Int(change.item))) at \(header.position) than "
                    + "\(world.regions[origin.region].name) made: \(resolved.mark), not \(origin.mark(of: change))",
                as: "replication")
        }
        return resolved
    }

    private func checkOwn(_ entry: ObservedEntry, promised: UInt64, in region: SimulatedRegion) {
        let stamp = entry.header.version.stamp.rawValue
        if entry.header.position != entry.position {
            violate("\(region.name) logged its own change of position \(entry.header.position) at \(entry.position)")
        }
        if stamp <= logs[region.index].highestStamp {
            violate(
                "\(region.name) stamped its change at \(entry.position) \(entry.header.version), not above all that it had seen",
                as: "clock")
        } else if stamp <= promised {
            violate(
                "\(region.name) stamped its change at \(entry.position) \(entry.header.version), and had promised nothing up to "
                    + "\(Mark(stamp: promised, origin: 0))", as: "clock")
        }
    }

    private func item(of entry: ObservedEntry, payload: Range<Int>, store: SimulatedRegion.Store) -> Int? {
        var table = items.number(ofTable: entry.header.table)
        if table == nil { table = store.reader.catalog.table(entry.header.table).map { items.number(of: $0) } }
        return table.flatMap { items.number(ofBinary: entry.bytes, in: payload, inTable: $0) }
    }

    private func violate(_ text: String, as checker: String = "log") { world.violate(checker, text) }

    // MARK: - Records

    // The form of a record is spelt out here once more, so that a mistake in reading it is not checked by itself.

    private static func replaced(in entry: ObservedEntry) -> Mark {
        let start = entry.record.lowerBound
        guard entry.record.count >= 44 else { return Mark() }
        func integer(at offset: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in (start + offset)..<(start + offset + 8) { value = value << 8 | UInt64(entry.bytes[index]) }
            return value
        }
        return Mark(stamp: integer(at: 28), origin: integer(at: 36))
    }

    /// Which change of how many in its transaction a record in `range` is; nil for one that is in none.
    static func transaction(in bytes: [UInt8], _ range: Range<Int>) -> (index: UInt64, count: UInt64)? {
        let start = range.lowerBound
        guard range.count >= 64, bytes[start + 3] & 1 != 0 else { return nil }
        func integer(at offset: Int) -> UInt64 {
            UInt64(bytes[start + offset]) << 8 | UInt64(bytes[start + offset + 1])
        }
        return (integer(at: 60), integer(at: 62))
    }

    /// Where in the entry's bytes the item lies, or the key of what was deleted.
    static func payload(of entry: ObservedEntry) -> Range<Int> {
        let record = entry.record
        let offset = record.count > 3 && entry.bytes[record.lowerBound + 3] & 1 != 0 ? 64 : 60
        return min(record.lowerBound + offset, record.upperBound)..<record.upperBound
    }
}
