import HybridClock
import ItemModel
public import KeyValueStore

/// Time to live: items whose time has come are deleted, by one region where that can be.
extension RegionStore {
    /// For how long the region that wrote an item last waits to hear of later writes, in seconds.
    ///
    /// Mostly it waits less: as soon as it knows all that was written anywhere before the item expired.
    private static var ownGraceSeconds: UInt64 { 15 }
    /// After how long any other region deletes an item that is still there, in seconds: the one that wrote it last may be cut off.
    private static var otherGraceSeconds: UInt64 { 35 }

    /// Deletes items that have expired, as many as one step may, each only if it is still expired as it stands now.
    ///
    /// The region that wrote an item last deletes it, and the deletion is shipped as any other: so mostly just one region's stream calls
    /// it an expiry. An item is gone within a minute wherever it is, also where regions are cut off from one another. It reads what
    /// is committed, so nothing may be pending.
    ///
    /// - Parameter limit: how many entries of the index to look at.
    /// - Returns: whether it stopped at the limit, so that there may be more to do.
    public func sweepExpired(at nowMilliseconds: UInt64, limit: Int) throws(KeyValueStoreError) -> Bool {
        if let failure { throw failure }
        precondition(pending.isEmpty, "a sweep reads what is committed: commit first")
        var budget = limit
        // Where the last step stopped at its limit, the tables behind come first.
        let uuids = catalog.uuids
        let first = uuids.firstIndex { $0 > lastSweptTable } ?? 0
        for uuid in uuids[first...] + uuids[..<first] {
            guard let state = catalog[uuid], let table = state.table, table.expiryAttribute != nil,
                table.status == .active, !state.local.needsTransfer
            else { continue }
            try sweep(table, at: nowMilliseconds, &budget)
            if budget <= 0 {
                lastSweptTable = uuid
                return true
            }
        }
        return false
    }

    private func sweep(_ table: Table, at nowMilliseconds: UInt64, _ budget: inout Int) throws(KeyValueStoreError) {
        let now = nowMilliseconds / 1000
        let oldest = now - min(now, ExpirySecond.oldestSeconds)
        var ownEnd = now
        if table.isGlobal {
            let known = stableTime.milliseconds / 1000
            ownEnd = min(now, max(known, now - min(now, Self.ownGraceSeconds)))
        }
        let start = Layout.prefix(table.id) + Layout.bigEndian(oldest)
        var progress = expiryProgress[table.id] ?? ExpiryProgress()
        progress.own = try sweep(
            table, from: max(start, progress.own), to: ownEnd, onlyOwn: table.isGlobal, oldest: oldest,
            at: nowMilliseconds, &budget)
        if table.isGlobal, budget > 0 {
            progress.everybody = try sweep(
                table, from: max(start, progress.everybody), to: now - min(now, Self.otherGraceSeconds),
                onlyOwn: false, oldest: oldest, at: nowMilliseconds, &budget)
        }
        expiryProgress[table.id] = progress
    }

    /// Deletes what expired before the second `end`.
    ///
    /// - Returns: where to go on.
    private func sweep(
        _ table: Table, from start: [UInt8], to end: UInt64, onlyOwn: Bool, oldest: UInt64,
        at nowMilliseconds: UInt64, _ budget: inout Int
    ) throws(KeyValueStoreError) -> [UInt8] {
        let upper = Layout.prefix(table.id) + Layout.bigEndian(end)
        guard start.lexicographicallyPrecedes(upper) else { return start }
        var candidates: [(key: [UInt8], second: UInt64)] = []
        var next = upper
        do {
            let range = KeyRange(from: start, to: upper)
            try store.visit(range, in: Layout.expiry, direction: .forward) { key, value in
                guard budget > 0 else {
                    next = key
                    return false
                }
                budget -= 1
                guard let second: UInt64 = Layout.integer(Array(key.dropFirst(4).prefix(8))),
                    let writer: UInt16 = Layout.integer(value)
                else { throw KeyValueStoreError.corruption("an entry of the expiry index") }
                if !onlyOwn || writer == configuration.region.rawValue { candidates.append((key, second)) }
                return true
            }
            for candidate in candidates { try expire(candidate.key, candidate.second, table, at: nowMilliseconds) }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return next
    }

    /// Deletes the item that an entry of the index is for, if it expires then.
    private func expire(_ entry: [UInt8], _ second: UInt64, _ table: Table, at nowMilliseconds: UInt64) throws {
        let key = Layout.itemKey(ofExpiryKey: entry)
        let stored = try itemValue(key)
        guard let old = try stored?.decodedItem(), let attribute = table.expiryAttribute,
            ExpirySecond.of(old[attribute]) == second
        else {
            // No write leaves such an entry.
            return pending.batch.delete(entry, in: Layout.expiry)
        }
        _ = stage(
            PreparedWrite(
                table: table, key: key, stored: stored, old: old, new: nil, updated: nil, keyAttributes: old),
            cause: .timeToLive, at: nowMilliseconds)
    }
}

/// The greater of two keys.
private func max(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    left.lexicographicallyPrecedes(right) ? right : left
}
