import AWSProtocol
import Expressions
import ItemModel

/// Reads attribute values from DynamoDB's JSON, with the service's text for each thing that can be wrong with one.
///
/// Types have been checked with the request's shape; here are the rules of the values themselves. Sources: AWS API
/// reference, `AttributeValue`; AWS developer guide, "Supported data types and naming rules".
enum AttributeDecoding {
    /// How many lists and maps may enclose a value.
    static let maximumDepth = 32

    /// The type that a member of an attribute value is named for; nil for a name that means nothing.
    static func kind(named name: JSONValue) -> AttributeValue.Kind? {
        let bytes = name.rawBytes
        switch bytes.count {
        case 1:
            switch bytes[0] {
            case UInt8(ascii: "S"): return .string
            case UInt8(ascii: "N"): return .number
            case UInt8(ascii: "B"): return .binary
            case UInt8(ascii: "M"): return .map
            case UInt8(ascii: "L"): return .list
            default: return nil
            }
        case 2 where bytes[1] == UInt8(ascii: "S"):
            switch bytes[0] {
            case UInt8(ascii: "S"): return .stringSet
            case UInt8(ascii: "N"): return .numberSet
            case UInt8(ascii: "B"): return .binarySet
            default: return nil
            }
        case 4: return name.isString("BOOL") ? .bool : name.isString("NULL") ? .null : nil
        default: return nil
        }
    }

    /// Reads an item, a key, or the content of a map.
    static func item(_ json: JSONValue) throws(DynamoFault) -> Item {
        let item = try map(json, depth: 0)
        for attribute in item.attributes { try checkName(attribute.name) }
        return item
    }

    /// Checks the name of an attribute of an item.
    static func checkName(_ name: Text) throws(DynamoFault) {
        guard !name.isEmpty else { throw .invalidParameters("Empty attribute name") }
        guard name.byteCount <= ExpressionLimits.attributeNameByteCount else {
            throw .invalidParameters("Attribute name is too large, must be less than 65536 bytes")
        }
    }

    /// Reads one value.
    static func value(_ json: JSONValue) throws(DynamoFault) -> AttributeValue { try value(json, depth: 0) }

    private static func map(_ json: JSONValue, depth: Int) throws(DynamoFault) -> AttributeMap {
        var attributes: [AttributeMap.Attribute] = []
        attributes.reserveCapacity(json.count)
        for (name, content) in json.members {
            attributes.append(AttributeMap.Attribute(name: name.text, value: try value(content, depth: depth)))
        }
        return map(of: attributes)
    }

    /// A map of the attributes; of a name that stands twice the later value counts.
    static func map(of attributes: [AttributeMap.Attribute]) -> AttributeMap {
        if let map = AttributeMap(attributes) { return map }
        // One at a time into the map would take a time that is quadratic in what a client sends.
        var distinct: [AttributeMap.Attribute] = []
        var positions: [Text: Int] = [:]
        for attribute in attributes {
            if let position = positions.updateValue(distinct.count, forKey: attribute.name) {
                positions[attribute.name] = position
                distinct[position] = attribute
            } else {
                distinct.append(attribute)
            }
        }
        return AttributeMap(distinct) ?? AttributeMap()
    }

    /// - Parameter depth: how many lists and maps enclose the value.
    private static func value(_ json: JSONValue, depth: Int) throws(DynamoFault) -> AttributeValue {
        var result: AttributeValue?
        var typeCount = 0
        var last: AttributeValue.Kind?
        for (name, content) in json.members where !content.isNull {
            guard let kind = kind(named: name) else { continue }
            if kind != last { typeCount += 1 }
            last = kind
            result = try value(content, of: kind, depth: depth)
        }
        guard let result else {
            throw .validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        }
        guard typeCount == 1 else {
            throw .validation(
                """
                Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported \
                datatypes
                """)
        }
        return result
    }

    private static func value(
        _ json: JSONValue, of kind: AttributeValue.Kind, depth: Int
    ) throws(DynamoFault) -> AttributeValue {
        switch kind {
        case .string: return .string(json.text)
        case .number: return .number(try number(json))
        case .binary: return .binary(binary(json))
        case .bool: return .bool(json.isTrue)
        case .null:
            guard json.isTrue else {
                throw .invalidParameters("Null attribute value types must have the value of true")
            }
            return .null
        case .list:
            try checkDepth(depth)
            var elements: [AttributeValue] = []
            elements.reserveCapacity(json.count)
            for element in json.elements { elements.append(try value(element, depth: depth + 1)) }
            return .list(elements)
        case .map:
            try checkDepth(depth)
            return .map(try map(json, depth: depth + 1))
        case .stringSet: return try stringSet(json)
        case .numberSet: return try numberSet(json)
        case .binarySet: return try binarySet(json)
        }
    }

    private static func checkDepth(_ depth: Int) throws(DynamoFault) {
        guard depth < maximumDepth else {
            throw .validation(
                """
                Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported \
                limit
                """)
        }
    }

    /// Reads a number from the text that a client wrote it in.
    static func number(_ json: JSONValue) throws(DynamoFault) -> Number {
        let result: Result<Number, NumberError> = json.withStringBytes { bytes in
            do throws(NumberError) {
                return .success(try Number(parsing: bytes))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let number): return number
        case .failure(let error): throw .validation(error.description)
        }
    }

    private static func binary(_ json: JSONValue) -> [UInt8] {
        json.withStringBytes { Base64.decode($0) } ?? []
    }
}

extension AttributeDecoding {
    private static func stringSet(_ json: JSONValue) throws(DynamoFault) -> AttributeValue {
        guard json.count > 0 else { throw .invalidParameters("An string set  may not be empty") }
        let elements = json.elements.map(\.text)
        guard let set = AttributeValue.makeStringSet(elements) else {
            let list = elements.map(\.string).joined(separator: ", ")
            throw .invalidParameters("Input collection [\(list)] contains duplicates.")
        }
        return set
    }

    private static func numberSet(_ json: JSONValue) throws(DynamoFault) -> AttributeValue {
        guard json.count > 0 else { throw .invalidParameters("An number set  may not be empty") }
        var elements: [Number] = []
        elements.reserveCapacity(json.count)
        for element in json.elements { elements.append(try number(element)) }
        guard let set = AttributeValue.makeNumberSet(elements) else {
            throw .validation("Input collection contains duplicates")
        }
        return set
    }

    private static func binarySet(_ json: JSONValue) throws(DynamoFault) -> AttributeValue {
        guard json.count > 0 else { throw .invalidParameters("Binary sets should not be empty") }
        guard let set = AttributeValue.makeBinarySet(json.elements.map { binary($0) }) else {
            let list = json.elements.map(\.string).joined(separator: ", ")
            throw .invalidParameters("Input collection [\(list)]of type BS contains duplicates.")
        }
        return set
    }
}
