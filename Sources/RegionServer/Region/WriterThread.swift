import Foundation
import HostClock
import HybridClock
import KeyValueStore
import NIOCore
import RegionCore
import RegionStore
import Replication
import Synchronization

/// The thread that owns a region's store: the shell around a `RegionWriter`.
///
/// It hands over what waits, commits what comes back, and tells whoever asked, each on the event loop that it came from: an answer is made
/// there and not here. While one batch is being synced the next commands gather.
///
/// Unchecked Sendable: the writer is touched by its thread alone, `state` under `condition`.
final class WriterThread<Store: KeyValueStore>: @unchecked Sendable {
    /// Who is told what became of a command, and where.
    struct Ticket: Sendable {
        let eventLoop: any EventLoop
        /// Gets nil where the store failed or the writer is stopping.
        let completion: @Sendable (RegionOutcome?) -> Void
    }

    /// What the thread tells its owner, on the thread; nothing of it may block.
    struct Events: Sendable {
        /// The region has committed.
        var committed: @Sendable () -> Void
        /// A commit failed, and nothing can be written any more; called once.
        var failed: @Sendable (KeyValueStoreError) -> Void
        /// The store is to be closed and opened anew, as its log must not go on; called once.
        var mustReopen: @Sendable () -> Void = {}
        /// What an operator has to be told.
        var noted: @Sendable (RegionEvent) -> Void
    }

    private let writer: RegionWriter<Store>
    private let store: Store
    private let clock: SystemClock
    private let events: Events
    private let condition = MonotonicCondition()
    private var queue = CommandQueue()
    /// Whom to answer, beside the queue; nil for nobody.
    private var queuedTickets: [Ticket?] = []
    /// Of the commands that the writer has taken; the thread's alone.
    private var tickets: [Ticket?] = []
    private var hasEnded = false
    /// How far the log has got is noted in it; nil where nothing is.
    private let mark: LogMarkFile?
    /// Measures the disk, for the thread alone; nil where its room is not looked at.
    private var gauge: DiskGauge?
    private let incarnation: Incarnation
    private var isMarkFailing = false
    private var isReopenTold = false
    private let published: Mutex<Published>

    /// What other threads may know.
    private struct Published {
        var committed: CommittedState
        var readiness: Readiness
    }

    /// - Parameters:
    ///   - mark: where to note after each commit how far the log has got; nil for nowhere.
    ///   - gauge: measures the room on the store's disk; nil where nothing bounds it.
    ///   - heartbeatMilliseconds: how often the other regions are told of the region's time.
    ///   - judgesClock: whether nothing is stamped until the clock's witnesses agree with it.
    init(
        _ store: sending RegionStore<Store>, clock: SystemClock, events: Events, mark: LogMarkFile? = nil,
        gauge: DiskGauge? = nil, heartbeatMilliseconds: UInt64 = 0, judgesClock: Bool = true
    ) {
        self.mark = mark
        self.gauge = gauge
        incarnation = store.incarnation
        self.clock = clock
        self.events = events
        self.store = store.reader.store
        let writer = RegionWriter<Store>(
            store, at: clock.now, heartbeatMilliseconds: heartbeatMilliseconds, judgesClock: judgesClock,
            asksPeers: judgesClock)
        published = Mutex(Published(committed: writer.committed, readiness: writer.readiness))
        self.writer = writer
    }

    /// What is committed.
    var committed: CommittedState { published.withLock { $0.committed } }

    /// Whether the region takes writes, as of the last round.
    var readiness: Readiness { published.withLock { $0.readiness } }

    /// Begins to take commands.
    ///
    /// - Parameter admission: who is asked for the capacity that writes take; nil where nothing is throttled.
    func start(admission: (any WriteAdmission)? = nil) {
        writer.store.admission = admission
        let thread = Thread { self.run() }
        thread.name = "region-writer"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Has each command told that is run, by its name; before the thread is started.
    func journal(_ journal: @escaping @Sendable (StaticString) -> Void) { writer.journal = journal }

    /// Puts a command in the queue.
    ///
    /// - Parameters:
    ///   - isBounded: whether it is refused when the queue is full.
    ///   - ticket: nil where nobody is to be told.
    /// - Returns: why it was not taken; it will then neither run nor be answered.
    func submit(_ command: RegionCommand, isBounded: Bool, _ ticket: Ticket?) -> CommandQueue.Refusal? {
        condition.lock()
        defer { condition.unlock() }
        let wasDue = queue.isDue
        if let refusal = queue.append(command, isBounded: isBounded) { return refusal }
        queuedTickets.append(ticket)
        if queue.isDue, !wasDue { condition.signal() }
        return nil
    }

    /// Takes no more commands, finishes those that wait, and returns when the thread has ended.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        queue.close()
        condition.broadcast()
        while !hasEnded { condition.wait() }
    }

    // MARK: - The thread

    private func run() {
        while takeCommands() {
            let now = clock.now
            let room = gauge?.room(at: now.monotonicMilliseconds)
            guard let round = writer.nextRound(at: now, room: room) else { continue }
            finish(round)
        }
        condition.lock()
        hasEnded = true
        condition.broadcast()
        condition.unlock()
    }

    /// Waits for something to do; false at the end.
    private func takeCommands() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while !queue.isDue, !queue.isFinished {
            let now = clock.now
            guard !writer.hasWork(at: now) else { break }
            let due = writer.nextMaintenanceMilliseconds
            guard due < .max else {
                condition.wait()
                continue
            }
            condition.wait(milliseconds: due - min(due, now.monotonicMilliseconds))
        }
        if queue.isFinished, !writer.hasCommands { return false }
        writer.accept(&queue)
        tickets.append(contentsOf: queuedTickets)
        queuedTickets.removeAll(keepingCapacity: true)
        return true
    }

    private func finish(_ round: CommitRound) {
        var result = Result<Void, KeyValueStoreError>.success(())
        if let batch = round.batch {
            do {
                try store.commit(batch, durability: round.durability)
            } catch {
                result = .failure(error)
            }
        }
        let finished = writer.finish(round, result)
        if let committed = finished.committed { note(committed.log.end) }
        published.withLock { published in
            published.readiness = finished.readiness
            if let committed = finished.committed { published.committed = committed }
        }
        if finished.committed != nil { events.committed() }
        if let failure = finished.failure { events.failed(failure) }
        for event in finished.events { events.noted(event) }
        if finished.mustReopen, !isReopenTold {
            isReopenTold = true
            events.mustReopen()
        }
        answer(finished.answers)
    }

    /// Before anybody is told of it: what is acknowledged is at or below the mark.
    private func note(_ position: LogPosition) {
        guard let mark else { return }
        let failure = mark.write(LogMark(incarnation: incarnation, position: position))
        if let failure, !isMarkFailing { events.noted(.markNotWritten(reason: failure.reason)) }
        isMarkFailing = failure != nil
    }

    /// Tells everybody, with one task for each event loop.
    private func answer(_ answers: [RegionAnswer]) {
        var byLoop: [(eventLoop: any EventLoop, calls: [(Ticket, RegionOutcome?)])] = []
        for (ticket, answer) in zip(tickets, answers) {
            guard let ticket else { continue }
            let call = (ticket, answer.outcome)
            if let index = byLoop.firstIndex(where: { $0.eventLoop === ticket.eventLoop }) {
                byLoop[index].calls.append(call)
            } else {
                byLoop.append((ticket.eventLoop, [call]))
            }
        }
        tickets.removeFirst(answers.count)
        for (eventLoop, calls) in byLoop {
            eventLoop.execute {
                for (ticket, outcome) in calls { ticket.completion(outcome) }
            }
        }
    }
}

extension RegionAnswer {
    /// Nil where the store failed.
    fileprivate var outcome: RegionOutcome? {
        switch self {
        case .done(let outcome): outcome
        case .failed: nil
        }
    }
}
