public import HybridClock
public import ItemModel
public import RegionStore

/// What the two ends of a link say to each other.
///
/// Binary form: a byte of kind, then the members in the order in which they stand here; integers are big-endian, lengths and
/// counts varints, names and records length-prefixed. Kinds are never used again for something else.
public enum LinkMessage: Sendable, Hashable {
    /// The sender's first message.
    case hello(Hello)
    /// The receiver's answer, with what it has applied.
    case welcome(Welcome)
    /// Either end's last message: why it closes the link.
    case refuse(Refusal)
    /// Every table that the sender knows, for a receiver that has no position of it.
    case catalog(sequence: UInt64, CatalogImage)
    /// Changes of one origin, in order.
    case changes(sequence: UInt64, Changes)
    /// The sender's closed timestamp: nothing of its own at or below it will follow. Everything up to `position` of its log was sent.
    case heartbeat(sequence: UInt64, Heartbeat)
    /// Everything up to `sequence` is durable; what every replica of the receiver has of every origin, and its physical clock in
    /// milliseconds since the Unix epoch, zero where it doubts it.
    case acknowledge(sequence: UInt64, vector: AppliedVector, clockMilliseconds: UInt64)
    /// The receiver asks for more than the sender's own changes.
    case request(Request)
    /// Part of a table's snapshot: the parts between them are the whole of it.
    case snapshotPart(sequence: UInt64, LocalReplica, SnapshotPart)
    /// The end of a snapshot transfer, with what the snapshot held.
    case snapshotEnd(sequence: UInt64, LocalReplica, AppliedVector)
    /// The end of what was asked for with `Request.catchUp`.
    case catchUpEnd(sequence: UInt64, LocalReplica, of: Origin, after: LogPosition)
    /// The end of what was asked for with `Request.orphanedOrigin`, with the highest position of the lost log that the sender has seen.
    ///
    /// `isTrimmed` says that some of it is no longer in the sender's log.
    case orphanedOriginEnd(sequence: UInt64, of: Origin, after: LogPosition, seen: LogPosition, isTrimmed: Bool)
    /// The sender cannot do what was asked, at least not now.
    case unavailable(Request, Unavailability)
    /// Either end is there, and has had nothing to say for a while. It has no sequence and is not acknowledged.
    case alive

    /// Who the sender is.
    public struct Hello: Sendable, Hashable {
        /// The lowest and the highest version of the protocol that it speaks.
        public let versions: ClosedRange<UInt16>
        public let region: RegionID
        public let name: Text
        public let incarnation: Incarnation
        /// The sender's physical clock, in milliseconds since the Unix epoch.
        public let clockMilliseconds: UInt64

        public init(
            versions: ClosedRange<UInt16>, region: RegionID, name: Text, incarnation: Incarnation,
            clockMilliseconds: UInt64
        ) {
            self.versions = versions
            self.region = region
            self.name = name
            self.incarnation = incarnation
            self.clockMilliseconds = clockMilliseconds
        }
    }

    /// Who the receiver is, and where the sender shall begin.
    public struct Welcome: Sendable, Hashable {
        /// The version of the protocol that both will speak.
        public let version: UInt16
        public let region: RegionID
        public let name: Text
        public let incarnation: Incarnation
        /// The receiver's physical clock, in milliseconds since the Unix epoch; zero where it doubts it.
        public let clockMilliseconds: UInt64
        public let vector: AppliedVector

        public init(
            version: UInt16, region: RegionID, name: Text, incarnation: Incarnation, clockMilliseconds: UInt64,
            vector: AppliedVector
        ) {
            self.version = version
            self.region = region
            self.name = name
            self.incarnation = incarnation
            self.clockMilliseconds = clockMilliseconds
            self.vector = vector
        }
    }

    /// Why an end closes the link.
    public struct Refusal: Sendable, Hashable {
        public let code: Code
        public let text: Text

        public enum Code: UInt8, Sendable, Hashable, CaseIterable {
            /// No version of the protocol that both speak.
            case version = 1
            /// Not the region that the other end expected, or that its certificate names.
            case identity = 2
            /// A message that is damaged, or not due in this state.
            case malformed = 3
            /// A stamp too far ahead of the receiver's clock.
            case clock = 4
            /// The store failed.
            case storage = 5
            /// The region is stopping.
            case stopping = 6
            /// The receiver's disk has no room for more items.
            case room = 7
        }

        public init(code: Code, text: Text) {
            self.code = code
            self.text = text
        }
    }

    /// The sender's catalog as of a position in its log.
    public struct CatalogImage: Sendable, Hashable {
        public let position: LogPosition
        /// Whether the sender no longer has the changes between the receiver's position and this one.
        public let isReset: Bool
        public let entries: [[UInt8]]
        /// Of which tables that the entries lack the sender knows that they are deleted.
        public let collected: CollectedTables

        public init(position: LogPosition, isReset: Bool, entries: [[UInt8]], collected: CollectedTables) {
            self.position = position
            self.isReset = isReset
            self.entries = entries
            self.collected = collected
        }
    }

    /// A batch of change records.
    public struct Changes: Sendable, Hashable {
        public let batch: ReceivedBatch

        public init(batch: ReceivedBatch) {
            self.batch = batch
        }
    }

    /// The sender's progress and clock.
    public struct Heartbeat: Sendable, Hashable {
        public let position: LogPosition
        public let closed: HybridTimestamp
        public let clockMilliseconds: UInt64
        /// Which logs the sender's region has, the sender's own among those alive.
        public let directory: RegionDirectory

        public init(
            position: LogPosition, closed: HybridTimestamp, clockMilliseconds: UInt64, directory: RegionDirectory
        ) {
            self.position = position
            self.closed = closed
            self.clockMilliseconds = clockMilliseconds
            self.directory = directory
        }
    }

    /// What a receiver can ask for.
    ///
    /// A replica is named by the receiver's own number for it, which the sender repeats: what was asked for a replica that was
    /// removed meanwhile is not taken for one that was added after it.
    public enum Request: Sendable, Hashable {
        /// All items of a table, by snapshot.
        case transfer(LocalReplica)
        /// An origin's changes of one table once more, after a position in that origin's log.
        ///
        /// `added` is where the receiver's own log says that the replica was added: a sender that has not applied that may think of an earlier
        /// replica, and would stop shipping to it when it hears of its removal.
        case catchUp(LocalReplica, added: LogPosition, of: Origin, after: LogPosition)
        /// Another origin's changes, after a position in that origin's log.
        case relay(Origin, after: LogPosition)
        /// No more of another origin's changes.
        case stopRelaying(Origin)
        /// All that the sender holds of an origin whose disk is lost, after a position in that origin's log.
        ///
        /// A sender that has not seen the log that took the origin's place may yet receive more of it, and cannot answer.
        case orphanedOrigin(of: Origin, after: LogPosition, successor: Origin)
    }

    /// Why a request cannot be met.
    public enum Unavailability: UInt8, Sendable, Hashable, CaseIterable {
        /// The sender does not know the table, or not yet that the receiver has a replica of it: ask again.
        case unknownTable = 1
        /// The sender's own replica is not complete: ask again, or ask another.
        case incomplete = 2
        /// The log no longer goes back that far: transfer the table instead.
        case trimmed = 3
    }
}

extension LinkMessage {
    /// For texts of errors and journals.
    package var kindName: String {
        switch self {
        case .hello: "hello"
        case .welcome: "welcome"
        case .refuse: "refuse"
        case .catalog: "catalog"
        case .changes: "changes"
        case .heartbeat: "heartbeat"
        case .acknowledge: "acknowledge"
        case .request: "request"
        case .snapshotPart: "part of a snapshot"
        case .snapshotEnd: "end of a snapshot"
        case .catchUpEnd: "end of catch-up"
        case .orphanedOriginEnd: "end of an orphaned origin"
        case .unavailable: "unavailable"
        case .alive: "alive"
        }
    }
}
