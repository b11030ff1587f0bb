import Testing

@testable import DynamoAPI

@Suite struct LegacyTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        endpoint.createTable("sorted", hasSortKey: true)
        endpoint(
            "PutItem",
            #"{"TableName":"simple","Item":{"pk":{"S":"a"},"n":{"N":"5"},"s":{"S":"text"},"set":{"SS":["x","y"]},"l":{"L":[{"N":"1"}]}}}"#
        )
        for sort in ["a", "ab", "b", "c"] {
            endpoint(
                "PutItem", #"{"TableName":"sorted","Item":{"pk":{"S":"p"},"sk":{"S":"\#(sort)"},"v":{"S":"\#(sort)"}}}"#
            )
        }
    }

    /// Whether a delete that expects this finds it so; the item stays.
    private func holds(_ expected: String, operator conjunction: String? = nil) -> String {
        let operation = conjunction.map { #","ConditionalOperator":"\#($0)""# } ?? ""
        let answer = endpoint(
            "UpdateItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"Expected":\#(expected)\#(operation)}"#)
        return switch answer {
        case "{}": "yes"
        case fault("ConditionalCheckFailedException", "The conditional request failed"): "no"
        default: JSONTree(answer)["message"].string
        }
    }

    @Test(arguments: [
        (#"{}"#, "yes"),
        (#"{"n":{"Value":{"N":"5.0"}}}"#, "yes"), (#"{"n":{"Value":{"N":"4"},"Exists":true}}"#, "no"),
        (#"{"x":{"Exists":false}}"#, "yes"), (#"{"n":{"Exists":false}}"#, "no"),
        (#"{"n":{"ComparisonOperator":"EQ","Value":{"N":"5"}}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"5"}]}}"#, "no"),
        (#"{"x":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"5"}]}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"6"}]}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"LE","AttributeValueList":[{"N":"5"}]}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"5"}]}}"#, "no"),
        (#"{"n":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"5"}]}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"},{"N":"6"}]}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"4"},{"N":"5"}]}}"#, "yes"),
        (#"{"s":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"te"}]}}"#, "yes"),
        (#"{"s":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"ex"}]}}"#, "yes"),
        (#"{"set":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"x"}]}}"#, "yes"),
        (#"{"set":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"z"}]}}"#, "yes"),
        (#"{"x":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"z"}]}}"#, "no"),
        (#"{"x":{"ComparisonOperator":"NULL"}}"#, "yes"),
        (#"{"n":{"ComparisonOperator":"NOT_NULL","AttributeValueList":[]}}"#, "yes"),
        (#"{"n":{"Value":{"N":"5"}},"s":{"Value":{"S":"other"}}}"#, "no"),
        (
            #"{"n":{"Value":{"N":"5"},"AttributeValueList":[]}}"#,
            "One or more parameter values were invalid: Value and AttributeValueList cannot be used together for Attribute: n"
        ),
        (
            #"{"n":{"Exists":true,"ComparisonOperator":"NULL"}}"#,
            "One or more parameter values were invalid: Exists and ComparisonOperator cannot be used together for Attribute: n"
        ),
        (
            #"{"n":{"ComparisonOperator":"LT"}}"#,
            "One or more parameter values were invalid: Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: n"
        ),
        (
            #"{"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"}]}}"#,
            "One or more parameter values were invalid: Invalid number of argument(s) for the BETWEEN ComparisonOperator"
        ),
        (
            #"{"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"5"},{"S":"5"}]}}"#,
            "One or more parameter values were invalid: AttributeValues inside AttributeValueList must all be of the same type"
        ),
        (
            #"{"n":{"ComparisonOperator":"LT","AttributeValueList":[{"SS":["5"]}]}}"#,
            "One or more parameter values were invalid: ComparisonOperator LT is not valid for SS AttributeValue type"
        ),
        (
            #"{"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"},{"N":"4"}]}}"#,
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        ),
        (
            #"{"n":{"AttributeValueList":[{"N":"5"}]}}"#,
            "One or more parameter values were invalid: AttributeValueList can only be used with a ComparisonOperator for Attribute: n"
        ),
        (
            #"{"n":{}}"#,
            "One or more parameter values were invalid: Value must be provided when Exists is null for Attribute: n"
        ),
        (
            #"{"n":{"Exists":true}}"#,
            "One or more parameter values were invalid: Value must be provided when Exists is true for Attribute: n"
        ),
        (
            #"{"n":{"Exists":false,"Value":{"N":"5"}}}"#,
            "One or more parameter values were invalid: Value cannot be used when Exists is false for Attribute: n"
        ),
        (#"{"n":{"Value":{"N":"x"}}}"#, "The parameter cannot be converted to a numeric value: x"),
    ])
    func `what is expected of an item is a condition`(expected: String, outcome: String) {
        #expect(holds(expected) == outcome)
    }

    @Test func `expectations are joined as asked`() {
        let one = #"{"n":{"Value":{"N":"5"}},"s":{"Value":{"S":"other"}}}"#
        #expect(holds(one, operator: "OR") == "yes")
        #expect(holds(one, operator: "AND") == "no")
        #expect(
            holds(#"{"n":{"Value":{"N":"5"}}}"#, operator: "OR")
                == "ConditionalOperator can only be used when Filter or Expected has two or more elements")
        #expect(holds("{}", operator: "OR") == "ConditionalOperator cannot be used without Filter or Expected")
    }

    @Test func `a failed expectation can return the item`() {
        #expect(
            endpoint.tree(
                "DeleteItem",
                #"""
                {"TableName":"simple","Key":{"pk":{"S":"a"}},"Expected":{"n":{"Value":{"N":"0"}}},
                 "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}
                """#)["Item"]["n"]["N"].string == "5")
    }

    private func update(_ updates: String) -> String {
        endpoint(
            "UpdateItem",
            #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"AttributeUpdates":\#(updates),"ReturnValues":"UPDATED_NEW"}"#
        )
    }

    @Test(arguments: [
        (#"{"n":{"Value":{"N":"1"}}}"#, #"{"Attributes":{"n":{"N":"1"}}}"#),
        (#"{"n":{"Value":{"N":"1"},"Action":"PUT"}}"#, #"{"Attributes":{"n":{"N":"1"}}}"#),
        (#"{"n":{"Value":{"N":"1"},"Action":"ADD"}}"#, #"{"Attributes":{"n":{"N":"6"}}}"#),
        (#"{"new":{"Value":{"N":"1"},"Action":"ADD"}}"#, #"{"Attributes":{"new":{"N":"1"}}}"#),
        (#"{"set":{"Value":{"SS":["z"]},"Action":"ADD"}}"#, #"{"Attributes":{"set":{"SS":["x","y","z"]}}}"#),
        (#"{"l":{"Value":{"L":[{"N":"2"}]},"Action":"ADD"}}"#, #"{"Attributes":{"l":{"L":[{"N":"1"},{"N":"2"}]}}}"#),
        (#"{"k":{"Value":{"L":[{"N":"2"}]},"Action":"ADD"}}"#, #"{"Attributes":{"k":{"L":[{"N":"2"}]}}}"#),
        (#"{"set":{"Value":{"SS":["x"]},"Action":"DELETE"}}"#, #"{"Attributes":{"set":{"SS":["y"]}}}"#),
        (#"{"n":{"Action":"DELETE"},"s":{"Value":{"S":"t"}}}"#, #"{"Attributes":{"s":{"S":"t"}}}"#),
        (#"{"dotted.name":{"Value":{"S":"t"}}}"#, #"{"Attributes":{"dotted.name":{"S":"t"}}}"#),
        (#"{}"#, "{}"),
    ])
    func `updates of attributes are an update expression`(updates: String, answer: String) {
        #expect(update(updates) == answer)
    }

    @Test(arguments: [
        (
            #"{"n":{"Action":"ADD"}}"#,
            "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified"
        ),
        (
            #"{"n":{"Action":"DELETE","Value":{"N":"1"}}}"#,
            "One or more parameter values were invalid: DELETE action with value is not supported for the type N"
        ),
        (
            #"{"n":{"Action":"ADD","Value":{"S":"1"}}}"#,
            "One or more parameter values were invalid: ADD action is not supported for the type S"
        ),
        (#"{"s":{"Action":"ADD","Value":{"N":"1"}}}"#, "Type mismatch for attribute to update"),
        (#"{"n":{"Action":"ADD","Value":{"SS":["1"]}}}"#, "Type mismatch for attribute to update"),
        (
            #"{"pk":{"Value":{"S":"1"}}}"#,
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
        ),
    ])
    func `an update of attributes that cannot be is told why`(updates: String, message: String) {
        #expect(update(updates) == validation(message))
    }

    private func query(_ parameters: String) -> String {
        let answer = endpoint.tree("Query", #"{"TableName":"sorted",\#(parameters)}"#)
        return answer["message"] == .null
            ? answer["Items"].elements.map { $0["sk"]["S"].string }.joined(separator: " ") : answer["message"].string
    }

    private static let partition = #""pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"p"}]}"#

    @Test(arguments: [
        ("", "a ab b c"),
        (#","sk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"b"}]}"#, "b"),
        (#","sk":{"ComparisonOperator":"LT","AttributeValueList":[{"S":"b"}]}"#, "a ab"),
        (#","sk":{"ComparisonOperator":"GE","AttributeValueList":[{"S":"b"}]}"#, "b c"),
        (#","sk":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"a"}]}"#, "a ab"),
        (#","sk":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"S":"ab"},{"S":"b"}]}"#, "ab b"),
        (
            #","sk":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"b"}]}"#,
            "Attempted conditional constraint is not an indexable operation"
        ),
        (
            #","v":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"b"}]}"#,
            "Query condition missed key schema element: sk"
        ),
        (
            #","sk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"b"}]},"v":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"b"}]}"#,
            "Conditions can be of length 1 or 2 only"
        ),
    ])
    func `conditions on keys are a key condition`(conditions: String, outcome: String) {
        #expect(query(#""KeyConditions":{\#(Self.partition)\#(conditions)}"#) == outcome)
    }

    @Test func `a query's filter leaves keys alone and a scan's does not`() {
        let key = #""KeyConditions":{\#(Self.partition)}"#
        func filter(_ name: String) -> String {
            #"{"\#(name)":{"ComparisonOperator":"GT","AttributeValueList":[{"S":"ab"}]}}"#
        }
        #expect(query(key + #","QueryFilter":\#(filter("v"))"#) == "b c")
        #expect(
            query(key + #","QueryFilter":\#(filter("sk"))"#)
                == "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk")
        #expect(query(#""KeyConditions":{}"#) == "Conditions can be of length 1 or 2 only")
        #expect(
            endpoint("Scan", #"{"TableName":"sorted","Select":"COUNT","ScanFilter":\#(filter("sk"))}"#)
                == #"{"Count":2,"ScannedCount":4}"#)
        #expect(
            query(key + #","KeyConditionExpression":"pk = :p","QueryFilter":{}"#)
                == """
                Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
                {QueryFilter, KeyConditions} Expression parameters: {KeyConditionExpression}
                """)
    }

    @Test func `a filter without an operator is no condition`() {
        #expect(
            endpoint("Scan", #"{"TableName":"sorted","ScanFilter":{"v":{"AttributeValueList":[{"S":"a"}]}}}"#)
                == validation(
                    """
                    1 validation error detected: Value null at 'scanFilter.v.member.comparisonOperator' failed to satisfy \
                    constraint: Member must not be null
                    """))
    }
}
