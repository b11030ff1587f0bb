public import ItemModel
public import KeyValueStore

/// A table or the whole catalog as of one commit, for a region that starts from nothing.
extension RegionReader {
    /// What had been applied when `snapshot` was taken, of this region's own log too.
    public func vector(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> AppliedVector {
        var vector = AppliedVector()
        do {
            if let bytes = try snapshot.value(for: Layout.MetaKey.vector, in: Layout.meta) {
                var reader = ByteReader(bytes)
                vector = try AppliedVector(from: &reader)
            }
            vector.raise(origin, to: try lastPosition(in: snapshot))
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return vector
    }

    private func lastPosition(in snapshot: Store.Snapshot) throws -> LogPosition {
        var position = LogPosition(rawValue: logStart.rawValue - 1)
        try snapshot.visit(KeyRange(from: [], to: nil), in: Layout.log, direction: .backward) { key, _ in
            guard let own: UInt64 = Layout.integer(key) else { throw KeyValueStoreError.corruption("log position") }
            position = max(position, LogPosition(rawValue: own))
            return false
        }
        return position
    }

    /// The catalog entries of every table that `snapshot` knows, as they are shipped.
    public func catalogEntries(in snapshot: Store.Snapshot) throws(KeyValueStoreError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        do {
            try snapshot.visit(KeyRange(from: [], to: nil), in: Layout.catalog, direction: .forward) { _, value in
                var reader = ByteReader(value)
                entries.append(try CatalogEntry(from: &reader).encoded())
                return true
            }
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
        return entries
    }

    /// Whether this region's log holds, for every table that concerns both regions, all changes of `origin` after `position`: only
    /// then may a receiver count what is passed on as complete.
    public func holdsAllChanges(
        of origin: Origin, after position: LogPosition, for receiver: Text
    ) throws(KeyValueStoreError) -> Bool {
        guard let originName = configuration.name(of: origin.region) else { return false }
        let wanted = catalog.tables(replicatedTo: originName).filter(catalog.tables(replicatedTo: receiver).contains)
        do {
            if let bytes = try store.value(for: Layout.MetaKey.floors, in: Layout.meta) {
                var reader = ByteReader(bytes)
                guard try AppliedVector(from: &reader)[origin] <= position else { return false }
            }
            var held: [TableUUID] = []
            try store.visit(KeyRange(from: [], to: nil), in: Layout.catalog, direction: .forward) { _, value in
                var reader = ByteReader(value)
                let entry = try CatalogEntry(from: &reader)
                let local = try LocalTableState(from: &reader)
                if local.tableID != nil, !local.needsFill, local.floor[origin] <= position,
                    !local.catchUps.contains(origin)
                {
                    held.append(entry.uuid)
                }
                return true
            }
            return wanted.allSatisfy(held.contains)
        } catch let error as KeyValueStoreError {
            throw error
        } catch {
            throw .corruption("\(error)")
        }
    }
}
