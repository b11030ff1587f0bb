import HybridClock
import ItemModel
import KeyValueStore

/// What a commit is made of: the owners of all that a change of an item or of a table touches, and the batch in which
/// the changes since the last commit are staged.
///
/// Each owner has its own state and keyspaces. Here is what changes several of them at once, so that they agree in
/// every batch. It reads the store and never writes to it: the batch is committed by whoever holds this.
struct RegionState {
    let configuration: RegionConfiguration
    let origin: Origin
    private(set) var clock: HybridLogicalClock
    var catalog: Catalog
    var contents = TableContents()
    var streams: StreamShards
    var log: ChangeLog
    var batch = Self.emptyBatch
    var counters = RegionCounters()
    var events = EventOutbox()
    private var isClockAdvanced = false

    private static var emptyBatch: WriteBatch { WriteBatch(capacity: 16) }

    /// Reads every owner's state back.
    init(
        _ persistent: PersistentState, from store: some KeyValueReader, _ configuration: RegionConfiguration,
        origin: Origin
    ) throws {
        self.configuration = configuration
        self.origin = origin
        clock = HybridLogicalClock(
            highWaterMark: persistent.highWaterMark,
            maximumOffsetMilliseconds: configuration.maximumClockOffsetMilliseconds)
        log = try ChangeLog(from: store)
        catalog = try Catalog(loading: store, region: configuration.name, nextShortID: persistent.nextShortID)
        streams = try StreamShards(loading: store)
        for state in catalog.all { try contents.load(state.local, from: store) }
    }

    // MARK: - Commits

    /// Whether the next commit has something to write.
    var hasChanges: Bool { !batch.isEmpty || isClockAdvanced || catalog.hasChanges }

    /// Whether readers have to be shown other tables or streams after the next commit.
    var isCatalogChanged: Bool { catalog.isChanged || streams.isChanged }

    /// Adds to the batch what its owners have changed beside the entries, and the clock's mark.
    mutating func stageOwners() {
        batch.put(Layout.MetaKey.highWaterMark, Layout.bigEndian(clock.highWaterMark.rawValue), in: Layout.meta)
        log.stage(into: &batch)
        catalog.stage(into: &batch)
        contents.stage(into: &batch)
    }

    /// Notes that everything staged is in the store.
    mutating func committed() {
        batch = Self.emptyBatch
        isClockAdvanced = false
        catalog.committed()
        contents.committed()
        streams.committed()
        events.committed()
    }

    // MARK: - The clock

    /// A version above everything that this region has seen.
    mutating func nextVersion(at nowMilliseconds: UInt64) -> Version {
        Version(stamp: clock.now(at: nowMilliseconds), origin: origin)
    }

    /// Advances the clock where nothing is written; the next commit writes its mark.
    mutating func advanceClock(at nowMilliseconds: UInt64) {
        _ = clock.now(at: nowMilliseconds)
        isClockAdvanced = true
    }

    /// Takes over another region's stamp, which was checked before: this cannot be refused.
    mutating func raiseClock(to stamp: HybridTimestamp, at nowMilliseconds: UInt64) {
        try? clock.observe(stamp, at: nowMilliseconds)
    }

    /// Takes over the stamps of another region's catalog entry.
    mutating func raiseClock(to entry: CatalogEntry, at nowMilliseconds: UInt64) {
        for setting in entry.settings { raiseClock(to: setting.version.stamp, at: nowMilliseconds) }
    }
}
