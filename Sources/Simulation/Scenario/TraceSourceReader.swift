import ConfigurationFiles

/// Reads what a workload says of recorded requests, and the file that it names.
struct TraceSourceReader {
    let reader: ScenarioReader

    /// The path of a file of recorded requests, or a mapping that says more of it; and what is in the file.
    func read(_ field: ConfigurationField, itemsHaveSortKey: Bool, regions: [String]) -> RequestTrace? {
        let expected = "the path of a file of requests"
        var source = RequestTrace.Source(file: "")
        if field.form == .scalar {
            guard let file = field.text(expected: expected) else { return nil }
            source.file = file
        } else {
            let keys = ["file", "table", "partition-key", "sort-key", "region"]
            guard let members = field.mapping(keys: keys, required: ["file"]),
                let file = members["file"]?.text(expected: expected)
            else { return nil }
            source.file = file
            source.table = members["table"].flatMap { $0.text() }
            source.partitionKey = members["partition-key"].flatMap { $0.text() }
            source.sortKey = members["sort-key"].flatMap { $0.text() }
            source.region = members["region"].flatMap(reader.region)
        }
        do {
            return try RequestTrace.load(
                source, path: reader.path(source.file),
                itemsHaveSortKey: itemsHaveSortKey, regions: regions)
        } catch {
            for problem in error.problems {
                field.refuse(
                    problem.line > 0
                        ? "\(source.file):\(problem.line): \(problem.text)" : "\(source.file): \(problem.text)")
            }
            return nil
        }
    }
}
