public import ConfigurationFiles
public import RegionStore

/// An experiment: regions, tables, what clients do, what goes wrong and when, and what is expected of it.
///
/// `Simulations/region-outage.yaml` shows and explains the fields of the file that it is read from.
public struct Scenario: Sendable, Equatable {
    public var name: String
    /// What it is about, in a sentence or two.
    public var description = ""
    public var topology: Topology
    /// The path of the topology's file, as the scenario's file says it: relative to `folder`.
    public var topologyFile = ""
    /// The folder that the scenario's file is in.
    public var folder = "."
    /// How long clients make requests.
    public var duration: Duration
    /// How long the regions have to agree after the clients have stopped and every fault is over.
    public var settle = Duration.seconds(300)
    public var tables: [TablePlan]
    public var workload: [WorkloadPlan]
    public var network = NetworkPlan()
    public var disk = DiskPlan()
    public var process = ProcessPlan()
    public var log = LogPlan()
    public var links = LinkPlan()
    /// Whether each seed draws a variation: other requests, tables, regions, limits and faults.
    public var isSwarm = false
    /// In the order of their times.
    public var faults: [FaultPlan] = []
    /// Faults that are drawn from the seed, beside the others.
    public var randomFaults: RandomFaultPlan?
    public var expectations: [Expectation] = []
    /// The values that the file's parameters have here, in the file's order; empty where it has none.
    public var parameters: [ParameterValue] = []

    public init(
        name: String, topology: Topology, duration: Duration, tables: [TablePlan], workload: [WorkloadPlan]
    ) {
        self.name = name
        self.topology = topology
        self.duration = duration
        self.tables = tables
        self.workload = workload
    }

    /// Leaves the topology's other regions out.
    mutating func keepRegions(_ names: [String]) {
        topology.regions.removeAll { !names.contains($0.name) }
        topology.latency.removeAll { !names.contains($0.first) || !names.contains($0.second) }
    }
}

/// A table of a scenario: its partition key is the string `pk`.
public struct TablePlan: Sendable, Equatable {
    public var name: String
    /// Whether items have the number `sk` as their sort key.
    public var hasSortKey = false
    /// The regions with a replica, the first of which makes the table.
    public var replicas: [String]
    public var indexes: [IndexPlan] = []
    /// Whether items are deleted when the time in their attribute `expires` has come.
    public var hasTimeToLive = false
    /// What the records of the table's stream hold.
    public var streamViewType = StreamViewType.newAndOldImages

    /// A secondary index of a planned table: by the string attribute `group`, or a local one by the table's own partition key.
    public struct IndexPlan: Sendable, Equatable {
        public enum Projection: String, Sendable, Equatable, CaseIterable {
            case all = "ALL"
            case keysOnly = "KEYS_ONLY"
            /// The keys, and what updates count up.
            case include = "INCLUDE"
        }

        public var name: String
        public var projection: Projection
        /// Whether its entries are in the order of the number `count`, which updates count up: only items that have it are in the index.
        public var hasSortKey = false
        /// Whether it is a local one, which always has that sort key; only for a table with a sort key, and from its creation on.
        public var isLocal = false

        public init(name: String, projection: Projection) {
            self.name = name
            self.projection = projection
        }
    }

    public init(name: String, replicas: [String]) {
        self.name = name
        self.replicas = replicas
    }
}

/// The network between regions, beside the round trips that the topology says.
public struct NetworkPlan: Sendable, Equatable {
    /// Measured or chosen distributions, of which a later one takes precedence; where there is none a message takes half the round trip and a
    /// random factor.
    public var latency: [LatencyPlan] = []
    /// The standard deviation of the logarithm of a message's latency, where there is no distribution of it.
    public var jitter = 0.05
    /// The share of messages that have to be sent again, 0 to 1.
    public var loss = 0.0
    /// Bytes a second from one region to another; nil for as many as there are.
    public var bandwidth: Int?
    /// How that changes, by rising time.
    public var bandwidthChanges: [BandwidthPlan] = []
    /// The file that says so, relative to the scenario's folder; nil where the scenario does.
    public var bandwidthFile: String?

    public init() {}
}

/// Every region's disk.
public struct DiskPlan: Sendable, Equatable {
    /// How long a sync takes, at the median.
    public var syncLatency = Duration.milliseconds(1)
    /// The standard deviation of the logarithm of a sync's time.
    public var jitter = 0.2
    public var tail: TailPlan?
    public var stall: StallPlan?

    public init() {}
}

/// Every region's process.
public struct ProcessPlan: Sendable, Equatable {
    /// How much work a write is for the writer.
    public var writeCost = Duration.microseconds(20)
    /// How much work a read is.
    public var readCost = Duration.microseconds(10)
    /// After how long a process whose store has failed is started again.
    public var restartAfterFailure = Duration.seconds(5)
    /// How many items or entries of the log one turn of maintenance looks at, at the least; nil for as many as in production.
    public var maintenanceQuota: Int?

    public init() {}
}
