import ItemModel
import KeyValueStore
import RegionStore
import Synchronization
import Testing

@testable import RegionServer

@Suite("The writer's thread")
struct RegionWriterTests {
    @Test("runs commands in the order in which they came, and completes them in it")
    func order() async throws {
        let region = try TestWriter(isStarted: false)
        let (ran, completed) = (Recorder(), Recorder())
        for number in 0..<100 {
            region.writer.perform { _, _ in
                ran.append(number)
            } completion: { _ in
                completed.append(number)
            }
        }
        region.writer.start()
        region.writer.stop()
        #expect(ran.values == Array(0..<100))
        #expect(completed.values == Array(0..<100))
    }

    @Test("commits all that has gathered as one batch, before anybody is told")
    func groupCommit() async throws {
        let region = try TestWriter(isStarted: false)
        let store = region.store
        let told = Recorder()
        for _ in 0..<50 {
            region.writer.perform { store, now in
                store.tick(at: now)
            } completion: { [reader = region.reader] _ in
                // The mark is in the store by the time that the first of them is told.
                let mark = try? store.value(for: Array("high-water-mark".utf8), in: Layout.meta)
                told.append(mark == nil ? 0 : 1)
                _ = reader.lastPosition
            }
        }
        region.writer.start()
        region.writer.stop()
        #expect(told.values == [Int](repeating: 1, count: 50))
        // One for the drain; housekeeping adds its own ticks.
        #expect(region.commits.count < 50)
    }

    @Test("refuses clients beyond the queue's limit, and what may always come not")
    func bounded() throws {
        let region = try TestWriter(isStarted: false)
        func command() -> ClosureCommand<InMemoryStore, Void> {
            ClosureCommand(body: { _, _ in }, completion: { _ in })
        }
        for _ in 0..<RegionWriter<InMemoryStore>.queueLimit {
            #expect(region.writer.submit(command(), isBounded: true))
        }
        #expect(!region.writer.submit(command(), isBounded: true))
        #expect(region.writer.submit(command(), isBounded: false))
        region.writer.start()
        region.writer.stop()
        #expect(!region.writer.submit(command(), isBounded: false))
    }

    @Test("tells every command after a failed commit that it failed, and its owner once")
    func failure() async throws {
        let region = try TestWriter()
        region.store.faults.commit = { _, _ in .lost(.engine("the disk is gone")) }
        let first: Void? = await region.perform { store, now in store.tick(at: now) }
        let second: Void? = await region.perform { store, now in store.tick(at: now) }
        #expect(first == nil)
        #expect(second == nil)
        region.writer.stop()
        #expect(region.failures.count == 1)
    }

    @Test("finishes what waits when it is stopped")
    func stop() throws {
        let region = try TestWriter(isStarted: false)
        let completed = Recorder()
        for number in 0..<10 {
            region.writer.perform { _, _ in
            } completion: { _ in
                completed.append(number)
            }
        }
        region.writer.start()
        region.writer.stop()
        #expect(completed.values.count == 10)
        region.writer.perform { _, _ in
            1
        } completion: {
            #expect($0 == nil)
        }
    }

    @Test("shows what is committed after every commit")
    func committed() async throws {
        let region = try TestWriter()
        let before = region.writer.committed
        _ = try await region.makeTable("orders")
        let after = region.writer.committed
        #expect(before.lastPosition == .zero)
        #expect(after.lastPosition > .zero)
        #expect(after.closed > before.closed)
        #expect(after.vector.entries.map(\.position) == [after.lastPosition])
        region.writer.stop()
    }
}

/// Collects numbers, from any thread.
final class Recorder: Sendable {
    private let state = Mutex<[Int]>([])

    func append(_ value: Int) { state.withLock { $0.append(value) } }

    var values: [Int] { state.withLock { $0 } }
}

@Suite("The writer's duties")
struct WriterCadenceTests {
    @Test("are all due at the start, and each again after its interval")
    func intervals() {
        var cadence = WriterCadence(startingAt: 1_000)
        #expect(cadence.duties(at: 1_000) == [.tick, .backfill, .sweepExpired, .collectTombstones, .trimLog])
        for duty in WriterCadence.Duty.allCases { cadence.did(duty, hasMore: false, at: 1_000) }
        #expect(cadence.millisecondsToNext(at: 1_000) == 100)
        #expect(cadence.duties(at: 1_100) == [.backfill])
        cadence.did(.backfill, hasMore: false, at: 1_450)
        #expect(cadence.millisecondsToNext(at: 1_450) == 50)
        #expect(cadence.duties(at: 1_500) == [.tick])
        #expect(cadence.millisecondsToNext(at: 100_000) == 0)
    }

    @Test("that are not finished are due at once")
    func unfinished() {
        var cadence = WriterCadence(startingAt: 0)
        for duty in WriterCadence.Duty.allCases { cadence.did(duty, hasMore: duty == .trimLog, at: 0) }
        #expect(cadence.duties(at: 0) == [.trimLog])
        cadence.rest(at: 0)
        #expect(cadence.duties(at: 99).isEmpty)
    }
}
