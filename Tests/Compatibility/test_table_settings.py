"""Settings of tables that are kept and shown: maxima, warm throughput, classes, streams."""

import datetime

import pytest

from conftest import index, make_table, refused
from test_table_refusals import define


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
