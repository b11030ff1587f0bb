import ConfigurationFiles
import RegionStore

/// How long regions take to recover from what struck them.
///
/// Faults that strike a region and overlap make one outage, from the beginning of the first to the end of the last; so does a fault that
/// comes before the region has recovered from the one before. With the outage's end T two clocks start:
///
/// - *Served*: of each group of the region's clients a request that was sent at T or later is answered, by whatever region. It is zero
///   where the first such request is answered, so that rare requests do not count as an outage.
/// - *In step*: the region's process runs, and the region and each other one have of each other what they had committed at T, durably.
///   Regions that are down or struck themselves are left out.
///
/// The later of the two is the region's recovery time. Changes of tables are no faults here, nor is a clock that is set for good, which
/// never ends.
struct RecoveryTimes {
    /// A time for which a region is struck.
    struct Outage: Equatable {
        let region: Int
        let from: VirtualTime
        /// Nil where only the end of all faults ends it.
        let until: VirtualTime?
    }

    /// What a group of clients has seen since an outage's end.
    private enum Service {
        case unknown, failing
        case answered(VirtualTime)
    }

    /// A recovery that has begun.
    private struct Recovery {
        let region: Int
        let from: VirtualTime
        let until: VirtualTime
        /// By region, the last position of its own changes at the outage's end.
        let goals: [Goal]
        /// By group of clients.
        var services: [Service]
        var inStep: VirtualTime?

        /// When the last clients were served again; nil while some are waiting.
        ///
        /// Where no request failed, nobody was kept waiting.
        var served: VirtualTime? {
            services.reduce(until) { latest, service in
                switch service {
                case .unknown: latest
                case .failing: nil
                case .answered(let time): latest.map { max($0, time) }
                }
            }
        }

        var isOver: Bool { served != nil && inStep != nil }
    }

    private struct Goal {
        var origin: Origin?
        var position = LogPosition.zero
    }

    private unowned let world: World
    let outages: [Outage]
    private var finished: [Recovery] = []
    /// By region, the last recovery that has begun.
    private var current: [Recovery?]
    /// By region, when the outage that it is in began; nil for a region that nothing strikes.
    private var beginnings: [VirtualTime?]
    /// By region, its incarnation and the last position of its own changes.
    private var own: [Goal]
    /// Whether some region is not in step yet: otherwise nothing has to be looked at.
    private var isWaiting = false

    init(of world: World) {
        self.world = world
        outages = Self.outages(of: world.scenario.faults, regions: world.regions.map(\.name))
        current = world.regions.map { _ in nil }
        beginnings = world.regions.map { _ in nil }
        own = world.regions.map { _ in Goal() }
    }

    /// The outages of each region, those of the first region first, each region's in the order of their times.
    static func outages(of faults: [FaultPlan], regions: [String]) -> [Outage] {
        regions.enumerated().flatMap { index, name in
            var outages: [Outage] = []
            let striking = faults.filter { $0.kind.regions.contains(name) && $0.canBeRecoveredFrom }
            for fault in striking.sorted(by: { $0.at < $1.at }) {
                let from = VirtualTime.zero + VirtualDuration(fault.at)
                let end = fault.duration.map { from + VirtualDuration($0) } ?? (fault.kind.isOverAtOnce ? from : nil)
                guard let last = outages.last, last.until.map({ from <= $0 }) ?? true else {
                    outages.append(Outage(region: index, from: from, until: end))
                    continue
                }
                var until: VirtualTime?
                if let first = last.until, let end { until = max(first, end) }
                outages[outages.count - 1] = Outage(region: index, from: last.from, until: until)
            }
            return outages
        }
    }

    // MARK: - What happens

    /// An outage begins: a recovery of the region that is not over by now goes on in the one after this outage.
    mutating func began(_ outage: Outage) {
        beginnings[outage.region] = outage.from
        guard let last = current[outage.region] else { return }
        if last.isOver { finished.append(last) } else { beginnings[outage.region] = last.from }
        current[outage.region] = nil
    }

    /// The last fault of an outage is over; ``conclude()`` is due when all that end at this moment are.
    mutating func ended(_ outage: Outage) {
        let from = beginnings[outage.region] ?? outage.from
        beginnings[outage.region] = nil
        current[outage.region] = Recovery(
            region: outage.region, from: from, until: world.now, goals: own,
            services: world.scenario.workload.map { _ in .unknown })
        isWaiting = true
    }

    /// The region has committed; `last` is the last of its own changes, if there was one.
    mutating func committed(_ origin: Origin, last: LogPosition?, in region: SimulatedRegion) {
        if own[region.index].origin != origin { own[region.index] = Goal(origin: origin) }
        if let last { own[region.index].position = last }
        if isWaiting { conclude() }
    }

    /// What an incarnation that is gone took with it comes from nobody.
    mutating func losesDisk(_ region: SimulatedRegion) { own[region.index] = Goal() }

    /// A request has ended.
    mutating func finished(_ request: FinishedRequest) {
        guard let until = current[request.home]?.until, request.startedAt >= until else { return }
        switch current[request.home]?.services[request.group] {
        case .unknown:
            current[request.home]?.services[request.group] =
                request.outcome == .failed ? .failing : .answered(until)
        case .failing where request.outcome != .failed:
            current[request.home]?.services[request.group] = .answered(world.now)
        default: break
        }
    }

    /// Finds out which regions are in step by now.
    mutating func conclude() {
        isWaiting = false
        for index in current.indices {
            guard let recovery = current[index], recovery.inStep == nil else { continue }
            if isInStep(recovery) { current[index]?.inStep = world.now } else { isWaiting = true }
        }
    }

    private func isInStep(_ recovery: Recovery) -> Bool {
        let region = world.regions[recovery.region]
        guard region.isUp, !region.isPaused else { return false }
        for other in world.regions where other !== region {
            guard other.isUp, beginnings[other.index] == nil else { continue }
            if lacks(region, recovery.goals[other.index]) || lacks(other, recovery.goals[region.index]) { return false }
        }
        return true
    }

    private func lacks(_ region: SimulatedRegion, _ goal: Goal) -> Bool {
        guard let origin = goal.origin, own.contains(where: { $0.origin == origin }) else { return false }
        return region.committedVector[origin] < goal.position
    }

    // MARK: - The result

    /// Every recovery, in the order in which their outages began.
    var results: [RunResult.Recovery] {
        let all = (finished + current.compactMap(\.self)).sorted { ($0.from, $0.region) < ($1.from, $1.region) }
        return all.map { recovery in
            func milliseconds(_ time: VirtualTime?) -> Double? {
                time.map { Double(($0 - recovery.until).nanoseconds) / 1e6 }
            }
            return RunResult.Recovery(
                region: world.regions[recovery.region].name, fromSeconds: recovery.from.seconds,
                untilSeconds: recovery.until.seconds, servedMilliseconds: milliseconds(recovery.served),
                inStepMilliseconds: milliseconds(recovery.inStep))
        }
    }
}

extension FaultPlan {
    /// Whether it is something to recover from.
    var canBeRecoveredFrom: Bool {
        switch kind {
        case .createTable, .deleteTable, .addReplica, .removeReplica, .addIndex, .removeIndex, .changeSetting: false
        case .clockStep, .clockDrift, .leapSmear: duration != nil
        case .crash, .powerLoss, .restart, .pause, .diskLoss, .oldCopy, .slowProcess, .slowDisk, .diskErrors, .diskFull,
            .bitFlips, .partition, .oneWayPartition, .flapping, .reset, .slowLink:
            true
        }
    }
}
