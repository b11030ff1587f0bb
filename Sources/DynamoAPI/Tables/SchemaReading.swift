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
                    throw .validation("Attribute Name is duplicated: \(name)")
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
        if case .table = owner, names.count > definitions.count {
            throw .validation("Invalid KeySchema: Some index key attribute have no definition")
        }
        guard missing.isEmpty else {
            throw .invalidParameters(
                """
                Some index key attributes are not defined in AttributeDefinitions. Keys: \(Self.set(missing)), \
                AttributeDefinitions: \(Self.set(definitions.map(\.name)))
                """)
        }
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
                throw .invalidParameters("All HASH key attributes must precede RANGE key attributes in the KeySchema")
            }
            for (count, role) in [(hashCount, "HASH"), (count - hashCount, "RANGE")] where count > Self.maximumRoleCount
            {
                throw .invalidParameters(
                    "The KeySchema exceeds the maximum allowed number of \(role) key attributes")
            }
            guard Set(names).count == names.count else {
                throw .validation("The KeySchema contains multiple key attributes with the same name")
            }
        } else if count > 1 {
            guard count == 2 else {
                let elements = zip(names, isRange).map { name, isRange in
                    "KeySchemaElement(attributeName=\(name), keyType=\(isRange ? "RANGE" : "HASH"))"
                }
                throw .brokenConstraint(
                    at: "keySchema", showing: "[\(elements.joined(separator: ", "))]",
                    "Member must have length less than or equal to 2")
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
    ///
    /// - Parameter mode: the table's billing mode where the request says it.
    mutating func globalIndex(_ json: JSONValue, _ mode: BillingMode?) throws(DynamoFault) -> IndexDefinition {
        let name = json["IndexName"]?.text ?? ""
        let throughput = json["ProvisionedThroughput"].map { CapacityReading.throughput($0) }
        return IndexDefinition(
            name: name, isGlobal: true, keySchema: try keySchema(json["KeySchema"], for: .globalIndex(name)),
            projection: try Self.projection(json["Projection"]),
            throughput: throughput,
            onDemandThroughput: try CapacityReading.initialOnDemandThroughput(
                json["OnDemandThroughput"], of: name, mode ?? (throughput == nil ? .payPerRequest : .provisioned)),
            warmThroughput: try CapacityReading.initialWarmThroughput(
                json["WarmThroughput"], throughput, of: "index \(name)"))
    }

    /// Checks a new global index's capacity against the table's billing mode.
    ///
    /// - Parameter isCreation: whether the table is being made, which decides the service's words.
    static func checkThroughput(
        of index: IndexDefinition, _ billingMode: BillingMode, isCreation: Bool
    ) throws(DynamoFault) {
        switch (billingMode, index.throughput) {
        case (.provisioned, nil):
            throw .invalidParameters(
                "ProvisionedThroughput \(isCreation ? "is not" : "must be") specified for index: \(index.name)")
        case (.payPerRequest, .some):
            throw .invalidParameters(
                "ProvisionedThroughput should not be specified for index: \(index.name) when BillingMode is PAY_PER_REQUEST"
            )
        case (.provisioned, let throughput?):
            try CapacityReading.check(throughput, of: index.name)
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
            Some AttributeDefinitions are not used. AttributeDefinitions: \(Self.set(definitions.map(\.name))), keys used: \
            \(Self.set(usedNames))
            """)
    }

    private static func projection(_ json: JSONValue?) throws(DynamoFault) -> IndexProjection {
        let names = json?["NonKeyAttributes"].map { $0.elements.map(\.text) }
        guard let type = json?["ProjectionType"]?.string else {
            throw .invalidParameters("Unknown ProjectionType: null")
        }
        switch (type, names) {
        case ("INCLUDE", let names?):
            for (place, name) in names.enumerated() where names[..<place].contains(name) {
                throw .invalidParameters("Duplicate element in NonKeyAttributes: \(name)")
            }
            return .include(names)
        case ("INCLUDE", nil):
            throw .invalidParameters("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        case (_, .some):
            throw .invalidParameters("ProjectionType is \(type), but NonKeyAttributes is specified")
        case ("KEYS_ONLY", nil): return .keysOnly
        default: return .all
        }
    }

    /// Throws where definitions of a request give an attribute another type than an index or table has it with.
    ///
    /// - Parameter schema: the new index's key.
    static func checkNotRedefined(
        _ definitions: [KeyAttribute], by schema: KeySchema, of table: Table
    ) throws(DynamoFault) {
        let schemas = [table.keySchema] + (table.indexes + table.deletingIndexes).map(\.definition.keySchema)
        for existing in schemas {
            let isRedefined = existing.attributes.contains { attribute in
                definitions.contains { $0.name == attribute.name && $0.kind != attribute.kind }
            }
            guard !isRedefined else {
                throw .invalidParameters(
                    """
                    Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. \
                    Existing schema: \(text(of: existing)) New schema: \(text(of: schema))
                    """)
            }
        }
    }

    private static func text(of schema: KeySchema) -> String {
        let elements = schema.partition.map { ($0, "HASH") } + schema.sort.map { ($0, "RANGE") }
        let texts = elements.map { "SchemaElement: key{\($0.name):\($0.kind.rawValue):\($1)}" }
        return "Schema:[\(texts.joined(separator: ", "))]"
    }

    /// Names as error texts list them where the service has them in a hash set.
    private static func set(_ names: [Text]) -> String { list(HashSetOrder.of(names)) }

    /// Names as error texts list them.
    static func list(_ names: [Text]) -> String { "[\(names.map(\.string).joined(separator: ", "))]" }
}
