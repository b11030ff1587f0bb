import AWSProtocol
import Dispatch
import DynamoAPI
import ItemModel
import KeyValueStore
import Logging
import NIOCore
import NIOPosix
import RegionStore
import Replication
import TestSupport
import Testing

@testable import RegionServer

@Suite struct ReadThreadsTests {
    /// Keeps threads from going on until it is opened.
    private final class Barrier: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        private let entered = DispatchSemaphore(value: 0)

        /// Blocks the calling thread.
        func block() {
            entered.signal()
            semaphore.wait()
        }

        /// Returns when `count` threads are blocked.
        func awaitBlocked(_ count: Int) { for _ in 0..<count { entered.wait() } }

        func open(_ count: Int) { for _ in 0..<count { semaphore.signal() } }
    }

    /// Counts answers.
    private final class Receiver: ReplyReceiver {
        let answers = Counter()

        func receive(_ response: EndpointResponse, for sequence: UInt64) -> Bool {
            answers.increment()
            return false
        }

        func sendReplies() {}
    }

    @Test func `a pool refuses what is beyond its bound, and takes tasks again when it has room`() async throws {
        let pool = BoundedThreadPool(threadCount: 1, waitingCountMax: 2)
        let barrier = Barrier()
        let ran = Counter()
        #expect(pool.submit { barrier.block() })
        barrier.awaitBlocked(1)
        #expect((0..<4).map { _ in pool.submit { ran.increment() } } == [true, true, false, false])
        barrier.open(1)
        #expect(try await eventually { ran.count == 2 })
        #expect(pool.submit { ran.increment() })
        #expect(try await eventually { ran.count == 3 })
        try await pool.stop()
    }

    @Test func `links read the log while clients' reads take and await all threads of theirs`() async throws {
        let region = try TestWriter()
        _ = try await region.makeTable("orders")
        let threads = ReadThreads()
        let barrier = Barrier()
        var taken = 0
        while threads.clients.submit({ barrier.block() }) { taken += 1 }
        let group = MultiThreadedEventLoopGroup.singleton
        for _ in 0..<100 {
            let reads = LinkReads(reader: region.reader, peer: "eu-west-1")
            let result = try await threads.links.runIfActive(eventLoop: group.next()) {
                Result { try reads.perform(.catalog) }
            }.get()
            guard case .catalog(let entries, _, _) = try result.get() else {
                Issue.record("no catalog")
                break
            }
            #expect(entries.count == 1)
        }
        barrier.open(taken)
        await threads.stop()
        region.writer.stop()
    }

    @Test func `a client whose read would wait too long is told to come again`() async throws {
        let region = try TestWriter()
        let pool = BoundedThreadPool(threadCount: 1, waitingCountMax: 1)
        let gateway = RegionGateway(
            reader: region.reader, regionName: "us-east-1", writer: region.writer, clock: SystemClock(),
            group: .singleton, threads: pool)
        let endpoint = DynamoEndpoint(
            dispatcher: Dispatcher(
                gateway: gateway, configuration: APIConfiguration(endpointAddress: "h:1", isThrottling: false)),
            callers: try Callers([], actions: []), threads: pool,
            recorder: RequestRecorder(of: region.reader),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let receiver = Receiver()
        let mailbox = ReplyMailbox(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
        var random = SplitMix64(seed: 1)
        var requestIDs = RequestIDSource(seededBy: &random)
        func scan() -> EndpointResponse? {
            let request = EndpointRequest(
                target: "DynamoDB_20120810.Scan", body: ByteBuffer(string: #"{"TableName": "none"}"#), accessKey: nil,
                id: requestIDs.next(), receivedAt: 0)
            return endpoint.respond(
                to: request, reply: EndpointReply(mailbox: mailbox, connection: receiver, sequence: 0))
        }
        let barrier = Barrier()
        #expect(pool.submit { barrier.block() })
        barrier.awaitBlocked(1)
        #expect(scan() == nil)
        let refusal = try #require(scan())
        #expect(refusal.status == 400)
        #expect(String(decoding: refusal.body, as: UTF8.self).contains("ThrottlingException"))
        barrier.open(1)
        #expect(try await eventually { receiver.answers.count == 1 })
        try await pool.stop()
        region.writer.stop()
    }
}
