import ConfigurationFiles

extension ScenarioReader {
    func readWorkload(_ field: ConfigurationField, tables: [TablePlan], faults: [FaultPlan]) -> [WorkloadPlan] {
        guard let list = field.list() else { return [] }
        var plans: [WorkloadPlan] = []
        for element in list {
            guard let plan = readPlan(element, tables: tables, faults: faults) else { continue }
            if plans.contains(where: { $0.name == plan.name }) {
                element.refuse("a workload is already called '\(plan.name)'", expected: "a name of its own")
            }
            plans.append(plan)
        }
        return plans
    }

    private func readPlan(_ field: ConfigurationField, tables: [TablePlan], faults: [FaultPlan]) -> WorkloadPlan? {
        let members = field.mapping(
            keys: [
                "name", "table", "regions", "arrival", "mix", "keys", "trace", "item-size", "lifetime", "timeout",
                "failover", "retries", "from", "until",
            ], required: ["table"])
        guard let members else { return nil }
        let isReplay = members["trace"] != nil
        for key in ["arrival", "mix", "keys"] {
            if isReplay {
                members[key]?.refuse("the trace says that", expected: "'trace', or 'arrival', 'mix' and 'keys'")
            } else if members[key] == nil {
                field.refuse("'\(key)' is missing", expected: "")
            }
        }
        let table = members["table"].flatMap { $0.text(expected: "a table") }
        let homes = members["regions"].map(regionList)
        let name = members["name"].flatMap { $0.text() }
        let replicas = table.flatMap { replicaRegions(of: $0, tables: tables, faults: faults) }
        var (arrival, mix, keys) = (
            members["arrival"].flatMap(readArrival), members["mix"].flatMap(readMix),
            members["keys"].flatMap(readKeys)
        )
        if let place = members["trace"] {
            let hasSortKey = (tables + Self.made(by: faults)).first { $0.name == table }?.hasSortKey ?? false
            arrival = TraceSourceReader(reader: self)
                .read(place, itemsHaveSortKey: hasSortKey, regions: homes ?? replicas ?? []).map { .trace($0) }
            (mix, keys) = (WorkloadPlan.Mix(), WorkloadPlan.KeyChoice(count: 1, distribution: .uniform))
        }
        guard let table, let arrival, let mix, let keys else { return nil }
        if let replicas {
            refuseStrangers(homes ?? [], replicas: replicas, table: table, field: members["regions"] ?? field)
        } else {
            members["table"]?.refuse(
                "no table is called '\(table)'",
                expected: tables.isEmpty ? "a table of the scenario" : "one of \(names(tables))")
        }
        var plan = WorkloadPlan(
            name: name ?? table, table: table, regions: homes ?? replicas ?? [], arrival: arrival, mix: mix,
            keys: keys)
        members["item-size"].flatMap { $0.byteCount(in: 0...390 << 10) }.map { plan.itemByteCount = $0 }
        plan.lifetime = members["lifetime"].flatMap { $0.duration(in: .seconds(1)...Self.durationMax) }
        members["timeout"].flatMap { $0.duration(in: .milliseconds(1)...(.seconds(3600))) }.map { plan.timeout = $0 }
        let clients = ClientReader(reader: self)
        members["failover"].flatMap { clients.readFailover($0, replicas: replicas) }.map { plan.failover = $0 }
        members["retries"].flatMap(clients.readRetries).map { plan.retries = $0 }
        plan.from = members["from"].flatMap { $0.duration(in: .zero...(duration ?? Self.durationMax)) }
        plan.until = members["until"].flatMap { $0.duration(in: .zero...(duration ?? Self.durationMax)) }
        if let until = plan.until, until <= plan.from ?? .zero {
            members["until"]?.refuse("found '\(until.configurationText)'", expected: "a time after 'from'")
        }
        return plan
    }

    private static func made(by faults: [FaultPlan]) -> [TablePlan] {
        faults.compactMap { fault in
            if case .createTable(let plan) = fault.kind { plan } else { nil }
        }
    }

    private func names(_ tables: [TablePlan]) -> String { tables.map(\.name).joined(separator: ", ") }

    /// The regions that have a replica of the table at some time; nil when there is never such a table.
    private func replicaRegions(of table: String, tables: [TablePlan], faults: [FaultPlan]) -> [String]? {
        var replicas = tables.first { $0.name == table }?.replicas
        for fault in faults {
            switch fault.kind {
            case .createTable(let plan) where plan.name == table:
                replicas = (replicas ?? []) + plan.replicas.filter { !(replicas ?? []).contains($0) }
            case .addReplica(table, let region, _) where !(replicas ?? []).contains(region):
                replicas = (replicas ?? []) + [region]
            default: continue
            }
        }
        return replicas
    }

    private func refuseStrangers(_ clients: [String], replicas: [String], table: String, field: ConfigurationField) {
        for region in clients where !replicas.contains(region) {
            field.refuse(
                "'\(table)' has no replica in '\(region)'", expected: "some of \(replicas.joined(separator: ", "))")
        }
    }

    // MARK: Arrival

    private static let rates: ClosedRange<Double> = 0.001...1_000_000

    private func readArrival(_ field: ConfigurationField) -> WorkloadPlan.Arrival? {
        guard let (name, value) = onlyMember(of: field, allowed: ["poisson", "diurnal", "burst", "closed"]) else {
            return nil
        }
        let lengths: ClosedRange<Duration> = .milliseconds(1)...Self.durationMax
        switch name {
        case "poisson": return value.rate(in: Self.rates).map { .poisson(perSecond: $0) }
        case "diurnal":
            guard let members = value.mapping(keys: ["low", "high", "period"], required: ["low", "high", "period"])
            else { return nil }
            let low = members["low"].flatMap { $0.rate(in: Self.rates) }
            let high = members["high"].flatMap { $0.rate(in: Self.rates) }
            let period = members["period"].flatMap { $0.duration(in: lengths) }
            guard let low, let high, let period else { return nil }
            if high < low { value.refuse("'high' is less than 'low'", expected: "a 'high' of at least 'low'") }
            return .diurnal(low: low, high: high, period: period)
        case "burst":
            let keys = ["base", "peak", "every", "length"]
            guard let members = value.mapping(keys: keys, required: keys) else { return nil }
            let base = members["base"].flatMap { $0.rate(in: Self.rates) }
            let peak = members["peak"].flatMap { $0.rate(in: Self.rates) }
            let every = members["every"].flatMap { $0.duration(in: lengths) }
            let length = members["length"].flatMap { $0.duration(in: lengths) }
            guard let base, let peak, let every, let length else { return nil }
            if length > every { members["length"]?.refuse("it is longer than 'every'", expected: "at most 'every'") }
            if peak < base { value.refuse("'peak' is less than 'base'", expected: "a 'peak' of at least 'base'") }
            return .burst(perSecond: base, peak: peak, every: every, length: length)
        default:
            guard let members = value.mapping(keys: ["clients", "think"], required: ["clients"]) else { return nil }
            let clients = members["clients"].flatMap { $0.integer(in: 1...100_000) }
            let think = members["think"].map { $0.duration(in: .zero...(.seconds(3600))) } ?? .zero
            guard let clients, let think else { return nil }
            return .closed(clients: clients, think: think)
        }
    }

    /// The one member of a mapping that must have one of the `allowed`.
    func onlyMember(of field: ConfigurationField, allowed: [String]) -> (name: String, value: ConfigurationField)? {
        let expected = "one of \(allowed.joined(separator: ", ")), with its value"
        guard let members = field.mapping(keys: allowed) else { return nil }
        let known = members.fields.filter { allowed.contains($0.name) }
        guard known.count == 1 else {
            if known.count > 1 || members.fields.isEmpty {
                field.refuse("found \(known.map(\.name).joined(separator: " and "))", expected: expected)
            }
            return nil
        }
        return (known[0].name, known[0].value)
    }

    // MARK: Mix and keys

    private func readMix(_ field: ConfigurationField) -> WorkloadPlan.Mix? {
        let parts = WorkloadPlan.Mix.parts
        if field.form == .scalar {
            let expected = "ycsb-a to ycsb-f, or a mapping with \(parts.map(\.name).joined(separator: ", "))"
            guard let text = field.text(expected: expected) else { return nil }
            guard text.hasPrefix("ycsb-"), text.count == 6, let mix = text.last.flatMap(WorkloadPlan.Mix.ycsb) else {
                field.refuse("found \(field.shown)", expected: expected)
                return nil
            }
            return mix
        }
        guard let members = field.mapping(keys: parts.map(\.name)) else { return nil }
        var mix = WorkloadPlan.Mix()
        for (name, path) in parts {
            members[name].flatMap { $0.integer(in: 0...1_000_000) }.map { mix[keyPath: path] = $0 }
        }
        if members.fields.isEmpty || parts.allSatisfy({ mix[keyPath: $0.path] == 0 }) {
            field.refuse("no kind of request has a part", expected: "at least one part above 0")
        }
        return mix
    }

    private func readKeys(_ field: ConfigurationField) -> WorkloadPlan.KeyChoice? {
        guard let members = field.mapping(keys: ["count", "distribution"], required: ["count"]) else { return nil }
        let count = members["count"].flatMap { $0.integer(in: 1...10_000_000) }
        let distribution = members["distribution"].map(readDistribution) ?? .uniform
        guard let count, let distribution else { return nil }
        return WorkloadPlan.KeyChoice(count: count, distribution: distribution)
    }

    private func readDistribution(_ field: ConfigurationField) -> WorkloadPlan.KeyChoice.Distribution? {
        if field.form == .scalar {
            let expected = "uniform, zipfian, latest, {zipfian: 0.99} or {hot-set: {keys: 10%, requests: 90%}}"
            switch field.text(expected: expected) {
            case "uniform": return .uniform
            case "zipfian": return .zipfian(constant: 0.99)
            case "latest": return .latest
            case nil: return nil
            default:
                field.refuse("found \(field.shown)", expected: expected)
                return nil
            }
        }
        guard let (name, value) = onlyMember(of: field, allowed: ["zipfian", "hot-set"]) else { return nil }
        // YCSB's generator is defined for constants below 1 only.
        if name == "zipfian" { return value.number(in: 0.01...0.999).map { .zipfian(constant: $0) } }
        guard let members = value.mapping(keys: ["keys", "requests"], required: ["keys", "requests"]) else {
            return nil
        }
        let keys = members["keys"].flatMap { $0.share() }
        let requests = members["requests"].flatMap { $0.share() }
        guard let keys, let requests else { return nil }
        return .hotSet(keys: keys, requests: requests)
    }
}

extension WorkloadPlan.Mix {
    /// The kinds of requests by the names that scenario files have for them.
    static var parts: [(name: String, path: WritableKeyPath<Self, Int>)] {
        [
            ("read", \.read), ("put", \.put), ("update", \.update), ("delete", \.delete), ("insert", \.insert),
            ("scan", \.scan), ("query", \.query), ("read-modify-write", \.readModifyWrite),
            ("put-if-absent", \.putIfAbsent),
            ("batch", \.batch), ("transaction", \.transaction),
        ]
    }
}
