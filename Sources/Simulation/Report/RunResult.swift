/// What a run came to: all that summaries, pages and `--json` are made of.
///
/// Times are seconds of virtual time since the start, durations milliseconds, unless they say otherwise.
public struct RunResult: Codable, Sendable, Equatable {
    public var scenario: String
    public var description: String
    public var seed: UInt64
    /// The values of the scenario's parameters, in the order of the file; empty where it has none.
    public var parameters: [ParameterValue] = []
    /// The hash of everything that happened: equal for equal runs.
    public var traceHash: String
    public var eventCount: Int
    /// How long the clients made requests, in seconds of virtual time.
    public var durationSeconds: Double
    /// How long the whole run was, with the time to agree.
    public var totalSeconds: Double
    public var regions: [String]
    /// What did not hold that always has to; empty when all is well.
    public var violations: [Violation] = []
    public var expectations: [ExpectationResult] = []
    public var faults: [FaultSpan] = []
    /// The changes of tables that a region refused; they were not made.
    public var refusedChanges: [RefusedChange] = []
    public var requests: [RegionRequests] = []
    public var links: [LinkFigures] = []
    public var conflicts: Int = 0
    /// From the end of the faults and requests until all regions agreed; nil when they never did.
    public var convergenceMilliseconds: Double?
    /// Acknowledged writes that are nowhere any more: the recovery point, which only the loss of a disk can make more than zero.
    public var lostAcknowledgedWrites = 0
    /// The age of the oldest of them when their region was lost.
    public var recoveryPointMilliseconds: Double = 0
    /// How every region recovered from what struck it, in the order in which that had begun.
    public var recoveries: [Recovery] = []
    /// The indexes that were added to tables, in the order in which they were asked for.
    public var indexBuilds: [IndexBuild] = []
    /// What the outages cost, in detail.
    public var bill = Bill()
    public var series = Series()

    public init(
        scenario: String, description: String, seed: UInt64, traceHash: String, eventCount: Int,
        durationSeconds: Double, totalSeconds: Double, regions: [String]
    ) {
        self.scenario = scenario
        self.description = description
        self.seed = seed
        self.traceHash = traceHash
        self.eventCount = eventCount
        self.durationSeconds = durationSeconds
        self.totalSeconds = totalSeconds
        self.regions = regions
    }

    /// Whether everything held that has to, and everything that was expected.
    public var hasPassed: Bool { violations.isEmpty && expectations.allSatisfy(\.isMet) }

    /// The longest of ``recoveries``; nil where a region never recovered, and zero where there was nothing to recover from.
    public var recoveryTimeMilliseconds: Double? {
        recoveries.reduce(0) { longest, recovery in
            guard let longest, let time = recovery.milliseconds else { return nil }
            return max(longest, time)
        }
    }

    /// Requests of all clients.
    public var operationCount: Int { requests.reduce(0) { $0 + $1.count } }

    /// Something that did not hold.
    public struct Violation: Codable, Sendable, Equatable {
        public var seconds: Double
        /// The checker that found it, such as `convergence`.
        public var checker: String
        public var text: String

        public init(seconds: Double, checker: String, text: String) {
            self.seconds = seconds
            self.checker = checker
            self.text = text
        }
    }

    /// A change of a table that the scenario asked for, or that was drawn, and that a region did not make.
    public struct RefusedChange: Codable, Sendable, Equatable {
        public var seconds: Double
        /// What was asked of whom, and the reason.
        public var text: String

        public init(seconds: Double, text: String) {
            self.seconds = seconds
            self.text = text
        }
    }

    /// What became of one expectation.
    public struct ExpectationResult: Codable, Sendable, Equatable {
        /// Such as `converges within 30 s`.
        public var text: String
        /// Such as `2.3 s`.
        public var measured: String
        public var isMet: Bool

        public init(text: String, measured: String, isMet: Bool) {
            self.text = text
            self.measured = measured
            self.isMet = isMet
        }
    }

    /// One fault, from its beginning to its end.
    public struct FaultSpan: Codable, Sendable, Equatable {
        public var fromSeconds: Double
        /// The same as the beginning for what is over at once.
        public var untilSeconds: Double
        /// Such as `us-east-1 crashes`.
        public var text: String
        /// The regions that it strikes; empty for none in particular.
        public var regions: [String]

        public init(fromSeconds: Double, untilSeconds: Double, text: String, regions: [String]) {
            self.fromSeconds = fromSeconds
            self.untilSeconds = untilSeconds
            self.text = text
            self.regions = regions
        }
    }

    /// How one region came back from a fault, or from several that overlapped.
    ///
    /// A fault that strikes a region before it has recovered from the one before belongs to the same recovery.
    public struct Recovery: Codable, Sendable, Equatable {
        public var region: String
        /// When the first fault began, and when the last one ended.
        public var fromSeconds: Double
        public var untilSeconds: Double
        /// From the last fault's end until every group of the region's clients had an answer to a request that it sent after that end; zero
        /// when no such request failed, nil when a group had none any more.
        public var servedMilliseconds: Double?
        /// From the last fault's end until the region ran, and it and each other one that ran and was not struck had of each other, on disk,
        /// what they had committed at that end; nil when they never had.
        public var inStepMilliseconds: Double?

        public init(
            region: String, fromSeconds: Double, untilSeconds: Double, servedMilliseconds: Double?,
            inStepMilliseconds: Double?
        ) {
            self.region = region
            self.fromSeconds = fromSeconds
            self.untilSeconds = untilSeconds
            self.servedMilliseconds = servedMilliseconds
            self.inStepMilliseconds = inStepMilliseconds
        }

        /// With null for what never was.
        public func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(region, forKey: .region)
            try members.encode(fromSeconds, forKey: .fromSeconds)
            try members.encode(untilSeconds, forKey: .untilSeconds)
            try members.encode(servedMilliseconds, forKey: .servedMilliseconds)
            try members.encode(inStepMilliseconds, forKey: .inStepMilliseconds)
        }

        /// The recovery time: the later of both; nil when it never came to an end.
        public var milliseconds: Double? {
            guard let servedMilliseconds, let inStepMilliseconds else { return nil }
            return max(servedMilliseconds, inStepMilliseconds)
        }
    }

    /// What the clients of one region saw.
    public struct RegionRequests: Codable, Sendable, Equatable {
        public var region: String
        public var count = 0
        /// How often all of them were sent together.
        public var attempts = 0
        /// Requests that were sent more than once.
        public var retried = 0
        /// Requests without an answer, or with an error that is the region's fault.
        public var failed = 0
        /// Writes that their condition refused.
        public var refusedByCondition = 0
        /// Requests that another region answered.
        public var failedOver = 0
        public var acknowledgedWrites = 0
        public var p50Milliseconds: Double = 0
        public var p99Milliseconds: Double = 0
        /// The longest time in which requests of a group of clients failed and none was answered, in seconds: up to the answer that ended
        /// it, or to the end of the run.
        public var longestOutageSeconds: Double = 0
        /// Likewise of the groups that go to another region when theirs fails; nil where there is none.
        public var longestFailoverSeconds: Double?
        /// Of the answers to requests that were under way while there was a fault anywhere; nil without such answers.
        public var p50DuringFaultsMilliseconds: Double?
        public var p99DuringFaultsMilliseconds: Double?
        /// Of the other answers; nil where there are none.
        public var p50WithoutFaultsMilliseconds: Double?
        public var p99WithoutFaultsMilliseconds: Double?

        public init(region: String) {
            self.region = region
        }

        private enum DerivedKey: String, CodingKey { case unavailability }

        /// With ``unavailability``, which follows from the others.
        public func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(region, forKey: .region)
            try members.encode(count, forKey: .count)
            try members.encode(attempts, forKey: .attempts)
            try members.encode(retried, forKey: .retried)
            try members.encode(failed, forKey: .failed)
            try members.encode(refusedByCondition, forKey: .refusedByCondition)
            try members.encode(failedOver, forKey: .failedOver)
            try members.encode(acknowledgedWrites, forKey: .acknowledgedWrites)
            try members.encode(p50Milliseconds, forKey: .p50Milliseconds)
            try members.encode(p99Milliseconds, forKey: .p99Milliseconds)
            try members.encode(longestOutageSeconds, forKey: .longestOutageSeconds)
            try members.encode(longestFailoverSeconds, forKey: .longestFailoverSeconds)
            try members.encode(p50DuringFaultsMilliseconds, forKey: .p50DuringFaultsMilliseconds)
            try members.encode(p99DuringFaultsMilliseconds, forKey: .p99DuringFaultsMilliseconds)
            try members.encode(p50WithoutFaultsMilliseconds, forKey: .p50WithoutFaultsMilliseconds)
            try members.encode(p99WithoutFaultsMilliseconds, forKey: .p99WithoutFaultsMilliseconds)
            var derived = encoder.container(keyedBy: DerivedKey.self)
            try derived.encode(unavailability, forKey: .unavailability)
        }

        /// The share of requests that failed, 0 to 1.
        public var unavailability: Double { count == 0 ? 0 : Double(failed) / Double(count) }

        /// The share of requests that another region answered, 0 to 1.
        var failoverShare: Double { count == 0 ? 0 : Double(failedOver) / Double(count) }
    }

    /// An index that was added to a table.
    public struct IndexBuild: Codable, Sendable, Equatable {
        public var table: String
        public var index: String
        /// When it was asked for.
        public var seconds: Double
        /// From then until it could be used in every region with a replica of the table; nil when that never was.
        public var activeMilliseconds: Double?

        public init(table: String, index: String, seconds: Double, activeMilliseconds: Double?) {
            self.table = table
            self.index = index
            self.seconds = seconds
            self.activeMilliseconds = activeMilliseconds
        }

        /// With `null` for what never was.
        public func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(table, forKey: .table)
            try members.encode(index, forKey: .index)
            try members.encode(seconds, forKey: .seconds)
            try members.encode(activeMilliseconds, forKey: .activeMilliseconds)
        }
    }

    /// One direction between two regions.
    public struct LinkFigures: Codable, Sendable, Equatable {
        public var from: String
        public var to: String
        /// Changes that were made in `from` and followed until they were durable in `to`.
        public var changes = 0
        /// How old changes were when they became durable there.
        public var stalenessP50Milliseconds: Double = 0
        public var stalenessP99Milliseconds: Double = 0
        public var stalenessMaxMilliseconds: Double = 0
        /// What was sent, in bytes.
        public var bytes = 0
        /// How often a connection was opened.
        public var connections = 0

        public init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }

    /// Figures over time: one value for each interval.
    public struct Series: Codable, Sendable, Equatable {
        /// The length of an interval, in seconds.
        public var intervalSeconds: Double = 1
        /// Answered requests a second, for each region in the order of `regions`.
        public var throughput: [[Double]] = []
        /// Failed requests a second, likewise.
        public var errors: [[Double]] = []
        /// For each of `links`, in their order: changes that are committed and not durable at the other end, at each interval's end.
        public var backlog: [[Double]] = []
        /// For each of `links`: the age of the oldest change that became durable at the other end in the interval, or of the oldest that is
        /// not at its end, whichever is greater, in milliseconds.
        public var lag: [[Double]] = []
        /// Conflicts that were resolved, in all regions.
        public var conflicts: [Double] = []
        /// The keys whose items differ between the regions that run, at each interval's end: of tables that are in use there and were not
        /// being filled.
        public var differingKeys: [Double] = []

        public init() {}
    }
}
