import ItemModel
import KeyValueStore
import RegionStore

/// Whether regions hold the same tables, items and index entries, byte for byte.
struct Agreement {
    /// Why not, in words; nil when they do.
    let difference: String?

    init(of regions: [SimulatedRegion]) {
        var tables: [Text: [(SimulatedRegion, Table)]] = [:]
        var names: [Text] = []
        for region in regions {
            guard let reader = region.store?.reader else { continue }
            for table in reader.catalog.tables {
                guard table.status == .active else {
                    difference = "\(table.name) is \(table.status.rawValue) in \(region.name)"
                    return
                }
                if tables[table.name] == nil { names.append(table.name) }
                tables[table.name, default: []].append((region, table))
            }
        }
        for name in names.sorted() {
            if let text = Self.difference(of: tables[name] ?? [], among: regions) {
                difference = text
                return
            }
        }
        difference = nil
    }

    private static func difference(
        of copies: [(region: SimulatedRegion, table: Table)], among regions: [SimulatedRegion]
    ) -> String? {
        guard let first = copies.first else { return nil }
        let replicas = first.table.replicas.map(\.region.string).sorted()
        guard replicas == copies.map(\.region.name).sorted() else {
            return
                "\(first.table.name) has replicas in \(replicas.joined(separator: ", ")) as \(first.region.name) sees it, "
                + "and is held by \(copies.map(\.region.name).joined(separator: ", "))"
        }
        let content = Content(of: first.table, in: first.region)
        for copy in copies.dropFirst() {
            guard copy.table.uuid == first.table.uuid else {
                return "\(first.table.name) is another table in \(copy.region.name) than in \(first.region.name)"
            }
            for (one, two) in zip(first.table.sharedSettings, copy.table.sharedSettings) where one != two {
                return "\(first.table.name): \(first.region.name) says \(one), and \(copy.region.name) \(two)"
            }
            let other = Content(of: copy.table, in: copy.region)
            if let text = content.difference(to: other, first.region.name, copy.region.name) {
                return "\(first.table.name): \(text)"
            }
        }
        return nil
    }

    /// What a region holds of a table, without its own short numbers.
    private struct Content {
        private var items: [(key: ArraySlice<UInt8>, value: [UInt8])] = []
        private var entries: [(index: Text, key: ArraySlice<UInt8>, value: [UInt8])] = []

        init(of table: Table, in region: SimulatedRegion) {
            guard let store = region.store?.reader.store else { return }
            try? store.visit(KeyRange(prefix: Layout.prefix(table.id)), in: Layout.items, direction: .forward) {
                key, value in
                // A tombstone goes when its region is sure that it can, which is not the same moment everywhere.
                if try !ItemValue(decoding: value).isTombstone { items.append((key.dropFirst(4), value)) }
                return true
            }
            for index in table.indexes.sorted(by: { $0.name < $1.name }) {
                try? store.visit(
                    KeyRange(prefix: Layout.prefix(index.id)), in: Layout.indexes, direction: .forward
                ) { key, value in
                    entries.append((index.name, key.dropFirst(4), value))
                    return true
                }
            }
        }

        func difference(to other: Content, _ name: String, _ otherName: String) -> String? {
            guard items.count == other.items.count else {
                return "\(name) holds \(items.count) items, and \(otherName) \(other.items.count)"
            }
            for (one, two) in zip(items, other.items) {
                guard one.key == two.key else { return "\(name) and \(otherName) hold other keys" }
                guard one.value == two.value else { return "an item differs between \(name) and \(otherName)" }
            }
            guard entries.count == other.entries.count else {
                return "\(name) holds \(entries.count) index entries, and \(otherName) \(other.entries.count)"
            }
            for (one, two) in zip(entries, other.entries) {
                guard one.index == two.index, one.key == two.key, one.value == two.value else {
                    return "the index \(one.index) differs between \(name) and \(otherName)"
                }
            }
            return nil
        }
    }
}

extension Table {
    /// What all replicas share, in words.
    fileprivate var sharedSettings: [String] {
        var texts = [
            "key schema \(keySchema)", "billing \(billingMode.rawValue) \(String(describing: sharedThroughput))",
            "on-demand throughput \(String(describing: sharedOnDemandThroughput))",
            "warm throughput \(String(describing: warmThroughput))", "class \(String(describing: sharedTableClass))",
            "stream \(streamViewType?.rawValue ?? "none")", "time to live \(String(describing: timeToLive))",
            "encryption \(isEncryptionRequested)", "indexes \(indexes.map(\.name))",
        ]
        texts += indexes.map { "index \($0.definition) \($0.status.rawValue)" }
        texts += replicas.map { "replica \($0)" }
        return texts
    }
}

/// What came of the last comparison, and what it compared.
struct AgreementState {
    struct Version: Equatable {
        let process: Int
        let content: UInt64
    }

    let versions: [Version]
    let difference: String?
}
