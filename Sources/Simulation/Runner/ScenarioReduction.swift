/// One way to make a scenario smaller.
struct ScenarioReduction: Sendable {
    /// The scenario reduced at a place, from 0 on; nil behind the last place.
    ///
    /// Where there is nothing to reduce at a place it is the same scenario. Each accepted reduction makes something smaller that
    /// cannot become smaller for ever, so that reducing ends.
    let candidate: @Sendable (_ scenario: Scenario, _ place: Int) -> Scenario?

    /// In the order in which they save most.
    static let passes = [
        duration, workloads, tables, indexes, expectations, requestKinds, rates, keyCounts, network, gaps, lengths,
        failovers,
    ]

    // MARK: - Time

    /// Cuts the run: to half, to three quarters, to nine tenths.
    private static let duration = ScenarioReduction { scenario, place in
        let shares = [(1, 2), (3, 4), (9, 10)]
        guard place < shares.count else { return nil }
        let length = (scenario.duration * shares[place].0 / shares[place].1).wholeSeconds
        guard length >= .seconds(1), length < scenario.duration else { return scenario }
        return scenario.cut(to: length)
    }

    /// Shortens faults to half, one after the other.
    private static let lengths = ScenarioReduction { scenario, place in
        guard place < scenario.faults.count else { return nil }
        guard let length = scenario.faults[place].duration, length > .milliseconds(100) else { return scenario }
        var reduced = scenario
        reduced.faults[place].duration = (length / 2).wholeMilliseconds
        return reduced
    }

    /// Halves the time before each fault, and moves it and those behind it towards the start.
    private static let gaps = ScenarioReduction { scenario, place in
        guard place < scenario.faults.count else { return nil }
        let before = place == 0 ? .zero : scenario.faults[place - 1].at
        let gap = scenario.faults[place].at - before
        guard gap > .seconds(1) else { return scenario }
        let saved = (gap / 2).wholeMilliseconds
        var reduced = scenario
        for index in place..<reduced.faults.count { reduced.faults[index].at -= saved }
        // Two faults that cannot be together must not come together.
        for (index, fault) in reduced.faults.enumerated() {
            if reduced.faults[..<index].contains(where: { fault.clash(with: $0) != nil }) { return scenario }
        }
        return reduced
    }

    // MARK: - What clients do

    private static let workloads = removal(of: \.workload, leaving: 1)
    private static let expectations = removal(of: \.expectations, leaving: 0)

    /// Leaves out tables that no client and no fault has need of.
    private static let tables = ScenarioReduction { scenario, place in
        guard place < scenario.tables.count else { return nil }
        let name = scenario.tables[place].name
        let isUsed =
            scenario.workload.contains { $0.table == name } || scenario.faults.contains { $0.kind.tableName == name }
        guard scenario.tables.count > 1, !isUsed else { return scenario }
        var reduced = scenario
        reduced.tables.remove(at: place)
        return reduced
    }

    private static let indexes = ScenarioReduction { scenario, place in
        guard place < scenario.tables.count else { return nil }
        var reduced = scenario
        reduced.tables[place].indexes = []
        return reduced
    }

    /// Leaves out one kind of request after the other.
    private static let requestKinds = ScenarioReduction { scenario, place in
        let kinds = WorkloadPlan.Mix.parts.map(\.path)
        guard place < scenario.workload.count * kinds.count else { return nil }
        var reduced = scenario
        let (group, kind) = (place / kinds.count, kinds[place % kinds.count])
        reduced.workload[group].mix[keyPath: kind] = 0
        return kinds.allSatisfy { reduced.workload[group].mix[keyPath: $0] == 0 } ? scenario : reduced
    }

    /// Halves how often clients ask.
    private static let rates = ScenarioReduction { scenario, place in
        guard place < scenario.workload.count else { return nil }
        var reduced = scenario
        reduced.workload[place].arrival = scenario.workload[place].arrival.halved
        return reduced
    }

    private static let keyCounts = ScenarioReduction { scenario, place in
        guard place < scenario.workload.count else { return nil }
        var reduced = scenario
        reduced.workload[place].keys.count = max(1, scenario.workload[place].keys.count / 2)
        return reduced
    }

    private static let failovers = ScenarioReduction { scenario, place in
        guard place < scenario.workload.count else { return nil }
        var reduced = scenario
        reduced.workload[place].failover = .none
        reduced.workload[place].retries = .init()
        return reduced
    }

    /// Takes chance out of the network.
    private static let network = ScenarioReduction { scenario, place in
        var reduced = scenario
        switch place {
        case 0: reduced.network.loss = 0
        case 1: reduced.network.jitter = 0
        case 2: reduced.network.bandwidth = nil
        default: return nil
        }
        return reduced
    }

    /// Leaves out elements of a list one after the other.
    private static func removal<Element>(
        of list: any WritableKeyPath<Scenario, [Element]> & Sendable, leaving least: Int
    ) -> ScenarioReduction {
        ScenarioReduction { scenario, place in
            guard place < scenario[keyPath: list].count else { return nil }
            guard scenario[keyPath: list].count > least else { return scenario }
            var reduced = scenario
            reduced[keyPath: list].remove(at: place)
            return reduced
        }
    }
}

extension Scenario {
    /// The scenario with a shorter run: what begins after its end is left out, and what lasts longer ends with it.
    func cut(to length: Duration) -> Scenario {
        var cut = self
        cut.duration = length
        cut.faults = faults.filter { $0.at < length }
        for index in cut.faults.indices {
            guard let lasting = cut.faults[index].duration else { continue }
            cut.faults[index].duration = min(lasting, length - cut.faults[index].at)
        }
        for index in cut.workload.indices {
            if let until = cut.workload[index].until, until >= length { cut.workload[index].until = nil }
        }
        cut.workload.removeAll { $0.from.map { $0 >= length } ?? false }
        return cut
    }
}

extension WorkloadPlan.Arrival {
    /// Half as many requests; the same where there are as few as is sensible.
    fileprivate var halved: Self {
        switch self {
        case .poisson(let perSecond): perSecond > 1 ? .poisson(perSecond: perSecond / 2) : self
        case .diurnal(let low, let high, let period):
            high > 1 ? .diurnal(low: low / 2, high: high / 2, period: period) : self
        case .burst(let perSecond, let peak, let every, let length):
            peak > 1 ? .burst(perSecond: perSecond / 2, peak: peak / 2, every: every, length: length) : self
        case .trace: self
        case .closed(let clients, let think): clients > 1 ? .closed(clients: clients / 2, think: think) : self
        }
    }
}

extension FaultPlan.Kind {
    /// The table that it changes, if it is a change of one.
    fileprivate var tableName: String? {
        switch self {
        case .deleteTable(let name, _): name
        case .addReplica(let table, _, _), .removeReplica(let table, _, _), .addIndex(let table, _, _),
            .removeIndex(let table, _, _), .changeSetting(let table, _, _):
            table
        case .createTable(let plan): plan.name
        case .crash, .powerLoss, .restart, .pause, .diskLoss, .oldCopy, .slowProcess, .slowDisk, .diskErrors, .diskFull,
            .bitFlips, .partition, .oneWayPartition, .flapping, .reset, .slowLink, .clockStep, .clockDrift, .leapSmear:
            nil
        }
    }
}

extension Duration {
    /// Without the part of a millisecond.
    fileprivate var wholeMilliseconds: Duration {
        let (seconds, attoseconds) = components
        return .seconds(seconds) + .milliseconds(attoseconds / 1_000_000_000_000_000)
    }

    /// Without the part of a second.
    fileprivate var wholeSeconds: Duration { .seconds(components.seconds) }
}
