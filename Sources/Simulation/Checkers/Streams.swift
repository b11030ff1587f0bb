import ItemModel
import KeyValueStore
import RegionStore

/// Whether a region's streams point at every change of a table that became the item, once, in the order of the log.
///
/// That a log holds each change once and in per-item order of versions is what `Holdings` checks.
struct Streams {
    unowned let world: World
    let history: History
    let holdings: Holdings

    /// Looks at the last `limit` positions of a region's log.
    func check(in region: SimulatedRegion, limit: UInt64) {
        guard let store = region.store, region.disk.faults.read == nil else { return }
        let end = store.reader.lastPosition
        let start = max(store.reader.logStart.rawValue, end.rawValue - min(end.rawValue, limit))
        do {
            for table in store.reader.catalog.tables where table.streamViewType != nil {
                try check(table, in: region, store: store, from: LogPosition(rawValue: start))
            }
        } catch {
            world.violate("streams", "the streams of \(region.name) cannot be read: \(error)")
        }
    }

    private func check(
        _ table: Table, in region: SimulatedRegion, store: SimulatedRegion.Store, from start: LogPosition
    ) throws {
        let replica = holdings.replica(history.items.number(of: table), in: region.index)
        guard replica.id == table.id else { return }
        // Shards go after a day, and the log may stay for who is away.
        let streams = store.reader.catalog.streams.filter { $0.table == table.uuid }
        let kept = streams.flatMap(\.shards).map(\.first).min() ?? start
        let first = max(start, replica.since.successor, kept)
        var text: String?
        var pointers: [UInt64] = []
        for stream in streams {
            for shard in stream.shards {
                let range = KeyRange(
                    from: Layout.streamKey(stream.id, shard: shard.number, first),
                    to: Layout.streamKey(stream.id, shard: shard.number, .init(rawValue: .max)))
                try store.reader.store.visit(range, in: Layout.streams, direction: .forward) { key, _ in
                    let position: UInt64 = key.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
                    pointers.append(position)
                    if !shard.contains(.init(rawValue: position)) {
                        text = "points at position \(position) in a shard that does not reach there"
                    }
                    return true
                }
            }
        }
        pointers.sort()
        var next = 0
        let log = KeyRange(from: Layout.logKey(first), to: Layout.logKey(.init(rawValue: .max)))
        try store.reader.store.visit(log, in: Layout.log, direction: .forward) { key, value in
            guard let position: UInt64 = Layout.integer(key) else { return false }
            let entry = try StoredLogEntry(value)
            let header = try entry.header()
            let isThere = next < pointers.count && pointers[next] == position
            if isThere { next += 1 }
            if next < pointers.count, pointers[next] <= position {
                text = "points twice at position \(position), or out of order"
                return false
            }
            let isChange = entry.outcome.isInStreams && header.kind != .catalog && header.table == table.uuid
            if isThere, !isChange {
                text = "points at position \(position), which did not become an item"
            } else if isChange, !isThere, entry.hasOldImage {
                // What changes nothing is in no stream, and then there is no old image; `Consumers` knows what changed nothing.
                text = "lacks the change \(header.version) at position \(position)"
            }
            return text == nil
        }
        if text == nil, next < pointers.count { text = "points at position \(pointers[next]), which is not in the log" }
        if let text { world.violate("streams", "the stream of \(table.name) in \(region.name) \(text)") }
    }
}
