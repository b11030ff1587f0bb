import RegionStore

extension RandomFaultPlan {
    /// How often a fault is drawn again because it cannot be together with the others, before it is left out.
    private static let attemptsMax = 50

    /// Draws a timeline: the same one for the same state of the generator.
    ///
    /// No two of its faults need one thing to themselves at one time, and none needs what one of `beside` has. Where there is no room
    /// for so many, there are fewer than the plan's count. Times are whole milliseconds, so that a file can say them.
    ///
    /// - Parameters:
    ///   - regions: what can be struck, in an order that is always the same.
    ///   - tables: what can be changed.
    ///   - beside: the faults that the scenario has anyway.
    /// - Returns: the faults in the order of their times.
    public func draw(
        using generator: inout Generator, regions: [String], tables: [TablePlan] = [], beside: [FaultPlan] = []
    ) -> [FaultPlan] {
        let usable = kinds.filter {
            (regions.count > 1 || !Self.linkKinds.contains($0)) && ($0 != Self.tableChange || !tables.isEmpty)
        }
        guard !usable.isEmpty, !regions.isEmpty else { return [] }
        var drawn: [FaultPlan] = []
        let total = count.lowerBound + generator.below(count.upperBound - count.lowerBound + 1)
        for _ in 0..<total where drawn.count < total {
            for _ in 0..<Self.attemptsMax {
                let kind = usable[generator.below(usable.count)]
                if kind == Self.tableChange {
                    drawn += tableChanges(tables, using: &generator).prefix(total - drawn.count)
                    break
                }
                let fault = fault(of: kind, regions: regions, using: &generator)
                let isOneLossTooMany =
                    kind == "disk-loss" && drawn.count { $0.kind.name == "disk-loss" } >= diskLossCountMax
                if isOneLossTooMany || (drawn + beside).contains(where: { fault.clash(with: $0) != nil }) { continue }
                drawn.append(fault)
                guard drawn.count < total,
                    let other = companion(
                        of: fault, regions, lossCount: drawn.count { $0.kind.name == "disk-loss" }, using: &generator),
                    !(drawn + beside).contains(where: { other.clash(with: $0) != nil })
                else { break }
                drawn.append(other)
                break
            }
        }
        return Self.withoutImpossible(Self.sorted(drawn), tables: tables, beside: beside)
    }

    /// The same fault of another region at the same time; nil where it comes alone.
    ///
    /// - Parameter lossCount: how many disks are lost already.
    private func companion(
        of fault: FaultPlan, _ regions: [String], lossCount: Int, using generator: inout Generator
    ) -> FaultPlan? {
        guard generator.happens(togetherShare) else { return nil }
        let others = regions.filter { !fault.kind.regions.contains($0) }
        guard !others.isEmpty, let kind = fault.kind.striking(others[generator.below(others.count)]),
            fault.kind.name != "disk-loss" || lossCount < diskLossCountMax
        else { return nil }
        return FaultPlan(at: fault.at, duration: fault.duration, kind: kind)
    }

    private static func sorted(_ faults: [FaultPlan]) -> [FaultPlan] {
        faults.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// Leaves out the changes of tables that cannot be when their time has come, as a file may not have them.
    private static func withoutImpossible(
        _ drawn: [FaultPlan], tables: [TablePlan], beside: [FaultPlan]
    ) -> [FaultPlan] {
        var schema = SchemaTimeline(tables: tables)
        let all = sorted(beside).map { ($0, false) } + drawn.map { ($0, true) }
        let inOrder = all.enumerated().sorted { ($0.element.0.at, $0.offset) < ($1.element.0.at, $1.offset) }
        return inOrder.compactMap { _, fault in
            let isPossible = schema.apply(fault.0.kind) == nil
            return fault.1 && isPossible ? fault.0 : nil
        }
    }

    // MARK: Changes of tables

    /// A change of a table and, in two of three cases, another one soon, asked of any region: so that changes meet.
    private func tableChanges(_ tables: [TablePlan], using generator: inout Generator) -> [FaultPlan] {
        let table = tables[generator.below(tables.count)]
        let at = generator.milliseconds(in: within)
        func place(_ kind: FaultPlan.Kind, _ time: Duration) -> FaultPlan { FaultPlan(at: time, kind: kind) }
        if table.replicas.count > 1, generator.happens(0.2) {
            // What goes comes back, when it was away for a while.
            let region = table.replicas[generator.below(table.replicas.count)]
            guard let other = table.replicas.first(where: { $0 != region }) else { return [] }
            let back = at + min(lasting.upperBound, generator.milliseconds(in: lasting) + .seconds(5))
            return [
                place(
                    generator.happens(0.5)
                        ? .removeReplica(table: table.name, region: region, by: other)
                        : .deleteTable(name: table.name, region: region), at),
                place(.addReplica(table: table.name, region: region, by: other), back),
            ]
        }
        if generator.happens(0.2) {
            // An index that goes soon after it came, as everybody or only some have heard of it.
            let index = index(using: &generator)
            let gone = min(within.upperBound, at + generator.milliseconds(in: lasting))
            let (first, second) = (generator.pick(table.replicas), generator.pick(table.replicas))
            return [
                place(.addIndex(table: table.name, index, by: first), at),
                place(.removeIndex(table: table.name, name: index.name, by: second), gone),
            ]
        }
        var changes = [place(change(of: table, using: &generator), at)]
        if generator.happens(0.67) {
            let later = min(within.upperBound, at + generator.milliseconds(in: .zero ... .seconds(3)))
            changes.append(place(change(of: table, using: &generator), later))
        }
        return changes
    }

    /// One that goes and comes again may come with another projection, and be seen so by who was away.
    private func index(using generator: inout Generator) -> TablePlan.IndexPlan {
        var index = TablePlan.IndexPlan(
            name: generator.pick(["drawn-1", "drawn-2"]), projection: generator.pick([.all, .keysOnly, .include]))
        index.hasSortKey = generator.happens(0.5)
        return index
    }

    private func change(of table: TablePlan, using generator: inout Generator) -> FaultPlan.Kind {
        let requester = generator.pick(table.replicas)
        let index = index(using: &generator)
        switch generator.below(6) {
        case 0, 1: return .addIndex(table: table.name, index, by: requester)
        case 2: return .removeIndex(table: table.name, name: index.name, by: requester)
        default:
            let name = generator.pick(table.indexes.filter { !$0.isLocal }.map(\.name) + [index.name])
            let others = table.replicas.filter { $0 != requester }
            let setting: SettingPlan =
                if generator.happens(0.1), !others.isEmpty {
                    .replicaMaximum(region: generator.pick(others), read: 50_000 + generator.below(1_000))
                } else {
                    setting(of: table, index: name, using: &generator)
                }
            return .changeSetting(table: table.name, setting, by: requester)
        }
    }

    private func setting(of table: TablePlan, index: String, using generator: inout Generator) -> SettingPlan {
        // Far above what any client asks for.
        let units = 100_000 + generator.below(1_000)
        let isOn = generator.happens(0.5)
        switch generator.below(table.hasTimeToLive ? 6 : 7) {
        case 0: return .tableClass(isOn ? .infrequentAccess : .standard)
        case 1:
            return .maxima(
                read: isOn ? units : nil, write: isOn ? nil : units, index: generator.happens(0.5) ? index : nil)
        case 2: return .deletionProtection(generator.happens(0.3))
        case 3: return .billing(isOn ? .provisioned : .payPerRequest)
        case 4: return .warmThroughput(read: units, write: units / 2)
        case 5: return .encryption(isOn)
        // Whose items have no time to expire at.
        default: return .timeToLive(isOn)
        }
    }

    /// The kinds that strike what is between two regions.
    private static let linkKinds = ["partition", "one-way-partition", "flapping", "reset", "slow-link"]

    private func fault(of name: String, regions: [String], using generator: inout Generator) -> FaultPlan {
        let at = generator.milliseconds(in: within)
        let length = generator.milliseconds(in: lasting)
        let first = generator.below(regions.count)
        let region = regions[first]
        // Another one, each of them equally often; the same where there is no other, which no kind between two regions is drawn for.
        let other = regions[(first + 1 + generator.below(max(1, regions.count - 1))) % regions.count]
        let kind = kind(of: name, region: region, other: other, regions: regions, using: &generator)
        return FaultPlan(at: at, duration: kind.isOverAtOnce ? nil : length, kind: kind)
    }

    private func kind(
        of name: String, region: String, other: String, regions: [String], using generator: inout Generator
    ) -> FaultPlan.Kind {
        switch name {
        case "power-loss": return .powerLoss(region: region)
        case "restart": return .restart(region: region)
        case "pause": return .pause(region: region)
        case "disk-loss": return .diskLoss(region: region)
        case "slow-process": return .slowProcess(region: region, factor: Double(2 + generator.below(19)))
        case "slow-disk":
            return .slowDisk(
                region: region, latency: generator.milliseconds(in: .milliseconds(5)...(.milliseconds(200))))
        case "disk-errors": return .diskErrors(region: region)
        case "partition": return .partition(groups: groups(of: regions, using: &generator))
        case "one-way-partition": return .oneWayPartition(from: region, to: other)
        case "flapping":
            let pauses = Duration.milliseconds(200)...Duration.milliseconds(5000)
            let down = generator.milliseconds(in: pauses)
            return .flapping(from: region, to: other, down: down, up: generator.milliseconds(in: pauses))
        case "reset": return .reset(from: region, to: other)
        case "slow-link":
            let bandwidth = generator.happens(0.7) ? (16 << generator.below(7)) << 10 : nil
            let factor = Double(1 + generator.below(8))
            return .slowLink(
                from: region, to: other, bandwidth: bandwidth, latencyFactor: bandwidth == nil ? factor + 1 : factor)
        case "clock-step":
            // Up to half a minute: on both sides of the bound from which a region doubts its clock.
            let step = generator.milliseconds(in: .milliseconds(10)...(.milliseconds(1000 << generator.below(6))))
            return .clockStep(region: region, by: generator.happens(0.5) ? step : .zero - step)
        case "clock-drift":
            return .clockDrift(region: region, partsPerMillion: Double(generator.below(1001) - 500))
        default: return .crash(region: region)
        }
    }

    /// Two groups of some region each; sometimes a region is in neither, and reaches both.
    private func groups(of regions: [String], using generator: inout Generator) -> [[String]] {
        var mixed = regions
        for last in stride(from: mixed.count - 1, to: 0, by: -1) { mixed.swapAt(last, generator.below(last + 1)) }
        if mixed.count > 2, generator.happens(0.25) { mixed.removeLast() }
        let size = 1 + generator.below(mixed.count - 1)
        return [Array(mixed[..<size]), Array(mixed[size...])]
    }
}

extension Generator {
    /// Whole milliseconds, evenly distributed over the range; a range within one millisecond gives its beginning.
    mutating func milliseconds(in range: ClosedRange<Duration>) -> Duration {
        let width = (range.upperBound - range.lowerBound) / .milliseconds(1)
        return range.lowerBound + .milliseconds(below(Int(width) + 1))
    }
}
