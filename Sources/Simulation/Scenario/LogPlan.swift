import ConfigurationFiles
import RegionCore
import RegionStore

/// For how long changes are kept, where a scenario says other than its topology: what takes days then takes minutes.
///
/// What is nil is as the topology says.
public struct LogPlan: Sendable, Equatable {
    /// How long changes stay in the log and in streams at the least; 24 hours otherwise, as in the service.
    public var retention: Duration?
    /// How long they stay for a region that does not fetch them.
    public var ageMax: Duration?
    /// How large the log may become for such a region, in bytes.
    public var byteCountMax: Int?
    /// How long a stream's shards take records before others follow them.
    public var shardLifetime: Duration?
    /// How many shards of a stream are open at a time: a power of two, at most 64.
    public var shardCount: Int?

    public init() {}

    func apply(to configuration: inout RegionConfiguration) {
        if let retention { configuration.logRetentionMilliseconds = retention.wholeMilliseconds }
        if let ageMax { configuration.logRetentionLimitMilliseconds = ageMax.wholeMilliseconds }
        if let byteCountMax { configuration.logByteLimit = UInt64(byteCountMax) }
        if let shardLifetime { configuration.streamShardLifetimeMilliseconds = shardLifetime.wholeMilliseconds }
        if let shardCount { configuration.streamShardCount = UInt32(shardCount) }
    }

    /// As a scenario file says it; nil where it says nothing.
    var text: String? {
        let members = [
            retention.map { "retention: \($0.configurationText)" }, ageMax.map { "max-age: \($0.configurationText)" },
            byteCountMax.map { "max-bytes: \(ByteCountText.print($0))" },
            shardLifetime.map { "shard-lifetime: \($0.configurationText)" }, shardCount.map { "shards: \($0)" },
        ].compactMap(\.self)
        return members.isEmpty ? nil : "{\(members.joined(separator: ", "))}"
    }
}

extension LogPlan {
    /// Reads a scenario's part; `topology` says what holds otherwise.
    static func read(_ field: ConfigurationField, topology: Topology?) -> LogPlan {
        var plan = LogPlan()
        let keys = ["retention", "max-age", "max-bytes", "shard-lifetime", "shards"]
        guard let members = field.mapping(keys: keys) else { return plan }
        plan.retention = members["retention"].flatMap { $0.duration(in: .seconds(1)...ScenarioReader.durationMax) }
        plan.ageMax = members["max-age"].flatMap { $0.duration(in: .seconds(1)...(.seconds(365 * 24 * 3600))) }
        plan.byteCountMax = members["max-bytes"].flatMap { $0.byteCount(in: 1...1 << 50) }
        plan.shardLifetime = members["shard-lifetime"].flatMap {
            $0.duration(in: .milliseconds(100)...(.seconds(24 * 3600)))
        }
        plan.shardCount = members["shards"].flatMap { $0.shardCount() }
        let retention = plan.retention ?? .seconds(24 * 3600)
        if let place = members["max-age"] ?? members["retention"], let topology,
            plan.ageMax ?? topology.log.ageMax < retention
        {
            place.refuse(
                "changes stay for \(retention.configurationText) at the least", expected: "a max-age that is not below")
        }
        return plan
    }
}
