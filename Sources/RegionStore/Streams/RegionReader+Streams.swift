import ItemModel
import KeyValueStore

/// Streams as their consumers read them: in the order of the log, a shard at a time, as far back as records are kept.
extension RegionReader {
    /// Reads a page of records.
    ///
    /// - Throws: `trimmed` where a record after the start is gone, or too old to be told.
    public func page(_ read: StreamRead, at nowMilliseconds: UInt64) throws(StreamReadError) -> StreamPage {
        try failable { snapshot throws in
            let window = StreamWindow(read.stream, read.shard, in: snapshot)
            let oldest = oldestMilliseconds(at: nowMilliseconds)
            let after: LogPosition
            switch read.start {
            case .oldest: after = try window.position(beforeArrivalAt: oldest)
            case .after(let position):
                after = max(position, window.start)
                guard try !window.isTrimmed(after: after, oldest: oldest) else { throw StreamReadError.trimmed }
            }
            return try page(read, after: after, window)
        }
    }

    /// Makes sure that nothing is lost where reading begins after `position`.
    ///
    /// - Throws: `trimmed` where a record after `position` is gone, or too old to be told.
    public func check(
        after position: LogPosition, in shard: StreamShard, of stream: ChangeStream, at nowMilliseconds: UInt64
    ) throws(StreamReadError) {
        let isTrimmed = try failable { snapshot throws in
            let window = StreamWindow(stream, shard, in: snapshot)
            return try window.isTrimmed(
                after: max(position, window.start), oldest: oldestMilliseconds(at: nowMilliseconds))
        }
        if isTrimmed { throw .trimmed }
    }

    /// Where in a shard the records end that were there at the last commit.
    public func latest(in shard: StreamShard) -> LogPosition {
        let start = LogPosition(rawValue: shard.first.rawValue - 1)
        return max(start, min(lastPosition, shard.last ?? lastPosition))
    }

    /// The place in a shard after which the records stand that came at `milliseconds` or later and are still kept.
    public func position(
        beforeArrivalAt milliseconds: UInt64, in shard: StreamShard, of stream: ChangeStream, at nowMilliseconds: UInt64
    ) throws(StreamReadError) -> LogPosition {
        let end = latest(in: shard)
        let milliseconds = max(milliseconds, oldestMilliseconds(at: nowMilliseconds))
        return try failable { snapshot throws in
            min(end, try StreamWindow(stream, shard, in: snapshot).position(beforeArrivalAt: milliseconds))
        }
    }

    /// The streams that can be read at a time: enabled, or disabled not longer ago than records are kept.
    public func streams(at nowMilliseconds: UInt64) -> [ChangeStream] {
        let oldest = oldestMilliseconds(at: nowMilliseconds)
        return catalog.streams.filter { $0.closedMilliseconds.map { $0 >= oldest } ?? true }
    }

    /// The shards of a stream that can still have records.
    public func shards(of stream: ChangeStream, at nowMilliseconds: UInt64) -> [StreamShard] {
        let oldest = oldestMilliseconds(at: nowMilliseconds)
        return stream.shards.filter { $0.closedMilliseconds.map { $0 >= oldest } ?? true }
    }

    private func oldestMilliseconds(at nowMilliseconds: UInt64) -> UInt64 {
        nowMilliseconds - min(nowMilliseconds, configuration.logRetentionMilliseconds)
    }

    private func page(
        _ read: StreamRead, after: LogPosition, _ window: StreamWindow<Store.Snapshot>
    ) throws -> StreamPage {
        // One more than the page can have says whether there are more.
        var pointers: [(position: LogPosition, pointer: StreamPointer)] = []
        try window.visit(after: after) { position, pointer in
            pointers.append((position, pointer))
            return pointers.count <= read.limit
        }
        var page = StreamPage()
        var byteCount = 0
        let end = min(pointers.count, read.limit)
        while page.records.count < end, byteCount < read.byteLimit {
            let start = page.records.count
            let wanted = pointers[start..<min(end, start + batchSize(of: page, byteCount, read))]
            let entries = try window.snapshot.values(for: wanted.map { Layout.logKey($0.position) }, in: Layout.log)
            for ((position, pointer), bytes) in zip(wanted, entries) where byteCount < read.byteLimit {
                guard let bytes else {
                    throw KeyValueStoreError.corruption("a stream points at \(position), which is not in the log")
                }
                byteCount += bytes.count
                page.records.append(try record(of: read.stream, at: position, pointer, StoredLogEntry(bytes)))
            }
        }
        let isCut = page.records.count < pointers.count
        page.next = isCut || read.shard.last == nil ? .after(page.records.last?.position ?? after) : nil
        return page
    }

    /// How many entries to read at once: as many as the page is likely to take, as each may be as large as two items.
    private func batchSize(of page: StreamPage, _ byteCount: Int, _ read: StreamRead) -> Int {
        guard byteCount > 0 else { return 8 }
        return min(64, max(1, (read.byteLimit - byteCount) * page.records.count / byteCount))
    }

    private func record(
        of stream: ChangeStream, at position: LogPosition, _ pointer: StreamPointer, _ entry: StoredLogEntry
    ) throws -> StreamRecord {
        let header = try entry.header()
        let payload = entry.payload(header)
        var keys = Item()
        for attribute in stream.keySchema.attributes { keys[attribute.name] = try payload.value(named: attribute.name) }
        return StreamRecord(
            position: position, event: pointer.event, arrivedMilliseconds: pointer.arrivedMilliseconds, keys: keys,
            newImage: stream.viewType.hasNewImage && header.kind == .put ? payload : nil,
            oldImage: stream.viewType.hasOldImage && pointer.event != .insert ? entry.oldImage : nil,
            isExpiry: header.cause == .timeToLive && header.version.origin.region == origin.region)
    }

    private func failable<Result>(
        _ body: (Store.Snapshot) throws -> Result
    ) throws(StreamReadError) -> Result {
        do {
            return try body(try store.snapshot())
        } catch let error as StreamReadError {
            throw error
        } catch {
            throw .storage("\(error)")
        }
    }
}

/// The pointers of one shard as one snapshot has them.
private struct StreamWindow<Snapshot: KeyValueReader> {
    let stream: ChangeStream
    let shard: StreamShard
    let snapshot: Snapshot

    init(_ stream: ChangeStream, _ shard: StreamShard, in snapshot: Snapshot) {
        self.stream = stream
        self.shard = shard
        self.snapshot = snapshot
    }

    /// Before the first position that the shard can hold.
    var start: LogPosition { LogPosition(rawValue: shard.first.rawValue - 1) }

    func visit(after position: LogPosition, _ body: (LogPosition, StreamPointer) throws -> Bool) throws {
        let prefix = Layout.prefix(stream.id) + Layout.bigEndian(shard.number)
        var range = KeyRange(prefix: prefix)
        range.lower = Layout.streamKey(stream.id, shard: shard.number, position.successor)
        try snapshot.visit(range, in: Layout.streams, direction: .forward) { key, value in
            guard let own: UInt64 = Layout.integer(Array(key.dropFirst(prefix.count))) else {
                throw KeyValueStoreError.corruption("a stream's pointer")
            }
            return try body(LogPosition(rawValue: own), StreamPointer(decoding: value))
        }
    }

    private func firstPointer(after position: LogPosition) throws -> (LogPosition, StreamPointer)? {
        var found: (LogPosition, StreamPointer)?
        try visit(after: position) { position, pointer in
            found = (position, pointer)
            return false
        }
        return found
    }

    /// Up to where records were removed.
    private func trimmedPosition() throws -> LogPosition {
        guard let bytes = try snapshot.value(for: Layout.trimKey(stream.id, shard: shard.number), in: Layout.meta)
        else {
            return start
        }
        guard let trimmed: UInt64 = Layout.integer(bytes) else {
            throw KeyValueStoreError.corruption("a stream's trimmed position")
        }
        return max(start, LogPosition(rawValue: trimmed))
    }

    /// Whether a record after `position` was removed, or came before `oldest`.
    func isTrimmed(after position: LogPosition, oldest: UInt64) throws -> Bool {
        if try trimmedPosition() > position { return true }
        return try firstPointer(after: position).map { $0.1.arrivedMilliseconds < oldest } ?? false
    }

    /// The place after which the records stand that came at `milliseconds` or later; they came in the order of the log.
    func position(beforeArrivalAt milliseconds: UInt64) throws -> LogPosition {
        guard let first = try firstPointer(after: start), first.1.arrivedMilliseconds < milliseconds else {
            return try trimmedPosition()
        }
        var end = first.0
        try snapshot.visit(
            KeyRange(prefix: Layout.prefix(stream.id) + Layout.bigEndian(shard.number)), in: Layout.streams,
            direction: .backward
        ) { key, _ in
            if let last: UInt64 = Layout.integer(Array(key.suffix(8))) { end = LogPosition(rawValue: last) }
            return false
        }
        // Everything up to `low` came before; nothing after `high` did.
        var (low, high) = (first.0.rawValue, end.rawValue)
        while low < high {
            let middle = low + (high - low) / 2
            if let next = try firstPointer(after: LogPosition(rawValue: middle)),
                next.1.arrivedMilliseconds < milliseconds
            {
                low = next.0.rawValue
            } else {
                high = middle
            }
        }
        return LogPosition(rawValue: low)
    }
}
