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
        /// A newer version was here already: in no stream, but kept so that what is passed on has no gaps.
        case lost = 2
        /// A tombstone that came with a snapshot: not passed on, kept so that the tombstone goes when it can.
        case filled = 3
        /// It was here already, passed on by another region before its origin's own link brought it: in no stream once
        /// more, but kept so that what is passed on has no gaps.
        case repeated = 4
    }

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: record.count + oldImage.count + 8)
        writer.appendVarint(UInt64(record.count))
        writer.append(contentsOf: record)
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
        var reader = ByteReader(bytes)
        record = try reader.readLengthPrefixedBytes()
        let start = reader.offset
        guard let outcome = Outcome(rawValue: try reader.readUInt8()) else {
            throw .invalid("log entry's outcome", at: start)
        }
        self.outcome = outcome
        oldImage = Array(bytes[reader.offset...])
    }
}
