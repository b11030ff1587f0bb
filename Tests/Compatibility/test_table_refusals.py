"""What CreateTable and UpdateTable refuse, in the service's words."""

import pytest

from conftest import index, make_table, new_table_name, refused


# What CreateTable refuses, in the service's words

def define(*names, kind="S"):
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def keys(*names):
    return [{"AttributeName": name, "KeyType": role} for name, role in zip(names, ["HASH", "RANGE"])]


PARAMETERS = "One or more parameter values were invalid: "
PROVISIONED = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


@pytest.mark.parametrize(("definition", "message"), [
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("other")),
     PARAMETERS + r"Some index key attributes are not defined in AttributeDefinitions. Keys: \[other\], "
     r"AttributeDefinitions: \[pk\]"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk", "other")),
     "Invalid KeySchema: Some index key attribute have no definition"),
    (dict(AttributeDefinitions=define("created_at"), KeySchema=keys("id")),
     PARAMETERS + r"Some index key attributes are not defined in AttributeDefinitions. Keys: \[id\], "
     r"AttributeDefinitions: \[created_at\]"),
    (dict(AttributeDefinitions=define("id", "user", "created_at"), KeySchema=keys("id"),
          GlobalSecondaryIndexes=[index("i-a", "user")]),
     PARAMETERS + r"Some AttributeDefinitions are not used. AttributeDefinitions: \[created_at, id, user\], "
     r"keys used: \[id, user\]"),
    (dict(AttributeDefinitions=define("pk", "more"), KeySchema=keys("pk")),
     PARAMETERS + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
     "AttributeDefinitions"),
    (dict(AttributeDefinitions=define("pk", "a", "b"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[index("i-a", "a")]),
     PARAMETERS + r"Some AttributeDefinitions are not used. AttributeDefinitions: \[a, b, pk\], keys used: \[a, pk\]"),
    (dict(AttributeDefinitions=define("pk", "pk"), KeySchema=keys("pk")),
     "Attribute Name is duplicated: pk"),
    (dict(AttributeDefinitions=define("xyz") + [{"AttributeName": "xyz", "AttributeType": "N"}], KeySchema=keys("xyz")),
     "Attribute Name is duplicated: xyz"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[
        index("i-a", "pk", projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a", "c", "a"]})]),
     PARAMETERS + "Duplicate element in NonKeyAttributes: a"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=[{"AttributeName": "pk", "KeyType": "RANGE"}]),
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    (dict(AttributeDefinitions=define("pk", "sk"), KeySchema=keys("pk") + keys("sk")),
     "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk", "pk")),
     "Invalid KeySchema: Some index key attribute have no definition"),
    (dict(AttributeDefinitions=define("pk", "sk"), KeySchema=keys("pk", "pk")),
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[]),
     PARAMETERS + "List of GlobalSecondaryIndexes is empty"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), LocalSecondaryIndexes=[]),
     PARAMETERS + "List of LocalSecondaryIndexes is empty"),
    (dict(AttributeDefinitions=define("pk", "a"), KeySchema=keys("pk"), LocalSecondaryIndexes=[index("i-a", "pk", "a")]),
     PARAMETERS + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
    (dict(AttributeDefinitions=define("pk", "sk"), KeySchema=keys("pk", "sk"), LocalSecondaryIndexes=[index("i-a", "pk")]),
     PARAMETERS + "Index KeySchema does not have a range key for index: i-a"),
    (dict(AttributeDefinitions=define("pk", "sk", "a"), KeySchema=keys("pk", "sk"),
          LocalSecondaryIndexes=[index("i-a", "a", "sk")]),
     PARAMETERS + "Index KeySchema does not have the same leading hash key as table KeySchema for index: i-a. index hash "
     "key: a, table hash key: pk"),
    (dict(AttributeDefinitions=define("pk", "sk", "a"), KeySchema=keys("pk", "sk"),
          LocalSecondaryIndexes=[index(f"i-{number}", "pk", "a") for number in range(6)]),
     PARAMETERS + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[index(f"i-{number}", "pk") for number in range(21)]),
     PARAMETERS + "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[index("same", "pk"), index("same", "pk")]),
     PARAMETERS + "Duplicate index name: same"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[index("i-a", "a")]),
     PARAMETERS + r"Some index key attributes are not defined in AttributeDefinitions. Keys: \[a\], "
     r"AttributeDefinitions: \[pk\]"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[index("i-a", "pk", projection={"ProjectionType": "INCLUDE"})]),
     PARAMETERS + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[index("i-a", "pk", projection={"ProjectionType": "ALL", "NonKeyAttributes": ["a"]})]),
     PARAMETERS + "ProjectionType is ALL, but NonKeyAttributes is specified"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[index("i-a", "pk", projection={"NonKeyAttributes": ["a"]})]),
     PARAMETERS + "Unknown ProjectionType: null"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[
              index(f"i-{number}", "pk", projection={
                  "ProjectionType": "INCLUDE", "NonKeyAttributes": [f"a{count}" for count in range(20)]})
              for number in range(6)]),
     PARAMETERS + "Number of projected attributes across all indexes exceeds the limit of 100"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), ProvisionedThroughput=PROVISIONED),
     PARAMETERS + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
     "PAY_PER_REQUEST"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED"),
     PARAMETERS + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput=PROVISIONED, GlobalSecondaryIndexes=[index("i-a", "pk")]),
     PARAMETERS + "ProvisionedThroughput is not specified for index: i-a"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput={"ReadCapacityUnits": 1_000_000_000_001, "WriteCapacityUnits": 1}),
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds for table"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), StreamSpecification={"StreamEnabled": True}),
     PARAMETERS + "Table is being created with a stream enabled, UpdateViewType is required"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          StreamSpecification={"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}),
     PARAMETERS + "Table is being created with a stream disabled, UpdateViewType should not be specified"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput=PROVISIONED, OnDemandThroughput={"MaxReadRequestUnits": 5}),
     PARAMETERS + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalSecondaryIndexes=[{**index("by-g", "pk"), "OnDemandThroughput": {"MaxWriteRequestUnits": -2}}]),
     PARAMETERS + "Requested MaxWriteRequestUnits for OnDemandThroughput for index : by-g is outside of valid range"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), OnDemandThroughput={"MaxReadRequestUnits": 0}),
     PARAMETERS + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), WarmThroughput={"ReadUnitsPerSecond": 11999}),
     PARAMETERS + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. "
     "See: https://docs.aws.amazon.com/.*"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          WarmThroughput={"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 3000}),
     PARAMETERS + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. "
     "See: https://docs.aws.amazon.com/.*"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[
        {**index("by-g", "pk"), "WarmThroughput": {"ReadUnitsPerSecond": 10000, "WriteUnitsPerSecond": 5000}}]),
     PARAMETERS + "Requested ReadUnitsPerSecond for WarmThroughput for index by-g is lower than initial throughput for "
     "OnDemand. See: https://docs.aws.amazon.com/.*"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
          WarmThroughput={"ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 4}),
     PARAMETERS + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than WriteCapacityUnits of "
     "ProvisionedThroughput"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          SSESpecification={"Enabled": True, "KMSMasterKeyId": "alias/mine"}),
     PARAMETERS + "SSESpecification is only supported with the service's own key"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalTableSourceArn="arn:aws:dynamodb:eu-west-1:123456789012:table/source"),
     PARAMETERS + "GlobalTableSourceArn is not supported: add the replica with UpdateTable"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          GlobalTableSettingsReplicationMode="ENABLED_WITH_OVERRIDES"),
     PARAMETERS + "Only ENABLED and DISABLED settings replication are supported"),
])
def test_what_create_table_refuses(client, definition, message):
    name = new_table_name()
    with refused("ValidationException", f"^{message}$"):
        client.create_table(**{"TableName": name, "BillingMode": "PAY_PER_REQUEST", **definition})
    with refused("ResourceNotFoundException"):
        client.describe_table(TableName=name)


# UpdateTable

@pytest.mark.parametrize(("update", "message"), [
    ({}, "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
         "SSESpecification or ReplicaUpdates or TableClass is required"),
    ({"GlobalSecondaryIndexUpdates": []},
     "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
     "SSESpecification or ReplicaUpdates or TableClass is required"),
    ({"DeletionProtectionEnabled": True, "TableClass": "STANDARD"},
     PARAMETERS + "TableClass modification must be the only operation in the request"),
    ({"DeletionProtectionEnabled": True, "BillingMode": "PAY_PER_REQUEST"},
     PARAMETERS + "DeletionProtection modification must be the only operation in the request"),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 13_000}, "BillingMode": "PAY_PER_REQUEST"},
     PARAMETERS + "WarmThroughput must be the only operation in the request"),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 100}},
     PARAMETERS + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
     "decreasing WarmThroughput is not supported"),
    ({"WarmThroughput": {}},
     PARAMETERS + "At least one of ReadUnitsPerSecond and WriteUnitsPerSecond must be specified in WarmThroughput"),
    ({"ProvisionedThroughput": PROVISIONED},
     PARAMETERS + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
     "PAY_PER_REQUEST"),
    ({"BillingMode": "PROVISIONED"},
     PARAMETERS + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"),
    ({"StreamSpecification": {"StreamEnabled": False}}, "Table has no stream to disable: TableName: table-[0-9]+"),
    ({"StreamSpecification": {"StreamEnabled": True}}, PARAMETERS + "If stream is being enabled then UpdateViewType is required"),
    ({"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
     PARAMETERS + "If stream is being disabled, then UpdateViewType must not be specified"),
    ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, "ProvisionedThroughput": PROVISIONED},
     PARAMETERS + "You cannot modify stream status while updating table IOPS"),
    ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
      "AttributeDefinitions": define("pk"), "GlobalSecondaryIndexUpdates": [{"Create": index("new", "pk")}]},
     PARAMETERS + "You cannot create or delete index while changing stream status"),
    ({"ProvisionedThroughput": PROVISIONED, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "old"}}]},
     PARAMETERS + "You cannot create or delete index while updating table IOPS"),
    ({"OnDemandThroughput": {"MaxReadRequestUnits": 5}, "StreamSpecification": {"StreamEnabled": False}},
     PARAMETERS + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 13_000}, "AttributeDefinitions": define("pk"),
      "GlobalSecondaryIndexUpdates": [{"Create": index("new", "pk")}]},
     PARAMETERS + "Create global secondary index cannot be specified when updating WarmThroughput"),
    ({"SSESpecification": {"Enabled": True}, "TableClass": "STANDARD"},
     PARAMETERS + "Server-Side Encryption modification must be the only operation in the request"),
    ({"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "alias/mine"}},
     PARAMETERS + "SSESpecification is only supported with the service's own key"),
    ({"MultiRegionConsistency": "STRONG", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]},
     PARAMETERS + "MultiRegionConsistency STRONG is not supported"),
    ({"GlobalTableSettingsReplicationMode": "ENABLED_WITH_OVERRIDES"},
     PARAMETERS + "Only ENABLED and DISABLED settings replication are supported"),
])
def test_what_update_table_refuses(client, table, update, message):
    before = client.describe_table(TableName=table)["Table"]
    with refused("ValidationException", f"^{message}$"):
        client.update_table(TableName=table, **update)
    assert client.describe_table(TableName=table)["Table"]["ItemCount"] >= 0
    after = client.describe_table(TableName=table)["Table"]
    for described in (before, after):
        del described["ItemCount"], described["TableSizeBytes"]
    assert before == after


def test_the_same_capacity_is_refused(client):
    name = make_table(
        client, BillingMode="PROVISIONED", ProvisionedThroughput=PROVISIONED,
        GlobalSecondaryIndexes=[{**index("by-pk", "pk"), "ProvisionedThroughput": PROVISIONED}])
    numbers = (
        r"Current ReadCapacityUnits provisioned for the {0}: 5\. Requested ReadCapacityUnits: 5\. Current "
        r"WriteCapacityUnits provisioned for the {0}: 6\. Requested WriteCapacityUnits: 6\. Refer to the Amazon DynamoDB "
        r"Developer Guide for current limits and how to request higher limits\.$")
    with refused(
            "ValidationException",
            r"^The provisioned throughput for the table will not change\. The requested value equals the current value\. "
            + numbers.format("table")):
        client.update_table(TableName=name, ProvisionedThroughput=PROVISIONED)
    with refused(
            "ValidationException",
            r"^The provisioned throughput for the index by-pk will not change\. The requested value equals the current "
            r"value\. " + numbers.format("index")):
        client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[
            {"Update": {"IndexName": "by-pk", "ProvisionedThroughput": PROVISIONED}}])


def test_capacity_of_table_and_index_change_together(client):
    name = make_table(
        client, BillingMode="PROVISIONED", ProvisionedThroughput=PROVISIONED,
        GlobalSecondaryIndexes=[{**index("by-pk", "pk"), "ProvisionedThroughput": PROVISIONED}])
    client.update_table(
        TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        GlobalSecondaryIndexUpdates=[{"Update": {
            "IndexName": "by-pk", "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}}])
    table = client.describe_table(TableName=name)["Table"]
    [entry] = table["GlobalSecondaryIndexes"]
    assert [table["ProvisionedThroughput"][unit] for unit in PROVISIONED] == [1, 2]
    assert [entry["ProvisionedThroughput"][unit] for unit in PROVISIONED] == [3, 4]
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    with refused(
            "ValidationException", "^One or more parameter values were invalid: ProvisionedThroughput must be specified "
            "for index: by-pk$"):
        client.update_table(TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=PROVISIONED)
