import ConfigurationFiles

/// Reads what a scenario says of networks, disks and processes.
struct HardwareReader {
    let reader: ScenarioReader

    private var times: ClosedRange<Duration> { .zero...(reader.duration ?? ScenarioReader.durationMax) }

    // MARK: - The network

    func readNetwork(_ field: ConfigurationField, into network: inout NetworkPlan) {
        guard let members = field.mapping(keys: ["latency", "jitter", "loss", "bandwidth"]) else { return }
        members["latency"].map { network.latency = readLatencies($0) }
        members["jitter"].flatMap { $0.number(in: 0...2) }.map { network.jitter = $0 }
        members["loss"].flatMap { $0.share() }.map { network.loss = $0 }
        members["bandwidth"].map { readBandwidths($0, into: &network) }
        if network.loss > 0.9 {
            members["loss"]?.refuse("found \(network.loss)", expected: "a share of at most 90%, or a partition")
        }
    }

    /// The path of a file for all ways, or distributions for some of them, of which a later one takes precedence.
    private func readLatencies(_ field: ConfigurationField) -> [LatencyPlan] {
        switch field.form {
        case .scalar: [readFile(field)].compactMap(\.self)
        case .mapping: [readLatency(field)].compactMap(\.self)
        case .list: (field.list() ?? []).compactMap(readLatency)
        }
    }

    private func readLatency(_ field: ConfigurationField) -> LatencyPlan? {
        guard let members = field.mapping(keys: ["from", "to", "file", "quantiles"]) else { return nil }
        guard (members["file"] == nil) != (members["quantiles"] == nil) else {
            field.refuse("there are both or neither of 'file' and 'quantiles'", expected: "one of them")
            return nil
        }
        var plan = members["file"].flatMap(readFile) ?? members["quantiles"].flatMap(readQuantiles)
        plan?.from = members["from"].flatMap(reader.region)
        plan?.to = members["to"].flatMap(reader.region)
        return plan
    }

    private func readFile(_ field: ConfigurationField) -> LatencyPlan? {
        guard let file = field.text(expected: "the path of a file of latencies") else { return nil }
        do {
            return LatencyPlan(
                source: .file(file), distribution: try HardwareFiles.latencies(path: reader.path(file)))
        } catch {
            refuse(error, of: file, field)
            return nil
        }
    }

    private func refuse(_ problems: TraceProblems, of file: String, _ field: ConfigurationField) {
        for problem in problems.problems {
            field.refuse(problem.line > 0 ? "\(file):\(problem.line): \(problem.text)" : "\(file): \(problem.text)")
        }
    }

    /// A mapping of percentiles, such as `{p0: 38ms, p50: 41ms, p99: 80ms}`.
    private func readQuantiles(_ field: ConfigurationField) -> LatencyPlan? {
        let expected = "percentiles with durations, such as {p0: 38ms, p50: 41ms, p99: 80ms}"
        guard let members = field.anyMapping(expected: expected) else { return nil }
        var quantiles: [LatencyPlan.Quantile] = []
        for member in members.fields {
            guard member.name.hasPrefix("p"),
                let share = ConfigurationField.share("\(member.name.dropFirst())%"), 0...1 ~= share
            else {
                member.value.refuse("'\(member.name)' is no percentile", expected: "p0 to p100, such as p99.9")
                return nil
            }
            guard let time = member.value.duration(in: .zero...(.seconds(3600))) else { return nil }
            quantiles.append(.init(share: share, time: time))
        }
        quantiles.sort { $0.share < $1.share }
        guard !quantiles.isEmpty,
            zip(quantiles, quantiles.dropFirst()).allSatisfy({ $0.time <= $1.time && $0.share < $1.share })
        else {
            field.refuse(
                quantiles.isEmpty ? "there is none" : "a higher percentile is less than a lower one", expected: expected
            )
            return nil
        }
        return LatencyPlan(source: .quantiles(quantiles), distribution: LatencyDistribution(quantiles: quantiles))
    }

    /// One bandwidth, a list of bandwidths with their times, or a file of them.
    private func readBandwidths(_ field: ConfigurationField, into network: inout NetworkPlan) {
        switch field.form {
        case .scalar: network.bandwidth = field.byteRate(in: 1...1 << 40)
        case .mapping:
            guard let members = field.mapping(keys: ["file"], required: ["file"]), let place = members["file"],
                let file = place.text(expected: "the path of a file of bandwidths")
            else { return }
            do {
                network.bandwidthChanges = try HardwareFiles.bandwidths(path: reader.path(file))
                network.bandwidthFile = file
            } catch {
                refuse(error, of: file, place)
            }
        case .list: network.bandwidthChanges = (field.list() ?? []).compactMap(readBandwidth).sorted { $0.at < $1.at }
        }
    }

    private func readBandwidth(_ field: ConfigurationField) -> BandwidthPlan? {
        let keys = ["at", "bandwidth", "from", "to"]
        guard let members = field.mapping(keys: keys, required: ["at", "bandwidth"]), let value = members["bandwidth"]
        else { return nil }
        let at = members["at"].flatMap { $0.duration(in: times) }
        let from = members["from"].flatMap(reader.region)
        let to = members["to"].flatMap(reader.region)
        let isNone = value.form == .scalar && value.text() == "none"
        let bandwidth = isNone ? nil : value.byteRate(in: 1...1 << 40)
        guard let at, isNone || bandwidth != nil else { return nil }
        return BandwidthPlan(at: at, bandwidth: bandwidth, from: from, to: to)
    }

    // MARK: - Disks and processes

    func readDisk(_ field: ConfigurationField, into disk: inout DiskPlan) {
        guard let members = field.mapping(keys: ["sync", "jitter", "tail", "stall"]) else { return }
        members["sync"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { disk.syncLatency = $0 }
        members["jitter"].flatMap { $0.number(in: 0...2) }.map { disk.jitter = $0 }
        disk.tail = members["tail"].flatMap(readTail)
        disk.stall = members["stall"].flatMap(readStall)
    }

    private func readTail(_ field: ConfigurationField) -> TailPlan? {
        guard let members = field.mapping(keys: ["share", "factor"], required: ["share", "factor"]) else { return nil }
        let share = members["share"].flatMap { $0.share() }
        let factor = members["factor"].flatMap { $0.number(in: 1...10_000) }
        guard let share, let factor else { return nil }
        return TailPlan(share: share, factor: factor)
    }

    private func readStall(_ field: ConfigurationField) -> StallPlan? {
        let keys = ["every", "lasting", "factor"]
        guard let members = field.mapping(keys: keys + ["regions"], required: keys) else { return nil }
        let lengths: ClosedRange<Duration> = .milliseconds(1)...ScenarioReader.durationMax
        let every = members["every"].flatMap { $0.duration(in: lengths) }
        let lasting = members["lasting"].flatMap { $0.duration(in: lengths) }
        let factor = members["factor"].flatMap { $0.number(in: 1...10_000) }
        let regions = members["regions"].map(reader.regionList) ?? reader.regions
        guard let every, let lasting, let factor else { return nil }
        if lasting > every { members["lasting"]?.refuse("it is longer than 'every'", expected: "at most 'every'") }
        return StallPlan(every: every, lasting: lasting, factor: factor, regions: regions)
    }

    func readProcess(_ field: ConfigurationField, into process: inout ProcessPlan) {
        guard let members = field.mapping(keys: ["write", "read", "restart-after", "maintenance"]) else { return }
        members["write"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { process.writeCost = $0 }
        members["read"].flatMap { $0.duration(in: .zero...(.seconds(60))) }.map { process.readCost = $0 }
        members["restart-after"].flatMap { $0.duration(in: .milliseconds(1)...(.seconds(3600))) }
            .map { process.restartAfterFailure = $0 }
        members["maintenance"].flatMap { $0.integer(in: 1...20_000) }.map { process.maintenanceQuota = $0 }
    }
}
