import HybridClock
import ItemModel
import KeyValueStore
import Replication
import Testing

@testable import RegionStore

/// Every write that a client was told of.
struct History {
    struct Write {
        let table: TableUUID
        let key: [UInt8]
        let version: Version
        /// Nil for a deletion.
        let item: [UInt8]?
    }

    var writes: [Write] = []
    /// Tables that held, somewhere, what was lost with a disk.
    var hasLosses = false
    /// Whether a disk went back to an older copy of itself, of which nothing was lost as others had it.
    var hasRollbacks = false
    var refusals: [String] = []
    var operationCount = 0
}

/// What must hold of a region at every commit.
struct Watch {
    private var vector = AppliedVector()
    private var lastPosition = LogPosition.zero
    private var stable = HybridTimestamp.zero
    private var checkedCount = 0

    /// Stable time begins anew with a process; what is durable does not.
    mutating func restarted(_ store: Node.Store) {
        stable = .zero
        #expect(store.lastPosition >= lastPosition, "positions went back")
    }

    mutating func check(_ node: Node) {
        let store = node.store
        for entry in vector.entries {
            #expect(store.vector[entry.origin] >= entry.position, "the vector of \(node.region.name) went back")
        }
        #expect(store.lastPosition >= lastPosition, "positions went back")
        // Another incarnation of a region may be behind what the one before had closed.
        let history = node.cluster.history
        #expect(
            store.stableTime >= stable || history.hasLosses || history.hasRollbacks, "stable time went back")
        (vector, lastPosition, stable) = (store.vector, store.lastPosition, store.stableTime)
        checkedCount += 1
        // What looks at everything would take most of the tests' time at every commit.
        guard checkedCount.isMultiple(of: 30) else { return }
        let limit = node.cluster.options.link.inFlightByteLimit + 2_000
        #expect(node.inFlightByteCount <= limit, "more in flight than may be")
        guard !history.hasLosses, !history.hasRollbacks, node.cluster.options.checksStableTime else { return }
        for write in node.cluster.history.writes where write.version.stamp <= stable {
            guard let state = store.region.catalog[write.table], let table = state.table, table.status == .active,
                !state.local.needsTransfer, state.local.catchUps.entries.isEmpty
            else { continue }
            let stored = try? store.region.contents.items.value(Layout.prefix(table.id) + write.key, in: store.store)
            let isHere = (stored?.version ?? write.version) >= write.version
            #expect(isHere, "stable time of \(node.region.name) has overtaken \(write.version)")
        }
    }
}

extension Cluster {
    /// Why the regions do not agree yet, in words; nil when they do.
    ///
    /// - Parameter isComplete: whether regions that no link joins count too, which only know through others that they lack nothing.
    func disagreement(isComplete: Bool = true) throws -> String? {
        guard let first = nodes.first else { return nil }
        for node in nodes where !node.isUp || node.store.hasPendingChanges {
            return "\(node.region.name) is not at rest"
        }
        // What a replica that was removed since had written may still be on its way to the only one that is left.
        for node in nodes where isComplete {
            for peer in nodes where peer !== node && node.store.vector[peer.store.origin] < peer.store.lastPosition {
                return "\(node.region.name) has not heard all of \(peer.region.name)"
            }
        }
        for uuid in Set(nodes.flatMap(\.store.region.catalog.uuids)).sorted() {
            guard let entry = first.store.region.catalog[uuid]?.entry else {
                return "\(first.region.name) lacks table \(uuid)"
            }
            var items: [[UInt8]: [UInt8]]?
            for node in nodes {
                guard let state = node.store.region.catalog[uuid] else {
                    return "\(node.region.name) lacks table \(uuid)"
                }
                guard state.entry == entry else { return "\(node.region.name) has other settings of \(entry.name)" }
                let replica = entry[SettingName.replica(node.region.name)].flatMap {
                    Replica(region: node.region.name, $0)
                }
                guard replica?.status != .creationFailed else { continue }
                guard (state.table != nil) == (replica != nil) else {
                    return "\(node.region.name): replica of \(entry.name)"
                }
                guard let table = state.table else { continue }
                guard table.status == .active, !state.local.needsTransfer else {
                    return "\(node.region.name) waits for \(entry.name) to be filled"
                }
                for peer in nodes where isComplete && peer !== node && state.local.catchUps.contains(peer.store.origin)
                {
                    return "\(node.region.name) waits for changes of \(peer.region.name) to \(entry.name)"
                }
                let here = try node.items(of: table)
                if let items, items != here {
                    let different = Set(items.keys).union(here.keys).filter { items[$0] != here[$0] }
                    return
                        "\(node.region.name) holds other items of \(entry.name): \(different.count) of \(items.count)"
                }
                items = here
                if let text = try node.indexFault(of: table) { return text }
            }
        }
        return nil
    }

    /// Holds every region to what clients were told: of all writes of an item the one with the highest version is there.
    func checkHistory() throws {
        guard !history.hasLosses else { return }
        var newest: [TableUUID: [[UInt8]: History.Write]] = [:]
        for write in history.writes where newest[write.table]?[write.key]?.version ?? .zero < write.version {
            newest[write.table, default: [:]][write.key] = write
        }
        for node in nodes {
            for (uuid, writes) in newest {
                guard let table = node.store.region.catalog[uuid]?.table else { continue }
                let items = try node.items(of: table)
                for (key, write) in writes {
                    let value = write.item.map { ItemValue.encode(version: write.version, item: $0) }
                    #expect(
                        items[key] == value,
                        "\(node.region.name), \(table.name): the last write, \(write.version), is not there")
                }
                #expect(items.keys.allSatisfy { writes[$0] != nil })
            }
        }
    }
}

extension Node {
    /// The stored values of a table's items by their keys, without tombstones.
    func items(of table: Table) throws -> [[UInt8]: [UInt8]] {
        var items: [[UInt8]: [UInt8]] = [:]
        try disk.visit(KeyRange(prefix: Layout.prefix(table.id)), in: Layout.items, direction: .forward) { key, value in
            if try !ItemValue(decoding: value).isTombstone { items[Array(key.dropFirst(4))] = value }
            return true
        }
        return items
    }

    /// The deletions that a table still remembers.
    func tombstoneCount(of table: Table) throws -> Int {
        var count = 0
        try disk.visit(KeyRange(prefix: Layout.prefix(table.id)), in: Layout.items, direction: .forward) { _, value in
            if try ItemValue(decoding: value).isTombstone { count += 1 }
            return true
        }
        return count
    }

    /// What is wrong with a table's indexes and counts, going by its items.
    fileprivate func indexFault(of table: Table) throws -> String? {
        let items = try items(of: table).values.compactMap { try ItemValue(decoding: $0).decodedItem() }
        let counts = try store.reader.statistics(of: table)
        guard counts.itemCount == items.count, counts.byteCount == items.reduce(0, { $0 + $1.sizeInBytes }) else {
            return "\(region.name): wrong counts of \(table.name)"
        }
        for index in table.indexes {
            var expected: [[UInt8]: [UInt8]] = [:]
            for item in items {
                if let key = index.storageKey(of: item, in: table) {
                    expected[key] = index.projected(item, in: table).encoded()
                }
            }
            var found: [[UInt8]: [UInt8]] = [:]
            try disk.visit(KeyRange(prefix: Layout.prefix(index.id)), in: Layout.indexes, direction: .forward) {
                found[$0] = $1
                return true
            }
            guard found == expected else { return "\(region.name): index \(index.name) of \(table.name) is wrong" }
        }
        return nil
    }
}
