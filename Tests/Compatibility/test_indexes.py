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
