"""BatchGetItem and BatchWriteItem: several tables, limits, duplicates and what cannot be done in a batch."""

import pytest

from conftest import make_table, refused


def put(pk, **attributes):
    return {"PutRequest": {"Item": {"pk": {"S": pk}, **attributes}}}


def delete(pk):
    return {"DeleteRequest": {"Key": {"pk": {"S": pk}}}}


@pytest.fixture(scope="module")
def second_table(client):
    return make_table(client)


def test_a_batch_writes_and_reads_several_tables(client, table, second_table, key):
    answer = client.batch_write_item(RequestItems={
        table: [put(key, n={"N": "1"})], second_table: [put(key, n={"N": "2"}), put(key + "x")]})
    assert answer["UnprocessedItems"] == {}
    answer = client.batch_get_item(RequestItems={
        table: {"Keys": [{"pk": {"S": key}}, {"pk": {"S": key + " missing"}}]},
        second_table: {"Keys": [{"pk": {"S": key}}], "ConsistentRead": True}})
    assert answer["Responses"] == {
        table: [{"pk": {"S": key}, "n": {"N": "1"}}], second_table: [{"pk": {"S": key}, "n": {"N": "2"}}]}
    assert answer["UnprocessedKeys"] == {}


def test_a_batch_deletes(client, table, key):
    client.batch_write_item(RequestItems={table: [put(key), put(key + "x")]})
    client.batch_write_item(RequestItems={table: [delete(key), delete(key + "missing")]})
    answer = client.batch_get_item(RequestItems={table: {"Keys": [{"pk": {"S": key}}, {"pk": {"S": key + "x"}}]}})
    assert answer["Responses"][table] == [{"pk": {"S": key + "x"}}]


def test_a_batch_writes_25_items(client, table, key):
    client.batch_write_item(RequestItems={table: [put(f"{key}{number}") for number in range(25)]})
    answer = client.batch_get_item(
        RequestItems={table: {"Keys": [{"pk": {"S": f"{key}{number}"}} for number in range(25)]}})
    assert len(answer["Responses"][table]) == 25


def test_26_writes_are_refused(client, table, key):
    with refused("ValidationException", "Too many items requested for the BatchWriteItem call|less than or equal to 25"):
        client.batch_write_item(RequestItems={table: [put(f"{key}{number}") for number in range(26)]})


def test_101_reads_are_refused(client, table, key):
    with refused("ValidationException", "Too many items requested for the BatchGetItem call|less than or equal to 100"):
        client.batch_get_item(
            RequestItems={table: {"Keys": [{"pk": {"S": f"{key}{number}"}} for number in range(101)]}})


@pytest.mark.parametrize("requests", [["put", "put"], ["put", "delete"], ["delete", "delete"]])
def test_a_batch_writes_a_key_only_once(client, table, key, requests):
    kinds = {"put": put, "delete": delete}
    with refused("ValidationException", "Provided list of item keys contains duplicates"):
        client.batch_write_item(RequestItems={table: [kinds[kind](key) for kind in requests]})


def test_a_batch_reads_a_key_only_once(client, table, key):
    with refused("ValidationException", "Provided list of item keys contains duplicates"):
        client.batch_get_item(RequestItems={table: {"Keys": [{"pk": {"S": key}}, {"pk": {"S": key}}]}})


def test_a_bad_item_refuses_the_whole_batch(client, table, key):
    with refused("ValidationException"):
        client.batch_write_item(RequestItems={table: [put(key), {"PutRequest": {"Item": {"other": {"S": "x"}}}}]})
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


def test_a_missing_table_refuses_the_whole_batch(client, table, key):
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.batch_write_item(RequestItems={table: [put(key)], "no-such-table": [put(key)]})
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})
    with refused("ResourceNotFoundException", "Requested resource not found"):
        client.batch_get_item(RequestItems={"no-such-table": {"Keys": [{"pk": {"S": key}}]}})


def test_an_empty_batch_is_refused(client, table):
    with refused("ValidationException"):
        client.batch_write_item(RequestItems={})
    with refused("ValidationException"):
        client.batch_get_item(RequestItems={})


def test_a_write_request_puts_or_deletes(client, table, key):
    with refused("ValidationException", "Supplied AttributeValue has more than one datatypes set|exactly one|more than one"):
        client.batch_write_item(RequestItems={table: [{**put(key), **delete(key)}]})


def test_projections_in_a_batch(client, table, key):
    client.batch_write_item(RequestItems={table: [put(key, a={"N": "1"}, size={"N": "2"})]})
    answer = client.batch_get_item(RequestItems={table: {
        "Keys": [{"pk": {"S": key}}], "ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "size"}}})
    assert answer["Responses"][table] == [{"size": {"N": "2"}}]


def test_a_batch_of_reads_stops_at_16_megabytes(client, second_table):
    keys = [{"pk": {"S": f"large-{number}"}} for number in range(50)]
    for key in keys:
        client.put_item(TableName=second_table, Item={**key, "a": {"S": "x" * 390_000}})
    found, left = 0, {second_table: {"Keys": keys}}
    rounds = 0
    while left:
        answer = client.batch_get_item(RequestItems=left)
        assert answer["Responses"][second_table]
        found += len(answer["Responses"][second_table])
        left = answer["UnprocessedKeys"]
        rounds += 1
    assert found == 50 and rounds > 1


def test_consumed_capacity_is_a_list(client, table, second_table, key):
    answer = client.batch_write_item(
        RequestItems={table: [put(key), put(key + "x")], second_table: [put(key)]}, ReturnConsumedCapacity="TOTAL")
    units = {entry["TableName"]: entry["CapacityUnits"] for entry in answer["ConsumedCapacity"]}
    assert units == {table: 2.0, second_table: 1.0}
    answer = client.batch_get_item(
        RequestItems={table: {"Keys": [{"pk": {"S": key}}, {"pk": {"S": key + "x"}}]}}, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 1.0}]
