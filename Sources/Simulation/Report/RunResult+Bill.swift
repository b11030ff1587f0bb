extension RunResult {
    /// What went wrong for those who rely on the tables: writes that are lost or overwritten, reads that were stale, time without answers.
    ///
    /// Counts are of all; lists hold the first ones, at most ``listLimit`` each.
    public struct Bill: Codable, Sendable, Equatable {
        /// The most that is listed of a kind.
        public static let listLimit = 100

        /// Acknowledged writes that a lost region took with it, in the order in which their loss was found; all of them are counted in
        /// `lostAcknowledgedWrites`.
        public var lostWrites: [LostWrite] = []
        /// For each region, in the order of the topology.
        public var staleReads: [StaleReads] = []
        /// For each pair of regions in which one has overwritten acknowledged writes of the other.
        public var overwrittenWrites: [OverwrittenWrites] = []
        /// The overwritten writes themselves, in the order in which they were overwritten.
        public var overwrites: [Overwrite] = []
        /// For each group of clients in each of its regions.
        public var unavailability: [GroupUnavailability] = []

        public init() {}

        /// Overwritten writes of all pairs of regions.
        public var overwrittenCount: Int { overwrittenWrites.reduce(0) { $0 + $1.count } }
    }

    /// An acknowledged write that is nowhere any more.
    public struct LostWrite: Codable, Sendable, Equatable {
        /// The region that had acknowledged it.
        public var region: String
        public var table: String
        /// The attributes of the item's key, such as `pk=17, sk=3`.
        public var key: String
        /// When the client had its answer.
        public var acknowledgedSeconds: Double
        /// How long the write had been committed when the region's disk was lost.
        public var ageMilliseconds: Double
    }

    /// Reads of single items in a region that found less than was acknowledged elsewhere.
    ///
    /// A read is stale when it returned an older version of the item than a write that another client had been told of before the read was
    /// sent. Its age is the time from the first such answer until the read was carried out. What is lost for good makes no read stale.
    public struct StaleReads: Codable, Sendable, Equatable {
        /// The region that answered.
        public var region: String
        public var count = 0
        public var p50Milliseconds: Double = 0
        public var p99Milliseconds: Double = 0
        public var maxMilliseconds: Double = 0

        public init(region: String) {
            self.region = region
        }
    }

    /// How many acknowledged writes of one region lost to a concurrent write of another one.
    public struct OverwrittenWrites: Codable, Sendable, Equatable {
        /// The region that had acknowledged them.
        public var region: String
        /// The region whose writes won.
        public var by: String
        public var count: Int
    }

    /// An acknowledged write that lost to one that was made in another region without knowledge of it.
    public struct Overwrite: Codable, Sendable, Equatable {
        public var region: String
        public var table: String
        /// The attributes of the item's key, such as `pk=17, sk=3`.
        public var key: String
        public var acknowledgedSeconds: Double
        /// The region whose write won.
        public var by: String
        /// When the two met.
        public var overwrittenSeconds: Double
    }

    /// How long a group of clients in one region was without answers.
    public struct GroupUnavailability: Codable, Sendable, Equatable {
        /// The name of the workload.
        public var group: String
        /// Where the clients are at home.
        public var region: String
        /// Of the whole seconds of the run, those in which a request of these clients failed and none was answered; a request counts in the
        /// second in which it ended.
        public var seconds: Int
    }
}
