/// What `--json` prints of one run, and what `result.json` beside a page holds.
///
/// It is a ``RunResult`` with what follows from it and with a number of its form. The article *The simulator* lists all members. They stay
/// what they are as long as ``formatVersion`` does: members may be added, none is renamed, left out or given another meaning. A member
/// that has no value is `null`.
public struct RunDocument: Encodable {
    /// Raised when a member is renamed, goes, or means something else.
    public static let formatVersion = 1

    private let result: RunResult
    private let file: String?

    /// - Parameter file: the scenario's file, for the command that runs the same again.
    public init(_ result: RunResult, file: String? = nil) {
        self.result = result
        self.file = file
    }

    private enum Key: String, CodingKey {
        case formatVersion, hasPassed, operationCount, convergenceMilliseconds, recoveryTimeMilliseconds, shippedBytes
        case replayCommand
    }

    public func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(Self.formatVersion, forKey: .formatVersion)
        try members.encode(result.hasPassed, forKey: .hasPassed)
        try members.encode(result.operationCount, forKey: .operationCount)
        try members.encode(result.convergenceMilliseconds, forKey: .convergenceMilliseconds)
        try members.encode(result.recoveryTimeMilliseconds, forKey: .recoveryTimeMilliseconds)
        try members.encode(result.byteCount, forKey: .shippedBytes)
        try members.encode(result.replayCommand(file: file), forKey: .replayCommand)
    }
}
