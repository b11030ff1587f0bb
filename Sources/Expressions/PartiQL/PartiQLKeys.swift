public import ItemModel

/// What a statement's condition says about the key of a table or an index.
public struct PartiQLKeys: Sendable {
    private let schema: KeyCondition.Schema
    /// What must all hold.
    private let terms: [Condition.Node]

    public init(of condition: Condition?, schema: KeyCondition.Schema) {
        self.schema = schema
        terms = condition.map { Self.conjuncts(of: $0.root) } ?? []
    }

    private static func conjuncts(of node: Condition.Node) -> [Condition.Node] {
        if case .and(let nodes) = node { nodes.flatMap(conjuncts) } else { [node] }
    }

    /// The key of the one item that the condition is about: an equality for each key attribute, with a value of any type.
    public func item() throws(ExpressionError) -> Item {
        var key = Item()
        for attribute in schema.partition + schema.sort {
            let values = terms.compactMap { Self.equality($0, on: attribute.name) }
            guard let value = values.first, values.dropFirst().allSatisfy({ $0 == value }) else {
                throw ExpressionError(.statementKeyMissing)
            }
            key[attribute.name] = value
        }
        return key
    }

    /// The partitions that a select reads, each with its range of sort keys; nil where it has to read everything.
    ///
    /// A partition key is recognised by `=`, by IN, or by OR of these; the sort key by any comparison that a query knows. The whole
    /// condition remains to be met by what is read.
    public func partitions() throws(ExpressionError) -> [KeyCondition]? {
        var partitions: [[AttributeValue]] = [[]]
        for attribute in schema.partition {
            guard let values = terms.lazy.compactMap({ Self.alternatives($0, on: attribute.name) }).first else {
                return nil
            }
            guard values.count <= ExpressionLimits.inPartitionKeyCount else {
                throw ExpressionError(.tooManyPartitionKeys(count: values.count))
            }
            var distinct: [AttributeValue] = []
            for value in values where !distinct.contains(value) { distinct.append(value) }
            partitions = partitions.flatMap { partition in distinct.map { partition + [$0] } }
        }
        let sorts = sortTests
        var conditions: [KeyCondition] = []
        for partition in partitions {
            var nodes: [Condition.Node] = []
            for (attribute, value) in zip(schema.partition, partition) {
                nodes.append(.comparison(.equal, .path(DocumentPath(attribute.name)), .value(value)))
            }
            conditions.append(try KeyCondition(Condition(.and(nodes + sorts)), schema: schema))
        }
        return conditions
    }

    /// The terms on sort key attributes that a query can take: from left to right, equalities and then at most one other.
    private var sortTests: [Condition.Node] {
        var tests: [Condition.Node] = []
        for attribute in schema.sort {
            if let equal = terms.first(where: { Self.equality($0, on: attribute.name) != nil }) {
                tests.append(equal)
                continue
            }
            if let range = terms.first(where: { Self.isRange($0, on: attribute.name) }) { tests.append(range) }
            break
        }
        return tests
    }

    private static func equality(_ node: Condition.Node, on name: Text) -> AttributeValue? {
        switch node {
        case .comparison(.equal, .path(DocumentPath(name)), .value(let value)),
            .comparison(.equal, .value(let value), .path(DocumentPath(name))):
            value
        default: nil
        }
    }

    private static func alternatives(_ node: Condition.Node, on name: Text) -> [AttributeValue]? {
        if let value = equality(node, on: name) { return [value] }
        switch node {
        case .in(.path(DocumentPath(name)), let candidates):
            var values: [AttributeValue] = []
            for candidate in candidates {
                guard case .value(let value) = candidate else { return nil }
                values.append(value)
            }
            return values
        case .or(let nodes):
            var values: [AttributeValue] = []
            for node in nodes {
                guard let found = conjuncts(of: node).lazy.compactMap({ alternatives($0, on: name) }).first else {
                    return nil
                }
                values += found
            }
            return values
        default: return nil
        }
    }

    private static func isRange(_ node: Condition.Node, on name: Text) -> Bool {
        let path = Operand<BoundStage>.path(DocumentPath(name))
        switch node {
        case .comparison(let comparator, path, .value), .comparison(let comparator, .value, path):
            return comparator != .notEqual && comparator != .equal
        case .between(path, .value, .value), .beginsWith(path, .value): return true
        default: return false
        }
    }

    // MARK: Order

    /// Checks ORDER BY, and tells whether sort keys ascend.
    public func isForward(_ order: [PartiQLStatement.Order], hasCondition: Bool) throws(ExpressionError) -> Bool {
        guard !order.isEmpty else { return true }
        guard hasCondition else { throw ExpressionError(.statementOrderWithoutCondition) }
        for term in order where !(schema.partition + schema.sort).contains(where: { $0.name == term.name }) {
            throw ExpressionError(.statementOrder(by: term.name))
        }
        guard try partitions() != nil else { throw ExpressionError(.statementOrderWithoutPartition) }
        return order.first { term in schema.sort.contains { $0.name == term.name } }?.isAscending ?? true
    }

    /// Puts partitions into the order that ORDER BY wants of their keys.
    public func sorted(_ partitions: [KeyCondition], by order: [PartiQLStatement.Order]) -> [KeyCondition] {
        guard let term = order.first, let place = schema.partition.firstIndex(where: { $0.name == term.name }) else {
            return partitions
        }
        return partitions.sorted { one, two in
            let (one, two) = (one.partition[place], two.partition[place])
            return term.isAscending
                ? AttributeValue.ordered(one, before: two) : AttributeValue.ordered(two, before: one)
        }
    }
}
