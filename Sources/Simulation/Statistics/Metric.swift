/// A figure of a run that sweeps keep: a column of their rows, and what statistics, comparisons and plots are about.
///
/// The lists here are the only ones: whatever is added to them is in every row, table, comparison and JSON.
public struct Metric: Sendable {
    /// What its numbers are.
    public enum Unit: Sendable {
        case count, milliseconds, seconds, bytes
        /// From 0 to 1.
        case share
    }

    /// The name of its column: with the region or the link that it is about, such as `p99Milliseconds/us-east-1`.
    public let name: String
    /// What summaries and plots call it, such as `Recovery time`.
    public let title: String
    public let unit: Unit
    /// Nil where a run never came to it.
    let value: @Sendable (RunResult) -> Double?

    init(_ name: String, _ title: String, _ unit: Unit, _ value: @escaping @Sendable (RunResult) -> Double?) {
        self.name = name
        self.title = title
        self.unit = unit
        self.value = value
    }

    /// A value with its unit, as people read it.
    func text(_ value: Double) -> String {
        switch unit {
        case .count: Figures.short(value)
        case .milliseconds: Figures.duration(milliseconds: value)
        case .seconds: Figures.duration(seconds: value)
        case .bytes: Figures.bytes(value)
        case .share: Figures.share(value)
        }
    }

    /// Every figure of a run, in the order of the columns: those of the whole run, of each region, and of each link.
    public static func all(regions: [String]) -> [Metric] {
        let links = regions.flatMap { from in regions.filter { $0 != from }.flatMap { ofLink(from: from, to: $0) } }
        return ofRun + regions.flatMap(ofRegion) + links
    }

    /// The figures of a whole run: of several regions or links the worst counts.
    static let ofRun: [Metric] = [
        Metric("lostAcknowledgedWrites", "Lost writes", .count) { Double($0.lostAcknowledgedWrites) },
        Metric("recoveryPointMilliseconds", "Recovery point", .milliseconds) { $0.recoveryPointMilliseconds },
        Metric("recoveryTimeMilliseconds", "Recovery time", .milliseconds) { $0.recoveryTimeMilliseconds },
        Metric("convergenceMilliseconds", "Agreement after", .milliseconds) { $0.convergenceMilliseconds },
        Metric("stalenessP50Milliseconds", "Staleness p50", .milliseconds) {
            worst($0.links.map(\.stalenessP50Milliseconds))
        },
        Metric("stalenessP99Milliseconds", "Staleness p99", .milliseconds) {
            worst($0.links.map(\.stalenessP99Milliseconds))
        },
        Metric("stalenessMaxMilliseconds", "Staleness max", .milliseconds) {
            worst($0.links.map(\.stalenessMaxMilliseconds))
        },
        Metric("conflicts", "Conflicts", .count) { Double($0.conflicts) },
        Metric("overwrittenWrites", "Overwritten writes", .count) { Double($0.bill.overwrittenCount) },
        Metric("staleReads", "Stale reads", .count) { Double($0.bill.staleReads.reduce(0) { $0 + $1.count }) },
        Metric("staleReadMaxMilliseconds", "Stale read max", .milliseconds) {
            worst($0.bill.staleReads.map(\.maxMilliseconds))
        },
        Metric("unavailability", "Unavailability", .share) { worst($0.requests.map(\.unavailability)) },
        Metric("unavailableSeconds", "Unavailable", .seconds) {
            worst($0.bill.unavailability.map { Double($0.seconds) })
        },
        Metric("longestOutageSeconds", "Longest outage", .seconds) { worst($0.requests.map(\.longestOutageSeconds)) },
        Metric("p50Milliseconds", "Latency p50", .milliseconds) { worst($0.requests.map(\.p50Milliseconds)) },
        Metric("p99Milliseconds", "Latency p99", .milliseconds) { worst($0.requests.map(\.p99Milliseconds)) },
        Metric("p99DuringFaultsMilliseconds", "p99 during faults", .milliseconds) {
            $0.requests.compactMap(\.p99DuringFaultsMilliseconds).max()
        },
        Metric("p99WithoutFaultsMilliseconds", "p99 without faults", .milliseconds) {
            $0.requests.compactMap(\.p99WithoutFaultsMilliseconds).max()
        },
        Metric("longestFailoverSeconds", "Longest failover", .seconds) {
            $0.requests.compactMap(\.longestFailoverSeconds).max()
        },
        Metric("indexActiveMilliseconds", "Index active after", .milliseconds) { result in
            let times = result.indexBuilds.map(\.activeMilliseconds)
            return times.contains(nil) ? nil : times.compactMap(\.self).max()
        },
        Metric("bytesShipped", "Shipped", .bytes) { Double($0.byteCount) },
        Metric("operationCount", "Requests", .count) { Double($0.operationCount) },
        Metric("simulatedSeconds", "Virtual time", .seconds) { $0.totalSeconds },
    ]

    private static func worst(_ values: [Double]) -> Double { values.max() ?? 0 }

    private static func ofRegion(_ region: String) -> [Metric] {
        func metric(
            _ name: String, _ title: String, _ unit: Unit,
            _ value: @escaping @Sendable (RunResult.RegionRequests) -> Double?
        ) -> Metric {
            Metric("\(name)/\(region)", "\(title) in \(region)", unit) { result in
                result.requests.first { $0.region == region }.flatMap(value)
            }
        }
        return [
            metric("requests", "Requests", .count) { Double($0.count) },
            metric("failed", "Failed requests", .count) { Double($0.failed) },
            metric("unavailability", "Unavailability", .share) { $0.unavailability },
            metric("longestOutageSeconds", "Longest outage", .seconds) { $0.longestOutageSeconds },
            metric("failedOver", "Requests answered elsewhere", .count) { Double($0.failedOver) },
            metric("acknowledgedWrites", "Acknowledged writes", .count) { Double($0.acknowledgedWrites) },
            metric("p50Milliseconds", "Latency p50", .milliseconds) { $0.p50Milliseconds },
            metric("p99Milliseconds", "Latency p99", .milliseconds) { $0.p99Milliseconds },
            metric("p99DuringFaultsMilliseconds", "Latency p99 during faults", .milliseconds) {
                $0.p99DuringFaultsMilliseconds
            },
            metric("p99WithoutFaultsMilliseconds", "Latency p99 without faults", .milliseconds) {
                $0.p99WithoutFaultsMilliseconds
            },
            metric("longestFailoverSeconds", "Longest failover", .seconds) { $0.longestFailoverSeconds },
        ]
    }

    private static func ofLink(from: String, to: String) -> [Metric] {
        func metric(
            _ name: String, _ title: String, _ unit: Unit,
            _ value: @escaping @Sendable (RunResult.LinkFigures) -> Double
        ) -> Metric {
            Metric("\(name)/\(from)/\(to)", "\(title) from \(from) to \(to)", unit) { result in
                result.links.first { $0.from == from && $0.to == to }.map(value)
            }
        }
        return [
            metric("changes", "Changes", .count) { Double($0.changes) },
            metric("stalenessP50Milliseconds", "Staleness p50", .milliseconds) { $0.stalenessP50Milliseconds },
            metric("stalenessP99Milliseconds", "Staleness p99", .milliseconds) { $0.stalenessP99Milliseconds },
            metric("stalenessMaxMilliseconds", "Staleness max", .milliseconds) { $0.stalenessMaxMilliseconds },
            metric("bytes", "Shipped", .bytes) { Double($0.bytes) },
            metric("connections", "Connections", .count) { Double($0.connections) },
        ]
    }
}
