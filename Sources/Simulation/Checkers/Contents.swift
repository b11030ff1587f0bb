import Foundation
import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// What each region's tables hold of each item, byte for byte, followed through its log; and whether the log shows it as it was.
///
/// What a snapshot transfer brings is in no log: until one is over nothing is said of its table, and then the table is read, as it is after
/// an old copy of a disk was put back. `Audit` compares what is read with what was written.
final class Contents: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private var regions: [RegionContents]
    /// What the entries of the present commit have to show in streams, one for each; nil for nothing.
    private(set) var images: [Image?] = []

    /// A change as the streams of its table have to show it.
    struct Image {
        let item: Int
        let event: StreamEvent
        /// The item that it replaced; `unknown` where it is not known, and then the event may be another one.
        let before: Content
    }

    /// What a table holds for a key.
    enum Content {
        case unknown
        case nothing
        /// The binary item, and where in the bytes it lies.
        case item([UInt8], Range<Int>)
    }

    /// What is held from a position of the region's log on.
    struct Held {
        var position: UInt64
        var mark: Mark
        var content: Content
    }

    private struct RegionContents {
        /// By item, what is held; before it what was held since the present round began.
        var items: [[Held]] = []
        var replicas: [Replica] = []
        /// The items that the present round has changed.
        var changed: [Int] = []
    }

    private struct Replica {
        var id: TableID?
        /// Whether an item that the log has never told of is known not to be there, and from which position on.
        var isKnown = false
        var knownSince: UInt64 = 0
    }

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
        regions = world.regions.map { _ in RegionContents() }
    }

    // MARK: - Queries

    /// What a region held of an item just after a position of the present round, or holds now.
    func held(_ item: Int, in region: Int, at position: UInt64 = .max) -> Held {
        if item < regions[region].items.count,
            let held = regions[region].items[item].last(where: { $0.position <= position })
        {
            return held
        }
        return Held(position: 0, mark: Mark(), content: unlogged(item, in: region, at: position))
    }

    /// All that a region has held of an item between two positions of the present round, the first included.
    func held(_ item: Int, in region: Int, from lower: UInt64, to upper: UInt64) -> [Held] {
        var all = [held(item, in: region, at: lower)]
        guard item < regions[region].items.count else { return all }
        for held in regions[region].items[item] where held.position > lower && held.position < upper {
            all.append(held)
        }
        return all
    }

    /// What a region holds of an item that its log has never told of.
    private func unlogged(_ item: Int, in region: Int, at position: UInt64 = .max) -> Content {
        let table = Int(history.items.tableOfItem[item])
        guard table < regions[region].replicas.count, regions[region].replicas[table].isKnown,
            regions[region].replicas[table].knownSince <= position
        else { return .unknown }
        return .nothing
    }

    // MARK: - What happens

    func started(_ region: SimulatedRegion) {
        guard let store = region.store else { return }
        followReplicas(of: region, store)
    }

    func losesDisk(_ region: SimulatedRegion) { regions[region.index] = RegionContents() }

    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {
        switch delivery {
        case .snapshotPart(let replica, _), .snapshotEnd(let replica, _):
            guard let table = history.items.number(ofTable: replica.table),
                table < regions[region.index].replicas.count
            else { return }
            forget(table, in: region.index)
            regions[region.index].replicas[table].isKnown = false
        case .catalog, .changes, .heartbeat, .catchUpEnd, .orphanedOriginEnd: break
        }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        for item in regions[index].changed where regions[index].items[item].count > 1 {
            regions[index].items[item].removeFirst(regions[index].items[item].count - 1)
        }
        regions[index].changed.removeAll(keepingCapacity: true)
        images.removeAll(keepingCapacity: true)
        for (resolved, entry) in zip(history.current, entries) {
            let item = resolved.item ?? transferred(entry)
            images.append(item.flatMap { take(entry, resolved, of: $0, in: region, store) })
        }
        followReplicas(of: region, store)
    }

    private func take(
        _ entry: ObservedEntry, _ resolved: History.ResolvedEntry, of item: Int, in region: SimulatedRegion,
        _ store: SimulatedRegion.Store
    ) -> Image? {
        guard entry.outcome == .applied || entry.outcome == .transferred else { return nil }
        let position = entry.position.rawValue
        let image = image(of: entry, item, in: region)
        if entry.outcome == .transferred {
            hold(.unknown, resolved.mark, at: position, of: item, in: region.index)
        } else {
            checkOldImage(of: entry, of: item, in: region, store)
            hold(
                resolved.isDelete ? .nothing : .item(entry.bytes, History.payload(of: entry)), resolved.mark,
                at: position, of: item, in: region.index)
        }
        return image
    }

    /// The item that a snapshot transfer has brought, which is no change of its own.
    private func transferred(_ entry: ObservedEntry) -> Int? {
        guard entry.outcome == .transferred, let table = history.items.number(ofTable: entry.header.table) else {
            return nil
        }
        return history.items.number(ofBinary: entry.bytes, in: History.payload(of: entry), inTable: table)
    }

    private func hold(_ content: Content, _ mark: Mark, at position: UInt64, of item: Int, in region: Int) {
        if regions[region].items.count <= item {
            let target = max(item + 1, regions[region].items.count * 3 / 2 + 64)
            regions[region].items += Array(repeating: [], count: target - regions[region].items.count)
        }
        if regions[region].items[item].isEmpty {
            regions[region].items[item].append(Held(position: 0, mark: Mark(), content: unlogged(item, in: region)))
        }
        regions[region].items[item].append(Held(position: position, mark: mark, content: content))
        regions[region].changed.append(item)
    }

    /// Begins anew with what a region's replicas hold when one comes or goes, has been filled, or was found on an old copy.
    private func followReplicas(of region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        let index = region.index
        for table in history.items.tables.indices {
            let state = holdings.replica(table, in: index)
            if regions[index].replicas.count <= table { regions[index].replicas.append(Replica()) }
            if regions[index].replicas[table].id != state.id {
                forget(table, in: index)
                regions[index].replicas[table] = Replica(id: state.id)
            }
            let isWhole = state.id != nil && !state.isTransferring && region.oldCopy == nil
            if isWhole, !regions[index].replicas[table].isKnown {
                regions[index].replicas[table].isKnown = read(table, in: region, store)
                regions[index].replicas[table].knownSince = history.lastPosition(of: region).rawValue
            }
        }
    }

    private func forget(_ table: Int, in region: Int) {
        for item in regions[region].items.indices
        where item < history.items.count && Int(history.items.tableOfItem[item]) == table {
            regions[region].items[item] = []
        }
    }

    /// Reads all that a region stores of a table.
    ///
    /// - Returns: whether it could.
    private func read(_ table: Int, in region: SimulatedRegion, _ store: SimulatedRegion.Store) -> Bool {
        guard region.disk.faults.read == nil,
            let description = store.reader.catalog.table(history.items.tables[table].uuid)
        else { return false }
        forget(table, in: region.index)
        let end = history.lastPosition(of: region).rawValue
        do {
            try store.reader.visitItems(of: description) { key, value in
                let item = history.items.number(ofForm: key, from: 12, inTable: table)
                hold(
                    value.isTombstone ? .nothing : .item(value.bytes, StoredItem.itemOffset..<value.bytes.count),
                    Mark(value.version), at: end, of: item, in: region.index)
            }
            return true
        } catch {
            world.violate("storage", "\(description.name) in \(region.name) cannot be read: \(error)")
            return false
        }
    }

    // MARK: - Images

    /// What a change has to show in streams; nil for nothing, as the item stays as it was.
    private func image(of entry: ObservedEntry, _ item: Int, in region: SimulatedRegion) -> Image? {
        let before = held(item, in: region.index).content
        switch before {
        case .unknown: return Image(item: item, event: entry.isDelete ? .remove : .modify, before: before)
        case .nothing: return entry.isDelete ? nil : Image(item: item, event: .insert, before: before)
        case .item:
            if entry.isDelete { return Image(item: item, event: .remove, before: before) }
            return before.isSame(as: entry.bytes, History.payload(of: entry))
                ? nil : Image(item: item, event: .modify, before: before)
        }
    }

    /// Compares the image that the log keeps for streams with what the region held.
    private func checkOldImage(
        of entry: ObservedEntry, of item: Int, in region: SimulatedRegion, _ store: SimulatedRegion.Store
    ) {
        guard let view = store.reader.catalog.table(entry.header.table)?.streamViewType else { return }
        let image = min(entry.record.upperBound + 1, entry.bytes.count)..<entry.bytes.count
        guard view.showsOldImage else {
            if !image.isEmpty {
                world.violate(
                    "streams",
                    "\(region.name) logged the change at \(entry.position) with an old image, which its stream does not show"
                )
            }
            return
        }
        let content = held(item, in: region.index).content
        // What leaves the item as it is, is in no stream.
        let isSameItem = !entry.isDelete && image.isEmpty && content.isSame(as: entry.bytes, History.payload(of: entry))
        guard !content.isSame(as: entry.bytes, image), !isSameItem else { return }
        world.violate(
            "streams",
            "\(region.name) logged the change at \(entry.position) of \(history.items.text(of: item)) with another old image than it held: "
                + "\(Content.item(entry.bytes, image)), not \(content)")
    }
}

extension ObservedEntry {
    fileprivate var isDelete: Bool { header.kind == .delete }
}

extension Contents.Content: CustomStringConvertible {
    /// Whether these bytes are what is held; no bytes are nothing, and what is not known may be anything.
    func isSame(as bytes: [UInt8], _ range: Range<Int>) -> Bool {
        switch self {
        case .unknown: true
        case .nothing: range.isEmpty
        case .item(let own, let ownRange):
            ownRange.count == range.count
                && own.withUnsafeBytes { own in
                    bytes.withUnsafeBytes { bytes in
                        guard let own = own.baseAddress, let bytes = bytes.baseAddress else { return range.isEmpty }
                        return memcmp(own + ownRange.lowerBound, bytes + range.lowerBound, range.count) == 0
                    }
                }
        }
    }

    /// The item; nil where it is not known, and a nil inside for none.
    var item: Item?? {
        switch self {
        case .unknown: .none
        case .nothing: .some(nil)
        case .item(let bytes, let range): (try? BinaryItem(bytes, in: range).decoded()).map { .some($0) } ?? .none
        }
    }

    var description: String {
        switch self {
        case .unknown: "something"
        case .nothing: "nothing"
        case .item(_, let range) where range.isEmpty: "nothing"
        case .item: item.map { Self.text(of: $0) } ?? "what is no item"
        }
    }

    /// What tells the items of a run apart.
    static func text(of item: Item?) -> String {
        guard let item else { return "nothing" }
        return item.attributes.filter { $0.name != "filler" }.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
    }
}
