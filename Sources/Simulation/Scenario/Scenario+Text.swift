import ConfigurationFiles
import Foundation
import RegionStore

extension Scenario {
    /// The scenario as the text of a file in its own folder that reads back to it, with every default written out.
    ///
    /// Durations are written to the microsecond. Parameters have the values that they have in this scenario, and are none any more.
    public var text: String { text { $0 } }

    /// The text of a file in another folder, which names other files by their whole paths.
    public func text(inFolder other: String) -> String {
        if other == folder { return text }
        return text { path in
            path.hasPrefix("/") ? path : URL(fileURLWithPath: "\(folder)/\(path)").standardizedFileURL.path
        }
    }

    /// - Parameter path: what stands for the path of a file, relative to the scenario's folder.
    func text(_ path: (String) -> String) -> String {
        var lines = ["name: \(ConfigurationText.quoted(name))"]
        if !description.isEmpty { lines.append("description: \(ConfigurationText.quoted(description))") }
        lines += [
            "topology: \(ConfigurationText.quoted(path(topologyFile)))",
            "regions: \(Self.list(topology.regions.map(\.name)))",
            "duration: \(duration.configurationText)",
            "settle: \(settle.configurationText)",
        ]
        lines.append(tables.isEmpty ? "tables: []" : "tables:")
        lines += tables.map { "  - \(Self.flow($0))" }
        lines.append(workload.isEmpty ? "workload: []" : "workload:")
        lines += workload.flatMap { Self.lines(of: $0, path) }
        lines += [
            "network: {\(networkText(path))}", "disk: {\(diskText)}",
            "process: {write: \(process.writeCost.configurationText), read: \(process.readCost.configurationText), "
                + "restart-after: \(process.restartAfterFailure.configurationText)"
                + (process.maintenanceQuota.map { ", maintenance: \($0)" } ?? "") + "}",
        ]
        if let text = links.text { lines.append("links: \(text)") }
        if isSwarm { lines.append("swarm: true") }
        if let text = log.text { lines.append("log: \(text)") }
        if !faults.isEmpty { lines.append("faults:") }
        lines += faults.map { "  - \(Self.flow($0))" }
        if let randomFaults { lines += Self.lines(of: randomFaults) }
        if !expectations.isEmpty { lines.append("expectations:") }
        lines += expectations.map { "  - \($0.text)" }
        return TextParameters.escaped(lines.joined(separator: "\n") + "\n")
    }

    // MARK: Hardware

    private func networkText(_ path: (String) -> String) -> String {
        func ways(_ from: String?, _ to: String?) -> String {
            (from.map { "from: \(ConfigurationText.quoted($0)), " } ?? "")
                + (to.map { "to: \(ConfigurationText.quoted($0)), " } ?? "")
        }
        var parts = [
            "jitter: \(ConfigurationText.number(network.jitter))", "loss: \(ConfigurationText.share(network.loss))",
        ]
        if !network.latency.isEmpty {
            let plans = network.latency.map { plan in
                let source =
                    switch plan.source {
                    case .file(let file): "file: \(ConfigurationText.quoted(path(file)))"
                    case .quantiles(let quantiles):
                        "quantiles: {"
                            + quantiles.map {
                                "p\(ConfigurationText.percent($0.share)): \($0.time.configurationText)"
                            }.joined(separator: ", ") + "}"
                    }
                return "{\(ways(plan.from, plan.to))\(source)}"
            }
            parts.append("latency: [\(plans.joined(separator: ", "))]")
        }
        if let file = network.bandwidthFile {
            parts.append("bandwidth: {file: \(ConfigurationText.quoted(path(file)))}")
        } else if !network.bandwidthChanges.isEmpty {
            let changes = network.bandwidthChanges.map { change in
                "{\(ways(change.from, change.to))at: \(change.at.configurationText), "
                    + "bandwidth: \(change.bandwidth.map(ConfigurationText.byteRate) ?? "none")}"
            }
            parts.append("bandwidth: [\(changes.joined(separator: ", "))]")
        } else if let bandwidth = network.bandwidth {
            parts.append("bandwidth: \(ConfigurationText.byteRate(bandwidth))")
        }
        return parts.joined(separator: ", ")
    }

    private var diskText: String {
        var parts = [
            "sync: \(disk.syncLatency.configurationText)", "jitter: \(ConfigurationText.number(disk.jitter))",
        ]
        if let tail = disk.tail {
            parts.append(
                "tail: {share: \(ConfigurationText.share(tail.share)), factor: \(ConfigurationText.number(tail.factor))}"
            )
        }
        if let stall = disk.stall {
            parts.append(
                "stall: {every: \(stall.every.configurationText), lasting: \(stall.lasting.configurationText), "
                    + "factor: \(ConfigurationText.number(stall.factor)), regions: \(Self.list(stall.regions))}")
        }
        return parts.joined(separator: ", ")
    }

    // MARK: Tables and workload

    private static func list(_ names: [String]) -> String {
        "[\(names.map(ConfigurationText.quoted).joined(separator: ", "))]"
    }

    private static func flow(_ table: TablePlan) -> String {
        let indexes = table.indexes.map { "{\($0.text)}" }
        return "{name: \(ConfigurationText.quoted(table.name)), sort-key: \(table.hasSortKey), "
            + "replicas: \(list(table.replicas)), indexes: [\(indexes.joined(separator: ", "))]"
            + (table.hasTimeToLive ? ", time-to-live: true" : "")
            + (table.streamViewType == .newAndOldImages ? "}" : ", stream: \(table.streamViewType.rawValue)}")
    }

    private static func lines(of plan: WorkloadPlan, _ path: (String) -> String) -> [String] {
        let parts = WorkloadPlan.Mix.parts.filter { plan.mix[keyPath: $0.path] != 0 }
            .map { "\($0.name): \(plan.mix[keyPath: $0.path])" }
        var lines = [
            "  - name: \(ConfigurationText.quoted(plan.name))",
            "    table: \(ConfigurationText.quoted(plan.table))",
            "    regions: \(list(plan.regions))",
        ]
        if let trace = plan.trace {
            lines.append("    trace: \(text(of: trace.source, path))")
        } else {
            lines += [
                "    arrival: \(text(of: plan.arrival))",
                "    mix: {\(parts.joined(separator: ", "))}",
                "    keys: {count: \(plan.keys.count), distribution: \(text(of: plan.keys.distribution))}",
            ]
        }
        lines += [
            "    item-size: \(ByteCountText.print(plan.itemByteCount))",
            "    timeout: \(plan.timeout.configurationText)",
        ]
        if let lifetime = plan.lifetime { lines.append("    lifetime: \(lifetime.configurationText)") }
        switch plan.failover {
        case .none: lines.append("    failover: none")
        case .nearest(let errors, let back):
            lines.append("    failover: {after-errors: \(errors), back-after: \(back.configurationText)}")
        case .inOrder(let regions, let errors, let back):
            lines.append(
                "    failover: {after-errors: \(errors), back-after: \(back.configurationText), order: \(list(regions))}"
            )
        }
        lines.append(
            "    retries: {mode: \(plan.retries.mode.rawValue), max-attempts: \(plan.retries.maxAttempts), "
                + "backoff: \(plan.retries.backoff.configurationText), "
                + "backoff-max: \(plan.retries.backoffMax.configurationText)}")
        if let from = plan.from { lines.append("    from: \(from.configurationText)") }
        if let until = plan.until { lines.append("    until: \(until.configurationText)") }
        return lines
    }

    private static func text(of arrival: WorkloadPlan.Arrival) -> String {
        switch arrival {
        case .poisson(let rate): "{poisson: \(ConfigurationText.rate(perSecond: rate))}"
        case .diurnal(let low, let high, let period):
            "{diurnal: {low: \(ConfigurationText.rate(perSecond: low)), "
                + "high: \(ConfigurationText.rate(perSecond: high)), period: \(period.configurationText)}}"
        case .burst(let rate, let peak, let every, let length):
            "{burst: {base: \(ConfigurationText.rate(perSecond: rate)), "
                + "peak: \(ConfigurationText.rate(perSecond: peak)), every: \(every.configurationText), "
                + "length: \(length.configurationText)}}"
        case .trace: ""
        case .closed(let clients, let think): "{closed: {clients: \(clients), think: \(think.configurationText)}}"
        }
    }

    private static func text(of source: RequestTrace.Source, _ path: (String) -> String) -> String {
        var members = ["file: \(ConfigurationText.quoted(path(source.file)))"]
        for (name, value) in [
            ("table", source.table), ("partition-key", source.partitionKey), ("sort-key", source.sortKey),
            ("region", source.region),
        ] {
            if let value { members.append("\(name): \(ConfigurationText.quoted(value))") }
        }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func text(of distribution: WorkloadPlan.KeyChoice.Distribution) -> String {
        switch distribution {
        case .uniform: "uniform"
        case .latest: "latest"
        case .zipfian(let constant): "{zipfian: \(ConfigurationText.number(constant))}"
        case .hotSet(let keys, let requests):
            "{hot-set: {keys: \(ConfigurationText.share(keys)), requests: \(ConfigurationText.share(requests))}}"
        }
    }

    // MARK: Faults

    private static func flow(_ fault: FaultPlan) -> String {
        let length = fault.duration.map { ", for: \($0.configurationText)" } ?? ""
        return "{at: \(fault.at.configurationText)\(length), \(fault.kind.name): \(value(of: fault.kind))}"
    }

    private static func value(of kind: FaultPlan.Kind) -> String {
        func quoted(_ name: String) -> String { ConfigurationText.quoted(name) }
        func link(_ from: String, _ to: String) -> String { "from: \(quoted(from)), to: \(quoted(to))" }
        func change(_ table: String, _ key: String, _ name: String, _ requester: String) -> String {
            "{table: \(quoted(table)), \(key): \(quoted(name)), by: \(quoted(requester))}"
        }
        switch kind {
        case .crash(let region), .powerLoss(let region), .restart(let region), .pause(let region),
            .diskLoss(let region), .oldCopy(let region), .diskErrors(let region), .diskFull(let region):
            return quoted(region)
        case .slowProcess(let region, let factor):
            return "{region: \(quoted(region)), factor: \(ConfigurationText.number(factor))}"
        case .slowDisk(let region, let latency):
            return "{region: \(quoted(region)), sync: \(latency.configurationText)}"
        case .bitFlips(let region, let share):
            return "{region: \(quoted(region)), share: \(ConfigurationText.share(share))}"
        case .partition(let groups): return "[\(groups.map(list).joined(separator: ", "))]"
        case .oneWayPartition(let from, let to), .reset(let from, let to): return "{\(link(from, to))}"
        case .flapping(let from, let to, let down, let up):
            return "{\(link(from, to)), down: \(down.configurationText), up: \(up.configurationText)}"
        case .slowLink(let from, let to, let bandwidth, let factor):
            let limit = bandwidth.map { ", bandwidth: \(ConfigurationText.byteRate($0))" } ?? ""
            return "{\(link(from, to))\(limit), latency: \(ConfigurationText.number(factor))}"
        case .clockStep(let region, let step):
            return "{region: \(quoted(region)), by: \(ConfigurationText.signed(step))}"
        case .clockDrift(let region, let rate):
            return "{region: \(quoted(region)), ppm: \(ConfigurationText.number(rate))}"
        case .leapSmear(let region, let step): return "{region: \(quoted(region)), by: \(step.configurationText)}"
        case .createTable(let table): return flow(table)
        case .deleteTable(let name, let region): return "{table: \(quoted(name)), region: \(quoted(region))}"
        case .addReplica(let table, let region, let requester), .removeReplica(let table, let region, let requester):
            return change(table, "region", region, requester)
        case .addIndex(let table, let index, let requester):
            return "{table: \(quoted(table)), \(index.text), by: \(quoted(requester))}"
        case .removeIndex(let table, let name, let requester): return change(table, "name", name, requester)
        case .changeSetting(let table, let setting, let requester):
            return "{table: \(quoted(table)), \(text(of: setting)), by: \(quoted(requester))}"
        }
    }

    private static func text(of setting: SettingPlan) -> String {
        switch setting {
        case .tableClass(let tableClass):
            "class: \(tableClass.rawValue)"
        case .maxima(let read, let write, let index):
            [
                index.map { "index: \(ConfigurationText.quoted($0))" }, read.map { "max-reads: \($0)" },
                write.map { "max-writes: \($0)" },
            ].compactMap(\.self).joined(separator: ", ")
        case .replicaMaximum(let region, let read):
            "replica: \(ConfigurationText.quoted(region)), max-reads: \(read)"
        case .billing(let mode): "billing: \(mode.rawValue)"
        case .warmThroughput(let read, let write): "warm-reads: \(read), warm-writes: \(write)"
        case .encryption(let isOn): "encryption: \(isOn)"
        case .timeToLive(let isOn): "time-to-live: \(isOn)"
        case .deletionProtection(let isOn): "deletion-protection: \(isOn)"
        }
    }

    private static func lines(of plan: RandomFaultPlan) -> [String] {
        let (within, lasting) = (plan.within, plan.lasting)
        return [
            "random-faults:",
            "  count: [\(plan.count.lowerBound), \(plan.count.upperBound)]",
            "  within: [\(within.lowerBound.configurationText), \(within.upperBound.configurationText)]",
            "  lasting: [\(lasting.lowerBound.configurationText), \(lasting.upperBound.configurationText)]",
            "  kinds: \(list(plan.kinds))",
            "  disk-losses: \(plan.diskLossCountMax)",
            "  together: \(ConfigurationText.share(plan.togetherShare))",
        ]
    }
}

extension TablePlan.IndexPlan {
    /// As a scenario file says it, without braces.
    fileprivate var text: String {
        "name: \(ConfigurationText.quoted(name)), projection: \(projection.rawValue)"
            + (hasSortKey ? ", sort-key: true" : "") + (isLocal ? ", local: true" : "")
    }
}
