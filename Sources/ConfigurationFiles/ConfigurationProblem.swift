/// One thing that is wrong in a configuration file, with what is needed to mend it.
public struct ConfigurationProblem: Equatable, Sendable, CustomStringConvertible {
    /// The line, from 1; zero when the file as a whole is meant.
    public var line: Int
    /// Where in the file, such as `regions[1].endpoint`; empty for the file as a whole.
    public var field: String
    /// What is wrong, with the value that was found.
    public var found: String
    /// What would be accepted.
    public var expected: String

    public var description: String {
        let place = field.isEmpty ? "" : "\(field): "
        let remedy = expected.isEmpty ? "" : "; expected \(expected)"
        return "\(place)\(found)\(remedy)"
    }
}

/// Everything that is wrong in one configuration file.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's path as it was given.
    public var file: String
    /// In the order of their lines.
    public var problems: [ConfigurationProblem]

    public init(file: String, problems: [ConfigurationProblem]) {
        self.file = file
        self.problems = problems
    }

    public var description: String {
        problems.map { $0.line > 0 ? "\(file):\($0.line): \($0)" : "\(file): \($0)" }.joined(separator: "\n")
    }
}
