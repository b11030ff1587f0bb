import ConfigurationFiles

/// Reads what a scenario expects.
struct ExpectationReader {
    /// Knows the regions and notes the problems.
    private let reader: ScenarioReader

    private static let expected =
        "one of converges-within: 30s, lost-acknowledged-writes: 0, recovery-point: {below: 2s}, recovery-time: {below: 30s}, "
        + "staleness-p99: {below: 2s}, latency-p99: {during: no-faults, below: 50ms}, shipped-bytes: {below: 10MiB}, "
        + "index-active-within: 1m, failover-within: 10s, conflicts: {at-least: 1}, "
        + "unavailability: {region: us-east-1, below: 1%}"

    init(_ reader: ScenarioReader) {
        self.reader = reader
    }

    func read(_ field: ConfigurationField) -> [Expectation] {
        guard let list = field.list() else { return [] }
        return list.compactMap(readExpectation)
    }

    private func readExpectation(_ field: ConfigurationField) -> Expectation? {
        guard let members = field.anyMapping(expected: Self.expected) else { return nil }
        guard members.fields.count == 1, let member = members.fields.first else {
            field.refuse("found \(members.fields.count) keys", expected: Self.expected)
            return nil
        }
        let value = member.value
        switch member.name {
        case "converges-within": return time(value).map { .convergesWithin($0) }
        case "index-active-within": return time(value).map { .indexActiveWithin($0) }
        case "failover-within": return time(value).map { .failoverWithin($0) }
        case "lost-acknowledged-writes":
            return value.integer(in: 0...1_000_000_000).map { .lostAcknowledgedWrites(atMost: $0) }
        case "recovery-point": return timeBelow(value).map { .recoveryPoint(below: $0) }
        case "recovery-time": return timeBelow(value).map { .recoveryTime(below: $0) }
        case "conflicts":
            guard let bounds = value.mapping(keys: ["at-least"], required: ["at-least"]) else { return nil }
            return bounds["at-least"].flatMap { $0.integer(in: 0...1_000_000_000) }.map { .conflicts(atLeast: $0) }
        case "unavailability":
            guard let bounds = value.mapping(keys: ["region", "below"], required: ["below"]),
                let region = optionalRegion(bounds["region"])
            else { return nil }
            return bounds["below"].flatMap { $0.share() }.map { .unavailability(region: region.name, below: $0) }
        case "shipped-bytes":
            guard let (bounds, from, to) = linkBounds(value) else { return nil }
            return bounds["below"].flatMap { $0.byteCount(in: 1...1 << 50) }
                .map { .shippedBytes(from: from, to: to, below: $0) }
        default: return readQuantile(member)
        }
    }

    private func time(_ field: ConfigurationField) -> Duration? {
        field.duration(in: .zero...ScenarioReader.durationMax)
    }

    private func timeBelow(_ field: ConfigurationField) -> Duration? {
        field.mapping(keys: ["below"], required: ["below"])?["below"].flatMap(time)
    }

    // MARK: - Regions and links

    /// A region that may be left out.
    private struct OptionalRegion {
        let name: String?
    }

    /// - Returns: nil after a problem was noted.
    private func optionalRegion(_ field: ConfigurationField?) -> OptionalRegion? {
        guard let field else { return OptionalRegion(name: nil) }
        return reader.region(field).map { OptionalRegion(name: $0) }
    }

    private func linkBounds(
        _ field: ConfigurationField
    ) -> (bounds: ConfigurationMapping, from: String?, to: String?)? {
        guard let bounds = field.mapping(keys: ["from", "to", "below"], required: ["below"]),
            let from = optionalRegion(bounds["from"]), let to = optionalRegion(bounds["to"])
        else { return nil }
        if let name = to.name, from.name == name {
            bounds["to"]?.refuse("it is the same region as 'from'", expected: "another region")
            return nil
        }
        return (bounds, from.name, to.name)
    }

    // MARK: - Quantiles

    /// `staleness-p99` or `latency-p99.9`.
    private func readQuantile(_ member: ConfigurationMapping.Member) -> Expectation? {
        let prefixes = ["staleness-p", "latency-p"]
        guard let prefix = prefixes.first(where: member.name.hasPrefix) else {
            reader.problems.add(
                line: member.keyLine, field: member.value.path, found: "unknown expectation", expected: Self.expected)
            return nil
        }
        guard let share = ConfigurationField.share(member.name.dropFirst(prefix.count) + "%"), share > 0, share <= 1
        else {
            reader.problems.add(
                line: member.keyLine, field: member.value.path, found: "no such percentile",
                expected: "one above 0 and up to 100, such as \(prefix)50, \(prefix)99.9 or \(prefix)100")
            return nil
        }
        if prefix == "staleness-p" {
            guard let (bounds, from, to) = linkBounds(member.value) else { return nil }
            return bounds["below"].flatMap(time).map { .staleness(share: share, from: from, to: to, below: $0) }
        }
        guard let bounds = member.value.mapping(keys: ["region", "during", "below"], required: ["below"]),
            let region = optionalRegion(bounds["region"])
        else { return nil }
        let window = bounds["during"].map { $0.choice(introduction: "one of ") } ?? LatencyWindow.all
        let below = bounds["below"].flatMap(time)
        guard let window, let below else { return nil }
        return .latency(share: share, region: region.name, during: window, below: below)
    }
}
