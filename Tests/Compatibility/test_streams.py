"""The DynamoDB Streams API: records of every view type, iterators, shards that follow one another, and the service's errors."""

import json
import re
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

from conftest import HOME, make_table, new_table_name, refused
from installation import THREE_CONTINENTS, Installation, add_replica, wait_until
from streams import (
    VIEWS, Follower, all_shards, at_time, describe, iterator, make_streaming_table, read, records_of, stream_arn, streaming,
    streams_client)

INVALID_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/nothing"


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


def put(client, table, key, **attributes):
    client.put_item(TableName=table, Item={"pk": {"S": key}, **attributes})


def delete(client, table, key):
    client.delete_item(TableName=table, Key={"pk": {"S": key}})


def contents(records):
    return [record["dynamodb"] for record in records]


def names(records):
    return [record["eventName"] for record in records]


def numbers(records):
    return [record["dynamodb"]["SequenceNumber"] for record in records]


# Records

@pytest.mark.parametrize("view", VIEWS)
def test_images_by_view_type(client, streams, view):
    table = make_streaming_table(client, view)
    old, new = ({"pk": {"S": "a"}, "n": {"N": number}} for number in "12")
    put(client, table, "a", n=old["n"])
    put(client, table, "a", n=new["n"])
    delete(client, table, "a")
    records = records_of(streams, stream_arn(client, table))
    assert names(records) == ["INSERT", "MODIFY", "REMOVE"]
    has_new, has_old = view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"), view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")
    for record, before, after in zip(contents(records), [None, old, new], [old, new, None]):
        assert record["Keys"] == {"pk": {"S": "a"}}
        assert record["StreamViewType"] == view
        assert record.get("NewImage") == (after if has_new else None)
        assert record.get("OldImage") == (before if has_old else None)


def test_a_record_s_frame(client, streams, table, arn):
    before = int(time.time())
    put(client, table, "a")
    [record] = records_of(streams, arn)
    assert set(record) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
    assert re.fullmatch("[0-9a-f]{32}", record["eventID"])
    assert record["eventVersion"] == "1.1"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["awsRegion"] == HOME
    created = record["dynamodb"]["ApproximateCreationDateTime"]
    assert created.microsecond == 0 and before <= created.timestamp() <= time.time()
    assert re.fullmatch("[0-9]{21}", record["dynamodb"]["SequenceNumber"])


def test_sizes_as_the_service_counts_them(client, streams):
    table = make_table(client, "id:S", **streaming())
    client.put_item(TableName=table, Item={"id": {"S": "Fred"}})
    client.put_item(TableName=table, Item={"id": {"S": "Fred"}, "name": {"S": "Fred"}})
    assert [content["SizeBytes"] for content in contents(records_of(streams, stream_arn(client, table)))] == [12, 26]


def test_the_size_of_keys_alone(client, streams):
    table = make_table(client, "Username:S", **streaming("KEYS_ONLY"))
    client.put_item(TableName=table, Item={"Username": {"S": "Fred"}})
    assert contents(records_of(streams, stream_arn(client, table)))[0]["SizeBytes"] == 12


def test_keys_of_both_kinds(client, streams):
    table = make_streaming_table(client, "KEYS_ONLY", "pk:B sk:N")
    key = {"pk": {"B": b"\0\1"}, "sk": {"N": "-1.5"}}
    client.put_item(TableName=table, Item={**key, "more": {"S": "x"}})
    [content] = contents(records_of(streams, stream_arn(client, table)))
    assert content["Keys"] == key


def test_every_type_of_value_in_an_image(client, streams, table, arn):
    item = {
        "pk": {"S": "types"}, "s": {"S": "\u00fc\u2603"}, "n": {"N": "3.14"}, "b": {"B": b"\xff"}, "t": {"BOOL": True},
        "z": {"NULL": True}, "l": {"L": [{"S": "x"}, {"M": {"y": {"N": "1"}}}]}, "m": {"M": {}}, "e": {"S": ""},
        "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": [b"1", b"2"]}}
    client.put_item(TableName=table, Item=item)
    [content] = contents(records_of(streams, arn))
    assert content["NewImage"] == item


@pytest.mark.parametrize("change", [
    lambda client, table: put(client, table, "a", n={"N": "1"}, s={"SS": ["x", "y"]}),
    lambda client, table: put(client, table, "a", s={"SS": ["y", "x"]}, n={"N": "1.00"}),
    lambda client, table: delete(client, table, "missing"),
    lambda client, table: client.update_item(
        TableName=table, Key={"pk": {"S": "a"}}, UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}}),
    lambda client, table: client.update_item(
        TableName=table, Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE nothing"),
    lambda client, table: client.batch_write_item(RequestItems={table: [
        {"PutRequest": {"Item": {"pk": {"S": "a"}, "n": {"N": "1"}, "s": {"SS": ["x", "y"]}}}},
        {"DeleteRequest": {"Key": {"pk": {"S": "missing"}}}}]}),
], ids=["put", "put-in-another-order", "delete", "update", "remove", "batch"])
def test_what_changes_nothing_is_in_no_stream(client, streams, table, arn, change):
    put(client, table, "a", n={"N": "1"}, s={"SS": ["x", "y"]})
    change(client, table)
    put(client, table, "b")
    assert [content["Keys"]["pk"]["S"] for content in contents(records_of(streams, arn))] == ["a", "b"]


def test_a_refused_write_is_in_no_stream(client, streams, table, arn):
    put(client, table, "a")
    with refused("ConditionalCheckFailedException", "The conditional request failed"):
        client.put_item(
            TableName=table, Item={"pk": {"S": "a"}, "n": {"N": "1"}},
            ConditionExpression="attribute_not_exists(pk)")
    assert names(records_of(streams, arn)) == ["INSERT"]


def test_an_update_of_nothing_inserts(client, streams, table, arn):
    client.update_item(
        TableName=table, Key={"pk": {"S": "new"}}, UpdateExpression="ADD n :n",
        ExpressionAttributeValues={":n": {"N": "2"}})
    [record] = records_of(streams, arn)
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "new"}, "n": {"N": "2"}}


def test_a_batch_is_a_record_for_each_item(client, streams, table, arn):
    client.batch_write_item(RequestItems={
        table: [{"PutRequest": {"Item": {"pk": {"S": str(number)}}}} for number in range(25)]})
    records = records_of(streams, arn)
    assert sorted(int(content["Keys"]["pk"]["S"]) for content in contents(records)) == list(range(25))
    assert set(names(records)) == {"INSERT"}


def test_a_transaction_is_a_record_for_each_item(client, streams, table, arn):
    put(client, table, "gone")
    client.transact_write_items(TransactItems=[
        {"Put": {"TableName": table, "Item": {"pk": {"S": "a"}}}},
        {"Delete": {"TableName": table, "Key": {"pk": {"S": "gone"}}}},
        {"ConditionCheck": {
            "TableName": table, "Key": {"pk": {"S": "c"}}, "ConditionExpression": "attribute_not_exists(pk)"}}])
    assert sorted((record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in records_of(streams, arn)) == [
        ("INSERT", "a"), ("INSERT", "gone"), ("REMOVE", "gone")]


def test_sequence_numbers_grow_and_events_have_names_of_their_own(client, streams, table, arn):
    for number in range(30):
        put(client, table, str(number % 3), n={"N": str(number)})
    records = records_of(streams, arn)
    assert numbers(records) == sorted(numbers(records)) and len(set(numbers(records))) == 30
    assert len({record["eventID"] for record in records}) == 30
    assert [record["dynamodb"]["NewImage"]["n"]["N"] for record in records] == [str(number) for number in range(30)]


def test_the_same_record_reads_the_same(client, streams, table, arn):
    put(client, table, "a")
    assert records_of(streams, arn) == records_of(streams, arn)


def test_a_table_without_a_stream_has_no_records(client, streams):
    table = make_table(client)
    put(client, table, "a")
    assert streams.list_streams(TableName=table)["Streams"] == []


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


def unchecked(installation, region=HOME):
    """A client that sends what its own model forbids."""
    return boto3.client(
        "dynamodbstreams", config=Config(parameter_validation=False), **installation.client_options(region))


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
