import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// Whether everything that can go is gone after a quiet time: tombstones, gaps to be caught up with, connections, events.
final class Leaks: WorldObserver {
    private unowned let world: World
    private let retention: Retention
    /// Far above what timers and heartbeats of that many links need.
    private var eventLimit: Int { 500 + 300 * world.regions.count * world.regions.count }

    init(of world: World, retention: Retention) {
        self.world = world
        self.retention = retention
    }

    /// What is still there, in words; nil when nothing is.
    func leak() -> String? {
        for region in world.regions {
            guard let store = region.store else { return "\(region.name) is down" }
            let gaps = store.gaps.entries.filter { gap in
                // Of a disk that is gone nothing more can come but through somebody who has it.
                world.regions.contains { $0.store?.origin == gap.origin }
            }
            if let gap = gaps.first {
                return "\(region.name) still lacks changes of \(gap.origin) after \(gap.position)"
            }
            if let text = tombstones(in: region, store) { return text }
            if let text = retention.leftover(in: region) { return text }
            if let text = orphan(in: region, store) { return text }
            if let text = lostExpiries(in: region, store) { return text }
            let receivers = region.incoming.count
            if receivers >= world.regions.count {
                return "\(region.name) has \(receivers) links from \(world.regions.count - 1) regions"
            }
        }
        let count = world.connectionCount
        if count > world.regions.count * (world.regions.count - 1) { return "\(count) connections are open" }
        if world.plannedEventCount > eventLimit { return "\(world.plannedEventCount) events are planned" }
        return nil
    }

    private func tombstones(in region: SimulatedRegion, _ store: SimulatedRegion.Store) -> String? {
        var tableCount = 0
        try? store.reader.store.visit(KeyRange(from: [], to: nil), in: Layout.deletedTables, direction: .forward) {
            _, _ in
            tableCount += 1
            return true
        }
        if tableCount > 0 { return "\(region.name) still has \(tableCount) tombstones of tables" }
        for table in store.reader.catalog.tables {
            var count = 0
            try? store.reader.visitItems(of: table) { _, value in if value.isTombstone { count += 1 } }
            if count > 0 { return "\(region.name) still has \(count) tombstones of \(table.name)" }
        }
        return nil
    }

    /// What belongs to no table, index or stream that the region has.
    private func orphan(in region: SimulatedRegion, _ store: SimulatedRegion.Store) -> String? {
        let catalog = store.reader.catalog
        let tables = Set(catalog.tables.map { Layout.prefix($0.id) })
        let indexes = Set(catalog.tables.flatMap { $0.indexes + $0.deletingIndexes }.map { Layout.prefix($0.id) })
        let streams = Set(catalog.streams.map { Layout.prefix($0.id) })
        let owners = [
            (Layout.items, tables), (Layout.expiry, tables), (Layout.tombstones, tables), (Layout.indexes, indexes),
            (Layout.streams, streams),
        ]
        for (keyspace, owners) in owners {
            var orphan: [UInt8]?
            try? store.reader.store.visit(KeyRange(from: [], to: nil), in: keyspace, direction: .forward) { key, _ in
                if !owners.contains(Array(key.prefix(4))) { orphan = Array(key.prefix(4)) }
                return orphan == nil
            }
            if let orphan {
                return "\(region.name) keeps \(keyspace.name) of \(orphan), which it has no more"
            }
        }
        return nil
    }

    /// Whether each item that expires is in the index of those, once, and nothing else.
    private func lostExpiries(in region: SimulatedRegion, _ store: SimulatedRegion.Store) -> String? {
        for table in store.reader.catalog.tables where table.expiryAttribute != nil {
            var expected: [[UInt8]] = []
            var found: [[UInt8]] = []
            let prefix = Layout.prefix(table.id)
            try? store.reader.visitItems(of: table) { key, value in
                guard let second = try value.decodedItem().flatMap(Expiries.second) else { return }
                expected.append(
                    prefix + withUnsafeBytes(of: second.bigEndian) { Array($0) } + key.dropFirst(4))
            }
            try? store.reader.store.visit(KeyRange(prefix: prefix), in: Layout.expiry, direction: .forward) { key, _ in
                found.append(key)
                return true
            }
            expected.sort { $0.lexicographicallyPrecedes($1) }
            if expected != found {
                return
                    "\(region.name) knows \(found.count) items of \(table.name) that expire, and has \(expected.count)"
            }
        }
        return nil
    }

    func conclude() {
        // Regions that do not agree have other troubles.
        guard world.disagreement() == nil else { return }
        if let text = leak() { world.violate("leaks", text) }
    }
}
