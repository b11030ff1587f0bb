import ItemModel
import KeyValueStore
import RegionStore

/// Compares what a region stores of a table, items and index entries, with what its log told.
struct Audit {
    unowned let world: World
    let history: History
    unowned let holdings: Holdings

    /// - Parameter adopts: whether what is stored is taken over where it is newer, and what was deleted since may be missing: after a
    ///   snapshot transfer.
    func check(_ table: Int, in region: SimulatedRegion, store: SimulatedRegion.Store, adopts: Bool) {
        let uuid = history.items.tables[table].uuid
        // A disk with damaged blocks, or none, is not looked at.
        guard region.disk.faults.read == nil, let description = store.reader.catalog.table(uuid) else { return }
        var indexes = description.indexes.filter { $0.status == .active }.map { IndexSum($0, of: description) }
        var found: [Int] = []
        do {
            try store.reader.visitItems(of: description) { key, value in
                let item = history.items.number(ofForm: key, from: 12, inTable: table)
                check(value, of: item, in: region, adopts: adopts)
                guard !value.isTombstone else { return }
                found.append(item)
                guard !indexes.isEmpty, let content = try value.decodedItem() else { return }
                for place in indexes.indices { indexes[place].add(content) }
            }
            if adopts {
                dropDeleted(found, table, in: region, description)
            } else {
                checkNothingMissing(found.count, table, in: region, description)
            }
            let kept = try store.reader.statistics(of: description)
            if kept.itemCount != found.count {
                violate(
                    "storage",
                    "\(description.name) in \(region.name) is said to hold \(kept.itemCount) items, and holds \(found.count)"
                )
            }
            for index in indexes {
                guard let text = try index.difference(in: store.reader) else { continue }
                violate("indexes", "the index \(index.name) of \(description.name) in \(region.name) \(text)")
            }
        } catch {
            violate("storage", "\(description.name) in \(region.name) cannot be read: \(error)")
        }
    }

    private func check(_ value: ItemValue, of item: Int, in region: SimulatedRegion, adopts: Bool) {
        let cell = holdings.cell(item, in: region.index)
        let mark = Mark(value.version)
        let text = { history.items.text(of: item) }
        if adopts, mark.beats(cell.mark) {
            holdings.adopt(.init(mark: mark, isDelete: value.isTombstone), of: item, in: region.index)
        } else if mark != cell.mark || value.isTombstone != cell.isDelete {
            violate(
                cell.isDelete && !value.isTombstone ? "resurrection" : "storage",
                "\(region.name) stores \(mark)\(value.isTombstone ? ", a deletion," : "") of \(text()), and its log says \(cell.mark)"
                    + (cell.isDelete ? ", a deletion" : ""))
            return
        }
        guard let origin = history.history(of: value.version.origin), let change = origin.change(stamped: mark.stamp),
            Int(change.item) == item
        else { return violate("storage", "\(region.name) stores \(mark) of \(text()), which nobody wrote") }
        guard !value.isTombstone else { return }
        if change.isDelete {
            violate("resurrection", "\(region.name) stores an item for \(text()), which \(mark) deleted")
        } else if change.payloadHash != Hashing.hash(value.bytes, from: StoredItem.itemOffset) {
            violate("storage", "\(region.name) stores other attributes of \(text()) than \(mark) wrote")
        }
    }

    /// What a transfer took away has to have been deleted, wherever that was.
    private func dropDeleted(_ found: [Int], _ table: Int, in region: SimulatedRegion, _ description: Table) {
        var isThere = [Bool](repeating: false, count: history.items.count)
        for item in found { isThere[item] = true }
        for item in 0..<history.items.count where Int(history.items.tableOfItem[item]) == table && !isThere[item] {
            let cell = holdings.cell(item, in: region.index)
            guard !cell.mark.isNone, !cell.isDelete else { continue }
            guard holdings.wasDeleted(item, by: cell.mark) else {
                violate(
                    "storage",
                    "\(region.name) lacks \(cell.mark) of \(history.items.text(of: item)) after a transfer, which nobody deleted"
                )
                continue
            }
            holdings.adopt(.init(), of: item, in: region.index)
        }
    }

    private func checkNothingMissing(_ found: Int, _ table: Int, in region: SimulatedRegion, _ description: Table) {
        var expected = 0
        for item in 0..<history.items.count where Int(history.items.tableOfItem[item]) == table {
            let cell = holdings.cell(item, in: region.index)
            if !cell.mark.isNone, !cell.isDelete { expected += 1 }
        }
        guard expected != found else { return }
        violate(
            "storage", "\(region.name) stores \(found) items of \(description.name), and its log tells of \(expected)")
    }

    private func violate(_ checker: String, _ text: String) { world.violate(checker, text) }
}

/// What an index should hold, as a sum over its entries: equal whatever their order.
private struct IndexSum {
    let name: Text
    private let index: SecondaryIndex
    private let table: Table
    private var count = 0
    private var byteCount = 0
    private var sum: UInt64 = 0
    private var scratch: [UInt8] = []

    init(_ index: SecondaryIndex, of table: Table) {
        name = index.name
        self.index = index
        self.table = table
    }

    /// Counts in the entry of an item, if it has one.
    mutating func add(_ item: Item) {
        scratch.removeAll(keepingCapacity: true)
        guard append(index.definition.keySchema.partition, of: item) else { return }
        let hash = PartitionHash.hash(scratch)
        scratch = withUnsafeBytes(of: hash.bigEndian) { Array($0) } + scratch
        guard append(index.definition.keySchema.sort, of: item), append(table.keySchema.attributes, of: item) else {
            return
        }
        guard let entry = index.entry(of: item, in: table) else { return }
        count += 1
        byteCount += entry.sizeInBytes
        sum &+= Self.hash(scratch, from: 0, entry.encoded())
    }

    private mutating func append(_ attributes: [KeyAttribute], of item: Item) -> Bool {
        for attribute in attributes {
            guard let value = item[attribute.name], value.kind == attribute.kind,
                KeyEncoder.append(value, to: &scratch)
            else { return false }
        }
        return true
    }

    private static func hash(_ key: [UInt8], from offset: Int, _ value: [UInt8]) -> UInt64 {
        Hashing.mixed(Hashing.hash(key, from: offset) ^ Hashing.hash(value, from: 0) << 1)
    }

    /// How what is stored differs from it; nil where it does not.
    func difference(in reader: RegionReader<SimulatedStore>) throws -> String? {
        var found = 0
        var foundSum: UInt64 = 0
        try reader.store.visit(KeyRange(prefix: Layout.prefix(index.id)), in: Layout.indexes, direction: .forward) {
            key, value in
            found += 1
            foundSum &+= Self.hash(key, from: 4, value)
            return true
        }
        if found != count { return "holds \(found) entries, and the items say \(count)" }
        guard foundSum == sum else { return "holds other entries than the items say" }
        let kept = try reader.statistics(of: index)
        guard kept.itemCount != count || kept.byteCount != byteCount else { return nil }
        return """
            is said to hold \(kept.itemCount) entries of \(kept.byteCount) bytes, and the items say \(count) of \(byteCount)
            """
    }
}
