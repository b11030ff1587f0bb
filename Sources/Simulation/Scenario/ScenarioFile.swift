public import ConfigurationFiles
import Foundation

/// A scenario file with the parameters that it has: each combination of their values makes a scenario of it.
///
/// A parameter is a name and the values that a sweep tries. Wherever a key or a value of the file says `${name}`, the scenario has one of
/// them.
public struct ScenarioFile: Sendable {
    /// The most combinations of values: what has more is more likely a slip.
    static let combinationCountMax = 1000
    private static let valueCountMax = 1000

    /// The file's path as it was given.
    public let path: String
    /// In the order of the file; empty where it has none.
    public let parameters: [ScenarioParameter]
    private let folder: String
    private let text: String

    /// Reads a file, and the topology file that it names.
    ///
    /// - Throws: everything that is wrong in it with the first value of each parameter, with file and line.
    public static func load(path: String) throws(ConfigurationError) -> ScenarioFile {
        let text: String
        do {
            text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
        } catch {
            let isMissing = (error as? CocoaError)?.code == .fileReadNoSuchFile
            throw Self.error(
                file: path,
                isMissing ? "there is no such file" : "the file can't be read: \(error.localizedDescription)")
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return try ScenarioFile(text, path: path, folder: folder)
    }

    /// Reads the text of a file.
    ///
    /// - Parameters:
    ///   - path: what problems call the file; its last part, without its ending, is the scenario's name if the text gives none.
    ///   - folder: what the path of the topology starts from.
    /// - Throws: everything that is wrong in it with the first value of each parameter, with file and line.
    public init(_ text: String, path: String, folder: String = ".") throws(ConfigurationError) {
        let (parameters, _) = try Self.read(text, path: path, folder: folder, setting: [])
        self.init(text: text, path: path, folder: folder, parameters: parameters)
    }

    private init(text: String, path: String, folder: String, parameters: [ScenarioParameter]) {
        self.path = path
        self.parameters = parameters
        self.folder = folder
        self.text = text
    }

    /// The scenario with these values; what is not among them has its first one.
    ///
    /// - Parameter values: of some of the parameters; they need not be among those that the file lists.
    /// - Throws: everything that is wrong with these values, and the names of parameters that the file does not have.
    public func scenario(_ values: [ParameterValue] = []) throws(ConfigurationError) -> Scenario {
        try Self.read(text, path: path, folder: folder, setting: values).scenario
    }

    /// Every combination of the parameters' values, those of the last parameter changing first; a single empty one without parameters.
    ///
    /// - Parameter chosen: the values of those parameters that have one value only.
    public func combinations(choosing chosen: [ParameterValue] = []) -> [[ParameterValue]] {
        parameters.reduce([[]]) { combinations, parameter in
            let values = chosen.first { $0.name == parameter.name }.map { [$0.value] } ?? parameter.values
            return combinations.flatMap { combination in
                values.map { combination + [ParameterValue(name: parameter.name, value: $0)] }
            }
        }
    }

    // MARK: - Reading

    private static func read(
        _ text: String, path: String, folder: String, setting values: [ParameterValue]
    ) throws(ConfigurationError) -> (parameters: [ScenarioParameter], scenario: Scenario) {
        let problems = ConfigurationProblems()
        guard let marked = TextParameters.marked(text) else {
            throw error(file: path, "it has the characters U+E000 or U+E001, which are for private use")
        }
        let root = try ConfigurationField.root(of: marked, file: path, problems: problems)
        let field = root.form == .mapping ? root.anyMapping(expected: "")?["parameters"] : nil
        let parameters = field.map(readParameters) ?? []
        for value in values where !parameters.contains(where: { $0.name == value.name }) {
            let names = parameters.map(\.name).joined(separator: ", ")
            problems.add(
                line: field?.line ?? 0, field: "parameters", found: "no parameter is called '\(value.name)'",
                expected: names.isEmpty ? "none: the file has no parameters" : "one of \(names)")
        }
        let chosen = parameters.map { parameter in
            values.first { $0.name == parameter.name }
                ?? ParameterValue(name: parameter.name, value: parameter.values.first ?? "")
        }
        let places = ConfigurationParameters(chosen.map { ($0.name, $0.value) })
        var reader = ScenarioReader(problems: problems, folder: folder)
        var scenario = reader.scenario(root.with(places), file: path)
        if let field, problems.list.isEmpty {
            for name in places.names where !places.usedNames.contains(name) {
                field.refuse("'\(name)' is used nowhere", expected: "a place that says ${\(name)}")
            }
        }
        if let error = problems.error(file: path) { throw error }
        scenario?.parameters = chosen
        // A field that is missing has been noted as a problem, so there is a scenario; it is an error all the same.
        guard let scenario else { throw error(file: path, "the file is incomplete") }
        return (parameters, scenario)
    }

    private static func readParameters(_ field: ConfigurationField) -> [ScenarioParameter] {
        let members = field.anyMapping(expected: "a mapping of names with lists of values: latency: [10ms, 50ms]")
        let parameters = (members?.fields ?? []).compactMap(readParameter)
        var count = 1
        for parameter in parameters where count <= combinationCountMax { count *= parameter.values.count }
        if count > combinationCountMax {
            field.refuse(
                "their values have more than \(combinationCountMax) combinations",
                expected: "at most \(combinationCountMax)")
        }
        return parameters
    }

    private static func readParameter(_ member: ConfigurationMapping.Member) -> ScenarioParameter? {
        guard TextParameters.isName(member.name) else {
            member.value.refuse(
                "'\(member.name)' is no name of a parameter",
                expected: "1 to 64 letters, digits, hyphens and underscores, the first of them a letter")
            return nil
        }
        guard !RunRows.reservedColumns.contains(member.name) else {
            member.value.refuse("'\(member.name)' is the name of a figure", expected: "another name")
            return nil
        }
        let fields = member.value.form == .list ? member.value.list() ?? [] : [member.value]
        if fields.isEmpty { member.value.refuse("the list is empty", expected: "at least one value") }
        if fields.count > valueCountMax {
            member.value.refuse("found \(fields.count) values", expected: "at most \(valueCountMax)")
        }
        var values: [String] = []
        for field in fields.prefix(valueCountMax) {
            guard let value = field.text(expected: "a value") else { continue }
            if values.contains(value) { field.refuse("'\(value)' is in the list twice", expected: "each value once") }
            if TextParameters.isMarked(value) { field.refuse("a value has no parameters itself") }
            values.append(value)
        }
        return values.isEmpty ? nil : ScenarioParameter(name: member.name, values: values)
    }

    /// A problem of the file as a whole.
    private static func error(file: String, _ found: String) -> ConfigurationError {
        let problems = ConfigurationProblems()
        problems.add(line: 0, field: "", found: found)
        return problems.error(file: file) ?? ConfigurationError(file: file, problems: [])
    }
}
