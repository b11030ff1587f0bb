import HybridClock
public import ItemModel

/// A region's number: unique in a topology, never given to another region, and part of every version.
public struct RegionID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 1 to 65,535.
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    @inlinable
    public static func < (left: RegionID, right: RegionID) -> Bool { left.rawValue < right.rawValue }

    public var description: String { "\(rawValue)" }
}

/// A region's store over its life: a region that comes back without its disk is another incarnation, whose log
/// positions mean nothing to the old one's.
public struct Incarnation: Sendable, Hashable, CustomStringConvertible {
    /// A UUID's sixteen bytes, random.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws a new one; a random UUID as RFC 9562, version 4.
    public static func random(using generator: inout some RandomNumberGenerator) -> Incarnation {
        let high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return Incarnation(high: high, low: low)
    }

    /// The usual form of a UUID, in lower case.
    public var description: String { uuidText(high: high, low: low) }
}

/// Where a change was made: a region and six bytes of its incarnation, in eight bytes.
///
/// It is the id of a log: vectors, positions, closed timestamps and followers are kept by it, and a region may have
/// several logs alive at a time, as its ``RegionDirectory`` says. Ordered by the region first; it breaks the tie
/// between two changes of one stamp.
public struct Origin: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The region's number in the upper 16 bits, the first six bytes of the incarnation in the lower 48.
    public let rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public init(region: RegionID, incarnation: Incarnation) {
        rawValue = UInt64(region.rawValue) << 48 | incarnation.high >> 16
    }

    @inlinable
    public var region: RegionID { RegionID(rawValue: UInt16(rawValue >> 48)) }

    @inlinable
    public static func < (left: Origin, right: Origin) -> Bool { left.rawValue < right.rawValue }

    /// The region's number, a slash, and the incarnation's six bytes in hexadecimal.
    public var description: String {
        "\(region)/\(incarnationText)"
    }

    /// The incarnation's six bytes in hexadecimal.
    var incarnationText: String {
        let digits = String(rawValue & 0xFFFF_FFFF_FFFF, radix: 16)
        return String(repeating: "0", count: 12 - digits.count) + digits
    }
}

/// A place in one incarnation's change log, counted from 1 without gaps; zero is before the first.
public struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public static let zero = LogPosition(rawValue: 0)

    /// The next position; the last possible one is its own successor.
    @inlinable
    public var successor: LogPosition { LogPosition(rawValue: rawValue == .max ? rawValue : rawValue + 1) }

    @inlinable
    public static func < (left: LogPosition, right: LogPosition) -> Bool { left.rawValue < right.rawValue }

    public var description: String { "\(rawValue)" }
}

/// A table's identity in all regions, for ever: made by the region that created the table from the version of that
/// change.
public struct TableUUID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func < (left: TableUUID, right: TableUUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// Sixteen bytes, big-endian.
    public func encode(into writer: inout ByteWriter) {
        writer.append(high)
        writer.append(low)
    }

    public init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        self.init(high: try reader.readUInt64(), low: try reader.readUInt64())
    }

    /// The usual form of a UUID, in lower case.
    public var description: String { uuidText(high: high, low: low) }
}

/// One region's replica of a table, by the number that its region gave it: one that was removed and added again is
/// another.
public struct LocalReplica: Sendable, Hashable {
    public let table: TableUUID
    public let id: TableID

    public init(table: TableUUID, id: TableID) {
        self.table = table
        self.id = id
    }
}

/// A table's short number in one region's store: the first bytes of its keys.
///
/// Never used again after the table is gone.
public struct TableID: Sendable, Hashable, Comparable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static func < (left: TableID, right: TableID) -> Bool { left.rawValue < right.rawValue }
}

/// A secondary index's short number in one region's store.
///
/// Never used again after the index is gone.
public struct IndexID: Sendable, Hashable, Comparable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static func < (left: IndexID, right: IndexID) -> Bool { left.rawValue < right.rawValue }
}

/// Sixteen bytes as eight, four, four, four and twelve hexadecimal digits.
func uuidText(high: UInt64, low: UInt64) -> String {
    let digits = [high, low].map { value in
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }.joined().utf8.map { $0 }
    var bytes: [UInt8] = []
    for (index, digit) in digits.enumerated() {
        if [8, 12, 16, 20].contains(index) { bytes.append(UInt8(ascii: "-")) }
        bytes.append(digit)
    }
    return String(decoding: bytes, as: UTF8.self)
}
