import ConfigurationFiles

extension Expectation {
    /// The expectation as a scenario file has it.
    var text: String {
        switch self {
        case .convergesWithin(let time): "converges-within: \(time.configurationText)"
        case .lostAcknowledgedWrites(let most): "lost-acknowledged-writes: \(most)"
        case .recoveryPoint(let time): "recovery-point: \(Self.bounds([], below: time.configurationText))"
        case .recoveryTime(let time): "recovery-time: \(Self.bounds([], below: time.configurationText))"
        case .staleness(let share, let from, let to, let time):
            "staleness-p\(ConfigurationText.percent(share)): "
                + Self.bounds([("from", from), ("to", to)], below: time.configurationText)
        case .latency(let share, let region, let window, let time):
            "latency-p\(ConfigurationText.percent(share)): "
                + Self.bounds([("region", region), ("during", window.rawValue)], below: time.configurationText)
        case .shippedBytes(let from, let to, let count):
            "shipped-bytes: \(Self.bounds([("from", from), ("to", to)], below: ByteCountText.print(count)))"
        case .indexActiveWithin(let time): "index-active-within: \(time.configurationText)"
        case .failoverWithin(let time): "failover-within: \(time.configurationText)"
        case .conflicts(let least): "conflicts: {at-least: \(least)}"
        case .unavailability(let region, let share):
            "unavailability: \(Self.bounds([("region", region)], below: ConfigurationText.share(share)))"
        }
    }

    private static func bounds(_ members: [(key: String, value: String?)], below: String) -> String {
        let chosen = members.compactMap { key, value in value.map { "\(key): \(ConfigurationText.quoted($0)), " } }
        return "{\(chosen.joined())below: \(below)}"
    }
}
