import ItemModel
public import KeyValueStore

/// Part of the change log, for a link to ship.
public struct LogPage: Sendable, Hashable {
    /// Records of the origin asked for, as they are shipped.
    public var records: [[UInt8]] = []
    /// Up to where this region's log was read.
    public var readPosition: LogPosition
    /// Whether the log no longer reaches back to where the page was to begin: changes are missing before the first
    /// record.
    public var isTrimmed = false
    /// Of another origin, at the log's end: up to where, in that origin's log, all that concerns the receiver has now
    /// been read.
    ///
    /// Nil where that cannot be said.
    public var completePosition: LogPosition?

    public init(readPosition: LogPosition) {
        self.readPosition = readPosition
    }
}

/// Which changes a link ships.
public struct LogFilter: Sendable, Hashable {
    public let origin: Origin
    /// The tables that have a replica at the receiver, in order.
    ///
    /// Catalog changes are for everybody.
    public let tables: [TableUUID]
    /// Whether catalog changes are wanted.
    public let includesCatalog: Bool

    public init(origin: Origin, tables: [TableUUID], includesCatalog: Bool) {
        self.origin = origin
        self.tables = zip(tables, tables.dropFirst()).allSatisfy { $0 < $1 } ? tables : tables.sorted()
        self.includesCatalog = includesCatalog
    }

    func matches(_ header: ChangeRecord.Header) -> Bool {
        guard header.kind != .catalog else { return includesCatalog }
        let index = tables.partitioningIndex { $0 >= header.table }
        return index < tables.count && tables[index] == header.table
    }
}

/// Part of a table, for a new replica.
public struct SnapshotPage: Sendable, Hashable {
    public var items: [SnapshotItem] = []
    /// Where it was read from; nil for the table's start.
    public let start: [UInt8]?
    /// Where to go on; nil at the table's end.
    public var next: [UInt8]?

    public init(from start: [UInt8]? = nil) { self.start = start }

    /// As it is sent.
    ///
    /// - Parameter vector: what the replica held when the snapshot was taken.
    public func part(_ vector: AppliedVector) -> SnapshotPart {
        SnapshotPart(
            items: items, from: start.map(Layout.keyInTable) ?? [], to: next.map(Layout.keyInTable), vector: vector)
    }
}

extension RegionReader {
    /// Reads this region's log after `position` for what `filter` wants, until the records exceed `byteLimit`,
    /// `scanLimit` entries were read, or `end` was reached, which must be committed.
    public func changes(
        after position: LogPosition, upTo end: LogPosition, matching filter: LogFilter, byteLimit: Int,
        scanLimit: Int = 10_000
    ) throws(KeyValueStoreError) -> LogPage {
        try changes(
            after: position, upTo: end, matching: filter, in: try store.snapshot(), byteLimit: byteLimit,
            scanLimit: scanLimit)
    }

    /// Reads the log as `snapshot` has it.
    ///
    /// A page never ends between two changes of one transaction, however long it gets: a receiver applies a page in one
    /// commit.
    public func changes(
        after position: LogPosition, upTo end: LogPosition, matching filter: LogFilter, in snapshot: Store.Snapshot,
        byteLimit: Int, scanLimit: Int = 10_000
    ) throws(KeyValueStoreError) -> LogPage {
        var page = LogPage(readPosition: position)
        guard position < end else { return page }
        var byteCount = 0
        var scanned = 0
        var transactions = TransactionCut()
        let range = KeyRange(from: Layout.logKey(position.successor), to: Layout.logKey(end.successor))
        do {
            try snapshot.visit(range, in: Layout.log, direction: .forward) { key, value in
                let isFull = byteCount >= byteLimit || scanned >= scanLimit
                guard !isFull || transactions.isOpen else { return false }
                guard let own: UInt64 = Layout.integer(key) else { throw KeyValueStoreError.corruption("log position") }
                let entry = try StoredLogEntry(value)
                let header = try entry.header()
                let concerns = header.version.origin == filter.origin && entry.outcome != .transferred
                let continues = transactions.take(concerns ? header : nil)
                guard !isFull || continues else { return false }
                // Positions have no gaps, so that a missing one was trimmed.
                if scanned == 0 { page.isTrimmed = own != position.successor.rawValue }
                scanned += 1
                page.readPosition = LogPosition(rawValue: own)
                if concerns, filter.matches(header) {
                    page.records.append(entry.record)
                    byteCount += entry.recordRange.count
                }
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("a log entry: \(error)")
        }
        if scanned == 0 { page.isTrimmed = true }
        if scanned < scanLimit, byteCount < byteLimit { page.readPosition = end }
        return page
    }

    /// The place in this region's log after which every change of `origin` above `position` stands; nil where they were
    /// trimmed.
    public func logPosition(after position: LogPosition, of origin: Origin) throws(KeyValueStoreError) -> LogPosition? {
        let start = logStart
        guard origin != self.origin else { return position.successor >= start ? position : nil }
        var found = LogPosition(rawValue: start.rawValue - 1)
        let range = KeyRange(
            from: Layout.originKey(origin, .zero), to: Layout.originKey(origin, position.successor))
        do {
            try store.visit(range, in: Layout.origins, direction: .backward) { _, value in
                guard let own: UInt64 = Layout.integer(value) else {
                    throw KeyValueStoreError.corruption("origin's place")
                }
                found = max(found, LogPosition(rawValue: own))
                return false
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return found
    }

    /// A page of a table as `snapshot` has it, tombstones included.
    public func snapshotPage(
        of table: Table, in snapshot: Store.Snapshot, from key: [UInt8]?, byteLimit: Int
    ) throws(KeyValueStoreError) -> SnapshotPage {
        var page = SnapshotPage(from: key)
        var range = KeyRange(prefix: Layout.prefix(table.id))
        if let key { range.lower = key }
        var byteCount = 0
        do {
            try snapshot.visit(range, in: Layout.items, direction: .forward) { key, bytes in
                guard byteCount < byteLimit else {
                    page.next = key
                    return false
                }
                let value = try ItemValue(decoding: bytes)
                let payload = try value.itemBytes.map { Array($0) } ?? table.decodedKey(key).encoded()
                page.items.append(
                    SnapshotItem(version: value.version, isTombstone: value.isTombstone, payload: payload))
                byteCount += bytes.count + key.count
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return page
    }

    /// A consistent view of the store, for ``snapshotPage(of:in:from:byteLimit:)``.
    public func snapshot() throws(KeyValueStoreError) -> Store.Snapshot { try store.snapshot() }
}

extension Table {
    /// The key attributes that a key of the `items` keyspace was made of.
    func decodedKey(_ key: [UInt8]) throws(BinaryDecodingError) -> Item {
        var reader = ByteReader(key)
        try reader.skip(count: 4 + 8)
        var item = Item()
        for attribute in keySchema.attributes {
            guard let kind = KeyKind(rawValue: attribute.kind.rawValue) else {
                throw .invalid("key's type", at: reader.offset)
            }
            item[attribute.name] = try KeyDecoder.decodeKeyValue(kind: kind, from: &reader)
        }
        return item
    }
}
