import HybridClock
import ItemModel
import KeyValueStore

@testable import RegionStore

/// Some regions whose change records a test carries by hand, as links would.
final class World {
    let regions: [TestRegion]
    /// Bytes in one batch or page at the most: small, so that there are many.
    var byteLimit = 500

    init(_ count: Int, change: (inout RegionConfiguration) -> Void = { _ in }) throws {
        // A stable time exists only once every region of the topology was heard of.
        regions = try (1...count).map { number in
            try TestRegion(UInt16(number)) { configuration in
                configuration = RegionConfiguration(
                    region: configuration.region, regions: Array(configuration.regions.prefix(count)))
                change(&configuration)
            }
        }
    }

    init(_ regions: [TestRegion]) { self.regions = regions }

    /// Regions that share the table `T`, quiet.
    static func sharingTable(
        _ count: Int = 3, change: (inout RegionConfiguration) -> Void = { _ in }
    ) throws -> World {
        let world = try World(count, change: change)
        try world[1].createTable()
        for number in 2...count {
            try world.exchange()
            try world[1].update("T", .createReplica(region: world[number].name, ReplicaOverrides()))
        }
        try world.exchange()
        return world
    }

    /// Everything is carried, and every region's clock and closed timestamp goes on, of which all hear.
    func settle() throws {
        for _ in 0..<2 {
            pass(milliseconds: 10)
            for region in regions {
                region.store.tick(at: region.now)
                try region.commit()
            }
            try exchange()
        }
    }

    subscript(number: Int) -> TestRegion { regions[number - 1] }

    /// Sets every region's physical clock on.
    func pass(milliseconds: UInt64) {
        for region in regions { region.now += milliseconds }
    }

    /// Carries everything everywhere, in both directions, until nothing is left to carry.
    func exchange(maximumRounds: Int = 20) throws {
        for _ in 0..<maximumRounds {
            let before = regions.map(\.store.appliedVector)
            for source in regions {
                for target in regions where target !== source { try carry(from: source, to: target) }
            }
            let after = regions.map(\.store.appliedVector)
            if before == after { return }
        }
        throw WorldError.neverQuiet
    }

    /// Carries all that `source` has for `target`: its log, then what the target asks for.
    func carry(from source: TestRegion, to target: TestRegion) throws {
        try carryLog(from: source, to: target)
        try fill(target, from: source)
        try catchUp(target, from: source)
        acknowledge(from: source, to: target)
    }

    /// Heartbeat and acknowledgement.
    func acknowledge(from source: TestRegion, to target: TestRegion) {
        if target.store.vector[source.origin] == source.reader.lastPosition {
            target.store.noteClosed(
                source.origin, at: source.store.closedTimestamp, directory: source.store.directory)
        }
        source.store.noteAcknowledged(by: target.origin, vector: target.store.appliedVector)
    }

    /// Ships the source's own log, or its catalog where the target knows nothing of it or too little.
    func carryLog(from source: TestRegion, to target: TestRegion) throws {
        let known = target.store.appliedVector
        if !known.contains(source.origin) || known[source.origin].successor < source.reader.logStart {
            let snapshot = try source.reader.snapshot()
            try target.store.applyCatalog(
                try source.reader.catalogEntries(in: snapshot),
                collected: try source.reader.collectedTables(in: snapshot), from: source.origin,
                position: try source.reader.vector(in: snapshot)[source.origin],
                isReset: known.contains(source.origin), at: target.now)
            try target.commit()
        }
        while true {
            let position = target.store.vector[source.origin]
            guard position < source.reader.lastPosition else { return }
            let page = try source.reader.changes(
                after: position, upTo: source.reader.lastPosition,
                matching: filter(source, target, source.origin), byteLimit: byteLimit)
            try target.store.apply(
                ReceivedBatch(
                    origin: source.origin, records: page.records, position: page.readPosition, isComplete: true),
                at: target.now)
            try target.commit()
        }
    }

    func filter(_ source: TestRegion, _ target: TestRegion, _ origin: Origin) -> LogFilter {
        LogFilter(
            origin: origin, tables: source.reader.catalog.tables(replicatedTo: target.name), includesCatalog: true)
    }

    /// Fills every replica of the target that waits for it.
    func fill(_ target: TestRegion, from source: TestRegion) throws {
        for replica in target.store.claimTransfers(from: source.origin) {
            guard let fill = try Fill(of: replica, to: target, from: source, byteLimit: byteLimit) else { continue }
            while try fill.next() {}
        }
    }

    /// Ships once more what the target skipped before its replica was there.
    func catchUp(_ target: TestRegion, from source: TestRegion) throws {
        for (replica, after) in target.store.catchUps(from: source.origin)
        where source.reader.catalog.tables(replicatedTo: target.name).contains(replica.table) {
            guard after.successor >= source.reader.logStart else {
                target.store.transferAgain(replica, lacking: source.origin, from: source.origin)
                try target.commit()
                continue
            }
            let end = target.store.vector[source.origin]
            let filter = LogFilter(origin: source.origin, tables: [replica.table], includesCatalog: false)
            var position = after
            while position < end {
                let page = try source.reader.changes(
                    after: position, upTo: end, matching: filter, byteLimit: byteLimit)
                try target.store.apply(
                    ReceivedBatch(
                        origin: source.origin, records: page.records, position: page.readPosition, isComplete: false),
                    at: target.now)
                position = page.readPosition
            }
            target.store.finishCatchUp(of: replica, from: source.origin, after: after)
            try target.commit()
        }
    }

    /// Has `source` pass on to `target` what it has of `origin`.
    func relay(_ origin: Origin, through source: TestRegion, to target: TestRegion) throws {
        let known = target.store.appliedVector[origin]
        guard var place = try source.reader.logPosition(after: known, of: origin) else { return }
        let snapshot = try source.reader.snapshot()
        let isComplete =
            try source.reader.coverage(of: origin, after: known, for: target.name, in: snapshot) == .complete
        let end = try source.reader.lastPosition(in: snapshot)
        while place < end {
            let page = try source.reader.changes(
                after: place, upTo: end, matching: filter(source, target, origin), in: snapshot, byteLimit: byteLimit)
            place = page.readPosition
            try target.store.apply(
                ReceivedBatch(
                    origin: origin, records: page.records, position: LogPosition(rawValue: .max), isComplete: false),
                at: target.now)
            try target.commit()
        }
        guard isComplete else { return }
        let reached = try source.reader.vector(in: snapshot)[origin]
        try target.store.apply(
            ReceivedBatch(origin: origin, records: [], position: reached, isComplete: true), at: target.now)
        try target.commit()
    }
}

extension RegionStore {
    /// Takes over a catalog, of which a test says the parts.
    func applyCatalog(
        _ entries: [[UInt8]], collected: CollectedTables = CollectedTables(), from source: Origin,
        position: LogPosition, isReset: Bool, at nowMilliseconds: UInt64
    ) throws {
        try applyCatalog(
            ReceivedCatalog(entries: entries, collected: collected, position: position, isReset: isReset),
            from: source, at: nowMilliseconds)
    }
}

enum WorldError: Error {
    case neverQuiet
}

/// The filling of one replica, a page at a time, so that writes can go on in between.
final class Fill {
    let replica: LocalReplica
    let source: TestRegion
    let target: TestRegion
    let snapshot: InMemoryStore.Snapshot
    let vector: AppliedVector
    let byteLimit: Int
    private var place: [UInt8]?
    private var isFinished = false

    /// Nil where the source cannot fill it.
    init?(of replica: LocalReplica, to target: TestRegion, from source: TestRegion, byteLimit: Int) throws {
        let snapshot = try source.reader.snapshot()
        guard let vector = try source.reader.transferVector(of: replica.table, in: snapshot) else { return nil }
        (self.replica, self.target, self.source) = (replica, target, source)
        (self.snapshot, self.vector, self.byteLimit) = (snapshot, vector, byteLimit)
    }

    /// Carries the next page.
    ///
    /// - Returns: whether there is more to do.
    func next() throws -> Bool {
        guard !isFinished, let table = source.reader.catalog.table(replica.table) else { return false }
        let page = try source.reader.snapshotPage(of: table, in: snapshot, from: place, byteLimit: byteLimit)
        try target.store.applySnapshot(page.part(vector), of: replica, at: target.now)
        place = page.next
        if place == nil {
            target.store.finishSnapshot(of: replica, vector: vector, at: target.now)
            isFinished = true
        }
        try target.commit()
        return !isFinished
    }
}
