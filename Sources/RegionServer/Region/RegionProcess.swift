public import ConfigurationFiles
import DynamoAPI
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
import RocksDBStore

/// One region as a running process: its store and writer, its links, its endpoint and its status page.
///
/// Reading order: this file; `WriterThread`, which owns the store; `DynamoEndpoint`, between endpoint and operations;
/// `LinkShell`, all links; `StatusServer`.
public final class RegionProcess: Sendable {
    /// Where clients reach the region.
    public let endpoint: HostAndPort
    private let parts: Parts
    private let logger: Logger

    /// What runs, in the order in which it is stopped.
    private struct Parts: Sendable {
        let endpoint: EndpointServer
        let links: LinkShell<RocksDBStore>
        let status: StatusServer
        let writer: WriterThread<RocksDBStore>
        let store: RocksDBStore
        let threads: ReadThreads
        let groups: [MultiThreadedEventLoopGroup]
        let failure: AsyncStream<RegionError>
    }

    private init(endpoint: HostAndPort, parts: Parts, logger: Logger) {
        self.endpoint = endpoint
        self.parts = parts
        self.logger = logger
    }

    /// Opens the region's store and starts to listen; when it returns, the region answers.
    ///
    /// - Throws: `RegionError`; nothing runs then.
    public static func start(
        _ options: RegionOptions, in topology: Topology
    ) async throws(RegionError) -> RegionProcess {
        let logger = options.logger
        guard let own = topology.region(named: options.region) else {
            throw RegionError.unknownRegion(options.region, known: topology.regions.map(\.name))
        }
        let authentication: EndpointConfiguration.Authentication
        do throws(BindingRule.Violation) {
            authentication = try BindingRule.authentication(
                of: own, accessKeys: topology.accessKeys, insecureNoAuth: options.insecureNoAuth)
        } catch {
            throw RegionError.binding(error)
        }
        let callers = try Callers(
            topology.accessKeys, actions: Dispatcher<RegionGateway<RocksDBStore>>.actions + [RequestRecorder.action])
        let tls = try linkTLS(of: own, in: topology)
        let endpointTLS = try endpointTLS(of: own, in: topology)
        let clock = SystemClock()
        let (failures, failed) = AsyncStream.makeStream(of: RegionError.self)
        let path = options.dataFolder(of: own)
        let gauge = DiskGauge(at: path, in: topology)
        let openFiles = openFileBudget(for: topology, logger)
        let (store, opened, mark) = try openStore(
            for: own, in: topology, at: path, gauge, openFiles, options
        ) { error in
            if let error = RegionError(of: error, at: path) { failed.yield(error) }
        }

        let linkGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(2, System.coreCount))
        let threads = ReadThreads()
        let commits = CommitSignal(eventLoop: linkGroup.next())
        let reader = opened.reader
        let identity = LinkIdentity(
            region: RegionID(rawValue: own.id), name: Text(own.name), incarnation: opened.incarnation)
        let writer = WriterThread(
            opened, clock: clock,
            events: .init(
                committed: { commits.post() },
                failed: { failed.yield(RegionError(of: $0, at: path) ?? .storeFailed("\($0)")) },
                mustReopen: { failed.yield(.mustReopen) },
                noted: { logger.log($0) }),
            mark: mark, gauge: gauge, heartbeatMilliseconds: topology.linkConfiguration.heartbeatMilliseconds)
        var transport = topology.transportConfiguration
        transport.maximumPendingConnections = openFiles.pendingLinkCount
        let links = LinkShell(
            identity: identity, topology: topology,
            context: .init(
                transport: transport, tls: tls, reader: reader, writer: writer, commits: commits,
                clock: clock, eventLoop: linkGroup.next(), threads: threads.links, logger: logger))
        commits.setReceiver { links.committed() }
        let dispatcher = Dispatcher(
            gateway: RegionGateway(
                reader: reader, regionName: Text(own.name), writer: writer, clock: clock, group: group,
                threads: threads.clients),
            configuration: APIConfiguration(
                endpointAddress: "\(own.endpoint)", isThrottling: own.isThrottling && !options.disablesThrottling))
        writer.start(admission: dispatcher.writeAdmission)

        func giveUp() async {
            try? await links.stop().get()
            writer.stop()
            store.close()
            await threads.stop()
            for group in [linkGroup, group] { try? await group.shutdownGracefully() }
        }
        do throws(RegionError) {
            try await listening(for: .links, at: own.replicationListener) {
                try await links.start(at: own.replicationListener).get()
            }
            let source = StatusSource(
                region: own, identity: identity, reader: reader, writer: writer, links: links, clock: clock,
                eventLoop: linkGroup.next())
            let status = try await listening(for: .status, at: own.adminListener) {
                try await StatusServer.start(at: own.adminListener, on: group) {
                    await source.status()
                }
            }
            // Clients would be told to come again until other regions have confirmed the clock and the log.
            while writer.readiness.isStarting {
                try? await Task.sleep(for: .milliseconds(10))
                guard !Task.isCancelled else {
                    await status.stop()
                    throw RegionError.stopped
                }
            }
            let endpoint: EndpointServer
            do throws(RegionError) {
                var random = SystemRandomNumberGenerator()
                endpoint = try await listening(for: .clients, at: own.endpointListener) {
                    try await EndpointServer.start(
                        host: own.endpointListener.host, port: own.endpointListener.port,
                        service: DynamoEndpoint(
                            dispatcher: dispatcher, callers: callers, threads: threads.clients,
                            recorder: RequestRecorder(of: reader), logger: logger),
                        configuration: EndpointConfiguration(
                            of: own, authentication, limits: .init(topology.connections, openFiles)),
                        group: group, random: &random, clock: { Int64(clock.physicalMilliseconds()) }, logger: logger,
                        configureChannel: { channel in
                            guard let endpointTLS else { return }
                            try channel.pipeline.syncOperations.addHandler(
                                TLSHandler(
                                    context: endpointTLS, role: .server,
                                    handshakeTimeout: TimeAmount(topology.connections.handshake)))
                        }
                    ).get()
                }
            } catch {
                await status.stop()
                throw error
            }
            let address = HostAndPort(
                host: own.endpointListener.host, port: endpoint.address.port ?? own.endpointListener.port)
            source.endpoint.set(address)
            logger.info(
                "region \(own.name) answers at \(address)",
                metadata: ["incarnation": "\(identity.incarnation)", "position": "\(reader.lastPosition)"])
            return RegionProcess(
                endpoint: address,
                parts: Parts(
                    endpoint: endpoint, links: links, status: status, writer: writer, store: store, threads: threads,
                    groups: [linkGroup, group], failure: failures),
                logger: logger)
        } catch {
            await giveUp()
            throw error
        }
    }

    /// Returns when the disk of the region's data has room for opening the store, and not before a second has passed; or when the task is
    /// cancelled.
    public static func waitForRoom(_ options: RegionOptions, in topology: Topology) async {
        guard let region = topology.region(named: options.region) else { return }
        let gauge = DiskGauge(at: options.dataFolder(of: region), in: topology)
        repeat {
            try? await Task.sleep(for: .seconds(1))
        } while !Task.isCancelled && gauge.measure()?.isCritical ?? false
    }

    /// Returns when the region cannot go on, with the reason.
    public func failure() async -> RegionError? {
        for await error in parts.failure { return error }
        return nil
    }

    /// Answers what has begun, ships what can be shipped at once, and closes everything; all that was acknowledged is durable anyway.
    public func stop() async {
        logger.info("stopping")
        try? await parts.endpoint.shutDown(within: .seconds(10)).get()
        await parts.status.stop()
        try? await parts.links.stop().get()
        parts.writer.stop()
        await parts.threads.stop()
        parts.store.close()
        for group in parts.groups { try? await group.shutdownGracefully() }
        logger.info("stopped")
    }

    // MARK: - Parts

    private static func linkTLS(of region: Topology.Region, in topology: Topology) throws(RegionError) -> TLSContext {
        guard let files = topology.linkTLS(of: region), let authority = files.authority else {
            throw .certificates(
                region: region.name, reason: "the topology names no certificates folder, and no tls with an authority")
        }
        let identity = TLSContext.Identity(certificateChainPath: files.certificate, privateKeyPath: files.key)
        do throws(TLSError) {
            return try TLSContext(.link(identity: identity, trustRootsPath: authority))
        } catch {
            throw .certificates(region: region.name, reason: "\(error)")
        }
    }

    private static func endpointTLS(
        of region: Topology.Region, in topology: Topology
    ) throws(RegionError) -> TLSContext? {
        guard let files = topology.endpointTLS(of: region) else { return nil }
        let identity = TLSContext.Identity(certificateChainPath: files.certificate, privateKeyPath: files.key)
        do throws(TLSError) {
            return try TLSContext(.endpoint(identity: identity))
        } catch {
            throw .certificates(region: region.name, reason: "\(error)")
        }
    }

    /// Raises the limit of open files, and shares it out.
    private static func openFileBudget(for topology: Topology, _ logger: Logger) -> OpenFileBudget {
        let limit = OpenFileLimit.raise()
        let wanted = topology.connections.countMax
        let budget = OpenFileBudget(
            limit: limit, connectionCountMax: wanted, storeFileCountMax: RocksDBOptions().openFileCount,
            pendingLinkCountMax: TransportConfiguration().maximumPendingConnections)
        if let limit, budget.connectionCount < wanted {
            logger.warning(
                "the limit of open files is \(limit), so \(budget.connectionCount) clients' connections are held, not \(wanted)"
            )
        }
        return budget
    }

    private static func openStore(
        for region: Topology.Region, in topology: Topology, at path: String, _ gauge: DiskGauge,
        _ openFiles: OpenFileBudget, _ options: RegionOptions,
        foundDamage: @escaping @Sendable (KeyValueStoreError) -> Void
    ) throws(RegionError) -> (RocksDBStore, RegionStore<RocksDBStore>, LogMarkFile?) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            // The engine aborts the process where it finds no room for opening.
            if let room = gauge.measure(), room.isCritical { throw KeyValueStoreError.full("\(room)") }
            var storeOptions = RocksDBOptions()
            storeOptions.openFileCount = openFiles.storeFileCount
            let store = try RocksDBStore(
                at: path, keyspaces: Layout.keyspaces, options: storeOptions, foundDamage: foundDamage)
            var mark: LogMarkFile?
            switch LogMarkFile.open(at: LogMarkFile.path(for: path)) {
            case .success(let file): mark = file
            case .failure(let failure): options.logger.log(.markNotWritten(reason: failure.reason))
            }
            var random = SystemRandomNumberGenerator()
            var configuration = topology.storeConfiguration(
                of: RegionIdentity(id: RegionID(rawValue: region.id), name: Text(region.name)))
            configuration.transferSource = options.repairFrom.flatMap(topology.region).map { RegionID(rawValue: $0.id) }
            let opened = try RegionStore(
                opening: store, configuration: configuration, mark: mark?.read() ?? .missing, using: &random)
            return (store, opened, mark)
        } catch {
            throw RegionError(of: error, at: path) ?? .data(path: path, reason: reason(of: error))
        }
    }

    private static func listening<Result>(
        for listener: Listener, at address: HostAndPort, _ body: () async throws -> Result
    ) async throws(RegionError) -> Result {
        do {
            return try await body()
        } catch {
            throw RegionError.listening(
                what: listener.purpose, address: address, reason: listener.reason(error, address))
        }
    }

    /// Why a store cannot be opened, without the names of cases and domains around it.
    private static func reason(of error: any Error) -> String {
        switch error {
        case KeyValueStoreError.unavailable(let reason), KeyValueStoreError.engine(let reason): reason
        case let error as CocoaError: error.localizedDescription
        default: "\(error)"
        }
    }
}

extension EndpointConfiguration {
    fileprivate init(of region: Topology.Region, _ authentication: Authentication, limits: Limits) {
        self.init(region: region.name, authentication: authentication, limits: limits)
        acceptsAnySignatureRegion = region.acceptsAnySignatureRegion
    }
}

extension EndpointConfiguration.Limits {
    fileprivate init(_ connections: Topology.Connections, _ openFiles: OpenFileBudget) {
        self.init()
        connectionCountMax = openFiles.connectionCount
        excessConnectionCountMax = openFiles.excessConnectionCount
        idleTimeout = TimeAmount(connections.idle)
        crowdedIdleTimeout = TimeAmount(connections.idleWhenCrowded)
        requestTimeout = TimeAmount(connections.request)
    }
}

extension Logger {
    /// Tells the region's operator of something.
    fileprivate func log(_ event: RegionEvent) { log(level: event.isAlarm ? .error : .warning, "\(event)") }
}
