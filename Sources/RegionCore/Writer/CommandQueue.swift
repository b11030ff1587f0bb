import DequeModule
public import RegionStore

/// The commands that wait for a region's writer, in the order in which they came.
///
/// A shell guards it by a lock, as commands come from many threads. `Ticket` is whatever the shell answers by; it is only carried.
public struct CommandQueue<Ticket> {
    /// One command, and by what it is answered.
    public struct Entry {
        public let command: RegionCommand
        public let ticket: Ticket
    }

    /// Why a command was not taken; it will neither run nor be answered.
    public enum Refusal: Sendable, Hashable {
        /// More wait than may: the client is told to come again.
        case full
        /// The region is stopping.
        case closed
    }

    private var entries = Deque<Entry>()
    /// Whether a round is wanted now: something waits that may not.
    public private(set) var isDue = false
    private var isClosed = false
    private let limit: Int

    /// - Parameter limit: how many may wait before clients are refused.
    public init(limit: Int = RegionCore.queueLimit) {
        self.limit = limit
    }

    /// Takes a command.
    ///
    /// - Parameter isBounded: whether it is refused when the queue is full. What links bring is bounded by what they have in flight.
    /// - Returns: nil where it was taken.
    public mutating func append(_ command: RegionCommand, ticket: Ticket, isBounded: Bool) -> Refusal? {
        guard !isClosed else { return .closed }
        guard !isBounded || entries.count < limit else { return .full }
        entries.append(Entry(command: command, ticket: ticket))
        if !command.mayWait { isDue = true }
        return nil
    }

    /// Takes no more commands; those that wait are still carried out.
    public mutating func close() {
        isClosed = true
        isDue = !entries.isEmpty
    }

    /// Hands over everything that waits, behind what is there already; the memory of both is used again.
    mutating func move(to waiting: inout Deque<Entry>) {
        isDue = false
        if waiting.isEmpty {
            swap(&waiting, &entries)
        } else {
            waiting.append(contentsOf: entries)
            entries.removeAll(keepingCapacity: true)
        }
    }

    public var isEmpty: Bool { entries.isEmpty }
    /// Whether it is closed and nothing waits any more.
    public var isFinished: Bool { isClosed && entries.isEmpty }
}
