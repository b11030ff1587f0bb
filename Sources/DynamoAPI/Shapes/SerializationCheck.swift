import ItemModel

/// The types of a request's values, with the service's words for a wrong one.
enum SerializationCheck {
    static func string(_ value: JSONValue) throws(DynamoFault) {
        switch value.kind {
        case .string: return
        case .array: throw .serialization("Unrecognized collection type class java.lang.String")
        case .object: throw startOfStructure
        case .number, .true, .false, .null: throw cannotConvert(value, "String")
        }
    }

    static func boolean(_ value: JSONValue) throws(DynamoFault) {
        switch value.kind {
        case .true, .false: return
        case .string: throw .serialization("Unexpected token received from parser")
        case .array: throw .serialization("Unrecognized collection type class java.lang.Boolean")
        case .object: throw startOfStructure
        case .number, .null: throw cannotConvert(value, "Boolean")
        }
    }

    static func number(_ value: JSONValue, _ type: String) throws(DynamoFault) {
        switch value.kind {
        case .number: return
        case .array:
            let package = type == "Date" ? "java.util" : "java.lang"
            throw .serialization("Unrecognized collection type class \(package).\(type)")
        case .object: throw startOfStructure
        case .string, .true, .false, .null: throw cannotConvert(value, type)
        }
    }

    static func blob(_ value: JSONValue) throws(DynamoFault) {
        switch value.kind {
        case .string:
            if let problem = value.withStringBytes({ Base64.problem(in: $0) }) { throw .serialization(problem) }
        case .array: throw .serialization("Unrecognized collection type class java.nio.ByteBuffer")
        case .object: throw startOfStructure
        case .number, .true, .false, .null:
            throw .serialization("only base-64-encoded strings are convertible to bytes")
        }
    }

    static func list(_ value: JSONValue) throws(DynamoFault) {
        switch value.kind {
        case .array: return
        case .object: throw startOfStructure
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    static func map(_ value: JSONValue) throws(DynamoFault) {
        switch value.kind {
        case .object: return
        case .array:
            throw .serialization("Unrecognized collection type java.util.Map<java.lang.String, java.lang.Object>")
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    static func structure(_ value: JSONValue, _ name: StaticString) throws(DynamoFault) {
        switch value.kind {
        case .object: return
        case .array:
            throw .serialization("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.\(name)")
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    /// Checks the types within an attribute value, whatever members it has.
    static func attributeValue(_ value: JSONValue) throws(DynamoFault) {
        if value.isNull { return }
        try structure(value, "AttributeValue")
        for (name, content) in value.members where !content.isNull {
            guard let kind = AttributeDecoding.kind(named: name) else { continue }
            switch kind {
            case .string, .number: try string(content)
            case .binary: try blob(content)
            case .bool, .null: try boolean(content)
            case .stringSet, .numberSet:
                try list(content)
                for element in content.elements { try string(element) }
            case .binarySet:
                try list(content)
                for element in content.elements { try blob(element) }
            case .list:
                try list(content)
                for element in content.elements { try attributeValue(element) }
            case .map:
                try map(content)
                for (_, element) in content.members { try attributeValue(element) }
            }
        }
    }

    private static let startOfStructure = DynamoFault.serialization(
        "Start of structure or map found where not expected")

    private static func cannotConvert(_ value: JSONValue, _ type: String) -> DynamoFault {
        let token =
            switch value.kind {
            case .true: "TRUE_VALUE"
            case .false: "FALSE_VALUE"
            case .string: "STRING_VALUE"
            case .number: value.isDecimal ? "DECIMAL_VALUE" : "NUMBER_VALUE"
            case .null, .array, .object: "NULL_VALUE"
            }
        return .serialization("\(token) cannot be converted to \(type)")
    }
}
