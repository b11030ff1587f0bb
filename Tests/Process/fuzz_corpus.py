"""Good requests of every operation, each as rich as it can be: what the fuzzer damages.

`TABLES` are the tables that they are about; `{arn}` in a text stands for the ARN of the first, `{stream}` for its stream's, and
`{iterator}` for a place in that.
"""

LARGE_TEXT = "x" * 5000

TABLES = [
    {
        "TableName": "fuzz-items", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "B"},
            {"AttributeName": "l", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": "by-g", "KeySchema": [
                {"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}],
             "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note", "n"]}}],
        "LocalSecondaryIndexes": [
            {"IndexName": "by-l", "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
             "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Tags": [{"Key": "team", "Value": "fuzz"}],
    },
    {
        "TableName": "fuzz-simple", "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 50},
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "B"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    },
]

ITEMS = [
    ("fuzz-items", {
        "pk": {"S": f"p{number % 3}"}, "sk": {"N": str(number)}, "g": {"S": f"g{number % 2}"}, "h": {"B": "AAEC"},
        "l": {"N": str(-number)}, "n": {"N": "12.5"}, "note": {"S": "note"}, "t": {"BOOL": True}, "z": {"NULL": True},
        "m": {"M": {"a": {"L": [{"N": "1"}, {"S": "two"}, {"M": {}}]}}}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2e3"]},
        "bs": {"BS": ["AA==", "AQ=="]}})
    for number in range(6)
] + [("fuzz-simple", {"id": {"B": "AAA="}, "a": {"L": []}, "b": {"S": ""}})]

KEY = {"pk": {"S": "p1"}, "sk": {"N": "1"}}
SIMPLE_KEY = {"id": {"B": "AAA="}}
CAPACITY = {"ReturnConsumedCapacity": "INDEXES"}

DYNAMODB = [
    ("PutItem", {
        "TableName": "fuzz-items", "Item": ITEMS[1][1], "ConditionExpression": "attribute_exists(#p) AND size(m.a[1]) < :n",
        "ExpressionAttributeNames": {"#p": "pk"}, "ExpressionAttributeValues": {":n": {"N": "5"}}, "ReturnValues": "ALL_OLD",
        "ReturnItemCollectionMetrics": "SIZE", "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **CAPACITY}),
    ("PutItem", {
        "TableName": "{arn}", "Item": ITEMS[2][1], "ConditionalOperator": "OR", "Expected": {
            "absent": {"Exists": False}, "n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "1"}, {"N": "20"}]}}}),
    ("PutItem", {"TableName": "fuzz-simple", "Item": {"id": {"B": "AQ=="}, "text": {"S": LARGE_TEXT}}}),
    ("GetItem", {
        "TableName": "fuzz-items", "Key": KEY, "ProjectionExpression": "m.a[1], #n, ss", "ConsistentRead": True,
        "ExpressionAttributeNames": {"#n": "note"}, **CAPACITY}),
    ("GetItem", {"TableName": "fuzz-simple", "Key": SIMPLE_KEY, "AttributesToGet": ["a", "b"]}),
    ("UpdateItem", {
        "TableName": "fuzz-items", "Key": KEY, "UpdateExpression":
            "SET #c = if_not_exists(#c, :z) + :n, k = list_append(:l, :l), m.a[0] = n - :n REMOVE old, m.a[2] ADD ss :s DELETE bs :b",
        "ConditionExpression": "(begins_with(note, :t) OR contains(ss, :t)) AND NOT attribute_type(t, :t) AND sk IN (:n, :z)",
        "ExpressionAttributeNames": {"#c": "counter"}, "ReturnValues": "UPDATED_NEW", "ExpressionAttributeValues": {
            ":z": {"N": "0"}, ":n": {"N": "1"}, ":l": {"L": [{"S": "x"}]}, ":s": {"SS": ["c"]}, ":b": {"BS": ["AA=="]},
            ":t": {"S": "n"}}, **CAPACITY}),
    ("UpdateItem", {
        "TableName": "fuzz-items", "Key": KEY, "AttributeUpdates": {
            "n": {"Action": "ADD", "Value": {"N": "1"}}, "x": {"Action": "DELETE"}, "y": {"Value": {"S": "a"}, "Action": "PUT"}},
        "Expected": {"note": {"Value": {"S": "note"}}}, "ReturnValues": "ALL_NEW"}),
    ("DeleteItem", {
        "TableName": "fuzz-items", "Key": {"pk": {"S": "p2"}, "sk": {"N": "2"}}, "ReturnValues": "ALL_OLD",
        "ConditionExpression": "n BETWEEN :a AND :b OR attribute_not_exists(n)",
        "ExpressionAttributeValues": {":a": {"N": "0"}, ":b": {"N": "1E2"}}}),
    ("Query", {
        "TableName": "fuzz-items", "IndexName": "by-l", "KeyConditionExpression": "pk = :p AND l BETWEEN :a AND :b",
        "FilterExpression": "NOT contains(note, :p) OR n IN (:a, :b) OR sk <> :a", "Select": "ALL_ATTRIBUTES", "Limit": 2,
        "ExpressionAttributeValues": {":p": {"S": "p1"}, ":a": {"N": "-9"}, ":b": {"N": "9"}}, "ScanIndexForward": False,
        "ExclusiveStartKey": {**KEY, "l": {"N": "-1"}}, **CAPACITY}),
    ("Query", {
        "TableName": "fuzz-items", "IndexName": "by-g", "KeyConditionExpression": "#g = :g AND begins_with(h, :h)",
        "ExpressionAttributeNames": {"#g": "g"}, "ExpressionAttributeValues": {":g": {"S": "g1"}, ":h": {"B": "AA=="}}}),
    ("Query", {
        "TableName": "fuzz-items", "KeyConditions": {
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "p0"}]},
            "sk": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}},
        "QueryFilter": {"n": {"ComparisonOperator": "NOT_NULL"}}, "AttributesToGet": ["n", "g"], "ConsistentRead": True}),
    ("Scan", {
        "TableName": "fuzz-items", "IndexName": "by-g", "Segment": 1, "TotalSegments": 3, "Limit": 2,
        "FilterExpression": "size(note) > :n", "ExpressionAttributeValues": {":n": {"N": "1"}}, "Select": "COUNT", **CAPACITY}),
    ("Scan", {
        "TableName": "fuzz-items", "ScanFilter": {"n": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"N": "1"}]}},
        "ConditionalOperator": "AND", "ExclusiveStartKey": KEY}),
    ("BatchGetItem", {
        "RequestItems": {
            "fuzz-items": {"Keys": [KEY, {"pk": {"S": "p2"}, "sk": {"N": "2"}}], "ConsistentRead": True,
                           "ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "n"}},
            "fuzz-simple": {"Keys": [SIMPLE_KEY], "AttributesToGet": ["a"]}}, **CAPACITY}),
    ("BatchWriteItem", {
        "RequestItems": {
            "fuzz-items": [{"PutRequest": {"Item": ITEMS[3][1]}}, {"DeleteRequest": {"Key": KEY}}],
            "fuzz-simple": [{"PutRequest": {"Item": ITEMS[-1][1]}}]}, "ReturnItemCollectionMetrics": "SIZE", **CAPACITY}),
    ("TransactGetItems", {
        "TransactItems": [
            {"Get": {"TableName": "fuzz-items", "Key": KEY, "ProjectionExpression": "#n.a",
                     "ExpressionAttributeNames": {"#n": "m"}}},
            {"Get": {"TableName": "fuzz-simple", "Key": SIMPLE_KEY}}], **CAPACITY}),
    ("TransactWriteItems", {
        "TransactItems": [
            {"Put": {"TableName": "fuzz-simple", "Item": {"id": {"B": "Ag=="}}, "ConditionExpression": "attribute_not_exists(x)"}},
            {"Update": {"TableName": "fuzz-items", "Key": KEY, "UpdateExpression": "ADD n :n",
                        "ExpressionAttributeValues": {":n": {"N": "1"}}}},
            {"Delete": {"TableName": "fuzz-items", "Key": {"pk": {"S": "p3"}, "sk": {"N": "3"}}}},
            {"ConditionCheck": {"TableName": "fuzz-simple", "Key": SIMPLE_KEY, "ConditionExpression": "attribute_exists(id)",
                                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}],
        "ReturnItemCollectionMetrics": "SIZE", "ClientRequestToken": "token-1", **CAPACITY}),
    ("ExecuteStatement", {
        "Statement": "SELECT pk, m.a[1], n FROM \"fuzz-items\".\"by-g\" WHERE g = ? AND n > 1 AND begins_with(\"note\", 'n') "
                     "AND n IN [12.5, 3] OR note IS NOT MISSING ORDER BY h DESC",
        "Parameters": [{"S": "g1"}], "Limit": 3, **CAPACITY}),
    ("ExecuteStatement", {
        "Statement": "UPDATE \"fuzz-items\" SET n = n + 1 SET k = list_append(?, [1, 'a', <<'s'>>]) REMOVE z "
                     "WHERE pk = 'p1' AND sk = 1 RETURNING MODIFIED NEW *", "Parameters": [{"L": []}]}),
    ("ExecuteStatement", {
        "Statement": "INSERT INTO \"fuzz-items\" VALUE {'pk': 'new', 'sk': 7, 'm': {'x': [1.5e2, true, null, <<1, 2>>]}}"}),
    ("ExecuteStatement", {
        "Statement": "DELETE FROM \"fuzz-items\" WHERE pk = 'p1' AND sk = 4 AND n BETWEEN 1 AND 20 RETURNING ALL OLD *"}),
    ("BatchExecuteStatement", {
        "Statements": [
            {"Statement": "SELECT * FROM \"fuzz-items\" WHERE pk = ? AND sk = 1", "Parameters": [{"S": "p1"}],
             "ConsistentRead": True},
            {"Statement": "SELECT a FROM \"fuzz-simple\" WHERE id = ?", "Parameters": [{"B": "AAA="}]}], **CAPACITY}),
    ("ExecuteTransaction", {
        "TransactStatements": [
            {"Statement": "EXISTS(SELECT * FROM \"fuzz-items\" WHERE pk = 'p0' AND sk = 0 AND n > 1)"},
            {"Statement": "UPDATE \"fuzz-items\" SET n = 3 WHERE pk = ? AND sk = 5", "Parameters": [{"S": "p2"}]}],
        "ClientRequestToken": "token-2", **CAPACITY}),
    ("CreateTable", TABLES[0] | {"TableName": "fuzz-other-1"}),
    ("CreateTable", TABLES[1] | {
        "TableName": "fuzz-other-2", "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": False,
        "GlobalSecondaryIndexes": [
            {"IndexName": "by-id", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
             "Projection": {"ProjectionType": "ALL"},
             "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}],
        "SSESpecification": {"Enabled": False}, "WarmThroughput": {"ReadUnitsPerSecond": 12000}}),
    ("UpdateTable", {
        "TableName": "fuzz-simple", "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": {"ReadCapacityUnits": 60, "WriteCapacityUnits": 60}}),
    ("UpdateTable", {
        "TableName": "fuzz-other-1", "AttributeDefinitions": [{"AttributeName": "note", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "by-note", "KeySchema": [{"AttributeName": "note", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}, "OnDemandThroughput": {"MaxReadRequestUnits": 5}}}]}),
    ("UpdateTable", {
        "TableName": "fuzz-items", "ReplicaUpdates": [{"Create": {
            "RegionName": "eu-west-1", "TableClassOverride": "STANDARD",
            "GlobalSecondaryIndexes": [{"IndexName": "by-g", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 5}}]}}]}),
    ("UpdateTable", {
        "TableName": "fuzz-other-1", "StreamSpecification": {"StreamEnabled": False}, "OnDemandThroughput": {
            "MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1}}),
    ("UpdateTable", {"TableName": "fuzz-other-1", "DeletionProtectionEnabled": True}),
    ("DeleteTable", {"TableName": "fuzz-other-1"}),
    ("DescribeTable", {"TableName": "{arn}"}),
    ("ListTables", {"Limit": 1, "ExclusiveStartTableName": "fuzz-a"}),
    ("DescribeLimits", {}),
    ("DescribeEndpoints", {}),
    ("UpdateTimeToLive", {
        "TableName": "fuzz-simple", "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True}}),
    ("DescribeTimeToLive", {"TableName": "fuzz-simple"}),
    ("TagResource", {"ResourceArn": "{arn}", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k2", "Value": ""}]}),
    ("UntagResource", {"ResourceArn": "{arn}", "TagKeys": ["k"]}),
    ("ListTagsOfResource", {"ResourceArn": "{arn}"}),
    ("PutResourcePolicy", {
        "ResourceArn": "{arn}", "Policy": '{"Version": "2012-10-17", "Statement": []}', "ExpectedRevisionId": "NO_POLICY"}),
    ("GetResourcePolicy", {"ResourceArn": "{arn}"}),
    ("DeleteResourcePolicy", {"ResourceArn": "{arn}", "ExpectedRevisionId": "1"}),
    ("DescribeContinuousBackups", {"TableName": "fuzz-items"}),
    ("UpdateContinuousBackups", {
        "TableName": "fuzz-items",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}}),
    ("DescribeContributorInsights", {"TableName": "fuzz-items", "IndexName": "by-g"}),
    ("UpdateContributorInsights", {"TableName": "fuzz-items", "ContributorInsightsAction": "DISABLE"}),
    ("ListContributorInsights", {"TableName": "fuzz-items", "MaxResults": 5}),
    ("DescribeTableReplicaAutoScaling", {"TableName": "fuzz-items"}),
    ("UpdateTableReplicaAutoScaling", {
        "TableName": "fuzz-items", "ProvisionedWriteCapacityAutoScalingUpdate": {"AutoScalingDisabled": True}}),
    ("CreateGlobalTable", {"GlobalTableName": "fuzz-items", "ReplicationGroup": [{"RegionName": "us-east-1"}]}),
    ("UpdateGlobalTable", {
        "GlobalTableName": "fuzz-items", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
    ("DescribeGlobalTable", {"GlobalTableName": "fuzz-items"}),
    ("DescribeGlobalTableSettings", {"GlobalTableName": "fuzz-items"}),
    ("UpdateGlobalTableSettings", {"GlobalTableName": "fuzz-items", "GlobalTableBillingMode": "PROVISIONED"}),
    ("ListGlobalTables", {"Limit": 5, "RegionName": "us-east-1"}),
]

STREAMS = [
    ("ListStreams", {"TableName": "fuzz-items", "Limit": 10}),
    ("DescribeStream", {"StreamArn": "{stream}", "Limit": 10}),
    ("GetShardIterator", {"StreamArn": "{stream}", "ShardId": "{shard}", "ShardIteratorType": "TRIM_HORIZON"}),
    ("GetShardIterator", {
        "StreamArn": "{stream}", "ShardId": "{shard}", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.7e9}),
    ("GetShardIterator", {
        "StreamArn": "{stream}", "ShardId": "{shard}", "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
        "SequenceNumber": "000000000000000000001"}),
    ("GetRecords", {"ShardIterator": "{iterator}", "Limit": 10}),
]

REQUESTS = [(f"DynamoDB_20120810.{name}", body) for name, body in DYNAMODB] + [
    (f"DynamoDBStreams_20120810.{name}", body) for name, body in STREAMS]

# Operations that change nothing, whatever they are asked.
READING = {
    name for name, _ in DYNAMODB + STREAMS
    if name.startswith(("Get", "Describe", "List", "Query", "Scan", "BatchGet", "TransactGet"))}
