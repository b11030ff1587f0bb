public import ItemModel

/// One change of one item, as a stream tells of it.
public struct StreamRecord: Sendable, Equatable {
    /// Where the change stands in this region's log: what its sequence number is made of.
    public let position: LogPosition
    public let event: StreamEvent
    /// When the change was logged here, in milliseconds since the Unix epoch.
    public let arrivedMilliseconds: UInt64
    /// The item's key attributes alone.
    public let keys: Item
    /// The item after the change, where the stream's records hold it.
    public let newImage: BinaryItem?
    /// The item before the change, where the stream's records hold it.
    public let oldImage: BinaryItem?
    /// Whether this region itself deleted the item, as its time had come.
    public let isExpiry: Bool
}

/// Which part of a shard to read.
public struct StreamRead: Sendable {
    public let stream: ChangeStream
    public let shard: StreamShard
    public let start: Start
    /// How many records at the most.
    public var limit = 1000
    /// The page ends with the record that reaches it.
    public var byteLimit = 1 << 20

    /// Where to begin.
    public enum Start: Sendable, Hashable {
        /// With the oldest record that is kept.
        case oldest
        /// After a position of the log.
        case after(LogPosition)
    }

    public init(stream: ChangeStream, shard: StreamShard, start: Start) {
        self.stream = stream
        self.shard = shard
        self.start = start
    }
}

/// Some records of a shard.
public struct StreamPage: Sendable {
    public var records: [StreamRecord] = []
    /// Where to go on; nil at the end of a closed shard.
    public var next: StreamRead.Start?
}

/// Why a shard cannot be read from a place.
public enum StreamReadError: Error, Sendable, Hashable {
    /// Records after that place are no longer kept.
    case trimmed
    case storage(String)
}
