import AWSProtocol
import Expressions
import ItemModel

/// The conditions that expressions replaced, lowered to the trees that expressions become.
///
/// Source: AWS developer guide, "Legacy conditional parameters".
enum LegacyConditions {
    /// Reads `Expected` with `ConditionalOperator`.
    static func expected(_ request: JSONValue) throws(DynamoFault) -> Condition? {
        var nodes: [Condition.Node] = []
        for (name, json) in request["Expected"]?.distinctMembers ?? [] {
            try AttributeDecoding.checkName(name)
            nodes.append(try expectation(name, json).node)
        }
        return try joined(nodes, request)
    }

    /// Reads `QueryFilter` or `ScanFilter` with `ConditionalOperator`.
    static func filter(_ request: JSONValue, _ parameter: StaticString) throws(DynamoFault) -> Condition? {
        var nodes: [Condition.Node] = []
        for (name, json) in request[parameter]?.distinctMembers ?? [] {
            nodes.append(try comparison(name, json).node)
        }
        return try joined(nodes, request)
    }

    /// Reads `KeyConditions`, nil where there is none, with what only keys require.
    static func keyConditions(_ request: JSONValue) throws(DynamoFault) -> Condition? {
        guard let json = request["KeyConditions"] else { return nil }
        var nodes: [Condition.Node] = []
        for (name, json) in json.distinctMembers {
            let comparison = try comparison(name, json)
            switch comparison.comparator {
            case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .between, .beginsWith: break
            case .notEqual, .in, .contains, .notContains, .exists, .notExists:
                throw .validation("Attempted conditional constraint is not an indexable operation")
            }
            nodes.append(comparison.node)
        }
        guard !nodes.isEmpty else { throw .validation("Conditions can be of length 1 or 2 only") }
        return Condition(.and(nodes))
    }

    private static func joined(_ nodes: [Condition.Node], _ request: JSONValue) throws(DynamoFault) -> Condition? {
        let conjunction = request["ConditionalOperator"]
        if conjunction != nil {
            guard !nodes.isEmpty else {
                throw .validation("ConditionalOperator cannot be used without Filter or Expected")
            }
            guard nodes.count > 1 else {
                throw .validation(
                    "ConditionalOperator can only be used when Filter or Expected has two or more elements")
            }
        }
        guard let first = nodes.first else { return nil }
        guard nodes.count > 1 else { return Condition(first) }
        return Condition(conjunction?.isString("OR") ?? false ? .or(nodes) : .and(nodes))
    }

    private static func comparison(_ name: Text, _ json: JSONValue) throws(DynamoFault) -> LegacyComparison {
        try AttributeDecoding.checkName(name)
        return try LegacyComparison(name, comparator(json) ?? .equal, try values(json["AttributeValueList"]))
    }

    private static func comparator(_ json: JSONValue) -> LegacyComparison.Comparator? {
        json["ComparisonOperator"].flatMap { LegacyComparison.Comparator(rawValue: $0.string) }
    }

    private static func values(_ json: JSONValue?) throws(DynamoFault) -> [AttributeValue] {
        var values: [AttributeValue] = []
        if let json {
            for element in json.elements { values.append(try AttributeDecoding.value(element)) }
        }
        return values
    }

    /// Reads one element of `Expected`, which has an older form with `Exists` and a newer one with `ComparisonOperator`.
    private static func expectation(_ name: Text, _ json: JSONValue) throws(DynamoFault) -> LegacyComparison {
        let list = json["AttributeValueList"]
        let single = json["Value"]
        let exists = json["Exists"]
        guard list == nil || single == nil else {
            throw .invalidParameters("Value and AttributeValueList cannot be used together for Attribute: \(name)")
        }
        if let comparator = comparator(json) {
            guard exists == nil else {
                throw .invalidParameters("Exists and ComparisonOperator cannot be used together for Attribute: \(name)")
            }
            guard list != nil || single != nil || comparator == .exists || comparator == .notExists else {
                throw .invalidParameters(
                    """
                    Value or AttributeValueList must be used with ComparisonOperator: \(comparator.rawValue) for Attribute: \
                    \(name)
                    """)
            }
            let operands = if let single { [try AttributeDecoding.value(single)] } else { try values(list) }
            return try LegacyComparison(name, comparator, operands)
        }
        guard list == nil else {
            throw .invalidParameters(
                "AttributeValueList can only be used with a ComparisonOperator for Attribute: \(name)")
        }
        guard exists?.isTrue ?? true else {
            guard single == nil else {
                throw .invalidParameters("Value cannot be used when Exists is false for Attribute: \(name)")
            }
            return try LegacyComparison(name, .notExists, [])
        }
        guard let single else {
            throw .invalidParameters(
                "Value must be provided when Exists is \(exists == nil ? "null" : "true") for Attribute: \(name)")
        }
        return try LegacyComparison(name, .equal, [try AttributeDecoding.value(single)])
    }
}

extension JSONValue {
    /// The members of an object in order, of a name that stands twice the later only.
    var distinctMembers: [(name: Text, value: JSONValue)] {
        var result: [(name: Text, value: JSONValue)] = []
        var positions: [Text: Int] = [:]
        for (name, value) in members {
            let name = name.text
            if let position = positions[name] {
                result[position].value = value
            } else {
                positions[name] = result.count
                result.append((name, value))
            }
        }
        return result
    }
}
