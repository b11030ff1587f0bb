import ItemModel
import RegionStore
import Replication

/// Checks that a transaction is never seen in part: not in the region that it was made in, and not in any other.
///
/// At home all of its changes are in one commit. Elsewhere, once one of its changes was committed, the region holds every other one
/// that it should have, or a newer write of that item: so a read of one commit shows what last-writer-wins leaves of all of it. Left
/// out are tables that the region has no replica of, those that are being filled, and those that lack older changes of the
/// transaction's origin and still catch up, table by table. What came to a region in parts, by such a catch-up, stands in parts in
/// its log, and may be relayed to others so; and a region passes on of a transaction only what its own replicas have of it.
final class Transactions: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    /// Of the commit that is looked at.
    private var seen: [Group] = []
    /// Each origin's transactions, in the order of its log.
    private var made: [(origin: Origin, transactions: [Span])] = []
    /// Those that some region got in parts, table by table.
    ///
    /// Only looked up.
    private var parted: Set<Identity> = []

    /// Whose changes the present commit has of what may have come by another region.
    private var passedOn: Set<Origin> = []
    /// Of which origins a table has been caught up with in the present commit.
    private var caughtUp: Set<Origin> = []

    /// A transaction of all.
    private struct Identity: Hashable {
        let origin: Origin
        let start: LogPosition
    }

    /// Where a transaction lies in its origin's log.
    private struct Span {
        let start: UInt64
        let count: UInt64
    }

    /// The changes of one transaction in one commit.
    private struct Group {
        let origin: Origin
        let start: LogPosition
        let count: Int
        let isOwn: Bool
        var found = 0
    }

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
    }

    func losesDisk(_ region: SimulatedRegion) {
        guard let copy = region.oldCopy, copy.isKnownToNobody,
            let place = made.firstIndex(where: { $0.origin == copy.origin })
        else { return }
        made[place].transactions.removeAll { $0.start > copy.end.rawValue }
    }

    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {
        switch delivery {
        case .changes(let batch): if !batch.isComplete { passedOn.insert(batch.origin) }
        case .catchUpEnd(_, let origin, _, _): caughtUp.insert(origin)
        case .catalog, .heartbeat, .snapshotPart, .snapshotEnd, .orphanedOriginEnd: break
        }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        defer {
            passedOn.removeAll(keepingCapacity: true)
            caughtUp.removeAll(keepingCapacity: true)
        }
        seen.removeAll(keepingCapacity: true)
        for entry in entries {
            guard let bounds = History.transaction(in: entry.bytes, entry.record) else {
                checkUnmarked(entry, in: region)
                continue
            }
            let start = LogPosition(rawValue: entry.header.position.rawValue &- bounds.index)
            let origin = entry.header.version.origin
            let place = seen.lastIndex { $0.start == start && $0.origin == origin }
            if place == nil {
                seen.append(
                    Group(origin: origin, start: start, count: Int(bounds.count), isOwn: origin == store.origin))
            }
            seen[place ?? seen.count - 1].found += 1
        }
        for group in seen {
            if group.isOwn { checkOwn(group, in: region) } else { checkRemote(group, in: region, store: store) }
        }
    }

    private func checkUnmarked(_ entry: ObservedEntry, in region: SimulatedRegion) {
        guard entry.header.kind != .catalog,
            let transactions = made.first(where: { $0.origin == entry.header.version.origin })?.transactions
        else { return }
        let position = entry.header.position.rawValue
        let next = transactions.partitioningIndex { $0.start > position }
        guard next > 0, position < transactions[next - 1].start + transactions[next - 1].count else { return }
        world.violate(
            "transactions",
            "\(region.name) got the change at \(position) of \(entry.header.version.origin) without its transaction's mark"
        )
    }

    private func checkOwn(_ group: Group, in region: SimulatedRegion) {
        if made.last(where: { $0.origin == group.origin }) == nil { made.append((group.origin, [])) }
        if let place = made.firstIndex(where: { $0.origin == group.origin }) {
            made[place].transactions.append(Span(start: group.start.rawValue, count: UInt64(group.count)))
        }
        guard group.found != group.count else { return }
        world.violate(
            "transactions",
            "\(region.name) committed \(group.found) of the \(group.count) changes of its transaction at \(group.start)"
        )
    }

    private func checkRemote(_ group: Group, in region: SimulatedRegion, store: SimulatedRegion.Store) {
        guard group.found < group.count, let origin = history.history(of: group.origin) else { return }
        let identity = Identity(origin: group.origin, start: group.start)
        guard !store.gaps.contains(group.origin), !caughtUp.contains(group.origin) else {
            parted.insert(identity)
            return
        }
        guard !parted.contains(identity) else { return }
        for index in 0..<group.count {
            let position = LogPosition(rawValue: group.start.rawValue + UInt64(index))
            guard let place = origin.place(at: position) else { continue }
            let change = origin.changes[place]
            let item = Int(change.item)
            let mark = origin.mark(of: change)
            guard holdings.replica(Int(history.items.tableOfItem[item]), in: region.index).isComplete,
                !holdings.has(mark, of: item, in: region.index), !holdings.isDeleted(item, after: mark)
            else { continue }
            if passedOn.contains(group.origin),
                mayBeLacking(Int(history.items.tableOfItem[item]), change, of: origin, besides: region)
            {
                parted.insert(identity)
                return
            }
            world.violate(
                "transactions",
                "\(region.name) shows \(group.found) changes of the transaction at \(group.start) of "
                    + "\(world.regions[origin.region].name), and lacks that of \(history.items.text(of: item)), \(mark)"
            )
            return
        }
    }

    /// Whether some region that can pass on has no replica of the table, or has got the change by snapshot transfer.
    private func mayBeLacking(
        _ table: Int, _ change: OriginHistory.Change, of origin: OriginHistory, besides region: SimulatedRegion
    ) -> Bool {
        world.regions.contains { other in
            guard other !== region, other.index != origin.region else { return false }
            let replica = holdings.replica(table, in: other.index)
            guard replica.isComplete else { return true }
            guard let filled = replica.filledAt, let made = origin.commitTime(of: change.position) else { return false }
            return made <= filled
        }
    }
}
