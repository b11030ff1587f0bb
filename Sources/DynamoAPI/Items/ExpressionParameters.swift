import AWSProtocol
import Expressions
import ItemModel

/// The expressions of a request with what their placeholders stand for: parsed, bound and checked.
///
/// The checks come in the service's order: expressions against the parameters that they replaced, names, values, then the
/// expressions themselves, and last that every placeholder is used.
struct ExpressionParameters {
    private(set) var condition: Condition?
    private(set) var filter: Condition?
    private(set) var keyCondition: Condition?
    private(set) var projection: Projection?
    private(set) var update: UpdateExpression?

    /// The parameters of a request that has none.
    init() {}

    /// Reads the expressions of a request.
    ///
    /// - Parameters:
    ///   - kinds: what the operation takes, in the order in which the service names them.
    ///   - legacy: the parameters that expressions replaced and cannot be mixed with.
    init(
        _ request: JSONValue, _ cache: ExpressionCache, kinds: [ExpressionKind], excluding legacy: [StaticString]
    ) throws(DynamoFault) {
        let given = kinds.filter { request[$0.parameter] != nil }
        try Self.checkNotMixed(request, given, legacy)
        let placeholders = try Self.placeholders(request, kinds: kinds, isUsed: !given.isEmpty)
        guard !given.isEmpty else { return }
        do throws(ExpressionError) {
            try bind(request, cache, given, placeholders)
        } catch {
            throw .validation(error.message)
        }
    }

    private mutating func bind(
        _ request: JSONValue, _ cache: ExpressionCache, _ given: [ExpressionKind], _ placeholders: Placeholders
    ) throws(ExpressionError) {
        var references: [PlaceholderReference] = []
        for kind in [ExpressionKind.update, .condition, .keyCondition, .filter, .projection] where given.contains(kind)
        {
            let text = request[kind.parameter]?.text ?? ""
            switch kind {
            case .update:
                let parsed = try cache.update(text)
                references += parsed.references
                update = try parsed.bind(to: placeholders)
            case .projection:
                let parsed = try cache.projection(text)
                references += parsed.references
                projection = try parsed.bind(to: placeholders)
            case .condition, .filter, .keyCondition:
                let parsed = try cache.condition(text, as: kind)
                references += parsed.references
                let bound = try parsed.bind(to: placeholders)
                switch kind {
                case .filter: filter = bound
                case .keyCondition: keyCondition = bound
                case .condition, .projection, .update: condition = bound
                }
            }
        }
        try placeholders.checkAllUsed(by: references)
    }

    private static func checkNotMixed(
        _ request: JSONValue, _ given: [ExpressionKind], _ legacy: [StaticString]
    ) throws(DynamoFault) {
        guard !given.isEmpty else { return }
        let mixed = legacy.filter { request[$0] != nil }
        guard mixed.isEmpty else {
            throw .validation(
                """
                Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
                {\(mixed.map(\.description).joined(separator: ", "))} Expression parameters: \
                {\(given.map(\.parameterName).joined(separator: ", "))}
                """)
        }
    }

    private static func placeholders(
        _ request: JSONValue, kinds: [ExpressionKind], isUsed: Bool
    ) throws(DynamoFault) -> Placeholders {
        let names = request["ExpressionAttributeNames"]
        let values = request["ExpressionAttributeValues"]
        guard names != nil || values != nil else { return Placeholders() }
        if names != nil, !isUsed {
            throw .validation("ExpressionAttributeNames can only be specified when using expressions")
        }
        let takers = kinds.filter { $0 != .projection }
        if values != nil, !isUsed || !takers.contains(where: { request[$0.parameter] != nil }) {
            throw .validation(
                """
                ExpressionAttributeValues can only be specified when using expressions: \
                \(takers.map(\.parameterName).joined(separator: " and ")) \(takers.count > 1 ? "are" : "is") null
                """)
        }
        let namePlaceholders = names?.members.map {
            Placeholders.Name(placeholder: $0.name.text, name: $0.value.text)
        }
        let decoded = try values.map { values throws(DynamoFault) in
            try decode(values, afterChecking: namePlaceholders)
        }
        do throws(ExpressionError) {
            return try Placeholders(names: namePlaceholders, values: decoded)
        } catch {
            throw .validation(error.message)
        }
    }

    /// Reads the values; what is wrong with the names comes first.
    private static func decode(
        _ values: JSONValue, afterChecking names: [Placeholders.Name]?
    ) throws(DynamoFault) -> AttributeMap {
        var result: [AttributeMap.Attribute] = []
        for (key, json) in values.members {
            do throws(DynamoFault) {
                result.append(.init(name: key.text, value: try AttributeDecoding.value(json)))
            } catch {
                do throws(ExpressionError) {
                    _ = try Placeholders(names: names, values: nil)
                } catch {
                    throw .validation(error.message)
                }
                throw .validation(
                    "ExpressionAttributeValues contains invalid value: \(error.message ?? "") for key \(key.string)")
            }
        }
        return AttributeDecoding.map(of: result)
    }
}

extension ExpressionKind {
    /// ``parameterName`` as requests are searched for it.
    fileprivate var parameter: StaticString {
        switch self {
        case .condition: "ConditionExpression"
        case .filter: "FilterExpression"
        case .keyCondition: "KeyConditionExpression"
        case .projection: "ProjectionExpression"
        case .update: "UpdateExpression"
        }
    }
}
