import Expressions
public import ItemModel

/// One attribute of a key, with its type: S, N or B.
public struct KeyAttribute: Sendable, Hashable {
    public let name: Text
    public let kind: AttributeValue.Kind

    public init(name: Text, kind: AttributeValue.Kind) {
        self.name = name
        self.kind = kind
    }
}

/// The attributes that make up a key: of one partition attribute and at most one sort attribute in tables and local secondary
/// indexes, of up to four of each in global ones.
public struct KeySchema: Sendable, Hashable {
    public let partition: [KeyAttribute]
    public let sort: [KeyAttribute]

    public init(partition: [KeyAttribute], sort: [KeyAttribute] = []) {
        self.partition = partition
        self.sort = sort
    }

    /// The partition attributes, then the sort attributes.
    public var attributes: [KeyAttribute] { partition + sort }
}

/// Which attributes of an item an index holds besides the keys of the table and its own.
public enum IndexProjection: Sendable, Hashable {
    case all
    case keysOnly
    /// The keys and these.
    case include([Text])
}

/// Provisioned capacity, in units a second.
public struct Throughput: Sendable, Hashable {
    public var read: Int
    public var write: Int

    public init(read: Int, write: Int) {
        self.read = read
        self.write = write
    }
}

/// When a provisioned capacity was last raised and lowered, and how often it was lowered on that day.
public struct ThroughputHistory: Sendable, Hashable {
    /// In milliseconds since the Unix epoch, as are all times here; nil if never.
    public internal(set) var increasedMilliseconds: UInt64?
    public internal(set) var decreasedMilliseconds: UInt64?
    /// On the day, in UTC, of the last decrease.
    var decreaseCount = 0

    private static let dayMilliseconds: UInt64 = 86_400_000

    /// How often the capacity was lowered on the day of that time.
    public func decreaseCount(onDayOf nowMilliseconds: UInt64) -> Int {
        guard let decreasedMilliseconds else { return 0 }
        return decreasedMilliseconds / Self.dayMilliseconds == nowMilliseconds / Self.dayMilliseconds
            ? decreaseCount : 0
    }

    /// Takes note of a change, which may raise one capacity and lower the other.
    mutating func note(from old: Throughput?, to new: Throughput, at nowMilliseconds: UInt64) {
        guard let old else { return }
        if new.read > old.read || new.write > old.write { increasedMilliseconds = nowMilliseconds }
        if new.read < old.read || new.write < old.write {
            decreaseCount = decreaseCount(onDayOf: nowMilliseconds) + 1
            decreasedMilliseconds = nowMilliseconds
        }
    }
}

/// Configured maxima of an on-demand table or index, in request units a second; nil for none.
public struct OnDemandThroughput: Sendable, Hashable {
    public var maximumRead: Int?
    public var maximumWrite: Int?

    public init(maximumRead: Int? = nil, maximumWrite: Int? = nil) {
        self.maximumRead = maximumRead
        self.maximumWrite = maximumWrite
    }

    /// The maxima once `change` is made of `old`; nil where none is left.
    public static func changing(_ old: OnDemandThroughput?, by change: OnDemandChange) -> OnDemandThroughput? {
        let maxima = OnDemandThroughput(
            maximumRead: change.read.applied(to: old?.maximumRead),
            maximumWrite: change.write.applied(to: old?.maximumWrite))
        return maxima == OnDemandThroughput() ? nil : maxima
    }
}

/// What becomes of the configured maxima of an on-demand table or index.
public struct OnDemandChange: Sendable, Hashable {
    /// What becomes of one of them.
    public enum Maximum: Sendable, Hashable {
        case keep
        case remove
        /// Request units a second, at least 1.
        case set(Int)

        func applied(to units: Int?) -> Int? {
            switch self {
            case .keep: units
            case .remove: nil
            case .set(let units): units
            }
        }
    }

    public var read: Maximum
    public var write: Maximum

    public init(read: Maximum = .keep, write: Maximum = .keep) {
        self.read = read
        self.write = write
    }
}

/// What a table or index was asked to be able to serve at once, in units a second.
///
/// Kept and returned; nothing is prepared for it.
public struct WarmThroughput: Sendable, Hashable {
    public var read: Int
    public var write: Int

    public init(read: Int, write: Int) {
        self.read = read
        self.write = write
    }
}

/// How a table's capacity is decided; the raw value is DynamoDB's name of it.
public enum BillingMode: String, Sendable, Hashable, CaseIterable {
    case provisioned = "PROVISIONED"
    case payPerRequest = "PAY_PER_REQUEST"
}

/// What a stream's records hold; the raw value is DynamoDB's name of it.
public enum StreamViewType: String, Sendable, Hashable, CaseIterable {
    case keysOnly = "KEYS_ONLY"
    case newImage = "NEW_IMAGE"
    case oldImage = "OLD_IMAGE"
    case newAndOldImages = "NEW_AND_OLD_IMAGES"

    /// Whether a record holds the item as it is after the change.
    var hasNewImage: Bool { self == .newImage || self == .newAndOldImages }
    /// Whether a record holds the item as it was before.
    var hasOldImage: Bool { self == .oldImage || self == .newAndOldImages }
}

/// A table's storage class; the raw value is DynamoDB's name of it.
///
/// Stored and returned; storage is the same for both.
public enum TableClass: String, Sendable, Hashable, CaseIterable {
    case standard = "STANDARD"
    case infrequentAccess = "STANDARD_INFREQUENT_ACCESS"
}

/// Which attribute of items says when they expire, and whether that is acted on.
public struct TimeToLive: Sendable, Hashable {
    /// The attribute, a number: seconds since the Unix epoch.
    public let attribute: Text
    public let isEnabled: Bool
    /// When it was last enabled or disabled, in milliseconds since the Unix epoch.
    public let changedMilliseconds: UInt64

    public init(attribute: Text, isEnabled: Bool, changedMilliseconds: UInt64) {
        self.attribute = attribute
        self.isEnabled = isEnabled
        self.changedMilliseconds = changedMilliseconds
    }
}

/// The state of a table, of an index or of one region's replica; the raw value is DynamoDB's name of it.
public enum TableStatus: String, Sendable, Hashable {
    case creating = "CREATING"
    /// For a replica: its region refused it, as a table of that name exists there.
    case creationFailed = "CREATION_FAILED"
    case updating = "UPDATING"
    case deleting = "DELETING"
    case active = "ACTIVE"
}

/// What a user says of a secondary index.
public struct IndexDefinition: Sendable, Hashable {
    public let name: Text
    /// A global index has a key of its own; a local one shares the table's partition key.
    public let isGlobal: Bool
    public let keySchema: KeySchema
    public let projection: IndexProjection
    public var throughput: Throughput?
    public var onDemandThroughput: OnDemandThroughput?
    /// Nil until one was asked for.
    public var warmThroughput: WarmThroughput?
    public internal(set) var throughputHistory = ThroughputHistory()

    public init(
        name: Text, isGlobal: Bool, keySchema: KeySchema, projection: IndexProjection, throughput: Throughput? = nil,
        onDemandThroughput: OnDemandThroughput? = nil, warmThroughput: WarmThroughput? = nil
    ) {
        self.name = name
        self.isGlobal = isGlobal
        self.keySchema = keySchema
        self.projection = projection
        self.throughput = throughput
        self.onDemandThroughput = onDemandThroughput
        self.warmThroughput = warmThroughput
    }
}

/// A secondary index as it stands in one region.
public struct SecondaryIndex: Sendable, Hashable {
    public let definition: IndexDefinition
    /// The index's short number in this region's store.
    public let id: IndexID
    /// `creating` while items that were there before the index are still being entered: writes maintain it, no read uses it.
    public let status: TableStatus

    public var name: Text { definition.name }
    public var isGlobal: Bool { definition.isGlobal }
}

/// Settings of one replica that differ from its table's; nil where they do not.
public struct ReplicaOverrides: Sendable, Hashable {
    public var readCapacityUnits: Int?
    /// -1 for no maximum, where the table has one.
    public var maximumReadRequestUnits: Int?
    public var tableClass: TableClass?
    /// Provisioned read capacity by name of global index, in the names' order.
    public var indexReadCapacityUnits: [IndexRead] = []

    /// One index's overridden read capacity.
    public struct IndexRead: Sendable, Hashable {
        public let index: Text
        public let readCapacityUnits: Int?
        public let maximumReadRequestUnits: Int?

        public init(index: Text, readCapacityUnits: Int?, maximumReadRequestUnits: Int?) {
            self.index = index
            self.readCapacityUnits = readCapacityUnits
            self.maximumReadRequestUnits = maximumReadRequestUnits
        }
    }

    public init() {}
}

/// One region's replica of a table.
public struct Replica: Sendable, Hashable {
    /// The region's name, such as `us-east-1`.
    public let region: Text
    public let status: TableStatus
    public internal(set) var overrides = ReplicaOverrides()
    /// When this replica was asked for: replicas are listed in this order.
    public let created: Version
    /// Whether the replica's own region protects it against deletion.
    public internal(set) var isDeletionProtected = false
}

/// What a user says of a new table, already validated.
public struct TableSpecification: Sendable {
    public var name: Text
    public var keySchema: KeySchema
    public var indexes: [IndexDefinition]
    public var billingMode: BillingMode
    public var throughput: Throughput?
    public var onDemandThroughput: OnDemandThroughput?
    public var warmThroughput: WarmThroughput?
    public var streamViewType: StreamViewType?
    public var tableClass: TableClass?
    /// Whether encryption with the service's own key was asked for.
    public var isEncryptionRequested = false
    public var isDeletionProtected = false
    public var localSettings = LocalSettings()

    public init(
        name: Text, keySchema: KeySchema, indexes: [IndexDefinition] = [], billingMode: BillingMode = .payPerRequest,
        throughput: Throughput? = nil
    ) {
        self.name = name
        self.keySchema = keySchema
        self.indexes = indexes
        self.billingMode = billingMode
        self.throughput = throughput
    }
}

/// One change of a table's settings, already validated; what an UpdateTable request is made of.
public enum TableChange: Sendable, Hashable {
    case setBilling(BillingMode, Throughput?)
    case changeOnDemandThroughput(OnDemandChange)
    case setWarmThroughput(WarmThroughput)
    case enableStream(StreamViewType)
    case disableStream
    /// Enables or disables the expiry of items by that attribute, in every region.
    case setTimeToLive(attribute: Text, isEnabled: Bool)
    case setTableClass(TableClass)
    /// Notes whether encryption with the service's own key was asked for.
    case setEncryptionRequested(Bool)
    /// Of this region's replica only: never replicated.
    case setDeletionProtection(Bool)
    case createIndex(IndexDefinition)
    case updateIndex(name: Text, Throughput?, OnDemandChange?)
    case setIndexWarmThroughput(name: Text, WarmThroughput)
    case deleteIndex(name: Text)
    /// Another region's name.
    case createReplica(region: Text, ReplicaOverrides)
    case updateReplica(region: Text, ReplicaOverrides)
    case deleteReplica(region: Text)
}

/// Why a change of the catalog was refused; nothing has changed then.
public enum CatalogError: Error, Sendable, Hashable {
    case tableNotFound(Text)
    case tableExists(Text)
    /// The table or a replica of it is being created, changed or deleted.
    case tableInUse(Text)
    case deletionProtected(Text)
    /// The replica in another region is protected by that region.
    case replicaProtected(region: Text)
    /// A region has added a replica of the table less than ``RegionConfiguration/sourceReplicaProtectionMilliseconds`` ago, so its
    /// own stays.
    case recentSource
    /// A replica of the table is still being added in that region.
    case replicaBeingAdded(region: Text)
    /// This region's replica still waits for a snapshot transfer, or another one for one from it.
    case replicaInUse(table: Text)
    /// One of its indexes is still being created.
    case indexInProgress(table: Text)
    /// Another of its indexes is still being created or deleted.
    case otherIndexInProgress
    case indexNotFound(Text)
    /// A local index was to be deleted.
    case indexNotGlobal(Text)
    case indexExists(Text)
    case streamEnabled(table: Text)
    case streamNotEnabled
    /// Time to live is already as it was to become.
    case timeToLiveUnchanged(isEnabled: Bool)
    /// Time to live is enabled by another attribute.
    case timeToLiveOtherAttribute(Text)
    /// Time to live was changed less than ``RegionConfiguration/timeToLiveChangeIntervalMilliseconds`` ago.
    case timeToLiveChangedRecently
    /// A table with other regions' replicas keeps its stream.
    case streamNeededByReplicas
    /// The region has a replica of this table, or another table of this name.
    case replicaExists(region: Text)
    case replicaNotFound(region: Text)
    /// Not a region of the topology.
    case unknownRegion(Text)
    /// The caller's own region can neither add nor remove itself.
    case localRegion(Text)
    /// The store failed: nothing more can be written until the process has started anew.
    case storage(String)
    /// The store is at its bound of tables or indexes.
    case limitExceeded(String)
}
