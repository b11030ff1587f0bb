import Foundation
import HybridClock
import KeyValueStore
import RegionStore
import Synchronization

/// The thread that owns a region's store.
///
/// Commands wait in one queue. The thread takes all that wait, runs each against the store, commits them as one synced batch, and only
/// then completes them: while one batch is being synced the next one gathers. Between drains it does what keeps the store small.
///
/// Unchecked Sendable: the store and `cadence` are touched by the writer's thread alone, the queue under `condition`.
final class RegionWriter<Store: KeyValueStore>: @unchecked Sendable {
    /// What readers and links may know after each commit.
    struct Committed: Sendable {
        var logStart = LogPosition.zero
        var lastPosition = LogPosition.zero
        var closed = HybridTimestamp.zero
        /// This region's earlier incarnations.
        var past: [Origin] = []
        var stable = HybridTimestamp.zero
        /// What was applied of every origin, this region's own log included.
        var vector = AppliedVector()
    }

    /// How long a full queue can be: beyond it clients are told to come again.
    static var queueLimit: Int { 10_000 }
    /// A drain is committed when what it changes reaches this many bytes.
    private static var drainByteLimit: Int { 4 << 20 }

    private let store: RegionStore<Store>
    private let clock: SystemClock
    private let onCommit: @Sendable () -> Void
    private let onFailure: @Sendable (KeyValueStoreError) -> Void
    private let condition = NSCondition()
    private var queue: [WriterCommand<Store>] = []
    private var isStopping = false
    private var hasEnded = false
    private var cadence: WriterCadence
    private let published: Mutex<Committed>

    /// - Parameters:
    ///   - onCommit: called on the writer's thread after each commit; must not block.
    ///   - onFailure: called once when a commit failed: nothing can be written any more.
    init(
        store: sending RegionStore<Store>, clock: SystemClock, onCommit: @escaping @Sendable () -> Void,
        onFailure: @escaping @Sendable (KeyValueStoreError) -> Void
    ) {
        self.clock = clock
        self.onCommit = onCommit
        self.onFailure = onFailure
        cadence = WriterCadence(startingAt: clock.monotonicMilliseconds())
        published = Mutex(Self.committed(store))
        self.store = store
    }

    /// What is committed.
    var committed: Committed { published.withLock { $0 } }

    /// Begins to take commands.
    func start() {
        let thread = Thread { self.run() }
        thread.name = "region-writer"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Puts a command in the queue.
    ///
    /// - Parameter isBounded: whether it is refused when the queue is full; what links bring is bounded by what they have in
    ///   flight, and what the region itself asks for is little.
    /// - Returns: whether it was taken; if not, it will neither run nor finish.
    func submit(_ command: WriterCommand<Store>, isBounded: Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isStopping, !isBounded || queue.count < Self.queueLimit else { return false }
        queue.append(command)
        if queue.count == 1 { condition.signal() }
        return true
    }

    /// Runs `command` with the store, and calls `completion` on the writer's thread when what it did is durable.
    ///
    /// - Parameter completion: gets nil where the store failed or the writer is stopping.
    func perform<Result>(
        _ command: @escaping @Sendable (RegionStore<Store>, _ nowMilliseconds: UInt64) -> Result,
        completion: @escaping @Sendable (Result?) -> Void = { _ in }
    ) {
        let command = ClosureCommand(body: command) { outcome in
            switch outcome {
            case .done(let result): completion(result)
            case .failed: completion(nil)
            }
        }
        if !submit(command, isBounded: false) { completion(nil) }
    }

    /// Takes no more commands, finishes those that wait, and returns when the thread has ended.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        isStopping = true
        condition.broadcast()
        while !hasEnded { condition.wait() }
    }

    // MARK: - The writer's thread

    private func run() {
        while let commands = takeCommands() {
            var next = commands.startIndex
            while next < commands.endIndex {
                let first = next
                while next < commands.endIndex, store.pendingByteCount < Self.drainByteLimit {
                    commands[next].run(store, at: clock.physicalMilliseconds())
                    next += 1
                }
                let isDurable = commit()
                for command in commands[first..<next] { command.finish(isDurable: isDurable) }
            }
            keepHouse()
        }
        condition.lock()
        hasEnded = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for commands, or for housekeeping to be due; nil at the end.
    private func takeCommands() -> [WriterCommand<Store>]? {
        condition.lock()
        defer { condition.unlock() }
        while queue.isEmpty, !isStopping {
            let wait = cadence.millisecondsToNext(at: clock.monotonicMilliseconds())
            guard wait > 0 else { break }
            _ = condition.wait(until: Date(timeIntervalSinceNow: Double(wait) / 1000))
        }
        if queue.isEmpty, isStopping { return nil }
        let commands = queue
        queue = []
        queue.reserveCapacity(commands.count)
        return commands
    }

    private func commit() -> Bool {
        let isFirstFailure = store.failure == nil
        do {
            let hadChanges = store.hasPendingChanges
            try store.commit()
            let committed = Self.committed(store)
            published.withLock { $0 = committed }
            if hadChanges { onCommit() }
            return true
        } catch {
            if isFirstFailure { onFailure(error) }
            return false
        }
    }

    private func keepHouse() {
        guard store.failure == nil else { return cadence.rest(at: clock.monotonicMilliseconds()) }
        do {
            for duty in cadence.duties(at: clock.monotonicMilliseconds()) {
                let hasMore: Bool
                switch duty {
                case .tick:
                    store.tick(at: clock.physicalMilliseconds())
                    hasMore = false
                case .backfill: hasMore = try store.backfillIndexes(limit: 500)
                case .sweepExpired: hasMore = try store.sweepExpired(at: clock.physicalMilliseconds(), limit: 500)
                case .collectTombstones: hasMore = try store.collectTombstones(limit: 2_000)
                case .trimLog: hasMore = try store.trimLog(at: clock.physicalMilliseconds(), limit: 2_000)
                }
                cadence.did(duty, hasMore: hasMore, at: clock.monotonicMilliseconds())
                guard commit() else { return }
            }
        } catch {
            onFailure(error)
            cadence.rest(at: clock.monotonicMilliseconds())
        }
    }

    private static func committed(_ store: RegionStore<Store>) -> Committed {
        Committed(
            logStart: store.reader.logStart, lastPosition: store.reader.lastPosition, closed: store.closedTimestamp,
            past: store.pastIncarnations, stable: store.stableTime, vector: store.receivedVector)
    }
}
