import ConfigurationFiles
import RegionStore

extension ScenarioReader {
    /// Reads the timeline, in the order of its times, and refuses what cannot happen on it.
    func readFaults(_ field: ConfigurationField, tables: [TablePlan]) -> [FaultPlan] {
        guard let list = field.list() else { return [] }
        let read = list.flatMap { element in readFault(element).map { (plan: $0, field: element) } }
        // Stable: what is planned for one time happens in the file's order.
        let sorted = read.enumerated().sorted { ($0.element.plan.at, $0.offset) < ($1.element.plan.at, $1.offset) }
            .map(\.element)
        // What comes many times has its problem once.
        var refused: [String] = []
        func refuse(_ field: ConfigurationField, _ found: String, expected: String, beside other: String = "") {
            let pair = "\(field.path) \(other)"
            guard !refused.contains(pair) else { return }
            refused.append(pair)
            field.refuse(found, expected: expected)
        }
        for (index, later) in sorted.enumerated() {
            for earlier in sorted[..<index] {
                guard let clash = later.plan.clash(with: earlier.plan) else { continue }
                refuse(
                    later.field,
                    "\(earlier.field.path) has \(clash) until "
                        + (earlier.plan.duration.map { (earlier.plan.at + $0).configurationText } ?? "the end"),
                    expected: "a time when it is over", beside: earlier.field.path)
            }
        }
        var schema = SchemaTimeline(tables: tables)
        for (plan, place) in sorted {
            if let problem = schema.apply(plan.kind) { refuse(place, problem.found, expected: problem.expected) }
        }
        return sorted.map(\.plan)
    }

    /// One fault, or the same of several regions, at each of its times; nothing after a problem was noted.
    private func readFault(_ field: ConfigurationField) -> [FaultPlan] {
        let names = FaultPlan.Kind.names
        let times = ["at", "for", "every", "times"]
        let expected = "a mapping with at, for and one of \(names.joined(separator: ", "))"
        guard let members = field.mapping(keys: times + names, required: ["at"]) else { return [] }
        let kinds = members.fields.filter { names.contains($0.name) }
        let isStrange = members.fields.contains { !(names + times).contains($0.name) }
        guard kinds.count == 1 else {
            if kinds.count > 1 {
                field.refuse(
                    "found \(kinds.map(\.name).joined(separator: " and "))", expected: "one kind of fault")
            } else if !isStrange {
                field.refuse("nothing goes wrong in it", expected: expected)
            }
            return []
        }
        let struck = readKinds(kinds[0].name, kinds[0].value)
        let at = members["at"].flatMap { $0.duration(in: .zero...(duration ?? Self.durationMax)) }
        let length = members["for"].flatMap { $0.duration(in: .milliseconds(1)...Self.durationMax) }
        guard let first = struck.first, let at else { return [] }
        refuseTimes(of: first, at: at, length: length, members)
        let faults = struck.map { FaultPlan(at: at, duration: length, kind: $0) }
        guard let repetition = FaultRepetition(members, of: faults[0], until: duration) else { return [] }
        return faults.flatMap(repetition.faults)
    }

    private func refuseTimes(of kind: FaultPlan.Kind, at: Duration, length: Duration?, _ members: ConfigurationMapping)
    {
        if let duration, let length, at + length > duration {
            members["for"]?.refuse(
                "it ends at \((at + length).configurationText), after the scenario",
                expected: "an end by \(duration.configurationText)")
        }
        if kind.isOverAtOnce {
            members["for"]?.refuse("'\(kind.name)' is over at once", expected: "no 'for'")
        }
        if case .leapSmear(_, let step) = kind {
            if members["for"] == nil {
                members["at"]?.refuse("'leap-smear' needs to know how long it takes", expected: "a 'for'")
            } else if let length, length <= step {
                members["for"]?.refuse("the clock would stand still", expected: "a time longer than 'by'")
            }
        }
    }

    // MARK: Kinds

    /// One kind; or the same for each region, where a list of them stands in the place of a region.
    private func readKinds(_ name: String, _ value: ConfigurationField) -> [FaultPlan.Kind] {
        guard let kind = readKind(name, value) else { return [] }
        let place = value.form == .mapping ? value.anyMapping(expected: "")?["region"] : value
        guard let place, place.form == .list, kind.striking("") != nil else { return [kind] }
        // What is wrong in the list has been told.
        let names = (place.list() ?? []).filter { $0.form == .scalar }.compactMap { $0.text() }
        return names.compactMap(kind.striking)
    }

    /// The region that a fault strikes; of several the first.
    private func struckRegion(_ field: ConfigurationField) -> String? {
        field.form == .list ? distinctRegions(field).first : region(field)
    }

    private func readKind(_ name: String, _ value: ConfigurationField) -> FaultPlan.Kind? {
        switch name {
        case "crash": struckRegion(value).map { .crash(region: $0) }
        case "power-loss": struckRegion(value).map { .powerLoss(region: $0) }
        case "restart": struckRegion(value).map { .restart(region: $0) }
        case "pause": struckRegion(value).map { .pause(region: $0) }
        case "disk-loss": struckRegion(value).map { .diskLoss(region: $0) }
        case "old-copy": struckRegion(value).map { .oldCopy(region: $0) }
        case "disk-errors": struckRegion(value).map { .diskErrors(region: $0) }
        case "disk-full": struckRegion(value).map { .diskFull(region: $0) }
        case "slow-process", "slow-disk", "bit-flips", "clock-step", "clock-drift", "leap-smear":
            readRegionKind(name, value)
        case "partition": readGroups(value).map { .partition(groups: $0) }
        case "one-way-partition", "reset", "flapping", "slow-link": readLinkKind(name, value)
        case "create-table": readTable(value).map { .createTable($0) }
        case "change-setting": readSetting(value)
        default: readSchemaKind(name, value)
        }
    }

    private func readRegionKind(_ name: String, _ value: ConfigurationField) -> FaultPlan.Kind? {
        let figures = [
            "slow-process": "factor", "slow-disk": "sync", "bit-flips": "share", "clock-step": "by",
            "clock-drift": "ppm", "leap-smear": "by",
        ]
        guard let key = figures[name], let members = value.mapping(keys: ["region", key], required: ["region", key])
        else { return nil }
        let region = members["region"].flatMap(struckRegion)
        guard let figure = members[key] else { return nil }
        let make: ((String) -> FaultPlan.Kind)?
        switch name {
        case "slow-process":
            make = figure.number(in: 1...10_000).map { factor in { .slowProcess(region: $0, factor: factor) } }
        case "slow-disk":
            make = figure.duration(in: .zero...(.seconds(60))).map { sync in { .slowDisk(region: $0, latency: sync) } }
        case "bit-flips":
            make = figure.share().map { share in { .bitFlips(region: $0, share: share) } }
        case "clock-step":
            make = figure.signedDuration(atMost: .seconds(366 * 24 * 3600))
                .map { step in { .clockStep(region: $0, by: step) } }
        case "clock-drift":
            make = figure.number(in: -100_000...100_000)
                .map { rate in { .clockDrift(region: $0, partsPerMillion: rate) } }
        default:
            make = figure.duration(in: .milliseconds(1)...(.seconds(3600)))
                .map { step in { .leapSmear(region: $0, by: step) } }
        }
        return region.flatMap { name in make.map { $0(name) } }
    }

    private func readLinkKind(_ name: String, _ value: ConfigurationField) -> FaultPlan.Kind? {
        let more = ["flapping": ["down", "up"], "slow-link": ["bandwidth", "latency"]][name] ?? []
        let required = ["from", "to"] + (name == "flapping" ? more : [])
        guard let members = value.mapping(keys: ["from", "to"] + more, required: required) else { return nil }
        let from = members["from"].flatMap(region)
        let to = members["to"].flatMap(region)
        let pauses: ClosedRange<Duration> = .milliseconds(1)...(.seconds(24 * 3600))
        let down = members["down"].flatMap { $0.duration(in: pauses) }
        let up = members["up"].flatMap { $0.duration(in: pauses) }
        let bandwidth = members["bandwidth"].flatMap { $0.byteRate(in: 1...1 << 40) }
        let latency = members["latency"].map { $0.number(in: 1...10_000) } ?? 1
        if name == "slow-link", members["bandwidth"] == nil, members["latency"] == nil {
            value.refuse("nothing makes it slow", expected: "'bandwidth', 'latency' or both")
        }
        guard let from, let to, let latency else { return nil }
        guard from != to else {
            members["to"]?.refuse("it is the same region as 'from'", expected: "another region")
            return nil
        }
        switch name {
        case "one-way-partition": return .oneWayPartition(from: from, to: to)
        case "reset": return .reset(from: from, to: to)
        case "slow-link": return .slowLink(from: from, to: to, bandwidth: bandwidth, latencyFactor: latency)
        default:
            guard let down, let up else { return nil }
            return .flapping(from: from, to: to, down: down, up: up)
        }
    }

    private func readGroups(_ field: ConfigurationField) -> [[String]]? {
        guard let list = field.list() else { return nil }
        let groups = list.map(distinctRegions)
        if groups.count < 2 { field.refuse("found \(groups.count) groups", expected: "at least two lists of regions") }
        var seen: [String] = []
        for (group, element) in zip(groups, list) {
            for name in group where seen.contains(name) {
                element.refuse("'\(name)' is in two groups", expected: "each region in one group at most")
            }
            seen += group
        }
        return groups
    }

    private func readSchemaKind(_ name: String, _ value: ConfigurationField) -> FaultPlan.Kind? {
        let keys =
            switch name {
            case "delete-table": ["table", "region"]
            case "add-replica", "remove-replica": ["table", "region", "by"]
            default: ["table", "name", "by"]
            }
        let optional = name == "add-index" ? ["projection", "sort-key"] : []
        guard let members = value.mapping(keys: keys + optional, required: keys) else { return nil }
        let table = members["table"].flatMap(resourceName)
        let place = members["region"].flatMap(region)
        let requester = members["by"].flatMap(region)
        guard let table else { return nil }
        switch name {
        case "delete-table": return place.map { .deleteTable(name: table, region: $0) }
        case "add-replica", "remove-replica":
            guard let place, let requester else { return nil }
            return name == "add-replica"
                ? .addReplica(table: table, region: place, by: requester)
                : .removeReplica(table: table, region: place, by: requester)
        default:
            guard let index = index(in: members), let requester else { return nil }
            return name == "add-index"
                ? .addIndex(table: table, index, by: requester)
                : .removeIndex(table: table, name: index.name, by: requester)
        }
    }

    private func readSetting(_ field: ConfigurationField) -> FaultPlan.Kind? {
        let settings = [
            "class", "max-reads", "max-writes", "index", "replica", "billing", "warm-reads", "warm-writes",
            "encryption", "time-to-live", "deletion-protection",
        ]
        guard let members = field.mapping(keys: ["table", "by"] + settings, required: ["table", "by"]) else {
            return nil
        }
        let table = members["table"].flatMap(resourceName)
        let requester = members["by"].flatMap(region)
        var plans: [SettingPlan] = []
        if let place = members["class"] {
            guard let tableClass: TableClass = place.choice(separator: " or ") else { return nil }
            plans.append(.tableClass(tableClass))
        }
        let units = 1...1_000_000_000
        func number(_ name: String) -> Int? { members[name].flatMap { $0.integer(in: units) } }
        if let replica = members["replica"] {
            guard let name = region(replica) else { return nil }
            guard let read = number("max-reads"), members["max-writes"] == nil, members["index"] == nil else {
                replica.refuse("another setting of one replica than max-reads", expected: "max-reads beside it")
                return nil
            }
            plans.append(.replicaMaximum(region: name, read: read))
        } else if members["max-reads"] != nil || members["max-writes"] != nil {
            plans.append(
                .maxima(
                    read: number("max-reads"), write: number("max-writes"),
                    index: members["index"].flatMap(resourceName)))
        } else if let index = members["index"] {
            index.refuse("an index without a maximum", expected: "max-reads, max-writes or both beside it")
        }
        if let place = members["billing"] {
            guard let mode: BillingMode = place.choice(separator: " or ") else { return nil }
            plans.append(.billing(mode))
        }
        if members["warm-reads"] != nil || members["warm-writes"] != nil {
            guard let read = number("warm-reads"), let write = number("warm-writes") else {
                field.refuse("one of warm-reads and warm-writes", expected: "both")
                return nil
            }
            plans.append(.warmThroughput(read: read, write: write))
        }
        let switches: [(name: String, plan: (Bool) -> SettingPlan)] = [
            ("encryption", SettingPlan.encryption), ("time-to-live", SettingPlan.timeToLive),
            ("deletion-protection", SettingPlan.deletionProtection),
        ]
        for (name, plan) in switches {
            guard let place = members[name] else { continue }
            guard let isOn = place.flag() else { return nil }
            plans.append(plan(isOn))
        }
        guard plans.count == 1 else {
            field.refuse(
                "found \(plans.count) settings",
                expected:
                    "one of class, max-reads and max-writes (of an index or a replica, too), billing, warm-reads with warm-writes, "
                    + "encryption, time-to-live and deletion-protection")
            return nil
        }
        guard let table, let requester else { return nil }
        return .changeSetting(table: table, plans[0], by: requester)
    }
}
