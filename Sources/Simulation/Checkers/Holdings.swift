import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// What each region holds of each item, followed through its log.
///
/// It checks every step: the newer change becomes the item, once and in the order of versions; an older one is marked as superseded; and a
/// region's own write names what it replaced, which must be what the region held: so conditional writes, which look at that, are
/// linearizable. A snapshot transfer is in no log: while one runs, what it may have brought is left open, and looked up at its end.
final class Holdings: WorldObserver {
    private unowned let world: World
    private let history: History
    /// By region and item.
    private var cells: [[Cell]]
    /// For each item the newest deletion that any log holds or held.
    private var newestDeletions: [Mark] = []
    /// What the region held of the item before each entry of the present commit, beside ``History/current``.
    private(set) var before: [Cell] = []
    /// By region and table.
    private var replicas: [[ReplicaState]]
    /// What looks at the stored items when a snapshot transfer is over, and after a restart.
    private lazy var audit = Audit(world: world, history: history, holdings: self)

    /// The newest change of an item that a region has.
    struct Cell {
        var mark = Mark()
        var isDelete = false
    }

    /// A region's replica of a table.
    struct ReplicaState {
        /// Nil where there is none.
        var id: TableID?
        /// After which position of the region's log it was made.
        var since = LogPosition.zero
        /// Whether a snapshot may have brought what no log tells of.
        var isTransferring = false
        var isTransferOver = false
        var isActive = false
        /// When the last snapshot transfer was over: what it brought is not in the region's log as it was made.
        var filledAt: VirtualTime?
        /// Whether a replica of this table ever went from this region.
        var wasDropped = false
        /// Whether it takes part: it is there, in use, and not being filled.
        var isComplete: Bool { id != nil && isActive && !isTransferring }
    }

    init(of world: World, history: History) {
        self.world = world
        self.history = history
        cells = world.regions.map { _ in [] }
        replicas = world.regions.map { _ in [] }
    }

    // MARK: - Queries

    func cell(_ item: Int, in region: Int) -> Cell {
        item < cells[region].count ? cells[region][item] : Cell()
    }

    func replica(_ table: Int, in region: Int) -> ReplicaState {
        table < replicas[region].count ? replicas[region][table] : ReplicaState()
    }

    /// The newest change of an item that any region has, but for one.
    func winner(_ item: Int, except: Int? = nil) -> Cell {
        var best = Cell()
        for region in cells.indices where region != except {
            let cell = cell(item, in: region)
            if cell.mark.beats(best.mark) { best = cell }
        }
        return best
    }

    /// Whether a region has a change, or one that replaced it.
    func has(_ mark: Mark, of item: Int, in region: Int) -> Bool {
        let held = cell(item, in: region).mark
        return !mark.beats(held)
    }

    /// Whether some region has a deletion of the item that is newer: what it deleted may be nowhere any more.
    func isDeleted(_ item: Int, after mark: Mark) -> Bool {
        for region in cells.indices {
            let cell = cell(item, in: region)
            if cell.isDelete, !mark.beats(cell.mark) { return true }
        }
        return false
    }

    /// The newest deletion of an item that any log told of; none where there is none.
    func newestDeletion(of item: Int) -> Mark { item < newestDeletions.count ? newestDeletions[item] : Mark() }

    /// Whether the item was deleted anywhere by `mark` or something newer, as the logs told: no store need know of it any more.
    func wasDeleted(_ item: Int, by mark: Mark) -> Bool {
        item < newestDeletions.count && !mark.beats(newestDeletions[item])
    }

    /// Whether a region may lack a change as it holds nothing of the item, which was deleted anywhere by `mark` or something newer.
    ///
    /// So it is with a replica that was transferred after the tombstone was collected, also when the item was written anew since, and
    /// when the replica has kept the tombstone of an older deletion.
    func mayLack(_ mark: Mark, of item: Int, in region: Int) -> Bool {
        guard wasDeleted(item, by: mark) else { return false }
        let cell = cell(item, in: region)
        return cell.mark.isNone
            || (cell.isDelete && replica(Int(history.items.tableOfItem[item]), in: region).filledAt != nil)
    }

    // MARK: - What happens

    func started(_ region: SimulatedRegion) {
        guard let store = region.store else { return }
        refreshReplicas(of: region, store: store)
        // Snapshot transfers go on where the links come up again; what they brought is in the store.
        for (table, state) in replicas[region.index].enumerated() where state.id != nil {
            audit.check(
                table, in: region, store: store, adopts: state.isTransferring || region.oldCopy != nil)
        }
    }

    func ended(_ region: SimulatedRegion) {
        // What was under way may not have reached the disk.
        for table in replicas[region.index].indices { replicas[region.index][table].isTransferOver = false }
    }

    func losesDisk(_ region: SimulatedRegion) {
        cells[region.index] = []
        replicas[region.index] = []
    }

    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {
        switch delivery {
        case .snapshotPart(let replica, _): change(replica, in: region) { $0.isTransferring = true }
        case .snapshotEnd(let replica, _): change(replica, in: region) { $0.isTransferOver = true }
        case .catalog(let catalog, let sender):
            // The sender no longer has the changes that the region lacks: every replica that it has too is filled anew.
            guard catalog.isReset, let sender = world.regions.first(where: { $0.identity.id == sender.region }) else {
                return
            }
            for table in replicas[region.index].indices
            where replicas[region.index][table].id != nil && replica(table, in: sender.index).id != nil {
                replicas[region.index][table].isTransferring = true
            }
        case .changes, .heartbeat, .catchUpEnd, .orphanedOriginEnd: break
        }
    }

    private func change(_ replica: LocalReplica, in region: SimulatedRegion, _ body: (inout ReplicaState) -> Void) {
        guard let table = history.items.number(ofTable: replica.table), table < replicas[region.index].count,
            replicas[region.index][table].id != nil
        else { return }
        if replicas[region.index][table].id != replica.id {
            // What an interrupted transfer has left was dropped, under another number.
            forget(table, in: region.index)
            replicas[region.index][table].id = replica.id
            replicas[region.index][table].since = history.lastPosition(of: region)
        }
        body(&replicas[region.index][table])
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        if cells[index].count < history.items.count {
            // In steps, so that it is not copied for each new item.
            let target = max(history.items.count, cells[index].count * 3 / 2 + 64)
            cells[index] += Array(repeating: Cell(), count: target - cells[index].count)
        }
        var isCatalogChanged = false
        before.removeAll(keepingCapacity: true)
        for (place, entry) in history.current.enumerated() {
            if place < entries.count, entries[place].header.kind == .catalog { isCatalogChanged = true }
            guard let item = entry.item else {
                before.append(Cell())
                continue
            }
            before.append(cells[index][item])
            take(entry, of: item, in: region)
        }
        if isCatalogChanged { refreshReplicas(of: region, store: store) }
        for table in replicas[index].indices where replicas[index][table].isTransferOver {
            replicas[index][table].isTransferOver = false
            audit.check(table, in: region, store: store, adopts: true)
            replicas[index][table].isTransferring = false
            replicas[index][table].filledAt = world.now
            refreshReplicas(of: region, store: store)
        }
    }

    /// Finds out which replicas the region has.
    private func refreshReplicas(of region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        let catalog = store.reader.catalog
        for table in catalog.tables {
            let number = history.items.number(of: table)
            while replicas[index].count <= number { replicas[index].append(ReplicaState()) }
            if replicas[index][number].id != table.id {
                forget(number, in: index)
                replicas[index][number].id = table.id
                replicas[index][number].since = history.lastPosition(of: region)
                // A replica that is made beside others is transferred first.
                replicas[index][number].isTransferring = table.status == .creating
            }
            replicas[index][number].isActive = table.status == .active || table.status == .updating
        }
        for number in replicas[index].indices where replicas[index][number].id != nil {
            guard catalog.table(history.items.tables[number].uuid) == nil else { continue }
            forget(number, in: index)
        }
    }

    private func forget(_ table: Int, in region: Int) {
        guard replicas[region][table].id != nil else { return }
        replicas[region][table] = ReplicaState(wasDropped: true)
        for item in cells[region].indices where item < history.items.count {
            guard Int(history.items.tableOfItem[item]) == table else { continue }
            cells[region][item] = Cell()
        }
    }

    // MARK: - Steps

    private func take(_ entry: History.ResolvedEntry, of item: Int, in region: SimulatedRegion) {
        let table = Int(history.items.tableOfItem[item])
        guard replica(table, in: region.index).id != nil else { return }
        let cell = cells[region.index][item]
        let isOpen = replica(table, in: region.index).isTransferring
        func text() -> String { history.items.text(of: item) }
        switch entry.outcome {
        case .applied:
            if !entry.mark.beats(cell.mark) {
                violate(
                    entry.mark == cell.mark ? "streams" : "winner",
                    "\(region.name) took \(entry.mark) as new for \(text()), and had \(cell.mark)\(cell.isDelete ? ", a deletion" : "") already"
                )
            }
            if entry.isOwn { checkReplaced(entry, cell, of: item, isOpen: isOpen, in: region, text) }
        case .superseded:
            if !isOpen, !cell.mark.beats(entry.mark) {
                violate(
                    "winner",
                    "\(region.name) refused \(entry.mark) of \(text()) as older than what it has, which is \(cell.mark)"
                )
            }
            return
        case .repeated:
            if !isOpen, cell.mark != entry.mark {
                violate(
                    "winner", "\(region.name) took \(entry.mark) of \(text()) for what it has, which is \(cell.mark)")
            }
            return
        // The stored items are looked at when the transfer is over.
        case .transferred: return
        }
        if entry.isDelete { noteDeletion(of: item, entry.mark) }
        if entry.mark.beats(cell.mark) {
            cells[region.index][item] = Cell(mark: entry.mark, isDelete: entry.isDelete)
        }
    }

    private func noteDeletion(of item: Int, _ mark: Mark) {
        while newestDeletions.count <= item { newestDeletions.append(Mark()) }
        if mark.beats(newestDeletions[item]) { newestDeletions[item] = mark }
    }

    private func checkReplaced(
        _ entry: History.ResolvedEntry, _ cell: Cell, of item: Int, isOpen: Bool, in region: SimulatedRegion,
        _ text: () -> String
    ) {
        // A deletion's tombstone may be gone.
        if entry.replaced == cell.mark || (cell.isDelete && entry.replaced.isNone) { return }
        if isOpen, entry.replaced.beats(cell.mark), entry.mark.beats(entry.replaced) { return }
        // A transfer to an old copy takes away what was deleted and forgotten since.
        if isOpen, entry.replaced.isNone, wasDeleted(item, by: cell.mark) { return }
        violate(
            "linearizability",
            "a write \(entry.mark) of \(text()) in \(region.name) was made against \(entry.replaced), when the region held \(cell.mark)"
        )
    }

    /// Takes over what a snapshot transfer has brought.
    func adopt(_ cell: Cell, of item: Int, in region: Int) {
        if cells[region].count <= item {
            cells[region] += Array(repeating: Cell(), count: item + 64 - cells[region].count)
        }
        cells[region][item] = cell
    }

    private func violate(_ checker: String, _ text: String) { world.violate(checker, text) }

    // MARK: - Now and then, and at the end

    /// Compares everything that a region stores of its tables with what its log told.
    func auditEverything(in region: SimulatedRegion) {
        guard let store = region.store else { return }
        for (table, state) in replicas[region.index].enumerated() where state.id != nil {
            audit.check(table, in: region, store: store, adopts: state.isTransferring)
        }
    }
}
