import ConfigurationFiles
import RegionStore

extension ScenarioReader {
    func readTables(_ field: ConfigurationField) -> [TablePlan] {
        guard let list = field.list() else { return [] }
        var tables: [TablePlan] = []
        for element in list {
            guard let table = readTable(element) else { continue }
            if tables.contains(where: { $0.name == table.name }) {
                element.refuse("a table is already called '\(table.name)'", expected: "a name of its own")
            }
            tables.append(table)
        }
        return tables
    }

    func readTable(_ field: ConfigurationField) -> TablePlan? {
        let members = field.mapping(
            keys: ["name", "sort-key", "replicas", "indexes", "time-to-live", "stream"], required: ["name"])
        guard let members else { return nil }
        let name = members["name"].flatMap(resourceName)
        // Even where there is no name, the rest is read: all problems are told at once.
        var table = TablePlan(name: name ?? "", replicas: members["replicas"].map(regionList) ?? regions)
        members["sort-key"].flatMap { $0.flag() }.map { table.hasSortKey = $0 }
        members["time-to-live"].flatMap { $0.flag() }.map { table.hasTimeToLive = $0 }
        if let view: StreamViewType = members["stream"].flatMap({ $0.choice(separator: ", ") }) {
            table.streamViewType = view
        }
        for element in members["indexes"].flatMap({ $0.list() }) ?? [] {
            guard let index = readIndex(element) else { continue }
            if table.indexes.contains(where: { $0.name == index.name }) {
                element.refuse("an index is already called '\(index.name)'", expected: "a name of its own")
            }
            if index.isLocal, !table.hasSortKey {
                element.refuse("a local index of a table without a sort key", expected: "'sort-key: true' of the table")
            }
            table.indexes.append(index)
        }
        return name == nil ? nil : table
    }

    private func readIndex(_ field: ConfigurationField) -> TablePlan.IndexPlan? {
        let keys = ["name", "projection", "sort-key", "local"]
        guard let members = field.mapping(keys: keys, required: ["name"]) else { return nil }
        return index(in: members)
    }

    /// What is said of an index: with all attributes, and without a sort key, when nothing is said of those.
    func index(in members: ConfigurationMapping) -> TablePlan.IndexPlan? {
        guard let name = members["name"].flatMap(resourceName) else { return nil }
        var index = TablePlan.IndexPlan(name: name, projection: .all)
        if let place = members["projection"] {
            guard let projection: TablePlan.IndexPlan.Projection = place.choice(separator: " or ") else { return nil }
            index.projection = projection
        }
        members["local"].flatMap { $0.flag() }.map { index.isLocal = $0 }
        index.hasSortKey = members["sort-key"].flatMap { $0.flag() } ?? index.isLocal
        if index.isLocal, !index.hasSortKey {
            members["sort-key"]?.refuse("a local index without a sort key", expected: "true, or nothing")
        }
        return index
    }

    /// The name of a table or an index, by DynamoDB's rule.
    func resourceName(_ field: ConfigurationField) -> String? {
        let expected = "3 to 255 letters, digits, '_', '-' and '.'"
        guard let text = field.text(expected: expected) else { return nil }
        let isMadeOfAllowed = text.utf8.allSatisfy {
            0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0
                || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains($0)
        }
        guard isMadeOfAllowed, 3...255 ~= text.utf8.count else {
            field.refuse("found \(field.shown)", expected: expected)
            return nil
        }
        return text
    }
}
