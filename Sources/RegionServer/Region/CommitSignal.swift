import NIOCore
import Synchronization

/// Tells the links' event loop that the region has committed: only where that is awaited, and once for however many commits it has not
/// looked at yet.
///
/// Waking a thread costs more than all that a region without links has to do there.
final class CommitSignal: Sendable {
    private let eventLoop: any EventLoop
    private let isAwaited = Atomic<Bool>(false)
    private let isPosted = Atomic<Bool>(false)
    private let receiver = Mutex<(@Sendable () -> Void)?>(nil)

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// - Parameter receiver: called on the event loop.
    func setReceiver(_ receiver: @escaping @Sendable () -> Void) {
        self.receiver.withLock { $0 = receiver }
    }

    /// Says whether commits are to be told of; whoever begins to await them then looks once at what is committed already.
    ///
    /// - Returns: whether they were awaited before.
    func setAwaited(_ isAwaited: Bool) -> Bool { self.isAwaited.exchange(isAwaited, ordering: .sequentiallyConsistent) }

    /// From any thread, after what was committed can be seen.
    func post() {
        guard isAwaited.load(ordering: .sequentiallyConsistent),
            !isPosted.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        eventLoop.execute {
            // Before the receiver looks: what is committed from now on posts again.
            self.isPosted.store(false, ordering: .sequentiallyConsistent)
            self.receiver.withLock { $0 }?()
        }
    }
}
