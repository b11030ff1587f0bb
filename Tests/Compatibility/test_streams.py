"""Streams of the DynamoDB Streams API: how they are listed and described, how they come and go, and the service's errors."""

import re
import time

import pytest

from conftest import HOME, refused
from streams import (
    INVALID_ARN, VIEWS, all_shards, contents, describe, iterator, make_streaming_table, put, records_of,
    stream_arn, streaming, streams_client, unchecked)


@pytest.fixture(scope="module")
def streams(installation):
    return streams_client(installation, HOME)


@pytest.fixture
def table(client):
    """A table of its own for each test, as its stream is all that the test looks at."""
    return make_streaming_table(client)


@pytest.fixture
def arn(client, table):
    return stream_arn(client, table)


# ListStreams

def test_a_stream_is_listed_with_its_table(client, streams, table, arn):
    assert streams.list_streams(TableName=table)["Streams"] == [
        {"StreamArn": arn, "TableName": table, "StreamLabel": arn.rpartition("/")[2]}]


def test_streams_are_listed_a_page_at_a_time(client, streams):
    tables = [make_streaming_table(client, "KEYS_ONLY") for _ in range(3)]
    found, parameters = [], {}
    while True:
        answer = streams.list_streams(Limit=2, **parameters)
        assert len(answer["Streams"]) <= 2
        found += [stream["StreamArn"] for stream in answer["Streams"]]
        if "LastEvaluatedStreamArn" not in answer:
            break
        assert answer["LastEvaluatedStreamArn"] == found[-1]
        parameters["ExclusiveStartStreamArn"] = found[-1]
    assert len(found) == len(set(found))
    assert {stream_arn(client, table) for table in tables} <= set(found)


def test_one_table_s_streams_are_paged_too(client, streams, table, arn):
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    client.update_table(TableName=table, **streaming("KEYS_ONLY"))
    first = streams.list_streams(TableName=table, Limit=1)
    assert [stream["StreamArn"] for stream in first["Streams"]] == [arn] == [first["LastEvaluatedStreamArn"]]
    second = streams.list_streams(TableName=table, Limit=1, ExclusiveStartStreamArn=arn)
    assert [stream["StreamArn"] for stream in second["Streams"]] == [stream_arn(client, table)]
    assert "LastEvaluatedStreamArn" not in second


def test_streams_of_no_table(streams):
    with refused("ResourceNotFoundException", "^Requested resource not found: Table: nothing not found$"):
        streams.list_streams(TableName="nothing")


@pytest.mark.parametrize("limit, rule", [
    (0, "greater than or equal to 1"), (-1, "greater than or equal to 1"), (101, "less than or equal to 100")])
def test_limits_of_a_list(installation, limit, rule):
    with refused("ValidationException", re.escape(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value "
            f"{rule}")):
        unchecked(installation).list_streams(Limit=limit)


# DescribeStream

@pytest.mark.parametrize("view", VIEWS)
def test_a_stream_described(client, streams, view):
    table = make_streaming_table(client, view, "pk:S sk:N")
    arn = stream_arn(client, table)
    description = describe(streams, arn)
    [shard] = description.pop("Shards")
    created = description.pop("CreationRequestDateTime")
    assert description == {
        "StreamArn": arn, "StreamLabel": arn.rpartition("/")[2], "StreamStatus": "ENABLED", "StreamViewType": view,
        "TableName": table, "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]}
    assert abs(created.timestamp() - time.time()) < 600
    assert created.strftime("%Y-%m-%dT%H:%M:%S") == description["StreamLabel"][:19]
    assert set(shard) == {"ShardId", "SequenceNumberRange"}
    assert re.fullmatch("shardId-[0-9]{20}-[0-9a-f]{8}", shard["ShardId"])
    assert set(shard["SequenceNumberRange"]) == {"StartingSequenceNumber"}


def test_describe_table_names_the_stream(client, table, arn):
    description = client.describe_table(TableName=table)["Table"]
    assert description["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert arn == f"{description['TableArn']}/stream/{description['LatestStreamLabel']}"


@pytest.mark.parametrize("arn, pattern", [
    ("x" * 40, "^Invalid StreamArn$"), (INVALID_ARN, "^Invalid StreamArn$"),
    (INVALID_ARN + "/stream/", "^Invalid StreamArn$"), (INVALID_ARN + "/index/2020-01-01T00:00:00.000", "^Invalid StreamArn$"),
    ("short", "Value 'short' at 'streamArn' failed to satisfy constraint: Member must have length greater than or equal to 37"),
    (INVALID_ARN + "/stream/" + "9" * 1024, "Member must have length less than or equal to 1024")],
    ids=["letters", "table", "no-label", "index", "short", "long"])
def test_what_is_no_stream_arn(installation, arn, pattern):
    with refused("ValidationException", pattern):
        unchecked(installation).describe_stream(StreamArn=arn)


def test_a_stream_that_is_not_there(streams):
    arn = INVALID_ARN + "/stream/2015-05-11T21:21:33.291"
    with refused("ResourceNotFoundException", f"^Requested resource not found: Stream: {re.escape(arn)} not found$"):
        streams.describe_stream(StreamArn=arn)


def test_a_stream_of_another_region(streams, arn):
    elsewhere = arn.replace(HOME, "eu-west-1")
    with refused("ResourceNotFoundException", f"^Requested resource not found: Stream: {re.escape(elsewhere)} not found$"):
        streams.describe_stream(StreamArn=elsewhere)


def test_a_description_needs_an_arn(installation):
    with refused("ValidationException", "^1 validation error detected: Value null at 'streamArn' failed to satisfy "
                 "constraint: Member must not be null$"):
        unchecked(installation).describe_stream()


@pytest.mark.parametrize("limit", [0, 101])
def test_limits_of_a_description(installation, arn, limit):
    with refused("ValidationException", f"^1 validation error detected: Value '{limit}' at 'limit' failed to satisfy"):
        unchecked(installation).describe_stream(StreamArn=arn, Limit=limit)


@pytest.mark.parametrize("given, code, pattern", [
    ({"Type": "CHILD_SHARDS"}, "ValidationException", "must have a ShardId"),
    ({"ShardId": "shardId-00000000000000000000-00000000"}, "ValidationException", "must have a Type"),
    ({"Type": "PARENTS", "ShardId": "shardId-00000000000000000000-00000000"}, "ValidationException",
     r"Member must satisfy enum value set: \[CHILD_SHARDS\]"),
    ({"Type": "CHILD_SHARDS", "ShardId": "short"}, "ValidationException", "length greater than or equal to 28"),
    ({"Type": "CHILD_SHARDS", "ShardId": "shardId-00000000000000000000-00000000"}, "ResourceNotFoundException",
     "^Requested resource not found: Shard: shardId-00000000000000000000-00000000 in Stream: arn:.* not found$")],
    ids=["no-shard", "no-type", "other-type", "short-shard", "unknown-shard"])
def test_filters_that_are_none(installation, arn, given, code, pattern):
    with refused(code, pattern):
        unchecked(installation).describe_stream(StreamArn=arn, ShardFilter=given)


def test_an_open_shard_has_no_children(streams, arn):
    [shard] = all_shards(streams, arn)
    assert describe(streams, arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shard["ShardId"]})["Shards"] == []


# Streams that come and go

def test_a_disabled_stream_is_still_read(client, streams, table, arn):
    put(client, table, "a")
    place = iterator(streams, arn)
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    put(client, table, "unseen")
    description = describe(streams, arn)
    assert description["StreamStatus"] == "DISABLED"
    [shard] = description["Shards"]
    assert shard["SequenceNumberRange"]["EndingSequenceNumber"] >= shard["SequenceNumberRange"]["StartingSequenceNumber"]
    page = streams.get_records(ShardIterator=place)
    assert [content["Keys"]["pk"]["S"] for content in contents(page["Records"])] == ["a"]
    assert "NextShardIterator" not in page
    table_description = client.describe_table(TableName=table)["Table"]
    assert "StreamSpecification" not in table_description
    assert table_description["LatestStreamArn"] == arn


def test_enabled_once_more_it_is_another_stream(client, streams, table, arn):
    put(client, table, "a")
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    client.update_table(TableName=table, **streaming("KEYS_ONLY"))
    put(client, table, "b")
    second = stream_arn(client, table)
    assert second > arn
    assert [[content["Keys"]["pk"]["S"] for content in contents(records_of(streams, each))] for each in (arn, second)] == [
        ["a"], ["b"]]


def test_a_deleted_table_s_stream_is_still_read(client, streams, table, arn):
    put(client, table, "a")
    client.delete_table(TableName=table)
    assert describe(streams, arn)["StreamStatus"] == "DISABLED"
    assert len(records_of(streams, arn)) == 1
    assert streams.list_streams(TableName=table)["Streams"][0]["StreamArn"] == arn


def test_latest_at_the_end_of_a_closed_shard(client, streams, table, arn):
    put(client, table, "a")
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    page = streams.get_records(ShardIterator=iterator(streams, arn, "LATEST"))
    assert page["Records"] == [] and "NextShardIterator" not in page
