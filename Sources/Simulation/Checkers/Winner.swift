import ItemModel
import RegionStore

/// At the end, every region holds of every item the newest change that reached any region.
///
/// What the regions store is then looked at once more, streams and indexes included. On the way that is done too, as often as
/// it costs little beside the run itself.
final class Winner: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private let streams: Streams
    /// For each region, how many entries its log got since it was last looked at as a whole.
    private var entriesSince: [Int]

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
        streams = Streams(world: world, history: history, holdings: holdings)
        entriesSince = world.regions.map { _ in 0 }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        entriesSince[region.index] += entries.count
        // A look at everything costs as much as that many entries do; it may add a tenth.
        guard entriesSince[region.index] > 2_000 + 10 * history.items.count else { return }
        entriesSince[region.index] = 0
        holdings.auditEverything(in: region)
        streams.check(in: region, limit: 2_000)
    }

    /// Whether a deletion is older than a snapshot transfer: its tombstone may have been forgotten where that came from, and then whoever got
    /// an earlier deletion beside it keeps that.
    private func wasMade(_ deletion: Mark, before filled: VirtualTime?) -> Bool {
        guard let filled, let origin = history.history(of: Origin(rawValue: deletion.origin)),
            let change = origin.change(stamped: deletion.stamp), let made = origin.commitTime(of: change.position)
        else { return false }
        return made <= filled
    }

    func conclude() {
        for region in world.regions {
            holdings.auditEverything(in: region)
            streams.check(in: region, limit: 1_000_000)
        }
        for item in 0..<history.items.count {
            let table = Int(history.items.tableOfItem[item])
            let winner = holdings.winner(item)
            for region in world.regions {
                let replica = holdings.replica(table, in: region.index)
                guard replica.isComplete else { continue }
                let cell = holdings.cell(item, in: region.index)
                if cell.isDelete, winner.isDelete, wasMade(winner.mark, before: replica.filledAt) { continue }
                // The deletion of what a region never heard of, or forgot with its disk, leaves nothing to hold.
                guard cell.mark != winner.mark, !(winner.isDelete && cell.mark.isNone) else { continue }
                world.violate(
                    winner.isDelete && !cell.isDelete ? "resurrection" : "winner",
                    "\(region.name) holds \(cell.mark) of \(history.items.text(of: item)), and \(winner.mark)"
                        + "\(winner.isDelete ? ", a deletion," : "") is the newest that reached anyone")
            }
        }
    }
}
