import RegionStore

/// What becomes of one recorded write in a run.
final class ReplayedWrite {
    /// Which one of the trace it is.
    let place: Int
    let sentAt: VirtualTime
    /// Where its client is at home.
    let home: Int
    /// Nil until the client was answered or gave up.
    private(set) var outcome: FinishedRequest.Outcome?
    private(set) var endedAt = VirtualTime.zero
    /// Where it stands in which log, and since when; nil where it was not carried out, or changed nothing.
    private(set) var change: (position: LogPosition, origin: Origin, at: VirtualTime)?

    init(at place: Int, sentAt time: VirtualTime, home: Int) {
        self.place = place
        sentAt = time
        self.home = home
    }

    func end(_ outcome: FinishedRequest.Outcome, at time: VirtualTime) {
        (self.outcome, endedAt) = (outcome, time)
    }

    /// A region has carried it out, and may not have told its client.
    func committed(_ position: LogPosition, of origin: Origin, at time: VirtualTime) {
        change = (position, origin, time)
    }
}

/// When the changes of each region were durable in each other one.
final class DurableTimes: WorldObserver {
    private unowned let world: World
    /// By region, what it has of each other's incarnation.
    private var reaches: [[Reach]]

    /// Up to where a region had the changes of an incarnation, and when; both rise.
    private struct Reach {
        let origin: Origin
        var steps: [(position: LogPosition, at: VirtualTime)] = []
    }

    init(of world: World) {
        self.world = world
        reaches = world.regions.map { _ in [] }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        for other in world.regions where other !== region {
            guard let origin = other.store?.origin else { continue }
            let position = region.committedVector[origin]
            guard position > .zero else { continue }
            let place = place(of: origin, in: region.index)
            // What is durable stays so, or is lost with the disk: when it was there first is what counts.
            guard reaches[region.index][place].steps.last.map({ $0.position < position }) ?? true else { continue }
            reaches[region.index][place].steps.append((position, world.now))
        }
        // What was relayed of a region that is down.
        for place in reaches[region.index].indices {
            let position = region.committedVector[reaches[region.index][place].origin]
            guard let last = reaches[region.index][place].steps.last, last.position < position else { continue }
            reaches[region.index][place].steps.append((position, world.now))
        }
    }

    private func place(of origin: Origin, in region: Int) -> Int {
        if let place = reaches[region].firstIndex(where: { $0.origin == origin }) { return place }
        reaches[region].append(Reach(origin: origin))
        return reaches[region].count - 1
    }

    /// When a region had a change; nil where it never did.
    func time(of position: LogPosition, of origin: Origin, in region: Int) -> VirtualTime? {
        guard let steps = reaches[region].first(where: { $0.origin == origin })?.steps else { return nil }
        let index = steps.partitioningIndex { $0.position >= position }
        return index < steps.count ? steps[index].at : nil
    }
}
