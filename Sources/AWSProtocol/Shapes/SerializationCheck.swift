/// The types of a request's values, with the service's words for a wrong one.
public enum SerializationCheck {
    public static func string(_ value: JSONValue) throws(ServiceFault) {
        switch value.kind {
        case .string: return
        case .array: throw .serialization("Unrecognized collection type class java.lang.String")
        case .object: throw startOfStructure
        case .number, .true, .false, .null: throw cannotConvert(value, "String")
        }
    }

    public static func boolean(_ value: JSONValue) throws(ServiceFault) {
        switch value.kind {
        case .true, .false: return
        case .string: throw .serialization("Unexpected token received from parser")
        case .array: throw .serialization("Unrecognized collection type class java.lang.Boolean")
        case .object: throw startOfStructure
        case .number, .null: throw cannotConvert(value, "Boolean")
        }
    }

    public static func number(_ value: JSONValue, _ type: String) throws(ServiceFault) {
        switch value.kind {
        case .number: return
        case .array:
            let package = type == "Date" ? "java.util" : "java.lang"
            throw .serialization("Unrecognized collection type class \(package).\(type)")
        case .object: throw startOfStructure
        case .string, .true, .false, .null: throw cannotConvert(value, type)
        }
    }

    public static func blob(_ value: JSONValue) throws(ServiceFault) {
        switch value.kind {
        case .string:
            if let problem = value.withStringBytes({ Base64.problem(in: $0) }) { throw .serialization(problem) }
        case .array: throw .serialization("Unrecognized collection type class java.nio.ByteBuffer")
        case .object: throw startOfStructure
        case .number, .true, .false, .null:
            throw .serialization("only base-64-encoded strings are convertible to bytes")
        }
    }

    public static func list(_ value: JSONValue) throws(ServiceFault) {
        switch value.kind {
        case .array: return
        case .object: throw startOfStructure
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    public static func map(_ value: JSONValue) throws(ServiceFault) {
        switch value.kind {
        case .object: return
        case .array:
            throw .serialization("Unrecognized collection type java.util.Map<java.lang.String, java.lang.Object>")
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    /// - Parameters:
    ///   - name: the structure's name in the model.
    ///   - namespace: what the service qualifies the names of its model with.
    public static func structure(
        _ value: JSONValue, _ name: StaticString, in namespace: StaticString
    ) throws(ServiceFault) {
        switch value.kind {
        case .object: return
        case .array:
            throw .serialization("Unrecognized collection type class \(namespace).\(name)")
        case .string, .number, .true, .false, .null: throw .serialization("Unexpected field type")
        }
    }

    private static let startOfStructure = ServiceFault.serialization(
        "Start of structure or map found where not expected")

    private static func cannotConvert(_ value: JSONValue, _ type: String) -> ServiceFault {
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
