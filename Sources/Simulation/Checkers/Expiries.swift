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

    private unowned let world: World

    init(of world: World) {
        self.world = world
    }

    /// Looks at what a region deleted of itself, as it stood in the log: the clock is still the one by which it was deleted.
    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        for entry in entries where entry.outcome == .applied && Self.isExpiry(entry) {
            guard entry.header.version.origin == store.origin else { continue }
            do {
                let item = try Item(decoding: LogEntry(decoding: entry.bytes).oldImage)
                let second = Self.second(of: item)
                let now = region.instant.physicalMilliseconds / 1000
                if second.map({ $0 >= now }) ?? true {
                    world.violate(
                        "time to live",
                        "\(region.name) deleted an item at \(now) that expires \(second.map { "at \($0)" } ?? "never")")
                }
            } catch {
                world.violate("time to live", "\(region.name) deleted an item that its log does not show: \(error)")
            }
        }
    }

    /// The second byte after the format is the kind, the third the cause: spelt out here once more, as in `History`.
    private static func isExpiry(_ entry: ObservedEntry) -> Bool {
        let start = entry.record.lowerBound
        return entry.record.count > 2 && entry.bytes[start + 1] == 2 && entry.bytes[start + 2] == 2
    }

    /// When an item expires, in seconds since 1970; nil for never.
    static func second(of item: Item) -> UInt64? {
        guard case .number(let number) = item[attribute] else { return nil }
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
