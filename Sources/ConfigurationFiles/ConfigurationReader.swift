import Yams

/// Collects the problems of one configuration file while it is read, so that all are reported at once.
package final class ConfigurationProblems {
    package private(set) var list: [ConfigurationProblem] = []

    package init() {}

    package func add(line: Int, field: String, found: String, expected: String = "") {
        list.append(ConfigurationProblem(line: line, field: field, found: found, expected: expected))
    }

    /// Adds a problem that may be met more than once while the same value is read.
    func addOnce(line: Int, field: String, found: String, expected: String) {
        let problem = ConfigurationProblem(line: line, field: field, found: found, expected: expected)
        if !list.contains(problem) { list.append(problem) }
    }

    /// The problems as an error, in the order of their lines; nothing when there are none.
    package func error(file: String) -> ConfigurationError? {
        guard !list.isEmpty else { return nil }
        // The sort is stable in effect: equal lines keep the order in which they were found.
        let sorted = list.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        return ConfigurationError(file: file, problems: sorted.map(\.element))
    }
}

/// One value of a configuration file, with its place.
///
/// Each reading method returns nothing after it has noted why, so a reader goes on and finds the other problems too.
package struct ConfigurationField {
    let node: Node
    package let path: String
    package let problems: ConfigurationProblems
    /// Nil for a file whose text stands as it is.
    var parameters: ConfigurationParameters?

    /// The same field, with these values in the marked places (``TextParameters``) of what is read from it.
    package func with(_ parameters: ConfigurationParameters) -> ConfigurationField {
        ConfigurationField(node: node, path: path, problems: problems, parameters: parameters)
    }

    /// The file's outermost value.
    ///
    /// - Throws: one problem, when the text is no YAML.
    package static func root(of text: String, file: String, problems: ConfigurationProblems) throws(ConfigurationError)
        -> ConfigurationField
    {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw ConfigurationError(
                    file: file,
                    problems: [
                        ConfigurationProblem(line: 0, field: "", found: "the file is empty", expected: "a mapping")
                    ])
            }
            return ConfigurationField(node: node, path: "", problems: problems)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(file: file, problems: [problem(of: error)])
        }
    }

    /// The line that the value begins on.
    package var line: Int { node.mark?.line ?? 0 }

    /// Notes that the value is not what it should be.
    package func refuse(_ found: String, expected: String = "") {
        guard !hasUnknownParameter else { return }
        problems.add(line: line, field: path, found: found, expected: expected)
    }

    /// The members of a mapping, of which only `keys` may appear; each of `required` that is absent is a problem.
    package func mapping(keys: [String], required: [String] = []) -> ConfigurationMapping? {
        guard let members = anyMapping(expected: "a mapping with \(keys.joined(separator: ", "))") else { return nil }
        for member in members.fields where !keys.contains(member.name) {
            problems.add(
                line: member.keyLine, field: member.value.path, found: "unknown key",
                expected: "one of \(keys.joined(separator: ", "))")
        }
        for key in required where members[key] == nil {
            problems.add(line: line, field: path, found: "'\(key)' is missing")
        }
        return members
    }

    /// The members of a mapping whose keys are free.
    package func anyMapping(expected: String) -> ConfigurationMapping? {
        guard let mapping = node.mapping else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        var fields: [ConfigurationMapping.Member] = []
        for (key, value) in mapping {
            let name = key.string.map(filled) ?? ""
            let member = ConfigurationMapping.Member(
                name: name, keyLine: key.mark?.line ?? line,
                value: ConfigurationField(
                    node: value, path: path.isEmpty ? name : "\(path).\(name)", problems: problems,
                    parameters: parameters))
            if fields.contains(where: { $0.name == name }) {
                // YAML's reader has compared the keys as the file has them.
                problems.add(
                    line: member.keyLine, field: member.value.path, found: "the key is there twice",
                    expected: "each key once")
            }
            fields.append(member)
        }
        return ConfigurationMapping(fields: fields)
    }

    /// The elements of a list.
    package func list() -> [ConfigurationField]? {
        guard let sequence = node.sequence else {
            refuse("found \(shown)", expected: "a list")
            return nil
        }
        return sequence.enumerated().map {
            ConfigurationField(
                node: $0.element, path: "\(path)[\($0.offset)]", problems: problems, parameters: parameters)
        }
    }

    /// A text that is not empty.
    package func text(expected: String = "a text") -> String? {
        guard let text = scalarText, !text.isEmpty, !hasUnknownParameter else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return text
    }

    /// One of the values of a type, by its name.
    ///
    /// - Parameters:
    ///   - separator: what stands between the names where the problem lists them.
    ///   - introduction: what stands before the list.
    package func choice<Value>(separator: String = ", ", introduction: String = "") -> Value?
    where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
        let expected = introduction + Value.allCases.map(\.rawValue).joined(separator: separator)
        guard let text = text(expected: expected) else { return nil }
        guard let value = Value(rawValue: text) else {
            refuse("found \(shown)", expected: expected)
            return nil
        }
        return value
    }

    /// A whole number within `range`.
    package func integer(in range: ClosedRange<Int>) -> Int? {
        guard let number = scalarText.flatMap({ Int($0) }), range.contains(number) else {
            refuse("found \(shown)", expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Yes or no.
    package func flag() -> Bool? {
        guard let flag = scalarText.flatMap({ Bool($0) }) else {
            refuse("found \(shown)", expected: "true or false")
            return nil
        }
        return flag
    }

    /// How many shards of a stream are open at a time: a power of two, at most 64.
    package func shardCount() -> Int? {
        guard let count = integer(in: 1...64) else { return nil }
        guard count.nonzeroBitCount == 1 else {
            refuse("found '\(count)'", expected: "a power of two: 1, 2, 4, 8, 16, 32 or 64")
            return nil
        }
        return count
    }

    /// A length of time within `range`, such as `500ms`.
    package func duration(in range: ClosedRange<Duration>) -> Duration? {
        guard let duration = scalarText.flatMap({ Duration(configurationText: $0) }), range.contains(duration)
        else {
            refuse(
                "found \(shown)",
                expected: "a duration such as 500ms, 2s or 10m, from \(range.lowerBound.configurationText) "
                    + "to \(range.upperBound.configurationText)")
            return nil
        }
        return duration
    }

    /// A number of bytes within `range`, such as `256KiB`.
    package func byteCount(in range: ClosedRange<Int>) -> Int? {
        guard let count = scalarText.flatMap({ ByteCountText.parse($0) }), range.contains(count) else {
            refuse(
                "found \(shown)",
                expected:
                    "a number of bytes such as 65536, 256KiB or 16MiB, from \(ByteCountText.print(range.lowerBound)) "
                    + "to \(ByteCountText.print(range.upperBound))")
            return nil
        }
        return count
    }

    /// The value as a problem's text shows it.
    package var shown: String {
        if let text = scalarText { return text.isEmpty ? "nothing" : "'\(text)'" }
        return node.mapping == nil ? "a list" : "a mapping"
    }

    private static func problem(of error: any Error) -> ConfigurationProblem {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationProblem(line: mark.line, field: "", found: "not YAML: \(problem)", expected: "")
        case .duplicatedKeysInMapping(let duplicates, let context):
            ConfigurationProblem(
                line: context.mark.line, field: "",
                found:
                    "keys appear twice in one mapping: \(duplicates.map(String.init(describing:)).sorted().joined(separator: ", "))",
                expected: "each key once")
        default:
            ConfigurationProblem(line: 0, field: "", found: "not YAML: \(error)", expected: "")
        }
    }
}

/// A mapping of a configuration file, in the file's order.
package struct ConfigurationMapping {
    package struct Member {
        package var name: String
        package var keyLine: Int
        package var value: ConfigurationField
    }

    package let fields: [Member]

    /// The value of `key`, when the mapping has it.
    package subscript(key: String) -> ConfigurationField? {
        fields.first { $0.name == key }?.value
    }
}
