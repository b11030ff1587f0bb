public import ItemModel

/// For each origin the highest log position up to which everything that concerns this region has been applied.
///
/// Sorted by origin, so that equal vectors have equal bytes. Positions only grow.
public struct AppliedVector: Sendable, Hashable, CustomStringConvertible {
    /// One origin's progress.
    public struct Entry: Sendable, Hashable {
        public let origin: Origin
        public var position: LogPosition
    }

    /// Strictly increasing by origin.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// The position reached for `origin`; zero where nothing was seen of it.
    public subscript(origin: Origin) -> LogPosition {
        let index = lowerBound(of: origin)
        return index < entries.count && entries[index].origin == origin ? entries[index].position : .zero
    }

    /// Whether anything was ever applied of `origin`, if only its catalog.
    public func contains(_ origin: Origin) -> Bool {
        let index = lowerBound(of: origin)
        return index < entries.count && entries[index].origin == origin
    }

    /// Raises `origin` to `position`; a lower one changes nothing.
    public mutating func raise(_ origin: Origin, to position: LogPosition) {
        let index = lowerBound(of: origin)
        if index < entries.count, entries[index].origin == origin {
            entries[index].position = max(entries[index].position, position)
        } else {
            entries.insert(Entry(origin: origin, position: position), at: index)
        }
    }

    /// The vector with `origin` at `position`, or beyond where it is beyond.
    ///
    /// Made at every commit, so in one piece.
    func raised(_ origin: Origin, to position: LogPosition) -> AppliedVector {
        var result = AppliedVector()
        result.entries.reserveCapacity(entries.count + 1)
        result.entries.append(contentsOf: entries)
        result.raise(origin, to: position)
        return result
    }

    /// Takes `origin` back to `position`, where it is beyond; an origin that is not there stays so.
    mutating func lower(_ origin: Origin, to position: LogPosition) {
        let index = lowerBound(of: origin)
        guard index < entries.count, entries[index].origin == origin else { return }
        entries[index].position = min(entries[index].position, position)
    }

    /// Raises every origin to what `other` has reached.
    public mutating func merge(_ other: AppliedVector) {
        for entry in other.entries { raise(entry.origin, to: entry.position) }
    }

    /// Takes over every origin of `other`, where it is behind or not there yet.
    mutating func mergeLower(_ other: AppliedVector) {
        for entry in other.entries {
            if contains(entry.origin) {
                lower(entry.origin, to: entry.position)
            } else {
                raise(entry.origin, to: entry.position)
            }
        }
    }

    /// Forgets `origin`.
    public mutating func remove(_ origin: Origin) {
        entries.removeAll { $0.origin == origin }
    }

    /// The binary form: a count, then origin and position of each, all big-endian.
    public func encode(into writer: inout ByteWriter) {
        writer.append(UInt32(entries.count))
        for entry in entries {
            writer.append(entry.origin.rawValue)
            writer.append(entry.position.rawValue)
        }
    }

    /// The length of the binary form.
    var encodedByteCount: Int { 4 + entries.count * 16 }

    /// Reads back what ``encode(into:)`` wrote; origins out of order are refused.
    public init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        let count = try reader.readUInt32()
        for _ in 0..<count {
            let start = reader.offset
            let origin = Origin(rawValue: try reader.readUInt64())
            if let last = entries.last, last.origin >= origin {
                throw .invalid("applied vector's origins out of order", at: start)
            }
            entries.append(Entry(origin: origin, position: LogPosition(rawValue: try reader.readUInt64())))
        }
    }

    private func lowerBound(of origin: Origin) -> Int { entries.partitioningIndex { $0.origin >= origin } }

    public var description: String { entries.map { "\($0.origin):\($0.position)" }.joined(separator: " ") }
}
