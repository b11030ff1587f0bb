"""PutItem, GetItem and DeleteItem: all attribute types, their limits, and what is returned."""

import pytest

from conftest import make_table, refused

EVERY_TYPE = {
    "string": {"S": "grüße, 世界"},
    "empty": {"S": ""},
    "number": {"N": "-12.5"},
    "binary": {"B": b"\x00\xff\x10"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [{"N": "1"}, {"S": "two"}, {"L": []}, {"M": {}}]},
    "map": {"M": {"inner": {"M": {"deep": {"SS": ["a", "b"]}}}}},
    "strings": {"SS": ["a", "b", "c"]},
    "numbers": {"NS": ["1", "2", "3"]},
    "binaries": {"BS": [b"\x01", b"\x02"]},
}


def unordered(item):
    """The item with its sets sorted: their order means nothing."""
    return {
        name: {kind: sorted(value) if kind in ("SS", "NS", "BS") else value for kind, value in attribute.items()}
        for name, attribute in item.items()
    }


def test_an_item_with_every_type_comes_back_as_it_was_put(client, table, key):
    item = {"pk": {"S": key}, **EVERY_TYPE}
    client.put_item(TableName=table, Item=item)
    answer = client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]
    assert unordered(answer) == unordered(item)


@pytest.mark.parametrize(("name", "message"), [
    ("x" * 65_536, "Attribute name is too large, must be less than 65536 bytes"), ("", "Empty attribute name")])
@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_an_attribute_has_a_name_of_1_to_65535_bytes(raw, table, key, operation, name, message):
    pk = {"pk": {"S": key}}
    more = {"Item": {**pk, name: {"N": "1"}}} if operation == "PutItem" else {
        "Key": pk, "AttributeUpdates": {name: {"Value": {"N": "1"}}}}
    assert raw(operation, {"TableName": table, **more}) == (
        "ValidationException", f"One or more parameter values were invalid: {message}")


def test_the_longest_name_of_an_attribute(client, table, key):
    item = {"pk": {"S": key}, "x" * 65_535: {"N": "1"}}
    client.put_item(TableName=table, Item=item)
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"] == item


def test_a_missing_item_is_no_item(client, table, key):
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


def test_a_put_replaces_the_whole_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"S": "old"}})
    client.put_item(TableName=table, Item={"pk": {"S": key}, "b": {"S": "new"}})
    answer = client.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True)
    assert answer["Item"] == {"pk": {"S": key}, "b": {"S": "new"}}


def test_a_put_returns_the_old_item_when_asked(client, table, key):
    first = client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"N": "1"}}, ReturnValues="ALL_OLD")
    assert "Attributes" not in first
    second = client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"N": "2"}}, ReturnValues="ALL_OLD")
    assert second["Attributes"] == {"pk": {"S": key}, "a": {"N": "1"}}


def test_a_put_cannot_return_new_values(client, table, key):
    with refused("ValidationException", "[Rr]eturn ?[Vv]alues"):
        client.put_item(TableName=table, Item={"pk": {"S": key}}, ReturnValues="ALL_NEW")


def test_a_delete_removes_and_returns_the_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"N": "1"}})
    answer = client.delete_item(TableName=table, Key={"pk": {"S": key}}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"pk": {"S": key}, "a": {"N": "1"}}
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


def test_deleting_a_missing_item_succeeds(client, table, key):
    answer = client.delete_item(TableName=table, Key={"pk": {"S": key}}, ReturnValues="ALL_OLD")
    assert "Attributes" not in answer


@pytest.mark.parametrize(("given", "stored"), [
    ("00042", "42"), ("1.50", "1.5"), ("1.5E2", "150"), ("-0", "0"), ("1e-3", "0.001"),
    ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ("-0.00000000000000000001", "-0.00000000000000000001"),
])
def test_numbers_come_back_in_normal_form(client, table, key, given, stored):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "n": {"N": given}})
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]["n"] == {"N": stored}


@pytest.mark.parametrize(("given", "message"), [
    ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
    ("1E126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
    ("1E-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
    ("one", "The parameter cannot be converted to a numeric value"),
    ("", "The parameter cannot be converted to a numeric value"),
])
def test_numbers_out_of_range_are_refused(client, table, key, given, message):
    with refused("ValidationException", message):
        client.put_item(TableName=table, Item={"pk": {"S": key}, "n": {"N": given}})


@pytest.mark.parametrize(("value", "message"), [
    ({"SS": []}, "An string set  may not be empty"),
    ({"NS": []}, "An number set  may not be empty"),
    ({"BS": []}, "Binary sets should not be empty"),
    ({"SS": ["a", "a"]}, r"Input collection \[a, a\] contains duplicates"),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
])
def test_sets_have_members_and_no_duplicates(client, table, key, value, message):
    with refused("ValidationException", message):
        client.put_item(TableName=table, Item={"pk": {"S": key}, "set": value})


def test_an_item_needs_its_key(client, table):
    with refused("ValidationException", "Missing the key pk in the item"):
        client.put_item(TableName=table, Item={"other": {"S": "x"}})


def test_a_key_attribute_has_its_type(client, table):
    with refused("ValidationException", "Type mismatch for key pk expected: S actual: N"):
        client.put_item(TableName=table, Item={"pk": {"N": "1"}})


def test_a_key_is_not_empty(client, table):
    with refused("ValidationException", "empty string value.*pk|pk.*empty string value"):
        client.put_item(TableName=table, Item={"pk": {"S": ""}})


@pytest.mark.parametrize("given", [{}, {"pk": {"S": "a"}, "other": {"S": "b"}}, {"other": {"S": "b"}}, {"pk": {"N": "1"}}])
def test_a_get_takes_exactly_the_key(client, table, given):
    with refused("ValidationException", "(key element does not match the schema|number of conditions on the keys)"):
        client.get_item(TableName=table, Key=given)


def test_a_partition_key_has_2048_bytes_at_most(client, table):
    client.put_item(TableName=table, Item={"pk": {"S": "k" * 2048}})
    with refused("ValidationException", "hashkey has exceeded the maximum size limit of 2048 bytes|2048"):
        client.put_item(TableName=table, Item={"pk": {"S": "k" * 2049}})


def test_an_item_has_400_kilobytes_at_most(client, table, key):
    room = 400 * 1024 - len("pk") - len(key.encode()) - len("a")
    client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"S": "x" * room}})
    assert len(client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]["a"]["S"]) == room
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"S": "x" * (room + 1)}})


def test_documents_nest_32_levels_at_most(client, table, key):
    def nested(depth):
        value = {"S": "leaf"}
        for _ in range(depth):
            value = {"L": [value]}
        return value

    client.put_item(TableName=table, Item={"pk": {"S": key}, "deep": nested(31)})
    with refused("ValidationException", "[Nn]esting [Ll]evels"):
        client.put_item(TableName=table, Item={"pk": {"S": key}, "deep": nested(33)})


def test_a_projection_picks_paths(client, table, key):
    client.put_item(TableName=table, Item={
        "pk": {"S": key}, "a": {"N": "1"}, "size": {"N": "2"},
        "m": {"M": {"x": {"N": "3"}, "y": {"N": "4"}}}, "l": {"L": [{"N": "5"}, {"N": "6"}, {"N": "7"}]}})
    answer = client.get_item(
        TableName=table, Key={"pk": {"S": key}}, ProjectionExpression="a, m.x, l[0], l[2], #size, absent",
        ExpressionAttributeNames={"#size": "size"})
    assert answer["Item"] == {
        "a": {"N": "1"}, "size": {"N": "2"}, "m": {"M": {"x": {"N": "3"}}}, "l": {"L": [{"N": "5"}, {"N": "7"}]}}


def test_a_projection_of_nothing_that_is_there_is_an_empty_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}})
    assert client.get_item(TableName=table, Key={"pk": {"S": key}}, ProjectionExpression="absent")["Item"] == {}


def test_reserved_words_need_placeholders(client, table, key):
    with refused(
            "ValidationException",
            "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: size"):
        client.get_item(TableName=table, Key={"pk": {"S": key}}, ProjectionExpression="size")


def test_overlapping_projections_are_refused(client, table, key):
    with refused("ValidationException", "Two document paths overlap with each other"):
        client.get_item(TableName=table, Key={"pk": {"S": key}}, ProjectionExpression="m, m.x")


def test_the_legacy_attributes_to_get_work(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"N": "1"}, "b": {"N": "2"}})
    answer = client.get_item(TableName=table, Key={"pk": {"S": key}}, AttributesToGet=["b"])
    assert answer["Item"] == {"b": {"N": "2"}}


def test_consumed_capacity_follows_size_and_consistency(client, table, key):
    item = {"pk": {"S": key}, "a": {"S": "x" * 5000}}
    put = client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="TOTAL")
    assert put["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 5.0}
    eventual = client.get_item(TableName=table, Key={"pk": {"S": key}}, ReturnConsumedCapacity="TOTAL")
    assert eventual["ConsumedCapacity"]["CapacityUnits"] == 1.0
    strong = client.get_item(
        TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True, ReturnConsumedCapacity="INDEXES")
    assert strong["ConsumedCapacity"] == {
        "TableName": table, "CapacityUnits": 2.0, "Table": {"CapacityUnits": 2.0}}
    assert "ConsumedCapacity" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


@pytest.mark.parametrize("operation", ["get_item", "put_item", "delete_item", "update_item"])
def test_a_missing_table_is_not_found(client, operation):
    parameter = "Item" if operation == "put_item" else "Key"
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        getattr(client, operation)(**{"TableName": "no-such-table", parameter: {"pk": {"S": "a"}}})


def test_a_table_can_be_named_by_its_arn(client, table, key):
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    client.put_item(TableName=arn, Item={"pk": {"S": key}})
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"] == {"pk": {"S": key}}


@pytest.mark.parametrize(("keys", "values"), [
    ("pk:N", [{"N": "-1.5"}, {"N": "0"}, {"N": "1E+2"}]), ("pk:B", [{"B": b"\x00"}, {"B": b"\x00\x00"}, {"B": b"\xff"}])])
def test_keys_are_numbers_and_binaries_too(client, keys, values):
    name = make_table(client, keys)
    for number, value in enumerate(values):
        client.put_item(TableName=name, Item={"pk": value, "number": {"N": str(number)}})
    for number, value in enumerate(values):
        assert client.get_item(TableName=name, Key={"pk": value})["Item"]["number"] == {"N": str(number)}
    client.delete_table(TableName=name)
