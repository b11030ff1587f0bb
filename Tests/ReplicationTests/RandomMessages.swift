import HybridClock
import ItemModel
import RegionStore
import Replication
import TestSupport

/// Messages of every kind with members of every size.
struct RandomMessages {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    static let kindCount = 14

    mutating func next() -> LinkMessage { message(ofKind: Int.random(in: 0..<Self.kindCount, using: &random)) }

    mutating func message(ofKind kind: Int) -> LinkMessage {
        switch kind {
        case 0:
            let low = random.next(upTo: UInt16.max)
            return .hello(
                LinkMessage.Hello(
                    versions: low...UInt16.random(in: low...UInt16.max, using: &random), region: region(), name: text(),
                    incarnation: incarnation(), clockMilliseconds: random.next()))
        case 1:
            return .welcome(
                LinkMessage.Welcome(
                    version: random.next(upTo: UInt16.max), region: region(), name: text(), incarnation: incarnation(),
                    clockMilliseconds: random.next(), vector: vector()))
        case 2:
            let code = LinkMessage.Refusal.Code.allCases.randomElement(using: &random) ?? .stopping
            return .refuse(LinkMessage.Refusal(code: code, text: text()))
        case 3:
            return .catalog(
                sequence: random.next(),
                LinkMessage.CatalogImage(
                    position: position(), isReset: Bool.random(using: &random), entries: list(), collected: collected())
            )
        case 4:
            return .changes(
                sequence: random.next(),
                LinkMessage.Changes(
                    batch: ReceivedBatch(
                        origin: origin(), records: list(), position: position(),
                        isComplete: Bool.random(using: &random))))
        case 5:
            return .heartbeat(
                sequence: random.next(),
                LinkMessage.Heartbeat(
                    position: position(), closed: HybridTimestamp(rawValue: random.next()),
                    clockMilliseconds: random.next(),
                    directory: RegionDirectory(
                        alive: (0..<Int.random(in: 0...2, using: &random)).map { _ in origin() },
                        ended: (0..<Int.random(in: 0...2, using: &random)).map { _ in origin() }, parts: vector())))
        case 6: return .acknowledge(sequence: random.next(), vector: vector(), clockMilliseconds: random.next())
        case 7: return .request(request())
        case 8:
            let items = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                SnapshotItem(
                    version: Version(stamp: HybridTimestamp(rawValue: random.next()), origin: origin()),
                    isTombstone: Bool.random(using: &random), payload: bytes())
            }
            let part = SnapshotPart(
                items: items, from: bytes(), to: Bool.random(using: &random) ? bytes() : nil, vector: vector())
            return .snapshotPart(sequence: random.next(), replica(), part)
        case 9: return .snapshotEnd(sequence: random.next(), replica(), vector())
        case 10: return .catchUpEnd(sequence: random.next(), replica(), of: origin(), after: position())
        case 11:
            return .orphanedOriginEnd(
                sequence: random.next(), of: origin(), after: position(), seen: position(),
                isTrimmed: Bool.random(using: &random))
        case 12:
            let reason = LinkMessage.Unavailability.allCases.randomElement(using: &random) ?? .trimmed
            return .unavailable(request(), reason)
        default: return .alive
        }
    }

    private mutating func request() -> LinkMessage.Request {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: .transfer(replica())
        case 1: .catchUp(replica(), added: position(), of: origin(), after: position())
        case 2: .relay(origin(), after: position())
        case 3: .orphanedOrigin(of: origin(), after: position(), successor: origin())
        default: .stopRelaying(origin())
        }
    }

    private mutating func bytes() -> [UInt8] {
        (0..<Int.random(in: 0...200, using: &random)).map { _ in random.next(upTo: UInt8.max) }
    }
    private mutating func list() -> [[UInt8]] { (0..<Int.random(in: 0...5, using: &random)).map { _ in bytes() } }
    private mutating func text() -> Text { Text(String(repeating: "é", count: Int.random(in: 0...20, using: &random))) }
    private mutating func region() -> RegionID { RegionID(rawValue: random.next(upTo: UInt16.max)) }
    private mutating func origin() -> Origin { Origin(rawValue: random.next()) }
    private mutating func position() -> LogPosition { LogPosition(rawValue: random.next()) }
    private mutating func incarnation() -> Incarnation { Incarnation(high: random.next(), low: random.next()) }
    private mutating func replica() -> LocalReplica {
        LocalReplica(
            table: TableUUID(high: random.next(), low: random.next()),
            id: TableID(rawValue: random.next(upTo: UInt32.max)))
    }
    private mutating func collected() -> CollectedTables {
        var collected = CollectedTables()
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            collected.note(Version(stamp: HybridTimestamp(rawValue: random.next()), origin: origin()))
        }
        return collected
    }
    private mutating func vector() -> AppliedVector {
        var vector = AppliedVector()
        for _ in 0..<Int.random(in: 0...4, using: &random) { vector.raise(origin(), to: position()) }
        return vector
    }
}

extension SplitMix64 {
    mutating func next<Value: FixedWidthInteger & UnsignedInteger>(upTo bound: Value) -> Value {
        Value.random(in: 0...bound, using: &self)
    }
}
