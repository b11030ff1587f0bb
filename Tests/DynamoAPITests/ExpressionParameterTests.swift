import Testing

@testable import DynamoAPI

@Suite struct ExpressionParameterTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
    }

    @Test(arguments: [
        (
            ##""ExpressionAttributeNames":{"#a":"a"}"##,
            "ExpressionAttributeNames can only be specified when using expressions"
        ),
        (
            #""ExpressionAttributeValues":{":a":{"S":"a"}}"#,
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeValues":{}"#,
            "ExpressionAttributeValues must not be empty"
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeValues":{"a":{"S":"a"}}"#,
            #"ExpressionAttributeValues contains invalid key: Syntax error; key: "a""#
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"N":"x"}}"#,
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :a"
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeNames":{"b":"b"},"ExpressionAttributeValues":{":a":{}}"#,
            #"ExpressionAttributeNames contains invalid key: Syntax error; key: "b""#
        ),
        (#""ConditionExpression":"""#, "Invalid ConditionExpression: The expression can not be empty;"),
        (
            #""ConditionExpression":"a = :b","ExpressionAttributeValues":{":a":{"S":"a"}}"#,
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :b"
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"a"},":b":{"S":"b"}}"#,
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"
        ),
        (
            #""ConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"a"}},"Expected":{},"ConditionalOperator":"AND""#,
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected, ConditionalOperator} Expression parameters: {ConditionExpression}"
        ),
    ])
    func `expression parameters are checked in the service's order`(parameters: String, message: String) {
        #expect(
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}},\#(parameters)}"#)
                == validation(message))
    }

    @Test func `the parameters are checked before the table is looked for`() {
        #expect(
            endpoint("PutItem", #"{"TableName":"nothing","Item":{"pk":{"S":"a"}},"ConditionExpression":""}"#)
                == validation("Invalid ConditionExpression: The expression can not be empty;"))
    }
}
