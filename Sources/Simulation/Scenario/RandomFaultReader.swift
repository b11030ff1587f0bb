import ConfigurationFiles

/// Reads what a scenario says of the faults that are drawn.
struct RandomFaultReader {
    /// The scenario's, in which the last fault has to end; nil where that could not be read.
    let duration: Duration?

    func read(_ field: ConfigurationField) -> RandomFaultPlan? {
        let members = field.mapping(
            keys: ["count", "within", "lasting", "kinds", "disk-losses", "together"],
            required: ["count", "within", "lasting"])
        guard let members else { return nil }
        let count = members["count"].flatMap { bounds($0) { $0.integer(in: 0...10_000) } }
        let within = members["within"].flatMap { place in
            bounds(place) { $0.duration(in: .zero...(duration ?? ScenarioReader.durationMax)) }
        }
        let lasting = members["lasting"].flatMap { place in
            bounds(place) { $0.duration(in: .milliseconds(1)...(duration ?? ScenarioReader.durationMax)) }
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
        members["together"].flatMap { $0.share() }.map { plan.togetherShare = $0 }
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
