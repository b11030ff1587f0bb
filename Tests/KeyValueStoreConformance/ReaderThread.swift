import Glibc
import Synchronization

/// A thread that runs one closure, whose outcome `join` yields.
public final class ReaderThread: Sendable {
    private let thread: pthread_t
    private let body: Body

    private final class Body: Sendable {
        let run: @Sendable () throws -> Bool
        let outcome: Mutex<Result<Bool, any Error>> = Mutex(.success(false))

        init(run: @escaping @Sendable () throws -> Bool) {
            self.run = run
        }
    }

    public init(_ run: @escaping @Sendable () throws -> Bool) {
        let body = Body(run: run)
        self.body = body
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                let outcome = Result { try body.run() }
                body.outcome.withLock { $0 = outcome }
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        precondition(status == 0, "no thread: \(status)")
        self.thread = thread
    }

    /// Waits for the closure's end.
    public func join() throws -> Bool {
        pthread_join(thread, nil)
        return try body.outcome.withLock { $0 }.get()
    }
}
