import ItemModel
import RegionStore

/// What clients read: in a region nothing goes back in time, and a read finds just what the region has committed, its own acknowledged
/// writes among it.
final class Reads: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    /// By region and item, the newest version that a read has found since the region has its disk.
    private var newest: [[Mark]]

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
        newest = world.regions.map { _ in [] }
    }

    func losesDisk(_ region: SimulatedRegion) { newest[region.index] = [] }

    func read(_ key: Item, in table: Table, found: StoredItem?, by region: SimulatedRegion, for request: Request) {
        let number = history.items.number(of: table)
        let replica = holdings.replica(number, in: region.index)
        guard replica.id == table.id, let item = history.items.number(of: key, inTable: number) else { return }
        let cell = holdings.cell(item, in: region.index)
        let mark = found.map { Mark($0.version) } ?? Mark()
        let before = item < newest[region.index].count ? newest[region.index][item] : Mark()
        if found != nil, before.beats(mark), !replica.wasDropped {
            violate(item, region, "found \(mark) after it had found \(before)")
        } else if replica.isComplete {
            if found == nil, !cell.isDelete, !cell.mark.isNone {
                violate(item, region, "found nothing, and \(cell.mark) was committed")
            } else if found != nil, mark != cell.mark || cell.isDelete {
                violate(
                    item, region, "found \(mark), and \(cell.mark)\(cell.isDelete ? ", a deletion," : "") was committed"
                )
            }
        }
        guard found != nil else { return }
        if newest[region.index].count <= item {
            newest[region.index] += Array(repeating: Mark(), count: item * 3 / 2 + 64 - newest[region.index].count)
        }
        newest[region.index][item] = mark
    }

    private func violate(_ item: Int, _ region: SimulatedRegion, _ text: String) {
        world.violate("reads", "a read of \(history.items.text(of: item)) in \(region.name) \(text)")
    }
}
