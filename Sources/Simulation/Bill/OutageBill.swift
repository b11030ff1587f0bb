import ItemModel
import RegionStore

/// What the bill says of reads and writes, from what the checkers know: it checks nothing.
final class OutageBill: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    /// By item.
    private var acknowledged: [AcknowledgedVersions] = []
    /// By region, how old its stale reads were.
    private var staleReads: [Staleness]
    /// In the order in which they were found, acknowledged or not: an answer may come later.
    private var overwrites: [Overwrite] = []
    /// Looked up only: the place in `overwrites` of a write that was overwritten.
    private var overwritePlaces: [Mark: Int] = [:]
    /// By region, whether its disk was ever lost or put back.
    private var hasLostDisk: [Bool]
    /// An item's list of acknowledged writes is shortened when it is longer than this.
    private static let versionCountMax = 64
    /// How many writes at most are followed from the one that has won to the one that has lost.
    private static let chainLengthMax = 1000

    /// A write that lost to a concurrent one.
    struct Overwrite {
        let item: Int
        let mark: Mark
        /// The region whose write won.
        let winner: Int
        let at: VirtualTime
    }

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
        staleReads = world.regions.map { _ in Staleness() }
        hasLostDisk = world.regions.map { _ in false }
    }

    // MARK: - Stale reads

    func acknowledged(_ position: LogPosition?, of origin: Origin, in region: SimulatedRegion, home: Int) {
        guard let position, let origin = history.history(of: origin), let place = origin.place(at: position) else {
            return
        }
        let change = origin.changes[place]
        guard !change.isLost else { return }
        let item = Int(change.item)
        if acknowledged.count <= item {
            let target = max(item + 1, acknowledged.count * 3 / 2 + 64)
            acknowledged += Array(repeating: AcknowledgedVersions(), count: target - acknowledged.count)
        }
        acknowledged[item].note(origin.mark(of: change), isDelete: change.isDelete, at: world.now)
        if acknowledged[item].count > Self.versionCountMax, acknowledged[item].count.isMultiple(of: 32) {
            shorten(item)
        }
    }

    /// Forgets what every region has of an item.
    private func shorten(_ item: Int) {
        let table = Int(history.items.tableOfItem[item])
        var oldest: Mark?
        for region in world.regions where holdings.replica(table, in: region.index).id != nil {
            let mark = holdings.cell(item, in: region.index).mark
            if oldest?.beats(mark) ?? true { oldest = mark }
        }
        if let oldest { acknowledged[item].forget(upTo: oldest) }
    }

    func read(
        _ key: Item, in table: Table, found: StoredItem?, by region: SimulatedRegion, for request: Request
    ) {
        let number = history.items.number(of: table)
        guard let item = history.items.number(of: key, inTable: number), item < acknowledged.count else { return }
        let cell = holdings.cell(item, in: region.index)
        let mark = found.map { Mark($0.version) } ?? (cell.isDelete ? cell.mark : Mark())
        guard let newer = acknowledged[item].first(newerThan: mark, by: request.askedAt) else { return }
        // A replica that was filled after a deletion never heard of the item: there is nothing to find.
        if mark.isNone, acknowledged[item].last?.isDelete == true { return }
        request.staleness = world.now - newer.at
    }

    func finished(_ request: FinishedRequest) {
        guard request.outcome == .answered, let staleness = request.staleness else { return }
        staleReads[request.target].record(staleness.nanoseconds / 1000, count: 1)
    }

    func losesDisk(_ region: SimulatedRegion) {
        hasLostDisk[region.index] = true
        // What is lost for good is counted as that, and not with every read from now on.
        for item in acknowledged.indices {
            acknowledged[item].remove { mark in
                history.history(of: Origin(rawValue: mark.origin))?.change(stamped: mark.stamp)?.isLost ?? false
            }
        }
    }

    // MARK: - Overwritten writes

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        for (entry, before) in zip(history.current, holdings.before) {
            guard let item = entry.item else { continue }
            if entry.isOwn {
                // The store may have forgotten a deletion that its write has replaced.
                if before.mark.beats(entry.replaced) {
                    history.history(of: Origin(rawValue: entry.mark.origin))?.noteReplaced(
                        before.mark, at: entry.position)
                }
                continue
            }
            // Who overwrote whom is plain in the regions of either: what others see of both may come in any order.
            switch entry.outcome {
            case .applied where isOwn(before.mark, of: region):
                note(before.mark, isDelete: before.isDelete, of: item, replacedBy: entry.mark)
            case .superseded where isOwn(before.mark, of: region):
                note(entry.mark, isDelete: entry.isDelete, of: item, replacedBy: before.mark)
            case .applied, .superseded, .repeated, .transferred: break
            }
        }
    }

    private func isOwn(_ mark: Mark, of region: SimulatedRegion) -> Bool {
        history.history(of: Origin(rawValue: mark.origin))?.region == region.index
    }

    private func note(_ mark: Mark, isDelete: Bool, of item: Int, replacedBy winner: Mark) {
        guard let region = history.history(of: Origin(rawValue: winner.origin))?.region,
            let loser = history.history(of: Origin(rawValue: mark.origin))?.region, region != loser,
            overwritePlaces[mark] == nil, winner.beats(mark), !isKnown(mark, isDelete: isDelete, to: winner, in: region)
        else { return }
        overwritePlaces[mark] = overwrites.count
        overwrites.append(Overwrite(item: item, mark: mark, winner: region, at: world.now))
    }

    /// Whether a write was made on top of another one, or of something that was.
    private func isKnown(_ mark: Mark, isDelete: Bool, to winner: Mark, in region: Int) -> Bool {
        var later = winner
        for _ in 0..<Self.chainLengthMax {
            guard let change = history.history(of: Origin(rawValue: later.origin))?.change(stamped: later.stamp) else {
                return true
            }
            if change.replaced == mark { return true }
            guard change.replaced.beats(mark) else {
                // A replica that was filled after a deletion does not tell of it.
                return isDelete && change.replaced.isNone && hasLostDisk[region]
            }
            later = change.replaced
        }
        return true
    }

    /// A region's disk goes, with writes that had lost to others' and had not heard of it: looked at before it is forgotten what it held.
    fileprivate func takeLastLook(at region: SimulatedRegion) {
        for item in 0..<history.items.count {
            let held = holdings.cell(item, in: region.index)
            guard isOwn(held.mark, of: region),
                let change = history.history(of: Origin(rawValue: held.mark.origin))?.change(stamped: held.mark.stamp),
                !change.isLost, region.oldCopy.map({ change.position > $0.end.rawValue }) ?? true
            else { continue }
            note(
                held.mark, isDelete: held.isDelete, of: item,
                replacedBy: holdings.winner(item, except: region.index).mark)
        }
    }

    // MARK: - The result

    /// By whom a write was overwritten, and when; nil where it was not.
    func overwrite(of mark: Mark) -> Overwrite? { overwritePlaces[mark].map { overwrites[$0] } }

    /// Puts what was found into the bill.
    func conclude(into bill: inout RunResult.Bill) {
        let names = world.regions.map(\.name)
        bill.staleReads = zip(names, staleReads).map { name, ages in
            var reads = RunResult.StaleReads(region: name)
            reads.count = ages.count
            reads.p50Milliseconds = ages.milliseconds(share: 0.5)
            reads.p99Milliseconds = ages.milliseconds(share: 0.99)
            reads.maxMilliseconds = ages.milliseconds(share: 1)
            return reads
        }
        var counts = names.map { _ in names.map { _ in 0 } }
        for overwrite in overwrites {
            guard let origin = history.history(of: Origin(rawValue: overwrite.mark.origin)),
                let change = origin.change(stamped: overwrite.mark.stamp), change.isAcknowledged
            else { continue }
            counts[origin.region][overwrite.winner] += 1
            guard bill.overwrites.count < RunResult.Bill.listLimit else { continue }
            bill.overwrites.append(
                RunResult.Overwrite(
                    region: names[origin.region], table: history.items.tableName(of: overwrite.item),
                    key: history.items.keyText(of: overwrite.item),
                    acknowledgedSeconds: VirtualTime(nanoseconds: change.acknowledgedAt).seconds,
                    by: names[overwrite.winner], overwrittenSeconds: overwrite.at.seconds))
        }
        for (region, row) in counts.enumerated() {
            for (winner, count) in row.enumerated() where count > 0 {
                bill.overwrittenWrites.append(.init(region: names[region], by: names[winner], count: count))
            }
        }
    }
}

/// Looks at a disk that goes before the checkers forget what was on it, which they do before the bill is told of it.
final class LostDisks: WorldObserver {
    private let bill: OutageBill

    init(for bill: OutageBill) {
        self.bill = bill
    }

    func losesDisk(_ region: SimulatedRegion) { bill.takeLastLook(at: region) }
}
