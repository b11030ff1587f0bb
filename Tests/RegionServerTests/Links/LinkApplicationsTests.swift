import HybridClock
import ItemModel
import KeyValueStore
import RegionStore
import Replication
import Testing

@testable import RegionServer

@Suite("What a link brings")
struct LinkApplicationsTests {
    private let origin = Origin(region: RegionID(rawValue: 2), incarnation: Incarnation(high: 1 << 32, low: 1))

    private func batch(_ records: [[UInt8]], upTo position: UInt64) -> ReceiverLink.Application {
        .changes(
            ReceivedBatch(
                origin: origin, records: records, position: LogPosition(rawValue: position), isComplete: true))
    }

    @Test("raises the vector, and says so")
    func applied() async throws {
        let region = try TestWriter()
        let applications = LinkApplications<InMemoryStore>()
        let (origin, application) = (origin, batch([], upTo: 5))
        let outcome = await region.perform { store, now in applications.apply(application, to: store, at: now) }
        guard case .applied(let vector) = outcome else {
            Issue.record("not applied: \(String(describing: outcome))")
            return
        }
        #expect(vector[origin] == LogPosition(rawValue: 5))
        region.writer.stop()
    }

    @Test("is skipped after something was refused, so that the vector never passes a gap")
    func skipped() async throws {
        let region = try TestWriter()
        let applications = LinkApplications<InMemoryStore>()
        let origin = origin
        let (damaged, next) = (batch([[1, 2, 3]], upTo: 6), batch([], upTo: 7))
        let first = await region.perform { store, now in applications.apply(damaged, to: store, at: now) }
        let second = await region.perform { store, now in applications.apply(next, to: store, at: now) }
        guard case .refused(.malformed) = first, case .skipped = second else {
            Issue.record("\(String(describing: first)), \(String(describing: second))")
            return
        }
        #expect(region.writer.committed.vector[origin] == .zero)
        region.writer.stop()
    }

    @Test("closes an origin's past with its heartbeats")
    func heartbeat() async throws {
        let region = try TestWriter()
        let applications = LinkApplications<InMemoryStore>()
        let closed = HybridTimestamp(milliseconds: 1_000)
        let heartbeat = ReceiverLink.Application.heartbeat(
            origin, position: LogPosition(rawValue: 3), closed: closed, past: [])
        _ = await region.perform { store, now in applications.apply(heartbeat, to: store, at: now) }
        let stamp = await region.perform { store, _ in store.closedTimestamp(of: RegionID(rawValue: 2)) }
        #expect(stamp == closed)
        region.writer.stop()
    }
}
