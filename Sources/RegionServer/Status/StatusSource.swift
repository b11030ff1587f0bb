import ConfigurationFiles
import Foundation
import HybridClock
import ItemModel
import KeyValueStore
import NIOCore
import RegionStore
import Replication

/// Gathers a region's status from the writer, the reader and the links.
struct StatusSource<Store: KeyValueStore>: Sendable {
    private let region: Topology.Region
    private let identity: LinkIdentity
    private let reader: RegionReader<Store>
    private let writer: RegionWriter<Store>
    private let hub: LinkHub<Store>
    private let clock: SystemClock
    private let eventLoop: any EventLoop
    private let startedMilliseconds: UInt64

    /// What only the writer can say.
    private struct WriterPart: Sendable {
        let counters: RegionCounters
        let closed: [RegionID: UInt64]
    }

    init(
        region: Topology.Region, identity: LinkIdentity, reader: RegionReader<Store>, writer: RegionWriter<Store>,
        hub: LinkHub<Store>, clock: SystemClock, eventLoop: any EventLoop
    ) {
        self.region = region
        self.identity = identity
        self.reader = reader
        self.writer = writer
        self.hub = hub
        self.clock = clock
        self.eventLoop = eventLoop
        startedMilliseconds = clock.monotonicMilliseconds()
    }

    /// Nil once the region is stopping.
    func status() async -> RegionStatus? {
        let part: WriterPart? = await withCheckedContinuation { continuation in
            writer.perform { store, _ in
                WriterPart(
                    counters: store.counters,
                    closed: Dictionary(
                        uniqueKeysWithValues: store.configuration.regions.map {
                            ($0.id, store.closedTimestamp(of: $0.id).milliseconds)
                        }))
            } completion: {
                continuation.resume(returning: $0)
            }
        }
        guard let part, let links = try? await eventLoop.submit({ hub.status(closed: part.closed) }).get() else {
            return nil
        }
        let committed = writer.committed
        return RegionStatus(
            region: region.name, id: region.id, pid: ProcessInfo.processInfo.processIdentifier,
            incarnation: "\(identity.incarnation)", version: meridianVersion,
            uptimeSeconds: Double(clock.monotonicMilliseconds() - startedMilliseconds) / 1000,
            log: RegionStatus.Log(position: committed.lastPosition.rawValue, start: committed.logStart.rawValue),
            clockMilliseconds: clock.physicalMilliseconds(),
            stableTimeMilliseconds: committed.stable.milliseconds, counters: RegionStatus.Counters(part.counters),
            tables: reader.catalog.tables.map { table in
                let statistics = try? reader.statistics(of: table)
                return RegionStatus.Table(
                    name: table.name.string, status: table.status.rawValue, itemCount: statistics?.itemCount ?? 0,
                    byteCount: statistics?.byteCount ?? 0)
            },
            outgoing: links.outgoing, incoming: links.incoming, lag: links.lag)
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
