package import ItemModel

/// What the `log` keyspace holds: a change record as it is shipped, and beside it what only this region needs.
///
/// Binary form: record length (varint) · record · outcome (1) · old image to the end, where a stream wants it.
package struct LogEntry: Hashable {
    package let record: [UInt8]
    package let outcome: Outcome
    /// The item before the change, in the binary form; empty for none.
    package let oldImage: [UInt8]

    /// What the change did here.
    package enum Outcome: UInt8 {
        case applied = 1
        /// A newer version was here already: in no stream, but kept so that what is relayed has no gaps.
        case superseded = 2
        /// It was here already, relayed by another region before its origin's own link brought it: in no stream once
        /// more, but kept so that what is relayed has no gaps.
        case repeated = 3
        /// A snapshot transfer has brought the item: the record is this region's own, for its streams alone, and is never shipped, as the
        /// change that it tells of has a record in the log of whoever made it.
        case transferred = 4

        /// Whether it may be in a stream.
        package var isInStreams: Bool { self == .applied || self == .transferred }
    }

    func encoded() -> [UInt8] { Self.encode(record: record, outcome: outcome, oldImage: oldImage[...]) }

    /// The binary form of an entry that need not be made.
    static func encode(record: [UInt8], outcome: Outcome, oldImage: ArraySlice<UInt8> = []) -> [UInt8] {
        var writer = ByteWriter(capacity: record.count + oldImage.count + 8)
        writer.appendVarint(UInt64(record.count))
        writer.append(contentsOf: record)
        writer.append(outcome.rawValue)
        writer.append(contentsOf: oldImage)
        return writer.bytes
    }

    /// The binary form of an entry whose record is encoded only there.
    static func encode(_ record: ChangeRecord, outcome: Outcome, oldImage: ArraySlice<UInt8> = []) -> [UInt8] {
        let byteCount = record.encodedByteCount
        var writer = ByteWriter(capacity: byteCount + oldImage.count + 8)
        writer.appendLength(byteCount)
        record.encode(into: &writer)
        writer.append(outcome.rawValue)
        writer.append(contentsOf: oldImage)
        return writer.bytes
    }

    init(record: [UInt8], outcome: Outcome, oldImage: [UInt8] = []) {
        self.record = record
        self.outcome = outcome
        self.oldImage = oldImage
    }

    package init(decoding bytes: [UInt8]) throws(BinaryDecodingError) {
        let stored = try StoredLogEntry(bytes)
        record = stored.record
        outcome = stored.outcome
        oldImage = Array(bytes[stored.oldImageRange])
    }
}

/// A log entry read where it is stored: a reader copies only the records that it wants.
package struct StoredLogEntry {
    /// The whole value.
    package let bytes: [UInt8]
    /// Where in it the record lies.
    package let recordRange: Range<Int>
    package let outcome: LogEntry.Outcome

    package init(_ bytes: [UInt8]) throws(BinaryDecodingError) {
        var reader = ByteReader(bytes)
        recordRange = try reader.readLengthPrefixedRange()
        let start = reader.offset
        guard let outcome = LogEntry.Outcome(rawValue: try reader.readUInt8()) else {
            throw .invalid("log entry's outcome", at: start)
        }
        self.outcome = outcome
        self.bytes = bytes
    }

    /// Where in it the item before the change lies; empty where there was none, or no stream wants it.
    var oldImageRange: Range<Int> { (recordRange.upperBound + 1)..<bytes.count }

    /// Whether there was an item before the change that a stream wants.
    package var hasOldImage: Bool { !oldImageRange.isEmpty }

    /// The item before the change.
    var oldImage: BinaryItem { BinaryItem(bytes, in: oldImageRange) }

    /// What the record with this header made or deleted.
    func payload(_ header: ChangeRecord.Header) -> BinaryItem {
        BinaryItem(bytes, in: ChangeRecord.payloadRange(header, in: recordRange))
    }

    /// The record, copied.
    package var record: [UInt8] { Array(bytes[recordRange]) }

    package func header() throws(BinaryDecodingError) -> ChangeRecord.Header {
        try ChangeRecord.header(of: bytes, in: recordRange)
    }
}
