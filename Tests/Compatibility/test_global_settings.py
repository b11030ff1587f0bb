"""Settings of global tables, shared and each region's own, what more is refused, scaling, and the version of 2017."""

import pytest

from conftest import index, make_table, new_table_name, refused
from installation import THREE_CONTINENTS, add_replica, wait_until
from test_global_tables import change, describe, is_missing

HOME, EUROPE, ASIA = THREE_CONTINENTS


# More of what is refused, in the service's words

@pytest.mark.parametrize(("updates", "message"), [
    ([{"Delete": {"RegionName": EUROPE}}, {"Delete": {"RegionName": ASIA}}],
     "Update table operation with more than one create or delete replica actions not allowed"),
    ([{}], "There are no actions specified in the Replica Update Action of the request."),
    ([{"Update": {"RegionName": EUROPE}}], "There are no actions specified in the Replica Update Action of the request."),
    ([{"Update": {"RegionName": EUROPE, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 5}}}],
     "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    ([{"Create": {"RegionName": "EU-WEST-1"}}], "Region EU-WEST-1 is not supported. The latest version of global tables are "
     r"only supported in the following regions: \[.*\]"),
    ([{"Create": {"RegionName": EUROPE, "KMSMasterKeyId": "key"}}],
     "One or more parameter values were invalid: All replica keys must either be Customer Managed CMK or AWS Managed CMK."),
])
def test_more_replica_updates_that_are_refused(regions, global_table, updates, message):
    with refused("ValidationException", f"^{message}$"):
        change(regions, global_table, *updates)


def test_a_provisioned_table_gets_no_replica(regions):
    name = make_table(
        regions[HOME], name=f"provisioned-{new_table_name()}", BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})
    with refused("ValidationException", "^Table write capacity should either be Pay-Per-Request or AutoScaled.$"):
        change(regions, name, {"Create": {"RegionName": EUROPE}})


def test_a_stream_of_a_member_is_not_enabled_again(regions, global_table):
    with refused("ValidationException", f"^Table already has an enabled stream: TableName: {global_table}$"):
        regions[ASIA].update_table(
            TableName=global_table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})


def test_witnesses_want_strong_consistency(regions, global_table):
    with refused(
            "ValidationException",
            "^MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.$"):
        regions[HOME].update_table(
            TableName=global_table, GlobalTableWitnessUpdates=[{"Create": {"RegionName": ASIA}}],
            ReplicaUpdates=[{"Create": {"RegionName": EUROPE}}])


# Settings that all replicas share, and those that each has for itself

@pytest.fixture(scope="module")
def pair(regions):
    """A table with replicas in two regions."""
    name = make_table(regions[HOME], name=f"pair-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    wait_until(lambda: describe(regions, HOME, name)["Replicas"][0]["ReplicaStatus"] == "ACTIVE", "both are active")
    return name


def expiry(regions, region, name):
    return regions[region].describe_time_to_live(TableName=name)["TimeToLiveDescription"]


@pytest.mark.parametrize("origin", [HOME, EUROPE])
def test_time_to_live_is_every_regions(regions, origin):
    name = make_table(regions[HOME], name=f"expiring-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    wait_until(lambda: describe(regions, HOME, name)["Replicas"][0]["ReplicaStatus"] == "ACTIVE", "both are active")
    specification = {"Enabled": True, "AttributeName": "expires"}
    regions[origin].update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    for region in (HOME, EUROPE):
        wait_until(
            lambda: expiry(regions, region, name) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"},
            f"{region} has the setting")
    add_replica(regions["installation"], HOME, name, ASIA)
    assert expiry(regions, ASIA, name) == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_on_demand_maxima_and_warm_throughput_are_every_regions(regions, pair):
    regions[EUROPE].update_table(
        TableName=pair, OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50})
    regions[EUROPE].update_table(TableName=pair, WarmThroughput={"ReadUnitsPerSecond": 13_000})

    def has_them():
        table = describe(regions, HOME, pair)
        return table.get("OnDemandThroughput") == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50} and (
            table["WarmThroughput"]["ReadUnitsPerSecond"] == 13_000)

    wait_until(has_them, "the other region has the settings")


def test_a_maximum_is_overridden_for_one_replica(regions, pair):
    regions[HOME].update_table(
        TableName=pair, OnDemandThroughput={"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 50})
    change(regions, pair, {"Update": {"RegionName": EUROPE, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 7}}})
    wait_until(
        lambda: describe(regions, EUROPE, pair)["OnDemandThroughput"]["MaxReadRequestUnits"] == 7, "Europe has its own")
    [replica] = describe(regions, HOME, pair)["Replicas"]
    assert replica["OnDemandThroughputOverride"] == {"MaxReadRequestUnits": 7}
    assert describe(regions, HOME, pair)["OnDemandThroughput"]["MaxReadRequestUnits"] == 500
    # A later change of the setting overwrites the override.
    regions[HOME].update_table(
        TableName=pair, OnDemandThroughput={"MaxReadRequestUnits": 600, "MaxWriteRequestUnits": 50})
    wait_until(
        lambda: describe(regions, EUROPE, pair)["OnDemandThroughput"]["MaxReadRequestUnits"] == 600, "Europe follows")


def test_a_table_class_is_overridden_for_one_replica(regions, pair):
    change(regions, pair, {"Update": {"RegionName": EUROPE, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}})
    wait_until(
        lambda: describe(regions, EUROPE, pair).get("TableClassSummary", {}).get("TableClass")
        == "STANDARD_INFREQUENT_ACCESS", "Europe has its own class")
    [replica] = describe(regions, HOME, pair)["Replicas"]
    assert replica["ReplicaTableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert "TableClassSummary" not in describe(regions, HOME, pair)


def test_tags_policies_recovery_and_protection_are_each_regions_own(regions, pair):
    arn = describe(regions, EUROPE, pair)["TableArn"]
    regions[EUROPE].tag_resource(ResourceArn=arn, Tags=[{"Key": "where", "Value": "europe"}])
    regions[EUROPE].put_resource_policy(ResourceArn=arn, Policy='{"Statement": []}')
    regions[EUROPE].update_continuous_backups(
        TableName=pair, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    home = describe(regions, HOME, pair)["TableArn"]
    assert regions[HOME].list_tags_of_resource(ResourceArn=home)["Tags"] == []
    with refused("PolicyNotFoundException"):
        regions[HOME].get_resource_policy(ResourceArn=home)
    backups = regions[HOME].describe_continuous_backups(TableName=pair)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_a_protected_replica_is_not_deleted_from_elsewhere(regions):
    name = make_table(regions[HOME], name=f"protected-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    wait_until(lambda: describe(regions, HOME, name)["Replicas"][0]["ReplicaStatus"] == "ACTIVE", "both are active")
    assert describe(regions, EUROPE, name)["DeletionProtectionEnabled"] is False
    regions[EUROPE].update_table(TableName=name, DeletionProtectionEnabled=True)
    assert describe(regions, HOME, name)["DeletionProtectionEnabled"] is False
    message = (
        f"^Cannot delete table {name} in region {EUROPE} because it has deletion protection enabled. Disable deletion "
        "protection first.$")

    # The other region hears of the protection with the catalog; wait for a change that was made after it.
    regions[EUROPE].update_table(TableName=name, TableClass="STANDARD")
    wait_until(lambda: "TableClassSummary" in describe(regions, HOME, name), "the home region has heard")
    with refused("ValidationException", message):
        change(regions, name, {"Delete": {"RegionName": EUROPE}})
    regions[EUROPE].update_table(TableName=name, DeletionProtectionEnabled=False)
    regions[EUROPE].update_table(TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    wait_until(
        lambda: describe(regions, HOME, name)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS",
        "the home region has heard")
    change(regions, name, {"Delete": {"RegionName": EUROPE}})
    wait_until(lambda: is_missing(regions, EUROPE, name), "the replica is gone")


def test_an_index_goes_in_every_region(regions):
    name = make_table(
        regions[HOME], name=f"unindexed-{new_table_name()}",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index("by-group", "group")])
    add_replica(regions["installation"], HOME, name, EUROPE)
    wait_until(lambda: describe(regions, HOME, name)["Replicas"][0]["ReplicaStatus"] == "ACTIVE", "both are active")
    [replica] = describe(regions, HOME, name)["Replicas"]
    assert [entry["IndexName"] for entry in replica["GlobalSecondaryIndexes"]] == ["by-group"]
    assert all("IndexStatus" not in entry for entry in replica["GlobalSecondaryIndexes"])
    regions[EUROPE].update_table(
        TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}])
    for region in (HOME, EUROPE):
        wait_until(
            lambda: "GlobalSecondaryIndexes" not in describe(regions, region, name), f"the index is gone in {region}")


def test_counts_are_true_in_every_region(regions):
    name = make_table(
        regions[HOME], name=f"counted-{new_table_name()}",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index("by-group", "group")])
    for number in range(12):
        regions[HOME].put_item(TableName=name, Item={
            "pk": {"S": str(number)}, **({"group": {"S": "g"}} if number % 2 else {})})
    add_replica(regions["installation"], HOME, name, EUROPE)
    regions[HOME].delete_item(TableName=name, Key={"pk": {"S": "1"}})

    def counts(region):
        table = describe(regions, region, name)
        [entry] = table["GlobalSecondaryIndexes"]
        return table["ItemCount"], table["TableSizeBytes"], entry["ItemCount"], entry["IndexSizeBytes"]

    wait_until(lambda: counts(EUROPE) == counts(HOME), "the regions count the same")
    assert counts(HOME)[0] == 11 and counts(HOME)[2] == 5


def test_what_a_replica_is_described_with(regions, pair):
    name = make_table(regions[HOME], name=f"plain-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    wait_until(lambda: describe(regions, HOME, name)["Replicas"][0]["ReplicaStatus"] == "ACTIVE", "both are active")
    [replica] = describe(regions, HOME, name)["Replicas"]
    assert set(replica) == {"RegionName", "ReplicaStatus", "WarmThroughput", "GlobalTableSettingsReplicationMode"}
    assert replica["GlobalTableSettingsReplicationMode"] == "ENABLED_WITH_OVERRIDES"


# Scaling, and version 2017.11.29

def test_no_replica_scales(regions, pair):
    description = regions[HOME].describe_table_replica_auto_scaling(TableName=pair)["TableAutoScalingDescription"]
    assert [replica["RegionName"] for replica in description["Replicas"]] == sorted([HOME, EUROPE])
    assert description["TableName"] == pair
    off = {"AutoScalingDisabled": True}
    regions[HOME].update_table_replica_auto_scaling(TableName=pair, ProvisionedWriteCapacityAutoScalingUpdate=off)
    with refused("ValidationException", "AutoScaling is not supported: only AutoScalingDisabled true is accepted$"):
        regions[HOME].update_table_replica_auto_scaling(
            TableName=pair, ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 1, "MaximumUnits": 10})
    with refused("ValidationException", "not part of the global table"):
        regions[HOME].update_table_replica_auto_scaling(TableName=pair, ReplicaUpdates=[
            {"RegionName": ASIA, "ReplicaProvisionedReadCapacityAutoScalingUpdate": off}])


@pytest.mark.parametrize("operation", ["describe_table_replica_auto_scaling", "update_table_replica_auto_scaling"])
def test_a_table_of_one_region_has_no_replicas_to_scale(regions, operation):
    name = make_table(regions[HOME], name=f"regional-{new_table_name()}")
    with refused("ResourceNotFoundException", f"^Global table with name: '{name}' does not exist.$"):
        getattr(regions[HOME], operation)(TableName=name)


LEGACY = (
    r"^One or more parameter values were invalid: DynamoDB global tables version 2017\.11\.29 is not supported\. We "
    r"recommend using DynamoDB global tables version 2019\.11\.21, instead of version 2017\.11\.29 \(Legacy\)\.$")


@pytest.mark.parametrize(("operation", "parameters", "code", "message"), [
    ("create_global_table", {"ReplicationGroup": [{"RegionName": HOME}]}, "ValidationException", LEGACY),
    ("update_global_table", {"ReplicaUpdates": [{"Create": {"RegionName": EUROPE}}]}, "GlobalTableNotFoundException",
     "^Global table with name: '{}' does not exist.$"),
    ("update_global_table", {"ReplicaUpdates": [{"Delete": {"RegionName": EUROPE}}]}, "GlobalTableNotFoundException",
     "^Global table with name: '{}' does not exist.$"),
    ("describe_global_table", {}, "GlobalTableNotFoundException",
     "^Global table not found: Global table with name: '{}' does not exist.$"),
    ("describe_global_table_settings", {}, "GlobalTableNotFoundException",
     "^Global table with name: '{}' does not exist.$"),
    ("update_global_table_settings", {"GlobalTableBillingMode": "PAY_PER_REQUEST"}, "GlobalTableNotFoundException",
     "^Global table with name: '{}' does not exist.$"),
])
def test_version_2017_11_29_is_gone(regions, pair, operation, parameters, code, message):
    for name in ("no-such-table", pair):
        with refused(code, message.replace("{}", name)):
            getattr(regions[HOME], operation)(GlobalTableName=name, **parameters)


def test_no_tables_of_version_2017_11_29_are_listed(regions, pair):
    assert regions[HOME].list_global_tables()["GlobalTables"] == []


def test_a_replica_overrides_its_maximum_by_none(regions):
    name = make_table(regions[HOME], name=f"maxima-{new_table_name()}", OnDemandThroughput={"MaxReadRequestUnits": 50})
    add_replica(regions["installation"], HOME, name, EUROPE)

    def override(units):
        change(regions, name, {"Update": {
            "RegionName": EUROPE, "OnDemandThroughputOverride": {"MaxReadRequestUnits": units}}})
        wait_until(lambda: describe(regions, HOME, name)["TableStatus"] == "ACTIVE", "the table is active")

    def seen():
        [replica] = describe(regions, HOME, name)["Replicas"]
        return (
            replica.get("OnDemandThroughputOverride"), describe(regions, EUROPE, name).get("OnDemandThroughput"))

    for units, expected in [
        (9, ({"MaxReadRequestUnits": 9}, {"MaxReadRequestUnits": 9})),
        (-1, ({"MaxReadRequestUnits": -1}, None)),
        (50, (None, {"MaxReadRequestUnits": 50})),
    ]:
        override(units)
        wait_until(lambda: seen() == expected, f"the override {units} is everywhere")


def test_overrides_and_warm_throughput_look_the_same_from_everywhere(regions):
    name = make_table(regions[HOME], name=f"warm-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    regions[HOME].update_table(
        TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 4, "WriteCapacityUnits": 4})
    wait_until(lambda: describe(regions, EUROPE, name)["ProvisionedThroughput"]["ReadCapacityUnits"] == 4, "the mode is everywhere")
    change(regions, name, {"Update": {"RegionName": EUROPE, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 9}}})
    wait_until(lambda: describe(regions, EUROPE, name)["ProvisionedThroughput"]["ReadCapacityUnits"] == 9, "the override is there")
    for region in (HOME, EUROPE):
        table = describe(regions, region, name)
        assert table["WarmThroughput"] | {"Status": ""} == table["Replicas"][0]["WarmThroughput"] | {"Status": ""}
        assert table["WarmThroughput"]["ReadUnitsPerSecond"] == 12_000
    # The table's own value, asked for in the region that overrides it, clears the override.
    regions[EUROPE].update_table(TableName=name, ReplicaUpdates=[
        {"Update": {"RegionName": EUROPE, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 4}}}])
    wait_until(
        lambda: "ProvisionedThroughputOverride" not in describe(regions, HOME, name)["Replicas"][0], "the override is gone")
