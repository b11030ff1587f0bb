import ConfigurationFiles

extension ScenarioReader {
    func readExpectations(_ field: ConfigurationField) -> [Expectation] {
        guard let list = field.list() else { return [] }
        return list.compactMap(readExpectation)
    }

    private func readExpectation(_ field: ConfigurationField) -> Expectation? {
        let expected =
            "one of converges-within: 30s, lost-acknowledged-writes: 0, staleness-p99: {below: 2s}, "
            + "conflicts: {at-least: 1}, unavailability: {region: us-east-1, below: 1%}"
        guard let members = field.anyMapping(expected: expected) else { return nil }
        guard members.fields.count == 1, let member = members.fields.first else {
            field.refuse("found \(members.fields.count) keys", expected: expected)
            return nil
        }
        let value = member.value
        switch member.name {
        case "converges-within":
            return value.duration(in: .zero...Self.durationMax).map { .convergesWithin($0) }
        case "lost-acknowledged-writes":
            return value.integer(in: 0...1_000_000_000).map { .lostAcknowledgedWrites(atMost: $0) }
        case "conflicts":
            guard let bounds = value.mapping(keys: ["at-least"], required: ["at-least"]) else { return nil }
            return bounds["at-least"].flatMap { $0.integer(in: 0...1_000_000_000) }.map { .conflicts(atLeast: $0) }
        case "unavailability":
            guard let bounds = value.mapping(keys: ["region", "below"], required: ["below"]) else { return nil }
            let place = bounds["region"].map(region)
            if case .some(.none) = place { return nil }
            return bounds["below"].flatMap { $0.share() }.map { .unavailability(region: place ?? nil, below: $0) }
        default:
            guard let share = percentile(member, expected: expected) else { return nil }
            guard let bounds = value.mapping(keys: ["below"], required: ["below"]) else { return nil }
            return bounds["below"].flatMap { $0.duration(in: .zero...Self.durationMax) }
                .map { .staleness(share: share, below: $0) }
        }
    }

    /// The share in `staleness-p99` or `staleness-p99.9`; nil for anything else, and outside 0 to 100.
    private func percentile(_ member: ConfigurationMapping.Member, expected: String) -> Double? {
        let prefix = "staleness-p"
        guard member.name.hasPrefix(prefix) else {
            problems.add(
                line: member.keyLine, field: member.value.path, found: "unknown expectation", expected: expected)
            return nil
        }
        guard let share = ConfigurationField.share(member.name.dropFirst(prefix.count) + "%"), share > 0, share <= 1
        else {
            problems.add(
                line: member.keyLine, field: member.value.path, found: "no such percentile",
                expected: "one above 0 and up to 100, such as staleness-p50, staleness-p99.9 or staleness-p100")
            return nil
        }
        return share
    }

    // MARK: Random faults

    func readRandomFaults(_ field: ConfigurationField) -> RandomFaultPlan? {
        let members = field.mapping(
            keys: ["count", "within", "lasting", "kinds", "disk-losses"], required: ["count", "within", "lasting"])
        guard let members else { return nil }
        let count = members["count"].flatMap { bounds($0) { $0.integer(in: 0...10_000) } }
        let within = members["within"].flatMap { place in
            bounds(place) { $0.duration(in: .zero...(duration ?? Self.durationMax)) }
        }
        let lasting = members["lasting"].flatMap { place in
            bounds(place) { $0.duration(in: .milliseconds(1)...(duration ?? Self.durationMax)) }
        }
        let kinds = members["kinds"].map(readDrawable) ?? RandomFaultPlan.drawable
        guard let count, let within, let lasting else { return nil }
        if let duration, within.upperBound + lasting.upperBound > duration {
            members["lasting"]?.refuse(
                "the last fault could end at \((within.upperBound + lasting.upperBound).configurationText), "
                    + "after the scenario", expected: "an end by \(duration.configurationText)")
        }
        var plan = RandomFaultPlan(count: count, within: within, lasting: lasting, kinds: kinds)
        members["disk-losses"].flatMap { $0.integer(in: 0...100) }.map { plan.diskLossCountMax = $0 }
        return plan
    }

    /// One value, or a list with the lowest and the highest.
    private func bounds<Value: Comparable>(
        _ field: ConfigurationField, read: (ConfigurationField) -> Value?
    ) -> ClosedRange<Value>? {
        guard field.form == .list else { return read(field).map { $0...$0 } }
        guard let list = field.list(), list.count == 2 else {
            field.refuse("the list has another number of values", expected: "[lowest, highest]")
            return nil
        }
        let (lowest, highest) = (read(list[0]), read(list[1]))
        guard let lowest, let highest else { return nil }
        guard lowest <= highest else {
            field.refuse("the first value is above the second", expected: "[lowest, highest]")
            return nil
        }
        return lowest...highest
    }

    private func readDrawable(_ field: ConfigurationField) -> [String] {
        let all = RandomFaultPlan.drawable
        if field.form == .scalar {
            guard let text = field.text(expected: "all, or a list of kinds") else { return [] }
            if text != "all" { field.refuse("found \(field.shown)", expected: "all, or a list of kinds") }
            return all
        }
        guard let list = field.list() else { return [] }
        if list.isEmpty { field.refuse("the list is empty", expected: "at least one kind") }
        var kinds: [String] = []
        for element in list {
            guard let kind = element.text(expected: "a kind of fault") else { continue }
            guard all.contains(kind) else {
                element.refuse(
                    FaultPlan.Kind.names.contains(kind)
                        ? "'\(kind)' can't be drawn" : "no kind of fault is called '\(kind)'",
                    expected: "some of \(all.joined(separator: ", "))")
                continue
            }
            if kinds.contains(kind) { element.refuse("'\(kind)' is in the list twice", expected: "each kind once") }
            kinds.append(kind)
        }
        return kinds
    }
}
