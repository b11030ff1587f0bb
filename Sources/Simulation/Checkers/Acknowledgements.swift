import ItemModel
import RegionStore
import Replication

/// What clients were told of: it is there, or something newer is; and of a region that lost its disk just the part is missing that it had
/// not shipped, which makes the recovery point.
final class Acknowledgements: WorldObserver, LossReporting {
    private unowned let world: World
    private let history: History
    private let holdings: Holdings
    private(set) var lostAcknowledgedWrites = 0
    private(set) var recoveryPoint = VirtualDuration.zero
    private(set) var lostWrites: [RunResult.LostWrite] = []
    /// For each disk that was lost, when.
    private var losses: [(origin: Origin, at: VirtualTime)] = []

    init(of world: World, history: History, holdings: Holdings) {
        self.world = world
        self.history = history
        self.holdings = holdings
    }

    func acknowledged(_ position: LogPosition?, of origin: Origin, in region: SimulatedRegion, home: Int) {
        guard let position else {
            return world.violate("durability", "\(region.name) told a client of a write that it had not carried out")
        }
        guard let history = history.history(of: origin) else { return }
        // The answer was on its way when the disk went back further than anybody can know.
        if position.rawValue > history.lastPosition, position.rawValue <= history.forgottenEnd { return }
        if position.rawValue > history.lastPosition {
            world.violate(
                "durability",
                "\(region.name) told a client of its change at \(position), and its log ends at \(history.lastPosition)"
            )
            return
        }
        guard history.acknowledge(position, at: world.now) else { return }
        // The answer was on its way when the disk went.
        guard history.isGone, let place = history.place(at: position), history.changes[place].isLost,
            let loss = losses.last(where: { $0.origin == origin })
        else { return }
        count(history.changes[place], of: history, lostAt: loss.at)
    }

    /// Looked at before the others forget what the disk held.
    func losesDisk(_ region: SimulatedRegion) {
        guard let own = history.origin(of: region) else { return }
        losses.append((own, world.now))
        for origin in history.origins where origin.region == region.index || origin.isGone {
            let reach = shipped(origin, beside: region)
            for place in origin.changes.indices {
                let change = origin.changes[place]
                let (item, mark) = (Int(change.item), origin.mark(of: change))
                // What an old copy holds is not lost with the rest.
                if let copy = region.oldCopy, copy.origin == origin.origin, change.position <= copy.end.rawValue {
                    continue
                }
                guard !change.isLost, mark.beats(holdings.winner(item, except: region.index).mark),
                    !holdings.cell(item, in: region.index).mark.isNone,
                    // What a deletion has ended is on no disk, once that is forgotten too.
                    !holdings.wasDeleted(item, by: mark) || !isKept(holdings.newestDeletion(of: item), without: region)
                else { continue }
                origin.lose(place)
                if change.isAcknowledged { count(change, of: origin, lostAt: world.now) }
                if change.position <= reach.position, reach.holds(Int(history.items.tableOfItem[item])) {
                    world.violate(
                        "durability",
                        "\(reach.region) said that it had \(mark) of \(history.items.text(of: item)), and it is gone with the disk of \(region.name)"
                    )
                }
            }
        }
    }

    /// Whether others have had a deletion, or an old copy of the region's disk has it.
    private func isKept(_ deletion: Mark, without region: SimulatedRegion) -> Bool {
        guard let origin = history.history(of: Origin(rawValue: deletion.origin)),
            let change = origin.change(stamped: deletion.stamp), !change.isLost
        else { return false }
        guard origin.region == region.index else { return true }
        if let copy = region.oldCopy, copy.origin == origin.origin, change.position <= copy.end.rawValue { return true }
        let table = Int(history.items.tableOfItem[Int(change.item)])
        return world.regions.contains { other in
            other !== region && other.isUp && other.committedVector[origin.origin].rawValue >= UInt64(change.position)
                && holdings.replica(table, in: other.index).isComplete
        }
    }

    /// Up to where another region says that it has everything of an origin.
    private func shipped(
        _ origin: OriginHistory, beside region: SimulatedRegion
    ) -> (position: UInt32, region: String, holds: (Int) -> Bool) {
        var best: (position: UInt64, region: SimulatedRegion)?
        for other in world.regions where other !== region && other.isUp {
            let position = other.committedVector[origin.origin].rawValue
            if position > best?.position ?? 0 { best = (position, other) }
        }
        guard let best else { return (0, "", { _ in false }) }
        let gaps = best.region.store?.gaps
        let hasGap = gaps?.contains(origin.origin) ?? true
        return (
            UInt32(clamping: best.position), best.region.name,
            { [holdings] in !hasGap && holdings.replica($0, in: best.region.index).isComplete }
        )
    }

    private func count(_ change: OriginHistory.Change, of origin: OriginHistory, lostAt time: VirtualTime) {
        lostAcknowledgedWrites += 1
        guard let committed = origin.commitTime(of: change.position) else { return }
        recoveryPoint = max(recoveryPoint, time - committed)
        guard lostWrites.count < RunResult.Bill.listLimit else { return }
        let item = Int(change.item)
        lostWrites.append(
            RunResult.LostWrite(
                region: world.regions[origin.region].name, table: history.items.tableName(of: item),
                key: history.items.keyText(of: item),
                acknowledgedSeconds: VirtualTime(nanoseconds: change.acknowledgedAt).seconds,
                ageMilliseconds: Double((time - committed).nanoseconds) / 1e6))
    }

    func conclude() {
        for origin in history.origins {
            for change in origin.changes where change.isAcknowledged && !change.isLost {
                let (item, mark) = (Int(change.item), origin.mark(of: change))
                guard mark.beats(holdings.winner(item).mark), !holdings.wasDeleted(item, by: mark) else { continue }
                // Whoever deletes a table, or its replicas, deletes what is in it.
                let table = Int(history.items.tableOfItem[item])
                guard !world.regions.indices.contains(where: { holdings.replica(table, in: $0).wasDropped }) else {
                    continue
                }
                world.violate(
                    "durability",
                    "the write \(mark) of \(history.items.text(of: item)) in \(world.regions[origin.region].name) was acknowledged and is nowhere"
                )
            }
        }
    }
}
