"""TransactGetItems, and what readers see of transactions."""

import concurrent.futures

import pytest

from conftest import refused
from transactions import PREFIX, get, item, put, s, update


# MARK: Reads

def test_reads_come_in_order_with_nothing_for_what_is_missing(client, table, sorted_table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": s("x")})
    client.put_item(TableName=sorted_table, Item={"pk": s(key), "sk": {"N": "1"}})
    answer = client.transact_get_items(TransactItems=[
        get(table, key + "none"), get(table, key),
        {"Get": {"TableName": sorted_table, "Key": {"pk": s(key), "sk": {"N": "1"}}}}])
    assert answer["Responses"] == [
        {}, {"Item": {"pk": s(key), "a": s("x")}}, {"Item": {"pk": s(key), "sk": {"N": "1"}}}]


def test_reads_project(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": {"M": {"b": s("x"), "c": s("y")}}, "d": s("z")})
    answer = client.transact_get_items(TransactItems=[
        get(table, key, ProjectionExpression="#a.b, d", ExpressionAttributeNames={"#a": "a"})])
    assert answer["Responses"] == [{"Item": {"a": {"M": {"b": s("x")}}, "d": s("z")}}]


def test_a_projection_of_nothing_leaves_the_item_out(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key)})
    assert client.transact_get_items(TransactItems=[get(table, key, ProjectionExpression="q")])["Responses"] == [{}]


def test_reads_cost_double(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": s("x" * 5_000)})
    answer = client.transact_get_items(
        TransactItems=[get(table, key), get(table, key + "none")], ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == [{
        "TableName": table, "CapacityUnits": 6.0, "ReadCapacityUnits": 6.0,
        "Table": {"CapacityUnits": 6.0, "ReadCapacityUnits": 6.0}}]


def test_reads_name_an_item_once(client, table, key):
    with refused("ValidationException", "^Transaction request cannot include multiple operations on one item$"):
        client.transact_get_items(TransactItems=[get(table, key), get(table, key)])


def test_a_read_with_a_key_that_does_not_fit_cancels(client, table, key):
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_get_items(TransactItems=[
            get(table, key), {"Get": {"TableName": table, "Key": {"pk": {"N": "1"}}}}])
    assert caught.value.response["Error"]["Message"] == PREFIX + "[None, ValidationError]"
    assert caught.value.response["CancellationReasons"][1] == {
        "Code": "ValidationError", "Message": "The provided key element does not match the schema"}


def test_a_read_of_a_missing_table(client):
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        client.transact_get_items(TransactItems=[get("missing-table", "a")])


def test_101_reads(client, table, key):
    with refused("ValidationException", "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$"):
        client.transact_get_items(TransactItems=[get(table, f"{key}{number}") for number in range(101)])


def test_a_read_needs_a_key(raw, table):
    assert raw("TransactGetItems", {"TransactItems": [{"Get": {"TableName": table}}, {}]}) == (
        "ValidationException",
        "2 validation errors detected: Value null at 'transactItems.1.member.get.key' failed to satisfy constraint: "
        "Member must not be null; Value null at 'transactItems.2.member.get' failed to satisfy constraint: Member must "
        "not be null")


def test_reads_of_more_than_four_megabytes_are_refused(client, table, key):
    for number in range(11):
        client.put_item(TableName=table, Item={"pk": s(f"{key}{number}"), "a": s("x" * 390_000)})
    with refused("ValidationException", "4 MB"):
        client.transact_get_items(TransactItems=[get(table, f"{key}{number}") for number in range(11)])


# MARK: Isolation

def test_readers_never_see_part_of_a_transaction(client, table, key):
    keys = [f"{key}{number}" for number in range(5)]
    client.transact_write_items(TransactItems=[put(table, pk, n={"N": "0"}) for pk in keys])

    def write(base):
        for number in range(base, base + 40):
            client.transact_write_items(TransactItems=[put(table, pk, n={"N": str(number)}) for pk in keys])

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, base) for base in (1_000, 2_000)]
        while not all(writer.done() for writer in writers):
            found = client.transact_get_items(TransactItems=[get(table, pk) for pk in keys])["Responses"]
            assert len({answer["Item"]["n"]["N"] for answer in found}) == 1
        for writer in writers:
            writer.result()


def test_transfers_keep_the_sum(client, table, key):
    accounts = [f"{key}{number}" for number in range(4)]
    for account in accounts:
        client.put_item(TableName=table, Item={"pk": s(account), "n": {"N": "100"}})

    def transfer(seed):
        refusals = 0
        for number in range(30):
            source, target = accounts[(seed + number) % 4], accounts[(seed * 3 + number * 2 + 1) % 4]
            if source == target:
                continue
            amount = {"N": str(number % 17 * 5)}
            try:
                client.transact_write_items(TransactItems=[
                    update(table, source, "SET n = n - :a", condition="n >= :a", a=amount),
                    update(table, target, "SET n = n + :a", a=amount)])
            except client.exceptions.TransactionCanceledException:
                refusals += 1
        return refusals

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(transfer, range(4)))
    balances = [int(item(client, table, account)["n"]["N"]) for account in accounts]
    assert sum(balances) == 400
    assert min(balances) >= 0


def test_the_resource_client_takes_transactions(resource, table, key):
    resource.meta.client.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": {"pk": key, "n": 1}}}])
    assert resource.Table(table).get_item(Key={"pk": key})["Item"] == {"pk": key, "n": 1}
