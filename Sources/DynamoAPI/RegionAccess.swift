public import ItemModel
public import KeyValueStore
public import RegionStore

/// What an operation may use of its region.
///
/// Its owner has the writer's thread and the queue in front of it; operations know of neither.
public protocol RegionAccess: Sendable {
    associatedtype Store: KeyValueStore

    /// Reads what is committed, from any thread.
    var reader: RegionReader<Store> { get }

    /// This region's name, such as `us-east-1`.
    var regionName: Text { get }

    /// The time now, in milliseconds since the Unix epoch.
    func nowMilliseconds() -> UInt64

    /// Queues `command` for the writer.
    ///
    /// - Parameters:
    ///   - command: runs on the writer's thread, with the time then.
    ///   - completion: runs on any thread, once what the command did is durable or cannot be done.
    func submit<Result: Sendable>(
        _ command: @escaping @Sendable (RegionStore<Store>, _ nowMilliseconds: UInt64) -> Result,
        completion: @escaping @Sendable (SubmissionResult<Result>) -> Void)
}

/// What became of a command for the writer.
public enum SubmissionResult<Result: Sendable>: Sendable {
    /// It ran, and what it changed is durable.
    case done(Result)
    /// The queue was full; it never ran.
    case overloaded
    /// The store failed: whether it took effect is unknown.
    case failed
}
