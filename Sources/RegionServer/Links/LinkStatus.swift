import HybridClock
import ItemModel
import KeyValueStore
import RegionCore
import RegionStore
import Replication
import ReplicationTransport

/// What a sending end remembers over its connections.
struct OutgoingHistory {
    var lastError: String?
    /// How often the region has accepted the link.
    var openCount = 0
    /// Of the connections before the present one.
    var closedConnections = LinkCounters()
    var lag = LagHistogram()
}

/// What the links add to a region's status.
struct LinkStatus: Sendable {
    let outgoing: [RegionStatus.Outgoing]
    let incoming: [RegionStatus.Incoming]
    let lag: [RegionStatus.Lag]
}

extension LinkShell {
    /// What the status page says of the links; on the event loop.
    ///
    /// - Parameter closed: up to where each region is closed, in milliseconds since the Unix epoch.
    func status(closed: [RegionID: UInt64]) -> LinkStatus {
        let committed = context.writer.committed
        let peers = hub.status
        return LinkStatus(
            outgoing: peers.map { outgoing($0, end: committed.log.end) },
            incoming: peers.flatMap { incoming($0, committed.received, closed: closed[$0.region.id] ?? 0) },
            lag: peers.map { peer in
                let lag = histories[peer.region.id]?.lag ?? LagHistogram()
                return RegionStatus.Lag(
                    region: peer.region.name.string, count: lag.count, p50Milliseconds: lag.percentile(0.5),
                    p99Milliseconds: lag.percentile(0.99), maxMilliseconds: lag.count == 0 ? nil : lag.maximum)
            })
    }

    private func outgoing(_ peer: LinkHub.PeerStatus, end: LogPosition) -> RegionStatus.Outgoing {
        let history = histories[peer.region.id] ?? OutgoingHistory()
        let counters = history.closedConnections.adding(self.counters(of: peer.region.id))
        let acknowledged = peer.acknowledgedPosition
        return RegionStatus.Outgoing(
            region: peer.region.name.string, state: peer.isOutgoingUp ? "up" : "down",
            shippedPosition: peer.shippedPosition.rawValue, acknowledgedPosition: acknowledged.rawValue,
            backlog: peer.isOutgoingUp ? end.rawValue - min(end.rawValue, acknowledged.rawValue) : nil,
            bytesBeforeCompression: counters.sentMessageByteCount, bytesAfterCompression: counters.sentWireByteCount,
            reconnects: max(0, history.openCount - 1), lastError: peer.isOutgoingUp ? nil : history.lastError,
            clockOffsetMilliseconds: peer.clock?.offset(
                from: context.clock.physicalMilliseconds(), at: context.clock.monotonicMilliseconds()))
    }

    /// One entry for each log of the region that was seen, or one without a log.
    private func incoming(
        _ peer: LinkHub.PeerStatus, _ received: AppliedVector, closed: UInt64
    ) -> [RegionStatus.Incoming] {
        let now = context.clock.physicalMilliseconds()
        let closed = closed == 0 ? nil : closed
        let logs: [LinkHub.PeerStatus.Log?] = peer.logs.isEmpty ? [nil] : peer.logs
        return logs.map { log in
            let open = incoming.filter { hub.sender(of: $0.key) == log?.origin && log != nil }.values
            return RegionStatus.Incoming(
                region: peer.region.name.string, state: log?.isUp ?? false ? "up" : "down",
                incarnation: log.map { "\($0.origin)" }, appliedPosition: log.map { received[$0.origin].rawValue },
                lagMilliseconds: closed.map { now - min(now, $0) }, closedMilliseconds: closed,
                bytesReceived: open.reduce(receivedByteCounts[peer.region.id] ?? 0) {
                    $0 + $1.counters.receivedMessageByteCount
                })
        }
    }
}

extension LinkCounters {
    func adding(_ other: LinkCounters?) -> LinkCounters {
        guard let other else { return self }
        var sum = self
        sum.sentMessageCount += other.sentMessageCount
        sum.sentMessageByteCount += other.sentMessageByteCount
        sum.sentWireByteCount += other.sentWireByteCount
        sum.receivedMessageCount += other.receivedMessageCount
        sum.receivedMessageByteCount += other.receivedMessageByteCount
        sum.receivedWireByteCount += other.receivedWireByteCount
        return sum
    }
}
