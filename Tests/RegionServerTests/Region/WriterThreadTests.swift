import ItemModel
import KeyValueStore
import NIOCore
import NIOPosix
import RegionCore
import RegionStore
import Replication
import Synchronization
import Testing

@testable import RegionServer

@Suite struct `The writer's thread` {
    private let key = KeySchema(partition: [KeyAttribute(name: "id", kind: .string)])

    @Test func `a command is answered on the event loop that it came from, when it is durable`() async throws {
        let region = try TestWriter()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let specification = TableSpecification(name: "orders", keySchema: key)
        let (isOnLoop, isDurable) = await withCheckedContinuation { continuation in
            let ticket = TestWriter.Ticket(eventLoop: eventLoop) { [store = region.store] outcome in
                let position = try? store.value(for: Layout.logKey(LogPosition(rawValue: 1)), in: Layout.log)
                continuation.resume(
                    returning: (eventLoop.inEventLoop, outcome?.changeCatalog != nil && position != nil))
            }
            _ = region.writer.submit(.changeCatalog(.createTable(specification)), isBounded: true, ticket)
        }
        #expect(isOnLoop && isDurable)
        region.writer.stop()
    }

    @Test func `what waits is carried out before the thread ends, in the order in which it came`() async throws {
        let region = try TestWriter(isStarted: false)
        let told = Recorder()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        for number in 0..<100 {
            let ticket = TestWriter.Ticket(eventLoop: eventLoop) { _ in told.append(number) }
            #expect(region.writer.submit(.administer(.report), isBounded: true, ticket) == nil)
        }
        region.writer.start()
        region.writer.stop()
        // What the thread has posted to the loop runs before this does.
        try await eventLoop.submit {}.get()
        #expect(told.values == Array(0..<100))
    }

    @Test func `a full queue refuses clients, and a stopped writer everybody`() throws {
        let region = try TestWriter(isStarted: false)
        for _ in 0..<RegionCore.queueLimit {
            #expect(region.writer.submit(.administer(.report), isBounded: true, nil) == nil)
        }
        #expect(region.writer.submit(.administer(.report), isBounded: true, nil) == .full)
        #expect(region.writer.submit(.administer(.report), isBounded: false, nil) == nil)
        region.writer.start()
        region.writer.stop()
        #expect(region.writer.submit(.administer(.report), isBounded: false, nil) == .closed)
    }

    @Test func `after a failed commit every command fails, and the owner is told once`() async throws {
        let region = try TestWriter()
        region.store.faults.commit = { _, _ in .lost(.engine("the disk is gone")) }
        let specification = TableSpecification(name: "orders", keySchema: key)
        let first = await region.perform(.changeCatalog(.createTable(specification)))
        let second = await region.perform(.administer(.report))
        #expect(first == nil && second == nil)
        region.writer.stop()
        #expect(region.failures.count == 1)
    }

    @Test func `what is committed is shown after every commit`() async throws {
        let region = try TestWriter()
        let before = region.writer.committed
        _ = try await region.makeTable("orders")
        let after = region.writer.committed
        #expect(before.log.end == .zero && after.log.end > .zero)
        #expect(after.log.closed > before.log.closed)
        #expect(after.received.entries.map(\.position) == [after.log.end])
        #expect(region.commits.count > 0)
        region.writer.stop()
    }
}

/// Collects numbers, from any thread.
final class Recorder: Sendable {
    private let state = Mutex<[Int]>([])

    func append(_ value: Int) { state.withLock { $0.append(value) } }

    var values: [Int] { state.withLock { $0 } }
}
