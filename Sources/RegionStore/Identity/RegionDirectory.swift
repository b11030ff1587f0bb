public import ItemModel

/// What a region says of its own logs, as only it can tell which of them still grow, and of what it holds of ended ones of others.
public struct RegionDirectory: Sendable, Hashable {
    /// The logs that are written to, in order.
    public let alive: [Origin]
    /// The logs that nothing is added to any more, as far as the region knows of them, in order.
    public let ended: [Origin]
    /// For each ended log of any region of which this one holds changes beyond what it acknowledges, up to where it does: they came apart from
    /// those before them, or a replica lacks some.
    public let parts: AppliedVector

    public init(alive: [Origin], ended: [Origin] = [], parts: AppliedVector = AppliedVector()) {
        self.alive = Set(alive).sorted()
        self.ended = Set(ended).sorted()
        self.parts = parts
    }

    /// Whether it can be what the region of `log` says: it names logs of that region alone, `log` as alive, and none as
    /// both.
    public func isCredible(from log: Origin) -> Bool {
        alive.contains(log) && Set(alive + ended).count == alive.count + ended.count
            && (alive + ended).allSatisfy { $0.region == log.region }
    }

    /// The binary form: a count and the origins, first of the logs that are alive, then of those that have ended; then the parts as a vector.
    public func encode(into writer: inout ByteWriter) {
        for logs in [alive, ended] {
            writer.appendLength(logs.count)
            for log in logs { writer.append(log.rawValue) }
        }
        parts.encode(into: &writer)
    }

    /// Reads back what ``encode(into:)`` wrote; origins out of order are refused.
    public init(from reader: inout ByteReader) throws(BinaryDecodingError) {
        alive = try Self.logs(from: &reader)
        ended = try Self.logs(from: &reader)
        parts = try AppliedVector(from: &reader)
    }

    private static func logs(from reader: inout ByteReader) throws(BinaryDecodingError) -> [Origin] {
        var logs: [Origin] = []
        for _ in 0..<(try reader.readCount(minimumByteCount: 8)) {
            let start = reader.offset
            let log = Origin(rawValue: try reader.readUInt64())
            if let last = logs.last, last >= log { throw .invalid("directory's logs out of order", at: start) }
            logs.append(log)
        }
        return logs
    }
}
