import ConfigurationFiles
import Foundation
import HybridClock
import ItemModel
import KeyValueStore
import NIOCore
import RegionCore
import RegionStore
import Replication
import Synchronization

/// Gathers a region's status from the writer, the reader and the links.
struct StatusSource<Store: KeyValueStore>: Sendable {
    private let region: Topology.Region
    private let identity: LinkIdentity
    private let reader: RegionReader<Store>
    private let writer: WriterThread<Store>
    private let links: LinkShell<Store>
    private let clock: SystemClock
    private let eventLoop: any EventLoop
    private let startedMilliseconds: UInt64
    /// Where clients are answered, once they are.
    let endpoint = EndpointAddress()

    init(
        region: Topology.Region, identity: LinkIdentity, reader: RegionReader<Store>, writer: WriterThread<Store>,
        links: LinkShell<Store>, clock: SystemClock, eventLoop: any EventLoop
    ) {
        self.region = region
        self.identity = identity
        self.reader = reader
        self.writer = writer
        self.links = links
        self.clock = clock
        self.eventLoop = eventLoop
        startedMilliseconds = clock.monotonicMilliseconds()
    }

    /// Nil once the region is stopping.
    func status() async -> RegionStatus? {
        guard let report = await report() else { return nil }
        let closed = Dictionary(
            report.closed.map { ($0.region, $0.stamp.milliseconds) }, uniquingKeysWith: { first, _ in first })
        guard let links = try? await eventLoop.submit({ links.status(closed: closed) }).get() else { return nil }
        let committed = writer.committed
        return RegionStatus(
            region: region.name, id: region.id, pid: ProcessInfo.processInfo.processIdentifier,
            incarnation: "\(identity.incarnation)", version: meridianVersion,
            uptimeSeconds: Double(clock.monotonicMilliseconds() - startedMilliseconds) / 1000,
            log: RegionStatus.Log(position: committed.log.end.rawValue, start: committed.log.start.rawValue),
            readiness: "\(writer.readiness)", endpoint: endpoint.value.map { "\($0)" },
            clockMilliseconds: clock.physicalMilliseconds(),
            stableTimeMilliseconds: committed.stable.milliseconds, counters: RegionStatus.Counters(report.counters),
            tables: reader.catalog.tables.map { table in
                let statistics = try? reader.statistics(of: table)
                return RegionStatus.Table(
                    name: table.name.string, status: table.status.rawValue, itemCount: statistics?.itemCount ?? 0,
                    byteCount: statistics?.byteCount ?? 0)
            },
            outgoing: links.outgoing, incoming: links.incoming, lag: links.lag,
            followers: report.followers.map { follower in
                RegionStatus.Follower(
                    name: follower.name.string, position: follower.cursor.rawValue,
                    lapse: follower.lapse.map { "\($0)" })
            })
    }

    /// What only the writer can say; nil once the region is stopping or its store has failed.
    private func report() async -> RegionReport? {
        await withCheckedContinuation { continuation in
            let ticket = WriterThread<Store>.Ticket(eventLoop: eventLoop) { outcome in
                if case .report(let report) = outcome {
                    continuation.resume(returning: report)
                } else {
                    continuation.resume(returning: nil)
                }
            }
            if writer.submit(.administer(.report), isBounded: false, ticket) != nil {
                continuation.resume(returning: nil)
            }
        }
    }
}

/// The version of Meridian, as status pages and `meridian --version` say it.
public let meridianVersion = "0.1.0"

extension RegionStatus.Counters {
    fileprivate init(_ counters: RegionCounters) {
        self.init(
            localWrites: counters.localWrites, replicatedApplied: counters.replicatedApplied,
            replicatedSuperseded: counters.replicatedSuperseded, replicatedDuplicates: counters.replicatedDuplicates,
            conflicts: counters.conflicts, clockRefusals: counters.clockRefusals,
            expirations: counters.expirations, tombstonesCollected: counters.tombstonesCollected)
    }
}

/// An address that is known some time after the start, from any thread.
final class EndpointAddress: Sendable {
    private let address = Mutex<HostAndPort?>(nil)

    var value: HostAndPort? { address.withLock { $0 } }

    func set(_ value: HostAndPort) { address.withLock { $0 = value } }
}
