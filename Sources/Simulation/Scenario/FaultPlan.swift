public import RegionStore

/// One thing that goes wrong, or is done, at a time of a scenario.
public struct FaultPlan: Sendable, Equatable {
    /// From the scenario's start.
    public var at: Duration
    /// How long it lasts, where it is not over at once; nil for until the end of the scenario.
    public var duration: Duration?
    public var kind: Kind

    public init(at: Duration, duration: Duration? = nil, kind: Kind) {
        self.at = at
        self.duration = duration
        self.kind = kind
    }

    /// What goes wrong.
    ///
    /// Regions are named.
    public enum Kind: Sendable, Equatable {
        /// The process ends by a signal, and starts again at the end.
        case crash(region: String)
        /// As a crash, with the power: what was not synced is lost.
        case powerLoss(region: String)
        /// The process stops in order, and starts again at the end.
        case restart(region: String)
        /// The process does nothing for a while, as a stopped virtual machine.
        case pause(region: String)
        /// The process, and everything on its disk, is gone; at the end an empty one takes its place.
        case diskLoss(region: String)
        /// A copy of the disk is taken when it begins, and put back at the end, in the place of what was written since; in half of the cases
        /// what was noted beside the disk goes back too.
        case oldCopy(region: String)
        /// Everything that the process does takes this many times as long.
        case slowProcess(region: String, factor: Double)
        /// Every sync takes this long.
        case slowDisk(region: String, latency: Duration)
        /// Commits fail, so that the process ends, until the end.
        case diskErrors(region: String)
        /// Hardly anything of the disk's reserve is left: writes are refused, and of other regions' changes all but deletions.
        case diskFull(region: String)
        /// Reads of some keys meet a damaged block; the share of keys, 0 to 1.
        case bitFlips(region: String, share: Double)
        /// Regions of different groups do not reach each other.
        case partition(groups: [[String]])
        /// Messages from one region to another do not arrive; the other way they do.
        case oneWayPartition(from: String, to: String)
        /// A link goes down and up again.
        case flapping(from: String, to: String, down: Duration, up: Duration)
        /// The connections between two regions break, once.
        case reset(from: String, to: String)
        /// The way from one region to another has this much bandwidth, in bytes a second, and this many times its latency.
        case slowLink(from: String, to: String, bandwidth: Int?, latencyFactor: Double)
        /// The clock is set by this much, for good or until the end.
        case clockStep(region: String, by: Duration)
        /// The clock gains this many parts per million.
        case clockDrift(region: String, partsPerMillion: Double)
        /// The clock runs slower for this fault's time, until it has lost this much: a leap second smeared.
        case leapSmear(region: String, by: Duration)
        /// A table is made.
        case createTable(TablePlan)
        /// A table is deleted, in the region that is named.
        case deleteTable(name: String, region: String)
        /// A replica is added, by a request to the region that is named.
        case addReplica(table: String, region: String, by: String)
        /// A replica is removed, by a request to the region that is named.
        case removeReplica(table: String, region: String, by: String)
        /// A global index over `group` is added or removed, by a request to the region that is named.
        case addIndex(table: String, TablePlan.IndexPlan, by: String)
        case removeIndex(table: String, name: String, by: String)
        /// A setting of a table is changed, by a request to the region that is named.
        case changeSetting(table: String, SettingPlan, by: String)
    }
}

/// A change of one setting of a table.
public enum SettingPlan: Sendable, Equatable {
    case tableClass(TableClass)
    /// The most read and write request units a second, of an index where one is named, each 1 or more; nil leaves one as it is.
    case maxima(read: Int?, write: Int?, index: String? = nil)
    /// The most read request units a second of one region's replica, which is not the one that is asked.
    case replicaMaximum(region: String, read: Int)
    /// With ``provisionedUnits`` of reads and writes where capacity is provisioned.
    case billing(BillingMode)
    /// Read and write units a second.
    case warmThroughput(read: Int, write: Int)
    /// Whether encryption with the service's own key is asked for.
    case encryption(Bool)
    case timeToLive(Bool)
    /// Of the replica in the region that is asked.
    case deletionProtection(Bool)

    /// What a table has that is provisioned, in units a second: more than any client asks for.
    static let provisionedUnits = 40_000
}

/// Faults that are drawn from the seed.
public struct RandomFaultPlan: Sendable, Equatable {
    /// The names that scenario files have for the kinds that can be drawn.
    public static let drawable = [
        "crash", "power-loss", "restart", "pause", "disk-loss", "slow-process", "slow-disk", "disk-errors", "partition",
        "one-way-partition", "flapping", "reset", "slow-link", "clock-step", "clock-drift", tableChange,
    ]

    /// Stands for the changes of tables, of which one is drawn; two in three of them come with another one of the same table elsewhere.
    static let tableChange = "table-change"

    public var count: ClosedRange<Int>
    /// When they begin.
    public var within: ClosedRange<Duration>
    /// How long each lasts.
    public var lasting: ClosedRange<Duration>
    /// Names of ``drawable``.
    public var kinds: [String]
    /// The most regions that lose their disk in one run: two that lose the same change cannot be told from one that never was.
    public var diskLossCountMax = 1
    /// The share, 0 to 1, of the faults of single regions that strike another region at the same time.
    public var togetherShare = 0.0

    public init(
        count: ClosedRange<Int>, within: ClosedRange<Duration>, lasting: ClosedRange<Duration>, kinds: [String]
    ) {
        self.count = count
        self.within = within
        self.lasting = lasting
        self.kinds = kinds
    }
}
