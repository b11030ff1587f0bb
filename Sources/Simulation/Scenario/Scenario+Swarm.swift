import ConfigurationFiles
import RegionStore

/// A scenario's variation for one seed: swarm testing.
///
/// What is always on hides what only shows without it, so each seed turns requests, faults and features off and on and draws limits, sizes
/// and regions. Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012.
extension Scenario {
    /// Draws a variation: the same one for the same state of the generator.
    ///
    /// Explicit faults stay as they are, and so do the regions that they name.
    func varied(using generator: inout Generator) -> Scenario {
        var scenario = self
        scenario.isSwarm = false
        scenario.dropRegions(using: &generator)
        scenario.varyTables(using: &generator)
        for index in scenario.workload.indices { scenario.varyWorkload(index, using: &generator) }
        scenario.workload.removeAll { $0.regions.isEmpty }
        scenario.varyLimits(using: &generator)
        scenario.network.jitter = generator.pick([0.05, 0.2, 0.5])
        scenario.network.loss = generator.pick([0, 0, 0.005, 0.05])
        // Few steps at each turn and slow syncs together would trim a log more slowly than clients fill it.
        let syncs: [Duration] = [.microseconds(100), .milliseconds(1), .milliseconds(20)]
        scenario.disk.syncLatency = generator.pick(scenario.process.maintenanceQuota == 3 ? syncs.dropLast() : syncs)
        if let random = scenario.randomFaults {
            scenario.randomFaults = random.varied(using: &generator)
            scenario.addLastingCut(using: &generator)
            scenario.addPairs(within: random.within, using: &generator)
        }
        return scenario
    }

    // MARK: Regions and tables

    private mutating func dropRegions(using generator: inout Generator) {
        let needed = Set(faults.flatMap(\.kind.regions))
        let count = 2 + generator.below(max(1, topology.regions.count - 1))
        while topology.regions.count > count {
            let spare = topology.regions.map(\.name).filter { !needed.contains($0) }
            guard !spare.isEmpty else { break }
            keepRegions(topology.regions.map(\.name).filter { [name = generator.pick(spare)] in $0 != name })
        }
        let names = topology.regions.map(\.name)
        for index in tables.indices {
            tables[index].replicas.removeAll { !names.contains($0) }
            if tables[index].replicas.isEmpty { tables[index].replicas = names }
        }
        for index in workload.indices { workload[index].regions.removeAll { !names.contains($0) } }
    }

    private mutating func varyTables(using generator: inout Generator) {
        for index in tables.indices {
            // Fewer replicas than regions in half of the cases: what has none passes on all the same.
            if generator.happens(0.5) {
                let kept = tables[index].replicas.filter { _ in generator.happens(0.6) }
                if !kept.isEmpty { tables[index].replicas = kept }
            }
            if generator.happens(0.5) {
                tables[index].replicas.append(tables[index].replicas.removeFirst())
            }
            if generator.happens(0.3) { tables[index].indexes = [] }
            for place in tables[index].indexes.indices where !tables[index].indexes[place].isLocal {
                tables[index].indexes[place].hasSortKey = generator.happens(0.4)
            }
            tables[index].hasTimeToLive = generator.happens(0.4)
            tables[index].streamViewType = generator.pick([
                .newAndOldImages, .newAndOldImages, .newImage, .oldImage, .keysOnly,
            ])
        }
    }

    // MARK: Requests

    private mutating func varyWorkload(_ index: Int, using generator: inout Generator) {
        if let table = tables.first(where: { $0.name == workload[index].table }) {
            workload[index].regions.removeAll { !table.replicas.contains($0) }
            workload[index].lifetime = table.hasTimeToLive && generator.happens(0.8) ? .seconds(30) : nil
        }
        var mix = WorkloadPlan.Mix()
        for part in WorkloadPlan.Mix.parts where generator.happens(0.6) {
            mix[keyPath: part.path] = workload[index].mix[keyPath: part.path] * generator.pick([1, 1, 3])
        }
        // Without writes there is nothing to see.
        if mix.put + mix.update + mix.batch + mix.transaction == 0 { mix.put = 1 + mix.read }
        workload[index].mix = mix
        workload[index].keys = .init(
            count: generator.pick([3, 30, 300]),
            distribution: generator.pick([.uniform, .zipfian(constant: 0.99), .latest]))
        workload[index].itemByteCount = generator.pick([10, 100, 100, 3_000])
    }

    // MARK: Limits

    private mutating func varyLimits(using generator: inout Generator) {
        if generator.happens(0.6) {
            let retention = generator.pick([10, 30, 90])
            log.retention = .seconds(retention)
            log.ageMax = .seconds(retention * generator.pick([2, 4, 20]))
            log.byteCountMax = generator.pick([nil, nil, 64 << 10, 1 << 20])
        }
        log.shardLifetime = generator.pick([nil, .seconds(2), .seconds(20)])
        log.shardCount = generator.pick([nil, 2, 4])
        if generator.happens(0.5) {
            links.batchByteCount = generator.pick([1 << 10, 16 << 10])
            links.inFlightByteCount = generator.pick([256 << 10, 1 << 20])
        }
        links.heartbeat = generator.pick([nil, nil, .milliseconds(50), .seconds(1)])
        // So few that indexes are built, items expire and logs are trimmed in many steps, which a crash comes between.
        process.maintenanceQuota = generator.pick([nil, 3, 40])
    }

    // MARK: Faults

    /// Two regions that never reach each other, so that a third one passes on.
    private mutating func addLastingCut(using generator: inout Generator) {
        let names = topology.regions.map(\.name)
        guard names.count > 2, generator.happens(0.25) else { return }
        let first = generator.below(names.count)
        let second = (first + 1 + generator.below(names.count - 1)) % names.count
        faults.append(
            FaultPlan(
                at: .seconds(10), duration: duration - .seconds(20),
                kind: .partition(groups: [[names[first]], [names[second]]])))
    }

    /// Faults that come in pairs, as their drawing one by one hardly ever has it.
    private mutating func addPairs(within: ClosedRange<Duration>, using generator: inout Generator) {
        let names = topology.regions.map(\.name)
        guard names.count > 1 else { return }
        for _ in 0..<generator.below(4) {
            let at = generator.milliseconds(in: within)
            let first = generator.below(names.count)
            let second = (first + 1 + generator.below(names.count - 1)) % names.count
            let pair = pair(
                generator.below(6), at: at, names[first], names[second], names, using: &generator)
            let isFree = !pair.contains { fault in faults.contains { fault.clash(with: $0) != nil } }
            let isInTime = pair.allSatisfy { $0.at + ($0.duration ?? .zero) < duration }
            guard isFree, isInTime else { continue }
            var schema = SchemaTimeline(tables: tables)
            let all = (faults + pair).sorted { $0.at < $1.at }
            if all.allSatisfy({ schema.apply($0.kind) == nil }) { faults = all }
        }
    }

    private func pair(
        _ number: Int, at: Duration, _ first: String, _ second: String, _ names: [String],
        using generator: inout Generator
    ) -> [FaultPlan] {
        let shared = tables.first { $0.replicas.contains(first) && $0.replicas.contains(second) }
        func soon(_ limit: Int) -> Duration { at + generator.milliseconds(in: .zero ... .milliseconds(limit)) }
        switch number {
        case 0:
            // A new log while another region passes on for who is cut off.
            return [
                FaultPlan(at: at, duration: .seconds(40), kind: .partition(groups: [[first], [second]])),
                FaultPlan(at: soon(20_000), duration: .seconds(3), kind: .oldCopy(region: second)),
            ]
        case 1:
            // A replica that comes back, and whose filling is interrupted.
            guard let table = shared else { return [] }
            let back = at + .seconds(5) + generator.milliseconds(in: .zero ... .seconds(15))
            let struck = back + generator.milliseconds(in: .zero ... .milliseconds(1500))
            return [
                FaultPlan(at: at, kind: .removeReplica(table: table.name, region: second, by: first)),
                FaultPlan(at: back, kind: .addReplica(table: table.name, region: second, by: first)),
                FaultPlan(
                    at: struck, duration: .milliseconds(700),
                    kind: .powerLoss(region: generator.pick([first, second]))),
            ]
        case 2:
            // An acknowledgement that is lost around a welcome.
            return [
                FaultPlan(at: at, kind: .reset(from: first, to: second)),
                FaultPlan(at: soon(600), duration: .milliseconds(500), kind: .crash(region: second)),
                FaultPlan(at: at + .milliseconds(700), kind: .reset(from: second, to: first)),
                FaultPlan(at: at + .milliseconds(1_400), kind: .reset(from: first, to: second)),
            ]
        case 3:
            // A disk that is lost just after it was heard of for the last time, while another region is down.
            return [
                FaultPlan(at: at, duration: .seconds(20), kind: .pause(region: first)),
                FaultPlan(at: soon(10_000), duration: .seconds(2), kind: .oldCopy(region: second)),
            ]
        case 4:
            // A replica that goes while another one is filled, perhaps from it, and comes back.
            guard let table = shared else { return [] }
            let filled = at + .seconds(2)
            return [
                FaultPlan(
                    at: at, duration: .seconds(2),
                    kind: generator.happens(0.5) ? .diskLoss(region: second) : .oldCopy(region: second)),
                FaultPlan(
                    at: filled + generator.milliseconds(in: .zero ... .milliseconds(1500)),
                    kind: .deleteTable(name: table.name, region: first)),
                FaultPlan(
                    at: filled + .seconds(5) + generator.milliseconds(in: .zero ... .seconds(20)),
                    kind: .addReplica(table: table.name, region: first, by: second)),
            ]
        default:
            // An index that comes on one side of a cut, while settings change on the other.
            guard let table = shared else { return [] }
            return [
                FaultPlan(
                    at: at, duration: .seconds(15), kind: .partition(groups: [[first], names.filter { $0 != first }])),
                FaultPlan(
                    at: soon(5_000),
                    kind: .addIndex(table: table.name, .init(name: "paired", projection: .all), by: first)),
                FaultPlan(
                    at: soon(5_000),
                    kind: .changeSetting(table: table.name, .maxima(read: 150_000, write: nil), by: second)),
                FaultPlan(
                    at: soon(9_000), kind: .changeSetting(table: table.name, .tableClass(.infrequentAccess), by: first)),
            ]
        }
    }
}

extension RandomFaultPlan {
    /// Half of the kinds, and another number of faults.
    fileprivate func varied(using generator: inout Generator) -> RandomFaultPlan {
        var plan = self
        let kept = kinds.filter { _ in generator.happens(0.5) }
        if !kept.isEmpty { plan.kinds = kept }
        let highest = count.lowerBound + generator.below(count.upperBound - count.lowerBound + 1)
        plan.count = min(count.lowerBound, highest)...highest
        return plan
    }
}
