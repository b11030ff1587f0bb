import ItemModel

/// What is wrong, in DynamoDB's words where a source for them is known, but for the prefix that names the expression.
///
/// Made only by the factories below and in ``ExpressionFault``'s other extensions: every text of the module is in these
/// files.
struct ExpressionFault: Error, Hashable {
    let text: String

    init(_ text: String) { self.text = text }
}

/// The text of one expression.
extension ExpressionFault {
    static let empty = Self("The expression can not be empty;")

    static func tooLong(byteCount: Int) -> Self {
        Self("Expression size has exceeded the maximum allowed size; expression size: \(byteCount)")
    }

    static func syntax(token: String, near: String) -> Self {
        Self("Syntax error; token: \"\(token)\", near: \"\(near)\"")
    }

    static let redundantParentheses = Self("The expression has redundant parentheses;")

    /// The service stops counting at the first operator too many, so the count is always the same.
    static let tooManyOperators = Self(
        "The expression contains too many operators; operator count: \(ExpressionLimits.operatorCount + 1)")

    static func tooManyInOperands(count: Int) -> Self {
        Self("The IN operator is provided with too many operands; number of operands: \(count)")
    }

    static func tooManyPartitionKeys(count: Int) -> Self {
        Self(
            "The IN operator is provided with too many values of a partition key; number of values: \(count), at most "
                + "\(ExpressionLimits.inPartitionKeyCount)")
    }

    static func pathTooDeep(levels: Int) -> Self {
        Self("The document path has too many nesting elements; nesting levels: \(levels)")
    }

    static func indexOutOfRange(digits: String) -> Self {
        Self("List index is not within the allowable range; index: [\(digits)]")
    }

    static func reservedWord(_ word: String) -> Self {
        Self("Attribute name is a reserved keyword; reserved keyword: \(word)")
    }

    static func unknownFunction(_ name: String) -> Self { Self("Invalid function name; function: \(name)") }

    /// A function that exists, but not in `place`: "a condition" or "an update".
    static func function(_ name: String, notAllowedIn place: String) -> Self {
        Self("The function is not allowed in \(place) expression; function: \(name)")
    }

    static func misusedFunction(_ name: String) -> Self {
        Self("The function is not allowed to be used this way in an expression; function: \(name)")
    }

    static func repeatedSection(_ section: UpdateSection) -> Self {
        Self("The \"\(section.rawValue)\" section can only be used once in an update expression;")
    }

    static func operandCount(_ count: Int, of function: String) -> Self {
        Self(
            "Incorrect number of operands for operator or function; operator or function: \(function), "
                + "number of operands: \(count)")
    }

    static func documentPathRequired(by function: String) -> Self {
        Self("Operator or function requires a document path; operator or function: \(function)")
    }
}

/// Operands and paths, once placeholders are resolved.
extension ExpressionFault {
    static func undefined(_ reference: PlaceholderReference) -> Self {
        switch reference {
        case .name(let name):
            Self("An expression attribute name used in the document path is not defined; attribute name: \(name)")
        case .value(let value):
            Self("An expression attribute value used in expression is not defined; attribute value: \(value)")
        }
    }

    static func operandsNotDistinct(operator name: String, first: DocumentPath) -> Self {
        Self(
            "The first operand must be distinct from the remaining operands for this operator or function; "
                + "operator: \(name), first operand: \(first.elementList)")
    }

    static func operandType(_ type: String, of function: String) -> Self {
        Self(
            "Incorrect operand type for operator or function; operator or function: \(function), operand type: \(type)")
    }

    static func operandType(_ kind: AttributeValue.Kind, of section: UpdateSection) -> Self {
        Self(
            "Incorrect operand type for operator or function; operator: \(section.rawValue), "
                + "operand type: \(kind.longName), typeSet: ALLOWED_FOR_\(section.rawValue)_OPERAND")
    }

    static func attributeTypeName(_ name: Text) -> Self {
        Self("Invalid attribute type name found; type: \(name), valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}")
    }

    static func boundTypesDiffer(_ lower: AttributeValue, _ upper: AttributeValue) -> Self {
        Self(
            "The BETWEEN operator requires same data type for lower and upper bounds; "
                + "lower bound operand: AttributeValue: \(lower.operandText), "
                + "upper bound operand: AttributeValue: \(upper.operandText)")
    }

    static func boundsReversed(_ lower: AttributeValue, _ upper: AttributeValue) -> Self {
        Self(
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                + "lower bound operand: AttributeValue: \(lower.operandText), "
                + "upper bound operand: AttributeValue: \(upper.operandText)")
    }

    static func clash(_ clash: PathClash, _ one: DocumentPath, _ two: DocumentPath) -> Self {
        Self(
            "Two document paths \(clash.rawValue) with each other; must remove or rewrite one of these paths; "
                + "path one: \(one.elementList), path two: \(two.elementList)")
    }
}

/// The placeholders of a request.
extension ExpressionFault {
    static func noPlaceholders(_ kind: PlaceholderKind) -> Self { Self("\(kind.rawValue) must not be empty") }

    static func placeholderSyntax(_ key: Text, _ kind: PlaceholderKind) -> Self {
        Self("\(kind.rawValue) contains invalid key: Syntax error; key: \"\(key)\"")
    }

    static func placeholderTooLong(_ key: Text, _ kind: PlaceholderKind) -> Self {
        Self(
            "\(kind.rawValue) contains invalid key: The key is longer than "
                + "\(ExpressionLimits.placeholderByteCount) bytes; key: \"\(key)\"")
    }

    static func attributeName(of key: Text) -> Self {
        Self(
            "\(PlaceholderKind.names.rawValue) contains invalid value: An attribute name must be between 1 and "
                + "\(ExpressionLimits.attributeNameByteCount) bytes long; key: \"\(key)\"")
    }

    static func emptyAttributeName(of key: Text) -> Self {
        Self("\(PlaceholderKind.names.rawValue) contains invalid value: Empty attribute name; key: \"\(key)\"")
    }

    static let placeholdersTooLarge = Self(
        "The size of ExpressionAttributeNames and ExpressionAttributeValues together has exceeded the maximum allowed size of "
            + "\(ExpressionLimits.placeholdersByteCount) bytes")

    static func unusedPlaceholders(_ keys: [Text], _ kind: PlaceholderKind) -> Self {
        Self(
            "Value provided in \(kind.rawValue) unused in expressions: keys: "
                + "{\(keys.map(\.string).joined(separator: ", "))}")
    }
}

/// Expressions and the key of a table or index.
extension ExpressionFault {
    static func keyConditionOperator(_ name: String) -> Self {
        Self("Invalid operator used in KeyConditionExpression: \(name)")
    }

    static let keyConditionOnNestedAttribute = Self(
        "KeyConditionExpressions cannot have conditions on nested attributes")

    static let keyConditionNestedOperation = Self("KeyConditionExpressions cannot contain nested operations")

    static let keyConditionWithSeveralAttributes = Self(
        "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")

    static let keyConditionWithoutAttribute = Self(
        "Invalid condition in KeyConditionExpression: No key attribute specified")

    static func keyConditionFirstOperand(of name: String) -> Self {
        Self(
            "Invalid condition in KeyConditionExpression: \(name) operator must have the key attribute "
                + "as its first operand"
        )
    }

    static let keyConditionRepeated = Self("KeyConditionExpressions must only contain one condition per key")

    static let keyConditionCount = Self("Conditions can be of length 1 or 2 only")

    static func keyConditionMissing(_ name: Text) -> Self { Self("Query condition missed key schema element: \(name)") }

    static func keyConditionHashWithoutEquality(_ names: [Text]) -> Self {
        Self("HASH key attributes \(list(names)) must have equality conditions specified in the query")
    }

    static func keyConditionRangeWithoutEquality(_ names: [Text], before last: Text) -> Self {
        Self(
            "RANGE key attributes \(list(names)) must have equality conditions specified in the query because a condition is "
                + "present on key attribute \(last)")
    }

    private static func list(_ names: [Text]) -> String { names.map(\.string).joined(separator: ", ") }

    static let keyConditionUnsupported = Self("Query key condition not supported")

    static let keyConditionType = Self(
        "One or more parameter values were invalid: Condition parameter type does not match schema type")

    static func filterOnKey(_ name: Text) -> Self {
        Self("Filter Expression can only contain non-primary key attributes: Primary key attribute: \(name)")
    }

    static func updateOfKey(_ name: Text) -> Self {
        Self(
            "One or more parameter values were invalid: Cannot update attribute \(name). "
                + "This attribute is part of the key"
        )
    }
}

/// An update and the item that it meets.
extension ExpressionFault {
    static let pathInvalidForUpdate = Self(
        "The document path provided in the update expression is invalid for update")

    static let missingAttribute = Self(
        "The provided expression refers to an attribute that does not exist in the item")

    static let operandDataType = Self("An operand in the update expression has an incorrect data type")

    static let nestingTooDeep = Self(
        "Nesting Levels have exceeded supported limits: "
            + "Attributes in the item have nested levels beyond supported limit")

    static func number(_ error: NumberError) -> Self { Self(error.description) }

    /// What is wrong with the result of a sum or a difference: one that 38 digits do not hold counts as too large.
    static func result(_ error: NumberError) -> Self {
        switch error {
        case .tooManyDigits, .overflow: Self(NumberError.overflow.description)
        case .notNumeric, .underflow: Self(error.description)
        }
    }
}

extension AttributeValue.Kind {
    /// The type's name in the error texts of ADD and DELETE.
    fileprivate var longName: String {
        switch self {
        case .string: "STRING"
        case .number: "NUMBER"
        case .binary: "BINARY"
        case .bool: "BOOLEAN"
        case .null: "NULL"
        case .list: "LIST"
        case .map: "MAP"
        case .stringSet: "STRING_SET"
        case .numberSet: "NUMBER_SET"
        case .binarySet: "BINARY_SET"
        }
    }
}

extension AttributeValue {
    /// The value as the error texts of BETWEEN show a bound.
    fileprivate var operandText: String {
        switch self {
        case .string(let text): "{S:\(text)}"
        case .number(let number): "{N:\(number)}"
        case .binary(let bytes): "{B:\(Self.base64(bytes))}"
        case .bool, .null, .list, .map, .stringSet, .numberSet, .binarySet: "{\(kind.rawValue)}"
        }
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            var characters = [UInt8](repeating: UInt8(ascii: "="), count: 4)
            for place in stride(from: 3, through: 0, by: -1) {
                if place <= group.count { characters[place] = alphabet[bits & 0x3F] }
                bits >>= 6
            }
            text += characters
        }
        return String(decoding: text, as: UTF8.self)
    }
}
