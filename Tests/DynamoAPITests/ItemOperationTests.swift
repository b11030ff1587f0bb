import Testing

@testable import DynamoAPI

@Suite struct ItemOperationTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
        endpoint.createTable("sorted", hasSortKey: true)
    }

    @Test func `an item that was put is got`() {
        #expect(
            endpoint.send("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"},"n":{"N":"01.50"}}}"#) == (
                200, "{}"
            ))
        #expect(
            endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#)
                == #"{"Item":{"n":{"N":"1.5"},"pk":{"S":"a"}}}"#)
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"b"}}}"#) == "{}")
    }

    @Test
    func `a read that has to wait for the disk gives the same answer elsewhere, and is refused where too many wait`() {
        let get = #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"TOTAL"}"#
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"},"n":{"N":"1"}}}"#)
        let answer = endpoint("GetItem", get)
        #expect(endpoint.region.diskReadCount == 0)
        endpoint.region.coolDown()
        #expect(endpoint("GetItem", get) == answer)
        #expect(endpoint.region.diskReadCount == 1)
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"b"}}}"#) == "{}")
        endpoint.region.setOverloaded(true)
        #expect(endpoint("GetItem", get).contains("ThrottlingException"))
    }

    @Test func `a projection returns what it names`() {
        endpoint(
            "PutItem",
            #"{"TableName":"simple","Item":{"pk":{"S":"a"},"m":{"M":{"x":{"S":"1"},"y":{"S":"2"}}},"z":{"S":"3"}}}"#)
        #expect(
            endpoint(
                "GetItem",
                ##"{"TableName":"simple","Key":{"pk":{"S":"a"}},"ProjectionExpression":"#m.x, pk","ExpressionAttributeNames":{"#m":"m"}}"##
            )
                == #"{"Item":{"m":{"M":{"x":{"S":"1"}}},"pk":{"S":"a"}}}"#)
        #expect(
            endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"AttributesToGet":["z"]}"#)
                == #"{"Item":{"z":{"S":"3"}}}"#)
        #expect(
            endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"AttributesToGet":["z","z"]}"#)
                == validation("One or more parameter values were invalid: Duplicate value in attribute name: z"))
        #expect(
            endpoint(
                "GetItem",
                #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"AttributesToGet":["z"],"ProjectionExpression":"z"}"#)
                == validation(
                    """
                    Can not use both expression and non-expression parameters in the same request: Non-expression parameters: \
                    {AttributesToGet} Expression parameters: {ProjectionExpression}
                    """))
    }

    @Test(arguments: [
        (#"{}"#, "The provided key element does not match the schema"),
        (#"{"pk":{"N":"1"}}"#, "The provided key element does not match the schema"),
        (#"{"pk":{"S":"a"},"x":{"S":"b"}}"#, "The provided key element does not match the schema"),
        (
            #"{"pk":{"S":""}}"#,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"
        ),
    ])
    func `a key fits the schema`(key: String, message: String) {
        for operation in ["GetItem", "DeleteItem", "UpdateItem"] {
            #expect(endpoint(operation, #"{"TableName":"simple","Key":\#(key)}"#) == validation(message))
        }
    }

    @Test(arguments: [
        (#"{"x":{"S":"a"}}"#, "One or more parameter values were invalid: Missing the key pk in the item"),
        (
            #"{"pk":{"N":"1"}}"#,
            "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"
        ),
        (
            #"{"pk":{"S":"\#(String(repeating: "k", count: 2049))"},"sk":{"S":"a"}}"#,
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
        ),
        (
            #"{"pk":{"S":"a"},"sk":{"S":"\#(String(repeating: "k", count: 1025))"}}"#,
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        ),
    ])
    func `an item to put has its key`(item: String, message: String) {
        #expect(endpoint("PutItem", #"{"TableName":"sorted","Item":\#(item)}"#) == validation(message))
    }

    @Test func `a table that is not there is not found`() {
        let expected = fault("ResourceNotFoundException", "Requested resource not found")
        #expect(endpoint("GetItem", #"{"TableName":"nothing","Key":{"pk":{"S":"a"}}}"#) == expected)
        #expect(endpoint("PutItem", #"{"TableName":"nothing","Item":{"pk":{"S":"a"}}}"#) == expected)
    }

    @Test func `a condition that fails changes nothing and can return the item`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}}}"#)
        let body = #"""
            {"TableName":"simple","Item":{"pk":{"S":"a"},"x":{"S":"1"}},"ConditionExpression":"attribute_not_exists(pk)"
            """#
        #expect(
            endpoint.send("PutItem", body + "}")
                == (400, fault("ConditionalCheckFailedException", "The conditional request failed")))
        #expect(
            endpoint("PutItem", body + #","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}"#)
                == #"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"pk":{"S":"a"}}}"#
        )
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#) == #"{"Item":{"pk":{"S":"a"}}}"#)
    }

    @Test func `an update returns what it was asked for`() {
        let body = #"""
            {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET x = :x, m = :m",
             "ExpressionAttributeValues":{":x":{"N":"1"},":m":{"M":{"k":{"S":"v"}}}}
            """#
        #expect(
            endpoint("UpdateItem", body + #","ReturnValues":"ALL_NEW"}"#)
                == #"{"Attributes":{"m":{"M":{"k":{"S":"v"}}},"pk":{"S":"a"},"x":{"N":"1"}}}"#)
        let increment = #"""
            {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET x = x + :x",
             "ExpressionAttributeValues":{":x":{"N":"1"}}
            """#
        #expect(
            endpoint("UpdateItem", increment + #","ReturnValues":"UPDATED_NEW"}"#) == #"{"Attributes":{"x":{"N":"2"}}}"#
        )
        #expect(
            endpoint("UpdateItem", increment + #","ReturnValues":"UPDATED_OLD"}"#) == #"{"Attributes":{"x":{"N":"2"}}}"#
        )
        #expect(endpoint("UpdateItem", increment + "}") == "{}")
        #expect(
            endpoint("UpdateItem", #"{"TableName":"simple","Key":{"pk":{"S":"new"}},"ReturnValues":"ALL_NEW"}"#)
                == #"{"Attributes":{"pk":{"S":"new"}}}"#)
    }

    @Test(arguments: [
        #""UpdateExpression":"REMOVE a""#,
        #""UpdateExpression":"REMOVE x.y, z[0]""#,
        #""UpdateExpression":"DELETE a :s","ExpressionAttributeValues":{":s":{"SS":["x"]}}"#,
        #""AttributeUpdates":{"a":{"Action":"DELETE"}}"#,
        #""AttributeUpdates":{"a":{"Action":"DELETE","Value":{"SS":["x"]}}}"#,
    ])
    func `an update that can only take something away makes no item`(_ update: String) {
        for values in ["ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD"] {
            #expect(
                endpoint(
                    "UpdateItem",
                    #"{"TableName":"simple","Key":{"pk":{"S":"a"}},\#(update),"ReturnValues":"\#(values)"}"#) == "{}")
        }
        #expect(endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}}}"#) == "{}")
        #expect(
            endpoint(
                "TransactWriteItems",
                #"{"TransactItems":[{"Update":{"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"REMOVE a"}}]}"#
            ) == "{}")
        #expect(endpoint("Scan", #"{"TableName":"simple"}"#) == #"{"Count":0,"Items":[],"ScannedCount":0}"#)
    }

    @Test func `an update without actions makes an item of its key`() {
        for (key, update) in [("a", ""), ("b", #","AttributeUpdates":{}"#)] {
            #expect(
                endpoint("UpdateItem", #"{"TableName":"simple","Key":{"pk":{"S":"\#(key)"}}\#(update)}"#) == "{}")
            #expect(
                endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"\#(key)"}}}"#)
                    == #"{"Item":{"pk":{"S":"\#(key)"}}}"#)
        }
    }

    @Test func `an update leaves the key alone`() {
        #expect(
            endpoint(
                "UpdateItem",
                #"""
                {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET pk = :x","ExpressionAttributeValues":{":x":{"S":"b"}}}
                """#)
                == validation(
                    "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"
                ))
    }

    @Test func `a deleted item is returned where it is asked for`() {
        endpoint("PutItem", #"{"TableName":"sorted","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"BOOL":true}}}"#)
        let body = #"{"TableName":"sorted","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ReturnValues":"ALL_OLD"}"#
        #expect(
            endpoint("DeleteItem", body) == #"{"Attributes":{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"BOOL":true}}}"#)
        #expect(endpoint("DeleteItem", body) == "{}")
    }

    @Test func `only updates return updated values`() {
        #expect(
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}},"ReturnValues":"ALL_NEW"}"#)
                == validation("ReturnValues can only be ALL_OLD or NONE"))
        #expect(
            endpoint("DeleteItem", #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"ReturnValues":"UPDATED_OLD"}"#)
                == validation("ReturnValues can only be ALL_OLD or NONE"))
    }

    @Test func `capacity is counted in units of reading and writing`() {
        let text = String(repeating: "x", count: 5000)
        #expect(
            endpoint(
                "PutItem",
                #"{"TableName":"simple","Item":{"pk":{"S":"a"},"t":{"S":"\#(text)"}},"ReturnConsumedCapacity":"INDEXES"}"#
            )
                == #"{"ConsumedCapacity":{"TableName":"simple","CapacityUnits":5.0,"Table":{"CapacityUnits":5.0}}}"#)
        let get =
            #"{"TableName":"simple","Key":{"pk":{"S":"a"}},"ProjectionExpression":"pk","ReturnConsumedCapacity":"TOTAL""#
        #expect(
            endpoint("GetItem", get + "}")
                == #"{"Item":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"simple","CapacityUnits":1.0}}"#)
        #expect(
            endpoint("GetItem", get + #","ConsistentRead":true}"#)
                == #"{"Item":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"simple","CapacityUnits":2.0}}"#)
        #expect(
            endpoint("GetItem", #"{"TableName":"simple","Key":{"pk":{"S":"-"}},"ReturnConsumedCapacity":"TOTAL"}"#)
                == #"{"ConsumedCapacity":{"TableName":"simple","CapacityUnits":0.5}}"#)
    }

    @Test func `an item is at most 400 KB`() {
        let text = String(repeating: "x", count: 400 * 1024)
        #expect(
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"},"t":{"S":"\#(text)"}}}"#)
                == validation("Item size has exceeded the maximum allowed size"))
        #expect(
            endpoint(
                "UpdateItem",
                #"""
                {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"SET t = :t",
                 "ExpressionAttributeValues":{":t":{"S":"\#(text)"}}}
                """#) == validation("Item size to update has exceeded the maximum allowed size"))
    }

    @Test func `a table can be named by its ARN`() {
        let arn = "arn:aws:dynamodb:eu-central-1:000000000000:table/simple"
        #expect(
            endpoint(
                "PutItem", #"{"TableName":"\#(arn)","Item":{"pk":{"S":"a"}},"ReturnConsumedCapacity":"TOTAL"}"#)
                == #"{"ConsumedCapacity":{"TableName":"\#(arn)","CapacityUnits":1.0}}"#)
        #expect(
            endpoint(
                "GetItem",
                #"{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/simple","Key":{"pk":{"S":"a"}}}"#)
                == fault("ResourceNotFoundException", "Requested resource not found"))
    }

    @Test func `a writer that has too much to do throttles`() {
        endpoint.region.setOverloaded(true)
        #expect(
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}}}"#)
                == fault("ThrottlingException", "Rate of requests exceeds the allowed throughput."))
    }

    @Test func `the item collection of a write is told where a table has local indexes`() {
        endpoint.createIndexedTable()
        let key = #""pk":{"S":"a"},"sk":{"S":"b"}"#
        let metrics =
            #"{"ItemCollectionMetrics":{"ItemCollectionKey":{"pk":{"S":"a"}},"SizeEstimateRangeGB":[0.0,1.0]}}"#
        for (operation, parameter) in [("PutItem", "Item"), ("UpdateItem", "Key"), ("DeleteItem", "Key")] {
            #expect(
                endpoint(
                    operation,
                    #"{"TableName":"indexed","\#(parameter)":{\#(key)},"ReturnItemCollectionMetrics":"SIZE"}"#)
                    == metrics)
        }
        #expect(
            endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"}},"ReturnItemCollectionMetrics":"SIZE"}"#)
                == "{}")
    }

    @Test func `an attribute that an index cannot have as its key is refused before the condition is evaluated`() {
        endpoint.createIndexedTable()
        for (value, message) in [
            (
                #"{"N":"1"}"#,
                "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: all"
            ),
            (
                #"{"S":""}"#,
                "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: all, IndexKey: g"
            ),
        ] {
            #expect(
                endpoint(
                    "PutItem",
                    #"""
                    {"TableName":"indexed","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"g":\#(value)},
                     "ConditionExpression":"attribute_exists(pk)"}
                    """#) == validation(message))
        }
        #expect(
            endpoint(
                "UpdateItem",
                #"""
                {"TableName":"indexed","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"UpdateExpression":"SET g = :g",
                 "ExpressionAttributeValues":{":g":{"N":"1"}}}
                """#)
                == validation(
                    "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: all"
                ))
    }

    @Test(arguments: [
        ("PutItem", #""Item":{"pk":{"S":"a"},"":{"N":"1"}}"#),
        ("GetItem", #""Key":{"pk":{"S":"a"}},"AttributesToGet":[""]"#),
        (
            "GetItem",
            ##""Key":{"pk":{"S":"a"}},"ProjectionExpression":"#n","ExpressionAttributeNames":{"#n":""}"##
        ),
        ("UpdateItem", #""Key":{"pk":{"S":"a"}},"AttributeUpdates":{"":{"Value":{"N":"1"}}}"#),
        ("UpdateItem", #""Key":{"pk":{"S":"a"}},"Expected":{"":{"Exists":false}}"#),
        (
            "UpdateItem",
            ##""Key":{"pk":{"S":"a"}},"UpdateExpression":"REMOVE #n","ExpressionAttributeNames":{"#n":""}"##
        ),
        (
            "UpdateItem",
            ##""Key":{"pk":{"S":"a"}},"ConditionExpression":"attribute_exists(#n)","ExpressionAttributeNames":{"#n":""}"##
        ),
        ("Scan", #""ScanFilter":{"":{"ComparisonOperator":"NULL"}}"#),
    ])
    func `an attribute without a name is refused wherever it stands`(operation: String, parameters: String) {
        let (status, body) = endpoint.send(operation, #"{"TableName":"simple",\#(parameters)}"#)
        #expect(
            status == 400 && body.contains("ValidationException") && body.contains("Empty attribute name"), "\(body)")
    }

    @Test func `every value that an update can return`() {
        endpoint(
            "PutItem",
            #"{"TableName":"simple","Item":{"pk":{"S":"a"},"x":{"N":"1"},"y":{"N":"1"},"m":{"M":{"k":{"N":"1"},"l":{"N":"1"}}}}}"#
        )
        for (values, attributes) in [
            ("NONE", nil),
            ("ALL_OLD", #"{"m":{"M":{"k":{"N":"1"},"l":{"N":"1"}}},"pk":{"S":"a"},"x":{"N":"1"},"y":{"N":"1"}}"#),
            ("UPDATED_OLD", #"{"m":{"M":{"k":{"N":"2"}}},"new":{"N":"1"},"x":{"N":"2"}}"#),
            (
                "ALL_NEW",
                #"{"m":{"M":{"k":{"N":"4"},"l":{"N":"1"}}},"new":{"N":"1"},"pk":{"S":"a"},"x":{"N":"4"},"y":{"N":"1"}}"#
            ),
            ("UPDATED_NEW", #"{"m":{"M":{"k":{"N":"5"}}},"new":{"N":"1"},"x":{"N":"5"}}"#),
        ] as [(String, String?)] {
            // The first round changes nothing, so that each round after it finds one more than the round before.
            let update = values == "NONE" ? "REMOVE nothing" : "ADD x :n, m.k :n SET #n = if_not_exists(#n, :n)"
            let parameters =
                values == "NONE"
                ? "" : ##","ExpressionAttributeValues":{":n":{"N":"1"}},"ExpressionAttributeNames":{"#n":"new"}"##
            #expect(
                endpoint(
                    "UpdateItem",
                    #"""
                    {"TableName":"simple","Key":{"pk":{"S":"a"}},"UpdateExpression":"\#(update)","ReturnValues":"\#(values)"
                    \#(parameters)}
                    """#) == attributes.map { #"{"Attributes":\#($0)}"# } ?? "{}")
        }
    }
}
