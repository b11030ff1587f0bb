import AWSProtocol
import ItemModel

/// The types within attribute values; the values' own rules are ``AttributeDecoding``'s.
enum AttributeValueShape {
    /// Checks the types within an attribute value, whatever members it has.
    @Sendable
    static func check(_ value: JSONValue) throws(ServiceFault) {
        if value.isNull { return }
        try SerializationCheck.structure(value, "AttributeValue", in: DynamoService.namespace)
        for (name, content) in value.members where !content.isNull {
            guard let kind = AttributeDecoding.kind(named: name) else { continue }
            switch kind {
            case .string, .number: try SerializationCheck.string(content)
            case .binary: try SerializationCheck.blob(content)
            case .bool, .null: try SerializationCheck.boolean(content)
            case .stringSet, .numberSet:
                try SerializationCheck.list(content)
                for element in content.elements { try SerializationCheck.string(element) }
            case .binarySet:
                try SerializationCheck.list(content)
                for element in content.elements { try SerializationCheck.blob(element) }
            case .list:
                try SerializationCheck.list(content)
                for element in content.elements { try check(element) }
            case .map:
                try SerializationCheck.map(content)
                for (_, element) in content.members { try check(element) }
            }
        }
    }
}

extension Shape {
    static let attributeValue = Shape(.custom(check: AttributeValueShape.check))
    /// An item, a key or the values of expressions.
    static let attributeMap = Shape.map(.attributeValue)
}
