"""TransactWriteItems: what a repeated token does, and what transactions cost."""

import uuid

import pytest

from conftest import HOME
from transactions import check, item, put, reasons, s, update


# MARK: Tokens

def test_the_same_token_and_request_is_done_once(client, table, key):
    request = dict(
        TransactItems=[update(table, key, "ADD n :one", one={"N": "1"})], ClientRequestToken=str(uuid.uuid4()))
    for _ in range(3):
        client.transact_write_items(**request)
    assert item(client, table, key)["n"] == {"N": "1"}


def test_a_repeated_token_is_charged_for_reading(client, table, key):
    request = dict(
        TransactItems=[put(table, key, a=s("x" * 5_000))], ClientRequestToken=str(uuid.uuid4()),
        ReturnConsumedCapacity="TOTAL")
    assert client.transact_write_items(**request)["ConsumedCapacity"] == [
        {"TableName": table, "CapacityUnits": 10.0, "WriteCapacityUnits": 10.0}]
    assert client.transact_write_items(**request)["ConsumedCapacity"] == [
        {"TableName": table, "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


def test_another_request_under_a_token_is_refused(client, table, key):
    token = str(uuid.uuid4())
    client.transact_write_items(TransactItems=[put(table, key)], ClientRequestToken=token)
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.transact_write_items(TransactItems=[put(table, key, a=s("x"))], ClientRequestToken=token)
    assert item(client, table, key) == {"pk": s(key)}


def test_capacity_may_be_asked_for_with_a_repeated_token(client, table, key):
    token = str(uuid.uuid4())
    client.transact_write_items(TransactItems=[put(table, key)], ClientRequestToken=token)
    answer = client.transact_write_items(
        TransactItems=[put(table, key)], ClientRequestToken=token, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_a_cancelled_transaction_can_be_tried_again(client, table, key):
    request = dict(
        TransactItems=[put(table, key, condition="attribute_exists(pk)", v=s("x"))],
        ClientRequestToken=str(uuid.uuid4()))
    reasons(client, request["TransactItems"], ClientRequestToken=request["ClientRequestToken"])
    client.put_item(TableName=table, Item={"pk": s(key)})
    client.transact_write_items(**request)
    assert item(client, table, key) == {"pk": s(key), "v": s("x")}


def test_a_token_survives_a_restart(installation, client, table, key):
    request = dict(
        TransactItems=[update(table, key, "ADD n :one", one={"N": "1"})], ClientRequestToken=str(uuid.uuid4()))
    client.transact_write_items(**request)
    installation.kill(HOME)
    installation.start(HOME)
    client.transact_write_items(**request)
    assert item(client, table, key)["n"] == {"N": "1"}


def test_a_token_of_37_characters_is_refused(raw, table, key):
    assert raw("TransactWriteItems", {"TransactItems": [put(table, key)], "ClientRequestToken": "x" * 37}) == (
        "ValidationException",
        f"1 validation error detected: Value '{'x' * 37}' at 'clientRequestToken' failed to satisfy constraint: Member "
        "must have length less than or equal to 36")


# MARK: Capacity and collections

def test_writes_cost_double(client, table, key):
    answer = client.transact_write_items(
        TransactItems=[put(table, key), put(table, key + "2", a=s("x" * 1_500))], ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]


def test_a_check_costs_as_a_write_of_the_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": s("x" * 2_500)})
    answer = client.transact_write_items(
        TransactItems=[check(table, key, "attribute_exists(pk)")], ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]


def test_indexes_do_not_cost_double(client, indexed_table, key):
    answer = client.transact_write_items(
        TransactItems=[put(indexed_table, key, sk=s("1"), kind=s(key), score={"N": "1"})],
        ReturnConsumedCapacity="INDEXES")
    one, two = ({"CapacityUnits": units, "WriteCapacityUnits": units} for units in (1.0, 2.0))
    assert answer["ConsumedCapacity"] == [{
        "TableName": indexed_table, "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0, "Table": two,
        "LocalSecondaryIndexes": {"by-score": one}, "GlobalSecondaryIndexes": {"by-kind": one}}]


def test_a_repeated_transaction_reads_what_it_had_changed(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": s("x" * 9_000)})
    request = {
        "TransactItems": [{"Delete": {"TableName": table, "Key": {"pk": s(key)}}}], "ClientRequestToken": key[:36],
        "ReturnConsumedCapacity": "TOTAL"}
    units = [client.transact_write_items(**request)["ConsumedCapacity"][0]["CapacityUnits"] for _ in range(2)]
    assert units == [18.0, 6.0]


def test_each_table_has_its_capacity(client, table, sorted_table, key):
    answer = client.transact_write_items(
        TransactItems=[put(table, key), put(sorted_table, key, sk={"N": "1"}), put(table, key + "2")],
        ReturnConsumedCapacity="TOTAL")
    assert sorted((part["TableName"], part["CapacityUnits"]) for part in answer["ConsumedCapacity"]) == sorted([
        (table, 4.0), (sorted_table, 2.0)])


def test_collections_are_told_once_for_each(client, table, indexed_table, key):
    answer = client.transact_write_items(
        TransactItems=[
            put(indexed_table, key, sk=s("1")), put(indexed_table, key, sk=s("2")), put(table, key),
            put(indexed_table, key + "2", sk=s("1"))], ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {indexed_table: [
        {"ItemCollectionKey": {"pk": s(pk)}, "SizeEstimateRangeGB": [0.0, 1.0]} for pk in [key, key + "2"]]}
