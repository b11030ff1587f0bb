"""Records of streams: every view type, what is a record and what is none."""

import re
import time

import pytest

from conftest import HOME, make_table, refused
from streams import (
    VIEWS, contents, delete, make_streaming_table, names, numbers, put, records_of, stream_arn, streaming,
    streams_client)


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
