public import HybridClock
import ItemModel
public import KeyValueStore

/// One region's state machine: catalog, items, indexes, change log and conflict resolution over a key-value store.
///
/// It is the region's one writer and is used by one thread at a time. Each method runs one command against the store
/// overlaid with what was changed since the last ``commit()``; that makes everything since durable as one atomic
/// batch: group commit. **What a command returned must not be told to anybody before `commit()` has returned.** Reads
/// do not come here: they run on any thread through ``reader``.
///
/// It makes no system call but the store's, reads no clock and draws no random number but those handed in. Reading
/// order: `Identity`, `RegionStore+Layout`, `Catalog`, `Items`, `Log`, `Streams`, `Expiry`, `RegionState`, then this
/// class and its extensions, which are the commands.
public final class RegionStore<Store: KeyValueStore> {
    public let configuration: RegionConfiguration
    public let incarnation: Incarnation
    /// This region and incarnation, as it stands in the versions that it issues.
    public let origin: Origin
    /// The view of what is committed, for any thread.
    public let reader: RegionReader<Store>

    /// Who is asked whether there is capacity for a write; set once, nil where nobody is.
    public var admission: (any WriteAdmission)?

    let store: Store
    var region: RegionState
    var tokens = TransactionTokens()
    var logFollowers: LogFollowers
    var linkFollowers: LinkFollowers
    var replicaProgress: ReplicaProgress
    var transfers = ReplicaTransfers()
    /// What the store has lost of a log of its own, until all that other regions have of it was fetched.
    public internal(set) var forgotten: ForgottenTail?
    /// Where the log ended when the store was opened: what stands behind it was added since.
    package let openedPosition: LogPosition
    /// Up to where the log holds nothing of the present incarnation; zero in a store that has forgotten nothing.
    package let logBegin: LogPosition
    /// Whether nothing says that the store is the newest copy: the other regions have to be asked.
    public internal(set) var isUnproven: Bool
    /// Once a commit has failed, why: what is durable is unknown, so nothing may be written until the process has
    /// started anew.
    public internal(set) var failure: KeyValueStoreError?

    /// Opens `store`, or prepares it where it is new.
    ///
    /// - Parameters:
    ///   - store: opened with ``Layout/keyspaces``.
    ///   - mark: how far the store's log had got, as was noted apart from it.
    ///   - generator: draws the incarnation of a new store.
    /// - Throws: `RegionStoreError` for a store of another format or another region, or one that cannot be read.
    public init(
        opening store: Store, configuration: RegionConfiguration, mark: LogMarkReading = .notKept,
        using generator: inout some RandomNumberGenerator
    ) throws(RegionStoreError) {
        self.store = store
        self.configuration = configuration
        do {
            let persistent = try PersistentState.load(
                from: store, region: configuration.region, mark: mark, using: &generator)
            forgotten = persistent.forgotten
            isUnproven = persistent.isUnproven
            incarnation = persistent.incarnation
            origin = Origin(region: configuration.region, incarnation: incarnation)
            logFollowers = try LogFollowers(from: store)
            replicaProgress = try ReplicaProgress(from: store, origin: origin, regions: configuration.regions)
            region = try RegionState(persistent, from: store, configuration, origin: origin)
            openedPosition = region.log.bounds.last
            logBegin = persistent.logBegin
        } catch {
            throw RegionStoreError(error)
        }
        linkFollowers = LinkFollowers(regions: configuration.regions.filter { $0.id != configuration.region })
        linkFollowers.reconcile(&logFollowers, region.log.bounds)
        reader = RegionReader(store: store, configuration: configuration, origin: origin)
        publish(withCatalog: true)
        if forgotten?.step == .incarnationBegun { beginAnew() }
    }

    /// What the region has done since its process started.
    public var counters: RegionCounters { region.counters }

    /// Whether there is anything to commit.
    public var hasPendingChanges: Bool { region.hasChanges || replicaProgress.hasChanges }

    /// The bytes that the next commit will write: what the owner bounds a drain by.
    public var pendingByteCount: Int { region.batch.byteCount }

    /// Makes every command since the last commit durable and visible to readers.
    ///
    /// - Throws: the store's error; the region store then takes no further command, as what is durable is unknown.
    public func commit() throws(KeyValueStoreError) {
        if let failure { throw failure }
        guard let batch = stagedBatch() else { return }
        do {
            try store.commit(batch, durability: configuration.durability)
        } catch {
            failed(error)
            throw error
        }
        committed()
    }

    /// What everything since the last commit has changed, to be committed as one batch; nil for nothing, and once the
    /// store has failed.
    ///
    /// Whoever commits it calls ``committed()`` or ``failed(_:)`` before anything else is asked of the store.
    public func stagedBatch() -> WriteBatch? {
        guard failure == nil, hasPendingChanges else { return nil }
        // What is changed beside the entries goes with the batch whose changes depend on it.
        logFollowers.stage(into: &region.batch)
        replicaProgress.stage(into: &region.batch)
        region.stageOwners()
        return region.batch
    }

    /// The staged batch is durable: readers see it from now on.
    public func committed() {
        let isCatalogChanged = region.isCatalogChanged
        region.committed()
        tokens.committed()
        replicaProgress.committed(at: region.clock.highWaterMark)
        logFollowers.committed()
        publish(withCatalog: isCatalogChanged)
    }

    /// The store has failed: what is durable is unknown, and nothing is written until the process has started anew.
    public func failed(_ error: KeyValueStoreError) { failure = failure ?? error }

    /// Shows readers what is committed, all of it at once: whoever sees a change in the log sees the catalog that it
    /// was made under.
    private func publish(withCatalog: Bool) {
        reader.publish(
            catalog: withCatalog ? CatalogSnapshot(region.catalog.all, streams: region.streams.all) : nil,
            lastPosition: region.log.bounds.last,
            logStart: region.log.bounds.start)
    }

    /// The highest stamp that the region has given out or taken in, with what is pending.
    public var clockMark: HybridTimestamp { region.clock.highWaterMark }

    /// The last position of the log, with what is pending.
    package var lastPosition: LogPosition { region.log.bounds.last }

    /// The lowest position still in the log, with what is pending.
    package var logStart: LogPosition { region.log.bounds.start }

    /// Gives time to a region that has nothing to write: its closed timestamp, and with it everybody's stable time,
    /// goes on.
    public func tick(at nowMilliseconds: UInt64) {
        logFollowers.cursorsAreDue()
        region.advanceClock(at: nowMilliseconds)
        transfers.activateSourceless(within: vector, in: &region, at: nowMilliseconds)
        region.maintainStreams(at: nowMilliseconds)
    }
}
