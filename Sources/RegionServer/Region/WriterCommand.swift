import KeyValueStore
import RegionStore

/// One command in the writer's queue.
class WriterCommand<Store: KeyValueStore>: @unchecked Sendable {
    /// Runs it, on the writer's thread.
    func run(_ store: RegionStore<Store>, at nowMilliseconds: UInt64) {}

    /// Tells whoever waits, on the writer's thread, after the commit.
    func finish(isDurable: Bool) {}
}

/// A command that is a closure, with a closure for its result.
///
/// Unchecked Sendable: the result is touched by the writer's thread alone.
final class ClosureCommand<Store: KeyValueStore, Result>: WriterCommand<Store>, @unchecked Sendable {
    /// What became of the command.
    enum Outcome {
        case done(Result)
        /// The commit failed, or the store had failed before.
        case failed
    }

    private let body: @Sendable (RegionStore<Store>, UInt64) -> Result
    private let completion: @Sendable (Outcome) -> Void
    private var result: Result?

    init(
        body: @escaping @Sendable (RegionStore<Store>, UInt64) -> Result,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        self.body = body
        self.completion = completion
    }

    override func run(_ store: RegionStore<Store>, at nowMilliseconds: UInt64) {
        guard store.failure == nil else { return }
        result = body(store, nowMilliseconds)
    }

    override func finish(isDurable: Bool) {
        guard isDurable, let result else { return completion(.failed) }
        completion(.done(result))
    }
}
