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
