"""Continuous backups and contributor insights: what is kept of them, and what is refused."""

import datetime

import pytest

from conftest import index, make_table, refused


def described(client, table):
    return client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]


def recover(client, table, enabled, **more):
    return client.update_continuous_backups(
        TableName=table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled, **more},
    )["ContinuousBackupsDescription"]


def test_recovery_is_off_at_first(client, table):
    assert described(client, table) == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}


def test_recovery_is_switched_on_and_off(client):
    name = make_table(client)
    recovery = recover(client, name, True)["PointInTimeRecoveryDescription"]
    assert (recovery["PointInTimeRecoveryStatus"], recovery["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert abs(now - recovery["EarliestRestorableDateTime"]) < datetime.timedelta(minutes=5)
    assert recovery["LatestRestorableDateTime"] >= recovery["EarliestRestorableDateTime"]
    assert described(client, name)["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 35
    changed = recover(client, name, True, RecoveryPeriodInDays=7)["PointInTimeRecoveryDescription"]
    assert changed["RecoveryPeriodInDays"] == 7
    assert changed["EarliestRestorableDateTime"] == recovery["EarliestRestorableDateTime"]
    assert recover(client, name, False)["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}


@pytest.mark.parametrize("days", [0, 36])
def test_the_period_is_bounded(lenient, table, days):
    with refused(
            "ValidationException",
            f"^1 validation error detected: Value '{days}' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' "
            "failed to satisfy constraint: Member must have value "):
        recover(lenient, table, True, RecoveryPeriodInDays=days)


def test_a_missing_table_is_not_found(client):
    with refused("TableNotFoundException", "^Table not found: no-such-table$"):
        described(client, "no-such-table")
    with refused("TableNotFoundException", "^Table not found: no-such-table$"):
        recover(client, "no-such-table", True)


def test_nothing_counts_keys(client):
    name = make_table(client, GlobalSecondaryIndexes=[index("by-pk", "pk")])
    answer = client.describe_contributor_insights(TableName=name)
    assert (answer["TableName"], answer["ContributorInsightsStatus"]) == (name, "DISABLED")
    assert client.describe_contributor_insights(TableName=name, IndexName="by-pk")["IndexName"] == "by-pk"
    assert client.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"] == []
    off = client.update_contributor_insights(TableName=name, ContributorInsightsAction="DISABLE")
    assert off["ContributorInsightsStatus"] == "DISABLED"
    with refused("ValidationException", "ContributorInsightsAction ENABLE is not supported$"):
        client.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    with refused("ResourceNotFoundException", "^Requested resource not found: Index: no-such not found$"):
        client.describe_contributor_insights(TableName=name, IndexName="no-such")


@pytest.mark.parametrize("operation", ["describe_contributor_insights", "list_contributor_insights"])
def test_insights_of_a_missing_table(client, operation):
    with refused("ResourceNotFoundException", "^Requested resource not found: Table: no-such-table not found$"):
        getattr(client, operation)(TableName="no-such-table")


@pytest.mark.parametrize(("operation", "parameters"), [
    ("create_backup", {"TableName": "some-table", "BackupName": "name"}), ("list_backups", {}), ("list_exports", {}),
    ("list_imports", {}), ("describe_kinesis_streaming_destination", {"TableName": "some-table"}),
    ("restore_table_to_point_in_time", {"TargetTableName": "other-table", "SourceTableName": "some-table"}),
])
def test_what_there_is_not_is_refused_by_its_name(client, operation, parameters):
    name = client.meta.method_to_api_mapping[operation]
    with refused("UnknownOperationException", f"^The operation {name} is not supported: .*\\.$"):
        getattr(client, operation)(**parameters)
