public import ItemModel

/// Something that a region's operator has to hear of.
public enum RegionStoreEvent: Sendable, Hashable, CustomStringConvertible {
    /// The log was trimmed beyond what a follower has acknowledged: it cannot go on from there.
    case followerLapsed(Text, cursor: LogPosition, retainedFrom: LogPosition, cause: LogFollowers.LapseCause)
    /// A follower that had lapsed has everything that the log no longer holds.
    case followerResumed(Text, cursor: LogPosition)
    /// Other regions hold a table of a name that another table has here, as both sides of a cut may create one.
    case nameShared(Text, own: TableUUID, other: TableUUID, regions: [Text])
    /// This region was to hold a replica, and its name belongs to another table here.
    case nameTaken(Text, own: TableUUID, other: TableUUID)

    /// Whether somebody has to act on it.
    public var isAlarm: Bool {
        switch self {
        case .nameTaken: true
        case .followerLapsed, .followerResumed, .nameShared: false
        }
    }

    public var description: String {
        switch self {
        case .followerLapsed(let name, let cursor, let retainedFrom, let cause):
            """
            \(name) has lapsed: it has acknowledged the log up to \(cursor), and the log begins at \(retainedFrom) now, as it is kept for \
            no longer (bound of \(cause)); what it lacks is transferred by snapshot
            """
        case .followerResumed(let name, let cursor): "\(name) follows the log again, from \(cursor)"
        case .nameShared(let name, let own, let other, let regions):
            """
            the table \(name) of \(regions.map(\.string).joined(separator: ", ")) (\(other)) is another one than this region's \(name) (\(own)): \
            they are not replicated to each other
            """
        case .nameTaken(let name, let own, let other):
            """
            no replica of the table \(name) (\(other)) was made here, as this region has another table of that name (\(own)): delete one of \
            the two, then remove the replica of the other and add it again
            """
        }
    }
}

/// The events of one owner: told once they are durable, each once.
struct EventOutbox {
    private var pending: [RegionStoreEvent] = []
    private var durable: [RegionStoreEvent] = []

    mutating func append(_ event: RegionStoreEvent) { pending.append(event) }

    /// What was staged is in the store.
    mutating func committed() {
        durable += pending
        pending = []
    }

    mutating func take() -> [RegionStoreEvent] {
        defer { durable = [] }
        return durable
    }
}
