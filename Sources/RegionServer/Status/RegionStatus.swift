import RegionCore

/// What a region says of itself at `GET /status`, as JSON.
///
/// Times are milliseconds since the Unix epoch unless they say otherwise; a member is left out where nothing is known.
public struct RegionStatus: Codable, Sendable, Equatable {
    public var region: String
    public var id: UInt16
    public var pid: Int32
    /// The UUID of the region's store: another one after the disk was lost.
    public var incarnation: String
    public var version: String
    public var uptimeSeconds: Double
    public var log: Log
    /// `ready`, or why the region takes no writes.
    public var readiness: String
    /// Where clients are answered; left out until they are.
    public var endpoint: String?
    /// The region's clock.
    public var clockMilliseconds: UInt64
    /// Every change up to then, from every region, is here; zero until all regions were seen.
    public var stableTimeMilliseconds: UInt64
    public var counters: Counters
    public var tables: [Table]
    /// The links that ship this region's changes.
    public var outgoing: [Outgoing]
    /// The links that bring other regions' changes.
    public var incoming: [Incoming]
    /// How long this region's changes took to be durable elsewhere.
    public var lag: [Lag]
    /// Who reads this region's log, in the order of the names.
    public var followers: [Follower]

    /// Whether the region takes writes.
    public var takesWrites: Bool { readiness == "\(Readiness.ready)" }

    /// A reader of the region's log, with its claim on what it has not acknowledged.
    public struct Follower: Codable, Sendable, Equatable {
        /// Such as `link/eu-west-1`, with the other region's log where that is known.
        public var name: String
        /// Up to where it has acknowledged the log.
        public var position: UInt64
        /// `age` or `size`: the bound by which entries went that it had not acknowledged; left out while it has lost none.
        public var lapse: String?
    }

    /// The region's change log.
    public struct Log: Codable, Sendable, Equatable {
        /// The last committed position.
        public var position: UInt64
        /// The lowest position still there.
        public var start: UInt64
    }

    /// What the region has done since it started.
    public struct Counters: Codable, Sendable, Equatable {
        public var localWrites: UInt64
        public var replicatedApplied: UInt64
        /// Changes of others that found a newer version.
        public var replicatedSuperseded: UInt64
        public var replicatedDuplicates: UInt64
        /// Concurrent writes of two regions to one item that were resolved here.
        public var conflicts: UInt64
        /// Batches refused for stamps too far ahead of this region's clock.
        public var clockRefusals: UInt64
        /// Items that this region deleted as their time had come.
        public var expirations: UInt64
        public var tombstonesCollected: UInt64
    }

    /// One table with a replica here.
    public struct Table: Codable, Sendable, Equatable {
        public var name: String
        /// As DescribeTable says it.
        public var status: String
        public var itemCount: Int
        public var byteCount: Int
    }

    /// The sending end of a link.
    public struct Outgoing: Codable, Sendable, Equatable {
        /// The region at the other end.
        public var region: String
        /// `up` or `down`.
        public var state: String
        /// Up to where this connection has shipped the log.
        public var shippedPosition: UInt64
        /// Up to where the other region has made the log durable.
        public var acknowledgedPosition: UInt64
        /// Positions of the log that are not acknowledged yet; left out while the link is down.
        public var backlog: UInt64?
        /// Of everything sent since the process started.
        public var bytesBeforeCompression: Int
        public var bytesAfterCompression: Int
        public var reconnects: Int
        public var lastError: String?
        /// How far the other region's clock is ahead of this one's, as it was last seen; negative for behind.
        public var clockOffsetMilliseconds: Int64?
    }

    /// The receiving end of a link.
    public struct Incoming: Codable, Sendable, Equatable {
        public var region: String
        /// `up` or `down`.
        public var state: String
        /// The sender, as `id/incarnation`, once it was seen.
        public var incarnation: String?
        /// Up to where the sender's log is durable here.
        public var appliedPosition: UInt64?
        /// How long ago, by this region's clock, everything of the sender was here.
        public var lagMilliseconds: UInt64?
        /// Nothing stamped at or before it will come from there any more.
        public var closedMilliseconds: UInt64?
        public var bytesReceived: Int
    }

    /// From the stamp of a change here to the acknowledgement of `region` that it is durable there, over all changes shipped since the
    /// process started.
    public struct Lag: Codable, Sendable, Equatable {
        public var region: String
        public var count: UInt64
        public var p50Milliseconds: UInt64?
        public var p99Milliseconds: UInt64?
        public var maxMilliseconds: UInt64?
    }
}
