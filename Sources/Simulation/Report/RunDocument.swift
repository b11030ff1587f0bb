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

/// What `--json` prints of many runs; the rules of ``RunDocument`` hold for it too.
public struct SweepDocument: Encodable {
    private let summary: SweepSummary
    private let file: String?

    /// - Parameter file: the scenario's file, for the commands that run the same again.
    public init(_ summary: SweepSummary, file: String? = nil) {
        self.summary = summary
        self.file = file
    }

    private enum Key: String, CodingKey, CaseIterable {
        case formatVersion, hasPassed, passedCount, failures, firstSeed, lastSeed
        case convergenceMilliseconds, stalenessP99Milliseconds, stalenessMaxMilliseconds, recoveryPointMilliseconds
        case recoveryTimeMilliseconds, lostAcknowledgedWrites, conflicts, unavailability
    }

    private enum FailureKey: String, CodingKey {
        case convergenceMilliseconds, recoveryTimeMilliseconds, replayCommand
    }

    /// A run that failed, with its command.
    private struct Failure: Encodable {
        let digest: RunDigest
        let file: String

        func encode(to encoder: any Encoder) throws {
            try digest.encode(to: encoder)
            var members = encoder.container(keyedBy: FailureKey.self)
            try members.encode(digest.convergenceMilliseconds, forKey: .convergenceMilliseconds)
            try members.encode(digest.recoveryTimeMilliseconds, forKey: .recoveryTimeMilliseconds)
            try members.encode(ScenarioCommand.replay(file, seed: digest.seed), forKey: .replayCommand)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(RunDocument.formatVersion, forKey: .formatVersion)
        try members.encode(summary.failures.isEmpty, forKey: .hasPassed)
        try members.encode(summary.passedCount, forKey: .passedCount)
        let file = file ?? "Simulations/\(summary.scenario).yaml"
        try members.encode(summary.failures.map { Failure(digest: $0, file: file) }, forKey: .failures)
        try members.encode(summary.firstSeed, forKey: .firstSeed)
        try members.encode(summary.lastSeed, forKey: .lastSeed)
        try members.encode(summary.convergenceMilliseconds, forKey: .convergenceMilliseconds)
        try members.encode(summary.stalenessP99Milliseconds, forKey: .stalenessP99Milliseconds)
        try members.encode(summary.stalenessMaxMilliseconds, forKey: .stalenessMaxMilliseconds)
        try members.encode(summary.recoveryPointMilliseconds, forKey: .recoveryPointMilliseconds)
        try members.encode(summary.recoveryTimeMilliseconds, forKey: .recoveryTimeMilliseconds)
        try members.encode(summary.lostAcknowledgedWrites, forKey: .lostAcknowledgedWrites)
        try members.encode(summary.conflicts, forKey: .conflicts)
        try members.encode(summary.unavailability, forKey: .unavailability)
    }
}
