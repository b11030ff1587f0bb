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
     "Invalid KeySchema: Some index key attribute have no definition"),
    (dict(AttributeDefinitions=define("pk", "more"), KeySchema=keys("pk")),
     PARAMETERS + "Number of attributes in KeySchema does not exactly match number of attributes defined in "
     "AttributeDefinitions"),
    (dict(AttributeDefinitions=define("pk", "a", "b"), KeySchema=keys("pk"), GlobalSecondaryIndexes=[index("i-a", "a")]),
     PARAMETERS + r"Some AttributeDefinitions are not used. AttributeDefinitions: \[pk, a, b\], keys used: \[pk, a\]"),
    (dict(AttributeDefinitions=define("pk", "pk"), KeySchema=keys("pk")),
     PARAMETERS + "Cannot have two attributes with the same name"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=[{"AttributeName": "pk", "KeyType": "RANGE"}]),
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    (dict(AttributeDefinitions=define("pk", "sk"), KeySchema=keys("pk") + keys("sk")),
     "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk", "pk")),
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
     PARAMETERS + "ProvisionedThroughput must be specified for index: i-a"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput={"ReadCapacityUnits": 1_000_000_000_001, "WriteCapacityUnits": 1}),
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds for table"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), StreamSpecification={"StreamEnabled": True}),
     PARAMETERS + "StreamViewType must be specified when StreamEnabled is true"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"),
          StreamSpecification={"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}),
     PARAMETERS + "StreamViewType must not be specified when StreamEnabled is false"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), BillingMode="PROVISIONED",
          ProvisionedThroughput=PROVISIONED, OnDemandThroughput={"MaxReadRequestUnits": 5}),
     PARAMETERS + "OnDemandThroughput cannot be specified when BillingMode is PROVISIONED"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), OnDemandThroughput={"MaxReadRequestUnits": 0}),
     PARAMETERS + "MaxReadRequestUnits must be greater than or equal to 1, or -1"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), WarmThroughput={"ReadUnitsPerSecond": 11999}),
     PARAMETERS + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, "
     "decreasing WarmThroughput is not supported"),
    (dict(AttributeDefinitions=define("pk"), KeySchema=keys("pk"), SSESpecification={"Enabled": True}),
     PARAMETERS + "SSESpecification is not supported: items are stored as the volume encrypts them"),
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
     PARAMETERS + "Table class modification must be the only operation in the request"),
    ({"DeletionProtectionEnabled": True, "BillingMode": "PAY_PER_REQUEST"},
     PARAMETERS + "Deletion protection modification must be the only operation in the request"),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 13_000}, "BillingMode": "PAY_PER_REQUEST"},
     PARAMETERS + "Warm throughput modification must be the only operation in the request"),
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
    ({"StreamSpecification": {"StreamEnabled": False}}, "Table has no stream to disable"),
    ({"SSESpecification": {"Enabled": False}}, PARAMETERS + "Table is already encrypted by default"),
    ({"SSESpecification": {"Enabled": True}},
     PARAMETERS + "SSESpecification is not supported: items are stored as the volume encrypts them"),
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
