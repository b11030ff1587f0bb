public import ItemModel
public import KeyValueStore
public import RegionStore

/// What an operation may use of its region.
///
/// Its owner has the writer and the queue in front of it; operations know of neither.
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
    /// - Parameter completion: called once, on a thread that may take its time, when what the command did is durable or cannot be done.
    func submit(_ command: RegionCommand, completion: @escaping @Sendable (SubmissionResult) -> Void)

    /// Runs `body`, which may wait for the disk, on a thread that may.
    ///
    /// - Returns: false where too much waits for such a thread; `body` is not run then.
    func readFromDisk(_ body: @escaping @Sendable () -> Void) -> Bool
}

/// What became of a command for the writer.
public enum SubmissionResult: Sendable {
    /// It ran, and what it changed is durable.
    case done(RegionOutcome)
    /// The queue was full; it never ran.
    case overloaded
    /// The store failed: whether it took effect is unknown.
    case failed
}

extension Environment {
    /// Has the writer run `command`, and answers with what `respond` makes of its result.
    ///
    /// - Parameter result: takes the command's result out of its outcome, such as `\.write`.
    func submit<Value>(
        _ command: RegionCommand, _ result: @escaping @Sendable (RegionOutcome) -> Value?,
        _ completion: @escaping Dispatcher<Gateway>.Completion, respond: @escaping @Sendable (Value) -> APIResponse
    ) {
        gateway.submit(command) { submission in
            switch submission {
            case .done(.refused(let reason)): completion(DynamoFault.unavailable(reason).response)
            case .done(let outcome):
                completion(
                    result(outcome).map(respond) ?? DynamoFault.internalError("an outcome of another command").response)
            case .overloaded: completion(DynamoFault.overloaded.response)
            case .failed: completion(DynamoFault.internalError("the store failed, or the region is stopping").response)
            }
        }
    }
}
