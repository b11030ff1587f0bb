import ItemModel
import RegionStore

/// Whether pages of Query and Scan hold just the items that the region holds, in the order of their keys, up to the limit.
final class Pages: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private let contents: Contents
    /// By region and index, where each item stands in it: found out once for each version.
    private var indexPlaces: [IndexKey: [IndexPlace?]] = [:]
    /// Pages are compared where nothing but their limit can end them, in bytes.
    private static let byteCountMax = 900_000

    /// An item that stands in the range, by where it stands.
    private struct Place {
        /// Of the partition key's forms.
        let hash: UInt64
        /// Of an index its key's; of the table none, which `ItemNumbers` has.
        let indexForms: [UInt8]
        let number: Int
        let binary: BinaryItem
    }

    private struct IndexKey: Hashable {
        let region: Int
        let index: IndexID
    }

    private struct IndexPlace {
        /// Of the item.
        let mark: Mark
        /// Of the partition key's form; nil where the item is not in the index.
        let hash: UInt64?
        /// Of the index's key.
        let forms: [UInt8]
    }

    init(of world: World, history: History, holdings: Holdings, contents: Contents) {
        self.world = world
        self.history = history
        self.holdings = holdings
        self.contents = contents
    }

    func losesDisk(_ region: SimulatedRegion) { indexPlaces = indexPlaces.filter { $0.key.region != region.index } }

    func read(_ request: PageRequest, found page: RangePage, by region: SimulatedRegion) {
        let number = history.items.number(of: request.table)
        // An index may be gone since it was chosen.
        guard holdings.replica(number, in: region.index).id == request.table.id, request.isStillThere(in: region),
            let (places, count) = places(request, inTable: number, of: region)
        else { return }
        let evaluated = places.compactMap { (try? $0.binary.decoded()).flatMap(request.shown) }
        let byteCount = evaluated.reduce(0) { $0 + $1.sizeInBytes }
        guard byteCount < Self.byteCountMax else { return }
        let expected = evaluated.filter { request.filter?.holds(for: $0) ?? true }.map { $0.encoded() }
        // Of one item there can be no more.
        let canGoOn = count >= request.limit && !isOfOneItem(request)
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

    /// What the region holds of the range: the first items of it, up to the limit, and how many there are; nil where that is not known.
    private func places(
        _ request: PageRequest, inTable table: Int, of region: SimulatedRegion
    ) -> (first: [Place], count: Int)? {
        var places: [Place] = []
        var count = 0
        let partitionForm = partitionForm(request)
        let partition = request.index == nil ? partitionForm.map { PartitionHash.hash($0) } : nil
        var parts = 0..<ItemNumbers.partCount
        if let partition {
            parts = Int(partition >> 60)..<Int(partition >> 60) + 1
        } else if request.index == nil, case .sixteenth(let part) = request.range {
            parts = part..<part + 1
        }
        for number in parts.lazy.flatMap({ self.history.items.items(ofTable: table, part: $0) }) {
            let item = Int(number)
            if let partition, history.items.partitionHash(of: item) != partition { continue }
            let held = contents.held(item, in: region.index)
            switch held.content {
            case .unknown: return nil
            case .nothing: continue
            case .item(let bytes, let range):
                let binary = BinaryItem(bytes, in: range)
                guard let place = place(of: binary, item, held.mark, request, partitionForm, region) else { continue }
                count += 1
                insert(place, into: &places, request)
            }
        }
        return (places, count)
    }

    /// Keeps the first places in their order.
    private func insert(_ place: Place, into places: inout [Place], _ request: PageRequest) {
        func comes(_ left: Place, before right: Place) -> Bool {
            request.isForward ? precedes(left, right) : precedes(right, left)
        }
        if places.count == request.limit {
            guard let last = places.last, comes(place, before: last) else { return }
            places.removeLast()
        }
        let index = places.firstIndex { comes(place, before: $0) } ?? places.endIndex
        places.insert(place, at: index)
    }

    /// The form of the partition key that a query reads.
    private func partitionForm(_ request: PageRequest) -> [UInt8]? {
        guard case .partition(_, let value) = request.range else { return nil }
        var form: [UInt8] = []
        return KeyEncoder.append(value, to: &form) ? form : nil
    }

    private func place(
        of binary: BinaryItem, _ number: Int, _ mark: Mark, _ request: PageRequest, _ partitionForm: [UInt8]?,
        _ region: SimulatedRegion
    ) -> Place? {
        guard let index = request.index else {
            return Place(
                hash: history.items.partitionHash(of: number), indexForms: [], number: number, binary: binary)
        }
        let place = indexPlace(of: binary, number, mark, in: index, region)
        guard let hash = place.hash else { return nil }
        if let partitionForm, !place.forms.starts(with: partitionForm) { return nil }
        if case .sixteenth(let part) = request.range, Int(hash >> 60) != part { return nil }
        return Place(hash: hash, indexForms: place.forms, number: number, binary: binary)
    }

    private func indexPlace(
        of binary: BinaryItem, _ number: Int, _ mark: Mark, in index: SecondaryIndex, _ region: SimulatedRegion
    ) -> IndexPlace {
        let key = IndexKey(region: region.index, index: index.id)
        if let known = indexPlaces[key], number < known.count, let place = known[number], place.mark == mark {
            return place
        }
        var forms: [UInt8] = []
        var hash: UInt64?
        if append(index.definition.keySchema.partition, of: binary, to: &forms) {
            let partition = PartitionHash.hash(forms)
            if append(index.definition.keySchema.sort, of: binary, to: &forms) { hash = partition }
        }
        let place = IndexPlace(mark: mark, hash: hash, forms: forms)
        let count = indexPlaces[key, default: []].count
        if count <= number {
            indexPlaces[key, default: []] += Array(repeating: nil, count: number * 3 / 2 + 64 - count)
        }
        indexPlaces[key, default: []][number] = place
        return place
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
