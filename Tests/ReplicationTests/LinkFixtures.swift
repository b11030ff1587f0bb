import HybridClock
import ItemModel
import RegionStore
import Replication

/// Two regions and what passes between them, for tests that drive one machine a step at a time.
enum LinkFixtures {
    static let sender = LinkIdentity(
        region: RegionID(rawValue: 1), name: "us-east-1", incarnation: Incarnation(high: 0x1_0000_4000, low: 1))
    static let receiver = LinkIdentity(
        region: RegionID(rawValue: 2), name: "eu-west-1", incarnation: Incarnation(high: 0x2_0000_4000, low: 1))
    static let third = Origin(region: RegionID(rawValue: 3), incarnation: Incarnation(high: 0x3_0000_4000, low: 1))

    static let regions = [
        RegionIdentity(id: RegionID(rawValue: 1), name: "us-east-1"),
        RegionIdentity(id: RegionID(rawValue: 2), name: "eu-west-1"),
        RegionIdentity(id: RegionID(rawValue: 3), name: "ap-south-1"),
    ]

    static let replica = LocalReplica(table: TableUUID(high: 1, low: 2), id: TableID(rawValue: 3))

    static var configuration: LinkConfiguration {
        var configuration = LinkConfiguration()
        configuration.batchByteCount = 100
        configuration.inFlightByteLimit = 250
        configuration.heartbeatMilliseconds = 100
        configuration.silenceMilliseconds = 1_000...10_000
        configuration.backoffMilliseconds = 10...80
        configuration.refusalBackoffMilliseconds = 200...1_600
        return configuration
    }

    /// Physical time runs a fixed distance ahead of the monotonic clock.
    static func at(_ milliseconds: UInt64) -> LinkInstant {
        LinkInstant(monotonicMilliseconds: milliseconds, physicalMilliseconds: 1_000_000 + milliseconds)
    }

    static func position(_ rawValue: UInt64) -> LogPosition { LogPosition(rawValue: rawValue) }

    static func vector(_ entries: (Origin, UInt64)...) -> AppliedVector {
        var vector = AppliedVector()
        for (origin, position) in entries { vector.raise(origin, to: LogPosition(rawValue: position)) }
        return vector
    }

    static func bounds(
        _ start: UInt64 = 1, to end: UInt64, closed: UInt64 = 0, begin: UInt64 = 0
    ) -> SenderLink.LogBounds {
        SenderLink.LogBounds(
            begin: position(begin), start: position(start), end: position(end),
            closed: HybridTimestamp(rawValue: closed), directory: directory)
    }

    /// What the sender's region says of its logs.
    static let directory = RegionDirectory(
        alive: [sender.origin], ended: [Origin(rawValue: sender.origin.rawValue + 1)])

    /// A change of `origin`, in at least `byteCount` bytes.
    static func record(_ at: UInt64, of origin: Origin = sender.origin, byteCount: Int = 0) -> [UInt8] {
        ChangeRecord(
            kind: .put, cause: .user, position: position(at),
            version: Version(stamp: HybridTimestamp(milliseconds: 1_000_000 + at), origin: origin), replaced: .zero,
            table: replica.table, payload: [UInt8](repeating: 0, count: byteCount)
        ).encoded()
    }

    static func page(_ records: [[UInt8]], upTo end: UInt64) -> LogPage {
        var page = LogPage(readPosition: position(end))
        page.records = records
        return page
    }

    static func welcome(_ vector: AppliedVector, version: UInt16 = 1, from identity: LinkIdentity = receiver)
        -> LinkMessage
    {
        .welcome(
            LinkMessage.Welcome(
                version: version, region: identity.region, name: identity.name, incarnation: identity.incarnation,
                clockMilliseconds: 1_000_000, vector: vector))
    }

    static func hello(
        _ identity: LinkIdentity = sender, versions: ClosedRange<UInt16> = 1...1, clock: UInt64 = 1_000_000
    ) -> LinkMessage {
        .hello(
            LinkMessage.Hello(
                versions: versions, region: identity.region, name: identity.name, incarnation: identity.incarnation,
                clockMilliseconds: clock))
    }
}
