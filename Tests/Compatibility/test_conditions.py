"""Condition expressions: every operator and function, on writes of all kinds."""

import pytest

from conftest import refused

ITEM = {
    "n": {"N": "5"}, "s": {"S": "hello"}, "b": {"B": b"\x01\x02"}, "l": {"L": [{"N": "1"}, {"S": "x"}]},
    "m": {"M": {"x": {"N": "7"}}}, "set": {"SS": ["a", "b"]}, "t": {"BOOL": True}, "z": {"NULL": True},
}


@pytest.fixture
def holds(client, table, key):
    """Whether a condition holds for ITEM: a put on that condition is accepted."""
    client.put_item(TableName=table, Item={"pk": {"S": key}, **ITEM})

    def call(condition, values=None, names=None):
        parameters = {"TableName": table, "Item": {"pk": {"S": key}, **ITEM}, "ConditionExpression": condition}
        if values:
            parameters["ExpressionAttributeValues"] = values
        if names:
            parameters["ExpressionAttributeNames"] = names
        try:
            client.put_item(**parameters)
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    return call


@pytest.mark.parametrize(("condition", "value", "expected"), [
    ("n = :v", {"N": "5.0"}, True), ("n <> :v", {"N": "5"}, False), ("n < :v", {"N": "6"}, True),
    ("n <= :v", {"N": "5"}, True), ("n > :v", {"N": "-10"}, True), ("n >= :v", {"N": "5.1"}, False),
    ("s < :v", {"S": "help"}, True), ("b > :v", {"B": b"\x01"}, True), ("n = :v", {"S": "5"}, False),
    ("n <> :v", {"S": "5"}, True), ("n < :v", {"S": "9"}, False), ("absent = :v", {"S": "x"}, False),
    ("absent <> :v", {"S": "x"}, True), ("l = :v", {"L": [{"N": "1"}, {"S": "x"}]}, True),
    ("m = :v", {"M": {"x": {"N": "7"}}}, True), ("#set = :v", {"SS": ["b", "a"]}, True), ("t = :v", {"BOOL": True}, True),
    ("m.x = :v", {"N": "7"}, True), ("l[1] = :v", {"S": "x"}, True), ("l[2] = :v", {"S": "x"}, False),
    ("begins_with(s, :v)", {"S": "hel"}, True), ("begins_with(s, :v)", {"S": "help"}, False),
    ("begins_with(b, :v)", {"B": b"\x01"}, True), ("contains(s, :v)", {"S": "ell"}, True),
    ("contains(#set, :v)", {"S": "a"}, True), ("contains(#set, :v)", {"S": "c"}, False),
    ("contains(l, :v)", {"N": "1"}, True), ("attribute_type(s, :v)", {"S": "S"}, True),
    ("attribute_type(z, :v)", {"S": "NULL"}, True), ("attribute_type(l, :v)", {"S": "M"}, False),
    ("size(s) = :v", {"N": "5"}, True), ("size(#set) = :v", {"N": "2"}, True), ("size(l) > :v", {"N": "1"}, True),
    ("size(b) = :v", {"N": "2"}, True), ("size(m) = :v", {"N": "1"}, True), ("size(n) = :v", {"N": "1"}, False),
])
def test_comparisons_and_functions(holds, condition, value, expected):
    names = {"#set": "set"} if "#set" in condition else None
    assert holds(condition, {":v": value}, names) is expected


@pytest.mark.parametrize(("condition", "expected"), [
    ("attribute_exists(n)", True), ("attribute_exists(m.x)", True), ("attribute_exists(m.y)", False),
    ("attribute_not_exists(absent)", True), ("attribute_not_exists(pk)", False), ("attribute_exists(l[1])", True),
    ("NOT attribute_exists(n)", False), ("attribute_exists(n) AND attribute_exists(s)", True),
    ("attribute_exists(n) AND attribute_exists(absent)", False),
    ("attribute_exists(absent) OR attribute_exists(n)", True),
    ("attribute_exists(n) OR attribute_exists(absent) AND attribute_exists(absent)", True),
    ("(attribute_exists(n) OR attribute_exists(s)) AND attribute_exists(absent)", False),
    ("NOT (attribute_exists(absent) OR attribute_exists(nowhere))", True), ("n < m.x", True),
])
def test_existence_and_logic(holds, condition, expected):
    assert holds(condition) is expected


def test_between_takes_both_ends(holds):
    assert holds("n BETWEEN :a AND :b", {":a": {"N": "5"}, ":b": {"N": "9"}})
    assert not holds("n BETWEEN :a AND :b", {":a": {"N": "6"}, ":b": {"N": "9"}})


def test_in_compares_with_each(holds):
    assert holds("n IN (:a, :b)", {":a": {"N": "1"}, ":b": {"N": "5"}})
    assert not holds("s IN (:a, :b)", {":a": {"S": "x"}, ":b": {"N": "5"}})


@pytest.mark.parametrize(("condition", "values", "message"), [
    ("n = ", None, "Syntax error; token: \"<EOF>\""),
    ("n = :v AND", {":v": {"N": "1"}}, "Syntax error"),
    ("n == :v", {":v": {"N": "1"}}, "Syntax error"),
    ("n = :none", {":v": {"N": "1"}}, "An expression attribute value used in expression is not defined; attribute value: :none"),
    ("#none = :v", {":v": {"N": "1"}}, "An expression attribute name used in the document path is not defined; attribute name: #none"),
    ("attribute_exists(n)", {":v": {"N": "1"}}, r"Value provided in ExpressionAttributeValues unused in expressions: keys: \{:v\}"),
    ("attribute_type(n, :v)", {":v": {"S": "X"}}, "Invalid attribute type name found; type: X"),
    ("begins_with(s, :v)", {":v": {"N": "1"}}, "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
    ("size(s)", None, "The function is not allowed to be used this way in an expression; function: size"),
    ("unknown(s)", None, "Invalid function name; function: unknown"),
    ("n BETWEEN :b AND :a", {":a": {"N": "1"}, ":b": {"N": "2"}}, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"),
    ("name = :v", {":v": {"S": "x"}}, "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"),
    ("", None, "Invalid ConditionExpression: The expression can not be empty;"),
])
def test_bad_conditions_are_refused(holds, condition, values, message):
    with refused("ValidationException", message):
        holds(condition, values)


def test_values_without_an_expression_are_refused(client, table, key):
    with refused("ValidationException", "ExpressionAttributeValues can only be specified when using expressions"):
        client.put_item(TableName=table, Item={"pk": {"S": key}}, ExpressionAttributeValues={":v": {"N": "1"}})


def test_a_conditional_put_creates_only_once(client, table, key):
    request = dict(TableName=table, Item={"pk": {"S": key}}, ConditionExpression="attribute_not_exists(pk)")
    client.put_item(**request)
    with refused("ConditionalCheckFailedException", "^The conditional request failed$"):
        client.put_item(**request)


def test_a_failed_condition_shows_the_item_when_asked(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "n": {"N": "1"}})
    with refused("ConditionalCheckFailedException") as caught:
        client.put_item(
            TableName=table, Item={"pk": {"S": key}}, ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == {"pk": {"S": key}, "n": {"N": "1"}}


def test_a_conditional_delete(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "n": {"N": "1"}})
    request = dict(TableName=table, Key={"pk": {"S": key}}, ConditionExpression="n = :v")
    with refused("ConditionalCheckFailedException"):
        client.delete_item(**request, ExpressionAttributeValues={":v": {"N": "2"}})
    client.delete_item(**request, ExpressionAttributeValues={":v": {"N": "1"}})
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


def test_the_legacy_expected_works(client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "n": {"N": "1"}}, Expected={"pk": {"Exists": False}})
    with refused("ConditionalCheckFailedException"):
        client.put_item(TableName=table, Item={"pk": {"S": key}}, Expected={"n": {"Value": {"N": "2"}}})
    client.put_item(
        TableName=table, Item={"pk": {"S": key}},
        Expected={"n": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "2"}]}})


def test_expressions_and_legacy_parameters_do_not_mix(client, table, key):
    with refused("ValidationException", "Can not use both expression and non-expression parameters in the same request"):
        client.put_item(
            TableName=table, Item={"pk": {"S": key}}, ConditionExpression="attribute_exists(pk)",
            Expected={"pk": {"Exists": False}})
