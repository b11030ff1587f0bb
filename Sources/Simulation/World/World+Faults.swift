import ItemModel
import KeyValueStore
import RegionCore
import RegionStore

extension World {
    /// Plans every fault of a timeline, and its end.
    func plan(_ faults: [FaultPlan]) {
        for fault in faults {
            let begin = VirtualTime.zero + VirtualDuration(fault.at)
            schedule(at: begin) { [self] in
                trace.note(.fault, at: now, 0, 0, 0, "\(fault.kind)")
                let heal = strike(fault)
                guard let duration = fault.duration, let heal else { return }
                schedule(at: begin + VirtualDuration(duration)) { [self] in
                    trace.note(.healed, at: now, 0, 0, 0, "\(fault.kind)")
                    heal()
                }
            }
        }
    }

    /// Lets a fault begin.
    ///
    /// - Returns: what ends it; nil for what is over at once.
    private func strike(_ fault: FaultPlan) -> (() -> Void)? {
        switch fault.kind {
        case .crash(let name): return end(name, power: false)
        case .powerLoss(let name): return end(name, power: true)
        case .restart(let name): return end(name, power: false)
        case .pause(let name):
            guard let region = region(named: name) else { return nil }
            region.pause()
            return { region.resume() }
        case .diskLoss(let name):
            guard let region = region(named: name) else { return nil }
            region.hold()
            region.loseDisk()
            return { region.release() }
        case .oldCopy(let name):
            guard let region = region(named: name) else { return nil }
            let copy = region.copyOfDisk()
            return { region.putBack(copy) }
        case .slowProcess(let name, let factor):
            guard let region = region(named: name) else { return nil }
            region.slowness *= factor
            return { region.slowness /= factor }
        case .slowDisk(let name, let latency):
            guard let region = region(named: name) else { return nil }
            let before = region.syncLatency
            region.syncLatency = VirtualDuration(latency)
            return { region.syncLatency = before }
        case .diskErrors(let name):
            guard let region = region(named: name) else { return nil }
            region.setDiskFaults { $0.commit = { _, _ in .lost(.engine("simulated I/O error")) } }
            return { region.setDiskFaults { $0.commit = nil } }
        case .diskFull(let name):
            guard let region = region(named: name) else { return nil }
            region.room = DiskRoom(availableByteCount: 1, reserveByteCount: 1 << 30)
            return { region.room = nil }
        case .bitFlips(let name, let share):
            guard let region = region(named: name) else { return nil }
            let damage = DamagedDisk(of: region, share: share)
            region.damage(damage)
            return { damage.makeWhole() }
        case .partition(let groups): return partition(groups)
        case .oneWayPartition(let from, let to):
            guard let from = region(named: from)?.index, let to = region(named: to)?.index else { return nil }
            network.block(from: from, to: to)
            return { [network] in network.unblock(from: from, to: to) }
        case .flapping(let from, let to, let down, let up):
            return flap(from, to, down: VirtualDuration(down), up: VirtualDuration(up))
        case .reset(let from, let to):
            guard let first = region(named: from), let second = region(named: to) else { return nil }
            for connection in connections(between: first, and: second) {
                connection.break(after: first.generator.duration(in: .zero ... .milliseconds(200)))
            }
            return nil
        case .slowLink(let from, let to, let bandwidth, let factor):
            guard let from = region(named: from)?.index, let to = region(named: to)?.index else { return nil }
            network.limitBandwidth(bandwidth.map(Double.init), from: from, to: to)
            network[from, to].latencyFactor *= factor
            return { [network] in
                network.limitBandwidth(nil, from: from, to: to)
                network[from, to].latencyFactor /= factor
            }
        case .clockStep(let name, let by):
            guard let region = region(named: name) else { return nil }
            let nanoseconds = Self.nanoseconds(by)
            region.clock.step(by: nanoseconds, at: now)
            return { [self] in region.clock.step(by: -nanoseconds, at: now) }
        case .clockDrift(let name, let partsPerMillion):
            guard let region = region(named: name) else { return nil }
            region.clock.drift(by: partsPerMillion, at: now)
            return { [self] in region.clock.drift(by: -partsPerMillion, at: now) }
        case .leapSmear(let name, let by):
            guard let region = region(named: name), let duration = fault.duration else { return nil }
            let rate = -Double(Self.nanoseconds(by)) / Double(max(1, Self.nanoseconds(duration))) * 1e6
            region.clock.drift(by: rate, at: now)
            return { [self] in region.clock.drift(by: -rate, at: now) }
        case .createTable(let plan):
            make(plan)
            return nil
        case .deleteTable(let name, let by):
            change(.deleteTable(Text(name)), by: by)
            return nil
        case .addReplica(let table, let name, let by):
            update(table, .createReplica(region: Text(name), ReplicaOverrides()), by: by)
            return nil
        case .removeReplica(let table, let name, let by):
            update(table, .deleteReplica(region: Text(name)), by: by)
            return nil
        case .addIndex(let table, let index, let by):
            update(table, .createIndex(Self.index(index)), by: by)
            return nil
        case .removeIndex(let table, let name, let by):
            update(table, .deleteIndex(name: Text(name)), by: by)
            return nil
        case .changeSetting(let table, let setting, let by):
            update(table, setting.change, by: by)
            return nil
        }
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    private func end(_ name: String, power: Bool) -> (() -> Void)? {
        guard let region = region(named: name) else { return nil }
        region.hold()
        region.crash(power: power)
        return { region.release() }
    }

    private func partition(_ groups: [[String]]) -> () -> Void {
        let places = groups.map { $0.compactMap { region(named: $0)?.index } }
        var ways: [(Int, Int)] = []
        for (first, group) in places.enumerated() {
            for (second, other) in places.enumerated() where first != second {
                for from in group { for to in other { ways.append((from, to)) } }
            }
        }
        for (from, to) in ways { network.block(from: from, to: to) }
        return { [network] in for (from, to) in ways { network.unblock(from: from, to: to) } }
    }

    private func flap(_ from: String, _ to: String, down: VirtualDuration, up: VirtualDuration) -> (() -> Void)? {
        guard let from = region(named: from)?.index, let to = region(named: to)?.index else { return nil }
        final class State {
            var isOver = false
            var isDown = false
        }
        let state = State()
        func toggle() {
            guard !state.isOver else { return }
            state.isDown.toggle()
            for (first, second) in [(from, to), (to, from)] {
                if state.isDown {
                    network.block(from: first, to: second)
                } else {
                    network.unblock(from: first, to: second)
                }
            }
            schedule(after: state.isDown ? down : up, toggle)
        }
        toggle()
        return { [network] in
            state.isOver = true
            guard state.isDown else { return }
            for (first, second) in [(from, to), (to, from)] { network.unblock(from: first, to: second) }
        }
    }

    // MARK: - Tables

    /// Makes a table in its first region, and then its replicas, one after the other, as DynamoDB wants them.
    func make(_ plan: TablePlan) {
        guard let home = plan.replicas.first else { return }
        var specification = TableSpecification(
            name: Text(plan.name),
            keySchema: KeySchema(
                partition: [KeyAttribute(name: "pk", kind: .string)],
                sort: plan.hasSortKey ? [KeyAttribute(name: "sk", kind: .number)] : []))
        specification.indexes = plan.indexes.map(Self.index)
        specification.streamViewType = plan.streamViewType
        change(.createTable(specification), by: home)
        if plan.hasTimeToLive {
            update(plan.name, .setTimeToLive(attribute: Expiries.attribute, isEnabled: true), by: home)
        }
        addReplicas(plan.replicas.dropFirst().map { $0 }, of: plan.name, by: home)
    }

    private func addReplicas(_ names: [String], of table: String, by home: String) {
        guard let next = names.first else { return }
        schedule(after: .milliseconds(100)) { [self] in
            let found = region(named: home)?.store?.reader.table(named: Text(table))
            let isBusy = found.map { $0.status != .active || $0.replicas.contains { $0.status != .active } } ?? true
            guard !isBusy else { return addReplicas(names, of: table, by: home) }
            update(table, .createReplica(region: Text(next), ReplicaOverrides()), by: home)
            addReplicas(Array(names.dropFirst()), of: table, by: home)
        }
    }

    private static func index(_ plan: TablePlan.IndexPlan) -> IndexDefinition {
        let projection: IndexProjection =
            switch plan.projection {
            case .all: .all
            case .keysOnly: .keysOnly
            case .include: .include(["count", "visits"])
            }
        let keySchema = KeySchema(
            partition: [KeyAttribute(name: plan.isLocal ? "pk" : "group", kind: .string)],
            sort: plan.hasSortKey ? [KeyAttribute(name: "count", kind: .number)] : [])
        return IndexDefinition(
            name: Text(plan.name), isGlobal: !plan.isLocal, keySchema: keySchema, projection: projection)
    }

    private func update(_ table: String, _ change: TableChange, by region: String) {
        self.change(.updateTable(Text(table), [change]), by: region)
    }

    /// Changes the catalog in a region, again and again while the table is being changed otherwise, the region is away or it doubts its clock,
    /// and when its process ended before it had answered.
    private func change(_ command: CatalogCommand, by name: String) {
        guard let region = region(named: name) else { return }
        func retry(after wait: VirtualDuration = .milliseconds(500)) {
            schedule(after: wait) { [self] in change(command, by: name) }
        }
        guard region.isUp, !region.isPaused else { return retry() }
        let process = region.process
        var isAnswered = false
        _ = region.submit(.changeCatalog(command), isBounded: false) { [self] outcome in
            isAnswered = true
            switch outcome {
            // It has just started, or its clock is wrong.
            case .refused: retry(after: .milliseconds(50))
            case .changeCatalog(.failure(.tableInUse)), .changeCatalog(.failure(.replicaInUse)),
                .changeCatalog(.failure(.indexInProgress)), .changeCatalog(.failure(.otherIndexInProgress)):
                retry()
            case .changeCatalog(.success(let table)):
                for observer in observers { observer.changed(command, to: table, by: region) }
            case .changeCatalog(.failure(let error)):
                refusedChanges.append((now, "\(command.text) in \(name): \(error.reason)"))
            default: break
            }
        }
        func watch() {
            schedule(after: .milliseconds(500)) { [self] in
                guard !isAnswered else { return }
                guard region.process != process else { return watch() }
                for observer in observers { observer.unanswered(command, by: region) }
                change(command, by: name)
            }
        }
        watch()
    }
}

extension CatalogCommand {
    /// What it does, for people.
    fileprivate var text: String {
        switch self {
        case .createTable(let specification): "making the table \(specification.name)"
        case .deleteTable(let name): "deleting the table \(name)"
        case .updateTable(let name, let changes):
            "changing the table \(name) (\(changes.map(\.text).joined(separator: ", ")))"
        }
    }
}

extension SettingPlan {
    fileprivate var change: TableChange {
        switch self {
        case .tableClass(let tableClass): .setTableClass(tableClass)
        case .maxima(let read, let write, nil): .changeOnDemandThroughput(Self.maxima(read, write))
        case .maxima(let read, let write, let index?):
            .updateIndex(name: Text(index), nil, Self.maxima(read, write))
        case .replicaMaximum(let region, let read): .updateReplica(region: Text(region), Self.overrides(read))
        case .billing(.provisioned):
            .setBilling(.provisioned, Throughput(read: Self.provisionedUnits, write: Self.provisionedUnits))
        case .billing(.payPerRequest): .setBilling(.payPerRequest, nil)
        case .warmThroughput(let read, let write): .setWarmThroughput(WarmThroughput(read: read, write: write))
        case .encryption(let isOn): .setEncryptionRequested(isOn)
        case .timeToLive(let isOn): .setTimeToLive(attribute: Expiries.attribute, isEnabled: isOn)
        case .deletionProtection(let isOn): .setDeletionProtection(isOn)
        }
    }

    private static func overrides(_ read: Int) -> ReplicaOverrides {
        var overrides = ReplicaOverrides()
        overrides.maximumReadRequestUnits = read
        return overrides
    }

    private static func maxima(_ read: Int?, _ write: Int?) -> OnDemandChange {
        OnDemandChange(read: read.map { .set($0) } ?? .keep, write: write.map { .set($0) } ?? .keep)
    }
}

extension TableChange {
    fileprivate var text: String {
        switch self {
        case .createIndex(let index): "a new index \(index.name)"
        case .deleteIndex(let name): "no index \(name)"
        case .createReplica(let region, _): "a replica in \(region)"
        case .deleteReplica(let region): "no replica in \(region)"
        case .setTimeToLive: "time to live"
        default: "a setting"
        }
    }
}
