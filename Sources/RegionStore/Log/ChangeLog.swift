import ItemModel
import KeyValueStore

/// The region's change log: where it begins and ends, how large it is, and the keyspaces `log` and `origins`.
///
/// Its bounds and its size go with the batch whose changes they depend on, so they are exact after every crash.
struct ChangeLog {
    private(set) var bounds: Bounds
    private var isChanged = false

    /// Where a log begins and ends, and how many bytes its entries' keys and values have.
    ///
    /// Binary form: start 8 · last position 8 · byte count 8.
    struct Bounds: Hashable {
        /// The lowest position still in the log, or the next one of an empty log.
        var start = LogPosition(rawValue: 1)
        var last = LogPosition.zero
        var byteCount: UInt64 = 0

        init() {}

        /// What `reader` holds; nothing stored is an empty log.
        init(in reader: some KeyValueReader) throws(KeyValueStoreError) {
            guard let bytes = try reader.value(for: Layout.MetaKey.log, in: Layout.meta) else { return }
            do {
                var reader = ByteReader(bytes)
                start = LogPosition(rawValue: try reader.readUInt64())
                last = LogPosition(rawValue: try reader.readUInt64())
                byteCount = try reader.readUInt64()
                try reader.expectEnd()
            } catch {
                throw .corruption("the log's bounds: \(error)")
            }
            guard start > .zero, start <= last.successor else { throw .corruption("the log's bounds") }
        }

        func encoded() -> [UInt8] {
            Layout.bigEndian(start.rawValue, last.rawValue) + Layout.bigEndian(byteCount)
        }
    }

    /// An entry at the log's start, for the decision whether it goes.
    struct Candidate {
        let position: LogPosition
        let entry: StoredLogEntry
        let header: ChangeRecord.Header
        /// The log's size with everything before the entry gone.
        let byteCount: UInt64
    }

    /// The first part of a log, which can go.
    struct Prefix {
        fileprivate(set) var end: LogPosition
        fileprivate(set) var byteCount: UInt64 = 0
        /// For each origin the position of its last record in the part.
        fileprivate(set) var origins = AppliedVector()
        /// Whether the part ends at the limit, so that more may go.
        fileprivate(set) var isCutShort = false
    }

    /// Reads the log's bounds back.
    init(from store: some KeyValueReader) throws(KeyValueStoreError) {
        bounds = try Bounds(in: store)
    }

    /// Where the next entry stands: positions have no gaps.
    var nextPosition: LogPosition { bounds.last.successor }

    /// Puts an entry at the end of the log.
    ///
    /// - Parameter position: ``nextPosition``, which the record of a change made here holds.
    mutating func append(_ entry: [UInt8], at position: LogPosition, into batch: inout WriteBatch) {
        precondition(position == nextPosition, "an entry at \(position) in a log that ends at \(bounds.last)")
        let key = Layout.logKey(position)
        batch.put(key, entry, in: Layout.log)
        bounds.last = position
        bounds.byteCount += UInt64(key.count + entry.count)
        isChanged = true
    }

    /// Notes that all of `origin` above `position` stands behind the present end of the log.
    func noteBatchEnd(of origin: Origin, at position: LogPosition, into batch: inout WriteBatch) {
        batch.put(
            Layout.originKey(origin, position), Layout.bigEndian(bounds.last.rawValue), in: Layout.origins)
    }

    /// Finds the entries at the log's start that can go.
    ///
    /// - Parameters:
    ///   - limit: how many at the most.
    ///   - mayGo: asked of one entry after the other; the first that stays ends the part.
    func removablePrefix(
        limit: Int, in store: some KeyValueReader, where mayGo: (Candidate) throws -> Bool
    ) throws(KeyValueStoreError) -> Prefix {
        var prefix = Prefix(end: LogPosition(rawValue: bounds.start.rawValue - 1))
        var count = 0
        let range = KeyRange(from: Layout.logKey(bounds.start), to: Layout.logKey(bounds.last.successor))
        do {
            try store.visit(range, in: Layout.log, direction: .forward) { key, value in
                guard let own: UInt64 = Layout.integer(key) else { throw KeyValueStoreError.corruption("log position") }
                guard count < limit else {
                    prefix.isCutShort = true
                    return false
                }
                let entry = try StoredLogEntry(value)
                let candidate = Candidate(
                    position: LogPosition(rawValue: own), entry: entry, header: try entry.header(),
                    byteCount: bounds.byteCount - min(bounds.byteCount, prefix.byteCount))
                guard try mayGo(candidate) else { return false }
                count += 1
                prefix.end = candidate.position
                prefix.byteCount += UInt64(key.count + value.count)
                prefix.origins.raise(candidate.header.version.origin, to: candidate.header.position)
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("a log entry: \(error)")
        }
        return prefix
    }

    /// Removes a part that ``removablePrefix(limit:in:where:)`` has found, and the places in it of other origins'
    /// batches.
    mutating func remove(_ prefix: Prefix, into batch: inout WriteBatch) {
        guard prefix.end >= bounds.start else { return }
        for position in bounds.start.rawValue...prefix.end.rawValue {
            batch.delete(Layout.logKey(LogPosition(rawValue: position)), in: Layout.log)
        }
        // One entry a batch, at the batch's position: those up to the last record removed find nothing any more.
        for entry in prefix.origins.entries {
            let range = KeyRange(
                from: Layout.originKey(entry.origin, .zero),
                to: Layout.originKey(entry.origin, entry.position.successor))
            batch.deleteRange(range, in: Layout.origins)
        }
        bounds.start = prefix.end.successor
        bounds.byteCount -= min(bounds.byteCount, prefix.byteCount)
        isChanged = true
    }

    /// Adds the bounds to the batch of the changes that have moved them.
    mutating func stage(into batch: inout WriteBatch) {
        guard isChanged else { return }
        batch.put(Layout.MetaKey.log, bounds.encoded(), in: Layout.meta)
        isChanged = false
    }
}
