"""Iterators of every type, pages of records, and the service's errors."""

import json
import re
import time
import urllib.error
import urllib.request

import pytest

from conftest import HOME, refused
from installation import wait_until
from streams import (
    INVALID_ARN, all_shards, at_time, contents, iterator, make_streaming_table, numbers, put, read, records_of,
    stream_arn, streams_client, unchecked)


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


# Iterators

def test_trim_horizon_is_the_oldest(client, streams, table, arn):
    for key in "abc":
        put(client, table, key)
    records, _ = read(streams, iterator(streams, arn))
    assert [content["Keys"]["pk"]["S"] for content in contents(records)] == ["a", "b", "c"]


def test_latest_is_what_comes(client, streams, table, arn):
    put(client, table, "before")
    place = iterator(streams, arn, "LATEST")
    assert streams.get_records(ShardIterator=place)["Records"] == []
    put(client, table, "after")
    records, _ = read(streams, place)
    assert [content["Keys"]["pk"]["S"] for content in contents(records)] == ["after"]


@pytest.mark.parametrize("kind, first", [("AT_SEQUENCE_NUMBER", 2), ("AFTER_SEQUENCE_NUMBER", 3)])
def test_at_and_after_a_sequence_number(client, streams, table, arn, kind, first):
    for key in "abcde":
        put(client, table, key)
    sequence = numbers(records_of(streams, arn))
    records, _ = read(streams, iterator(streams, arn, kind, SequenceNumber=sequence[2]))
    assert numbers(records) == sequence[first:]


def test_at_the_shard_s_own_number(client, streams, table, arn):
    put(client, table, "a")
    [shard] = all_shards(streams, arn)
    start = shard["SequenceNumberRange"]["StartingSequenceNumber"]
    records, _ = read(streams, iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=start))
    assert len(records) == 1 and numbers(records)[0] >= start


def test_after_the_last_number(client, streams, table, arn):
    put(client, table, "a")
    [last] = numbers(records_of(streams, arn))
    place = iterator(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=last)
    assert read(streams, place)[0] == []
    put(client, table, "b")
    assert len(read(streams, place)[0]) == 1


def test_at_a_time(installation, client, streams, table, arn):
    put(client, table, "a")
    middle = int(time.time() * 1000) + 1
    wait_until(lambda: time.time() * 1000 > middle, "the millisecond is over")
    put(client, table, "b")
    for moment, keys in [(middle / 1000 - 3600, ["a", "b"]), (middle / 1000, ["b"])]:
        status, answer = at_time(installation, streams, arn, moment)
        assert status == 200
        records, _ = read(streams, answer["ShardIterator"])
        assert [content["Keys"]["pk"]["S"] for content in contents(records)] == keys


@pytest.mark.parametrize("seconds", [0, 1.5, 1577836800])
def test_a_time_before_everything_is_the_oldest(installation, client, streams, table, arn, seconds):
    put(client, table, "a")
    _, answer = at_time(installation, streams, arn, seconds)
    assert len(read(streams, answer["ShardIterator"])[0]) == 1


def test_a_time_to_come_is_refused(installation, streams, arn):
    status, answer = at_time(installation, streams, arn, time.time() + 3600)
    assert status == 400
    assert answer == {
        "__type": "com.amazon.coral.validate#ValidationException", "message": "Timestamp must not be in the future"}


def test_iterators_look_as_the_service_s(streams, arn):
    place = iterator(streams, arn)
    assert place.startswith(f"{arn}|1|") and len(place) <= 2048


@pytest.mark.parametrize("kind", ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"])
def test_these_need_a_number(streams, arn, kind):
    with refused("ValidationException", f"^SequenceNumber is required for ShardIteratorType {kind}$"):
        iterator(streams, arn, kind)


@pytest.mark.parametrize("kind", ["TRIM_HORIZON", "LATEST"])
def test_these_take_no_number(streams, arn, kind):
    with refused("ValidationException", f"^SequenceNumber must not be specified for ShardIteratorType {kind}$"):
        iterator(streams, arn, kind, SequenceNumber="1" * 21)


def test_a_time_must_be_said(streams, arn):
    with refused("ValidationException", "^Timestamp is required for ShardIteratorType AT_TIMESTAMP$"):
        iterator(streams, arn, "AT_TIMESTAMP")


@pytest.mark.parametrize("number", ["9" * 21, "0" * 21, "1" + "9" * 20, "1" * 40, "1" + "0" * 19 + "x"],
                         ids=["nines", "zeros", "future", "forty", "letter"])
def test_numbers_that_came_from_nowhere(streams, arn, number):
    with refused("ValidationException", f"^Invalid SequenceNumber: {number}$"):
        iterator(streams, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=number)


@pytest.mark.parametrize("number, rule", [("1" * 20, "greater than or equal to 21"), ("1" * 41, "less than or equal to 40")])
def test_numbers_of_another_length(installation, streams, arn, number, rule):
    shard = all_shards(streams, arn)[0]["ShardId"]
    with refused("ValidationException", f"at 'sequenceNumber' failed to satisfy constraint: Member must have length {rule}$"):
        unchecked(installation).get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=number)


def test_an_iterator_of_another_type(installation, streams, arn):
    shard = all_shards(streams, arn)[0]["ShardId"]
    with refused("ValidationException", re.escape(
            "1 validation error detected: Value 'MIDDLE' at 'shardIteratorType' failed to satisfy constraint: Member must "
            "satisfy enum value set: [TRIM_HORIZON, LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, AT_TIMESTAMP]")):
        unchecked(installation).get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="MIDDLE")


def test_everything_that_is_missing_is_told_at_once(installation):
    with refused("ValidationException", "^3 validation errors detected: Value null at 'streamArn'.*; Value null at 'shardId'.*; "
                 "Value null at 'shardIteratorType'"):
        unchecked(installation).get_shard_iterator()


@pytest.mark.parametrize("shard", ["shardId-00000000000000000000-00000000", "a" * 40])
def test_a_shard_that_is_not_there(streams, arn, shard):
    with refused("ResourceNotFoundException",
                 f"^Requested resource not found: Shard: {shard} in Stream: {re.escape(arn)} not found$"):
        iterator(streams, arn, shard=shard)


def test_an_iterator_in_a_stream_that_is_not_there(streams):
    arn = INVALID_ARN + "/stream/2015-05-11T21:21:33.291"
    with refused("ResourceNotFoundException", "^Requested resource not found: Stream: "):
        iterator(streams, arn, shard="shardId-00000000000000000000-00000000")


# GetRecords

@pytest.mark.parametrize("limit", [1, 3, 10, 1000])
def test_pages_of_a_limit(client, streams, table, arn, limit):
    for number in range(10):
        put(client, table, str(number))
    place, found = iterator(streams, arn), []
    while len(found) < 10:
        page = streams.get_records(ShardIterator=place, Limit=limit)
        assert len(page["Records"]) == min(limit, 10 - len(found))
        found += page["Records"]
        place = page["NextShardIterator"]
    assert sorted(set(numbers(found))) == numbers(found)


def test_a_page_of_a_thousand_at_most(client, streams, table, arn):
    for start in range(0, 1050, 25):
        client.batch_write_item(RequestItems={
            table: [{"PutRequest": {"Item": {"pk": {"S": str(start + number)}}}} for number in range(25)]})
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(page["Records"]) == 1000
    assert len(streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 50


def test_a_page_of_a_megabyte(client, streams, table, arn):
    for number in range(5):
        put(client, table, str(number), filler={"B": bytes(390_000)})
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(page["Records"]) == 3
    assert len(read(streams, page["NextShardIterator"])[0]) == 2


def test_an_iterator_can_be_used_twice(client, streams, table, arn):
    put(client, table, "a")
    place = iterator(streams, arn)
    first = streams.get_records(ShardIterator=place)["Records"]
    assert first == streams.get_records(ShardIterator=place)["Records"] != []


@pytest.mark.parametrize("limit, rule", [(0, "greater than or equal to 1"), (1001, "less than or equal to 1000")])
def test_limits_of_a_page(installation, streams, arn, limit, rule):
    with refused("ValidationException", f"^1 validation error detected: Value '{limit}' at 'limit' failed to satisfy "
                 f"constraint: Member must have value {rule}$"):
        unchecked(installation).get_records(ShardIterator=iterator(streams, arn), Limit=limit)


@pytest.mark.parametrize("spoil", [
    lambda place: "x", lambda place: place[:-8], lambda place: place.replace("|1|", "|2|"), lambda place: place + "AAAA",
    lambda place: place.rpartition("|")[0] + "|" + "A" * 48, lambda place: place.replace("us-east-1", "us-east-2"),
    lambda place: place.replace("table/", "table/x"), lambda place: "|1|" + place.rpartition("|")[2],
    lambda place: place.rpartition("|")[0] + "|***"],
    ids=["letter", "short", "format", "long", "zeros", "region", "table", "no-arn", "no-base64"])
def test_iterators_that_are_none(streams, arn, spoil):
    with refused("ValidationException", "^Invalid ShardIterator$"):
        streams.get_records(ShardIterator=spoil(iterator(streams, arn)))


def test_an_empty_iterator(installation):
    with refused("ValidationException", "Value '' at 'shardIterator' failed to satisfy constraint: Member must have length "
                 "greater than or equal to 1$"):
        unchecked(installation).get_records(ShardIterator="")


def test_an_unknown_operation_of_the_service(installation):
    request = urllib.request.Request(
        installation.regions[HOME].endpoint_url, b"{}", {
            "X-Amz-Target": "DynamoDBStreams_20120810.PutRecords", "Content-Type": "application/x-amz-json-1.0"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    assert json.load(caught.value)["__type"] == "com.amazon.coral.service#UnknownOperationException"
