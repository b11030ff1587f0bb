import HybridClock
import ItemModel
import KeyValueStore

/// The index of the tombstones in `items`, in a keyspace of its own: exactly one entry for each.
///
/// Key: table id (4) · origin (8) · stamp (8). Value: the position of the deletion in its origin's log (8), zero for a
/// tombstone that a snapshot transfer brought · the item's key.
///
/// Collection reads nothing else: what waits holds back neither the log nor the tombstones of other origins. Within one
/// origin stamps and positions grow together, so the first entry that has to wait stands before all of its origin that
/// have to.
struct Tombstones {
    /// Where the next collection begins: where the last one reached its limit, or at the first entry.
    private var next: [UInt8] = []

    /// A tombstone as the index has it.
    struct Entry: Hashable {
        let table: TableID
        let version: Version
        /// Nil where a snapshot transfer brought it.
        let position: LogPosition?
        let itemKey: [UInt8]

        init(table: TableID, version: Version, position: LogPosition?, itemKey: [UInt8]) {
            self.table = table
            self.version = version
            self.position = position
            self.itemKey = itemKey
        }

        var key: [UInt8] { Tombstones.key(table, version.origin, version.stamp.rawValue) }

        func encodedValue() -> [UInt8] { Layout.bigEndian(position?.rawValue ?? 0) + itemKey }

        init(key: [UInt8], value: [UInt8]) throws(BinaryDecodingError) {
            var reader = ByteReader(key)
            table = TableID(rawValue: try reader.readUInt32())
            let origin = Origin(rawValue: try reader.readUInt64())
            version = Version(stamp: HybridTimestamp(rawValue: try reader.readUInt64()), origin: origin)
            try reader.expectEnd()
            reader = ByteReader(value)
            let position = LogPosition(rawValue: try reader.readUInt64())
            self.position = position == .zero ? nil : position
            itemKey = Array(value[reader.offset...])
            guard itemKey.starts(with: Layout.prefix(table)) else { throw .invalid("tombstone's item key", at: 8) }
        }
    }

    /// What becomes of a tombstone now.
    enum Verdict {
        case goes
        /// It waits, and with it all later ones of its origin in its table.
        case waits
        /// All of its table wait.
        case tableWaits
    }

    /// Brings the index into line with a change of an item of `table`.
    ///
    /// - Parameters:
    ///   - replaced: the version of the tombstone that the change replaces.
    ///   - entry: the tombstone that it leaves.
    func replace(_ replaced: Version?, by entry: Entry?, of table: TableID, into batch: inout WriteBatch) {
        if let replaced {
            batch.delete(Self.key(table, replaced.origin, replaced.stamp.rawValue), in: Layout.tombstones)
        }
        if let entry { batch.put(entry.key, entry.encodedValue(), in: Layout.tombstones) }
    }

    /// Removes the entry of a tombstone that goes.
    func remove(_ entry: Entry, into batch: inout WriteBatch) { batch.delete(entry.key, in: Layout.tombstones) }

    /// Removes the entries of a replica whose items go.
    func removeAll(of table: TableID, into batch: inout WriteBatch) {
        batch.deleteRange(KeyRange(prefix: Layout.prefix(table)), in: Layout.tombstones)
    }

    /// Finds tombstones that can go, table by table and origin by origin, from where the last call reached its limit.
    ///
    /// - Parameters:
    ///   - limit: how many entries to read.
    ///   - verdict: what becomes of an entry.
    /// - Returns: those that can go, and whether the limit was reached before the last table.
    mutating func collectable(
        limit: Int, in store: some KeyValueReader, verdict: (Entry) throws -> Verdict
    ) throws(KeyValueStoreError) -> (entries: [Entry], isCutShort: Bool) {
        var found: [Entry] = []
        var remaining = limit
        var cut: [UInt8]?
        var from: [UInt8]? = next
        do {
            while let start = from {
                from = nil
                try store.visit(KeyRange(from: start, to: nil), in: Layout.tombstones, direction: .forward) {
                    key, value in
                    guard remaining > 0 else {
                        cut = key
                        return false
                    }
                    remaining -= 1
                    let entry = try Entry(key: key, value: value)
                    switch try verdict(entry) {
                    case .goes:
                        found.append(entry)
                        return true
                    case .waits: from = KeyRange.successor(ofPrefix: Array(key.prefix(Self.originPrefixByteCount)))
                    case .tableWaits: from = KeyRange.successor(ofPrefix: Layout.prefix(entry.table))
                    }
                    return false
                }
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("an entry of the index of tombstones: \(error)")
        }
        next = cut ?? []
        return (found, cut != nil)
    }

    /// The table's id and the origin.
    private static let originPrefixByteCount = 12

    private static func key(_ table: TableID, _ origin: Origin, _ stamp: UInt64) -> [UInt8] {
        Layout.prefix(table) + Layout.bigEndian(origin.rawValue, stamp)
    }
}
