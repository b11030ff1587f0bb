import ConfigurationFiles
import HybridClock
import RegionCore
import RegionStore
import Replication

/// Whether a region whose clock was set wrong stamps with it, and whether of two writes far enough apart the later one wins.
///
/// Only the simulator knows what all clocks show at one moment: the middle one of them is the right time. A process that has stamped by a
/// clock close to that must notice when its clock is set, whatever it can reach; one that starts with a wrong clock and reaches nobody
/// cannot.
final class Clocks: WorldObserver {
    private unowned let world: World
    private let history: History
    /// By the region's place in the topology, whether its process has had a right clock.
    private var wasRight: [Bool]
    /// By item, the newest write that a region with a right clock has made, and when that was in truth.
    private var newest: [Int: (mark: Mark, time: VirtualTime)] = [:]
    /// By region, when it has last committed.
    private var committedAt: [VirtualTime]

    init(of world: World, history: History) {
        self.world = world
        self.history = history
        wasRight = world.regions.map { _ in false }
        committedAt = world.regions.map { _ in .zero }
    }

    /// How far a stamp may be ahead of the right time, in milliseconds: a clock that is off by the bound, and by what a slow link hides,
    /// may take in what is again ahead of it by the bound, and stamps above that.
    private var limit: UInt64 { 2 * bound + 2_000 }

    private var bound: UInt64 { world.scenario.topology.clock.maxOffset.wholeMilliseconds }

    /// What the middle one of all clocks shows.
    private var rightTime: UInt64 {
        let times = world.regions.map(\.instant.physicalMilliseconds).sorted()
        return times[times.count / 2]
    }

    func started(_ region: SimulatedRegion) { wasRight[region.index] = false }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let time = rightTime
        for entry in entries where entry.header.version.origin == store.origin && wasRight[region.index] {
            let stamp = entry.header.version.stamp.milliseconds
            guard stamp > time + limit else { continue }
            world.violate(
                "wrong clock",
                "\(region.name) has stamped a change \(stamp - time) ms ahead of time, and clocks may be \(bound) ms apart"
            )
        }
        checkOrder(in: region)
        let own = region.instant.physicalMilliseconds
        if max(own, time) - min(own, time) <= bound { wasRight[region.index] = true }
    }

    /// Whether writes further apart than clocks can be are in their real order by their stamps.
    private func checkOrder(in region: SimulatedRegion) {
        // Where no majority of clocks agree nobody can say which ones are right.
        let time = rightTime
        let agreeing = world.regions.count { region in
            let own = region.instant.physicalMilliseconds
            return max(own, time) - min(own, time) <= bound
        }
        // What is committed now was stamped after the commit before: a process may have been paused in between.
        let begin = committedAt[region.index]
        committedAt[region.index] = world.now
        guard wasRight[region.index], agreeing * 2 > world.regions.count else { return }
        for entry in history.current where entry.isOwn && entry.outcome == .applied {
            guard let item = entry.item else { continue }
            if let before = newest[item], !entry.mark.beats(before.mark) {
                let gap = begin - before.time
                // The one may be ahead of the right time by the limit, the other behind it by the bound.
                guard gap > .milliseconds(limit + bound) else { continue }
                world.violate(
                    "wrong clock",
                    "\(region.name) has written \(history.items.text(of: item)) as \(entry.mark), \(gap.seconds) s after \(before.mark), which wins"
                )
            } else {
                newest[item] = (entry.mark, world.now)
            }
        }
    }
}
