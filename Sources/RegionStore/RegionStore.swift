import HybridClock
import ItemModel
public import KeyValueStore

/// One region's state machine: catalog, items, indexes, change log and conflict resolution over a key-value store.
///
/// It is the region's one writer and is used by one thread at a time. Each method runs one command against the store overlaid with
/// what was changed since the last ``commit()``; that makes everything since durable as one atomic batch: group commit.
/// **What a command returned must not be told to anybody before `commit()` has returned.** Reads do not come here: they
/// run on any thread through ``reader``.
///
/// It makes no system call but the store's, reads no clock and draws no random number but those handed in. Reading order:
/// `Identity`, `RegionStore+Layout`, `Catalog`, `Items`, `Log`, `Streams`, `Expiry`, then this class and its extensions.
public final class RegionStore<Store: KeyValueStore> {
    public let configuration: RegionConfiguration
    public let incarnation: Incarnation
    /// This region and incarnation, as it stands in the versions that it issues.
    public let origin: Origin
    /// The view of what is committed, for any thread.
    public let reader: RegionReader<Store>

    let store: Store
    var clock: HybridLogicalClock
    var catalog = Catalog()
    var streams = StreamRegistry()
    /// Before which time no stream's shards need to be looked at.
    var streamsDueMilliseconds: UInt64 = 0
    /// What was applied, of every origin but this one.
    var vector: AppliedVector
    var retainedFrom: AppliedVector
    /// For each origin the highest position of what came in parts, without all that was before it.
    var seen: AppliedVector
    package var lastPosition: LogPosition
    var logStart: LogPosition
    var tombstoneCursor: LogPosition
    var nextShortID: UInt32
    var pending = PendingChanges()
    public internal(set) var counters = RegionCounters()
    /// Once a commit has failed, why: what is durable is unknown, so nothing may be written until the process has started anew.
    public internal(set) var failure: KeyValueStoreError?

    /// What links have told of the other regions; lost with the process and soon told again.
    var peers = PeerKnowledge()

    /// The tables whose replica here waits for a fill, a catch-up or an index's entries: strictly increasing, and mostly none.
    var pendingReplicas: [TableUUID] = []

    /// Up to where the items of its table were entered into each index that is being created; none before the first step.
    ///
    /// Only looked up, never iterated.
    var backfillCursors: [IndexID: [UInt8]] = [:]

    /// Up to where each table's expired items were dealt with; begun anew after a restart.
    ///
    /// Only looked up, never iterated.
    var expiryProgress: [TableID: ExpiryProgress] = [:]

    /// Where the filling of each expiry index goes on; begun anew after a restart.
    ///
    /// Only looked up, never iterated.
    var expiryBackfillCursors: [TableID: [UInt8]] = [:]

    /// The table at which the last sweep stopped that reached its limit.
    var lastSweptTable = TableUUID(high: 0, low: 0)

    /// How much each index holds.
    ///
    /// Only looked up, never iterated.
    var indexCounts: [IndexID: TableStatistics] = [:]

    /// What the commands since the last commit have changed.
    struct PendingChanges {
        var batch = WriteBatch(capacity: 16)
        var items = PendingItems()
        /// The tokens of transactions.
        ///
        /// Only looked up, never iterated.
        var tokens: [Text: TokenEntry] = [:]
        var isVectorChanged = false
        var isRetainedFromChanged = false
        var isSeenChanged = false
        var isShortIDChanged = false
        var isCatalogChanged = false
        var isClockAdvanced = false
        /// Tables whose catalog value has to be written; in order of change, without duplicates.
        var catalogTables: [TableUUID] = []
        /// Tables whose counts have to be written; likewise.
        var countedTables: [TableUUID] = []
        /// Indexes whose counts have to be written.
        var countedIndexes: Set<IndexID> = []
        /// The sizes of item collections that were changed.
        ///
        /// Only looked up, never iterated.
        var collections: [[UInt8]: Int] = [:]

        var isEmpty: Bool {
            batch.isEmpty && !isVectorChanged && !isRetainedFromChanged && !isSeenChanged && !isShortIDChanged
                && !isClockAdvanced && catalogTables.isEmpty
        }
    }

    /// Opens `store`, or prepares it where it is new.
    ///
    /// - Parameters:
    ///   - store: opened with ``Layout/keyspaces``.
    ///   - generator: draws the incarnation of a new store.
    /// - Throws: `RegionStoreError` for a store of another format or another region, or one that cannot be read.
    public init(
        opening store: Store, configuration: RegionConfiguration, using generator: inout some RandomNumberGenerator
    ) throws(RegionStoreError) {
        self.store = store
        self.configuration = configuration
        let state: PersistentState
        do {
            state = try PersistentState.load(from: store, region: configuration.region, using: &generator)
        } catch {
            throw RegionStoreError(error)
        }
        incarnation = state.incarnation
        origin = Origin(region: configuration.region, incarnation: state.incarnation)
        clock = HybridLogicalClock(
            highWaterMark: state.highWaterMark, maximumOffsetMilliseconds: configuration.maximumClockOffsetMilliseconds)
        vector = state.vector
        retainedFrom = state.retainedFrom
        seen = state.seen
        lastPosition = state.lastPosition
        logStart = state.logStart
        tombstoneCursor = state.tombstoneCursor
        nextShortID = state.nextShortID
        reader = RegionReader(store: store, configuration: configuration, origin: origin)
        try loadCatalog()
        try loadStreams()
        publish(withCatalog: true)
    }

    /// Whether there is anything to commit.
    public var hasPendingChanges: Bool { !pending.isEmpty }

    /// The bytes that the next commit will write: what the owner bounds a drain by.
    public var pendingByteCount: Int { pending.batch.byteCount }

    /// Makes every command since the last commit durable and visible to readers.
    ///
    /// - Throws: the store's error; the region store then takes no further command, as what is durable is unknown.
    public func commit() throws(KeyValueStoreError) {
        if let failure { throw failure }
        guard !pending.isEmpty else { return }
        stageState()
        do {
            try store.commit(pending.batch, durability: configuration.durability)
        } catch {
            failure = error
            throw error
        }
        let isCatalogChanged = pending.isCatalogChanged
        pending = PendingChanges()
        peers.closedTimestamp = clock.highWaterMark
        publish(withCatalog: isCatalogChanged)
    }

    /// Adds the clock's mark, the vectors and the catalog to the batch whose changes depend on them.
    private func stageState() {
        pending.batch.put(
            Layout.MetaKey.highWaterMark, Layout.bigEndian(clock.highWaterMark.rawValue), in: Layout.meta)
        if pending.isVectorChanged {
            pending.batch.put(Layout.MetaKey.vector, encoded(vector), in: Layout.meta)
        }
        if pending.isRetainedFromChanged {
            pending.batch.put(Layout.MetaKey.retainedFrom, encoded(retainedFrom), in: Layout.meta)
        }
        if pending.isSeenChanged {
            pending.batch.put(Layout.MetaKey.seen, encoded(seen), in: Layout.meta)
        }
        if pending.isShortIDChanged {
            pending.batch.put(Layout.MetaKey.nextShortID, Layout.bigEndian(nextShortID), in: Layout.meta)
        }
        for uuid in pending.catalogTables { stageCatalogValue(of: uuid) }
        for uuid in pending.countedTables {
            guard let state = catalog[uuid], let id = state.local.tableID else { continue }
            let counts = TableStatistics(itemCount: state.itemCount, byteCount: state.byteCount)
            pending.batch.put(Layout.countKey(id), counts.encoded(), in: Layout.meta)
        }
        for id in pending.countedIndexes.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let counts = indexCounts[id] else { continue }
            pending.batch.put(Layout.countKey(id), counts.encoded(), in: Layout.meta)
        }
    }

    private func encoded(_ vector: AppliedVector) -> [UInt8] {
        var writer = ByteWriter()
        vector.encode(into: &writer)
        return writer.bytes
    }

    /// Shows readers what is committed, all of it at once: whoever sees a change in the log sees the catalog that it was made under.
    private func publish(withCatalog: Bool) {
        reader.publish(
            catalog: withCatalog ? CatalogSnapshot(catalog, streams) : nil, lastPosition: lastPosition,
            logStart: logStart)
    }

    /// The next place in the log.
    func nextPosition() -> LogPosition {
        lastPosition = lastPosition.successor
        return lastPosition
    }

    /// A version above everything that this region has seen.
    func nextVersion(at nowMilliseconds: UInt64) -> Version {
        Version(stamp: clock.now(at: nowMilliseconds), origin: origin)
    }

    /// A table or index number that was never used before.
    func takeShortID() -> UInt32 {
        defer { nextShortID += 1 }
        pending.isShortIDChanged = true
        return nextShortID
    }

    /// The stored value under a key of the `items` keyspace, with what is pending.
    func itemValue(_ key: [UInt8]) throws(KeyValueStoreError) -> ItemValue? {
        let bytes: [UInt8]?
        if let changed = pending.items[key] {
            bytes = changed
        } else {
            bytes = try store.value(for: key, in: Layout.items)
        }
        guard let bytes else { return nil }
        do {
            return try ItemValue(decoding: bytes)
        } catch {
            throw .corruption("an item's value: \(error)")
        }
    }

    /// Gives time to a region that has nothing to write: its closed timestamp, and with it everybody's stable time, goes on.
    public func tick(at nowMilliseconds: UInt64) {
        _ = clock.now(at: nowMilliseconds)
        pending.isClockAdvanced = true
        activateSourceless(at: nowMilliseconds)
        maintainStreams(at: nowMilliseconds)
    }
}
