import ItemModel
import Testing

@testable import DynamoAPI

@Suite struct TransactionTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        endpoint.createIndexedTable()
    }

    private func cancelled(_ codes: String, _ reasons: String) -> String {
        #"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [\#(codes)]","CancellationReasons":[\#(reasons)]}"#
    }

    @Test func `a transaction answers with its doubled capacity and its collections, and is read back as a whole`() {
        #expect(
            endpoint(
                "TransactWriteItems",
                #"""
                {"TransactItems":[
                 {"Put":{"TableName":"simple","Item":{"pk":{"S":"a"},"v":{"N":"1"}}}},
                 {"Put":{"TableName":"indexed","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"g":{"S":"x"},"h":{"N":"1"}}}},
                 {"ConditionCheck":{"TableName":"simple","Key":{"pk":{"S":"b"}},"ConditionExpression":"attribute_not_exists(pk)"}}],
                 "ReturnConsumedCapacity":"INDEXES","ReturnItemCollectionMetrics":"SIZE"}
                """#)
                == #"{"ItemCollectionMetrics":{"indexed":[{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}]},"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":4.0,"WriteCapacityUnits":4.0,"Table":{"CapacityUnits":4.0,"WriteCapacityUnits":4.0}},{"TableName":"indexed","CapacityUnits":5.0,"WriteCapacityUnits":5.0,"Table":{"CapacityUnits":2.0,"WriteCapacityUnits":2.0},"GlobalSecondaryIndexes":{"all":{"CapacityUnits":1.0,"WriteCapacityUnits":1.0},"include":{"CapacityUnits":1.0,"WriteCapacityUnits":1.0},"keys":{"CapacityUnits":1.0,"WriteCapacityUnits":1.0}}}]}"#
        )
        #expect(
            endpoint(
                "TransactGetItems",
                #"""
                {"TransactItems":[
                 {"Get":{"TableName":"simple","Key":{"pk":{"S":"a"}},"ProjectionExpression":"v"}},
                 {"Get":{"TableName":"simple","Key":{"pk":{"S":"none"}}}},
                 {"Get":{"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}}],
                 "ReturnConsumedCapacity":"TOTAL"}
                """#)
                == #"{"Responses":[{"Item":{"v":{"N":"1"}}},{},{"Item":{"g":{"S":"x"},"h":{"N":"1"},"pk":{"S":"a"},"sk":{"S":"b"}}}],"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":4.0,"ReadCapacityUnits":4.0},{"TableName":"indexed","CapacityUnits":2.0,"ReadCapacityUnits":2.0}]}"#
        )
    }

    @Test func `each action's reason is told in order, with the item where it is asked for`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}}}"#)
        #expect(
            endpoint(
                "TransactWriteItems",
                #"""
                {"TransactItems":[
                 {"Put":{"TableName":"simple","Item":{"pk":{"S":"b"}}}},
                 {"Delete":{"TableName":"simple","Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(v)",
                   "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
                 {"Update":{"TableName":"simple","Key":{"pk":{"S":"c"}},"UpdateExpression":"SET v = w"}}]}
                """#)
                == cancelled(
                    "None, ConditionalCheckFailed, ValidationError",
                    #"{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"pk":{"S":"a"}}},{"Code":"ValidationError","Message":"The provided expression refers to an attribute that does not exist in the item"}"#
                ))
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"b"}}}"#) == "{}")
    }

    @Test(arguments: [
        (
            #"{"Put":{"TableName":"simple","Item":{"v":{"S":"b"}}}}"#,
            "One or more parameter values were invalid: Missing the key pk in the item"
        ),
        (
            #"{"Delete":{"TableName":"simple","Key":{"pk":{"N":"1"}}}}"#,
            "The provided key element does not match the schema"
        ),
        (
            #"{"Update":{"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"REMOVE pk"}}"#,
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
        ),
    ])
    func `an action that does not fit its table's schema cancels the transaction`(action: String, message: String) {
        #expect(
            endpoint("TransactWriteItems", #"{"TransactItems":[\#(action)]}"#)
                == cancelled("ValidationError", #"{"Code":"ValidationError","Message":"\#(message)"}"#))
    }

    @Test(arguments: [
        (#"[{}]"#, "TransactItems can only contain one of Check, Put, Update or Delete"),
        (
            #"[{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"}}},"Delete":{"TableName":"simple","Key":{"pk":{"S":"a"}}}}]"#,
            "TransactItems can only contain one of Check, Put, Update or Delete"
        ),
        (
            #"[{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"}}}},{"Delete":{"TableName":"simple","Key":{"pk":{"S":"a"}}}}]"#,
            "Transaction request cannot include multiple operations on one item"
        ),
        (
            #"[{"Put":{"TableName":"simple"}}]"#,
            "1 validation error detected: Value null at 'transactItems.1.member.put.item' failed to satisfy constraint: Member must not be null"
        ),
        (
            #"[{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"}},"ConditionExpression":"a ="}}]"#,
            #"Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "=""#
        ),
        (
            #"[{"Update":{"TableName":"simple","Key":{"pk":{"S":""}},"UpdateExpression":"SET a = b"}}]"#,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
        ),
        (
            #"[{"Put":{"TableName":"simple","Item":{"pk":{"N":"7"}}}},{"Delete":{"TableName":"simple","Key":{"pk":{"S":""}}}}]"#,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
        ),
        (
            #"[{"Put":{"TableName":"indexed","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"g":{"S":""}}}}]"#,
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: all, IndexKey: g"
        ),
    ])
    func `a request that is wrong by itself is refused`(items: String, message: String) {
        #expect(endpoint("TransactWriteItems", #"{"TransactItems":\#(items)}"#) == validation(message))
    }

    @Test func `a projection that finds nothing leaves the item out`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"},"v":{"N":"1"}}}"#)
        let get = #"{"Get":{"TableName":"simple","Key":{"pk":{"S":"a"}},"ProjectionExpression":"x.y, z"}}"#
        #expect(endpoint("TransactGetItems", #"{"TransactItems":[\#(get)]}"#) == #"{"Responses":[{}]}"#)
        #expect(
            endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"ProjectionExpression":"x.y, z"}"#)
                == #"{"Item":{}}"#)
    }

    @Test func `validation stops at its first fault, before any condition`() {
        let put = #"{"Put":{"TableName":"simple","Item":{"pk":{"N":"7"}}}}"#
        let failing =
            #"{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(pk)"}}"#
        let fault =
            #"{"Code":"ValidationError","Message":"One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"}"#
        let none = #"{"Code":"None"}"#
        #expect(
            endpoint("TransactWriteItems", #"{"TransactItems":[\#(put),\#(put),\#(failing)]}"#)
                == cancelled("ValidationError, None, None", "\(fault),\(none),\(none)"))
        #expect(
            endpoint("TransactWriteItems", #"{"TransactItems":[\#(failing),\#(put)]}"#)
                == cancelled("None, ValidationError", "\(none),\(fault)"))
    }

    @Test func `an item that is too large refuses the transaction`() {
        let filler = String(repeating: "x", count: 410_000)
        let put = #"{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"},"f":{"S":"\#(filler)"}}}}"#
        #expect(
            endpoint("TransactWriteItems", #"{"TransactItems":[\#(put)]}"#)
                == validation("Item size has exceeded the maximum allowed size"))
    }

    @Test func `the limit of 4 MB is of what the request holds, and not of the items that it touches`() {
        let filler = String(repeating: "x", count: 100_000)
        func request(_ action: (Int) -> String) -> String {
            let actions = (0..<50).map(action).joined(separator: ",")
            return endpoint("TransactWriteItems", #"{"TransactItems":[\#(actions)]}"#)
        }
        func put(_ number: Int) -> String {
            #"{"Put":{"TableName":"simple","Item":{"pk":{"S":"\#(number)"},"f":{"S":"\#(filler)"}}}}"#
        }
        func update(_ number: Int, _ value: String) -> String {
            #"{"Update":{"TableName":"simple","Key":{"pk":{"S":"\#(number)"}},"UpdateExpression":"SET g = :g","#
                + #""ExpressionAttributeValues":{":g":{"S":"\#(value)"}}}}"#
        }
        let refusal = validation("The transaction's payload size cannot exceed 4 MB")
        #expect(request(put) == refusal)
        #expect(request { update($0, filler) } == refusal)
        for number in 0..<50 {
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"\#(number)"},"f":{"S":"\#(filler)"}}}"#)
        }
        #expect(request { update($0, "small") } == "{}")
        #expect(
            request {
                #"{"ConditionCheck":{"TableName":"simple","Key":{"pk":{"S":"\#($0)"}},"ConditionExpression":"attribute_exists(g)"}}"#
            } == "{}")
        #expect(request { #"{"Delete":{"TableName":"simple","Key":{"pk":{"S":"\#($0)"}}}}"# } == "{}")
        #expect(endpoint("Scan", #"{"TableName":"simple","Select":"COUNT"}"#) == #"{"Count":0,"ScannedCount":0}"#)
    }

    @Test func `a token answers again with what reading takes, and is for one request only`() {
        let put = #"{"Put":{"TableName":"simple","Item":{"pk":{"S":"a"},"v":{"N":"1"}}}}"#
        let other = #"{"Put":{"TableName":"simple","Item":{"v":{"N":"1"},"pk":{"S":"a"}}}}"#
        func request(_ item: String) -> String {
            endpoint(
                "TransactWriteItems",
                #"{"TransactItems":[\#(item)],"ClientRequestToken":"t","ReturnConsumedCapacity":"TOTAL"}"#)
        }
        #expect(
            request(put)
                == #"{"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":2.0,"WriteCapacityUnits":2.0}]}"#)
        endpoint("DeleteItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#)
        for item in [put, other] {
            #expect(
                request(item)
                    == #"{"ConsumedCapacity":[{"TableName":"simple","CapacityUnits":2.0,"ReadCapacityUnits":2.0}]}"#)
        }
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#) == "{}")
        #expect(
            request(put.replacing("\"1\"", with: "\"2\"")).contains("#IdempotentParameterMismatchException"))
    }

    @Test func `reads that name an item twice, or a key that does not fit, are refused`() {
        let get = #"{"Get":{"TableName":"simple","Key":{"pk":{"S":"a"}}}}"#
        #expect(
            endpoint("TransactGetItems", #"{"TransactItems":[\#(get),\#(get)]}"#)
                == validation("Transaction request cannot include multiple operations on one item"))
        #expect(
            endpoint(
                "TransactGetItems",
                #"{"TransactItems":[\#(get),{"Get":{"TableName":"simple","Key":{"v":{"S":"a"}}}}]}"#)
                == cancelled(
                    "None, ValidationError",
                    #"{"Code":"None"},{"Code":"ValidationError","Message":"The provided key element does not match the schema"}"#
                ))
    }
}
