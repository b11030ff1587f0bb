import CRocksDB
import KeyValueStore

/// How a `RocksDBStore` uses memory, disk and processor.
///
/// The defaults suit a region on a small server.
///
/// Sizes are in bytes. All may be changed between two openings of a store, but for none is that needed for its data to
/// be read.
public struct RocksDBOptions: Sendable, Hashable {
    /// Uncompressed blocks of the files on disk, with their indexes and filters, kept in memory.
    ///
    /// All keyspaces share it.
    public var blockCacheByteCount = 256 << 20

    /// The committed changes of one keyspace that are kept in memory before they are written to a sorted file.
    public var memtableByteCount = 64 << 20

    /// The same for all keyspaces together: beyond it the one with the oldest changes is written out.
    public var memtableTotalByteCount = 256 << 20

    /// The write-ahead log, which opening the store replays: beyond it the changes that still need it are written out.
    public var logByteCount = 256 << 20

    /// Sorted files kept open at once, of the process's limit of file descriptors.
    public var openFileCount = 4096

    /// Threads that write out memtables and merge sorted files.
    public var backgroundThreadCount = 2

    /// The smallest piece of a file that is read, checked, decompressed and cached.
    public var blockByteCount = 8 << 10

    /// Filter bits for each key, which spare a lookup the files that do not hold its key: ten let one in a hundred
    /// through.
    public var filterBitsPerKey = 10.0

    public var compression = Compression.fast

    public var recovery = Recovery.refusingDamage

    /// Whether a store that is not there is created.
    public var createsIfMissing = true

    /// The engine's own log of what it does, of which four are kept.
    public var infoLogByteCount = 1 << 20

    /// What the sorted files are compressed with.
    public enum Compression: Sendable, Hashable {
        case none
        /// LZ4.
        case fast
        /// LZ4, and Zstandard for the files of the last level, which hold nine tenths of the data.
        case compact
    }

    /// What to do when the write-ahead log is damaged elsewhere than in a last record that the loss of power cut short.
    public enum Recovery: Sendable, Hashable {
        /// Refuse to open, with `KeyValueStoreError.corruption`: no acknowledged commit is ever dropped in silence.
        case refusingDamage
        /// Open with the commits before the damage. The later ones are lost, even where they were synced.
        case droppingFromDamage
    }

    public init() {}

    /// Refuses numbers that the engine would trap on or take for "no limit".
    func validate() throws(KeyValueStoreError) {
        let minimums: [(name: String, value: Int, minimum: Int)] = [
            ("blockCacheByteCount", blockCacheByteCount, 0),
            ("memtableByteCount", memtableByteCount, 64 << 10),
            ("memtableTotalByteCount", memtableTotalByteCount, 64 << 10),
            ("logByteCount", logByteCount, 64 << 10),
            ("openFileCount", openFileCount, 16),
            ("backgroundThreadCount", backgroundThreadCount, 1),
            ("blockByteCount", blockByteCount, 512),
            ("infoLogByteCount", infoLogByteCount, 4 << 10),
        ]
        for (name, value, minimum) in minimums {
            guard value >= minimum else {
                throw .unavailable("\(name) must be at least \(minimum), not \(value)")
            }
        }
        guard openFileCount <= Int(Int32.max), backgroundThreadCount <= 1024, blockByteCount <= 16 << 20 else {
            throw .unavailable("openFileCount, backgroundThreadCount or blockByteCount is out of range")
        }
        guard (0...64).contains(filterBitsPerKey) else {
            throw .unavailable("filterBitsPerKey must be from 0 to 64, not \(filterBitsPerKey)")
        }
    }
}

/// The engine's form of `RocksDBOptions`, for the database and for each of its column families.
struct EngineOptions: ~Copyable {
    let pointer: OpaquePointer

    init(_ options: RocksDBOptions) throws(KeyValueStoreError) {
        try options.validate()
        pointer = try Self.baseOptions()
        setLog(options)
        setMemtables(options)
        setFiles(options)
        setTables(options)
    }

    deinit {
        rocksdb_options_destroy(pointer)
    }

    /// The engine's defaults, with what the C interface can only set by name.
    private static func baseOptions() throws(KeyValueStoreError) -> OpaquePointer {
        let defaults = rocksdb_options_create()
        defer { rocksdb_options_destroy(defaults) }
        guard let options = rocksdb_options_create() else { throw .engine("no options") }
        // The manifest then remembers each synced log's size, so that a missing or shortened one is noticed.
        var failure: UnsafeMutablePointer<CChar>?
        // Opening a store writes no more than it has to, as the disk may be full.
        rocksdb_get_options_from_string(
            defaults, "track_and_verify_wals_in_manifest=true;avoid_flush_during_recovery=true", options, &failure)
        guard let failure else { return options }
        rocksdb_options_destroy(options)
        throw .engine(takeMessage(failure))
    }

    private func setLog(_ options: RocksDBOptions) {
        let recovery =
            switch options.recovery {
            case .refusingDamage: rocksdb_tolerate_corrupted_tail_records_recovery
            case .droppingFromDamage: rocksdb_point_in_time_recovery
            }
        rocksdb_options_set_wal_recovery_mode(pointer, Int32(recovery))
        rocksdb_options_set_max_total_wal_size(pointer, UInt64(options.logByteCount))
        rocksdb_options_set_manual_wal_flush(pointer, 0)
        rocksdb_options_set_paranoid_checks(pointer, 1)
    }

    private func setMemtables(_ options: RocksDBOptions) {
        rocksdb_options_set_write_buffer_size(pointer, options.memtableByteCount)
        rocksdb_options_set_db_write_buffer_size(pointer, options.memtableTotalByteCount)
        rocksdb_options_set_max_write_buffer_number(pointer, 3)
        // A filter in front of the skip list, whose search costs several cache misses.
        rocksdb_options_set_memtable_whole_key_filtering(pointer, 1)
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(pointer, 0.03)
        // There is one writer.
        rocksdb_options_set_allow_concurrent_memtable_write(pointer, 0)
    }

    private func setFiles(_ options: RocksDBOptions) {
        rocksdb_options_set_create_if_missing(pointer, options.createsIfMissing ? 1 : 0)
        rocksdb_options_set_level_compaction_dynamic_level_bytes(pointer, 1)
        rocksdb_options_set_max_open_files(pointer, Int32(options.openFileCount))
        rocksdb_options_set_max_background_jobs(pointer, Int32(options.backgroundThreadCount))
        // Writes to disk are spread out, so that the log's syncs do not wait behind a whole file's.
        rocksdb_options_set_bytes_per_sync(pointer, 1 << 20)
        rocksdb_options_set_avoid_unnecessary_blocking_io(pointer, 1)
        rocksdb_options_set_info_log_level(pointer, 2)
        rocksdb_options_set_max_log_file_size(pointer, options.infoLogByteCount)
        rocksdb_options_set_keep_log_file_num(pointer, 4)
        rocksdb_options_set_stats_dump_period_sec(pointer, 0)
        rocksdb_options_set_stats_persist_period_sec(pointer, 0)
        switch options.compression {
        case .none:
            rocksdb_options_set_compression(pointer, Int32(rocksdb_no_compression))
        case .fast:
            rocksdb_options_set_compression(pointer, Int32(rocksdb_lz4_compression))
        case .compact:
            rocksdb_options_set_compression(pointer, Int32(rocksdb_lz4_compression))
            rocksdb_options_set_bottommost_compression(pointer, Int32(rocksdb_zstd_compression))
        }
    }

    private func setTables(_ options: RocksDBOptions) {
        let tables = rocksdb_block_based_options_create()
        defer { rocksdb_block_based_options_destroy(tables) }
        let cache = rocksdb_cache_create_lru(options.blockCacheByteCount)
        defer { rocksdb_cache_destroy(cache) }
        rocksdb_block_based_options_set_block_cache(tables, cache)
        rocksdb_block_based_options_set_block_size(tables, options.blockByteCount)
        rocksdb_block_based_options_set_format_version(tables, 5)
        rocksdb_block_based_options_set_checksum(tables, Self.xxh3Checksum)
        // Indexes and filters count against the cache's size, so that memory is bounded whatever the store's size.
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(tables, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(tables, 1)
        rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(tables, 1)
        rocksdb_block_based_options_set_data_block_index_type(
            tables, Int32(rocksdb_block_based_table_data_block_index_type_binary_search_and_hash))
        if options.filterBitsPerKey > 0 {
            // The tables take ownership of the policy.
            rocksdb_block_based_options_set_filter_policy(
                tables, rocksdb_filterpolicy_create_bloom_full(options.filterBitsPerKey))
        }
        rocksdb_options_set_block_based_table_factory(pointer, tables)
    }

    /// `rocksdb::ChecksumType::kXXH3`, for which the C interface has no name.
    private static let xxh3Checksum: CChar = 4
}
