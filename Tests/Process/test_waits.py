"""The waits between changes that the service makes its clients keep, where a topology wants them."""

import pytest
from botocore.exceptions import ClientError

from installation import THREE_CONTINENTS, Installation, create_global_table, wait_until

HOME, EUROPE, ASIA = THREE_CONTINENTS


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_waits_hold_where_the_topology_has_them(meridian, tmp_path):
    waits = "waits: {source-replica: 24h, time-to-live: 30m}\n"
    with Installation(meridian, tmp_path, extra_topology=waits) as installation:
        installation.make_certificates()
        installation.start()
        create_global_table(
            installation, HOME, TableName="orders", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        home = installation.client(HOME)
        source = (
            "ValidationException", "Replica cannot be deleted because it has acted as a source region for new replica(s) being "
            "added to the table in the last 24 hours.")
        assert refusal(home.delete_table, TableName="orders") == source
        asia = installation.client(ASIA)
        assert refusal(asia.update_table, TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": HOME}}]) == source

        def expire_by(attribute, is_enabled):
            return {"TableName": "orders", "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": is_enabled}}

        home.update_time_to_live(**expire_by("at", True))
        assert refusal(home.update_time_to_live, **expire_by("at", False)) == (
            "ValidationException", "Time to live has been modified multiple times within a fixed interval")

        # Replicas that nobody was added by can go, and the source after them.
        for region in (EUROPE, ASIA):
            home.update_table(TableName="orders", ReplicaUpdates=[{"Delete": {"RegionName": region}}])
            wait_until(
                lambda: region not in [
                    replica["RegionName"]
                    for replica in home.describe_table(TableName="orders")["Table"].get("Replicas", [])],
                f"the replica in {region} is gone")
        home.delete_table(TableName="orders")
