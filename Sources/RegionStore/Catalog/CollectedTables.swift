public import HybridClock
public import ItemModel

/// For each log the creation of the youngest of its tables whose tombstone was collected.
///
/// Within one log stamps and positions grow together, and nothing is collected before all was received that the log holds up to then:
/// so every table that was created in a log up to the stamp here was seen, and one of them that is not in the catalog is deleted. That
/// is all that has to be remembered of deleted tables, however many there were. The statement is as true in a region that has taken
/// over the whole catalog of the one that makes it.
///
/// Sorted by log, so that equal ones have equal bytes. Stamps only grow.
public struct CollectedTables: Sendable, Hashable {
    /// One log.
    public struct Entry: Sendable, Hashable {
        public let log: Origin
        /// Of the creation.
        public fileprivate(set) var stamp: HybridTimestamp
    }

    /// Strictly increasing by log.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// Whether a table of that creation was seen; it is deleted where the catalog does not hold it.
    public func covers(_ creation: Version) -> Bool {
        entries.contains { $0.log == creation.origin && $0.stamp >= creation.stamp }
    }

    /// Notes that the tombstone of a table of that creation was collected.
    public mutating func note(_ creation: Version) {
        let index = entries.firstIndex { $0.log >= creation.origin } ?? entries.endIndex
        if index < entries.endIndex, entries[index].log == creation.origin {
            entries[index].stamp = max(entries[index].stamp, creation.stamp)
        } else {
            entries.insert(Entry(log: creation.origin, stamp: creation.stamp), at: index)
        }
    }

    /// Takes over what `other` says besides.
    mutating func merge(_ other: CollectedTables) {
        for entry in other.entries { note(Version(stamp: entry.stamp, origin: entry.log)) }
    }

    /// The binary form: a count (4), then log (8) and stamp (8) of each, all big-endian.
    public func encode(into writer: inout ByteWriter) {
        writer.append(UInt32(entries.count))
        for entry in entries {
            writer.append(entry.log.rawValue)
            writer.append(entry.stamp.rawValue)
        }
    }

    /// Reads back what ``encode(into:)`` wrote; logs out of order are refused.
    public init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        for _ in 0..<(try reader.readUInt32()) {
            let start = reader.offset
            let log = Origin(rawValue: try reader.readUInt64())
            if let last = entries.last, last.log >= log {
                throw .invalid("logs of collected tables out of order", at: start)
            }
            entries.append(Entry(log: log, stamp: HybridTimestamp(rawValue: try reader.readUInt64())))
        }
    }
}
