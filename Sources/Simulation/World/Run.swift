import ConfigurationFiles
import ItemModel
import KeyValueStore
import RegionStore

/// One run of a scenario, from nothing to its result.
public final class Run {
    let world: World
    private let scenario: Scenario
    private let seed: UInt64
    private let figures: RunFigures
    private var replayingGroups: [ClientGroup] = []
    /// Called from time to time with the share of the run that is done, 0 to 1.
    public var progress: ((Double) -> Void)?
    /// Whether the run is over as soon as a checker has found something: all that is measured is of the time until then.
    package var endsAtFirstViolation: Bool {
        get { world.endsAtFirstViolation }
        set { world.endsAtFirstViolation = newValue }
    }

    /// Prepares a run; nothing has happened yet.
    public convenience init(_ scenario: Scenario, seed: UInt64) {
        self.init(scenario, seed: seed, hooks: SimulationHooks())
    }

    /// Prepares a run that is measured.
    ///
    /// - Parameter isChecked: whether the checkers watch; what they cost shows without them.
    package convenience init(_ scenario: Scenario, seed: UInt64, isChecked: Bool) {
        self.init(scenario, seed: seed)
        guard !isChecked else { return }
        world.observers = [figures]
        figures.differingKeys = nil
    }

    init(_ scenario: Scenario, seed: UInt64, hooks: SimulationHooks) {
        var scenario = scenario
        if scenario.isSwarm {
            var generator = Randomness(seed: seed).generator(for: "swarm")
            scenario = scenario.varied(using: &generator)
        }
        if let random = scenario.randomFaults {
            var generator = Randomness(seed: seed).generator(for: "faults")
            scenario.faults += random.draw(
                using: &generator, regions: scenario.topology.regions.map(\.name), tables: scenario.tables,
                beside: scenario.faults)
            scenario.faults.sort { $0.at < $1.at }
            // What is drawn is part of the scenario from now on.
            scenario.randomFaults = nil
        }
        self.scenario = scenario
        self.seed = seed
        world = World(scenario, seed: seed, hooks: hooks)
        figures = RunFigures(of: world)
        world.observers = [figures] + Checkers.all(for: world)
        countDifferingKeys()
        if scenario.workload.contains(where: { $0.trace != nil }) { world.observers.append(DurableTimes(of: world)) }
    }

    /// Has the figures count the keys that differ, by what the checkers know.
    private func countDifferingKeys() {
        guard let history = world.observers.lazy.compactMap({ $0 as? History }).first,
            let holdings = world.observers.lazy.compactMap({ $0 as? Holdings }).first
        else { return }
        let differingKeys = DifferingKeys(of: world, history: history, holdings: holdings)
        figures.differingKeys = differingKeys
        world.observers.append(differingKeys)
    }

    deinit { world.dismantle() }

    /// The scenario with the faults that were drawn for this seed.
    public var drawnScenario: Scenario { scenario }

    /// Takes a line for everything that happens.
    public func trace(_ writer: @escaping (String) -> Void) {
        world.trace.writer = writer
    }

    /// Runs everything, and says what it came to.
    public func run() -> RunResult {
        for region in world.regions { region.start() }
        for table in scenario.tables { world.make(table) }
        world.plan(scenario.faults)
        world.network.plan(scenario.network.bandwidthChanges)
        for plan in scenario.workload {
            guard let table = scenario.table(named: plan.table) else { continue }
            for name in plan.regions {
                guard let home = world.region(named: name) else { continue }
                let group = ClientGroup(plan, table: table, home: home.index, in: world)
                if plan.trace != nil { replayingGroups.append(group) }
                group.start()
            }
        }
        let end = VirtualTime.zero + VirtualDuration(scenario.duration)
        let step = VirtualDuration(nanoseconds: max(1, end.nanoseconds / 200))
        while world.now < end {
            world.run(until: min(end, world.now + step))
            if world.isOver {
                return figures.result(of: scenario, seed: seed, convergence: nil, clientsEnd: world.now)
            }
            progress?(world.now.seconds / max(1e-9, end.seconds))
        }
        // Faults without an end last to here.
        world.heal()
        figures.healed()
        let calm = world.now
        // Requests that are under way, and connections that are being opened, take their time.
        let converged = waitForAgreement(until: calm + VirtualDuration(scenario.settle))
        if converged == nil {
            world.violate(
                "convergence", "the regions do not agree: \(world.disagreement() ?? "they were still at work")")
        }
        if converged != nil { quieten() }
        for observer in world.observers { observer.conclude() }
        return figures.result(
            of: scenario, seed: seed, convergence: converged.map { $0 - calm },
            clientsEnd: end)
    }

    /// What became of each recorded write, when the run is over: as comma-separated values, in the order of the scenario's workload and
    /// of the requests' times; nil where the scenario replays nothing.
    public func replayBill() -> String? {
        guard !replayingGroups.isEmpty else { return nil }
        return ReplayBill(of: replayingGroups, in: world).text
    }

    /// Lets time pass until what can go is gone, which no expectation is about; the checker tells what never goes.
    private func quieten() {
        guard let leaks = world.observers.lazy.compactMap({ $0 as? Leaks }).first else { return }
        // What expires leaves tombstones to the last.
        let lifetime = scenario.workload.compactMap(\.lifetime).max() ?? .zero
        let limit = world.now + .seconds(60) + VirtualDuration(lifetime)
        while world.now < limit, leaks.leak() != nil { world.run(until: world.now + .milliseconds(500)) }
    }

    /// Lets time pass until all regions agree, and stay so for a while.
    ///
    /// - Returns: since when they agree; nil when they do not in time.
    private func waitForAgreement(until limit: VirtualTime) -> VirtualTime? {
        let calmness = VirtualDuration.seconds(5)
        let start = world.now
        var agreedSince: VirtualTime?
        while world.now < limit + calmness {
            // The longer it takes, the less the last tenth of a second matters.
            let waited = world.now - start
            world.run(until: world.now + max(.milliseconds(100), VirtualDuration(nanoseconds: waited.nanoseconds / 50)))
            if world.disagreement() == nil {
                let since = agreedSince ?? world.now
                agreedSince = since
                if world.now - since >= calmness { return since }
            } else {
                agreedSince = nil
                if world.now >= limit { return nil }
            }
        }
        return agreedSince
    }
}

extension Scenario {
    /// The table of that name, of those that are there from the start and those that a fault makes.
    fileprivate func table(named name: String) -> TablePlan? {
        let made = faults.compactMap { fault in
            if case .createTable(let plan) = fault.kind { plan } else { nil }
        }
        return (tables + made).first { $0.name == name }
    }
}

extension World {
    /// Ends every fault: processes run, ways are open, disks work.
    func heal() {
        for from in regions.indices {
            for to in regions.indices {
                while network.isBlocked(from: from, to: to) { network.unblock(from: from, to: to) }
                network[from, to].latencyFactor = 1
                network.limitBandwidth(nil, from: from, to: to)
            }
        }
        for region in regions {
            region.setDiskFaults {
                $0.commit = nil
                $0.read = nil
                $0.diskByteCount = nil
            }
            region.slowness = 1
            region.syncLatency = VirtualDuration(scenario.disk.syncLatency)
            region.resume()
            while region.downCount > 0 { region.release() }
            region.start()
        }
    }

    /// Why the regions do not agree, in words; nil when they do.
    ///
    /// Cheap while they do not: the first difference is enough.
    func disagreement() -> String? {
        for region in regions {
            guard let store = region.store else { return "\(region.name) is down" }
            if store.hasPendingChanges { return "\(region.name) has work to do" }
        }
        // Reading every item is worth it only where something may have changed since it was last done.
        let versions = regions.compactMap { region in
            region.store.map {
                AgreementState.Version(process: region.process, content: $0.reader.store.contentVersion)
            }
        }
        if let last = agreement, last.versions == versions { return last.difference }
        let difference = Agreement(of: regions).difference
        agreement = AgreementState(versions: versions, difference: difference)
        return difference
    }
}
