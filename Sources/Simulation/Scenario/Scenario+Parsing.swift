public import ConfigurationFiles

extension Scenario {
    /// Reads a scenario file, and the topology file that it names; each parameter has its first value.
    ///
    /// - Throws: everything that is wrong in it, with file and line.
    public static func load(path: String) throws(ConfigurationError) -> Scenario {
        try ScenarioFile.load(path: path).scenario()
    }

    /// Reads the text of a scenario file; each parameter has its first value.
    ///
    /// - Parameters:
    ///   - file: what problems call the file; its last part, without its ending, is the scenario's name if the text gives none.
    ///   - folder: what the path of the topology starts from.
    /// - Throws: everything that is wrong in it, with file and line.
    public static func parse(_ text: String, file: String, folder: String = ".") throws(ConfigurationError) -> Scenario
    {
        try ScenarioFile(text, path: file, folder: folder).scenario()
    }
}

/// Reads the parts of a scenario file, with what earlier parts say that later ones refer to.
struct ScenarioReader {
    static let keys = [
        "name", "description", "topology", "duration", "settle", "tables", "workload", "network", "disk", "process",
        "log", "links", "regions", "faults", "random-faults", "swarm", "expectations", "parameters",
    ]
    /// The longest scenario: what is longer is more likely a slip of the unit.
    static let durationMax = Duration.seconds(30 * 24 * 3600)

    let problems: ConfigurationProblems
    let folder: String
    /// The topology's regions, in its order; empty while it could not be read, and then no name is refused.
    var regions: [String] = []
    /// How long clients make requests; nil while it could not be read.
    var duration: Duration?

    init(problems: ConfigurationProblems, folder: String) {
        self.problems = problems
        self.folder = folder
    }

    mutating func scenario(_ root: ConfigurationField, file: String) -> Scenario? {
        let members = root.mapping(keys: Self.keys, required: ["topology", "duration", "tables", "workload"])
        guard let members else { return nil }
        let topologyFile = members["topology"].flatMap { $0.text(expected: "the path of a topology file") }
        let topology = members["topology"].flatMap { readTopology($0, path: topologyFile) }
        regions = topology?.regions.map(\.name) ?? []
        if let place = members["regions"] { regions = regionList(place) }
        duration = members["duration"].flatMap { $0.duration(in: .milliseconds(1)...Self.durationMax) }

        let tables = members["tables"].map(readTables) ?? []
        let faults = members["faults"].map { readFaults($0, tables: tables) } ?? []
        let workload = members["workload"].map { readWorkload($0, tables: tables, faults: faults) } ?? []

        var scenario = Scenario(
            name: members["name"].flatMap { $0.text() } ?? Self.name(ofFile: file),
            topology: topology ?? Topology(regions: []), duration: duration ?? .zero, tables: tables,
            workload: workload)
        scenario.description = members["description"].flatMap { $0.text() } ?? ""
        scenario.topologyFile = topologyFile ?? ""
        scenario.folder = folder
        scenario.keepRegions(regions)
        members["settle"].flatMap { $0.duration(in: .milliseconds(1)...Self.durationMax) }.map { scenario.settle = $0 }
        let hardware = HardwareReader(reader: self)
        members["network"].map { hardware.readNetwork($0, into: &scenario.network) }
        members["disk"].map { hardware.readDisk($0, into: &scenario.disk) }
        members["process"].map { hardware.readProcess($0, into: &scenario.process) }
        members["links"].map { scenario.links = LinkPlan.read($0, topology: topology) }
        members["swarm"].flatMap { $0.flag() }.map { scenario.isSwarm = $0 }
        members["log"].map { scenario.log = LogPlan.read($0, topology: topology) }
        scenario.faults = faults
        scenario.randomFaults = members["random-faults"].flatMap { RandomFaultReader(duration: duration).read($0) }
        scenario.expectations = members["expectations"].map(ExpectationReader(self).read) ?? []
        return scenario
    }

    /// The path of a file that the scenario names.
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    private static func name(ofFile file: String) -> String {
        let last = file.split(separator: "/").last.map(String.init) ?? file
        return last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
    }

    private func readTopology(_ field: ConfigurationField, path: String?) -> Topology? {
        guard let path else { return nil }
        do {
            return try Topology.load(path: self.path(path))
        } catch {
            for problem in error.problems {
                let place = problem.line > 0 ? "\(error.file):\(problem.line)" : error.file
                field.refuse("\(place): \(problem)")
            }
            return nil
        }
    }

    // MARK: Regions

    /// The name of a region of the topology.
    func region(_ field: ConfigurationField) -> String? {
        guard let name = field.text(expected: "a region") else { return nil }
        guard regions.isEmpty || regions.contains(name) else {
            field.refuse("no region is called '\(name)'", expected: "one of \(regions.joined(separator: ", "))")
            return nil
        }
        return name
    }

    /// `all`, the name of a region, or a list of names.
    func regionList(_ field: ConfigurationField) -> [String] {
        guard field.form == .list else {
            let expected = "all, or a list of regions"
            guard let text = field.text(expected: expected) else { return [] }
            return text == "all" ? regions : region(field).map { [$0] } ?? []
        }
        return distinctRegions(field)
    }

    /// A list of regions that has none twice, and at least one.
    func distinctRegions(_ field: ConfigurationField) -> [String] {
        guard let list = field.list() else { return [] }
        if list.isEmpty { field.refuse("the list is empty", expected: "at least one region") }
        var names: [String] = []
        for element in list {
            guard let name = region(element) else { continue }
            if names.contains(name) { element.refuse("'\(name)' is in the list twice", expected: "each region once") }
            names.append(name)
        }
        return names
    }
}
