import ItemModel
import KeyValueStore
import RegionStore
import Replication

/// How much a region keeps, all the time, beside what the traffic explains: keyspace by keyspace, entry of its log by entry, transfer by
/// transfer; and how much it is sent at once.
///
/// The bounds are those of counts that others can give as well: positions of logs, items, tables, tokens that were used. What is kept of
/// tables that are gone is looked for in the end, by `Leaks`.
final class Growth: WorldObserver {
    private unowned let world: World
    private let history: History
    private var regions: [Region]
    /// How much time passes between two looks at a region.
    private static let interval = VirtualDuration.seconds(1)
    /// More transactions than a process has under way when it ends.
    private static let roundLimit = 100
    /// Names in `meta` that a region has once.
    private static let fixedNames = 16

    private struct Region {
        /// Whether the disk was put back as it had been before: what was on it was not counted.
        var isOldCopy = false
        var nextLook = VirtualTime.zero
        /// Of each origin, how many entries the log on this disk got, whatever became of them.
        var logged: [Origin: Int] = [:]
        /// How many snapshot transfers came to their end, by replica.
        var transfers: [LocalReplica: Int] = [:]
        /// When the last one of each did, and how many came later after the one before than a log is kept for sure: what follows on such a
        /// transfer may be trimmed when it is over.
        var lastTransfers: [LocalReplica: VirtualTime] = [:]
        var lateTransfers: [LocalReplica: Int] = [:]
        /// When tokens were used in the last ten minutes, and the most that there were of them.
        var tokenUses: ArraySlice<VirtualTime> = []
        var mostTokens = 0
        /// How often a process has ended, which may have used tokens without an answer.
        var endCount = 0
        /// How often another region's links began anew with all of its tables.
        var resets = 0
    }

    init(of world: World, history: History) {
        self.world = world
        self.history = history
        regions = world.regions.map { _ in Region() }
    }

    func losesDisk(_ region: SimulatedRegion) { regions[region.index] = Region() }

    func started(_ region: SimulatedRegion) {
        // What an old copy has is not counted, and what it lacks comes again.
        if region.oldCopy != nil { regions[region.index] = Region(isOldCopy: true) }
    }

    func ended(_ region: SimulatedRegion) { regions[region.index].endCount += 1 }

    func applied(_ delivery: LinkDelivery, in region: SimulatedRegion) {
        switch delivery {
        case .snapshotEnd(let replica, _): noteTransfer(of: replica, to: region)
        case .catalog(let catalog, _) where catalog.isReset: regions[region.index].resets += 1
        case .changes(let batch): lookAt(batch, sentTo: region)
        case .catalog, .heartbeat, .catchUpEnd, .snapshotPart, .orphanedOriginEnd: break
        }
    }

    func answered(
        _ steps: [ClientStep], _ token: Transaction.Token?, _ outcome: RegionOutcome, by region: SimulatedRegion
    ) {
        guard token != nil, case .success(.done) = outcome.transact else { return }
        regions[region.index].tokenUses.append(world.now)
        let begin = world.now.nanoseconds - min(world.now.nanoseconds, TokenUses.validity.nanoseconds)
        while let first = regions[region.index].tokenUses.first, first.nanoseconds < begin {
            regions[region.index].tokenUses.removeFirst()
        }
        regions[region.index].mostTokens = max(
            regions[region.index].mostTokens, regions[region.index].tokenUses.count)
    }

    func committed(_ entries: [ObservedEntry], in region: SimulatedRegion, store: SimulatedRegion.Store) {
        let index = region.index
        for entry in entries { regions[index].logged[entry.header.version.origin, default: 0] += 1 }
        guard world.now >= regions[index].nextLook else { return }
        regions[index].nextLook = world.now + Self.interval
        look(at: region, store)
    }

    func conclude() {
        for region in world.regions {
            guard let store = region.store else { continue }
            look(at: region, store)
            lookAtMeta(of: region, store)
        }
    }

    private func noteTransfer(of replica: LocalReplica, to region: SimulatedRegion) {
        let kept = VirtualDuration.milliseconds(world.storeConfiguration(of: region).logRetentionMilliseconds)
        regions[region.index].transfers[replica, default: 0] += 1
        if let last = regions[region.index].lastTransfers.updateValue(world.now, forKey: replica),
            world.now - last > kept
        {
            regions[region.index].lateTransfers[replica, default: 0] += 1
        }
    }

    // MARK: - Looks

    /// A sender stops before the first transaction that begins behind the limit.
    private func lookAt(_ batch: ReceivedBatch, sentTo region: SimulatedRegion) {
        let limit = world.linkConfiguration.batchByteCount
        guard let last = batch.records.last, batch.records.count > 1 else { return }
        let lastCount = 1 + Int(History.transaction(in: last, last.indices)?.index ?? 0)
        let byteCount = batch.records.dropLast(lastCount).reduce(0) { $0 + $1.count }
        guard byteCount >= limit else { return }
        world.violate(
            "growth",
            "\(region.name) was sent \(byteCount) bytes at once, and a transaction more, where no more than \(limit) go together"
        )
    }

    private func look(at region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        let reader = store.reader
        func count(_ keyspace: Keyspace) -> Int { region.disk.count(in: keyspace) }
        func expect(_ count: Int, atMost bound: Int, _ what: String, _ explanation: @autoclosure () -> String) {
            guard count > bound else { return }
            world.violate("growth", "\(region.name) has \(count) \(what), and \(explanation()) explain \(bound)")
        }
        let logged = Int(reader.lastPosition.rawValue + 1 - reader.logStart.rawValue)
        if count(Layout.log) != logged {
            world.violate(
                "growth",
                "\(region.name) has \(count(Layout.log)) entries in a log from \(reader.logStart) to \(reader.lastPosition)"
            )
        }
        let tables = history.items.tables.count
        let items = count(Layout.items)
        let indexes = reader.catalog.tables.map { $0.indexes.count + $0.deletingIndexes.count }.max() ?? 0
        let origins = history.origins.count
        expect(count(Layout.catalog), atMost: tables, "entries of its catalog", "\(tables) tables")
        expect(count(Layout.deletedTables), atMost: tables, "tombstones of tables", "\(tables) tables")
        expect(count(Layout.tombstones), atMost: items, "tombstones", "\(items) items and deletions")
        expect(count(Layout.expiry), atMost: items, "items that expire", "\(items) items and deletions")
        expect(count(Layout.indexes), atMost: items * indexes, "entries of indexes", "\(items) items")
        expect(
            count(Layout.streams), atMost: reader.catalog.streams.isEmpty ? 0 : logged, "records of streams",
            "\(logged) entries of its log")
        expect(
            count(Layout.origins), atMost: logged + origins, "marks of batches", "\(logged) entries of its log")
        lookAtLog(of: region)
    }

    /// What came of another region's log came from that region and from those that passed it on meanwhile, which log it once more, and all
    /// of that again for each time that a table was filled.
    private func lookAtLog(of region: SimulatedRegion) {
        let known = regions[region.index]
        let fills = known.transfers.values.reduce(0, +)
        let peers = world.regions.count - 1
        for (origin, count) in known.logged.sorted(by: { $0.key < $1.key }) {
            guard let log = history.history(of: origin), log.region != region.index else { continue }
            let length = Int(max(log.lastPosition, log.forgottenEnd))
            // Where a connection breaks, what is passed on begins anew.
            guard count > length * 2 * peers * (1 + fills) else { continue }
            world.violate(
                "growth",
                "\(region.name) has logged \(count) changes of \(origin), which made \(length), after \(fills) transfers"
            )
        }
        // A replica is filled when it is made, again by each source of what a lost disk has left, and by each that had to begin anew.
        let lost = max(0, history.origins.count - world.regions.count)
        for (replica, count) in known.transfers.sorted(by: { $0.key.id < $1.key.id }) {
            let bound = 1 + known.resets + lost * peers + known.lateTransfers[replica, default: 0]
            guard count > 2 * bound else { continue }
            world.violate(
                "growth",
                "\(region.name) was sent \(replica) \(count) times, which \(known.resets) links that began anew and \(lost) lost disks do not explain"
            )
        }
    }

    private func lookAtMeta(of region: SimulatedRegion, _ store: SimulatedRegion.Store) {
        let catalog = store.reader.catalog
        var counts: [String: Int] = [:]
        var isForgotten = false
        do {
            try store.reader.store.visit(KeyRange(from: [], to: nil), in: Layout.meta, direction: .forward) { key, _ in
                let slash = key.firstIndex(of: UInt8(ascii: "/"))
                if key.elementsEqual("forgotten".utf8) { isForgotten = true }
                counts[slash.map { String(decoding: key[..<$0], as: UTF8.self) } ?? "", default: 0] += 1
                return true
            }
        } catch {
            world.violate("storage", "the names of \(region.name) cannot be read: \(error)")
            return
        }
        if isForgotten, store.forgotten == nil {
            world.violate(
                "growth",
                "\(region.name) has fetched what others had of its lost log, and still has noted in its store that it lacks it"
            )
        }
        let indexes = catalog.tables.reduce(0) { $0 + $1.indexes.count + $1.deletingIndexes.count }
        let building = catalog.tables.reduce(0) { $0 + $1.indexes.count { $0.status == .creating } }
        let shards = catalog.streams.reduce(0) { $0 + $1.shards.count }
        let tokens = regions[region.index].mostTokens + Self.roundLimit * regions[region.index].endCount
        let bounds: [(name: String, bound: Int)] = [
            ("", Self.fixedNames), ("count", catalog.tables.count + indexes), ("backfill", building),
            ("stream", catalog.streams.count), ("trimmed", shards), ("follower", world.regions.count - 1),
            ("collection", region.disk.count(in: Layout.items)), ("token", tokens), ("token-time", tokens),
        ]
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            let bound = bounds.first { $0.name == name }?.bound ?? 0
            // By a clock that was set back a token lasts longer; what an old copy has was not counted.
            if name.hasPrefix("token"), regions[region.index].isOldCopy || world.scenario.hasWrongClocks { continue }
            guard count > bound else { continue }
            world.violate(
                "growth",
                "\(region.name) has \(count) names '\(name)' in its store, and no more than \(bound) belong there"
            )
        }
    }
}
