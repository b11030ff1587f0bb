"""Shards that follow one another, and streams in every region of a global table."""

import time

import pytest

from conftest import HOME, make_table, new_table_name, refused
from installation import THREE_CONTINENTS, Installation, add_replica, wait_until
from streams import (
    Follower, all_shards, contents, delete, describe, iterator, make_streaming_table, names, put, read,
    records_of, stream_arn, streams_client)


# Shards that follow one another

@pytest.fixture(scope="module", params=[1, 4], ids=["one-open-shard", "four-open-shards"])
def rolling(request, tmp_path_factory):
    """A region whose shards are replaced several times a second, and how many of a stream are open at a time."""
    folder = tmp_path_factory.mktemp(f"rolling-{request.param}")
    with Installation(request.config.getoption("--meridian"), folder, [HOME], extra_topology=(
            f"streams: {{shard-lifetime: 500ms, shards: {request.param}}}\n")) as region:
        region.make_certificates()
        region.start()
        yield region, request.param


def test_a_consumer_through_roll_overs_and_a_restart(rolling):
    region, count = rolling
    client, streams = region.client(HOME), streams_client(region, HOME)
    table = make_streaming_table(client, "NEW_IMAGE")
    arn = stream_arn(client, table)
    follower = Follower(streams, arn)
    written, written_count = {}, 0

    def write_and_poll():
        nonlocal written_count
        for _ in range(5):
            key = f"k{written_count % 11}"
            put(client, table, key, n={"N": str(written_count)})
            written.setdefault(key, []).append(written_count)
            written_count += 1
        follower.poll()
        return len(all_shards(streams, arn)) >= 4 * count

    wait_until(write_and_poll, "shards were replaced three times")
    region.kill(HOME)
    region.start()
    client, follower.streams = region.client(HOME), streams_client(region, HOME)
    write_and_poll()

    def has_all():
        follower.poll()
        return len(follower.records) >= written_count

    wait_until(has_all, "the consumer has every change")
    seen = {}
    for record in follower.records:
        image = record["dynamodb"]["NewImage"]
        seen.setdefault(image["pk"]["S"], []).append(int(image["n"]["N"]))
    assert seen == written


def test_lineage(rolling):
    region, count = rolling
    client, streams = region.client(HOME), streams_client(region, HOME)
    table = make_streaming_table(client)
    arn = stream_arn(client, table)
    assert len(all_shards(streams, arn)) in (count, 2 * count)

    def rolled():
        put(client, table, "a", n={"N": str(time.time_ns())})
        return len(all_shards(streams, arn)) >= 3 * count

    wait_until(rolled, "shards were replaced twice")
    shards = {shard["ShardId"]: shard for shard in all_shards(streams, arn, page=3)}
    assert len([shard for shard in shards.values() if "ParentShardId" not in shard]) == count
    assert len([shard for shard in shards.values() if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]) == count
    for shard in shards.values():
        if "ParentShardId" not in shard:
            continue
        parent = shards[shard["ParentShardId"]]["SequenceNumberRange"]
        assert int(parent["EndingSequenceNumber"]) + 1 == int(shard["SequenceNumberRange"]["StartingSequenceNumber"])
        children = describe(
            streams, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shard["ParentShardId"]})["Shards"]
        assert [child["ShardId"] for child in children] == [shard["ShardId"]]


def test_a_closed_shard_ends(rolling):
    region, count = rolling
    client, streams = region.client(HOME), streams_client(region, HOME)
    table = make_streaming_table(client)
    arn = stream_arn(client, table)
    wait_until(lambda: (put(client, table, "x", n={"N": str(time.time_ns())}) or len(all_shards(streams, arn)) > count),
               "shards were replaced")
    closed = [shard for shard in all_shards(streams, arn) if "EndingSequenceNumber" in shard["SequenceNumberRange"]]
    for shard in closed[:count]:
        _, place = read(streams, iterator(streams, arn, shard=shard["ShardId"]))
        assert place is None
        with refused("ValidationException", "^Invalid SequenceNumber: "):
            iterator(streams, arn, "AT_SEQUENCE_NUMBER", shard["ShardId"], SequenceNumber=str(
                int(shard["SequenceNumberRange"]["EndingSequenceNumber"]) + 1))


# Global tables

@pytest.fixture(scope="module")
def three(request, tmp_path_factory):
    """Three linked regions with a global table, what is known of them by name."""
    folder = tmp_path_factory.mktemp("three-regions-of-streams")
    with Installation(request.config.getoption("--meridian"), folder) as installation:
        installation.make_certificates()
        installation.start()
        clients = {name: installation.client(name) for name in THREE_CONTINENTS}
        table = make_table(clients[THREE_CONTINENTS[0]], name=f"global-{new_table_name()}")
        for name in THREE_CONTINENTS[1:]:
            add_replica(installation, THREE_CONTINENTS[0], table, name)
        yield {
            "table": table, "clients": clients,
            "streams": {name: streams_client(installation, name) for name in THREE_CONTINENTS},
            "arns": {name: stream_arn(clients[name], table) for name in THREE_CONTINENTS}}


def records_everywhere(three, key, count):
    """The records of one item in each region's stream, once there are so many of them."""
    def found(region):
        records = [
            record for record in records_of(three["streams"][region], three["arns"][region])
            if record["dynamodb"]["Keys"]["pk"]["S"] == key]
        return records if len(records) >= count else None

    return {region: wait_until(lambda: found(region), f"{region} has {count} records of {key}")
            for region in THREE_CONTINENTS}


@pytest.mark.parametrize("origin", THREE_CONTINENTS)
def test_local_and_replicated_changes_alike(three, key, origin):
    client = three["clients"][origin]
    put(client, three["table"], key, n={"N": "1"})
    records_everywhere(three, key, 1)
    put(client, three["table"], key, n={"N": "2"})
    records_everywhere(three, key, 2)
    delete(client, three["table"], key)
    for region, records in records_everywhere(three, key, 3).items():
        assert names(records) == ["INSERT", "MODIFY", "REMOVE"], region
        assert {record["awsRegion"] for record in records} == {region}
        assert all("userIdentity" not in record for record in records)
        assert [content.get("NewImage", {}).get("n") for content in contents(records)] == [{"N": "1"}, {"N": "2"}, None]
        assert [content.get("OldImage", {}).get("n") for content in contents(records)] == [None, {"N": "1"}, {"N": "2"}]
        # The version of 2019 adds no attributes of its own.
        assert all(set(content.get("NewImage", {})) <= {"pk", "n"} for content in contents(records))


def test_each_region_has_a_stream_of_its_own(three):
    assert len(set(three["arns"].values())) == 3
    for region, arn in three["arns"].items():
        assert f":dynamodb:{region}:" in arn
        assert describe(three["streams"][region], arn)["StreamStatus"] == "ENABLED"
        for other in THREE_CONTINENTS:
            if other != region:
                with refused("ResourceNotFoundException", "^Requested resource not found: Stream: "):
                    describe(three["streams"][other], arn)


def test_a_replica_s_stream_cannot_be_disabled(three):
    with refused("ValidationException", "^One or more parameter values were invalid: Disabling Stream is not allowed for a "
                 "Global Table replica.$"):
        three["clients"][HOME].update_table(TableName=three["table"], StreamSpecification={"StreamEnabled": False})


def test_one_region_s_iterator_is_none_in_another(three):
    place = iterator(three["streams"][HOME], three["arns"][HOME])
    with refused("ValidationException", "^Invalid ShardIterator$"):
        three["streams"]["eu-west-1"].get_records(ShardIterator=place)
