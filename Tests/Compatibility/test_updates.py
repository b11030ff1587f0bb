"""UpdateItem: every clause and function, what is returned, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import refused


@pytest.fixture
def update(client, table, key):
    """Updates the test's item and gives the whole item as it is then, without its key."""
    def call(expression, values=None, names=None, **more):
        parameters = {"TableName": table, "Key": {"pk": {"S": key}}, "UpdateExpression": expression, **more}
        parameters.setdefault("ReturnValues", "ALL_NEW")
        if values:
            parameters["ExpressionAttributeValues"] = values
        if names:
            parameters["ExpressionAttributeNames"] = names
        attributes = client.update_item(**parameters).get("Attributes", {})
        attributes.pop("pk", None)
        return attributes

    return call


def test_an_update_creates_a_missing_item(client, table, key, update):
    assert update("SET a = :a", {":a": {"S": "x"}}) == {"a": {"S": "x"}}
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"] == {"pk": {"S": key}, "a": {"S": "x"}}


def test_an_update_without_an_expression_creates_the_item(client, table, key):
    client.update_item(TableName=table, Key={"pk": {"S": key}})
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"] == {"pk": {"S": key}}


def test_set_adds_and_subtracts(update):
    update("SET n = :n", {":n": {"N": "10"}})
    assert update("SET n = n + :one, m = n - :one", {":one": {"N": "1"}}) == {"n": {"N": "11"}, "m": {"N": "9"}}


def test_sums_are_exact_to_38_digits(update):
    update("SET n = :n", {":n": {"N": "9999999999999999999999999999999999999"}})
    assert update("SET n = n + :one", {":one": {"N": "1"}})["n"] == {"N": "1" + "0" * 37}


def test_if_not_exists_keeps_what_is_there(update):
    assert update("SET a = if_not_exists(a, :v)", {":v": {"N": "1"}})["a"] == {"N": "1"}
    assert update("SET a = if_not_exists(a, :v)", {":v": {"N": "2"}})["a"] == {"N": "1"}
    assert update("SET c = if_not_exists(c, :z) + :one", {":z": {"N": "0"}, ":one": {"N": "1"}})["c"] == {"N": "1"}


def test_list_append_joins_at_either_end(update):
    update("SET l = :l", {":l": {"L": [{"N": "2"}]}})
    update("SET l = list_append(l, :l)", {":l": {"L": [{"N": "3"}]}})
    assert update("SET l = list_append(:l, l)", {":l": {"L": [{"N": "1"}]}})["l"] == {
        "L": [{"N": "1"}, {"N": "2"}, {"N": "3"}]}


def test_documents_are_updated_in_place(update):
    update("SET m = :m", {":m": {"M": {"l": {"L": [{"N": "1"}, {"N": "2"}]}}}})
    assert update("SET m.l[1] = :v, m.#new = :v", {":v": {"S": "x"}}, {"#new": "new.name"})["m"] == {
        "M": {"l": {"L": [{"N": "1"}, {"S": "x"}]}, "new.name": {"S": "x"}}}


def test_an_index_past_the_end_appends(update):
    update("SET l = :l", {":l": {"L": [{"N": "1"}]}})
    assert update("SET l[9] = :v", {":v": {"N": "2"}})["l"] == {"L": [{"N": "1"}, {"N": "2"}]}


def test_remove_takes_attributes_and_list_elements(update):
    update("SET a = :v, l = :l", {":v": {"N": "1"}, ":l": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]}})
    assert update("REMOVE a, l[0], l[2], absent") == {"l": {"L": [{"N": "1"}]}}


def test_add_sums_numbers_and_joins_sets(update):
    assert update("ADD n :n, s :s", {":n": {"N": "5"}, ":s": {"SS": ["a"]}}) == {"n": {"N": "5"}, "s": {"SS": ["a"]}}
    answer = update("ADD n :n, s :s", {":n": {"N": "-7"}, ":s": {"SS": ["a", "b"]}})
    assert answer["n"] == {"N": "-2"}
    assert sorted(answer["s"]["SS"]) == ["a", "b"]


def test_delete_takes_members_and_the_last_one_takes_the_set(update):
    update("SET s = :s", {":s": {"NS": ["1", "2", "3"]}})
    assert sorted(update("DELETE s :s", {":s": {"NS": ["2", "9"]}})["s"]["NS"]) == ["1", "3"]
    assert update("DELETE s :s", {":s": {"NS": ["1", "3"]}}) == {}


def test_all_clauses_work_together(update):
    update("SET a = :one, b = :one, n = :one, s = :s", {":one": {"N": "1"}, ":s": {"SS": ["x", "y"]}})
    assert update("SET a = b REMOVE b ADD n :one DELETE s :x", {":one": {"N": "1"}, ":x": {"SS": ["x"]}}) == {
        "a": {"N": "1"}, "n": {"N": "2"}, "s": {"SS": ["y"]}}


def test_operands_are_those_before_the_update(update):
    update("SET a = :a, b = :b", {":a": {"N": "1"}, ":b": {"N": "2"}})
    assert update("SET a = b, b = a") == {"a": {"N": "2"}, "b": {"N": "1"}}


@pytest.mark.parametrize(("kind", "expected"), [
    ("NONE", {}), ("ALL_OLD", {"a": {"N": "1"}, "b": {"N": "1"}}), ("UPDATED_OLD", {"a": {"N": "1"}}),
    ("ALL_NEW", {"a": {"N": "2"}, "b": {"N": "1"}}), ("UPDATED_NEW", {"a": {"N": "2"}}),
])
def test_each_kind_of_return_value(update, kind, expected):
    update("SET a = :v, b = :v", {":v": {"N": "1"}})
    assert update("SET a = :v", {":v": {"N": "2"}}, ReturnValues=kind) == expected


def test_updated_values_are_those_of_the_paths(update):
    update("SET m = :m", {":m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}})
    assert update("SET m.x = :v", {":v": {"N": "9"}}, ReturnValues="UPDATED_NEW") == {"m": {"M": {"x": {"N": "9"}}}}


def test_a_failing_condition_changes_nothing(client, table, key, update):
    update("SET a = :v", {":v": {"N": "1"}})
    with refused("ConditionalCheckFailedException", "^The conditional request failed$"):
        update("SET a = :v", {":v": {"N": "2"}}, ConditionExpression="a > :v")
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"]["a"] == {"N": "1"}


@pytest.mark.parametrize(("expression", "values", "message"), [
    ("SET pk = :v", {":v": {"S": "x"}}, "Cannot update attribute pk. This attribute is part of the key"),
    ("SET a = :v, a = :v", {":v": {"S": "x"}}, "Two document paths overlap with each other"),
    ("SET a = :v, a.b = :v", {":v": {"S": "x"}}, "Two document paths overlap with each other"),
    ("SET a = absent", None, "The provided expression refers to an attribute that does not exist in the item"),
    ("SET m.x = :v", {":v": {"S": "x"}}, "The document path provided in the update expression is invalid for update"),
    ("SET a = :none", {":v": {"S": "x"}}, "attribute value: :none"),
    ("SET #none = :v", {":v": {"S": "x"}}, "attribute name: #none"),
    ("SET a = :v", {":v": {"S": "x"}, ":unused": {"S": "x"}}, r"unused in expressions: keys: \{:unused\}"),
    ("SET a = :v SET b = :v", {":v": {"S": "x"}}, 'The "SET" section can only be used once in an update expression'),
    ("SOT a = :v", {":v": {"S": "x"}}, 'Syntax error; token: "SOT"'),
    ("", None, "Invalid UpdateExpression: The expression can not be empty;"),
    ("ADD a :v", {":v": {"S": "x"}}, "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"),
    ("DELETE a :v", {":v": {"N": "1"}}, "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"),
    ("SET a = status", None, "reserved keyword: status"),
    ("SET a = size(b)", None, "The function is not allowed in an update expression; function: size"),
])
def test_bad_expressions_are_refused(update, expression, values, message):
    with refused("ValidationException", message):
        update(expression, values)


def test_operands_of_another_type_are_refused(update):
    update("SET a = :v", {":v": {"S": "text"}})
    with refused("ValidationException", "An operand in the update expression has an incorrect data type"):
        update("SET a = a + :v", {":v": {"N": "1"}})


def test_the_legacy_attribute_updates_work(client, table, key):
    client.update_item(TableName=table, Key={"pk": {"S": key}}, AttributeUpdates={
        "a": {"Action": "PUT", "Value": {"S": "x"}}, "n": {"Action": "ADD", "Value": {"N": "2"}}})
    client.update_item(TableName=table, Key={"pk": {"S": key}}, AttributeUpdates={
        "a": {"Action": "DELETE"}, "n": {"Action": "ADD", "Value": {"N": "3"}}})
    assert client.get_item(TableName=table, Key={"pk": {"S": key}})["Item"] == {"pk": {"S": key}, "n": {"N": "5"}}


def test_concurrent_increments_all_count(client, table, key):
    def increment(_):
        client.update_item(
            TableName=table, Key={"pk": {"S": key}}, UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(200)))
    assert client.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True)["Item"]["n"] == {"N": "200"}


@pytest.mark.parametrize(("value", "token", "near"), [
    ("n + n + :v", "+", "n + :v"), ("n - :v + :v", "+", ":v + :v"), ("(n - :v) - n", "-", ") - n"), ("n + (n - :v)", "-", "n - :v")])
def test_a_sum_has_two_operands(raw, table, key, value, token, near):
    assert raw("UpdateItem", {
        "TableName": table, "Key": {"pk": {"S": key}}, "UpdateExpression": f"SET n = {value}",
        "ExpressionAttributeValues": {":v": {"N": "1"}}}) == (
        "ValidationException", f'Invalid UpdateExpression: Syntax error; token: "{token}", near: "{near}"')
