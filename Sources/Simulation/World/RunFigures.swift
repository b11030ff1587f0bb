import Histogram
import ItemModel
import RegionStore

/// Counts and times everything that a result tells.
final class RunFigures: WorldObserver {
    private unowned let world: World
    private var requests: [RunResult.RegionRequests]
    private var latencies: [Histogram<UInt64>]
    private var lastAnswered: [VirtualTime]
    private var links: [LinkState]
    private let interval: VirtualDuration
    private var series = RunResult.Series()
    private var conflictCount = 0
    private var sampledConflicts: UInt64 = 0
    /// Counters of processes that have ended.
    private var endedConflicts: [UInt64]
    private var currentConflicts: [UInt64]

    /// What is followed from one region to another.
    private struct LinkState {
        let from: Int
        let to: Int
        /// Changes that are committed in `from` and not known to be durable in `to`, from the oldest on: position and time.
        var pending: [(position: LogPosition, at: VirtualTime)] = []
        var firstPending = 0
        var origin: Origin?
        var staleness = Histogram<UInt64>(highestTrackableValue: 36_000_000_000, numberOfSignificantValueDigits: .two)
        var changes = 0
        var maximum: UInt64 = 0

        var backlog: Int { pending.count - firstPending }
    }

    init(of world: World) {
        self.world = world
        let regions = world.regions
        requests = regions.map { RunResult.RegionRequests(region: $0.name) }
        latencies = regions.map { _ in
            Histogram(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .two)
        }
        lastAnswered = regions.map { _ in .zero }
        endedConflicts = regions.map { _ in 0 }
        currentConflicts = endedConflicts
        links = []
        for from in regions.indices {
            for to in regions.indices where from != to { links.append(LinkState(from: from, to: to)) }
        }
        let seconds = VirtualDuration(world.scenario.duration).seconds
        interval = VirtualDuration(nanoseconds: UInt64(max(1, seconds / 240) * 1e9))
        series.intervalSeconds = interval.seconds
        series.throughput = regions.map { _ in [] }
        series.errors = series.throughput
        series.backlog = links.map { _ in [] }
        series.lag = series.backlog
        bucket = regions.map { _ in (0, 0) }
        sample()
    }

    private var bucket: [(answered: Int, failed: Int)]

    private func sample() {
        world.schedule(after: interval) { [self] in
            for index in bucket.indices {
                series.throughput[index].append(Double(bucket[index].answered) / interval.seconds)
                series.errors[index].append(Double(bucket[index].failed) / interval.seconds)
                bucket[index] = (0, 0)
            }
            for (index, link) in links.enumerated() {
                series.backlog[index].append(Double(link.backlog))
                let oldest = link.backlog > 0 ? link.pending[link.firstPending].at : world.now
                series.lag[index].append(Double((world.now - oldest).milliseconds))
            }
            let conflicts = self.conflicts
            series.conflicts.append(Double(conflicts - min(conflicts, sampledConflicts)))
            sampledConflicts = conflicts
            sample()
        }
    }

    private var conflicts: UInt64 {
        endedConflicts.reduce(0, +) + currentConflicts.reduce(0, +)
    }

    func ended(_ region: SimulatedRegion) {
        endedConflicts[region.index] += currentConflicts[region.index]
        currentConflicts[region.index] = 0
    }

    func losesDisk(_ region: SimulatedRegion) {
        for index in links.indices where links[index].from == region.index || links[index].to == region.index {
            links[index].pending = []
            links[index].firstPending = 0
            links[index].origin = nil
        }
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        currentConflicts[region.index] = store.counters.conflicts
        let own = store.origin
        let last = entries.last { $0.header.version.origin == own && $0.header.kind != .catalog }
        for index in links.indices {
            if links[index].from == region.index {
                if links[index].origin != own {
                    links[index].origin = own
                    links[index].pending = []
                    links[index].firstPending = 0
                }
                // One entry a commit is enough: what is behind it came no later.
                if let last { links[index].pending.append((last.position, world.now)) }
            } else if links[index].to == region.index, let origin = links[index].origin {
                settle(index, upTo: region.committedVector[origin])
            }
        }
    }

    private func settle(_ index: Int, upTo position: LogPosition) {
        while links[index].backlog > 0 {
            let first = links[index].pending[links[index].firstPending]
            guard first.position <= position else { break }
            let age = (world.now - first.at).nanoseconds / 1000
            links[index].staleness.record(min(age, 36_000_000_000))
            links[index].maximum = max(links[index].maximum, age)
            links[index].changes += 1
            links[index].firstPending += 1
        }
        if links[index].firstPending > 1000, links[index].firstPending * 2 > links[index].pending.count {
            links[index].pending.removeFirst(links[index].firstPending)
            links[index].firstPending = 0
        }
    }

    func finished(_ request: FinishedRequest) {
        let home = request.home
        requests[home].count += 1
        switch request.outcome {
        case .failed:
            requests[home].failed += 1
            bucket[home].failed += 1
            return
        case .refusedByCondition: requests[home].refusedByCondition += 1
        case .answered: if request.isWrite { requests[home].acknowledgedWrites += 1 }
        }
        if request.target != home { requests[home].failedOver += 1 }
        bucket[home].answered += 1
        let outage = (world.now - lastAnswered[home]).seconds
        requests[home].longestOutageSeconds = max(requests[home].longestOutageSeconds, outage)
        lastAnswered[home] = world.now
        latencies[home].record(min((world.now - request.startedAt).nanoseconds / 1000, 3_600_000_000))
    }

    // MARK: - The result

    func result(
        of scenario: Scenario, seed: UInt64, convergence: VirtualDuration?, clientsEnd: VirtualTime
    ) -> RunResult {
        var result = RunResult(
            scenario: scenario.name, description: scenario.description, seed: seed,
            traceHash: String(world.trace.hash, radix: 16), eventCount: world.trace.eventCount,
            durationSeconds: clientsEnd.seconds, totalSeconds: world.now.seconds,
            regions: world.regions.map(\.name))
        result.violations = world.violations
        result.faults = scenario.faults.map { fault in
            let from = VirtualDuration(fault.at).seconds
            return RunResult.FaultSpan(
                fromSeconds: from,
                untilSeconds: fault.duration.map { from + VirtualDuration($0).seconds }
                    ?? (fault.kind.isOverAtOnce ? from : clientsEnd.seconds),
                text: fault.kind.text, regions: fault.kind.regions)
        }
        result.requests = requests
        for index in requests.indices where latencies[index].totalCount > 0 {
            result.requests[index].p50Milliseconds = Double(latencies[index].valueAtPercentile(50)) / 1000
            result.requests[index].p99Milliseconds = Double(latencies[index].valueAtPercentile(99)) / 1000
        }
        result.links = links.map { link in
            var figures = RunResult.LinkFigures(
                from: world.regions[link.from].name, to: world.regions[link.to].name)
            figures.changes = link.changes
            if link.changes > 0 {
                figures.stalenessP50Milliseconds = Double(link.staleness.valueAtPercentile(50)) / 1000
                figures.stalenessP99Milliseconds = Double(link.staleness.valueAtPercentile(99)) / 1000
                figures.stalenessMaxMilliseconds = Double(link.maximum) / 1000
            }
            figures.bytes = world.network[link.from, link.to].byteCount
            return figures
        }
        result.conflicts = Int(clamping: conflicts)
        result.convergenceMilliseconds = convergence.map { Double($0.nanoseconds) / 1e6 }
        result.series = series
        for observer in world.observers {
            guard let losses = observer as? any LossReporting else { continue }
            result.lostAcknowledgedWrites += losses.lostAcknowledgedWrites
            result.recoveryPointMilliseconds = max(
                result.recoveryPointMilliseconds, Double(losses.recoveryPoint.nanoseconds) / 1e6)
        }
        result.expectations = scenario.expectations.map { $0.result(in: result) }
        return result
    }
}

/// A checker that finds out what was lost.
protocol LossReporting {
    /// Acknowledged writes that are nowhere any more.
    var lostAcknowledgedWrites: Int { get }
    /// The age of the oldest of them when their region was lost.
    var recoveryPoint: VirtualDuration { get }
}

extension Expectation {
    /// What became of it.
    func result(in result: RunResult) -> RunResult.ExpectationResult {
        switch self {
        case .convergesWithin(let limit):
            let measured = result.convergenceMilliseconds
            return .init(
                text: "converges within \(limit)",
                measured: measured.map { "\($0 / 1000) s" } ?? "never",
                isMet: measured.map { $0 <= Double(VirtualDuration(limit).milliseconds) } ?? false)
        case .lostAcknowledgedWrites(let most):
            return .init(
                text: "at most \(most) acknowledged writes lost", measured: "\(result.lostAcknowledgedWrites)",
                isMet: result.lostAcknowledgedWrites <= most)
        case .staleness(let share, let limit):
            let worst =
                result.links.map { link in
                    switch share {
                    case 1...: link.stalenessMaxMilliseconds
                    case ...0.5: link.stalenessP50Milliseconds
                    default: link.stalenessP99Milliseconds
                    }
                }.max() ?? 0
            return .init(
                text: "staleness p\(Int(share * 100)) below \(limit)", measured: "\(worst) ms",
                isMet: worst < Double(VirtualDuration(limit).milliseconds))
        case .conflicts(let least):
            return .init(
                text: "at least \(least) conflicts", measured: "\(result.conflicts)", isMet: result.conflicts >= least)
        case .unavailability(let region, let limit):
            let worst = result.requests.filter { region == nil || $0.region == region }.map(\.unavailability).max() ?? 0
            return .init(
                text: "unavailability\(region.map { " in \($0)" } ?? "") below \(limit * 100) %",
                measured: "\(worst * 100) %", isMet: worst < limit)
        }
    }
}
