import ConfigurationFiles
import Foundation
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionCore
import RegionStore
import Replication
import ReplicationTransport
import Synchronization
import TestSupport
import Testing

@testable import RegionServer
@testable import Simulation

/// The shells of production, with threads, sockets and TLS, beside the simulator's: the same inputs give the core the same calls.
///
/// What depends on time is left out: timers, heartbeats and their acknowledgements, and how many batches the same changes came in. What
/// is compared is which kinds of calls each end of each link got, in the order in which they first came, and the commands of the writer.
@Suite struct ShellConformanceTests {
    /// What the clients of the first region ask for, one after the other.
    private static func commands(_ reader: some SchemaSource) -> [() -> RegionCommand?] {
        let specification = TableSpecification(
            name: "orders", keySchema: KeySchema(partition: [KeyAttribute(name: "pk", kind: .string)]))
        func put(_ key: Text) -> () -> RegionCommand? {
            { reader.ordersTable.map { .write(ItemWrite(table: $0, action: .put(["pk": .string(key)]))) } }
        }
        return [
            { .changeCatalog(.createTable(specification)) }, put("a"), put("b"),
            { .changeCatalog(.updateTable("orders", [.createReplica(region: "eu-west-1", ReplicaOverrides())])) },
            put("c"),
        ]
    }

    private static let topology: Topology = {
        let regions = [("us-east-1", 1), ("eu-west-1", 2)].map { name, id in
            let port = HostAndPort(host: "127.0.0.1", port: 0)
            return Topology.Region(
                name: name, id: UInt16(id), endpoint: port, replication: port, admin: port, data: name)
        }
        var topology = Topology(regions: regions, folder: ".")
        // No end is to give up the other because the host is busy with other tests: silence is five heartbeats.
        topology.replication.heartbeat = .seconds(5)
        topology.replication.backoffMax = .seconds(10)
        return topology
    }()

    @Test func `production and the simulator give the core the same calls`() async throws {
        let simulated = try Self.simulate()
        let real = try await Self.runForReal()
        for index in 0..<2 {
            #expect(real[index].outgoing == simulated[index].outgoing)
            #expect(real[index].incoming == simulated[index].incoming)
            #expect(real[index].commands == simulated[index].commands)
        }
        // That what is compared is not nothing.
        #expect(simulated[1].incoming.contains("incoming received end of a snapshot"))
        #expect(simulated[0].outgoing.contains("outgoing received request"))
    }

    /// The calls of one region's core.
    struct Calls: Sendable, Equatable {
        var outgoing: [String] = []
        var incoming: [String] = []
        var commands: [String] = []

        mutating func hub(_ call: String) {
            guard !call.hasSuffix("heartbeat"), !call.hasSuffix("acknowledge"), !call.hasSuffix("alive") else { return }
            // A region may be dialled before it listens.
            guard call != "outgoing disconnected" || !outgoing.isEmpty else { return }
            // An attempt that the host is slow to answer goes on beside the next one; the one that is not needed is closed.
            guard call != "incoming disconnected before its hello" else { return }
            if call.hasPrefix("outgoing"), !outgoing.contains(call) { outgoing.append(call) }
            if call.hasPrefix("incoming"), !incoming.contains(call) { incoming.append(call) }
        }

        mutating func writer(_ command: String) {
            if command == "write" || command == "change-catalog" { commands.append(command) }
        }
    }

    // MARK: - The simulator

    private static func simulate() throws -> [Calls] {
        let scenario = Scenario(
            name: "shells", topology: topology, duration: .seconds(60), tables: [], workload: [])
        let world = World(scenario, seed: 1)
        defer { world.dismantle() }
        for region in world.regions { region.start() }
        var calls = [Calls(), Calls()]
        for (index, region) in world.regions.enumerated() {
            region.hub?.journal = { calls[index].hub($0) }
            region.journalCommands { calls[index].writer("\($0)") }
        }
        world.run(until: .zero + .seconds(2))
        let source = SimulatedSchema(region: world.regions[0])
        for command in commands(source) {
            guard let command = command() else { throw Missing.table }
            #expect(world.regions[0].submit(command) { _ in })
            world.run(until: world.now + .seconds(5))
        }
        let stored = try world.regions[1].store.map { store in
            try store.reader.table(named: "orders").map { try store.reader.statistics(of: $0).itemCount }
        }
        #expect(stored == 3)
        return calls
    }

    // MARK: - Threads and sockets

    private static func runForReal() async throws -> [Calls] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "meridian-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let authority = try CertificateAuthority.openOrCreate(in: "\(folder)/certificates", now: Date())
        for region in topology.regions { _ = try authority.issue(region: region.name, now: Date()) }
        var topology = topology
        topology.folder = folder
        topology.certificates = "certificates"
        for index in topology.regions.indices { topology.regions[index].replication.port = try freePort() }
        let regions = try topology.regions.map { try RealRegion($0, in: topology) }
        for region in regions { try await region.start() }
        // The first commands come when all links are up, as in the simulator.
        for region in regions { try await region.waitUntil { $0.allSatisfy { $0.isOutgoingUp && !$0.logs.isEmpty } } }
        for command in commands(RealSchema(reader: regions[0].reader)) {
            guard let command = command() else { throw Missing.table }
            _ = await regions[0].perform(command)
            // Each is everywhere before the next.
            try await regions[0].waitUntil { peers in
                let end = regions[0].writer.committed.log.end
                return peers.allSatisfy { $0.acknowledgedPosition >= end }
            }
            try await regions[1].waitUntil { _ in
                regions[1].reader.catalog.tables.allSatisfy { $0.status == .active }
            }
        }
        // Not what comes of stopping them.
        let calls = regions.map { $0.calls.withLock { $0 } }
        for region in regions { await region.stop() }
        return calls
    }

    /// A port that nobody listens at.
    private static func freePort() throws -> Int {
        let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).wait()
        defer { try? channel.close().wait() }
        return channel.localAddress?.port ?? 0
    }

    enum Missing: Error { case table, state }
}

/// Where the table of the test is looked up.
protocol SchemaSource {
    var ordersTable: Table? { get }
}

private struct SimulatedSchema: SchemaSource {
    let region: SimulatedRegion
    var ordersTable: Table? { region.store?.reader.table(named: "orders") }
}

private struct RealSchema: SchemaSource {
    let reader: RegionReader<InMemoryStore>
    var ordersTable: Table? { reader.table(named: "orders") }
}

/// The writer's thread and the links of one region, over a store in memory.
private final class RealRegion: Sendable {
    let reader: RegionReader<InMemoryStore>
    let writer: WriterThread<InMemoryStore>
    let calls: Mutex<ShellConformanceTests.Calls>
    private let links: LinkShell<InMemoryStore>
    private let address: HostAndPort
    private let commits: CommitSignal
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let threads = NIOThreadPool(numberOfThreads: 2)
    private let eventLoop: any EventLoop

    init(_ region: Topology.Region, in topology: Topology) throws {
        let clock = SystemClock()
        eventLoop = group.next()
        commits = CommitSignal(eventLoop: eventLoop)
        threads.start()
        address = region.replication
        var random = SplitMix64(seed: UInt64(region.id))
        let identity = RegionIdentity(id: RegionID(rawValue: region.id), name: Text(region.name))
        let store = try RegionStore(
            opening: InMemoryStore(keyspaces: Layout.keyspaces),
            configuration: topology.storeConfiguration(of: identity), using: &random)
        reader = store.reader
        let link = LinkIdentity(region: identity.id, name: identity.name, incarnation: store.incarnation)
        writer = WriterThread(
            store, clock: clock,
            events: .init(committed: { [commits] in commits.post() }, failed: { _ in }, noted: { _ in }))
        let files = topology.linkTLS(of: region)
        let tls = try TLSContext(
            .link(
                identity: .init(
                    certificateChainPath: files?.certificate ?? "", privateKeyPath: files?.key ?? ""),
                trustRootsPath: files?.authority ?? ""))
        links = LinkShell(
            identity: link, topology: topology,
            context: .init(
                transport: TransportConfiguration(), tls: tls, reader: reader, writer: writer, commits: commits,
                clock: clock,
                eventLoop: eventLoop, threads: threads, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ))
        calls = Mutex(ShellConformanceTests.Calls())
        commits.setReceiver { [links] in links.committed() }
    }

    func start() async throws {
        writer.journal { [self] command in calls.withLock { $0.writer("\(command)") } }
        writer.start()
        try await eventLoop.flatSubmit { [self] in
            links.hub.journal = { [self] call in calls.withLock { $0.hub(call) } }
            return links.start(at: address)
        }.get()
    }

    func stop() async {
        try? await links.stop().get()
        writer.stop()
        try? await threads.shutdownGracefully()
        try? await group.shutdownGracefully()
    }

    func perform(_ command: RegionCommand) async -> RegionOutcome? {
        await withCheckedContinuation { continuation in
            let ticket = TestWriter.Ticket(eventLoop: eventLoop) { continuation.resume(returning: $0) }
            if writer.submit(command, isBounded: true, ticket) != nil { continuation.resume(returning: nil) }
        }
    }

    /// Waits until the links are as they should be; looks again at every turn of their event loop.
    func waitUntil(_ condition: @escaping @Sendable ([LinkHub.PeerStatus]) -> Bool) async throws {
        let deadline = NIODeadline.now() + .seconds(300)
        while NIODeadline.now() < deadline {
            if try await eventLoop.submit({ [links] in condition(links.hub.status) }).get() { return }
            try await eventLoop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
        throw ShellConformanceTests.Missing.state
    }
}
