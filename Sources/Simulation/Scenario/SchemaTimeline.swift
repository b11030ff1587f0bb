/// The tables as a timeline changes them, to refuse a change of what is not there.
struct SchemaTimeline {
    private var tables: [TablePlan]

    init(tables: [TablePlan]) {
        self.tables = tables
    }

    /// Carries out one step of the timeline.
    ///
    /// - Returns: why it cannot be, with what could; nil when it can, or is no change of a table.
    mutating func apply(_ kind: FaultPlan.Kind) -> (found: String, expected: String)? {
        switch kind {
        case .createTable(let plan):
            guard !tables.contains(where: { $0.name == plan.name }) else {
                return ("there already is a table '\(plan.name)' then", "another name, or a 'delete-table' before it")
            }
            tables.append(plan)
        case .deleteTable(let name, let region):
            guard let index = index(of: name) else { return missing(name) }
            if let problem = stranger(region, index) { return problem }
            tables[index].replicas.removeAll { $0 == region }
            if tables[index].replicas.isEmpty { tables.remove(at: index) }
        case .addReplica(let table, let region, let requester):
            guard let index = index(of: table) else { return missing(table) }
            if let problem = stranger(requester, index) { return problem }
            guard !tables[index].replicas.contains(region) else {
                return ("'\(table)' has a replica in '\(region)' already", "another region")
            }
            tables[index].replicas.append(region)
        case .removeReplica(let table, let region, let requester):
            guard let index = index(of: table) else { return missing(table) }
            if let problem = stranger(requester, index) ?? stranger(region, index) { return problem }
            guard tables[index].replicas.count > 1 else {
                return ("it is the last replica of '\(table)'", "'delete-table'")
            }
            tables[index].replicas.removeAll { $0 == region }
        case .addIndex(let table, let added, let requester):
            guard let index = index(of: table) else { return missing(table) }
            if let problem = stranger(requester, index) { return problem }
            guard !tables[index].indexes.contains(where: { $0.name == added.name }) else {
                return ("'\(table)' has an index '\(added.name)' already", "another name")
            }
            tables[index].indexes.append(added)
        case .removeIndex(let table, let name, let requester):
            guard let index = index(of: table) else { return missing(table) }
            if let problem = stranger(requester, index) ?? missingIndex(name, of: index) { return problem }
            tables[index].indexes.removeAll { $0.name == name }
        case .changeSetting(let table, let setting, let requester):
            guard let index = index(of: table) else { return missing(table) }
            if let problem = stranger(requester, index) { return problem }
            switch setting {
            case .maxima(_, _, let name?): return missingIndex(name, of: index)
            // The replica may be gone here: another region has removed it, and the one that is asked need not know.
            case .replicaMaximum(requester, _):
                return ("it is the region that is asked", "the region of another replica")
            default: break
            }
        default: break
        }
        return nil
    }

    private func index(of table: String) -> Int? { tables.firstIndex { $0.name == table } }

    private func missing(_ table: String) -> (found: String, expected: String) {
        let names = tables.map(\.name).joined(separator: ", ")
        return ("there is no table '\(table)' then", names.isEmpty ? "a 'create-table' before it" : "one of \(names)")
    }

    /// A global index is needed; local ones stay as they were made.
    private func missingIndex(_ name: String, of place: Int) -> (found: String, expected: String)? {
        let known = tables[place].indexes.filter { !$0.isLocal }.map(\.name)
        guard !known.contains(name) else { return nil }
        if tables[place].indexes.contains(where: { $0.name == name }) {
            return ("'\(name)' is a local index, which stays as it was made", "a global one")
        }
        return (
            "'\(tables[place].name)' has no index '\(name)' then",
            known.isEmpty ? "an 'add-index' before it" : "one of \(known.joined(separator: ", "))"
        )
    }

    /// A region is asked for what only one with a replica can do.
    private func stranger(_ region: String, _ index: Int) -> (found: String, expected: String)? {
        let table = tables[index]
        guard !table.replicas.contains(region) else { return nil }
        return (
            "'\(table.name)' has no replica in '\(region)' then", "one of \(table.replicas.joined(separator: ", "))"
        )
    }
}
