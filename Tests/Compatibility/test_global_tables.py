"""Tables with replicas in three regions: how they come and go, what DescribeTable shows, and that items get everywhere."""

import threading

import pytest

from conftest import all_pages, flat, index, make_table, new_table_name, refused
from installation import THREE_CONTINENTS, add_replica, wait_until

HOME, EUROPE, ASIA = THREE_CONTINENTS


def get(regions, region, table, key):
    return regions[region].get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item")


def wait_for_item(regions, region, table, key, expected):
    wait_until(lambda: get(regions, region, table, key) == expected, f"{region} has {expected}")


def describe(regions, region, table):
    return regions[region].describe_table(TableName=table)["Table"]


def test_each_region_lists_the_others(regions, global_table):
    for region in THREE_CONTINENTS:
        table = describe(regions, region, global_table)
        assert table["GlobalTableVersion"] == "2019.11.21"
        assert {replica["RegionName"]: replica["ReplicaStatus"] for replica in table["Replicas"]} == {
            other: "ACTIVE" for other in THREE_CONTINENTS if other != region}


def test_what_regions_have_alike_and_what_not(regions, global_table):
    tables = [describe(regions, region, global_table) for region in THREE_CONTINENTS]
    for member in ("KeySchema", "StreamSpecification", "GlobalTableVersion", "TableName"):
        assert all(table[member] == tables[0][member] for table in tables), member
    for member in ("TableId", "TableArn", "LatestStreamArn"):
        assert len({table[member] for table in tables}) == 3, member
    assert all("MultiRegionConsistency" not in table for table in tables)


def test_a_replica_switches_the_stream_on(regions, global_table):
    for region in THREE_CONTINENTS:
        table = describe(regions, region, global_table)
        assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        assert f":dynamodb:{region}:" in table["LatestStreamArn"]


@pytest.mark.parametrize("origin", THREE_CONTINENTS)
def test_a_write_anywhere_gets_everywhere(regions, global_table, key, origin):
    item = {"pk": {"S": key}, "from": {"S": origin}, "n": {"N": "1"}}
    regions[origin].put_item(TableName=global_table, Item=item)
    for region in THREE_CONTINENTS:
        wait_for_item(regions, region, global_table, key, item)
    regions[origin].update_item(
        TableName=global_table, Key={"pk": {"S": key}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}})
    for region in THREE_CONTINENTS:
        wait_for_item(regions, region, global_table, key, {**item, "n": {"N": "2"}})
    regions[origin].delete_item(TableName=global_table, Key={"pk": {"S": key}})
    for region in THREE_CONTINENTS:
        wait_for_item(regions, region, global_table, key, None)


def test_indexes_follow_in_every_region(regions, global_table, key):
    regions[EUROPE].put_item(TableName=global_table, Item={"pk": {"S": key}, "group": {"S": key}})

    def entries(region):
        return regions[region].query(
            TableName=global_table, IndexName="by-group", KeyConditionExpression="#g = :g",
            ExpressionAttributeNames={"#g": "group"}, ExpressionAttributeValues={":g": {"S": key}})["Items"]

    for region in THREE_CONTINENTS:
        wait_until(lambda: len(entries(region)) == 1, f"the index in {region} has the item")
    regions[ASIA].update_item(
        TableName=global_table, Key={"pk": {"S": key}}, UpdateExpression="REMOVE #g",
        ExpressionAttributeNames={"#g": "group"})
    for region in THREE_CONTINENTS:
        wait_until(lambda: entries(region) == [], f"the index in {region} has lost the item")


def test_the_last_writer_wins(regions, global_table, key):
    for number in range(10):
        for region in THREE_CONTINENTS:
            regions[region].put_item(
                TableName=global_table, Item={"pk": {"S": key}, "from": {"S": region}, "n": {"N": str(number)}})

    def agreed():
        items = [get(regions, region, global_table, key) for region in THREE_CONTINENTS]
        return items[0] == items[1] == items[2] and items[0]

    assert wait_until(agreed, "the regions agree")["n"] == {"N": "9"}


def test_a_condition_is_judged_where_it_is_written(regions, global_table, key):
    regions[HOME].put_item(TableName=global_table, Item={"pk": {"S": key}})
    wait_for_item(regions, ASIA, global_table, key, {"pk": {"S": key}})
    with refused("ConditionalCheckFailedException"):
        regions[ASIA].put_item(
            TableName=global_table, Item={"pk": {"S": key}}, ConditionExpression="attribute_not_exists(pk)")


def test_a_replica_is_filled_with_what_the_table_holds(regions):
    name = make_table(regions[EUROPE], name=f"filled-{new_table_name()}")
    for number in range(120):
        regions[EUROPE].put_item(TableName=name, Item={"pk": {"S": str(number)}, "n": {"N": str(number)}})
    add_replica(regions["installation"], EUROPE, name, ASIA)
    items = regions[ASIA].scan(TableName=name)["Items"]
    assert sorted(int(item["n"]["N"]) for item in items) == list(range(120))
    with refused("ResourceNotFoundException"):
        regions[HOME].describe_table(TableName=name)


@pytest.mark.parametrize("attempt", range(3))
def test_a_replica_is_filled_while_writes_go_on(regions, attempt):
    name = make_table(regions[HOME], name=f"written-{new_table_name()}")
    stopping = threading.Event()
    written = []

    def write(number):
        while not stopping.is_set():
            number += 4
            regions[HOME].put_item(TableName=name, Item={"pk": {"S": str(number)}})
            written.append(str(number))

    writers = [threading.Thread(target=write, args=[number], daemon=True) for number in range(4)]
    for writer in writers:
        writer.start()
    try:
        wait_until(lambda: len(written) > 100, "100 items are written")
        add_replica(regions["installation"], HOME, name, EUROPE)
        add_replica(regions["installation"], HOME, name, ASIA)
    finally:
        stopping.set()
        for writer in writers:
            writer.join()

    def keys(region):
        items = flat(all_pages(regions[region].scan, TableName=name))
        return sorted(item["pk"]["S"] for item in items)

    for region in THREE_CONTINENTS:
        wait_until(lambda: keys(region) == sorted(written), f"{region} has all items")


def test_a_member_adds_and_removes_replicas_for_others(regions):
    name = make_table(regions[HOME], name=f"members-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    add_replica(regions["installation"], EUROPE, name, ASIA)
    wait_until(lambda: len(describe(regions, HOME, name)["Replicas"]) == 2, "the first region knows both")

    regions[ASIA].update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": EUROPE}}])
    wait_until(lambda: is_missing(regions, EUROPE, name), "the replica is gone")
    wait_until(
        lambda: [replica["RegionName"] for replica in describe(regions, HOME, name)["Replicas"]] == [ASIA],
        "the first region knows that it is gone")


def is_missing(regions, region, name):
    try:
        describe(regions, region, name)
    except regions[region].exceptions.ResourceNotFoundException:
        return True
    return False


def test_the_last_replica_leaves_a_table_of_one_region(regions):
    name = make_table(regions[HOME], name=f"single-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    answer = regions[HOME].update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": EUROPE}}])
    assert answer["TableDescription"]["TableStatus"] in ("UPDATING", "ACTIVE")
    wait_until(lambda: is_missing(regions, EUROPE, name), "the replica is gone")
    wait_until(lambda: "Replicas" not in describe(regions, HOME, name), "the table has no replicas")
    table = describe(regions, HOME, name)
    assert "GlobalTableVersion" not in table
    assert table["StreamSpecification"]["StreamEnabled"] is True
    regions[HOME].put_item(TableName=name, Item={"pk": {"S": "still here"}})


def test_an_index_added_in_one_region_is_in_all(regions):
    name = make_table(regions[HOME], name=f"indexed-{new_table_name()}")
    add_replica(regions["installation"], HOME, name, EUROPE)
    regions[EUROPE].put_item(TableName=name, Item={"pk": {"S": "a"}, "group": {"S": "g"}})
    regions[HOME].update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-group", "group")}])

    def is_active(region):
        indexes = describe(regions, region, name).get("GlobalSecondaryIndexes", [])
        return [entry["IndexStatus"] for entry in indexes] == ["ACTIVE"]

    for region in (HOME, EUROPE):
        wait_until(lambda: is_active(region), f"the index is active in {region}")
        wait_until(
            lambda: regions[region].scan(TableName=name, IndexName="by-group")["Count"] == 1,
            f"the index in {region} has the item")


# What is refused

def change(regions, table, *updates, region=HOME, **more):
    regions[region].update_table(TableName=table, ReplicaUpdates=list(updates), **more)


@pytest.mark.parametrize(("updates", "message"), [
    ([{"Create": {"RegionName": EUROPE}}], "Failed to create a the new replica of table with name: .* because one or more replicas already existed as tables"),
    ([{"Create": {"RegionName": HOME}}], "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required."),
    ([{"Delete": {"RegionName": HOME}}], "Cannot add or delete the local region through ReplicaUpdates"),
    ([{"Create": {"RegionName": "mars-north-1"}}], "Region mars-north-1 is not supported"),
    ([{"Create": {"RegionName": EUROPE}}, {"Create": {"RegionName": ASIA}}],
     "Update table operation with more than one create or delete replica actions not allowed"),
    ([{"Create": {"RegionName": EUROPE}, "Delete": {"RegionName": EUROPE}}],
     "Update table operation with more than one type of replica actions not allowed"),
])
def test_replica_updates_that_are_refused(regions, global_table, updates, message):
    with refused("ValidationException", message):
        change(regions, global_table, *updates)


def test_a_region_that_is_no_member_cannot_be_removed(regions):
    name = make_table(regions[HOME], name=f"alone-{new_table_name()}")
    with refused("ValidationException", r"not part of the global table\. Please retry the request without these replicas: \[eu-west-1\]"):
        change(regions, name, {"Delete": {"RegionName": EUROPE}})


def test_a_table_of_that_name_in_the_other_region_is_in_the_way(regions):
    name = make_table(regions[HOME], name=f"twice-{new_table_name()}")
    make_table(regions[ASIA], name=name)
    with refused("ValidationException", "already existed as tables"):
        change(regions, name, {"Create": {"RegionName": ASIA}})


def test_replica_updates_come_alone(regions, global_table):
    with refused("ValidationException", "Replica modification must be the only operation in the request"):
        change(regions, global_table, {"Delete": {"RegionName": ASIA}}, DeletionProtectionEnabled=True)


def test_a_replicas_stream_cannot_be_switched_off(regions, global_table):
    with refused("ValidationException", "Disabling Stream is not allowed for a Global Table replica"):
        regions[EUROPE].update_table(TableName=global_table, StreamSpecification={"StreamEnabled": False})
