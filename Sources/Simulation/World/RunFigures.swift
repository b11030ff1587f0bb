import ItemModel
import RegionStore

/// Counts and times everything that a result tells.
final class RunFigures: WorldObserver {
    private unowned let world: World
    private var requests: [RunResult.RegionRequests]
    /// By region.
    private var latencies: [Latencies]
    private var faultWindows: FaultWindows
    private var indexBuilds: IndexBuilds
    /// By region and by group of its clients.
    private var outages: [[ClientOutage]]
    /// Likewise.
    private var unavailableSeconds: [[UnavailableSeconds]]
    private var recoveryTimes: RecoveryTimes
    /// Counts the keys that differ; nil where nobody wants to know.
    var differingKeys: DifferingKeys?
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
        /// Commits of `from` that are not known to be durable in `to`, from the oldest on: the last position, when, and how many changes.
        var pending: [(position: LogPosition, at: VirtualTime, count: Int)] = []
        var firstPending = 0
        /// The changes of those commits.
        var backlog = 0
        var origin: Origin?
        var staleness = Staleness()
        /// The age of the oldest change that became durable since the last sample, in microseconds.
        var recentMaximum: UInt64 = 0

        var oldestPending: VirtualTime? { firstPending < pending.count ? pending[firstPending].at : nil }

        mutating func forgetPending() {
            pending = []
            (firstPending, backlog) = (0, 0)
        }
    }

    /// When a group of clients is without an answer.
    private struct ClientOutage {
        var lastAnswer = VirtualTime.zero
        /// When nobody was answered any more, as far as a request has failed since; nil while clients are served.
        var start: VirtualTime?
    }

    init(of world: World) {
        self.world = world
        let regions = world.regions
        requests = regions.map { RunResult.RegionRequests(region: $0.name) }
        latencies = regions.map { _ in Latencies() }
        faultWindows = FaultWindows(
            of: world.scenario.faults, until: VirtualTime.zero + VirtualDuration(world.scenario.duration))
        indexBuilds = IndexBuilds(of: world)
        outages = regions.map { _ in world.scenario.workload.map { _ in ClientOutage() } }
        for plan in world.scenario.workload where plan.failover != .none {
            for index in requests.indices where plan.regions.contains(requests[index].region) {
                requests[index].longestFailoverSeconds = 0
            }
        }
        unavailableSeconds = regions.map { _ in world.scenario.workload.map { _ in UnavailableSeconds() } }
        recoveryTimes = RecoveryTimes(of: world)
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
        planOutages()
    }

    private func planOutages() {
        for outage in recoveryTimes.outages {
            world.schedule(at: outage.from) { [self] in recoveryTimes.began(outage) }
            guard let until = outage.until else { continue }
            world.schedule(at: until) { [self] in
                // After everything that is planned for this moment, the end of the fault among it.
                world.schedule(at: until) { [self] in
                    recoveryTimes.ended(outage)
                    world.schedule(at: until) { [self] in recoveryTimes.conclude() }
                }
            }
        }
    }

    /// The faults that had no end of their own are over.
    func healed() {
        for outage in recoveryTimes.outages where outage.until == nil { recoveryTimes.ended(outage) }
        recoveryTimes.conclude()
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
                let pendingAge = (world.now - (link.oldestPending ?? world.now)).nanoseconds / 1000
                series.lag[index].append(Double(max(pendingAge, link.recentMaximum)) / 1000)
                links[index].recentMaximum = 0
            }
            let conflicts = self.conflicts
            series.conflicts.append(Double(conflicts - min(conflicts, sampledConflicts)))
            sampledConflicts = conflicts
            if let differingKeys { series.differingKeys.append(Double(differingKeys.count())) }
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
            links[index].forgetPending()
            links[index].origin = nil
        }
        recoveryTimes.losesDisk(region)
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        currentConflicts[region.index] = store.counters.conflicts
        let own = store.origin
        var last: LogPosition?
        var count = 0
        for entry in entries
        where entry.header.version.origin == own && entry.header.kind != .catalog && entry.outcome != .transferred {
            last = entry.position
            count += 1
        }
        for index in links.indices {
            if links[index].from == region.index {
                if links[index].origin != own {
                    links[index].origin = own
                    links[index].forgetPending()
                }
                // One element a commit is enough: all of its changes are as old.
                if let last {
                    links[index].pending.append((last, world.now, count))
                    links[index].backlog += count
                }
            } else if links[index].to == region.index, let origin = links[index].origin {
                arrived(index, upTo: region.committedVector[origin])
            }
        }
        recoveryTimes.committed(own, last: last, in: region)
        indexBuilds.committed()
    }

    func changed(_ command: CatalogCommand, to table: Table, by region: SimulatedRegion) {
        indexBuilds.changed(command)
    }

    private func arrived(_ index: Int, upTo position: LogPosition) {
        while links[index].firstPending < links[index].pending.count {
            let first = links[index].pending[links[index].firstPending]
            guard first.position <= position else { break }
            let age = (world.now - first.at).nanoseconds / 1000
            links[index].staleness.record(age, count: first.count)
            links[index].recentMaximum = max(links[index].recentMaximum, age)
            links[index].backlog -= first.count
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
        requests[home].attempts += request.attemptCount
        if request.attemptCount > 1 { requests[home].retried += 1 }
        recoveryTimes.finished(request)
        latencies[home].record(
            request.outcome == .failed ? nil : world.now - request.startedAt,
            isDuringFault: faultWindows.contain(from: request.startedAt, to: world.now))
        unavailableSeconds[home][request.group].note(request.outcome != .failed, at: world.now)
        switch request.outcome {
        case .failed:
            requests[home].failed += 1
            bucket[home].failed += 1
            let outage = outages[home][request.group]
            outages[home][request.group].start = outage.start ?? max(request.startedAt, outage.lastAnswer)
            return
        case .refusedByCondition: requests[home].refusedByCondition += 1
        case .answered: if request.isWrite { requests[home].acknowledgedWrites += 1 }
        }
        if request.target != home { requests[home].failedOver += 1 }
        bucket[home].answered += 1
        endOutage(of: request.group, at: home)
        outages[home][request.group].lastAnswer = world.now
    }

    private func endOutage(of group: Int, at home: Int) {
        guard let start = outages[home][group].start else { return }
        outages[home][group].start = nil
        let length = (world.now - start).seconds
        requests[home].longestOutageSeconds = max(requests[home].longestOutageSeconds, length)
        if world.scenario.workload[group].failover != .none {
            requests[home].longestFailoverSeconds = max(requests[home].longestFailoverSeconds ?? 0, length)
        }
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
        result.parameters = scenario.parameters
        result.violations = world.violations
        result.refusedChanges = world.refusedChanges.map { .init(seconds: $0.time.seconds, text: $0.text) }
        result.faults = scenario.faults.map { fault in
            let from = VirtualDuration(fault.at).seconds
            return RunResult.FaultSpan(
                fromSeconds: from,
                untilSeconds: fault.duration.map { from + VirtualDuration($0).seconds }
                    ?? (fault.kind.isOverAtOnce ? from : clientsEnd.seconds),
                text: fault.kind.text, regions: fault.kind.regions)
        }
        for home in outages.indices {
            for group in outages[home].indices { endOutage(of: group, at: home) }
        }
        result.requests = requests
        for (index, latencies) in latencies.enumerated() {
            result.requests[index].p50Milliseconds = latencies.milliseconds(share: 0.5, during: .all) ?? 0
            result.requests[index].p99Milliseconds = latencies.milliseconds(share: 0.99, during: .all) ?? 0
            result.requests[index].p50DuringFaultsMilliseconds = latencies.milliseconds(share: 0.5, during: .faults)
            result.requests[index].p99DuringFaultsMilliseconds = latencies.milliseconds(share: 0.99, during: .faults)
            result.requests[index].p50WithoutFaultsMilliseconds = latencies.milliseconds(share: 0.5, during: .noFaults)
            result.requests[index].p99WithoutFaultsMilliseconds = latencies.milliseconds(share: 0.99, during: .noFaults)
        }
        result.links = links.map { link in
            var figures = RunResult.LinkFigures(
                from: world.regions[link.from].name, to: world.regions[link.to].name)
            figures.changes = link.staleness.count
            figures.stalenessP50Milliseconds = link.staleness.milliseconds(share: 0.5)
            figures.stalenessP99Milliseconds = link.staleness.milliseconds(share: 0.99)
            figures.stalenessMaxMilliseconds = link.staleness.milliseconds(share: 1)
            figures.bytes = world.network[link.from, link.to].byteCount
            figures.connections = world.network[link.from, link.to].connectionCount
            return figures
        }
        result.conflicts = Int(clamping: conflicts)
        result.convergenceMilliseconds = convergence.map { Double($0.nanoseconds) / 1e6 }
        result.series = series
        result.bill = bill
        for observer in world.observers {
            guard let losses = observer as? any LossReporting else { continue }
            result.bill.lostWrites += losses.lostWrites
            result.lostAcknowledgedWrites += losses.lostAcknowledgedWrites
            result.recoveryPointMilliseconds = max(
                result.recoveryPointMilliseconds, Double(losses.recoveryPoint.nanoseconds) / 1e6)
        }
        result.recoveries = recoveryTimes.results
        result.indexBuilds = indexBuilds.results
        result.expectations = scenario.expectations.map { $0.result(in: result, self) }
        return result
    }
}

extension RunFigures: MeasuredQuantiles {
    func staleness(share: Double, from: String?, to: String?) -> Double {
        links.filter { link in
            (from.map { $0 == world.regions[link.from].name } ?? true)
                && (to.map { $0 == world.regions[link.to].name } ?? true)
        }.map { $0.staleness.milliseconds(share: share) }.max() ?? 0
    }

    func latency(share: Double, region: String?, during window: LatencyWindow) -> Double? {
        world.regions.filter { region == nil || $0.name == region }.compactMap { region in
            let latencies = latencies[region.index]
            guard latencies.requestCount(during: window) > 0 else { return nil }
            return latencies.milliseconds(share: share, during: window) ?? .infinity
        }.max()
    }
}

extension RunFigures {
    private var bill: RunResult.Bill {
        var bill = RunResult.Bill()
        for (group, plan) in world.scenario.workload.enumerated() {
            for (home, region) in world.regions.enumerated() where plan.regions.contains(region.name) {
                var seconds = unavailableSeconds[home][group]
                seconds.conclude()
                bill.unavailability.append(.init(group: plan.name, region: region.name, seconds: seconds.count))
            }
        }
        for observer in world.observers { (observer as? OutageBill)?.conclude(into: &bill) }
        return bill
    }
}
