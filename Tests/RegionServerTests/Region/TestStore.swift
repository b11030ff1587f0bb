import ItemModel
import KeyValueStore
import NIOPosix
import RegionCore
import RegionStore
import TestSupport

@testable import RegionServer

/// A region over a store in memory, with its writer's thread running.
final class TestWriter: Sendable {
    typealias Ticket = WriterThread<InMemoryStore>.Ticket

    let store: InMemoryStore
    let reader: RegionReader<InMemoryStore>
    let writer: WriterThread<InMemoryStore>
    let commits = Counter()
    let failures = Counter()

    init(regions: [Text] = ["us-east-1", "eu-west-1"], id: UInt16 = 1, isStarted: Bool = true) throws {
        let region = try TestWriter.region(regions: regions, id: id)
        (store, reader) = (region.store, region.opened.reader)
        writer = WriterThread(
            region.opened, clock: SystemClock(),
            events: .init(
                committed: { [commits] in commits.increment() }, failed: { [failures] _ in failures.increment() },
                noted: { _ in }), judgesClock: false)
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

    /// A ticket that is answered on an event loop.
    static func ticket(_ completion: @escaping @Sendable (RegionOutcome?) -> Void) -> Ticket {
        Ticket(eventLoop: MultiThreadedEventLoopGroup.singleton.next(), completion: completion)
    }

    /// Runs a command, and waits until it is durable; nil where it was refused or the store failed.
    func perform(_ command: RegionCommand) async -> RegionOutcome? {
        await withCheckedContinuation { continuation in
            let refusal = writer.submit(command, isBounded: true, Self.ticket { continuation.resume(returning: $0) })
            if refusal != nil { continuation.resume(returning: nil) }
        }
    }

    /// Makes a table with the partition key `id`.
    func makeTable(_ name: Text) async throws -> Table {
        let specification = TableSpecification(
            name: name, keySchema: KeySchema(partition: [KeyAttribute(name: "id", kind: .string)]))
        _ = await perform(.changeCatalog(.createTable(specification)))
        guard let table = reader.table(named: name) else { throw MissingTable() }
        return table
    }

    struct MissingTable: Error {}
}
