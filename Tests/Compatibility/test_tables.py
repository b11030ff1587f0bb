"""Operations on tables: their life, what DescribeTable shows, and what is refused."""

import datetime

import pytest

from conftest import index, make_table, new_table_name, refused, wait_until_active
from installation import wait_until
from test_table_refusals import define


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
