import HybridClock
import ItemModel
import KeyValueStore
import TestSupport
import Testing

@testable import RegionStore

/// Stores that have seen the same changes hold the same, whatever the order: what everything else stands on.
///
/// What is compared, byte by byte, is the whole of the keyspaces `items`, `indexes` and `catalog`, and the tables' counts. The stores are copies of
/// one observer whose tables were created in one order, so their short ids are equal and nothing is left out. Only where the shuffled
/// changes themselves create indexes do the ids depend on the order in which the changes came, as do stream labels; then the ids are replaced by
/// the indexes' names, and the rest is compared as bytes all the same. Log, origins and streams are histories of what came
/// when, and differ by design.
@Suite struct ConvergenceTests {
    @Test(arguments: 0..<24)
    func `stores that receive the same batches in any interleaving, split and repeated, end byte-identical`(
        _ seed: Int
    ) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let hasIndexChanges = seed % 3 == 2
        let corpus = try Corpus(changesIndexes: hasIndexChanges, using: &generator)
        let reference = try corpus.observer()
        for (origin, records) in corpus.records {
            try reference.receive(records, of: origin, isComplete: true)
        }
        let expected = try Contents(of: reference, named: hasIndexChanges)
        #expect(expected.items != (try Contents(of: corpus.observer(), named: hasIndexChanges)).items)
        for _ in 0..<70 {
            let store = try corpus.observer()
            try deliverInterleaved(corpus, to: store, using: &generator)
            #expect(try Contents(of: store, named: hasIndexChanges) == expected)
            #expect(store.store.vector == reference.store.vector)
        }
    }

    @Test(arguments: 0..<24)
    func `stores that receive the same single records in entirely arbitrary order end byte-identical`(
        _ seed: Int
    ) throws {
        var generator = SplitMix64(seed: UInt64(1000 + seed))
        let hasIndexChanges = seed % 3 == 2
        let corpus = try Corpus(changesIndexes: hasIndexChanges, using: &generator)
        let reference = try corpus.observer()
        for (origin, records) in corpus.records {
            try reference.receive(records, of: origin, isComplete: true)
        }
        let expected = try Contents(of: reference, named: hasIndexChanges)
        for _ in 0..<70 {
            let store = try corpus.observer()
            var deliveries = corpus.records.flatMap { origin, records in records.map { (origin, $0) } }
            for _ in 0..<(deliveries.count / 3) { deliveries.append(deliveries[generator.below(deliveries.count)]) }
            deliveries.shuffle(using: &generator)
            for (origin, record) in deliveries {
                try store.apply([record], of: origin, isComplete: false)
                if generator.chance(1, of: 4) { try store.commit() }
            }
            try store.settle()
            #expect(try Contents(of: store, named: hasIndexChanges) == expected)
        }
    }

    /// Origins take turns at random; each origin's batches come in order, some of them again, some of their records ahead of their
    /// time, with a restart now and then.
    private func deliverInterleaved(
        _ corpus: Corpus, to store: TestRegion, using generator: inout SplitMix64
    ) throws {
        var places = corpus.records.map { _ in 0 }
        while let index = (corpus.records.indices.filter { places[$0] < corpus.records[$0].1.count })
            .randomElement(using: &generator)
        {
            let (origin, records) = corpus.records[index]
            switch generator.below(10) {
            case 0 where places[index] > 0:
                let start = generator.below(places[index])
                try store.apply(
                    Array(records[start..<places[index]]), of: origin, isComplete: generator.chance(1, of: 2))
            case 1:
                let early = records[places[index]...].filter { _ in generator.chance(1, of: 3) }
                try store.apply(early, of: origin, isComplete: false)
            default:
                let end = min(records.count, places[index] + 1 + generator.below(6))
                try store.apply(Array(records[places[index]..<end]), of: origin, isComplete: true)
                places[index] = end
            }
            if generator.chance(1, of: 2) { try store.commit() }
            if generator.chance(1, of: 40) {
                try store.commit()
                try store.restart()
            }
        }
        try store.settle()
    }
}

/// What stores are compared by.
private struct Contents: Equatable {
    let items: [[UInt8]]
    let indexes: [[UInt8]]
    let catalog: [[UInt8]]
    let counts: [TableStatistics]

    /// - Parameter named: whether the indexes' short ids are replaced by their names.
    init(of region: TestRegion, named: Bool) throws {
        items = try region.contents(of: Layout.items)
        let tables = region.reader.catalog.tables
        counts = try tables.map { try region.reader.statistics(of: $0) }
        try expectIndexesMatch(region)
        guard named else {
            indexes = try region.contents(of: Layout.indexes)
            catalog = try region.contents(of: Layout.catalog)
            return
        }
        let all = try region.contents(of: Layout.indexes)
        var named: [[UInt8]] = []
        for index in tables.flatMap({ $0.indexes.sorted { $0.name < $1.name } }) {
            named.append(Array(index.name.utf8))
            for place in stride(from: 0, to: all.count, by: 2) where all[place].starts(with: Layout.prefix(index.id)) {
                named += [Array(all[place].dropFirst(4)), all[place + 1]]
            }
        }
        indexes = named
        catalog = region.store.region.catalog.all.map { state in
            var local = state.local
            local.streamLabelMilliseconds = nil
            local.indexes = local.indexes.map {
                .init(name: $0.name, id: IndexID(rawValue: 0), shape: $0.shape, needsBackfill: $0.needsBackfill)
            }
            var writer = ByteWriter()
            state.entry.encode(into: &writer)
            local.encode(into: &writer)
            return writer.bytes
        }
    }
}

extension TestRegion {
    /// Applies records as one batch, without a commit.
    fileprivate func apply(_ records: [[UInt8]], of origin: Origin, isComplete: Bool) throws {
        guard let position = try records.map({ try ChangeRecord.header(of: $0).position }).max() else { return }
        try store.apply(
            ReceivedBatch(origin: origin, records: records, position: position, isComplete: isComplete), at: now)
    }

    fileprivate func receive(_ records: [[UInt8]], of origin: Origin, isComplete: Bool) throws {
        try apply(records, of: origin, isComplete: isComplete)
        try settle()
    }

    /// Commits, and enters what new indexes lack.
    fileprivate func settle() throws {
        try commit()
        try backfill(limit: 100)
        try commit()
    }
}

/// The changes of three origins to two tables that an observer has replicas of, and the observer as it was before them.
private struct Corpus {
    /// By origin, in the order of its log.
    let records: [(Origin, [[UInt8]])]
    private let configuration: RegionConfiguration
    private let before: WriteBatch

    init(changesIndexes: Bool, using generator: inout SplitMix64) throws {
        let world = try World(4)
        let observer = world[4]
        let names: [Text] = ["T", "U"]
        for name in names {
            try world[1].createTable(
                name, key: name == "T" ? .partitionOnly : .sorted,
                indexes: [.global("by-color", "color"), .local("by-size", "size", projection: .keysOnly)]
            ) { $0.streamViewType = .newAndOldImages }
        }
        try world.exchange()
        for region in world.regions.dropFirst() {
            for name in names { try world[1].update(name, .createReplica(region: region.name, ReplicaOverrides())) }
            try world.exchange()
        }
        observer.now += 3_600_000
        try observer.restart()
        let starts = world.regions.prefix(3).map(\.reader.lastPosition)
        configuration = observer.configuration
        before = try observer.image()
        for _ in 0..<(24 + generator.below(24)) {
            world.pass(milliseconds: UInt64(generator.below(3)))
            let region = world.regions[generator.below(3)]
            try Self.change(region, names[generator.below(2)], changesIndexes: changesIndexes, using: &generator)
            // Sometimes an origin knows of the others' changes, and mostly it does not.
            if generator.chance(1, of: 6) {
                try world.carryLog(from: world.regions[generator.below(3)], to: region, unless: region)
            }
        }
        records = try zip(world.regions.prefix(3), starts).map { region, start in
            let page = try region.reader.changes(
                after: start, upTo: region.reader.lastPosition,
                matching: world.filter(region, observer, region.origin), byteLimit: .max)
            return (region.origin, page.records)
        }
    }

    /// The observer as it was before the changes.
    func observer() throws -> TestRegion {
        let region = try TestRegion(opening: before, configuration: configuration)
        region.now += 3_600_000
        return region
    }

    private static func change(
        _ region: TestRegion, _ name: Text, changesIndexes: Bool, using generator: inout SplitMix64
    ) throws {
        var key = item(["a", "b", "c"][generator.below(3)])
        if name == "U" { key["sk"] = .number(Number(generator.below(2))) }
        let color = AttributeValue.string(["red", "green", "blue"][generator.below(3)])
        switch generator.below(changesIndexes ? 14 : 12) {
        case 0..<4:
            var item = key
            item["n"] = .number(Number(generator.below(1000)))
            if generator.chance(2, of: 3) { item["color"] = color }
            if generator.chance(1, of: 2) { item["size"] = .string(["S", "L"][generator.below(2)]) }
            try region.put(item, in: name)
        case 4..<7: try region.delete(key, in: name)
        case 7: try region.update(key, "SET color = :c ADD n :one", [":c": color, ":one": 1], in: name)
        case 8: try region.update(key, "REMOVE color SET x = :c", [":c": color], in: name)
        case 9:
            let throughput = Throughput(read: 1 + generator.below(9), write: 1)
            try region.update(name, .setBilling(.provisioned, throughput))
        case 10: try region.update(name, .setTableClass(generator.chance(1, of: 2) ? .standard : .infrequentAccess))
        case 11:
            var overrides = ReplicaOverrides()
            overrides.readCapacityUnits = 1 + generator.below(9)
            try region.update(
                name, .updateReplica(region: TestRegion.names[generator.below(4)], overrides),
                .changeOnDemandThroughput(OnDemandChange(read: .set(1 + generator.below(9)))))
        default:
            let index: Text = ["new-1", "new-2"][generator.below(2)]
            switch try region.table(name).index(named: index) {
            case nil:
                try region.update(
                    name,
                    .createIndex(.global(index, generator.chance(1, of: 2) ? "color" : "size", projection: .keysOnly)))
            case .some: try region.update(name, .deleteIndex(name: index))
            }
            try region.backfill()
        }
    }
}

extension World {
    fileprivate func carryLog(from source: TestRegion, to target: TestRegion, unless same: TestRegion) throws {
        guard source !== same else { return }
        try carryLog(from: source, to: target)
        try target.backfill()
    }
}
