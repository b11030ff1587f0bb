public import HybridClock
public import ItemModel

/// Everything that a region's writer is asked to do, as a value: it can be named, counted, traced, recorded and replayed.
///
/// What needs no stored state was done when the command was made, on the caller's thread: key forms, encoded items, sizes, limits.
public enum RegionCommand: Sendable {
    /// One write of one item.
    case write(ItemWrite)
    /// Several writes, each for itself: one that is refused does not keep the others from taking effect.
    case batch([ItemWrite])
    /// Several writes and checks, all or none.
    case transact(Transaction)
    case changeCatalog(CatalogCommand)
    /// A change of what only this region's replica of the table of that name has.
    case changeLocalSettings(table: Text, LocalSettingsChange)
    /// What a link has brought; `link` tells connections apart, of which none is ever used again.
    case deliver(LinkDelivery, link: UInt64)
    /// The connection is gone: no delivery of it will follow.
    case endLink(UInt64)
    case administer(Administration)

    /// What the region's links ask of the store beside deliveries.
    public enum Administration: Sendable, Hashable {
        /// Notes what another region's store has made durable, of all origins.
        case noteAcknowledged(by: Origin, AppliedVector)
        /// Notes what another region's physical clock showed.
        case noteClock(of: RegionID, ClockSample)
        /// Notes up to where another region has this region's log, when a link begins, or where that is beyond all that this process and the
        /// store that it has opened have given out.
        case noteKnown(by: RegionID, upTo: LogPosition, isBeyond: Bool)
        /// Has a replica transferred once more, as the sender no longer has the changes of a log that it lacks.
        case transferAgain(LocalReplica, lacking: Origin, from: Origin)
        /// Lets other links transfer a replica that the sender cannot transfer just now.
        case releaseTransfer(LocalReplica, from: Origin)
        /// Lets other links transfer what the sender was transferring: no link from it is up.
        case abandonTransfers(from: Origin)
        /// Finds out what the region needs of those senders, and reserves for them the snapshot transfers that they can make.
        case findNeeds(of: [Origin])
        /// Asks for what only the writer knows, for status pages.
        case report
    }

    /// Whether it gives out stamps: a region that doubts its own clock refuses it.
    public var givesStamps: Bool {
        switch self {
        case .write, .batch, .transact, .changeCatalog, .changeLocalSettings: true
        case .deliver, .endLink, .administer: false
        }
    }

    /// Whether it need not cause a round: nobody waits for it, and what it tells is told again.
    public var mayWait: Bool {
        if case .administer(.noteAcknowledged) = self { true } else { false }
    }

    /// A name for metrics, traces and messages.
    public var name: StaticString {
        switch self {
        case .write: "write"
        case .batch: "batch"
        case .transact: "transact"
        case .changeCatalog: "change-catalog"
        case .changeLocalSettings: "change-local-settings"
        case .deliver: "deliver"
        case .endLink: "end-link"
        case .administer: "administer"
        }
    }
}

/// A change of the catalog.
public enum CatalogCommand: Sendable {
    case createTable(TableSpecification)
    /// All of the changes or, where one is refused, none.
    case updateTable(Text, [TableChange])
    case deleteTable(Text)
}

/// What one message of a link asks the store to take over, already checked for what needs no stored state.
public enum LinkDelivery: Sendable, Hashable {
    /// Everything that the sender's catalog holds.
    case catalog(ReceivedCatalog, from: Origin)
    case changes(ReceivedBatch)
    /// Everything of the origin up to `position` was shipped; nothing stamped at or below `closed` will follow.
    case heartbeat(Origin, position: LogPosition, closed: HybridTimestamp, directory: RegionDirectory)
    case snapshotPart(LocalReplica, SnapshotPart)
    /// The snapshot's end, with what its source held when it was taken.
    case snapshotEnd(LocalReplica, AppliedVector)
    /// All changes of the origin after `after` that the replica lacked were shipped; `isDirect` says that the origin itself has sent them.
    case catchUpEnd(LocalReplica, of: Origin, after: LogPosition, isDirect: Bool)
    /// All that the sender holds of an orphaned origin was shipped.
    case orphanedOriginEnd(of: Origin, from: Origin, after: LogPosition, seen: LogPosition, isTrimmed: Bool)
}
