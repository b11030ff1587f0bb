import CRocksDB
public import KeyValueStore
import Synchronization

/// A store on the local disk: one RocksDB database, with a column family for each keyspace.
///
/// Any number of threads may read while one commits; none of them waits for another. A read checks the block checksums
/// of what it takes from disk. What lies in column families that no keyspace names is left alone. Reading order: this
/// file, `RocksDBStore+Reading`, `RocksDBOptions`, `OpenDatabase`.
///
/// Unchecked Sendable: the engine's objects are safe to use from any thread, and the pointers to them never change.
public final class RocksDBStore: KeyValueStore, @unchecked Sendable {
    /// The directory that holds the database.
    public let path: String
    public let keyspaces: [Keyspace]

    let database: OpaquePointer
    let families: UnsafeMutableBufferPointer<OpaquePointer>
    /// The options of every read that is bound to no snapshot.
    ///
    /// Each is 150 bytes, too many to set up for every request.
    let readOptions: OpaquePointer
    /// The same for reads that end where they would have to wait for the disk.
    private let cacheOptions: OpaquePointer
    let gate = OperationGate()

    /// Told of each damage that a read or a commit finds, on its thread.
    private let foundDamage: @Sendable (KeyValueStoreError) -> Void
    private let opened: OpenDatabase
    private let syncedWrite: OpaquePointer
    private let bufferedWrite: OpaquePointer
    /// The engine's batch, whose memory each commit uses again.
    private let engineBatch: Mutex<EngineBatch>
    /// The addresses of the snapshots to release before the database can be closed.
    private let snapshots = Mutex<Set<UInt>>([])

    /// Opens the store in the directory `path`, whose parent must exist, or creates it.
    ///
    /// Throws `.inUse` where it is open already, `.unavailable` where it is another program's database or the directory cannot
    /// be used, and `.corruption` where a file is missing or damaged. `keyspaces` may grow from one opening to the
    /// next; their indices must be their places in the list. Unsynced commits of a process that was killed are there.
    ///
    /// - Parameter foundDamage: told of each damage that a read or a commit finds, with the engine's words, which name the
    ///   file; on the thread that found it, before the error is thrown.
    public init(
        at path: String, keyspaces: [Keyspace], options: RocksDBOptions = RocksDBOptions(),
        foundDamage: @escaping @Sendable (KeyValueStoreError) -> Void = { _ in }
    ) throws(KeyValueStoreError) {
        precondition(
            keyspaces.indices.allSatisfy { keyspaces[$0].index == $0 },
            "keyspaces whose indices are not their places: \(keyspaces)")
        self.foundDamage = foundDamage
        opened = try OpenDatabase(at: path, keyspaces: keyspaces, options: options)
        self.path = path
        self.keyspaces = keyspaces
        database = opened.database
        families = .allocate(capacity: keyspaces.count)
        _ = families.initialize(fromContentsOf: opened.families)
        readOptions = rocksdb_readoptions_create()
        rocksdb_readoptions_set_verify_checksums(readOptions, 1)
        cacheOptions = rocksdb_readoptions_create()
        rocksdb_readoptions_set_read_tier(cacheOptions, Self.blockCacheTier)
        syncedWrite = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(syncedWrite, 1)
        bufferedWrite = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(bufferedWrite, 0)
        engineBatch = Mutex(EngineBatch())
    }

    deinit {
        close()
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_readoptions_destroy(cacheOptions)
        rocksdb_writeoptions_destroy(syncedWrite)
        rocksdb_writeoptions_destroy(bufferedWrite)
        families.deallocate()
    }

    /// Closes the database and frees its directory for another opening.
    ///
    /// Everything committed stays.
    ///
    /// Later calls on the store and its snapshots throw `.closed`; calls under way in other threads are waited for, and
    /// a visit ends with `.closed` at its next entry. It must not be called from within a visitor. A second call does
    /// nothing.
    public func close() {
        guard gate.close() else { return }
        snapshots.withLock { snapshots in
            for snapshot in snapshots { rocksdb_release_snapshot(database, OpaquePointer(bitPattern: snapshot)) }
            snapshots = []
        }
        opened.close()
    }

    // MARK: KeyValueStore

    public func commit(_ batch: WriteBatch, durability: Durability) throws(KeyValueStoreError) {
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        let failure = try engineBatch.withLock { engineBatch throws(KeyValueStoreError) in
            defer { engineBatch.recycle() }
            try fill(&engineBatch, with: batch)
            var failure: UnsafeMutablePointer<CChar>?
            switch durability {
            case .synced where batch.isEmpty:
                // The engine writes no record for it, and so would not sync the earlier ones.
                rocksdb_flush_wal(database, 1, &failure)
            case .synced:
                rocksdb_write(database, syncedWrite, engineBatch.pointer, &failure)
            case .buffered:
                rocksdb_write(database, bufferedWrite, engineBatch.pointer, &failure)
            }
            return failure.map(takeMessage)
        }
        if let failure { throw error(failure) }
    }

    public func snapshot() throws(KeyValueStoreError) -> Snapshot {
        guard let pass = gate.enter() else { throw .closed }
        defer { gate.leave(pass) }
        guard let pointer = rocksdb_create_snapshot(database) else { throw .engine("no snapshot") }
        let address = UInt(bitPattern: pointer)
        snapshots.withLock { _ = $0.insert(address) }
        return Snapshot(store: self, pointer: pointer)
    }

    public func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
        try value(for: key, in: keyspace, readOptions)
    }

    public func cachedValue(
        for key: [UInt8], in keyspace: Keyspace
    ) throws(KeyValueStoreError) -> Cached<[UInt8]> {
        do throws(KeyValueStoreError) {
            return .known(try value(for: key, in: keyspace, cacheOptions))
        } catch {
            guard error.isIncomplete else { throw error }
            return .unknown
        }
    }

    /// `kBlockCacheTier` of the engine's `ReadTier`: memtables and the block cache.
    private static var blockCacheTier: CInt { 1 }

    public func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
        try values(for: keys, in: keyspace, readOptions)
    }

    public func visit(
        _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
        _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
    ) throws {
        try visit(range, in: keyspace, direction, snapshot: nil, visitor)
    }

    // MARK: -

    /// The meaning of the engine's `message`.
    func error(_ message: String) -> KeyValueStoreError {
        let error = KeyValueStoreError(message: message)
        if case .corruption = error { foundDamage(error) }
        return error
    }

    func family(of keyspace: Keyspace) -> OpaquePointer {
        precondition(
            keyspace.index >= 0 && keyspace.index < families.count, "\(path) was opened without \(keyspace)")
        return families[keyspace.index]
    }

    fileprivate func release(_ snapshot: OpaquePointer) {
        // Once the store is closed there is none left to release.
        guard let pass = gate.enter() else { return }
        defer { gate.leave(pass) }
        let address = UInt(bitPattern: snapshot)
        snapshots.withLock { _ = $0.remove(address) }
        rocksdb_release_snapshot(database, snapshot)
    }

    private func fill(_ engineBatch: inout EngineBatch, with batch: WriteBatch) throws(KeyValueStoreError) {
        for (index, operation) in batch.operations.enumerated() {
            switch operation {
            case .put(let keyspace, let key, let value):
                try engineBatch.put(key, value, family(of: keyspace))
            case .delete(let keyspace, let key):
                try engineBatch.delete(key, family(of: keyspace))
            case .deleteRange(let keyspace, let range):
                let upper: [UInt8]
                if let bound = range.upper {
                    upper = bound
                } else {
                    // The engine knows no range without end: this one's is behind the last key that the range can find.
                    let earlier = batch.operations[..<index]
                    guard let last = try lastKey(in: keyspace, after: earlier) else { continue }
                    upper = last + [0]
                }
                try engineBatch.deleteRange(range.lower, upper, family(of: keyspace))
            }
        }
    }

    /// The highest key that may be in `keyspace` once `operations` are applied; nil where there can be none.
    private func lastKey(
        in keyspace: Keyspace, after operations: ArraySlice<WriteBatch.Operation>
    ) throws(KeyValueStoreError) -> [UInt8]? {
        var last = try lastKey(in: keyspace)
        for case .put(keyspace, let key, _) in operations {
            guard let candidate = last, !candidate.lexicographicallyPrecedes(key) else {
                last = key
                continue
            }
        }
        return last
    }
}

extension RocksDBStore {
    /// What was committed when it was taken.
    ///
    /// It keeps the store open until it is released, unless the store is closed.
    public final class Snapshot: KeyValueReader, @unchecked Sendable {
        private let store: RocksDBStore
        private let pointer: OpaquePointer
        private let readOptions: OpaquePointer

        fileprivate init(store: RocksDBStore, pointer: OpaquePointer) {
            self.store = store
            self.pointer = pointer
            readOptions = rocksdb_readoptions_create()
            rocksdb_readoptions_set_verify_checksums(readOptions, 1)
            rocksdb_readoptions_set_snapshot(readOptions, pointer)
        }

        deinit {
            rocksdb_readoptions_destroy(readOptions)
            store.release(pointer)
        }

        public func value(for key: [UInt8], in keyspace: Keyspace) throws(KeyValueStoreError) -> [UInt8]? {
            try store.value(for: key, in: keyspace, readOptions)
        }

        public func values(for keys: [[UInt8]], in keyspace: Keyspace) throws(KeyValueStoreError) -> [[UInt8]?] {
            try store.values(for: keys, in: keyspace, readOptions)
        }

        public func visit(
            _ range: KeyRange, in keyspace: Keyspace, direction: Direction,
            _ visitor: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
        ) throws {
            try store.visit(range, in: keyspace, direction, snapshot: pointer, visitor)
        }
    }
}
