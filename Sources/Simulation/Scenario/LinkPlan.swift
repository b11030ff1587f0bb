import ConfigurationFiles
import RegionCore
import Replication

/// How links work, where a scenario says other than its topology.
///
/// What is nil is as the topology says.
public struct LinkPlan: Sendable, Equatable {
    /// The bytes of change records that travel together, at most.
    public var batchByteCount: Int?
    /// The bytes that may be on their way to one region without its acknowledgement.
    public var inFlightByteCount: Int?
    /// How often a link with nothing to ship says so.
    public var heartbeat: Duration?
    /// The longest wait between two attempts to connect.
    public var backoffMax: Duration?

    public init() {}

    func apply(to topology: inout Topology) {
        if let batchByteCount { topology.replication.batchByteCount = batchByteCount }
        if let inFlightByteCount { topology.replication.inFlightByteCount = inFlightByteCount }
        if let heartbeat { topology.replication.heartbeat = heartbeat }
        if let backoffMax { topology.replication.backoffMax = backoffMax }
    }

    /// As a scenario file says it; nil where it says nothing.
    var text: String? {
        let members = [
            batchByteCount.map { "batch: \(ByteCountText.print($0))" },
            inFlightByteCount.map { "in-flight: \(ByteCountText.print($0))" },
            heartbeat.map { "heartbeat: \($0.configurationText)" },
            backoffMax.map { "backoff-max: \($0.configurationText)" },
        ].compactMap(\.self)
        return members.isEmpty ? nil : "{\(members.joined(separator: ", "))}"
    }
}

extension LinkPlan {
    /// Reads a scenario's part; `topology` says what holds otherwise.
    static func read(_ field: ConfigurationField, topology: Topology?) -> LinkPlan {
        var plan = LinkPlan()
        let keys = ["batch", "in-flight", "heartbeat", "backoff-max"]
        guard let members = field.mapping(keys: keys) else { return plan }
        plan.batchByteCount = members["batch"].flatMap { $0.byteCount(in: 1024...64 << 20) }
        plan.inFlightByteCount = members["in-flight"].flatMap { $0.byteCount(in: 1024...4 << 30) }
        let pauses: ClosedRange<Duration> = .milliseconds(1)...(.seconds(3600))
        plan.heartbeat = members["heartbeat"].flatMap { $0.duration(in: pauses) }
        plan.backoffMax = members["backoff-max"].flatMap { $0.duration(in: pauses) }
        guard let usual = topology?.replication else { return plan }
        let batch = plan.batchByteCount ?? usual.batchByteCount
        if plan.inFlightByteCount ?? usual.inFlightByteCount < batch {
            (members["in-flight"] ?? members["batch"])?.refuse(
                "a batch has up to \(ByteCountText.print(batch))", expected: "an in-flight that is not below")
        }
        if let backoffMax = plan.backoffMax, backoffMax < usual.backoffMin {
            members["backoff-max"]?.refuse(
                "the first wait has \(usual.backoffMin.configurationText)", expected: "a backoff-max that is not below")
        }
        return plan
    }
}
