import DequeModule
public import RegionStore

/// The commands that wait for a region's writer, in the order in which they came.
///
/// A shell guards it by a lock, as commands come from many threads. Answers come in the same order, so that whom to answer is the shell's own
/// queue.
public struct CommandQueue {
    /// Why a command was not taken; it will neither run nor be answered.
    public enum Refusal: Sendable, Hashable {
        /// More wait than may: the client is told to come again.
        case full
        /// The region is stopping.
        case closed
    }

    private var commands = Deque<RegionCommand>()
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
    public mutating func append(_ command: RegionCommand, isBounded: Bool) -> Refusal? {
        guard !isClosed else { return .closed }
        guard !isBounded || commands.count < limit else { return .full }
        commands.append(command)
        if !command.mayWait { isDue = true }
        return nil
    }

    /// Takes no more commands; those that wait are still carried out.
    public mutating func close() {
        isClosed = true
        isDue = !commands.isEmpty
    }

    /// Hands over everything that waits, behind what is there already; the memory of both is used again.
    mutating func move(to waiting: inout Deque<RegionCommand>) {
        isDue = false
        if waiting.isEmpty {
            swap(&waiting, &commands)
        } else {
            waiting.append(contentsOf: commands)
            commands.removeAll(keepingCapacity: true)
        }
    }

    public var isEmpty: Bool { commands.isEmpty }
    /// Whether it is closed and nothing waits any more.
    public var isFinished: Bool { isClosed && commands.isEmpty }
}
