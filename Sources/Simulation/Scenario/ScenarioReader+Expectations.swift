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
}
