import ItemModel
import RegionStore
import Replication

/// Whether pages of Query and Scan hold just the items that the region holds, in the order of their keys, up to the limit.
final class Pages: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private let contents: Contents
    /// Where all items stand in what was read, kept up from the first page on; begun anew after what no log tells.
    private var orders: [OrderKey: [Place]] = [:]
    /// Pages are compared where nothing but their limit can end them, in bytes.
    private static let byteCountMax = 900_000

    /// What is read: a region's table, or one of its indexes.
    private struct OrderKey: Hashable {
        let region: Int
        let table: TableID
        let index: IndexID?
    }

    /// Where an item stands.
    private struct Place {
        /// Of the partition key's form.
        let hash: UInt64
        /// Of an index its key's; of the table none, which `ItemNumbers` has.
        let indexForms: [UInt8]
        let number: Int
    }

    init(of world: World, history: History, holdings: Holdings, contents: Contents) {
        self.world = world
        self.history = history
        self.holdings = holdings
        self.contents = contents
    }

    func started(_ region: SimulatedRegion) { forget(region) }

    func losesDisk(_ region: SimulatedRegion) { forget(region) }

    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {
        switch delivery {
        case .snapshotPart, .snapshotEnd: forget(region)
        case .catalog, .changes, .heartbeat, .catchUpEnd, .orphanedOriginEnd: break
        }
    }

    private func forget(_ region: SimulatedRegion) { orders = orders.filter { $0.key.region != region.index } }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        guard orders.contains(where: { $0.key.region == region.index }) else { return }
        for (resolved, entry) in zip(history.current, entries) {
            switch entry.outcome {
            case .superseded, .repeated: break
            case .transferred: return forget(region)
            case .applied:
                if let item = resolved.item { move(item, before: entry.position.rawValue, in: region, store) }
            }
        }
    }

    /// Puts an item where it stands after a change at a position.
    private func move(
        _ item: Int, before position: UInt64, in region: SimulatedRegion, _ store: SimulatedRegion.Store
    ) {
        let number = Int(history.items.tableOfItem[item])
        guard let table = store.reader.catalog.table(history.items.tables[number].uuid) else { return forget(region) }
        let old = contents.held(item, in: region.index, at: position - 1).content
        let new = contents.held(item, in: region.index, at: position).content
        for index in [nil] + table.indexes.map(Optional.some) {
            let key = OrderKey(region: region.index, table: table.id, index: index?.id)
            guard var order = orders.removeValue(forKey: key) else { continue }
            if case .unknown = old { continue }
            if case .unknown = new { continue }
            if let place = place(of: item, old, in: index) {
                let start = start(of: place, in: order)
                guard start < order.count, order[start].number == item else { continue }
                order.remove(at: start)
            }
            if let place = place(of: item, new, in: index) { order.insert(place, at: start(of: place, in: order)) }
            orders[key] = order
        }
    }

    func read(_ request: PageRequest, found page: RangePage, by region: SimulatedRegion) {
        let number = history.items.number(of: request.table)
        // An index may be gone since it was chosen.
        guard holdings.replica(number, in: region.index).id == request.table.id, request.isStillThere(in: region),
            let places = places(request, inTable: number, of: region)
        else { return }
        let evaluated = places.compactMap { place in
            contents.held(place.number, in: region.index).content.item.flatMap { $0 }.flatMap(request.shown)
        }
        let byteCount = evaluated.reduce(0) { $0 + $1.sizeInBytes }
        guard byteCount < Self.byteCountMax else { return }
        let expected = evaluated.filter { request.filter?.holds(for: $0) ?? true }.map { BinaryItem($0.encoded()) }
        // Of one item there can be no more.
        let canGoOn = places.count >= request.limit && !isOfOneItem(request)
        let text: String? =
            if page.scannedCount != evaluated.count {
                "has read \(page.scannedCount) items, and there are \(evaluated.count)"
            } else if page.items != expected {
                "shows \(page.items.count) items, and not the \(expected.count) that it should"
            } else if page.evaluatedByteCount < byteCount {
                "has read \(page.evaluatedByteCount) bytes, and there are more"
            } else if (page.lastEvaluatedKey != nil) != canGoOn {
                page.lastEvaluatedKey == nil ? "says that it is the last" : "says that there are more"
            } else if let last = page.lastEvaluatedKey, evaluated.count == request.limit,
                let item = evaluated.last, last.attributes.contains(where: { item[$0.name] != $0.value })
            {
                "goes on from another item than its last"
            } else {
                nil
            }
        guard let text else { return }
        world.violate(
            "answers",
            "a page of \(request.index?.name.string ?? request.table.name.string) in \(region.name) (\(request.range)) \(text)"
        )
    }

    private func isOfOneItem(_ request: PageRequest) -> Bool {
        guard case .partition = request.range else { return false }
        return request.index == nil && request.table.keySchema.sort.isEmpty
    }

    /// The first items of the range that the region holds, up to the limit, in the order of the page; nil where that is not known.
    private func places(_ request: PageRequest, inTable table: Int, of region: SimulatedRegion) -> [Place]? {
        guard let order = order(of: request, inTable: table, region) else { return nil }
        let form = partitionForm(request)
        let bounds: ClosedRange<UInt64>
        switch request.range {
        case .partition:
            guard let hash = form.map({ PartitionHash.hash($0) }) else { return nil }
            bounds = hash...hash
        case .sixteenth(let part):
            let first = UInt64(part) << 60
            bounds = first...(first | UInt64.max >> 4)
        }
        let first = order.partitioningIndex { $0.hash >= bounds.lowerBound }
        let inRange = order[first..<order.partitioningIndex { $0.hash > bounds.upperBound }]
        let sort = request.keySchema.sort.first?.name
        var skipped = 0
        var places: [Place] = []
        func take(_ place: Place) -> Bool {
            if let form, request.index != nil, !place.indexForms.starts(with: form) { return true }
            if let bound = request.bound, let sort {
                guard case .number(let number)? = value(of: sort, of: place.number, in: region),
                    bound.allows(number)
                else { return true }
            }
            if skipped < request.start?.skipping ?? 0 {
                skipped += 1
                return true
            }
            places.append(place)
            return places.count < request.limit
        }
        if request.isForward {
            for place in inRange { guard take(place) else { break } }
        } else {
            for place in inRange.reversed() { guard take(place) else { break } }
        }
        return places
    }

    private func value(of name: Text, of number: Int, in region: SimulatedRegion) -> AttributeValue? {
        guard case .item(let bytes, let range) = contents.held(number, in: region.index).content else { return nil }
        return try? BinaryItem(bytes, in: range).value(named: name)
    }

    /// Where all items of a table stand; nil where it is not known what the region holds.
    private func order(of request: PageRequest, inTable table: Int, _ region: SimulatedRegion) -> [Place]? {
        let key = OrderKey(region: region.index, table: request.table.id, index: request.index?.id)
        if let order = orders[key] { return order }
        var order: [Place] = []
        for part in 0..<ItemNumbers.partCount {
            for number in history.items.items(ofTable: table, part: part) {
                let content = contents.held(Int(number), in: region.index).content
                if case .unknown = content { return nil }
                if let place = place(of: Int(number), content, in: request.index) { order.append(place) }
            }
        }
        order.sort(by: precedes)
        orders[key] = order
        return order
    }

    /// The form of the partition key that a query reads.
    private func partitionForm(_ request: PageRequest) -> [UInt8]? {
        guard case .partition(_, let value) = request.range else { return nil }
        var form: [UInt8] = []
        return KeyEncoder.append(value, to: &form) ? form : nil
    }

    /// Where an item stands in the table or an index; nil where it does not.
    private func place(of number: Int, _ content: Contents.Content, in index: SecondaryIndex?) -> Place? {
        guard case .item(let bytes, let range) = content else { return nil }
        guard let schema = index?.definition.keySchema else {
            return Place(hash: history.items.partitionHash(of: number), indexForms: [], number: number)
        }
        let binary = BinaryItem(bytes, in: range)
        var forms: [UInt8] = []
        guard append(schema.partition, of: binary, to: &forms) else { return nil }
        let hash = PartitionHash.hash(forms)
        guard append(schema.sort, of: binary, to: &forms) else { return nil }
        return Place(hash: hash, indexForms: forms, number: number)
    }

    /// Where in an order a place is, or would be.
    private func start(of place: Place, in order: [Place]) -> Int {
        order.partitioningIndex { !precedes($0, place) }
    }

    private func precedes(_ left: Place, _ right: Place) -> Bool {
        if left.hash != right.hash { return left.hash < right.hash }
        if left.indexForms != right.indexForms { return left.indexForms.lexicographicallyPrecedes(right.indexForms) }
        return history.items.form(of: left.number).withUnsafeBytes { left in
            history.items.form(of: right.number).withUnsafeBytes { left.lexicographicallyPrecedes($0) }
        }
    }

    private func append(_ attributes: [KeyAttribute], of item: BinaryItem, to forms: inout [UInt8]) -> Bool {
        for attribute in attributes {
            guard let value = try? item.value(named: attribute.name), value.kind == attribute.kind,
                KeyEncoder.append(value, to: &forms)
            else { return false }
        }
        return true
    }
}

extension PageRequest {
    fileprivate func isStillThere(in region: SimulatedRegion) -> Bool {
        guard let index else { return true }
        let indexes = region.store?.reader.catalog.table(table.uuid)?.indexes ?? []
        return indexes.contains { $0.id == index.id && $0.status == .active }
    }

    /// The item as the table or the index shows it; nil where it is not in the index.
    fileprivate func shown(_ item: Item) -> Item? { index.map { $0.entry(of: item, in: table) } ?? item }
}
