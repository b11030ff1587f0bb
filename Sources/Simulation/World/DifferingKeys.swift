/// Counts the keys whose items differ between regions.
///
/// Regions that run are compared, and of them replicas that are in use and complete: one that is being filled lacks things by nature. An
/// item that was deleted is the same as one that never was. It goes by what the checkers know of each region's items, and looks only at
/// keys that were written since all regions agreed on them, so that it costs next to nothing.
final class DifferingKeys: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    /// Items that may differ, each once.
    private var touched: [Int] = []
    /// By the item's number, whether it is among them.
    private var isTouched: [Bool] = []
    /// What took part when they were last compared: for each table, region by region.
    private var participants: [[Int]] = []

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
    }

    /// Comes after the observers that find out what was committed.
    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        for entry in history.current {
            if let item = entry.item { touch(item) }
        }
    }

    private func touch(_ item: Int) {
        if item >= isTouched.count {
            isTouched += Array(repeating: false, count: max(history.items.count, item + 1) - isTouched.count)
        }
        guard !isTouched[item] else { return }
        isTouched[item] = true
        touched.append(item)
    }

    /// How many keys differ now.
    func count() -> Int {
        // A region that comes, or whose replica is complete now, may differ in anything.
        let now = history.items.tables.indices.map { table in
            world.regions.indices.filter { region in
                world.regions[region].isUp && !world.regions[region].isPaused
                    && holdings.replica(table, in: region).isComplete
            }
        }
        if now != participants {
            participants = now
            for item in 0..<history.items.count { touch(item) }
        }
        touched.removeAll { item in
            guard isAgreed(item, in: now) else { return false }
            isTouched[item] = false
            return true
        }
        return touched.count
    }

    private func isAgreed(_ item: Int, in participants: [[Int]]) -> Bool {
        let regions = participants[Int(history.items.tableOfItem[item])]
        guard let first = regions.first else { return true }
        let content = content(of: item, in: first)
        return regions.dropFirst().allSatisfy { self.content(of: item, in: $0) == content }
    }

    private func content(of item: Int, in region: Int) -> Mark {
        let cell = holdings.cell(item, in: region)
        return cell.isDelete ? Mark() : cell.mark
    }
}
