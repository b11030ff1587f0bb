public import HybridClock
import ItemModel

/// Change records of one origin, as a link delivers them.
public struct ReceivedBatch: Sendable, Hashable {
    public let origin: Origin
    /// In the binary form of `ChangeRecord`; what is relayed need not be in the order of the positions.
    public let records: [[UInt8]]
    /// Up to where the sender has now shipped everything of `origin` that concerns this region.
    public let position: LogPosition
    /// Whether nothing is missing up to `position`, so that this region's vector may say so.
    ///
    /// False for what is read once more for a single table, and for what another region relays without being sure
    /// that it has all.
    public let isComplete: Bool

    public init(origin: Origin, records: [[UInt8]], position: LogPosition, isComplete: Bool) {
        self.origin = origin
        self.records = records
        self.position = position
        self.isComplete = isComplete
    }
}

/// Part of a table as a snapshot carries it.
public struct SnapshotItem: Sendable, Hashable {
    public let version: Version
    /// Whether the payload is the key of an item that was deleted.
    public let isTombstone: Bool
    /// The binary item, or the binary form of a key.
    public let payload: [UInt8]

    public init(version: Version, isTombstone: Bool, payload: [UInt8]) {
        self.version = version
        self.isTombstone = isTombstone
        self.payload = payload
    }
}

/// Everything that a table holds between two keys, as a snapshot has it.
public struct SnapshotPart: Sendable, Hashable {
    /// In the order of their keys.
    public let items: [SnapshotItem]
    /// Where the part begins, without the number that the table has at the sender; empty at the table's start.
    public let lower: [UInt8]
    /// Where the next one begins; nil at the table's end.
    public let upper: [UInt8]?
    /// What the table's replica held when the snapshot was taken.
    public let vector: AppliedVector

    public init(items: [SnapshotItem], from lower: [UInt8], to upper: [UInt8]?, vector: AppliedVector) {
        self.items = items
        self.lower = lower
        self.upper = upper
        self.vector = vector
    }
}

/// Why what a link delivered was refused; nothing has changed then.
public enum ApplyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stamp is too far ahead: the sender's clock or this region's is wrong.
    case clock(ClockError)
    /// The sender broke the protocol, or the bytes are damaged.
    case malformed(String)
    case storage(String)
    /// The disk's reserve is touched, and it would add items.
    case noRoom

    public var description: String {
        switch self {
        case .clock(let error): "\(error)"
        case .malformed(let what): "a change that cannot be applied: \(what)"
        case .storage(let what): "the store failed: \(what)"
        case .noRoom: "the disk has no room for more items"
        }
    }
}

/// The whole catalog of another region, as a link brings it.
public struct ReceivedCatalog: Sendable, Hashable {
    /// Every table, the tombstones of deleted ones with it.
    public let entries: [[UInt8]]
    /// Of which tables that the entries lack the region knows that they are deleted.
    public let collected: CollectedTables
    /// As of where in the region's log it is.
    public let position: LogPosition
    /// Whether the region no longer has the changes that the receiver lacks: every replica that both have then needs a snapshot transfer.
    public let isReset: Bool

    public init(entries: [[UInt8]], collected: CollectedTables, position: LogPosition, isReset: Bool) {
        self.entries = entries
        self.collected = collected
        self.position = position
        self.isReset = isReset
    }
}
