/// One run in a few figures: what is kept of each of many.
///
/// Its series and faults are left out, as a run of its seed gives them again.
public struct RunDigest: Codable, Sendable, Equatable {
    public var seed: UInt64
    public var hasPassed: Bool
    /// What failed first, in words; nil when it has passed.
    public var failure: String?
    public var operationCount: Int
    /// How long the run was, in virtual time, with the time to agree.
    public var simulatedSeconds: Double
    /// From the end of the faults and requests until all regions agreed; nil when they never did.
    public var convergenceMilliseconds: Double?
    /// The highest of all links.
    public var stalenessP99Milliseconds: Double
    public var stalenessMaxMilliseconds: Double
    public var recoveryPointMilliseconds: Double
    /// Nil when a region never recovered.
    public var recoveryTimeMilliseconds: Double?
    public var lostAcknowledgedWrites: Int
    public var conflicts: Int
    /// The share of requests that failed, 0 to 1, in the region where it was highest.
    public var unavailability: Double
    public var bytesShipped: Int

    public init(_ result: RunResult) {
        seed = result.seed
        hasPassed = result.hasPassed
        failure = result.failures.first?.text
        operationCount = result.operationCount
        simulatedSeconds = result.totalSeconds
        convergenceMilliseconds = result.convergenceMilliseconds
        stalenessP99Milliseconds = result.links.map(\.stalenessP99Milliseconds).max() ?? 0
        stalenessMaxMilliseconds = result.links.map(\.stalenessMaxMilliseconds).max() ?? 0
        recoveryPointMilliseconds = result.recoveryPointMilliseconds
        recoveryTimeMilliseconds = result.recoveryTimeMilliseconds
        lostAcknowledgedWrites = result.lostAcknowledgedWrites
        conflicts = result.conflicts
        unavailability = result.requests.map(\.unavailability).max() ?? 0
        bytesShipped = result.links.reduce(0) { $0 + $1.bytes }
    }
}

/// One reason why a run has failed.
public struct RunFailure: Sendable, Equatable {
    /// Tells ways to fail apart: two runs with a failure of one kind fail for the same reason, as far as can be told.
    public enum Kind: Sendable, Hashable {
        /// What a checker found that must always hold.
        case checker(String)
        /// An expectation of the scenario, by its text.
        case expectation(String)
    }

    public let kind: Kind
    /// What was found, in words.
    public let text: String
}

extension RunResult {
    /// Why the run has failed: what never may be first, then what was expected; empty when it has passed.
    public var failures: [RunFailure] {
        violations.map { RunFailure(kind: .checker($0.checker), text: "\($0.checker): \($0.text)") }
            + expectations.filter { !$0.isMet }.map {
                RunFailure(kind: .expectation($0.text), text: "\($0.text): it was \($0.measured)")
            }
    }
}
