import CRocksDB
public import KeyValueStore

/// What the engine tells of itself, for metrics.
///
/// Sums over all keyspaces; estimates where the name says so.
public struct RocksDBStatistics: Sendable, Hashable {
    public var keyCountEstimate: UInt64 = 0
    /// What the sorted files would hold once everything deleted and overwritten is gone from them.
    public var liveByteCountEstimate: UInt64 = 0
    /// All sorted files, with those that only an old snapshot or a visit still needs.
    public var fileByteCount: UInt64 = 0
    public var memtableByteCount: UInt64 = 0
    public var blockCacheByteCount: UInt64 = 0
    /// What the block cache cannot let go of, as reads are using it.
    public var pinnedBlockCacheByteCount: UInt64 = 0
    /// What must be rewritten before the files are in order again: it grows where commits are faster than the disk.
    public var pendingCompactionByteCountEstimate: UInt64 = 0
    public var runningCompactionCount: UInt64 = 0
    public var snapshotCount: UInt64 = 0
    /// Whether commits wait until compaction has caught up.
    public var isWriteStopped = false
    /// Failures in the background since the store was opened.
    ///
    /// After one, commits fail.
    public var backgroundErrorCount: UInt64 = 0
}

extension RocksDBStore {
    /// Reads the engine's counters, in some microseconds.
    public func statistics() throws(KeyValueStoreError) -> RocksDBStatistics {
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        var statistics = RocksDBStatistics()
        for family in families {
            statistics.keyCountEstimate += property("rocksdb.estimate-num-keys", family)
            statistics.liveByteCountEstimate += property("rocksdb.estimate-live-data-size", family)
            statistics.fileByteCount += property("rocksdb.total-sst-files-size", family)
            statistics.memtableByteCount += property("rocksdb.cur-size-all-mem-tables", family)
            statistics.pendingCompactionByteCountEstimate += property(
                "rocksdb.estimate-pending-compaction-bytes", family)
        }
        // These are the whole database's, whichever family is asked.
        if let family = families.first {
            statistics.blockCacheByteCount = property("rocksdb.block-cache-usage", family)
            statistics.pinnedBlockCacheByteCount = property("rocksdb.block-cache-pinned-usage", family)
            statistics.runningCompactionCount = property("rocksdb.num-running-compactions", family)
            statistics.snapshotCount = property("rocksdb.num-snapshots", family)
            statistics.isWriteStopped = property("rocksdb.is-write-stopped", family) != 0
            statistics.backgroundErrorCount = property("rocksdb.background-errors", family)
        }
        return statistics
    }

    /// About how many bytes on disk the entries of `range` take, after compression.
    ///
    /// What is not in a file yet counts for nothing.
    public func approximateByteCount(of range: KeyRange, in keyspace: Keyspace) throws(KeyValueStoreError) -> UInt64 {
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        let upper: [UInt8]
        if let bound = range.upper {
            upper = bound
        } else {
            guard let last = try lastKey(in: keyspace) else { return 0 }
            upper = last + [0]
        }
        guard range.lower.lexicographicallyPrecedes(upper) else { return 0 }
        var size: UInt64 = 0
        var failure: UnsafeMutablePointer<CChar>?
        withCharacters(range.lower) { lower, lowerCount in
            withCharacters(upper) { upper, upperCount in
                rocksdb_approximate_sizes_cf(
                    database, family(of: keyspace), 1, [lower], [lowerCount], [upper], [upperCount], &size, &failure)
            }
        }
        if let failure { throw KeyValueStoreError(message: takeMessage(failure)) }
        return size
    }

    /// Writes a copy of everything committed to the directory `path`, which must not exist, for a backup: a store of
    /// its own.
    ///
    /// Memtables are written out first; the sorted files are shared by hard links where `path` is on the same file
    /// system.
    public func checkpoint(to path: String) throws(KeyValueStoreError) {
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        var failure: UnsafeMutablePointer<CChar>?
        let checkpoint = rocksdb_checkpoint_object_create(database, &failure)
        if let failure { throw KeyValueStoreError(message: takeMessage(failure)) }
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        rocksdb_checkpoint_create(checkpoint, path, 0, &failure)
        if let failure { throw KeyValueStoreError(message: takeMessage(failure)) }
    }

    private func property(_ name: String, _ family: OpaquePointer) -> UInt64 {
        var value: UInt64 = 0
        return rocksdb_property_int_cf(database, family, name, &value) == 0 ? value : 0
    }
}
