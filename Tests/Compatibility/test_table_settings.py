"""Settings of tables that are kept and shown: maxima, warm throughput, classes, streams."""

import datetime

import pytest

from conftest import index, make_table, refused
from test_table_refusals import define


def test_on_demand_maxima_are_kept_and_cleared(client):
    name = make_table(client, OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20})

    def maxima():
        return client.describe_table(TableName=name)["Table"].get("OnDemandThroughput")

    def change(**given):
        return client.update_table(TableName=name, OnDemandThroughput=given)["TableDescription"]["OnDemandThroughput"]

    assert maxima() == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    assert change(MaxReadRequestUnits=20, MaxWriteRequestUnits=15) == maxima()
    # What is not named stays as it is.
    assert change(MaxReadRequestUnits=40) == maxima() == {"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 15}
    assert change(MaxReadRequestUnits=-1) == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 15}
    assert maxima() == {"MaxWriteRequestUnits": 15}
    assert change(MaxWriteRequestUnits=-1) == {"MaxWriteRequestUnits": -1}
    assert maxima() is None


def test_on_demand_maxima_of_indexes_are_merged(client):
    by_pk = {**index("by-pk", "pk"), "OnDemandThroughput": {"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 15}}
    name = make_table(client, GlobalSecondaryIndexes=[by_pk])

    def change(**given):
        answer = client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[
            {"Update": {"IndexName": "by-pk", "OnDemandThroughput": given}}])["TableDescription"]
        described = client.describe_table(TableName=name)["Table"]
        return [table["GlobalSecondaryIndexes"][0].get("OnDemandThroughput") for table in (answer, described)]

    assert change(MaxReadRequestUnits=40) == [{"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 15}] * 2
    assert change(MaxReadRequestUnits=-1) == [
        {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 15}, {"MaxWriteRequestUnits": 15}]
    assert change(MaxWriteRequestUnits=-1) == [{"MaxWriteRequestUnits": -1}, None]


@pytest.mark.parametrize("more", [{}, {"SSEType": "KMS"}, {"KMSMasterKeyId": "alias/aws/dynamodb"}])
def test_encryption_with_the_own_key_of_the_service_is_described(client, more):
    name = make_table(client, SSESpecification={"Enabled": True, **more})
    described = client.describe_table(TableName=name)["Table"]["SSEDescription"]
    assert described.pop("KMSMasterKeyArn").startswith("arn:aws:kms:us-east-1:")
    assert described == {"Status": "ENABLED", "SSEType": "KMS"}
    assert "SSEDescription" not in client.update_table(
        TableName=name, SSESpecification={"Enabled": False})["TableDescription"]
    assert "SSEDescription" not in client.describe_table(TableName=name)["Table"]
    client.update_table(TableName=name, SSESpecification={"Enabled": True, **more})
    assert client.describe_table(TableName=name)["Table"]["SSEDescription"]["Status"] == "ENABLED"


def test_a_table_with_encryption_switched_off_has_no_description_of_it(client):
    name = make_table(client, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in client.describe_table(TableName=name)["Table"]


def test_the_answer_to_a_creation_has_the_warm_throughput_that_was_asked_for(client):
    definition = dict(
        AttributeDefinitions=define("pk"), KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    by_pk = index("by-pk", "pk")
    name = f"{make_table(client)}-cold"
    created = client.create_table(TableName=name, **definition, GlobalSecondaryIndexes=[by_pk])["TableDescription"]
    assert "WarmThroughput" not in created and "WarmThroughput" not in created["GlobalSecondaryIndexes"][0]
    described = client.describe_table(TableName=name)["Table"]
    assert warm(described) == warm(described["GlobalSecondaryIndexes"][0]) == (12_000, 4_000)
    units = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}
    created = client.create_table(
        TableName=f"{name}-warm", **definition, WarmThroughput=units,
        GlobalSecondaryIndexes=[{**by_pk, "WarmThroughput": units}])["TableDescription"]
    for part in (created, created["GlobalSecondaryIndexes"][0]):
        assert part["WarmThroughput"] == {**units, "Status": "UPDATING"}
    for extra in (name, f"{name}-warm"):
        client.delete_table(TableName=extra)


def test_warm_throughput_grows(client):
    name = make_table(client, GlobalSecondaryIndexes=[index("by-pk", "pk")])
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


def warm(described):
    return described["WarmThroughput"]["ReadUnitsPerSecond"], described["WarmThroughput"]["WriteUnitsPerSecond"]


def test_a_table_and_its_indexes_are_warmed_in_one_call(client):
    name = make_table(client, GlobalSecondaryIndexes=[index("by-pk", "pk")])
    units = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_100}
    client.update_table(TableName=name, WarmThroughput=units, GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": "by-pk", "WarmThroughput": units}}])
    table = client.describe_table(TableName=name)["Table"]
    assert warm(table) == warm(table["GlobalSecondaryIndexes"][0]) == (13_000, 4_100)


def capacity(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def test_warm_throughput_never_decreases(client):
    name = make_table(client)
    client.update_table(TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=capacity(10, 5_000))
    assert warm(client.describe_table(TableName=name)["Table"]) == (12_000, 5_000)
    client.update_table(TableName=name, ProvisionedThroughput=capacity(9, 9))
    assert warm(client.describe_table(TableName=name)["Table"]) == (12_000, 5_000)
    client.update_table(TableName=name, ProvisionedThroughput=capacity(20_000, 9))
    client.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    assert warm(client.describe_table(TableName=name)["Table"]) == (20_000, 5_000)


def test_changes_of_provisioned_capacity_are_counted(client):
    name = make_table(
        client, BillingMode="PROVISIONED", ProvisionedThroughput=capacity(5, 5),
        GlobalSecondaryIndexes=[{**index("by-pk", "pk"), "ProvisionedThroughput": capacity(5, 5)}])

    def described():
        table = client.describe_table(TableName=name)["Table"]
        return table["ProvisionedThroughput"], table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]

    for throughput in described():
        assert throughput["NumberOfDecreasesToday"] == 0
        assert "LastIncreaseDateTime" not in throughput and "LastDecreaseDateTime" not in throughput
    client.update_table(TableName=name, ProvisionedThroughput=capacity(6, 5))
    table, of_index = described()
    assert "LastIncreaseDateTime" in table and "LastDecreaseDateTime" not in table
    assert "LastIncreaseDateTime" not in of_index
    before = datetime.datetime.now(datetime.timezone.utc)
    client.update_table(TableName=name, ProvisionedThroughput=capacity(5, 7), GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": "by-pk", "ProvisionedThroughput": capacity(4, 4)}}])
    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[
        {"Update": {"IndexName": "by-pk", "ProvisionedThroughput": capacity(3, 4)}}])
    table, of_index = described()
    assert table["LastIncreaseDateTime"] == table["LastDecreaseDateTime"]
    # A midnight in between begins another count.
    is_same_day = before.date() == of_index["LastDecreaseDateTime"].astimezone(datetime.timezone.utc).date()
    assert not is_same_day or (table["NumberOfDecreasesToday"], of_index["NumberOfDecreasesToday"]) == (1, 2)


def test_the_answer_to_a_creation_does_not_say_when_the_mode_was_chosen(client):
    name = f"{make_table(client)}-mode"
    definition = dict(
        AttributeDefinitions=define("pk"), KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    created = client.create_table(TableName=name, **definition)["TableDescription"]
    assert created["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert "LastUpdateToPayPerRequestDateTime" in client.describe_table(TableName=name)["Table"]["BillingModeSummary"]
    deleted = client.delete_table(TableName=name)["TableDescription"]
    assert "LastUpdateToPayPerRequestDateTime" in deleted["BillingModeSummary"]
    del deleted["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"]
    assert {key: value for key, value in deleted.items() if key not in ("TableArn", "TableId")} == {
        "TableName": name, "TableStatus": "DELETING", "TableSizeBytes": 0, "ItemCount": 0, "DeletionProtectionEnabled": False,
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def test_all_indexes_together_project_100_attributes(client):
    def projecting(name, first, count):
        names = [f"a{number}" for number in range(first, first + count)]
        return index(name, "pk", projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": names})

    name = make_table(client, GlobalSecondaryIndexes=[projecting(f"index-{number}", 20 * number, 20) for number in range(5)])
    with refused("ValidationException", "Number of projected attributes across all indexes exceeds the limit of 100"):
        client.update_table(
            TableName=name, AttributeDefinitions=define("pk"),
            GlobalSecondaryIndexUpdates=[{"Create": projecting("one-more", 100, 1)}])


def test_an_index_of_a_provisioned_table_has_no_maxima(client, raw):
    name = make_table(client, BillingMode="PROVISIONED", ProvisionedThroughput=capacity(1, 1))
    created = {
        **index("by-pk", "pk"), "ProvisionedThroughput": capacity(1, 1), "OnDemandThroughput": {"MaxReadRequestUnits": 4}}
    assert raw("UpdateTable", {
        "TableName": name, "AttributeDefinitions": define("pk"), "GlobalSecondaryIndexUpdates": [{"Create": created}]}) == (
        "ValidationException",
        "One or more parameter values were invalid: MaxReadRequestUnits for OnDemandThroughput cannot be specified when table "
        "BillingMode is PROVISIONED.")


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
