import HybridClock
public import ItemModel
import RegionStore

extension LinkMessage {
    /// The bound on the items, records or entries of one message; more is refused before memory is reserved for it.
    static let maximumElementCount = 1_000_000

    private enum Kind: UInt8 {
        case hello = 1
        case welcome = 2
        case refuse = 3
        case catalog = 4
        case changes = 5
        case heartbeat = 6
        case acknowledge = 7
        case request = 8
        case snapshotPart = 9
        case snapshotEnd = 10
        case catchUpEnd = 11
        case unavailable = 12
        case orphanedOriginEnd = 13
        case alive = 14
    }

    /// The first bytes of a hello, so that something else that connects is told at once.
    private static let magic: UInt32 = 0x4D52_444E

    /// The binary form.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 256)
        switch self {
        case .hello(let hello):
            writer.append(Kind.hello.rawValue)
            writer.append(Self.magic)
            writer.append(hello.versions.lowerBound)
            writer.append(hello.versions.upperBound)
            Self.encode(hello.region, hello.name, hello.incarnation, hello.clockMilliseconds, into: &writer)
        case .welcome(let welcome):
            writer.append(Kind.welcome.rawValue)
            writer.append(welcome.version)
            Self.encode(welcome.region, welcome.name, welcome.incarnation, welcome.clockMilliseconds, into: &writer)
            welcome.vector.encode(into: &writer)
        case .refuse(let refusal):
            writer.append(Kind.refuse.rawValue)
            writer.append(refusal.code.rawValue)
            writer.appendLengthPrefixed(refusal.text)
        case .catalog(let sequence, let image):
            writer.append(Kind.catalog.rawValue)
            writer.append(sequence)
            writer.append(image.position.rawValue)
            writer.append(image.isReset ? 1 : 0 as UInt8)
            Self.encode(image.entries, into: &writer)
            image.collected.encode(into: &writer)
        case .changes(let sequence, let changes):
            writer.append(Kind.changes.rawValue)
            writer.append(sequence)
            writer.append(changes.batch.origin.rawValue)
            writer.append(changes.batch.position.rawValue)
            writer.append(changes.batch.isComplete ? 1 : 0 as UInt8)
            Self.encode(changes.batch.records, into: &writer)
        case .heartbeat(let sequence, let heartbeat):
            writer.append(Kind.heartbeat.rawValue)
            writer.append(sequence)
            writer.append(heartbeat.position.rawValue)
            writer.append(heartbeat.closed.rawValue)
            writer.append(heartbeat.clockMilliseconds)
            heartbeat.directory.encode(into: &writer)
        case .acknowledge(let sequence, let vector, let clockMilliseconds):
            writer.append(Kind.acknowledge.rawValue)
            writer.append(sequence)
            vector.encode(into: &writer)
            writer.append(clockMilliseconds)
        case .request(let request):
            writer.append(Kind.request.rawValue)
            request.encode(into: &writer)
        case .snapshotPart(let sequence, let replica, let part):
            writer.append(Kind.snapshotPart.rawValue)
            writer.append(sequence)
            replica.encode(into: &writer)
            part.vector.encode(into: &writer)
            writer.appendLengthPrefixed(part.lower)
            writer.append(part.upper == nil ? 0 : 1 as UInt8)
            if let upper = part.upper { writer.appendLengthPrefixed(upper) }
            writer.appendLength(part.items.count)
            for item in part.items {
                item.version.encode(into: &writer)
                writer.append(item.isTombstone ? 1 : 0 as UInt8)
                writer.appendLengthPrefixed(item.payload)
            }
        case .snapshotEnd(let sequence, let replica, let vector):
            writer.append(Kind.snapshotEnd.rawValue)
            writer.append(sequence)
            replica.encode(into: &writer)
            vector.encode(into: &writer)
        case .catchUpEnd(let sequence, let replica, let origin, let position):
            writer.append(Kind.catchUpEnd.rawValue)
            writer.append(sequence)
            replica.encode(into: &writer)
            writer.append(origin.rawValue)
            writer.append(position.rawValue)
        case .orphanedOriginEnd(let sequence, let origin, let after, let seen, let isTrimmed):
            writer.append(Kind.orphanedOriginEnd.rawValue)
            writer.append(sequence)
            writer.append(origin.rawValue)
            writer.append(after.rawValue)
            writer.append(seen.rawValue)
            writer.append(isTrimmed ? 1 : 0 as UInt8)
        case .unavailable(let request, let reason):
            writer.append(Kind.unavailable.rawValue)
            request.encode(into: &writer)
            writer.append(reason.rawValue)
        case .alive: writer.append(Kind.alive.rawValue)
        }
        return writer.bytes
    }

    /// Reads back what ``encoded()`` wrote, and refuses everything else.
    public init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .invalid("message's kind", at: 0) }
        switch kind {
        case .hello: self = .hello(try Self.readHello(from: &reader))
        case .welcome: self = .welcome(try Self.readWelcome(from: &reader))
        case .refuse:
            guard let code = Refusal.Code(rawValue: try reader.readUInt8()) else {
                throw .invalid("refusal's code", at: 1)
            }
            self = .refuse(Refusal(code: code, text: try reader.readLengthPrefixedText()))
        case .catalog:
            let sequence = try reader.readUInt64()
            let position = LogPosition(rawValue: try reader.readUInt64())
            let isReset = try Self.readFlag(from: &reader)
            self = .catalog(
                sequence: sequence,
                CatalogImage(
                    position: position, isReset: isReset, entries: try Self.readList(from: &reader),
                    collected: try CollectedTables(from: &reader)))
        case .changes:
            let sequence = try reader.readUInt64()
            let origin = Origin(rawValue: try reader.readUInt64())
            let position = LogPosition(rawValue: try reader.readUInt64())
            let isComplete = try Self.readFlag(from: &reader)
            let records = try Self.readList(from: &reader)
            self = .changes(
                sequence: sequence,
                Changes(
                    batch: ReceivedBatch(
                        origin: origin, records: records, position: position, isComplete: isComplete)))
        case .heartbeat: self = .heartbeat(sequence: try reader.readUInt64(), try Self.readHeartbeat(from: &reader))
        case .acknowledge:
            self = .acknowledge(
                sequence: try reader.readUInt64(), vector: try AppliedVector(from: &reader),
                clockMilliseconds: try reader.readUInt64())
        case .request: self = .request(try Request(from: &reader))
        case .snapshotPart: self = try Self.readSnapshotPart(from: &reader)
        case .snapshotEnd:
            self = .snapshotEnd(
                sequence: try reader.readUInt64(), try LocalReplica(from: &reader), try AppliedVector(from: &reader))
        case .catchUpEnd:
            self = .catchUpEnd(
                sequence: try reader.readUInt64(), try LocalReplica(from: &reader),
                of: Origin(rawValue: try reader.readUInt64()),
                after: LogPosition(rawValue: try reader.readUInt64()))
        case .orphanedOriginEnd:
            self = .orphanedOriginEnd(
                sequence: try reader.readUInt64(), of: Origin(rawValue: try reader.readUInt64()),
                after: LogPosition(rawValue: try reader.readUInt64()),
                seen: LogPosition(rawValue: try reader.readUInt64()), isTrimmed: try Self.readFlag(from: &reader))
        case .unavailable:
            let request = try Request(from: &reader)
            let start = reader.offset
            guard let reason = Unavailability(rawValue: try reader.readUInt8()) else {
                throw .invalid("reason of unavailability", at: start)
            }
            self = .unavailable(request, reason)
        case .alive: self = .alive
        }
        try reader.expectEnd()
    }

    private static func encode(
        _ region: RegionID, _ name: Text, _ incarnation: Incarnation, _ clockMilliseconds: UInt64,
        into writer: inout ByteWriter
    ) {
        writer.append(region.rawValue)
        writer.appendLengthPrefixed(name)
        writer.append(incarnation.high)
        writer.append(incarnation.low)
        writer.append(clockMilliseconds)
    }

    private static func readHello(from reader: inout ByteReader) throws(BinaryDecodingError) -> Hello {
        guard try reader.readUInt32() == magic else { throw .invalid("protocol's name", at: 1) }
        let lowest = try reader.readUInt16()
        let highest = try reader.readUInt16()
        guard lowest <= highest else { throw .invalid("range of versions", at: 5) }
        return Hello(
            versions: lowest...highest, region: RegionID(rawValue: try reader.readUInt16()),
            name: try reader.readLengthPrefixedText(),
            incarnation: Incarnation(high: try reader.readUInt64(), low: try reader.readUInt64()),
            clockMilliseconds: try reader.readUInt64())
    }

    private static func readWelcome(from reader: inout ByteReader) throws(BinaryDecodingError) -> Welcome {
        Welcome(
            version: try reader.readUInt16(), region: RegionID(rawValue: try reader.readUInt16()),
            name: try reader.readLengthPrefixedText(),
            incarnation: Incarnation(high: try reader.readUInt64(), low: try reader.readUInt64()),
            clockMilliseconds: try reader.readUInt64(), vector: try AppliedVector(from: &reader))
    }

    private static func readHeartbeat(from reader: inout ByteReader) throws(BinaryDecodingError) -> Heartbeat {
        Heartbeat(
            position: LogPosition(rawValue: try reader.readUInt64()),
            closed: HybridTimestamp(rawValue: try reader.readUInt64()), clockMilliseconds: try reader.readUInt64(),
            directory: try RegionDirectory(from: &reader))
    }

    private static func readSnapshotPart(from reader: inout ByteReader) throws(BinaryDecodingError) -> LinkMessage {
        let sequence = try reader.readUInt64()
        let replica = try LocalReplica(from: &reader)
        let vector = try AppliedVector(from: &reader)
        let lower = try reader.readLengthPrefixedBytes()
        let upper = try readFlag(from: &reader) ? try reader.readLengthPrefixedBytes() : nil
        let count = try readCount(from: &reader, minimumByteCount: Version.byteCount + 2)
        var items: [SnapshotItem] = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            let version = try Version(from: &reader)
            let isTombstone = try readFlag(from: &reader)
            items.append(
                SnapshotItem(
                    version: version, isTombstone: isTombstone, payload: try reader.readLengthPrefixedBytes()))
        }
        let part = SnapshotPart(items: items, from: lower, to: upper, vector: vector)
        return .snapshotPart(sequence: sequence, replica, part)
    }

    private static func encode(_ list: [[UInt8]], into writer: inout ByteWriter) {
        writer.appendLength(list.count)
        for element in list { writer.appendLengthPrefixed(element) }
    }

    private static func readList(from reader: inout ByteReader) throws(BinaryDecodingError) -> [[UInt8]] {
        let count = try readCount(from: &reader, minimumByteCount: 1)
        var list: [[UInt8]] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try reader.readLengthPrefixedBytes()) }
        return list
    }

    private static func readCount(
        from reader: inout ByteReader, minimumByteCount: Int
    ) throws(BinaryDecodingError) -> Int {
        let start = reader.offset
        let count = try reader.readCount(minimumByteCount: minimumByteCount)
        guard count <= maximumElementCount else { throw .invalid("count of elements", at: start) }
        return count
    }

    private static func readFlag(from reader: inout ByteReader) throws(BinaryDecodingError) -> Bool {
        let start = reader.offset
        switch try reader.readUInt8() {
        case 0: return false
        case 1: return true
        default: throw .invalid("flag", at: start)
        }
    }
}

extension LinkMessage.Request {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .transfer(let replica):
            writer.append(1 as UInt8)
            replica.encode(into: &writer)
        case .catchUp(let replica, let added, let origin, let after):
            writer.append(2 as UInt8)
            replica.encode(into: &writer)
            writer.append(added.rawValue)
            writer.append(origin.rawValue)
            writer.append(after.rawValue)
        case .relay(let origin, let after):
            writer.append(3 as UInt8)
            writer.append(origin.rawValue)
            writer.append(after.rawValue)
        case .stopRelaying(let origin):
            writer.append(4 as UInt8)
            writer.append(origin.rawValue)
        case .orphanedOrigin(let origin, let after, let successor):
            writer.append(5 as UInt8)
            writer.append(origin.rawValue)
            writer.append(after.rawValue)
            writer.append(successor.rawValue)
        }
    }

    init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        let start = reader.offset
        switch try reader.readUInt8() {
        case 1: self = .transfer(try LocalReplica(from: &reader))
        case 2:
            self = .catchUp(
                try LocalReplica(from: &reader), added: LogPosition(rawValue: try reader.readUInt64()),
                of: Origin(rawValue: try reader.readUInt64()), after: LogPosition(rawValue: try reader.readUInt64()))
        case 3:
            self = .relay(
                Origin(rawValue: try reader.readUInt64()), after: LogPosition(rawValue: try reader.readUInt64()))
        case 4: self = .stopRelaying(Origin(rawValue: try reader.readUInt64()))
        case 5:
            self = .orphanedOrigin(
                of: Origin(rawValue: try reader.readUInt64()), after: LogPosition(rawValue: try reader.readUInt64()),
                successor: Origin(rawValue: try reader.readUInt64()))
        default: throw .invalid("request's kind", at: start)
        }
    }
}

extension LocalReplica {
    /// Twenty bytes: the table's UUID and the number.
    func encode(into writer: inout ByteWriter) {
        table.encode(into: &writer)
        writer.append(id.rawValue)
    }

    init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        self.init(table: try TableUUID(from: &reader), id: TableID(rawValue: try reader.readUInt32()))
    }
}
