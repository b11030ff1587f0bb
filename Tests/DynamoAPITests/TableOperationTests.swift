import ItemModel
import RegionStore
import Testing

@testable import DynamoAPI

@Suite struct TableOperationTests {
    private let endpoint: TestEndpoint

    init() throws {
        endpoint = try TestEndpoint()
        endpoint.createTable("simple")
    }

    private func describe(_ name: String = "simple") -> JSONTree {
        endpoint.tree("DescribeTable", #"{"TableName":"\#(name)"}"#)["Table"]
    }

    private func update(_ parameters: String) -> String {
        endpoint("UpdateTable", #"{"TableName":"simple",\#(parameters)}"#)
    }

    private func updateReplicas(_ updates: String) -> String { update(#""ReplicaUpdates":[\#(updates)]"#) }

    @Test func `a regional on-demand table is shown without what only others have`() {
        let table = describe()
        #expect(
            table.members.map(\.name) == [
                "AttributeDefinitions", "TableName", "KeySchema", "TableStatus", "CreationDateTime", "TableSizeBytes",
                "ItemCount", "TableArn", "TableId", "ProvisionedThroughput", "BillingModeSummary", "WarmThroughput",
                "DeletionProtectionEnabled",
            ])
        #expect(table["TableStatus"].string == "ACTIVE")
        #expect(table["TableArn"].string == "arn:aws:dynamodb:eu-central-1:000000000000:table/simple")
        #expect(
            table["ProvisionedThroughput"].text
                == #"{"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0}"#)
        #expect(table["BillingModeSummary"]["BillingMode"].string == "PAY_PER_REQUEST")
        #expect(
            table["WarmThroughput"].text
                == #"{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000,"Status":"ACTIVE"}"#)
    }

    @Test func `a table counts its items and their bytes`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"ab"},"n":{"N":"12"}}}"#)
        #expect(describe()["ItemCount"].integer == 1)
        #expect(describe()["TableSizeBytes"].integer == 7)
    }

    @Test func `indexes, stream, class and protection are shown as they were asked for`() {
        let created = endpoint.tree(
            "CreateTable",
            #"""
            {"TableName":"full","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
             {"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"b","AttributeType":"B"}],
             "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
             "ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":4},
             "LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
              {"AttributeName":"b","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
             "GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],
              "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]},
              "ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":2}}],
             "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
             "TableClass":"STANDARD_INFREQUENT_ACCESS","DeletionProtectionEnabled":true,"Tags":[{"Key":"k","Value":"v"}]}
            """#)["TableDescription"]
        #expect(created["TableStatus"].string == "CREATING")
        let table = describe("full")
        #expect(table["GlobalSecondaryIndexes"].elements.map { $0["IndexStatus"].string } == ["ACTIVE"])
        #expect(table["GlobalSecondaryIndexes"].elements.first?["Projection"]["NonKeyAttributes"].text == #"["x"]"#)
        #expect(
            table["LocalSecondaryIndexes"].elements.first?["KeySchema"].text
                == #"[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}]"#)
        #expect(table["StreamSpecification"].text == #"{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}"#)
        #expect(
            table["LatestStreamArn"].string == table["TableArn"].string + "/stream/" + table["LatestStreamLabel"].string
        )
        #expect(table["TableClassSummary"].text == #"{"TableClass":"STANDARD_INFREQUENT_ACCESS"}"#)
        #expect(table["DeletionProtectionEnabled"] == .bool(true))
        #expect(table["BillingModeSummary"] == .null)
        #expect(
            endpoint("DeleteTable", #"{"TableName":"full"}"#)
                == validation(
                    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
                ))
    }

    @Test func `tables are listed in pages and are gone once deleted`() {
        for name in ["table-b", "table-a"] { endpoint.createTable(name) }
        #expect(endpoint("ListTables", "{}") == #"{"TableNames":["simple","table-a","table-b"]}"#)
        #expect(
            endpoint("ListTables", #"{"Limit":2}"#)
                == #"{"TableNames":["simple","table-a"],"LastEvaluatedTableName":"table-a"}"#)
        #expect(
            endpoint("ListTables", #"{"ExclusiveStartTableName":"table-a"}"#) == #"{"TableNames":["table-b"]}"#)
        #expect(
            endpoint.tree("DeleteTable", #"{"TableName":"table-a"}"#)["TableDescription"]["TableStatus"].string
                == "DELETING")
        let missing = fault("ResourceNotFoundException", "Requested resource not found: Table: table-a not found")
        #expect(endpoint("DescribeTable", #"{"TableName":"table-a"}"#) == missing)
        #expect(endpoint("DeleteTable", #"{"TableName":"table-a"}"#) == missing)
        #expect(
            endpoint(
                "CreateTable",
                #"""
                {"TableName":"table-b","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a",
                 "AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}
                """#) == fault("ResourceInUseException", "Table already exists: table-b"))
    }

    @Test func `a replica brings a stream, and the table shows the others' replicas`() {
        let updated = JSONTree(updateReplicas(#"{"Create":{"RegionName":"us-east-1"}}"#))["TableDescription"]
        #expect(updated["TableStatus"].string == "UPDATING")
        #expect(updated["GlobalTableVersion"].string == "2019.11.21")
        let table = describe()
        #expect(table["StreamSpecification"].text == #"{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}"#)
        #expect(table["GlobalTableSettingsReplicationMode"].string == "ENABLED_WITH_OVERRIDES")
        let replicas = table["Replicas"].elements
        #expect(replicas.map { $0["RegionName"].string } == ["us-east-1"])
        #expect(
            replicas.first?.members.map(\.name) == [
                "RegionName", "ReplicaStatus", "WarmThroughput", "GlobalTableSettingsReplicationMode",
            ])
    }

    @Test(arguments: [
        (
            #"{"Create":{"RegionName":"us-east-1"}},{"Create":{"RegionName":"ap-northeast-1"}}"#,
            "Update table operation with more than one create or delete replica actions not allowed"
        ),
        (
            #"{"Create":{"RegionName":"us-east-1"},"Delete":{"RegionName":"us-east-1"}}"#,
            "Update table operation with more than one type of replica actions not allowed."
        ),
        (
            #"{"Create":{"RegionName":"eu-central-1"}}"#,
            "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required."
        ),
        (
            #"{"Delete":{"RegionName":"eu-central-1"}}"#,
            "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required."
        ),
        (
            #"{"Delete":{"RegionName":"us-east-1"}}"#,
            "Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [us-east-1]."
        ),
        (
            #"{"Create":{"RegionName":"US-EAST-1"}}"#,
            "Region US-EAST-1 is not supported. The latest version of global tables are only supported in the following regions: [eu-central-1, us-east-1, ap-northeast-1]"
        ),
        (
            #"{"Update":{"RegionName":"us-east-1"}}"#,
            "There are no actions specified in the Replica Update Action of the request."
        ),
        (#"{}"#, "There are no actions specified in the Replica Update Action of the request."),
        (
            #"{"Create":{"RegionName":"us-east-1","KMSMasterKeyId":"alias/a"}}"#,
            "One or more parameter values were invalid: All replica keys must either be Customer Managed CMK or AWS Managed CMK."
        ),
        (
            #"{"Create":{"RegionName":"us-east-1"}}],"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":["#,
            "One or more parameter values were invalid: Replica modification must be the only operation in the request"
        ),
    ])
    func `replica updates that cannot be are told why`(updates: String, message: String) {
        #expect(updateReplicas(updates) == validation(message))
    }

    @Test func `the same replica asked for twice in one call is one`() {
        let create = #"{"Create":{"RegionName":"us-east-1"}}"#
        #expect(JSONTree(updateReplicas("\(create),\(create)"))["TableDescription"]["TableStatus"].string == "UPDATING")
    }

    @Test func `a provisioned table does not scale, so it gets no replicas`() {
        #expect(
            JSONTree(
                update(
                    #""ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},"BillingMode":"PROVISIONED""#
                ))["TableDescription"]["TableStatus"].string == "UPDATING")
        #expect(
            updateReplicas(#"{"Create":{"RegionName":"us-east-1"}}"#)
                == validation("Table write capacity should either be Pay-Per-Request or AutoScaled."))
    }

    @Test(arguments: [
        (
            #""AttributeDefinitions":[]"#,
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates or TableClass is required"
        ),
        (
            #""TableClass":"STANDARD","DeletionProtectionEnabled":true"#,
            "One or more parameter values were invalid: TableClass modification must be the only operation in the request"
        ),
        (
            #""BillingMode":"PAY_PER_REQUEST","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"global"}}]"#,
            "One or more parameter values were invalid: You cannot create or delete index while updating table IOPS"
        ),
        (#""StreamSpecification":{"StreamEnabled":false}"#, "Table has no stream to disable: TableName: simple"),
        (
            #""ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}"#,
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        ),
        (
            #""GlobalTableWitnessUpdates":[{"Create":{"RegionName":"us-east-1"}}],"ReplicaUpdates":[{"Create":{"RegionName":"us-east-1"}}]"#,
            "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present."
        ),
    ])
    func `an update of a table that cannot be is told why`(parameters: String, message: String) {
        #expect(update(parameters) == validation(message))
    }

    @Test func `a stream is enabled once, and its label stays when it is disabled`() {
        let enable = #""StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}"#
        #expect(
            JSONTree(update(enable))["TableDescription"]["StreamSpecification"]["StreamViewType"].string == "KEYS_ONLY")
        let label = describe()["LatestStreamLabel"]
        #expect(update(enable) == validation("Table already has an enabled stream: TableName: simple"))
        _ = update(#""StreamSpecification":{"StreamEnabled":false}"#)
        #expect(describe()["StreamSpecification"] == .null)
        #expect(describe()["LatestStreamLabel"] == label)
    }

    @Test func `an index is created with its items and deleted`() {
        endpoint("PutItem", #"{"TableName":"simple","Item":{"pk":{"S":"a"},"g":{"S":"x"}}}"#)
        let created = update(
            #"""
            "AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],
            "GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],
             "Projection":{"ProjectionType":"ALL"}}}]
            """#)
        #expect(
            JSONTree(created)["TableDescription"]["GlobalSecondaryIndexes"].elements.map { $0["IndexStatus"].string }
                == ["CREATING"])
        #expect(
            endpoint("Scan", #"{"TableName":"simple","IndexName":"global"}"#)
                == validation("Cannot read from backfilling global secondary index: global"))
        #expect(
            update(#""GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"none"}}]"#)
                == fault("ResourceNotFoundException", "Requested resource not found"))
    }

    @Test func `an index may have a key of several attributes`() {
        endpoint(
            "CreateTable",
            #"""
            {"TableName":"wide","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[
             {"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"a","AttributeType":"S"},
             {"AttributeName":"b","AttributeType":"N"},{"AttributeName":"c","AttributeType":"N"},
             {"AttributeName":"d","AttributeType":"N"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
             "GlobalSecondaryIndexes":[{"IndexName":"wide","Projection":{"ProjectionType":"KEYS_ONLY"},"KeySchema":[
              {"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"HASH"},
              {"AttributeName":"c","KeyType":"RANGE"},{"AttributeName":"d","KeyType":"RANGE"}]}]}
            """#)
        for number in 0..<6 {
            endpoint(
                "PutItem",
                #"""
                {"TableName":"wide","Item":{"pk":{"S":"\#(number)"},"a":{"S":"a"},"b":{"N":"1"},"c":{"N":"\#(number / 3)"},
                 "d":{"N":"\#(-number)"}}}
                """#)
        }
        let pages = endpoint.pages(
            "Query",
            #"""
            "TableName":"wide","IndexName":"wide","Limit":1,"KeyConditionExpression":"a = :a AND b = :b AND c = :c AND d < :d",
            "ExpressionAttributeValues":{":a":{"S":"a"},":b":{"N":"1"},":c":{"N":"1"},":d":{"N":"-3"}}
            """#, atMost: 10)
        #expect(pages.flatMap { $0["Items"].elements.map { $0["pk"]["S"].string } } == ["5", "4"])
    }

    @Test func `each region has a table id of its own`() throws {
        let other = try TestEndpoint(region: "us-east-1")
        let table = try #require(endpoint.region.reader.table(named: "simple"))
        let shown = [endpoint.region, other.region].map { region in
            let environment = Environment(gateway: region, configuration: APIConfiguration())
            let response = TableDescription(table, in: environment).response("Table")
            return JSONTree(String(decoding: response.body, as: UTF8.self))["Table"]["TableId"].string
        }
        #expect(shown.first == describe()["TableId"].string)
        #expect(Set(shown).count == 2)
        #expect(shown.allSatisfy { $0.utf8.count == 36 })
    }
}
