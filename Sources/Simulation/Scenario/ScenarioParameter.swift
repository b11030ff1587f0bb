/// The value that a parameter of a scenario has in a run.
public struct ParameterValue: Codable, Sendable, Equatable, CustomStringConvertible {
    public var name: String
    /// As the file or the user writes it.
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// As `--set` takes it: `latency=10ms`.
    public var description: String { "\(name)=\(value)" }
}

/// What a scenario file has several values of, of which each run has one.
public struct ScenarioParameter: Sendable, Equatable {
    public var name: String
    /// At least one, each once.
    public var values: [String]
}
