public import ItemModel

/// Which items of a table or index a query reads: one partition, and a range of its sort keys.
public struct KeyCondition: Sendable, Hashable {
    /// The values of the partition key attributes, in the order of the key schema.
    public let partition: [AttributeValue]
    /// The values that the leading sort key attributes must equal, in the order of the key schema.
    public let sortPrefix: [AttributeValue]
    /// What the sort key attribute after those must meet; nil if it may be anything.
    public let sortRange: SortRange?

    /// A condition on a sort key attribute other than equality; every value is of the attribute's type.
    public enum SortRange: Sendable, Hashable {
        case less(AttributeValue)
        case lessOrEqual(AttributeValue)
        case greater(AttributeValue)
        case greaterOrEqual(AttributeValue)
        /// Both bounds included.
        case between(AttributeValue, AttributeValue)
        /// Of a string or binary.
        case beginsWith(AttributeValue)
    }

    /// The key of a table or index, as conditions see it.
    public struct Schema: Sendable, Hashable {
        /// At least one; more than one only for a global secondary index.
        public let partition: [Attribute]
        /// None for a key without a sort key; more than one only for a global secondary index.
        public let sort: [Attribute]

        public struct Attribute: Sendable, Hashable {
            public let name: Text
            public let kind: AttributeValue.Kind

            public init(name: Text, kind: AttributeValue.Kind) {
                self.name = name
                self.kind = kind
            }
        }

        public init(partition: [Attribute], sort: [Attribute]) {
            self.partition = partition
            self.sort = sort
        }

        /// Whether the key is one partition attribute and at most one sort attribute, as every table's is.
        var isSimple: Bool { partition.count == 1 && sort.count <= 1 }
    }

    /// Reads `condition` as a condition on the key `schema`, throwing when it says anything else.
    ///
    /// Every partition attribute must have an equality; sort attributes may be given from left to right, all but the
    /// last by equality. Whether values are such as a key may hold, not empty and not too long, is the caller's to
    /// check.
    public init(_ condition: Condition, schema: Schema) throws(ExpressionError) {
        self = try reporting(in: nil) { () throws(ExpressionFault) in
            var tests: [KeyTest] = []
            try KeyTest.collect(from: condition.root, into: &tests)
            return try KeyCondition(tests, schema: schema)
        }
    }

    private init(_ tests: [KeyTest], schema: Schema) throws(ExpressionFault) {
        if schema.isSimple, tests.count > 2 { throw .keyConditionCount }
        var rest = tests
        var partition: [AttributeValue] = []
        if !schema.isSimple { try Self.checkEqualities(tests, schema) }
        for attribute in schema.partition {
            guard let test = Self.take(attribute, from: &rest) else { throw .keyConditionMissing(attribute.name) }
            guard case .equal(let value) = test.requirement else { throw .keyConditionUnsupported }
            partition.append(value)
        }
        var sortPrefix: [AttributeValue] = []
        var sortRange: SortRange?
        for attribute in schema.sort where !rest.isEmpty {
            guard let test = Self.take(attribute, from: &rest) else { throw .keyConditionMissing(attribute.name) }
            switch test.requirement {
            case .equal(let value):
                guard sortRange == nil else { throw .keyConditionUnsupported }
                sortPrefix.append(value)
            case .range(let range):
                guard sortRange == nil else { throw .keyConditionUnsupported }
                sortRange = range
            }
        }
        guard rest.isEmpty else { throw .keyConditionUnsupported }
        for attribute in schema.partition + schema.sort {
            let values = tests.filter { $0.name == attribute.name }.flatMap(\.requirement.values)
            guard values.allSatisfy({ $0.kind == attribute.kind }) else { throw .keyConditionType }
        }
        (self.partition, self.sortPrefix, self.sortRange) = (partition, sortPrefix, sortRange)
    }

    /// Throws where an attribute of a key of several needs an equality that it has not.
    private static func checkEqualities(_ tests: [KeyTest], _ schema: Schema) throws(ExpressionFault) {
        func hasEquality(_ attribute: Schema.Attribute) -> Bool {
            tests.contains { test in
                if test.name == attribute.name, case .equal = test.requirement { true } else { false }
            }
        }
        if schema.partition.count > 1 {
            let missing = schema.partition.filter { !hasEquality($0) }
            guard missing.isEmpty else { throw .keyConditionHashWithoutEquality(missing.map(\.name)) }
        }
        guard schema.sort.count > 1,
            let last = schema.sort.lastIndex(where: { attribute in tests.contains { $0.name == attribute.name } })
        else { return }
        let missing = schema.sort[..<last].filter { !hasEquality($0) }
        guard missing.isEmpty else {
            throw .keyConditionRangeWithoutEquality(missing.map(\.name), before: schema.sort[last].name)
        }
    }

    private static func take(_ attribute: Schema.Attribute, from tests: inout [KeyTest]) -> KeyTest? {
        tests.firstIndex { $0.name == attribute.name }.map { tests.remove(at: $0) }
    }
}

/// One term of a key condition: an attribute, and what its value must be.
private struct KeyTest {
    let name: Text
    let requirement: Requirement

    enum Requirement {
        case equal(AttributeValue)
        case range(KeyCondition.SortRange)

        var values: [AttributeValue] {
            switch self {
            case .equal(let value), .range(.less(let value)), .range(.lessOrEqual(let value)),
                .range(.greater(let value)), .range(.greaterOrEqual(let value)), .range(.beginsWith(let value)):
                [value]
            case .range(.between(let lower, let upper)): [lower, upper]
            }
        }
    }

    /// Appends the terms that `node` joins by AND.
    static func collect(from node: Condition.Node, into tests: inout [KeyTest]) throws(ExpressionFault) {
        switch node {
        case .and(let nodes): for node in nodes { try collect(from: node, into: &tests) }
        case .or: throw .keyConditionOperator("OR")
        case .not: throw .keyConditionOperator("NOT")
        case .in: throw .keyConditionOperator("IN")
        case .attributeExists: throw .keyConditionOperator(ConditionFunction.attributeExists.rawValue)
        case .attributeNotExists: throw .keyConditionOperator(ConditionFunction.attributeNotExists.rawValue)
        case .attributeType: throw .keyConditionOperator(ConditionFunction.attributeType.rawValue)
        case .contains: throw .keyConditionOperator(ConditionFunction.contains.rawValue)
        case .comparison(.notEqual, _, _): throw .keyConditionOperator(Comparator.notEqual.rawValue)
        case .comparison(let comparator, let left, let right):
            try append(try comparison(comparator, left, right), to: &tests)
        case .between(let operand, let lower, let upper):
            let (name, values) = try nameAndValues(operand, [lower, upper], operator: "BETWEEN")
            guard let lower = values.first, let upper = values.last else { throw .keyConditionUnsupported }
            try append(KeyTest(name: name, requirement: .range(.between(lower, upper))), to: &tests)
        case .beginsWith(let operand, let prefix):
            let function = ConditionFunction.beginsWith.rawValue
            let (name, values) = try nameAndValues(operand, [prefix], operator: function)
            guard let prefix = values.first else { throw .keyConditionUnsupported }
            try append(KeyTest(name: name, requirement: .range(.beginsWith(prefix))), to: &tests)
        }
    }

    private static func append(_ test: KeyTest, to tests: inout [KeyTest]) throws(ExpressionFault) {
        guard !tests.contains(where: { $0.name == test.name }) else { throw .keyConditionRepeated }
        tests.append(test)
    }

    private static func comparison(
        _ comparator: Comparator, _ left: Operand<BoundStage>, _ right: Operand<BoundStage>
    ) throws(ExpressionFault) -> KeyTest {
        switch (left, right) {
        case (.size, _), (_, .size): throw .keyConditionNestedOperation
        case (.path, .path): throw .keyConditionWithSeveralAttributes
        case (.value, .value): throw .keyConditionWithoutAttribute
        case (.path(let path), .value(let value)): return try comparison(path, comparator, value)
        case (.value(let value), .path(let path)): return try comparison(path, comparator.mirrored, value)
        }
    }

    private static func comparison(
        _ path: DocumentPath, _ comparator: Comparator, _ value: AttributeValue
    ) throws(ExpressionFault) -> KeyTest {
        guard path.tail.isEmpty else { throw .keyConditionOnNestedAttribute }
        let requirement: Requirement =
            switch comparator {
            case .equal: .equal(value)
            case .less: .range(.less(value))
            case .lessOrEqual: .range(.lessOrEqual(value))
            case .greater: .range(.greater(value))
            case .greaterOrEqual: .range(.greaterOrEqual(value))
            case .notEqual: throw .keyConditionOperator(comparator.rawValue)
            }
        return KeyTest(name: path.head, requirement: requirement)
    }

    /// The attribute that `first` is and the values that `others` are, for operators that want them in this order.
    private static func nameAndValues(
        _ first: Operand<BoundStage>, _ others: [Operand<BoundStage>], operator name: String
    ) throws(ExpressionFault) -> (Text, [AttributeValue]) {
        var values: [AttributeValue] = []
        var pathCount = 0
        for operand in others {
            switch operand {
            case .size: throw .keyConditionNestedOperation
            case .path: pathCount += 1
            case .value(let value): values.append(value)
            }
        }
        switch first {
        case .size: throw .keyConditionNestedOperation
        case .value: throw pathCount == 0 ? .keyConditionWithoutAttribute : .keyConditionFirstOperand(of: name)
        case .path(let path):
            guard pathCount == 0 else { throw .keyConditionWithSeveralAttributes }
            guard path.tail.isEmpty else { throw .keyConditionOnNestedAttribute }
            return (path.head, values)
        }
    }
}
