import AWSProtocol
import Expressions
import ItemModel
import RegionStore

/// What Query and Scan have in common of their requests: what to read, from where on, and what of it to return.
struct RangeRequest: Sendable {
    let reference: TableReference
    let indexName: Text?
    let isConsistent: Bool
    /// How many items to evaluate at the most.
    let limit: Int?
    let startKey: Item?
    let filter: Condition?
    let projection: Projection?
    /// Nil where the request leaves it to what it reads.
    let select: Select?
    let capacityLevel: CapacityLevel

    /// What `Select` asks for; the raw value is DynamoDB's name of it.
    enum Select: String, Sendable {
        case allAttributes = "ALL_ATTRIBUTES"
        case allProjectedAttributes = "ALL_PROJECTED_ATTRIBUTES"
        case specificAttributes = "SPECIFIC_ATTRIBUTES"
        case count = "COUNT"
    }

    /// Reads what both have in common.
    ///
    /// - Parameters:
    ///   - request: the request, whose shape has been checked.
    ///   - parameters: its expressions.
    ///   - legacyFilter: what the operation calls the parameter that FilterExpression replaced.
    ///   - hasEnvelope: whether the service puts refusals of `Select` in the envelope of broken constraints.
    init(
        _ request: JSONValue, _ parameters: ExpressionParameters, legacyFilter: StaticString, hasEnvelope: Bool
    ) throws(DynamoFault) {
        reference = try TableReference(request)
        indexName = request["IndexName"]?.text
        isConsistent = request["ConsistentRead"]?.isTrue ?? false
        limit = request["Limit"]?.integer
        startKey = try StartKey.decode(request["ExclusiveStartKey"])
        filter =
            if let filter = parameters.filter { filter } else {
                try LegacyConditions.filter(request, legacyFilter)
            }
        projection =
            if let projection = parameters.projection { projection } else {
                try ItemProjection.attributesToGet(request)
            }
        select = request["Select"].flatMap { Select(rawValue: $0.string) }
        capacityLevel = CapacityLevel(request)
        if let fault = selectFault(request) {
            throw .validation(hasEnvelope ? DynamoFault.constraintEnvelope(count: 1) + fault : fault)
        }
    }

    /// What is wrong with `Select` beside what else the request has.
    private func selectFault(_ request: JSONValue) -> String? {
        if projection == nil {
            if select == .specificAttributes {
                return
                    "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            }
        } else if let select, select != .specificAttributes {
            let parameter = request["AttributesToGet"] == nil ? "ProjectionExpression" : "AttributesToGet"
            let choice = select == .count ? "only the Count" : select.rawValue
            return "Cannot specify the \(parameter) when choosing to get \(choice)"
        }
        guard select == .allProjectedAttributes, indexName == nil else { return nil }
        return "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
    }

    /// What reading the table, or the index, takes the right to.
    func access(_ action: StaticString) -> Access {
        Access(action, indexName.map { .index(reference, $0) } ?? .table(reference))
    }

    /// The index that is read, nil for the table itself, once it is clear that the index can be read as the request wants.
    func index(of table: Table) throws(DynamoFault) -> SecondaryIndex? {
        guard let indexName else { return nil }
        guard let index = table.index(named: indexName) else {
            throw .validation("The table does not have the specified index: \(indexName)")
        }
        guard index.isGlobal else { return index }
        guard index.status != .creating else {
            throw .validation("Cannot read from backfilling global secondary index: \(indexName)")
        }
        guard !isConsistent else {
            throw .validation("Consistent reads are not supported on global secondary indexes")
        }
        return index
    }

    /// Throws where a global index does not hold what is to be returned.
    func checkProjected(by index: SecondaryIndex?, of table: Table) throws(DynamoFault) {
        guard let index, index.isGlobal, let held = index.projectedNames(in: table) else { return }
        guard select != .allAttributes else {
            throw .invalidParameters(
                """
                Select type ALL_ATTRIBUTES is not supported for global secondary index \(index.name) because its projection \
                type is not ALL
                """)
        }
        let missing = projection?.attributeNames.filter { !held.contains($0) } ?? []
        guard missing.isEmpty else {
            throw .invalidParameters(
                "Global secondary index \(index.name) does not project \(SchemaReading.list(missing))")
        }
    }

    /// Throws where a global index does not hold what is filtered by.
    ///
    /// - Parameter noun: what the service's words call the index.
    func checkFilterProjected(
        by index: SecondaryIndex?, of table: Table, noun: String = "Global secondary index"
    ) throws(DynamoFault) {
        guard let index, index.isGlobal, let held = index.projectedNames(in: table) else { return }
        let missing = filter?.attributeNames.filter { !held.contains($0) } ?? []
        guard missing.isEmpty else {
            throw .invalidParameters(
                """
                \(noun) \(index.name) does not project one or more filter attributes: \(SchemaReading.list(missing))
                """)
        }
    }

    /// Whether items have to be fetched from the table, as a local index does not hold all that is returned or filtered by.
    private func fetchesItems(through index: SecondaryIndex?, of table: Table) -> Bool {
        guard let index, !index.isGlobal, let held = index.projectedNames(in: table) else { return false }
        guard select != .allAttributes else { return true }
        let names = (projection?.attributeNames ?? []) + (filter?.attributeNames ?? [])
        return !names.allSatisfy(held.contains)
    }

    /// The read of `range` that the request comes to, from the start key on.
    func read(_ range: RangeRead.Range, of table: Table, through index: SecondaryIndex?) -> RangeRead {
        var read = RangeRead(table: table, index: index, range: range)
        read.exclusiveStartKey = startKey
        read.limit = limit
        read.filter = filter
        read.fetchesItem = fetchesItems(through: index, of: table)
        return read
    }
}

/// The parameters that Query and Scan share.
extension Shape.Member {
    static let indexName = Self("IndexName", .indexName)
    static let select = Self("Select", .select)
    static let limit = Self("Limit", .integer(atLeast: 1))
    static let consistentRead = Self("ConsistentRead", .boolean)
    static let exclusiveStartKey = Self("ExclusiveStartKey", .attributeMap)
}
