import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// Whether time to live deletes what has expired, and nothing else.
final class Expiries: WorldObserver {
    /// The attribute that says when an item expires.
    static let attribute: Text = "expires"
    /// Whatever expired longer ago than this is gone everywhere, in seconds.
    private static let limitSeconds: UInt64 = 60
    /// After this time a region deletes also what it cannot know to be unchanged, as others may be down for ever, in seconds.
    private static let patienceSeconds: UInt64 = 15

    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private let contents: Contents
    /// By item, the newest write of it that any region has made and when what it wrote expires.
    private var newest: [Int: Written] = [:]

    private struct Written {
        let mark: Mark
        /// Nil for never, and of a deletion.
        let second: UInt64?
        let isDelete: Bool
        let region: SimulatedRegion
        /// In that region's log.
        let position: LogPosition
    }

    init(of world: World, history: History, holdings: Holdings, contents: Contents) {
        self.world = world
        self.history = history
        self.holdings = holdings
        self.contents = contents
    }

    /// Looks at what a region deleted of itself, as it held it: the clock is still the one by which it was deleted.
    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let isFollowed = store.reader.catalog.tables.contains { $0.expiryAttribute != nil }
        for (index, (resolved, entry)) in zip(history.current, entries).enumerated() where entry.outcome == .applied {
            guard entry.header.version.origin == store.origin else { continue }
            defer { if isFollowed { note(entry, resolved, in: region) } }
            guard Self.isExpiry(entry) else { continue }
            do {
                // Nil where it is not known what the region held.
                guard let item = try item(before: contents.images[index], in: entry) else { continue }
                let second = Self.second(of: item)
                if let second { checkNewest(resolved, expiring: second, in: region) }
                let now = region.instant.physicalMilliseconds / 1000
                if second.map({ $0 >= now }) ?? true {
                    world.violate(
                        "time to live",
                        "\(region.name) deleted an item at \(now) that expires \(second.map { "at \($0)" } ?? "never")")
                }
            } catch {
                world.violate("time to live", "\(region.name) deleted an item that cannot be read: \(error)")
            }
        }
    }

    /// The item that a deletion deletes, without attributes where there is none; nil where that is not known, and the log doesn't tell.
    private func item(before image: Contents.Image?, in entry: ObservedEntry) throws -> Item? {
        switch image?.before ?? .nothing {
        case .unknown:
            let old = try LogEntry(decoding: entry.bytes).oldImage
            return old.isEmpty ? nil : try Item(decoding: old)
        case .nothing: return Item()
        case .item(let bytes, let range): return try Item(decoding: Array(bytes[range]))
        }
    }

    private func note(_ entry: ObservedEntry, _ resolved: History.ResolvedEntry, in region: SimulatedRegion) {
        guard let item = resolved.item, resolved.mark.beats(newest[item]?.mark ?? Mark()) else { return }
        let payload = BinaryItem(entry.bytes, in: History.payload(of: entry))
        let value = resolved.isDelete ? nil : try? payload.value(named: Self.attribute)
        newest[item] = Written(
            mark: resolved.mark, second: value.flatMap(Self.second(by:)), isDelete: resolved.isDelete,
            region: region, position: entry.position)
    }

    /// Whether what a region deletes was written anew anywhere before its time had come, whatever the region knows of it.
    private func checkNewest(_ entry: History.ResolvedEntry, expiring second: UInt64, in region: SimulatedRegion) {
        let now = region.instant.physicalMilliseconds / 1000
        guard let item = entry.item, let newest = newest[item], newest.mark.beats(entry.replaced), !newest.isDelete,
            newest.mark.stamp >> 16 < second * 1000, newest.second.map({ $0 >= now }) ?? true,
            second + Self.patienceSeconds > now, !isGone(newest, item)
        else { return }
        world.violate(
            "time to live",
            "\(region.name) deleted \(history.items.text(of: item)), which expired at \(second), and \(newest.region.name) had written it anew before, to expire \(newest.second.map { "at \($0)" } ?? "never")"
        )
    }

    /// Whether a write may be nowhere, as the replica that it was made to is gone, perhaps before its log was shipped.
    private func isGone(_ written: Written, _ item: Int) -> Bool {
        let replica = holdings.replica(Int(history.items.tableOfItem[item]), in: written.region.index)
        return replica.id == nil || replica.since >= written.position
    }

    func losesDisk(_ region: SimulatedRegion) {
        // What only that disk had is nowhere.
        newest = newest.filter { $0.value.region !== region }
    }

    /// The second byte after the format is the kind, the third the cause: spelt out here once more, as in `History`.
    static func isExpiry(_ entry: ObservedEntry) -> Bool {
        let start = entry.record.lowerBound
        return entry.record.count > 2 && entry.bytes[start + 1] == 2 && entry.bytes[start + 2] == 2
    }

    /// When an item expires, in seconds since 1970; nil for never.
    static func second(of item: Item) -> UInt64? {
        item[attribute].flatMap(second(by:))
    }

    private static func second(by value: AttributeValue) -> UInt64? {
        guard case .number(let number) = value else { return nil }
        return number.intValue.flatMap { UInt64(exactly: $0) }
    }

    func conclude() {
        // Whoever's clock is behind goes by it.
        let now = world.regions.map { $0.instant.physicalMilliseconds / 1000 }.min() ?? 0
        for region in world.regions {
            guard let store = region.store, region.disk.faults.read == nil else { continue }
            for table in store.reader.catalog.tables where table.expiryAttribute != nil && table.status == .active {
                check(table, in: region, store, before: now - min(now, Self.limitSeconds))
            }
        }
    }

    private func check(
        _ table: Table, in region: SimulatedRegion, _ store: SimulatedRegion.Store, before limit: UInt64
    ) {
        var count = 0
        do {
            try store.reader.visitItems(of: table) { _, value in
                if let item = try value.decodedItem(), let second = Self.second(of: item),
                    second < limit
                {
                    count += 1
                }
            }
        } catch {
            world.violate("time to live", "\(table.name) in \(region.name) cannot be read: \(error)")
        }
        if count > 0 {
            world.violate(
                "time to live",
                "\(region.name) still has \(count) items of \(table.name) that expired more than \(Self.limitSeconds) s ago"
            )
        }
    }
}
