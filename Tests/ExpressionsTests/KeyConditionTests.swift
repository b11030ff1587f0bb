import Expressions
import ItemModel
import Testing

@Suite struct KeyConditionTests {
    typealias Attribute = KeyCondition.Schema.Attribute

    static let hashOnly = KeyCondition.Schema(partition: [Attribute(name: "pk", kind: .string)], sort: [])
    static let simple = KeyCondition.Schema(
        partition: [Attribute(name: "pk", kind: .string)], sort: [Attribute(name: "sk", kind: .number)])
    static let composite = KeyCondition.Schema(
        partition: [Attribute(name: "p1", kind: .string), Attribute(name: "p2", kind: .number)],
        sort: [
            Attribute(name: "s1", kind: .string), Attribute(name: "s2", kind: .number),
            Attribute(name: "s3", kind: .string),
        ])

    private func resolve(_ expression: String, _ schema: KeyCondition.Schema) throws -> KeyCondition {
        let condition = try ParsedCondition(parsing: Text(expression), as: .keyCondition).bind(to: everyPlaceholder())
        return try KeyCondition(condition, schema: schema)
    }

    @Test func `a partition key alone reads the partition`() throws {
        for expression in ["pk = :s", ":s = pk", "(pk = :s)"] {
            let key = try resolve(expression, Self.hashOnly)
            #expect(key.partition == ["b"])
            #expect(key.sortPrefix.isEmpty)
            #expect(key.sortRange == nil)
        }
    }

    @Test(arguments: [
        ("sk < :n", KeyCondition.SortRange.less(5)), ("sk <= :n", .lessOrEqual(5)), ("sk > :n", .greater(5)),
        ("sk >= :n", .greaterOrEqual(5)), (":n < sk", .greater(5)), (":n >= sk", .lessOrEqual(5)),
        ("sk BETWEEN :n2 AND :n", .between(1, 5)), ("sk BETWEEN :n AND :n", .between(5, 5)),
    ])
    func `a sort condition stands on either side of the partition's`(
        _ sort: String, _ range: KeyCondition.SortRange
    ) throws {
        for expression in ["pk = :s AND \(sort)", "\(sort) AND pk = :s", "(\(sort)) AND (pk = :s)"] {
            let key = try resolve(expression, Self.simple)
            #expect(key.partition == ["b"])
            #expect(key.sortPrefix.isEmpty)
            #expect(key.sortRange == range)
        }
    }

    @Test func `an equality on the sort key is a prefix without a range`() throws {
        let key = try resolve("sk = :n AND pk = :s", Self.simple)
        #expect(key.sortPrefix == [5])
        #expect(key.sortRange == nil)
    }

    @Test func `keys of several attributes take equalities and then one range`() throws {
        var key = try resolve("p2 = :n AND p1 = :s", Self.composite)
        #expect(key.partition == ["b", 5])
        key = try resolve("p1 = :s AND s2 > :n AND p2 = :n AND s1 = :s2", Self.composite)
        #expect(key.sortPrefix == ["a"])
        #expect(key.sortRange == .greater(5))
        key = try resolve("p1 = :s AND p2 = :n AND s1 = :s AND s2 = :n AND begins_with(s3, :s)", Self.composite)
        #expect(key.sortPrefix == ["b", 5])
        #expect(key.sortRange == .beginsWith("b"))
    }

    static let refusals: [Refusal] = [
        Refusal("pk = :s OR sk = :n", "Invalid operator used in KeyConditionExpression: OR"),
        Refusal("NOT pk = :s", "Invalid operator used in KeyConditionExpression: NOT"),
        Refusal("pk IN (:s)", "Invalid operator used in KeyConditionExpression: IN"),
        Refusal("pk <> :s", "Invalid operator used in KeyConditionExpression: <>"),
        Refusal("pk = :s AND contains(sk, :s)", "Invalid operator used in KeyConditionExpression: contains"),
        Refusal("attribute_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
        Refusal("attribute_not_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_not_exists"),
        Refusal("attribute_type(pk, :type)", "Invalid operator used in KeyConditionExpression: attribute_type"),
        Refusal("pk.x = :s", "KeyConditionExpressions cannot have conditions on nested attributes"),
        Refusal("size(pk) = :n", "KeyConditionExpressions cannot contain nested operations"),
        Refusal(
            "pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        Refusal(
            "pk = :s AND sk BETWEEN a AND :n",
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        Refusal(":s = :s2", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        Refusal(
            "pk = :s AND begins_with(:s, sk)",
            "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute "
                + "as its first operand"),
        Refusal(
            "pk = :s AND :n BETWEEN sk AND :n",
            "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute "
                + "as its first operand"),
        Refusal("pk = :s AND pk = :s", "KeyConditionExpressions must only contain one condition per key"),
        Refusal("pk = :s AND sk = :n AND q = :n", "Conditions can be of length 1 or 2 only"),
        Refusal("sk = :n", "Query condition missed key schema element: pk"),
        Refusal("q = :n", "Query condition missed key schema element: pk"),
        Refusal("pk = :s AND q = :n", "Query condition missed key schema element: sk"),
        Refusal("pk > :s", "Query key condition not supported"),
        Refusal("begins_with(pk, :s)", "Query key condition not supported"),
        Refusal(
            "pk = :n",
            "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        Refusal(
            "pk = :s AND begins_with(sk, :s)",
            "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        Refusal(
            "pk = :s AND sk = :l",
            "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    ]

    @Test(arguments: refusals)
    func `what is no condition on the key is refused in DynamoDB's words`(_ refusal: Refusal) throws {
        #expect(try messageRefusing { try resolve(refusal.expression, Self.simple) } == refusal.message)
    }

    @Test(arguments: [
        Refusal("p1 = :s", hashWithoutEquality("p2")),
        Refusal("p2 = :n", hashWithoutEquality("p1")),
        Refusal("s1 = :s", hashWithoutEquality("p1, p2")),
        Refusal("p1 = :s AND p2 < :n", hashWithoutEquality("p2")),
        Refusal("p1 = :s AND p2 BETWEEN :n AND :n", hashWithoutEquality("p2")),
        Refusal("p1 = :s AND p2 = :n AND s2 = :n", rangeWithoutEquality("s1", before: "s2")),
        Refusal("p1 = :s AND p2 = :n AND s1 > :s AND s2 = :n", rangeWithoutEquality("s1", before: "s2")),
        Refusal("p1 = :s AND p2 = :n AND begins_with(s1, :s) AND s2 = :n", rangeWithoutEquality("s1", before: "s2")),
        Refusal("p1 = :s AND p2 = :n AND s1 = :s AND s3 = :s", rangeWithoutEquality("s2", before: "s3")),
        Refusal("p1 = :s AND p2 = :n AND s3 < :s", rangeWithoutEquality("s1, s2", before: "s3")),
        Refusal(
            "p1 = :s AND p2 = :n AND s1 = :s AND s2 = :n AND s3 = :s AND q = :s", "Query key condition not supported"),
    ])
    func `gaps and early ranges in a key of several attributes are refused`(_ refusal: Refusal) throws {
        #expect(try messageRefusing { try resolve(refusal.expression, Self.composite) } == refusal.message)
    }

    private static func hashWithoutEquality(_ names: String) -> String {
        "HASH key attributes \(names) must have equality conditions specified in the query"
    }

    private static func rangeWithoutEquality(_ names: String, before last: String) -> String {
        """
        RANGE key attributes \(names) must have equality conditions specified in the query because a condition is present on key \
        attribute \(last)
        """
    }

    @Test func `a key without a sort key takes no second condition`() throws {
        let message = try messageRefusing { try resolve("pk = :s AND sk = :n", Self.hashOnly) }
        #expect(message == "Query key condition not supported")
    }
}
