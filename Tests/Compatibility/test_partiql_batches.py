"""PartiQL: BatchExecuteStatement and ExecuteTransaction."""

import uuid

import pytest

from conftest import refused
from statements import MALFORMED, execute, item, items, n, s, songs  # noqa: F401, F811


# MARK: Batches

def batch(client, *statements, **more):
    return client.batch_execute_statement(
        Statements=[{"Statement": one} if isinstance(one, str) else one for one in statements], **more)


def test_a_batch_of_reads(client, table, key):
    for suffix in ("", "2", "3"):
        client.put_item(TableName=table, Item={"pk": s(key + suffix), "v": n(1)})
    answer = batch(
        client, f"SELECT * FROM \"{table}\" WHERE pk = '{key}'", f"SELECT * FROM \"{table}\" WHERE pk = 'none'",
        {"Statement": f'SELECT v FROM "{table}" WHERE pk = ?', "Parameters": [s(key + "2")]},
        f"SELECT * FROM \"{table}\" WHERE pk = '{key}3' AND v = 2")
    assert answer["Responses"] == [
        {"TableName": table, "Item": {"pk": s(key), "v": n(1)}}, {"TableName": table},
        {"TableName": table, "Item": {"v": n(1)}}, {"TableName": table}]


def test_a_batch_names_each_item_once(client, table, key):
    for statement in [f"SELECT * FROM \"{table}\" WHERE pk = '{key}'", f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}",
                      f"DELETE FROM \"{table}\" WHERE pk = '{key}'"]:
        with refused("ValidationException", "duplicates"):
            batch(client, statement, statement)


def test_a_batch_of_writes_in_which_some_fail(client, table, key):
    for suffix in ("", "3", "4"):
        client.put_item(TableName=table, Item={"pk": s(key + suffix), "v": n(1)})
    answer = batch(
        client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}", f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}2'}}",
        {"Statement": f"UPDATE \"{table}\" SET v = 3 WHERE pk = '{key}3' AND v = 2",
         "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        f"DELETE FROM \"{table}\" WHERE v = 1", "INSERT INTO \"missing-table\" VALUE {'pk': 'a'}", "nonsense",
        f"DELETE FROM \"{table}\" WHERE pk = '{key}4' RETURNING ALL OLD *")
    assert answer["Responses"] == [
        {"TableName": table, "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}},
        {"TableName": table},
        {"TableName": table, "Error": {
            "Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
            "Item": {"pk": s(key + "3"), "v": n(1)}}},
        {"TableName": table, "Error": {
            "Code": "ValidationError",
            "Message": "Where clause does not contain a mandatory equality on all key attributes"}},
        {"TableName": "missing-table", "Error": {
            "Code": "ResourceNotFound", "Message": "Requested resource not found"}},
        {"Error": {"Code": "ValidationError", "Message": MALFORMED + "Unexpected term"}},
        {"TableName": table, "Item": {"pk": s(key + "4"), "v": n(1)}}]
    assert item(client, table, key + "4") is None
    assert item(client, table, key + "2") == {"pk": s(key + "2")}


def test_a_batch_of_25_and_of_26(client, table, key):
    statements = [f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}{number}'}}" for number in range(26)]
    assert batch(client, *statements[:25])["Responses"] == [{"TableName": table}] * 25
    with refused("ValidationException", "at 'statements' failed to satisfy constraint: Member must have length less than or equal to 25$"):
        batch(client, *statements)


def test_a_batch_selects_single_items(client, songs):
    answer = batch(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'", f"SELECT * FROM \"{songs}\" WHERE pk = 'a' AND sk = 1")
    assert answer["Responses"][0]["Error"] == {
        "Code": "ValidationError",
        "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause."}
    assert answer["Responses"][1]["Item"]["sk"] == n(1)


def test_a_batch_reads_or_writes(client, table, key):
    with refused("ValidationException", "either read statements or write statements"):
        batch(client, f"SELECT * FROM \"{table}\" WHERE pk = '{key}'", f"DELETE FROM \"{table}\" WHERE pk = '{key}'")


def test_a_batch_tells_what_each_statement_costs(client, table, key):
    answer = batch(
        client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}", f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}2'}}",
        ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 1.0}] * 2


# MARK: Transactions

def transact(client, *statements, **more):
    return client.execute_transaction(
        TransactStatements=[{"Statement": one} if isinstance(one, str) else one for one in statements], **more)


def test_a_transaction_of_writes(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key + "c"), "ok": {"BOOL": True}})
    client.put_item(TableName=table, Item={"pk": s(key + "d")})
    client.put_item(TableName=table, Item={"pk": s(key + "u"), "v": n(1)})
    answer = transact(
        client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}", f"DELETE FROM \"{table}\" WHERE pk = '{key}d'",
        {"Statement": f'UPDATE "{table}" SET v = v + ? WHERE pk = ?', "Parameters": [n(1), s(key + "u")]},
        f"EXISTS(SELECT * FROM \"{table}\" WHERE pk = '{key}c' AND ok = true)")
    assert answer["Responses"] == []
    assert item(client, table, key) == {"pk": s(key)}
    assert item(client, table, key + "d") is None
    assert item(client, table, key + "u")["v"] == n(2)


def test_a_transaction_that_is_cancelled(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        transact(
            client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}2'}}",
            f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}",
            {"Statement": f"EXISTS(SELECT * FROM \"{table}\" WHERE pk = '{key}3')"})
    assert caught.value.response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, DuplicateItem, ConditionalCheckFailed]")
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"}, {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}]
    assert item(client, table, key + "2") is None


def test_a_cancelled_update_tells_its_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        transact(client, {
            "Statement": f"UPDATE \"{table}\" SET v = 2 WHERE pk = '{key}' AND v = 5",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    assert caught.value.response["CancellationReasons"][0]["Item"] == {"pk": s(key), "v": n(1)}


def test_a_transaction_of_reads(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    answer = transact(
        client, f"SELECT * FROM \"{table}\" WHERE pk = '{key}'", f"SELECT v FROM \"{table}\" WHERE pk = '{key}none'",
        ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == [{"Item": {"pk": s(key), "v": n(1)}}, {}]
    assert answer["ConsumedCapacity"] == [
        {"TableName": table, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}] * 2


def test_a_transaction_reads_or_writes(client, table, key):
    with refused("ValidationException", "either read statements or write statements"):
        transact(client, f"SELECT * FROM \"{table}\" WHERE pk = '{key}'", f"DELETE FROM \"{table}\" WHERE pk = '{key}2'")


def test_a_transaction_selects_single_items(client, songs):
    with refused("ValidationException", r"must specify the primary key in the where clause\.$"):
        transact(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'")


def test_a_transaction_names_an_item_once(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key)})
    with refused("ValidationException", "^Transaction request cannot include multiple operations on one item$"):
        transact(client, f"UPDATE \"{table}\" SET v = 1 WHERE pk = '{key}'", f"DELETE FROM \"{table}\" WHERE pk = '{key}'")


def test_a_malformed_statement_in_a_transaction(client, table, key):
    with refused("ValidationException", "^" + MALFORMED + "Unexpected term$"):
        transact(client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}", "nonsense")
    assert item(client, table, key) is None


def test_a_transaction_of_statements_is_done_once_for_a_token(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    token = str(uuid.uuid4())
    for _ in range(2):
        transact(client, f"UPDATE \"{table}\" SET v = v + 1 WHERE pk = '{key}'", ClientRequestToken=token)
    assert item(client, table, key)["v"] == n(2)
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        transact(client, f"UPDATE \"{table}\" SET v = v + 2 WHERE pk = '{key}'", ClientRequestToken=token)


def test_101_statements(client, table, key):
    with refused("ValidationException", "at 'transactStatements' failed to satisfy constraint: Member must have length less than or equal to 100$"):
        transact(client, *[f"DELETE FROM \"{table}\" WHERE pk = '{key}{number}'" for number in range(101)])


def test_writes_in_a_transaction_cost_double(client, table, key):
    answer = transact(client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}", ReturnConsumedCapacity="INDEXES")
    two = {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
    assert answer["ConsumedCapacity"] == [{"TableName": table, **two, "Table": two}]


def test_statements_keep_indexes(client, indexed_table, key):
    execute(client, f"INSERT INTO \"{indexed_table}\" VALUE {{'pk': ?, 'sk': '1', 'kind': ?}}", s(key), s(key))
    statement = f'SELECT sk FROM "{indexed_table}"."by-kind" WHERE kind = ?'
    assert items(client, statement, s(key)) == [{"sk": s("1")}]
    execute(client, f"UPDATE \"{indexed_table}\" REMOVE kind WHERE pk = ? AND sk = '1'", s(key))
    assert items(client, statement, s(key)) == []
