"""Secondary indexes: global and local, every projection, sparse, and kept with each write."""

import pytest

from conftest import all_pages, flat, index, make_table, refused, wait_until_active


def query(client, table, index_name, condition, values, **more):
    return client.query(
        TableName=table, IndexName=index_name, KeyConditionExpression=condition, ExpressionAttributeValues=values,
        **more)


def owned(client, table, owner, **more):
    return query(client, table, "by-owner", "#o = :o", {":o": {"S": owner}}, ExpressionAttributeNames={"#o": "owner"}, **more)


def test_an_index_orders_items_by_its_own_keys(client, indexed_table, key):
    for number in (3, 1, 2):
        client.put_item(TableName=indexed_table, Item={
            "pk": {"S": key}, "sk": {"S": str(number)}, "owner": {"S": key}, "at": {"N": str(-number)}})
    assert [item["at"]["N"] for item in owned(client, indexed_table, key)["Items"]] == ["-3", "-2", "-1"]
    backwards = owned(client, indexed_table, key, ScanIndexForward=False)
    assert [item["at"]["N"] for item in backwards["Items"]] == ["-1", "-2", "-3"]


HASH_TOO_LONG = "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
RANGE_TOO_LONG = (
    "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")


@pytest.mark.parametrize(("attribute", "count", "message"), [
    ("kind", 2048, None), ("kind", 2049, HASH_TOO_LONG), ("owner", 1025, RANGE_TOO_LONG)])
@pytest.mark.parametrize("operation", ["put", "update", "batch", "transaction", "statement"])
def test_a_key_of_an_index_is_no_longer_than_a_table_s(client, raw, indexed_table, key, operation, attribute, count, message):
    pk, value = {"pk": {"S": key}, "sk": {"S": "1"}}, {"S": "x" * count}
    put = {"TableName": indexed_table, "Item": {**pk, attribute: value}}
    name, request = {
        "put": ("PutItem", put),
        "update": ("UpdateItem", {
            "TableName": indexed_table, "Key": pk, "UpdateExpression": "SET #a = :v", "ExpressionAttributeNames": {"#a": attribute},
            "ExpressionAttributeValues": {":v": value}}),
        "batch": ("BatchWriteItem", {"RequestItems": {indexed_table: [{"PutRequest": {"Item": put["Item"]}}]}}),
        "transaction": ("TransactWriteItems", {"TransactItems": [{"Put": put}]}),
        "statement": ("ExecuteStatement", {
            "Statement": f"INSERT INTO \"{indexed_table}\" VALUE {{'pk': ?, 'sk': '1', '{attribute}': ?}}",
            "Parameters": [pk["pk"], value]}),
    }[operation]
    if message is None:
        client._make_api_call(name, request)
        assert query(client, indexed_table, "by-kind", "kind = :k", {":k": value})["Count"] >= 1
    elif operation == "transaction":
        code, text = raw(name, request)
        assert (code, text.endswith("[ValidationError]")) == ("TransactionCanceledException", True)
    else:
        if operation == "update":
            message = (
                "One or more parameter values were invalid: The update expression attempted to update the secondary index key "
                "beyond allowed size limits")
        assert raw(name, request) == ("ValidationException", message)


def test_a_sort_key_of_an_index_is_no_longer_than_a_table_s(client, raw):
    name = make_table(
        client, "pk:S", AttributeDefinitions=[
            {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "B"}],
        GlobalSecondaryIndexes=[index("by-g", "g", "h")])
    item = {"pk": {"S": "1"}, "g": {"S": "g"}, "h": {"B": bytes(1025)}}
    assert raw("PutItem", {"TableName": name, "Item": item}) == ("ValidationException", RANGE_TOO_LONG)
    client.put_item(TableName=name, Item={**item, "h": {"B": bytes(1024)}})
    assert client.scan(TableName=name, IndexName="by-g")["Count"] == 1


def test_an_item_that_was_there_with_too_long_a_key_is_not_in_a_new_index(client):
    name = make_table(client)
    for pk, count in (("long", 2049), ("short", 5)):
        client.put_item(TableName=name, Item={"pk": {"S": pk}, "g": {"S": "x" * count}})
    client.update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-g", "g")}])
    wait_until_active(client, name)
    assert [item["pk"]["S"] for item in client.scan(TableName=name, IndexName="by-g")["Items"]] == ["short"]


@pytest.mark.parametrize("operation", ["put", "update", "batch"])
def test_an_item_and_its_entry_in_a_local_index_take_400_kb_at_most(client, raw, indexed_table, key, operation):
    pk, body = {"pk": {"S": key}, "sk": {"S": "1"}}, {"score": {"N": "1"}, "b": {"B": bytes(210_000)}}
    without = {**pk, "b": body["b"]}
    if operation == "update":
        client.put_item(TableName=indexed_table, Item=without)
        answer = raw("UpdateItem", {
            "TableName": indexed_table, "Key": pk, "UpdateExpression": "SET score = :s",
            "ExpressionAttributeValues": {":s": body["score"]}})
        assert answer == ("ValidationException", "Item size to update has exceeded the maximum allowed size")
        return
    item = {**pk, **body}
    request = {"TableName": indexed_table, "Item": item} if operation == "put" else {
        "RequestItems": {indexed_table: [{"PutRequest": {"Item": item}}]}}
    answer = raw("PutItem" if operation == "put" else "BatchWriteItem", request)
    assert answer == ("ValidationException", "Item size has exceeded the maximum allowed size")
    client.put_item(TableName=indexed_table, Item=without)
    client.put_item(TableName=indexed_table, Item={**item, "b": {"B": bytes(200_000)}})


def test_an_index_may_hold_several_items_of_one_key(client, indexed_table, key):
    for number in range(5):
        client.put_item(TableName=indexed_table, Item={
            "pk": {"S": f"{key}{number}"}, "sk": {"S": "x"}, "owner": {"S": key}, "at": {"N": "1"}})
    assert len(owned(client, indexed_table, key)["Items"]) == 5
    pages = all_pages(lambda **more: owned(client, indexed_table, key, **more), Limit=2)
    assert sorted(item["pk"]["S"] for item in flat(pages)) == [f"{key}{number}" for number in range(5)]
    assert max(len(page) for page in pages) == 2


def test_the_last_key_of_an_index_page_has_all_keys(client, indexed_table, key):
    for number in range(2):
        client.put_item(TableName=indexed_table, Item={
            "pk": {"S": key}, "sk": {"S": str(number)}, "owner": {"S": key}, "at": {"N": "7"}})
    answer = owned(client, indexed_table, key, Limit=1)
    assert answer["LastEvaluatedKey"].keys() == {"pk", "sk", "owner", "at"}


def test_an_item_without_the_keys_is_not_in_the_index(client, indexed_table, key):
    client.put_item(TableName=indexed_table, Item={"pk": {"S": key}, "sk": {"S": "1"}, "owner": {"S": key}})
    assert owned(client, indexed_table, key)["Items"] == []


def test_an_update_moves_the_entry(client, indexed_table, key):
    item_key = {"pk": {"S": key}, "sk": {"S": "1"}}
    client.put_item(TableName=indexed_table, Item={**item_key, "owner": {"S": key}, "at": {"N": "1"}, "note": {"S": "a"}})
    client.update_item(
        TableName=indexed_table, Key=item_key, UpdateExpression="SET #o = :o, note = :n",
        ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":o": {"S": key + "2"}, ":n": {"S": "b"}})
    assert owned(client, indexed_table, key)["Items"] == []
    assert owned(client, indexed_table, key + "2")["Items"] == [
        {**item_key, "owner": {"S": key + "2"}, "at": {"N": "1"}, "note": {"S": "b"}}]
    client.update_item(TableName=indexed_table, Key=item_key, UpdateExpression="REMOVE #o", ExpressionAttributeNames={"#o": "owner"})
    assert owned(client, indexed_table, key + "2")["Items"] == []


def test_a_delete_removes_the_entry(client, indexed_table, key):
    item_key = {"pk": {"S": key}, "sk": {"S": "1"}}
    client.put_item(TableName=indexed_table, Item={**item_key, "owner": {"S": key}, "at": {"N": "1"}})
    client.delete_item(TableName=indexed_table, Key=item_key)
    assert owned(client, indexed_table, key)["Items"] == []


def test_a_keys_only_index_has_the_keys(client, indexed_table, key):
    client.put_item(TableName=indexed_table, Item={
        "pk": {"S": key}, "sk": {"S": "1"}, "kind": {"S": key}, "note": {"S": "not here"}})
    answer = query(client, indexed_table, "by-kind", "kind = :k", {":k": {"S": key}})
    assert answer["Items"] == [{"pk": {"S": key}, "sk": {"S": "1"}, "kind": {"S": key}}]


def test_an_including_index_has_what_it_includes(client, indexed_table, key):
    client.put_item(TableName=indexed_table, Item={
        "pk": {"S": key}, "sk": {"S": "1"}, "city": {"S": key}, "owner": {"S": "o"}, "note": {"S": "here"},
        "other": {"S": "not here"}})
    answer = query(client, indexed_table, "by-city", "city = :c", {":c": {"S": key}})
    assert answer["Items"] == [
        {"pk": {"S": key}, "sk": {"S": "1"}, "city": {"S": key}, "owner": {"S": "o"}, "note": {"S": "here"}}]


def test_all_attributes_of_a_partial_global_index_are_refused(client, indexed_table, key):
    with refused("ValidationException", "Select type ALL_ATTRIBUTES is not supported for global secondary index by-kind because its projection type is not ALL"):
        query(client, indexed_table, "by-kind", "kind = :k", {":k": {"S": key}}, Select="ALL_ATTRIBUTES")


def test_a_local_index_orders_a_partition(client, indexed_table, key):
    for name, score in [("a", 30), ("b", 10), ("c", 20)]:
        client.put_item(TableName=indexed_table, Item={"pk": {"S": key}, "sk": {"S": name}, "score": {"N": str(score)}})
    client.put_item(TableName=indexed_table, Item={"pk": {"S": key}, "sk": {"S": "d"}})
    answer = query(
        client, indexed_table, "by-score", "pk = :pk AND score >= :s", {":pk": {"S": key}, ":s": {"N": "15"}},
        ConsistentRead=True)
    assert [item["sk"]["S"] for item in answer["Items"]] == ["c", "a"]


def test_a_global_index_has_no_consistent_reads(client, indexed_table, key):
    with refused("ValidationException", "Consistent reads are not supported on global secondary indexes"):
        owned(client, indexed_table, key, ConsistentRead=True)


def test_a_scan_of_an_index(client, indexed_table, key):
    for number in range(3):
        client.put_item(TableName=indexed_table, Item={"pk": {"S": key}, "sk": {"S": str(number)}, "kind": {"S": key}})
    items = flat(all_pages(client.scan, TableName=indexed_table, IndexName="by-kind", Limit=2))
    assert sorted(item["sk"]["S"] for item in items if item["pk"]["S"] == key) == ["0", "1", "2"]


def test_a_missing_index_is_refused(client, indexed_table):
    with refused("ValidationException", "The table does not have the specified index: no-such-index"):
        query(client, indexed_table, "no-such-index", "kind = :k", {":k": {"S": "x"}})


def test_a_key_attribute_of_another_type_is_refused(client, indexed_table, key):
    with refused("ValidationException", "Type mismatch for Index Key at Expected: N Actual: S IndexName: by-owner"):
        client.put_item(TableName=indexed_table, Item={
            "pk": {"S": key}, "sk": {"S": "1"}, "owner": {"S": "o"}, "at": {"S": "not a number"}})


def test_an_empty_key_attribute_is_refused(client, indexed_table, key):
    with refused("ValidationException", "empty string value"):
        client.put_item(TableName=indexed_table, Item={"pk": {"S": key}, "sk": {"S": "1"}, "kind": {"S": ""}})


def test_writes_report_the_capacity_of_indexes(client, indexed_table, key):
    answer = client.put_item(
        TableName=indexed_table, ReturnConsumedCapacity="INDEXES", Item={
            "pk": {"S": key}, "sk": {"S": "1"}, "kind": {"S": "k"}, "score": {"N": "1"}})
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed_table, "CapacityUnits": 3.0, "Table": {"CapacityUnits": 1.0},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 1.0}},
        "LocalSecondaryIndexes": {"by-score": {"CapacityUnits": 1.0}}}


def test_an_index_added_later_is_filled(client):
    name = make_table(client)
    for number in range(30):
        client.put_item(TableName=name, Item={"pk": {"S": str(number)}, "group": {"S": f"g{number % 3}"}})
    client.update_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-group", "group")}])
    wait_until_active(client, name)
    answer = query(
        client, name, "by-group", "#g = :g", {":g": {"S": "g1"}}, ExpressionAttributeNames={"#g": "group"})
    assert answer["Count"] == 10

    client.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}])
    wait_until_active(client, name)
    assert "GlobalSecondaryIndexes" not in client.describe_table(TableName=name)["Table"]
    client.delete_table(TableName=name)


@pytest.mark.parametrize("projection", [
    {"ProjectionType": "INCLUDE"}, {"ProjectionType": "ALL", "NonKeyAttributes": ["a"]}])
def test_a_projection_without_sense_is_refused(client, projection):
    with refused("ValidationException", "One or more parameter values were invalid: (NonKeyAttributes|ProjectionType)"):
        make_table(
            client, "pk:S", AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
            GlobalSecondaryIndexes=[index("by-a", "a", projection=projection)])
