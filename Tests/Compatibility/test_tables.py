"""Operations on tables: their life, what DescribeTable shows, and what is refused."""

import datetime

import pytest

from conftest import index, make_table, new_table_name, refused, wait_until_active
from installation import wait_until


def gone(client, name):
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException:
        return True
    return False


def test_a_table_is_described_as_it_was_made(client):
    name = make_table(
        client, "pk:S sk:N", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "B"}],
        GlobalSecondaryIndexes=[index("by-a", "a", "pk", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]})])
    table = client.describe_table(TableName=name)["Table"]
    assert table["TableName"] == name
    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    assert sorted(table["AttributeDefinitions"], key=str) == sorted([
        {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "a", "AttributeType": "B"}], key=str)
    assert table["TableArn"].endswith(f":table/{name}") and table["TableArn"].startswith("arn:aws:dynamodb:us-east-1:")
    assert len(table["TableId"]) == 36
    assert (table["ItemCount"], table["TableSizeBytes"]) == (0, 0)
    age = datetime.datetime.now(datetime.timezone.utc) - table["CreationDateTime"]
    assert abs(age) < datetime.timedelta(minutes=5)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is False
    [described] = table["GlobalSecondaryIndexes"]
    assert described["IndexName"] == "by-a" and described["IndexStatus"] == "ACTIVE"
    assert described["Projection"]["ProjectionType"] == "INCLUDE"
    assert sorted(described["Projection"]["NonKeyAttributes"]) == ["x", "y"]
    assert described["IndexArn"] == f"{table['TableArn']}/index/by-a"
    # Of a table that is in one region only, these are absent, not empty.
    for member in ("Replicas", "GlobalTableVersion", "MultiRegionConsistency", "StreamSpecification", "LatestStreamArn"):
        assert member not in table
    client.delete_table(TableName=name)


def test_a_table_lives_and_dies(client):
    name = new_table_name()
    created = client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    assert created["TableDescription"]["TableStatus"] in ("CREATING", "ACTIVE")
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    client.put_item(TableName=name, Item={"pk": {"S": "a"}})
    deleted = client.delete_table(TableName=name)
    assert deleted["TableDescription"]["TableStatus"] == "DELETING"
    wait_until(lambda: gone(client, name), f"{name} is gone")
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def test_a_table_made_again_is_empty(client):
    name = make_table(client)
    first = client.describe_table(TableName=name)["Table"]["TableId"]
    client.put_item(TableName=name, Item={"pk": {"S": "a"}})
    client.delete_table(TableName=name)
    wait_until(lambda: gone(client, name), f"{name} is gone")
    make_table(client, name=name)
    assert client.describe_table(TableName=name)["Table"]["TableId"] != first
    assert client.scan(TableName=name)["Count"] == 0
    client.delete_table(TableName=name)


def test_a_name_is_taken_once(client, table):
    with refused("ResourceInUseException", f"^Table already exists: {table}$"):
        make_table(client, name=table)


@pytest.mark.parametrize("operation", ["describe_table", "delete_table"])
def test_a_missing_table_is_not_found(client, operation):
    with refused("ResourceNotFoundException", "^Requested resource not found: Table: no-such-table not found$"):
        getattr(client, operation)(TableName="no-such-table")


def test_list_tables_goes_through_all_in_order(client):
    names = sorted(make_table(client) for _ in range(5))
    listed, start = [], {}
    while True:
        answer = client.list_tables(Limit=2, **start)
        assert len(answer["TableNames"]) <= 2
        listed += answer["TableNames"]
        if "LastEvaluatedTableName" not in answer:
            break
        start = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}
    assert listed == sorted(listed)
    assert set(names) <= set(listed)
    assert flat_names(client) == listed
    for name in names:
        client.delete_table(TableName=name)


def flat_names(client):
    return [name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]]


@pytest.mark.parametrize("name", ["ab", "a" * 256, "with space", "slash/es"])
def test_bad_names_are_refused(client, name):
    with refused("ValidationException", "TableName|tableName|Invalid table/index name"):
        make_table(client, name=name)


ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]


@pytest.mark.parametrize("definition", [
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}]),
    dict(AttributeDefinitions=ATTRIBUTES + [{"AttributeName": "more", "AttributeType": "S"}], KeySchema=KEYS),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=[{"AttributeName": "pk", "KeyType": "RANGE"}]),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS + [{"AttributeName": "pk", "KeyType": "RANGE"}]),
    dict(AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "BOOL"}], KeySchema=KEYS),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS, BillingMode="PROVISIONED"),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS, BillingMode="SOMETIMES"),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS,
         ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS, GlobalSecondaryIndexes=[index("by-a", "a")]),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS, LocalSecondaryIndexes=[index("by-a", "pk", "pk")]),
    dict(AttributeDefinitions=ATTRIBUTES, KeySchema=KEYS,
         GlobalSecondaryIndexes=[index("same", "pk"), index("same", "pk")]),
])
def test_tables_that_make_no_sense_are_refused(client, definition):
    with refused("ValidationException"):
        client.create_table(**{"TableName": new_table_name(), "BillingMode": "PAY_PER_REQUEST", **definition})


def test_provisioned_capacity_is_kept_and_changed(client):
    name = make_table(
        client, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6})
    throughput = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (5, 6)
    client.update_table(TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8})
    wait_until_active(client, name)
    throughput = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (7, 8)
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    wait_until_active(client, name)
    table = client.describe_table(TableName=name)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    client.delete_table(TableName=name)


def test_a_protected_table_cannot_be_deleted(client):
    name = make_table(client, DeletionProtectionEnabled=True)
    assert client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True
    with refused("ValidationException", "deletion protection|Table cannot be deleted"):
        client.delete_table(TableName=name)
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    wait_until_active(client, name)
    client.delete_table(TableName=name)


def test_streams_are_switched_on_and_off(client):
    name = make_table(client)
    client.update_table(
        TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    wait_until_active(client, name)
    table = client.describe_table(TableName=name)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    with refused("ValidationException", "Table already has an enabled stream"):
        client.update_table(
            TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    wait_until_active(client, name)
    off = client.describe_table(TableName=name)["Table"]
    assert "StreamSpecification" not in off
    assert off["LatestStreamArn"] == table["LatestStreamArn"]
    client.delete_table(TableName=name)


def test_an_update_without_a_change_is_refused(client, table):
    with refused("ValidationException"):
        client.update_table(TableName=table)


def test_limits(client):
    limits = client.describe_limits()
    assert limits["AccountMaxReadCapacityUnits"] == limits["AccountMaxWriteCapacityUnits"] == 80_000
    assert limits["TableMaxReadCapacityUnits"] == limits["TableMaxWriteCapacityUnits"] == 40_000


def test_endpoints(client):
    [endpoint] = client.describe_endpoints()["Endpoints"]
    assert endpoint["Address"] and endpoint["CachePeriodInMinutes"] > 0


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


def test_on_demand_maxima_are_kept_and_cleared(client):
    name = make_table(client, OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20})

    def maxima():
        return client.describe_table(TableName=name)["Table"].get("OnDemandThroughput")

    assert maxima() == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    client.update_table(
        TableName=name, OnDemandThroughput={"MaxReadRequestUnits": 30, "MaxWriteRequestUnits": -1})
    assert maxima() == {"MaxReadRequestUnits": 30, "MaxWriteRequestUnits": -1}
    client.update_table(TableName=name, OnDemandThroughput={"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1})
    assert maxima() is None


def test_warm_throughput_grows(client):
    name = make_table(client, GlobalSecondaryIndexes=[index("by-pk", "pk")])

    def warm(described):
        return described["WarmThroughput"]["ReadUnitsPerSecond"], described["WarmThroughput"]["WriteUnitsPerSecond"]

    assert warm(client.describe_table(TableName=name)["Table"]) == (12_000, 4_000)
    client.update_table(TableName=name, WarmThroughput={"ReadUnitsPerSecond": 15_000})
    client.update_table(TableName=name, WarmThroughput={"WriteUnitsPerSecond": 5_000})
    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": "by-pk", "WarmThroughput": {"ReadUnitsPerSecond": 16_000, "WriteUnitsPerSecond": 6_000}}}])
    table = client.describe_table(TableName=name)["Table"]
    assert warm(table) == (15_000, 5_000)
    assert warm(table["GlobalSecondaryIndexes"][0]) == (16_000, 6_000)
    assert table["WarmThroughput"]["Status"] == "ACTIVE"
    with refused("ValidationException", "WarmThroughput for index by-pk is lower than current WarmThroughput, "):
        client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[
            {"Update": {"IndexName": "by-pk", "WarmThroughput": {"ReadUnitsPerSecond": 15_999}}}])


def test_a_table_is_made_with_warm_throughput(client):
    name = make_table(client, WarmThroughput={"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 8_000})
    assert client.describe_table(TableName=name)["Table"]["WarmThroughput"] == {
        "ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 8_000, "Status": "ACTIVE"}


@pytest.mark.parametrize("mode", ["ENABLED", "DISABLED"])
def test_a_settings_replication_mode_is_kept(client, mode):
    name = make_table(client)
    assert "GlobalTableSettingsReplicationMode" not in client.describe_table(TableName=name)["Table"]
    client.update_table(TableName=name, GlobalTableSettingsReplicationMode=mode)
    assert client.describe_table(TableName=name)["Table"]["GlobalTableSettingsReplicationMode"] == mode


@pytest.mark.parametrize("table_class", ["STANDARD", "STANDARD_INFREQUENT_ACCESS"])
def test_a_table_class_is_kept(client, table_class):
    name = make_table(client, TableClass=table_class)
    assert client.describe_table(TableName=name)["Table"]["TableClassSummary"]["TableClass"] == table_class
    client.update_table(TableName=name, TableClass="STANDARD")
    assert client.describe_table(TableName=name)["Table"]["TableClassSummary"]["TableClass"] == "STANDARD"


def test_a_table_has_no_class_until_one_is_set(client, table):
    assert "TableClassSummary" not in client.describe_table(TableName=table)["Table"]


@pytest.mark.parametrize("view", ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_a_table_is_made_with_a_stream(client, view):
    name = make_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    table = client.describe_table(TableName=name)["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": view}
    datetime.datetime.strptime(table["LatestStreamLabel"], "%Y-%m-%dT%H:%M:%S.%f")


def test_a_stream_that_is_enabled_again_is_another(client):
    name = make_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    first = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    client.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    client.update_table(
        TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    assert client.describe_table(TableName=name)["Table"]["LatestStreamArn"] != first


def test_a_table_is_not_deleted_while_an_index_is_being_created(client):
    name = make_table(client)
    for start in range(0, 2000, 25):
        client.batch_write_item(RequestItems={name: [
            {"PutRequest": {"Item": {"pk": {"S": str(number)}, "a": {"S": "x"}}}} for number in range(start, start + 25)]})
    client.update_table(
        TableName=name, AttributeDefinitions=define("a"), GlobalSecondaryIndexUpdates=[{"Create": index("by-a", "a")}])
    try:
        client.delete_table(TableName=name)
    except client.exceptions.ResourceInUseException as error:
        assert error.response["Error"]["Message"] == (
            f"Attempt to change a resource which is still in use: Table is being updated: {name}")
    else:
        pytest.skip("the backfill was faster")


# ARNs in place of names

def test_a_tables_arn_stands_for_its_name(client):
    name = make_table(client, AttributeDefinitions=define("a"), GlobalSecondaryIndexes=[index("by-a", "a")])
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    key = {"pk": {"S": "k"}}
    assert client.describe_table(TableName=arn)["Table"]["TableName"] == name
    client.put_item(TableName=arn, Item={**key, "a": {"S": "x"}})
    assert client.get_item(TableName=arn, Key=key)["Item"]["a"] == {"S": "x"}
    client.update_item(TableName=arn, Key=key, UpdateExpression="SET b = a")
    assert client.scan(TableName=arn)["Count"] == client.scan(TableName=arn, IndexName="by-a")["Count"] == 1
    assert client.query(
        TableName=arn, KeyConditionExpression="pk = :k", ExpressionAttributeValues={":k": key["pk"]})["Count"] == 1
    assert list(client.batch_get_item(RequestItems={arn: {"Keys": [key]}})["Responses"]) == [arn]
    assert client.batch_write_item(RequestItems={arn: [{"DeleteRequest": {"Key": key}}]})["UnprocessedItems"] == {}
    client.update_table(TableName=arn, DeletionProtectionEnabled=False)
    assert client.describe_continuous_backups(TableName=arn)
    assert client.delete_table(TableName=arn)["TableDescription"]["TableStatus"] == "DELETING"


def test_an_arn_is_checked(client, table):
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    with refused("ResourceNotFoundException", f"^Requested resource not found: Table: {table} not found$"):
        client.describe_table(TableName=arn.replace("us-east-1", "eu-west-1"))
    with refused("ResourceNotFoundException", f"^Requested resource not found: Table: {table}x not found$"):
        client.describe_table(TableName=arn + "x")
    with refused("ValidationException", "^Invalid TableArn: Invalid ResourceArn provided as input "):
        client.describe_table(TableName=arn.replace("table/", "tables/"))


def test_a_protected_table_says_so(client):
    name = make_table(client, DeletionProtectionEnabled=True)
    with refused(
            "ValidationException",
            "^Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            "first.$"):
        client.delete_table(TableName=name)
    assert client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize(("parameters", "rule"), [
    ({"Limit": 0}, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"),
    ({"Limit": 101}, "Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"),
    ({"ExclusiveStartTableName": "a!b"}, "Member must satisfy regular expression pattern"),
])
def test_list_tables_checks_its_parameters(lenient, parameters, rule):
    with refused("ValidationException", rule):
        lenient.list_tables(**parameters)
