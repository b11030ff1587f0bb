import HybridClock
public import ItemModel

/// One change as it is logged and shipped; the stored bytes are the bytes on the wire.
///
/// Binary form, integers big-endian:
///
///     format 1 · kind 1 · cause 1 · flags 1 · position 8 · version 16 · replaced version 16 · table UUID 16
///     [ transaction: index 2 · count 2, where flag 0 is set ] · payload to the end
public struct ChangeRecord: Sendable, Hashable {
    public let kind: Kind
    public let cause: Cause
    /// Where the change stands in its origin's log.
    public let position: LogPosition
    /// The stamp and the origin of the change.
    public let version: Version
    /// What the write replaced where it was made, `Version.zero` for nothing.
    ///
    /// A stored version above this one and below `version` belongs to a write that the writer had not seen: a
    /// conflict.
    public let replaced: Version
    public let table: TableUUID
    /// Which of how many changes of one transaction this is.
    public let transaction: TransactionBounds?
    /// Of a put the binary item, of a deletion the binary form of its key, of a catalog change the catalog entry.
    public let payload: [UInt8]

    public enum Kind: UInt8, Sendable, Hashable {
        case put = 1
        case delete = 2
        case catalog = 3
    }

    /// Who made the change.
    public enum Cause: UInt8, Sendable, Hashable {
        case user = 1
        case timeToLive = 2
        /// The region itself: it reports the state of its replica.
        case system = 3
    }

    /// A change's place in its transaction.
    public struct TransactionBounds: Sendable, Hashable {
        public let index: UInt16
        public let count: UInt16

        package init(index: UInt16, count: UInt16) {
            self.index = index
            self.count = count
        }

        /// Whether it is the transaction's last change.
        public var isLast: Bool { index + 1 >= count }
    }

    static let formatVersion: UInt8 = 1
    private static let transactionFlag: UInt8 = 1

    public init(
        kind: Kind, cause: Cause, position: LogPosition, version: Version, replaced: Version, table: TableUUID,
        transaction: TransactionBounds? = nil, payload: [UInt8]
    ) {
        self.kind = kind
        self.cause = cause
        self.position = position
        self.version = version
        self.replaced = replaced
        self.table = table
        self.transaction = transaction
        self.payload = payload
    }

    /// The binary form.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: encodedByteCount)
        encode(into: &writer)
        return writer.bytes
    }

    /// The length of the binary form.
    var encodedByteCount: Int {
        Self.fixedByteCount + (transaction == nil ? 0 : Self.transactionByteCount) + payload.count
    }

    /// Appends the binary form.
    func encode(into writer: inout ByteWriter) {
        writer.append(Self.formatVersion)
        writer.append(kind.rawValue)
        writer.append(cause.rawValue)
        writer.append(transaction == nil ? 0 : Self.transactionFlag)
        writer.append(position.rawValue)
        version.encode(into: &writer)
        replaced.encode(into: &writer)
        writer.append(table.high)
        writer.append(table.low)
        if let transaction {
            writer.append(transaction.index)
            writer.append(transaction.count)
        }
        writer.append(contentsOf: payload)
    }

    /// Reads back what ``encoded()`` wrote, and refuses everything else.
    ///
    /// The payload is checked by whoever applies it.
    public init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        guard try reader.readUInt8() == Self.formatVersion else {
            throw .invalid("change record's format version", at: 0)
        }
        guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .invalid("change record's kind", at: 1) }
        guard let cause = Cause(rawValue: try reader.readUInt8()) else {
            throw .invalid("change record's cause", at: 2)
        }
        let flags = try reader.readUInt8()
        guard flags & ~Self.transactionFlag == 0 else { throw .invalid("change record's flags", at: 3) }
        self.kind = kind
        self.cause = cause
        position = LogPosition(rawValue: try reader.readUInt64())
        guard position > .zero else { throw .invalid("change record's position", at: 4) }
        version = try Version(from: &reader)
        replaced = try Version(from: &reader)
        table = TableUUID(high: try reader.readUInt64(), low: try reader.readUInt64())
        if flags & Self.transactionFlag != 0 {
            let start = reader.offset
            let bounds = TransactionBounds(index: try reader.readUInt16(), count: try reader.readUInt16())
            guard bounds.index < bounds.count else { throw .invalid("transaction bounds", at: start) }
            transaction = bounds
        } else {
            transaction = nil
        }
        payload = Array(bytes[reader.offset...])
    }

    /// The parts of a record that decide whether it is shipped, read from its bytes without the payload.
    public struct Header: Sendable, Hashable {
        public let kind: Kind
        public let cause: Cause
        public let position: LogPosition
        public let version: Version
        public let table: TableUUID
        public let transaction: TransactionBounds?

        /// Where the transaction's first change stands in its origin's log: what its changes have in common.
        public var transactionStart: LogPosition? {
            transaction.map { LogPosition(rawValue: position.rawValue &- UInt64($0.index)) }
        }
    }

    /// Reads the header of a record that this store has checked before.
    public static func header(of bytes: [UInt8]) throws(BinaryDecodingError) -> Header {
        try header(of: bytes, in: bytes.indices)
    }

    /// Reads the header of the record that lies in `range` of `bytes`, which must lie within them.
    ///
    /// By offsets rather than field after field: whoever looks through a log reads little else.
    static func header(of bytes: [UInt8], in range: Range<Int>) throws(BinaryDecodingError) -> Header {
        guard range.count >= fixedByteCount else { throw .truncated(at: range.upperBound) }
        let start = range.lowerBound
        guard let kind = Kind(rawValue: bytes[start + 1]) else { throw .invalid("change record's kind", at: start + 1) }
        guard let cause = Cause(rawValue: bytes[start + 2]) else {
            throw .invalid("change record's cause", at: start + 2)
        }
        var transaction: TransactionBounds?
        if bytes[start + 3] & transactionFlag != 0 {
            var reader = ByteReader(bytes, in: (start + fixedByteCount)..<range.upperBound)
            transaction = TransactionBounds(index: try reader.readUInt16(), count: try reader.readUInt16())
        }
        return bytes.withUnsafeBytes { buffer in
            func integer(_ offset: Int) -> UInt64 {
                UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self))
            }
            let version = Version(
                stamp: HybridTimestamp(rawValue: integer(12)), origin: Origin(rawValue: integer(20)))
            return Header(
                kind: kind, cause: cause, position: LogPosition(rawValue: integer(4)), version: version,
                table: TableUUID(high: integer(44), low: integer(52)), transaction: transaction)
        }
    }

    /// Where the payload lies of the record in `range` whose header was read there.
    static func payloadRange(_ header: Header, in range: Range<Int>) -> Range<Int> {
        (range.lowerBound + fixedByteCount + (header.transaction == nil ? 0 : transactionByteCount))..<range.upperBound
    }

    /// The bytes of every record up to its transaction's bounds, or its payload where it has none.
    private static let fixedByteCount = 60
    private static let transactionByteCount = 4
}
