import ItemModel
import KeyValueStore
import RegionCore
import RegionStore
import Replication
import Synchronization
import TestSupport

@testable import DynamoAPI

/// A region in memory whose writer runs each command at once, on the caller's thread.
final class TestRegion: RegionAccess {
    let reader: RegionReader<InMemoryStore>
    let regionName: Text
    private let writer: Mutex<Writer>

    /// The writer behind the lock.
    private struct Writer: @unchecked Sendable {
        let core: RegionWriter<InMemoryStore>
        let disk: InMemoryStore
        var clock: UInt64 = 1_700_000_000_000
        var isOverloaded = false
        /// How many reads were to wait for the disk.
        var diskReadCount = 0

        /// For maintenance no time passes: what it does is for each test to ask for.
        var now: LinkInstant { LinkInstant(monotonicMilliseconds: 0, physicalMilliseconds: clock) }

        /// Runs a command; nil where the store failed.
        mutating func run(_ command: RegionCommand) -> RegionOutcome? {
            var queue = CommandQueue()
            _ = queue.append(command, isBounded: true)
            core.accept(&queue)
            var answer: RegionOutcome?
            repeat {
                guard let round = core.nextRound(at: now) else { break }
                let result: Result<Void, KeyValueStoreError>
                do {
                    if let batch = round.batch { try disk.commit(batch, durability: round.durability) }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                for told in core.finish(round, result).answers {
                    if case .done(let outcome) = told { answer = outcome }
                }
            } while core.hasCommands
            return answer
        }
    }

    init(_ own: Text, change: (inout RegionConfiguration) -> Void = { _ in }) throws {
        let regions: [Text] = ["eu-central-1", "us-east-1", "ap-northeast-1"]
        var generator = SplitMix64(seed: 1)
        let number = (regions.firstIndex(of: own) ?? 0) + 1
        var configuration = RegionConfiguration(
            region: RegionID(rawValue: UInt16(number)),
            regions: regions.enumerated().map { .init(id: RegionID(rawValue: UInt16($0.offset + 1)), name: $0.element) }
        )
        change(&configuration)
        let disk = InMemoryStore(keyspaces: Layout.keyspaces)
        let store = try RegionStore(opening: disk, configuration: configuration, using: &generator)
        reader = store.reader
        regionName = configuration.name
        let start = LinkInstant(monotonicMilliseconds: 1, physicalMilliseconds: 0)
        writer = Mutex(Writer(core: RegionWriter(store, at: start, judgesClock: false, asksPeers: false), disk: disk))
    }

    func setAdmission(_ admission: (any WriteAdmission)?) { writer.withLock { $0.core.store.admission = admission } }

    /// Makes every further read of an item fail as that of a damaged block does.
    func damageItems() {
        writer.withLock { writer in
            writer.disk.faults.read = { _, keyspace in
                keyspace == Layout.items ? .corruption("block checksum mismatch in 000012.sst") : nil
            }
        }
    }

    /// Makes every further read wait for the disk.
    func coolDown() { writer.withLock { $0.disk.faults.isCold = true } }

    /// How many reads were to wait for the disk.
    var diskReadCount: Int { writer.withLock { $0.diskReadCount } }

    /// Makes every further submission find the queue full, or not, and every read that waits for the disk the threads busy.
    func setOverloaded(_ isOverloaded: Bool) { writer.withLock { $0.isOverloaded = isOverloaded } }

    /// Lets time pass, and the region do what it does now and then.
    func pass(milliseconds: UInt64) throws {
        try writer.withLock { writer in
            writer.clock += milliseconds
            writer.core.store.tick(at: writer.clock)
            try writer.core.store.commit()
        }
    }

    func nowMilliseconds() -> UInt64 { writer.withLock { $0.clock } }

    func readFromDisk(_ body: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = writer.withLock { writer in
            if !writer.isOverloaded { writer.diskReadCount += 1 }
            return !writer.isOverloaded
        }
        if isTaken { body() }
        return isTaken
    }

    func submit(_ command: RegionCommand, completion: @escaping @Sendable (SubmissionResult) -> Void) {
        let result: SubmissionResult = writer.withLock { writer in
            guard !writer.isOverloaded else { return .overloaded }
            writer.clock += 1
            return writer.run(command).map(SubmissionResult.done) ?? .failed
        }
        completion(result)
    }
}

/// A region with its dispatcher, driven by requests in JSON.
struct TestEndpoint {
    let region: TestRegion
    let dispatcher: Dispatcher<TestRegion>

    /// - Parameter own: the name of the region; all endpoints have the same three regions in their topology.
    init(
        region own: Text = "eu-central-1", configuration: APIConfiguration = APIConfiguration(),
        change: (inout RegionConfiguration) -> Void = { _ in }
    ) throws {
        region = try TestRegion(own, change: change)
        dispatcher = Dispatcher(gateway: region, configuration: configuration)
        region.setAdmission(dispatcher.writeAdmission)
    }

    /// Sends a request and returns the answer's status and body.
    func send(_ operation: String, _ body: String) -> (status: Int, body: String) { send(operation, Array(body.utf8)) }

    /// Sends a request of any bytes and returns the answer's status and body.
    func send(
        _ operation: String, _ body: [UInt8], service: DynamoService = .dynamoDB
    ) -> (status: Int, body: String) {
        let later = Mutex<APIResponse?>(nil)
        let now = dispatcher.answer(target: "\(service.rawValue).\(operation)", body: body) { response in
            later.withLock { $0 = response }
        }
        guard let response = now ?? later.withLock({ $0 }) else { return (0, "no answer") }
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// Sends a request and returns the answer's body.
    @discardableResult
    func callAsFunction(_ operation: String, _ body: String) -> String { send(operation, body).body }

    /// Makes an on-demand table `name` with the partition key `pk` and, where given, the sort key `sk`, both strings.
    func createTable(_ name: String, hasSortKey: Bool = false, more: String = "") {
        let sort = (
            definition: #", {"AttributeName": "sk", "AttributeType": "S"}"#,
            element: #", {"AttributeName": "sk", "KeyType": "RANGE"}"#
        )
        self(
            "CreateTable",
            """
            {"TableName": "\(name)", "BillingMode": "PAY_PER_REQUEST", \
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}\(hasSortKey ? sort.definition : "")], \
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}\(hasSortKey ? sort.element : "")]\(more)}
            """)
    }
}

/// The body of a validation error with that message.
func validation(_ message: String) -> String {
    let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return #"{"__type":"com.amazon.coral.validate#ValidationException","message":"\#(escaped)"}"#
}

/// The body of another error.
func fault(_ name: String, _ message: String) -> String {
    #"{"__type":"com.amazonaws.dynamodb.v20120810#\#(name)","message":"\#(message)"}"#
}
