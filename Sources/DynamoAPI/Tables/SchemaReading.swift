import AWSProtocol
import ItemModel
import RegionStore

/// The key schemas, attribute definitions and indexes of a request, checked against each other.
///
/// Sources: AWS API reference, `CreateTable` and `UpdateTable`; AWS developer guide, "Multi-attribute keys" of global secondary
/// indexes.
struct SchemaReading {
    /// The attribute definitions in the request's order.
    let definitions: [KeyAttribute]
    private let definitionsByName: [Text: KeyAttribute]
    /// The names of the attributes that keys have used, in the order of first use.
    private(set) var usedNames: [Text] = []

    /// Attributes of one role in a global index's key.
    private static let maximumRoleCount = 4
    static let maximumLocalIndexCount = 5
    static let maximumGlobalIndexCount = 20
    /// Attributes that all indexes of a table may name in `NonKeyAttributes` together.
    private static let maximumProjectedCount = 100

    /// Which kind of key a schema is for.
    enum Owner {
        case table
        case localIndex(Text)
        case globalIndex(Text)
    }

    /// Reads `AttributeDefinitions`; none counts as empty.
    init(_ request: JSONValue) throws(DynamoFault) {
        var definitions: [KeyAttribute] = []
        var byName: [Text: KeyAttribute] = [:]
        if let list = request["AttributeDefinitions"] {
            for element in list.elements {
                let name = element["AttributeName"]?.text ?? ""
                let kind = AttributeValue.Kind(rawValue: element["AttributeType"]?.string ?? "") ?? .string
                let attribute = KeyAttribute(name: name, kind: kind)
                guard byName.updateValue(attribute, forKey: name) == nil else {
                    throw .invalidParameters("Cannot have two attributes with the same name")
                }
                definitions.append(attribute)
            }
        }
        self.definitions = definitions
        definitionsByName = byName
    }

    /// Reads a key schema.
    mutating func keySchema(_ json: JSONValue?, for owner: Owner) throws(DynamoFault) -> KeySchema {
        let elements = json.map { Array($0.elements) } ?? []
        var partition: [KeyAttribute] = []
        var sort: [KeyAttribute] = []
        let names = elements.map { $0["AttributeName"]?.text ?? "" }
        let isRange = elements.map { $0["KeyType"]?.isString("RANGE") ?? false }
        try checkDefined(names, for: owner)
        try checkRoles(names, isRange, elements.count, for: owner)
        for (name, isRange) in zip(names, isRange) {
            guard let attribute = definitionsByName[name] else { continue }
            if isRange { sort.append(attribute) } else { partition.append(attribute) }
            if !usedNames.contains(name) { usedNames.append(name) }
        }
        return KeySchema(partition: partition, sort: sort)
    }

    private func checkDefined(_ names: [Text], for owner: Owner) throws(DynamoFault) {
        let missing = names.filter { definitionsByName[$0] == nil }
        guard !missing.isEmpty else { return }
        if case .table = owner { throw .validation("Invalid KeySchema: Some index key attribute have no definition") }
        throw .invalidParameters(
            """
            Some index key attributes are not defined in AttributeDefinitions. Keys: \(Self.list(missing)), \
            AttributeDefinitions: \(Self.list(definitions.map(\.name)))
            """)
    }

    private func checkRoles(
        _ names: [Text], _ isRange: [Bool], _ count: Int, for owner: Owner
    ) throws(DynamoFault) {
        guard isRange.first == false else {
            throw .validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        }
        if case .globalIndex = owner, count > 2 {
            let hashCount = isRange.prefix { !$0 }.count
            guard isRange.dropFirst(hashCount).allSatisfy({ $0 }) else {
                throw .validation(
                    "Invalid KeySchema: All HASH KeySchemaElements must precede the RANGE KeySchemaElements")
            }
            guard hashCount <= Self.maximumRoleCount, count - hashCount <= Self.maximumRoleCount else {
                throw .validation(
                    "Invalid KeySchema: At most \(Self.maximumRoleCount) KeySchemaElements of each key type are allowed"
                )
            }
        } else if count > 1 {
            guard count == 2 else {
                let elements = zip(names, isRange).map { name, isRange in
                    "KeySchemaElement(attributeName=\(name), keyType=\(isRange ? "RANGE" : "HASH"))"
                }
                throw .validation(
                    """
                    1 validation error detected: Value '[\(elements.joined(separator: ", "))]' at 'keySchema' failed to \
                    satisfy constraint: Member must have length less than or equal to 2
                    """)
            }
            var isMultiple = false
            if case .globalIndex = owner { isMultiple = true }
            guard isRange[1] || isMultiple else {
                throw .validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
            }
        }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw .validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
        }
    }

    /// Reads one element of `LocalSecondaryIndexes`.
    mutating func localIndex(_ json: JSONValue, of table: KeySchema) throws(DynamoFault) -> IndexDefinition {
        let name = json["IndexName"]?.text ?? ""
        let schema = try keySchema(json["KeySchema"], for: .localIndex(name))
        guard !table.sort.isEmpty else {
            throw .invalidParameters(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
        }
        guard !schema.sort.isEmpty else {
            throw .invalidParameters("Index KeySchema does not have a range key for index: \(name)")
        }
        guard schema.partition == table.partition else {
            throw .invalidParameters(
                """
                Index KeySchema does not have the same leading hash key as table KeySchema for index: \(name). index hash \
                key: \(schema.partition.first?.name ?? ""), table hash key: \(table.partition.first?.name ?? "")
                """)
        }
        return IndexDefinition(
            name: name, isGlobal: false, keySchema: schema, projection: try Self.projection(json["Projection"]))
    }

    /// Reads one element of `GlobalSecondaryIndexes`, or an action that creates one.
    mutating func globalIndex(_ json: JSONValue) throws(DynamoFault) -> IndexDefinition {
        let name = json["IndexName"]?.text ?? ""
        return IndexDefinition(
            name: name, isGlobal: true, keySchema: try keySchema(json["KeySchema"], for: .globalIndex(name)),
            projection: try Self.projection(json["Projection"]),
            throughput: json["ProvisionedThroughput"].map { CapacityReading.throughput($0) },
            onDemandThroughput: try CapacityReading.onDemandThroughput(json["OnDemandThroughput"]),
            warmThroughput: try CapacityReading.warmThroughput(
                json["WarmThroughput"],
                over: CapacityReading.currentWarmThroughput(
                    nil, json["ProvisionedThroughput"].map { CapacityReading.throughput($0) }),
                of: "index \(name)"))
    }

    /// Checks a new global index's capacity against the table's billing mode.
    static func checkThroughput(of index: IndexDefinition, _ billingMode: BillingMode) throws(DynamoFault) {
        switch (billingMode, index.throughput) {
        case (.provisioned, nil):
            throw .invalidParameters("ProvisionedThroughput must be specified for index: \(index.name)")
        case (.payPerRequest, .some):
            throw .invalidParameters(
                "ProvisionedThroughput should not be specified for index: \(index.name) when BillingMode is PAY_PER_REQUEST"
            )
        case (.provisioned, let throughput?):
            try CapacityReading.check(throughput, of: index.name)
            guard index.onDemandThroughput == nil else { throw .onDemandThroughputOfProvisioned }
        case (.payPerRequest, nil): break
        }
    }

    /// Checks what only all indexes together can break.
    func checkIndexes(_ indexes: [IndexDefinition]) throws(DynamoFault) {
        for (position, index) in indexes.enumerated()
        where indexes[..<position].contains(where: { $0.name == index.name }) {
            throw .invalidParameters("Duplicate index name: \(index.name)")
        }
        try Self.checkProjectedCount(of: indexes)
    }

    /// Checks how many attributes all indexes of a table project together.
    static func checkProjectedCount(of indexes: [IndexDefinition]) throws(DynamoFault) {
        let projected = indexes.reduce(0) { count, index in
            if case .include(let names) = index.projection { count + names.count } else { count }
        }
        guard projected <= maximumProjectedCount else {
            throw .invalidParameters(
                "Number of projected attributes across all indexes exceeds the limit of \(maximumProjectedCount)")
        }
    }

    /// Checks that keys use every definition.
    ///
    /// - Parameter hasIndexes: which decides the service's words.
    func checkAllUsed(hasIndexes: Bool) throws(DynamoFault) {
        guard usedNames.count != definitions.count else { return }
        guard hasIndexes else {
            throw .invalidParameters(
                """
                Number of attributes in KeySchema does not exactly match number of attributes defined in \
                AttributeDefinitions
                """)
        }
        throw .invalidParameters(
            """
            Some AttributeDefinitions are not used. AttributeDefinitions: \(Self.list(definitions.map(\.name))), keys used: \
            \(Self.list(usedNames))
            """)
    }

    private static func projection(_ json: JSONValue?) throws(DynamoFault) -> IndexProjection {
        let names = json?["NonKeyAttributes"].map { $0.elements.map(\.text) }
        guard let type = json?["ProjectionType"]?.string else {
            throw .invalidParameters("Unknown ProjectionType: null")
        }
        switch (type, names) {
        case ("INCLUDE", let names?): return .include(names)
        case ("INCLUDE", nil):
            throw .invalidParameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        case (_, .some):
            throw .invalidParameters("ProjectionType is \(type), but NonKeyAttributes is specified")
        case ("KEYS_ONLY", nil): return .keysOnly
        default: return .all
        }
    }

    /// Names as error texts list them.
    static func list(_ names: [Text]) -> String { "[\(names.map(\.string).joined(separator: ", "))]" }
}
