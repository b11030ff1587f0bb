import NIOCore
import Synchronization

/// Tells the links' event loop that the region has committed, once for however many commits it has not looked at yet.
final class CommitSignal: Sendable {
    private let eventLoop: any EventLoop
    private let isPosted = Atomic<Bool>(false)
    private let receiver = Mutex<(@Sendable () -> Void)?>(nil)

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// - Parameter receiver: called on the event loop.
    func setReceiver(_ receiver: @escaping @Sendable () -> Void) {
        self.receiver.withLock { $0 = receiver }
    }

    /// From any thread.
    func post() {
        guard !isPosted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        eventLoop.execute {
            // Before the receiver looks: what is committed from now on posts again.
            self.isPosted.store(false, ordering: .sequentiallyConsistent)
            self.receiver.withLock { $0 }?()
        }
    }
}
