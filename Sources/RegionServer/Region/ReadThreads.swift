import NIOCore
import NIOPosix
import Synchronization

/// The threads that read the store where a read may take long.
///
/// Clients and links have threads of their own: clients' scans, however many, must not keep the log from being shipped.
struct ReadThreads: Sendable {
    let clients: BoundedThreadPool
    let links: NIOThreadPool

    /// Starts the threads.
    init() {
        clients = BoundedThreadPool(threadCount: max(4, System.coreCount), waitingCountMax: 1024)
        links = NIOThreadPool(numberOfThreads: max(2, System.coreCount))
        links.start()
    }

    /// Ends the threads when each has finished what it does.
    func stop() async {
        try? await clients.stop()
        try? await links.shutdownGracefully()
    }
}

/// Threads that carry out tasks, of which only so many may wait for one.
final class BoundedThreadPool: Sendable {
    private let pool: NIOThreadPool
    private let waitingCountMax: Int
    private let waitingCount = Atomic<Int>(0)

    /// Starts the threads.
    init(threadCount: Int, waitingCountMax: Int) {
        pool = NIOThreadPool(numberOfThreads: threadCount)
        self.waitingCountMax = waitingCountMax
        pool.start()
    }

    /// Has a thread carry out `task`, which is dropped when the pool is stopped before its turn.
    ///
    /// - Returns: false where too many wait already; the task is not carried out then.
    func submit(_ task: @escaping @Sendable () -> Void) -> Bool {
        guard waitingCount.add(1, ordering: .relaxed).newValue <= waitingCountMax else {
            waitingCount.subtract(1, ordering: .relaxed)
            return false
        }
        pool.submit { state in
            self.waitingCount.subtract(1, ordering: .relaxed)
            guard case .active = state else { return }
            task()
        }
        return true
    }

    /// Ends the threads when each has finished what it does.
    func stop() async throws { try await pool.shutdownGracefully() }
}
