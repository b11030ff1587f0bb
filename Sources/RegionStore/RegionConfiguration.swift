public import ItemModel
public import KeyValueStore

/// What a region store has to be told about itself and the regions around it.
public struct RegionConfiguration: Sendable {
    public let region: RegionID
    /// Every region of the topology, this one included, in the order of their numbers.
    public let regions: [RegionIdentity]
    /// How far two regions' clocks may be apart, in milliseconds: stamps further ahead of this one's are refused.
    public var maximumClockOffsetMilliseconds: UInt64 = 60_000
    public var durability: Durability = .synced
    /// How long changes stay in the log at the least, in milliseconds: DynamoDB keeps a stream's records for 24 hours.
    public var logRetentionMilliseconds: UInt64 = 24 * 3_600_000
    /// How long changes are kept for a region that does not fetch them, in milliseconds.
    ///
    /// One that is away for longer gets a snapshot transfer when it comes back.
    public var logRetentionLimitMilliseconds: UInt64 = 7 * 24 * 3_600_000
    /// How large the log may become for a region that does not fetch its changes, in bytes of keys and values.
    ///
    /// What streams keep stays, whatever its size.
    public var logByteLimit: UInt64 = 64 << 30
    /// How long after a change of a table's time to live the next one is refused, in milliseconds.
    ///
    /// Zero by default: the service waits about half an hour, to protect itself.
    public var timeToLiveChangeIntervalMilliseconds: UInt64 = 0
    /// How long a region that has added a replica keeps its own replica of that table, in milliseconds.
    ///
    /// Zero by default: the service waits a day, in which the new replica could still need its source.
    public var sourceReplicaProtectionMilliseconds: UInt64 = 0
    /// How long a stream's shards take records before others follow them, in milliseconds: the service's do so for about four hours.
    public var streamShardLifetimeMilliseconds: UInt64 = 4 * 3_600_000
    /// How many shards of a new stream are open at a time: a power of two.
    ///
    /// Raised, it holds for other streams as soon as their shards are replaced; lowered, it holds for new streams only.
    public var streamShardCount: UInt32 = 1
    /// The region that replicas here are transferred from, where it has them itself; nil for whichever comes first.
    public var transferSource: RegionID?
    /// How large all items of one partition key may become in a table with local indexes, their entries in those included, in bytes.
    public var maximumItemCollectionByteCount = 10 << 30
    /// DynamoDB's quota of tables in a region.
    public var maximumTableCount = 2_500

    public init(region: RegionID, regions: [RegionIdentity]) {
        self.region = region
        self.regions = regions.sorted { $0.id < $1.id }
    }

    /// This region's name.
    public var name: Text { name(of: region) ?? "unknown" }

    /// The name of a region of the topology.
    public func name(of id: RegionID) -> Text? { regions.first { $0.id == id }?.name }

    /// The number of a region of the topology.
    public func id(of name: Text) -> RegionID? { regions.first { $0.name == name }?.id }
}

/// A region of the topology: its number and its name.
public struct RegionIdentity: Sendable, Hashable {
    public let id: RegionID
    /// Such as `us-east-1`.
    public let name: Text

    public init(id: RegionID, name: Text) {
        self.id = id
        self.name = name
    }
}

/// What a region has done since its process started.
public struct RegionCounters: Sendable, Hashable {
    /// Items written by this region's clients.
    public var localWrites: UInt64 = 0
    /// Changes from other regions that became the item.
    public var replicatedApplied: UInt64 = 0
    /// Changes from other regions that found a newer version.
    public var replicatedSuperseded: UInt64 = 0
    /// Changes from other regions that were here already.
    public var replicatedDuplicates: UInt64 = 0
    /// Writes of two regions to one item, neither of which had seen the other, that were resolved here.
    ///
    /// Exact where the newer write comes last. An older one that another link brings after its own successor counts too: whether
    /// that had seen it is not known any more.
    public var conflicts: UInt64 = 0
    /// Batches refused since a stamp was too far ahead of this region's clock.
    public var clockRefusals: UInt64 = 0
    /// Items that this region deleted as their time had come.
    public var expirations: UInt64 = 0
    public var tombstonesCollected: UInt64 = 0

    public init() {}
}

/// Why a region's store cannot be opened.
public enum RegionStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    case unknownFormat(found: UInt32, supported: UInt32)
    case otherRegion(found: RegionID, expected: RegionID)
    case corrupt(String)
    case store(KeyValueStoreError)

    init(_ error: any Error) {
        switch error {
        case let error as RegionStoreError: self = error
        case let error as KeyValueStoreError: self = .store(error)
        default: self = .corrupt("\(error)")
        }
    }

    public var description: String {
        switch self {
        case .unknownFormat(let found, let supported):
            "the store has format \(found), and this version reads format \(supported)"
        case .otherRegion(let found, let expected):
            "the store belongs to the region with id \(found), not to the one with id \(expected)"
        case .corrupt(let what): "the store is damaged: \(what)"
        case .store(let error): "\(error)"
        }
    }
}
