import ItemModel
import KeyValueStore
import RegionStore
import TestSupport

@testable import RegionServer

/// A region over a store in memory, with its writer's thread running.
final class TestWriter: Sendable {
    let store: InMemoryStore
    let reader: RegionReader<InMemoryStore>
    let writer: RegionWriter<InMemoryStore>
    let commits = Counter()
    let failures = Counter()

    init(regions: [Text] = ["us-east-1", "eu-west-1"], id: UInt16 = 1, isStarted: Bool = true) throws {
        let region = try TestWriter.region(regions: regions, id: id)
        (store, reader) = (region.store, region.opened.reader)
        writer = RegionWriter(
            store: region.opened, clock: SystemClock(), onCommit: { [commits] in commits.increment() },
            onFailure: { [failures] _ in failures.increment() })
        if isStarted { writer.start() }
    }

    private static func region(
        regions: [Text], id: UInt16
    ) throws -> sending (store: InMemoryStore, opened: RegionStore<InMemoryStore>) {
        var generator = SplitMix64(seed: UInt64(id))
        let store = InMemoryStore(keyspaces: Layout.keyspaces)
        let configuration = RegionConfiguration(
            region: RegionID(rawValue: id),
            regions: regions.enumerated().map { .init(id: RegionID(rawValue: UInt16($0.offset + 1)), name: $0.element) }
        )
        return (store, try RegionStore(opening: store, configuration: configuration, using: &generator))
    }

    /// Runs a command, and waits until it is durable.
    func perform<Result: Sendable>(
        _ command: @escaping @Sendable (RegionStore<InMemoryStore>, UInt64) -> Result
    ) async -> Result? {
        await withCheckedContinuation { continuation in
            writer.perform(command) { continuation.resume(returning: $0) }
        }
    }

    /// Makes a table with the partition key `id`.
    func makeTable(_ name: Text) async throws -> Table {
        _ = await perform { store, now in
            try? store.createTable(
                TableSpecification(
                    name: name, keySchema: KeySchema(partition: [KeyAttribute(name: "id", kind: .string)])), at: now)
        }
        // A table is active from the commit after its creation on.
        _ = await perform { store, now in store.tick(at: now) }
        guard let table = reader.table(named: name) else { throw MissingTable() }
        return table
    }

    struct MissingTable: Error {}
}
