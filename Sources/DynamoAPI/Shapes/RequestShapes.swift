import AWSProtocol

extension Shape.Pattern {
    private static let nameText: StaticString = "[a-zA-Z0-9_.-]+"

    /// The name of an index.
    static let name = Shape.Pattern(nameText) { isName($0) }

    /// A table's name, or its ARN, which has rules of its own.
    static let nameOrARN = Shape.Pattern(nameText) {
        $0.starts(with: TableReference.arnPrefix.utf8) || isName($0)
    }

    private static func isName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(TableReference.isNameByte)
    }
}

/// The shapes that several requests share, with the constraints of DynamoDB's model.
extension Shape {
    /// The names of expressions.
    static let nameMap = Shape.map(.string)
    /// A table's name or ARN, in operations on items.
    static let tableName = Shape.string(length: 1...1024, .nameOrARN)
    /// The same in operations on tables.
    static let nameOfTable = Shape.string(length: 3...1024, .nameOrARN)
    /// The ARN of a table, an index or a stream.
    static let resourceARN = Shape.string(length: 1...1283)
    static let indexName = Shape.string(length: 3...255, .name)
    static let attributeName = Shape.string(atMost: 65_535)
    static let attributesToGet = Shape.list(.attributeName, atLeast: 1)

    static let returnConsumedCapacity = Shape.oneOf("INDEXES", "TOTAL", "NONE")
    static let returnItemCollectionMetrics = Shape.oneOf("SIZE", "NONE")
    static let returnValues = Shape.oneOf("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
    static let returnValuesOnConditionCheckFailure = Shape.oneOf("ALL_OLD", "NONE")
    static let select = Shape.oneOf("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")

    static let comparisonOperator = Shape.oneOf(
        "IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE",
        "CONTAINS")
    static let conditionalOperator = Shape.oneOf("OR", "AND")
    /// The parameter `Expected`.
    static let expected = Shape.map(
        .structure(
            "ExpectedAttributeValue",
            Member("AttributeValueList", .list(.attributeValue)),
            Member("ComparisonOperator", .comparisonOperator),
            Member("Exists", .boolean),
            Member("Value", .attributeValue)))
    /// The parameters `KeyConditions`, `QueryFilter` and `ScanFilter`.
    static let conditions = Shape.map(
        .structure(
            "Condition",
            Member("AttributeValueList", .list(.attributeValue)),
            .required("ComparisonOperator", .comparisonOperator)))
}

/// The shapes of tables and indexes.
extension Shape {
    static let attributeDefinitions = Shape.list(
        .structure(
            "AttributeDefinition",
            .required("AttributeName", .string(length: 1...255)),
            .required("AttributeType", .oneOf("B", "N", "S"))))
    static let keySchema = Shape.list(
        .structure(
            "KeySchemaElement",
            .required("AttributeName", .string(length: 1...255)),
            .required("KeyType", .oneOf("HASH", "RANGE"))),
        atLeast: 1)
    static let projection = Shape.structure(
        "Projection",
        Member("ProjectionType", .oneOf("ALL", "INCLUDE", "KEYS_ONLY")),
        Member("NonKeyAttributes", .list(.string(length: 1...255), atLeast: 1, atMost: 20)))
    static let provisionedThroughput = Shape.structure(
        "ProvisionedThroughput",
        .required("ReadCapacityUnits", .long(atLeast: 1)),
        .required("WriteCapacityUnits", .long(atLeast: 1)))
    static let onDemandThroughput = Shape.structure(
        "OnDemandThroughput",
        Member("MaxReadRequestUnits", .long),
        Member("MaxWriteRequestUnits", .long))
    static let warmThroughput = Shape.structure(
        "WarmThroughput",
        Member("ReadUnitsPerSecond", .long),
        Member("WriteUnitsPerSecond", .long))
    static let billingMode = Shape.oneOf("PROVISIONED", "PAY_PER_REQUEST")
    static let streamSpecification = Shape.structure(
        "StreamSpecification",
        .required("StreamEnabled", .boolean),
        Member("StreamViewType", .oneOf("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")))
    static let sseSpecification = Shape.structure(
        "SSESpecification",
        Member("Enabled", .boolean),
        Member("SSEType", .oneOf("AES256", "KMS")),
        Member("KMSMasterKeyId", .string))
    static let tableClass = Shape.oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS")
    static let tags = Shape.list(
        .structure(
            "Tag",
            .required("Key", .string(length: 1...128)),
            .required("Value", .string(length: 0...256))))
    static let settingsReplicationMode = Shape.oneOf("ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES")
}

/// The shapes of streams.
extension Shape {
    static let streamARN = Shape.string(length: 37...1024)
    static let shardID = Shape.string(length: 28...65)
}
