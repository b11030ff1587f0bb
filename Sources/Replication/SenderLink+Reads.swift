import ItemModel
public import RegionStore

extension SenderLink {
    /// What the sender needs from the store; ``LinkReads`` carries it out.
    public enum Read: Sendable, Hashable {
        /// Everything that the catalog holds.
        case catalog
        /// A part of the log.
        case changes(ChangesRead)
        /// A part of a table, from a snapshot that is taken when `from` is nil and kept until the table's end.
        case table(TableUUID, from: [UInt8]?, byteLimit: Int)
        /// The place in the log after which an origin's changes above `after` stand.
        case locate(Origin, after: LogPosition)
    }

    /// A part of the log.
    public struct ChangesRead: Sendable, Hashable {
        public let origin: Origin
        public let after: LogPosition
        /// Nil, which is for other origins alone, reads to the log's end.
        public let upTo: LogPosition?
        /// Up to where, in the origin's own log, the receiver has everything.
        public let since: LogPosition
        /// One table alone, which the peer must have a replica of; nil for everything that concerns the peer.
        public let table: TableUUID?
        /// What this region must have applied, to know of the replica that the changes are for, or of the log that has
        /// taken the origin's place; empty for nothing.
        public let prerequisite: AppliedVector
        /// Whether all that is left of a lost disk is wanted.
        public internal(set) var isOrphaned = false
        public let byteLimit: Int
    }

    /// What a read gave.
    public enum ReadOutcome: Sendable, Hashable {
        /// As of `position`: all entries, and which other tables are known to be deleted.
        case catalog([[UInt8]], collected: CollectedTables, position: LogPosition)
        case changes(LogPage)
        /// The vector is what the table's replica held when the snapshot was taken.
        case table(SnapshotPage, AppliedVector)
        case located(LogPosition)
        /// Of a table, or of one table's changes.
        case unavailable(LinkMessage.Unavailability)
    }
}
