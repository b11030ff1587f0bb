import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionStore
import Replication
import ReplicationTransport

/// What all links of a region share.
struct LinkContext<Store: KeyValueStore>: Sendable {
    let identity: LinkIdentity
    /// Every region of the topology, this one included.
    let regions: [RegionIdentity]
    let configuration: LinkConfiguration
    let transport: TransportConfiguration
    let tls: TLSContext
    let reader: RegionReader<Store>
    let writer: RegionWriter<Store>
    let clock: SystemClock
    /// Where all links live: their machines are touched nowhere else.
    let eventLoop: any EventLoop
    /// Where the log and tables are read for links.
    let threads: NIOThreadPool
    let logger: Logger

    /// Both clocks now.
    var now: LinkInstant {
        LinkInstant(
            monotonicMilliseconds: clock.monotonicMilliseconds(), physicalMilliseconds: clock.physicalMilliseconds())
    }

    /// Where the region's log begins and ends.
    var logBounds: SenderLink.LogBounds {
        let committed = writer.committed
        return SenderLink.LogBounds(
            start: committed.logStart, end: committed.lastPosition, closed: committed.closed, past: committed.past)
    }

    /// Calls `body` on the event loop when the monotonic clock has reached `time`, in milliseconds.
    func schedule(at time: UInt64, _ body: @escaping @Sendable () -> Void) -> Scheduled<Void> {
        let now = clock.monotonicMilliseconds()
        return eventLoop.scheduleTask(in: .milliseconds(Int64(clamping: time - min(time, now))), body)
    }
}
