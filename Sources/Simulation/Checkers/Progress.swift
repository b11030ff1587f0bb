import HybridClock
import ItemModel
import RegionStore
import Replication

/// What regions say of their progress: it only grows, nothing is acknowledged before it is durable, and whoever says that he has everything
/// up to a position, or up to a stable time, has it.
final class Progress: WorldObserver {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private var states: [Knowledge]

    private struct Knowledge {
        var vector = AppliedVector()
        var closed = HybridTimestamp.zero
        var stable = HybridTimestamp.zero
        /// For each of the history's origins, how many of its changes were looked for: by position, and by stamp.
        var checkedByVector: [Int] = []
        var checkedByStamp: [Int] = []
        /// Since when processes were counted, and how many have started.
        var starts = (since: VirtualTime.zero, count: 0)
    }

    /// No fault starts so many processes of a region within a second.
    private static let startLimit = 20

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
        states = world.regions.map { _ in Knowledge() }
    }

    func started(_ region: SimulatedRegion) {
        noteStart(of: region)
        // Stable time is found out anew by each process.
        states[region.index].stable = .zero
        states[region.index].closed = .zero
        if let store = region.store { checkGrowth(of: store.receivedVector, in: region) }
    }

    /// What ends by itself as soon as it has started goes on for ever.
    private func noteStart(of region: SimulatedRegion) {
        if world.now > states[region.index].starts.since + .seconds(1) {
            states[region.index].starts = (world.now, 0)
        }
        states[region.index].starts.count += 1
        guard states[region.index].starts.count == Self.startLimit else { return }
        violate("\(region.name) has started \(Self.startLimit) times within a second")
    }

    func losesDisk(_ region: SimulatedRegion) { states[region.index] = Knowledge() }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        // What is acknowledged goes back when a replica is added that lacks what others have; what was received never does.
        let vector = store.receivedVector
        if vector != states[index].vector {
            checkGrowth(of: vector, in: region)
            checkVector(of: region, store: store)
        }
        if store.closedTimestamp < states[index].closed {
            violate(
                "the closed timestamp of \(region.name) went back from \(states[index].closed) to \(store.closedTimestamp)"
            )
        }
        states[index].closed = store.closedTimestamp
        checkStableTime(of: region, store: store)
    }

    func acknowledges(_ vector: AppliedVector, by region: SimulatedRegion) {
        for entry in vector.entries where entry.position > states[region.index].vector[entry.origin] {
            world.violate(
                "durability",
                "\(region.name) acknowledges \(entry.origin) up to \(entry.position), of which \(states[region.index].vector[entry.origin]) is durable"
            )
        }
    }

    private func checkGrowth(of vector: AppliedVector, in region: SimulatedRegion) {
        for entry in states[region.index].vector.entries where vector[entry.origin] < entry.position {
            violate(
                "\(region.name) had everything of \(entry.origin) up to \(entry.position), and now says \(vector[entry.origin])"
            )
        }
        states[region.index].vector = vector
    }

    // MARK: - Truth

    private func checkVector(of region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        for (place, origin) in history.origins.enumerated() where origin.origin != store.origin {
            while states[index].checkedByVector.count <= place { states[index].checkedByVector.append(0) }
            let position = states[index].vector[origin.origin]
            let end = origin.count(upTo: position)
            var next = states[index].checkedByVector[place]
            while next < end {
                guard let missing = firstMissing(of: origin, from: &next, to: end, in: region) else { break }
                // What a replica is known to lack is looked for again when it was caught up with.
                guard !store.gaps.contains(origin.origin) else { break }
                violate(
                    "\(region.name) says that it has everything of \(name(of: origin)) up to \(position), and lacks \(missing)"
                )
                next += 1
            }
            states[index].checkedByVector[place] = next
        }
    }

    private func checkStableTime(of region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        let stable = store.stableTime
        guard stable != states[index].stable else { return }
        if stable < states[index].stable, stable != .zero, !history.origins.contains(where: \.isGone) {
            violate("the stable time of \(region.name) went back from \(states[index].stable) to \(stable)")
        }
        states[index].stable = stable
        for (place, origin) in history.origins.enumerated() where origin.origin != store.origin {
            while states[index].checkedByStamp.count <= place { states[index].checkedByStamp.append(0) }
            var next = states[index].checkedByStamp[place]
            guard next < origin.changes.count, origin.changes[next].stamp <= stable.rawValue else { continue }
            let end = origin.count(stampedUpTo: stable.rawValue)
            while next < end {
                guard let missing = firstMissing(of: origin, from: &next, to: end, in: region) else { break }
                guard !store.gaps.contains(origin.origin) else { break }
                violate(
                    "\(region.name) has the stable time \(stable), and lacks \(missing) of \(name(of: origin))",
                    "stable time")
                next += 1
            }
            states[index].checkedByStamp[place] = next
        }
    }

    /// Looks for changes in a region, from a place in their origin's history on.
    ///
    /// - Parameter next: where to begin; where it ended.
    /// - Returns: the first that is not there and should be, in words.
    private func firstMissing(
        of origin: OriginHistory, from next: inout Int, to end: Int, in region: SimulatedRegion
    ) -> String? {
        while next < end {
            let change = origin.changes[next]
            let (item, mark) = (Int(change.item), origin.mark(of: change))
            if !holdings.has(mark, of: item, in: region.index), !change.isLost,
                holdings.replica(Int(history.items.tableOfItem[item]), in: region.index).isComplete,
                !holdings.isDeleted(item, after: mark), !holdings.mayLack(mark, of: item, in: region.index),
                !wentWithReplica(mark, item)
            {
                return "\(mark) of \(history.items.text(of: item)) at \(change.position)"
            }
            next += 1
        }
        return nil
    }

    /// Whether no region has a change, and a replica was removed that may have been the last one with it.
    private func wentWithReplica(_ mark: Mark, _ item: Int) -> Bool {
        let (table, newest) = (Int(history.items.tableOfItem[item]), holdings.winner(item).mark)
        return newest != mark && !newest.beats(mark)
            && world.regions.indices.contains { holdings.replica(table, in: $0).wasDropped }
    }

    private func name(of origin: OriginHistory) -> String {
        "\(world.regions[origin.region].name)\(origin.isGone ? " (the disk that was lost)" : "")"
    }

    private func violate(_ text: String, _ checker: String = "progress") { world.violate(checker, text) }
}

extension OriginHistory {
    /// How many changes are stamped at or below `stamp`.
    fileprivate func count(stampedUpTo stamp: UInt64) -> Int {
        changes.partitioningIndex { $0.stamp > stamp }
    }
}
