import ConfigurationFiles

/// Reads what a workload says of clients whose requests fail.
struct ClientReader {
    let reader: ScenarioReader

    /// - Parameter replicas: the regions with a replica; nil while they are not known.
    func readFailover(_ field: ConfigurationField, replicas: [String]?) -> WorkloadPlan.Failover? {
        if field.form == .scalar {
            let expected = "none or {after-errors: 3, back-after: 30s}"
            guard let text = field.text(expected: expected) else { return nil }
            if text != "none" { field.refuse("found \(field.shown)", expected: expected) }
            return WorkloadPlan.Failover.none
        }
        let keys = ["after-errors", "back-after"]
        guard let members = field.mapping(keys: keys + ["order"], required: keys) else { return nil }
        let errors = members["after-errors"].flatMap { $0.integer(in: 1...1_000_000) }
        let back = members["back-after"].flatMap { $0.duration(in: .zero...ScenarioReader.durationMax) }
        let order = members["order"].map(reader.distinctRegions)
        guard let errors, let back else { return nil }
        guard let order else { return .nearest(afterErrors: errors, backAfter: back) }
        for region in order where !(replicas ?? order).contains(region) {
            members["order"]?.refuse(
                "the table has no replica in '\(region)'",
                expected: "some of \((replicas ?? []).joined(separator: ", "))")
        }
        return .inOrder(regions: order, afterErrors: errors, backAfter: back)
    }

    func readRetries(_ field: ConfigurationField) -> WorkloadPlan.Retries? {
        if field.form == .scalar { return field.choice().map { WorkloadPlan.Retries($0) } }
        let keys = ["mode", "max-attempts", "backoff", "backoff-max"]
        guard let members = field.mapping(keys: keys, required: ["mode"]) else { return nil }
        guard let mode: WorkloadPlan.Retries.Mode = members["mode"]?.choice() else { return nil }
        var retries = WorkloadPlan.Retries(mode)
        let waits: ClosedRange<Duration> = .zero...(.seconds(3600))
        members["max-attempts"].flatMap { $0.integer(in: 1...1000) }.map { retries.maxAttempts = $0 }
        members["backoff"].flatMap { $0.duration(in: waits) }.map { retries.backoff = $0 }
        members["backoff-max"].flatMap { $0.duration(in: waits) }.map { retries.backoffMax = $0 }
        if retries.backoffMax < retries.backoff {
            (members["backoff-max"] ?? members["backoff"])?.refuse(
                "'backoff-max' is less than 'backoff'", expected: "at least \(retries.backoff.configurationText)")
        }
        return retries
    }
}
