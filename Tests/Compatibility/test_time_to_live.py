"""Which attribute items expire by: enabled, described, disabled, and refused."""

import pytest

from conftest import make_table, refused


def described(client, table):
    return client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]


def update(client, table, attribute, enabled):
    return client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute})


def test_it_is_disabled_at_first(client, table):
    assert described(client, table) == {"TimeToLiveStatus": "DISABLED"}


def test_it_is_enabled_and_disabled(client):
    name = make_table(client)
    assert update(client, name, "expires", True)["TimeToLiveSpecification"] == {
        "Enabled": True, "AttributeName": "expires"}
    assert described(client, name) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert update(client, name, "expires", False)["TimeToLiveSpecification"] == {
        "Enabled": False, "AttributeName": "expires"}
    assert described(client, name) == {"TimeToLiveStatus": "DISABLED"}
    update(client, name, "other", True)
    assert described(client, name) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "other"}


def test_what_is_so_already_is_refused(client):
    name = make_table(client)
    with refused("ValidationException", "^TimeToLive is already disabled$"):
        update(client, name, "expires", False)
    update(client, name, "expires", True)
    with refused("ValidationException", "^TimeToLive is already enabled$"):
        update(client, name, "expires", True)


@pytest.mark.parametrize("enabled", [True, False])
def test_another_attribute_is_refused_while_one_is_enabled(client, enabled):
    name = make_table(client)
    update(client, name, "expires", True)
    with refused(
            "ValidationException",
            "^TimeToLive is active on a different AttributeName: current AttributeName is expires$"):
        update(client, name, "other", enabled)


def test_the_table_is_named_by_its_arn_too(client):
    name = make_table(client)
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    update(client, arn, "expires", True)
    assert described(client, arn)["AttributeName"] == "expires"


@pytest.mark.parametrize("operation", ["describe", "update"])
def test_a_missing_table_is_not_found(client, operation):
    with refused("ResourceNotFoundException", "^Requested resource not found: Table: no-such-table not found$"):
        if operation == "describe":
            described(client, "no-such-table")
        else:
            update(client, "no-such-table", "expires", True)


@pytest.mark.parametrize(("attribute", "rule"), [
    ("", "greater than or equal to 1"), ("a" * 256, "less than or equal to 255")])
def test_names_are_bounded(lenient, table, attribute, rule):
    with refused(
            "ValidationException",
            "^1 validation error detected: Value '.*' at 'timeToLiveSpecification.attributeName' failed to satisfy "
            f"constraint: Member must have length {rule}$"):
        update(lenient, table, attribute, True)


def test_describe_table_does_not_show_it(client):
    name = make_table(client)
    update(client, name, "expires", True)
    assert not any("TimeToLive" in member for member in client.describe_table(TableName=name)["Table"])
