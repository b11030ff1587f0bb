"""PartiQL: INSERT, UPDATE, DELETE, and statements that are none."""

import pytest

from conftest import refused
from statements import MALFORMED, NO_KEY, document, error, execute, item, items, n, s  # noqa: F401, F811


# MARK: INSERT

def test_insert(client, table, key):
    answer = execute(client, f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}', 'v': 1}}")
    assert answer["Items"] == []
    assert item(client, table, key) == {"pk": s(key), "v": n(1)}


def test_insert_of_every_type(client, table, key):
    execute(
        client,
        f"""INSERT INTO "{table}" VALUE {{'pk': ?, 's': 'x', 'n': -1.5e1, 't': true, 'f': false, 'z': null,
            'l': [1, ['a'], {{}}], 'm': {{'k': {{'d': ?}}}}, 'ss': <<'b', 'a'>>, 'ns': <<1, 2>>, 'bs': <<?>>}}""",
        s(key), {"B": b"1"}, {"B": b"2"})
    assert item(client, table, key) == {
        "pk": s(key), "s": s("x"), "n": n(-15), "t": {"BOOL": True}, "f": {"BOOL": False}, "z": {"NULL": True},
        "l": {"L": [n(1), {"L": [s("a")]}, {"M": {}}]}, "m": {"M": {"k": {"M": {"d": {"B": b"1"}}}}},
        "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]}, "bs": {"BS": [b"2"]}}


def test_a_second_insert_is_refused(client, table, key):
    statement = f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}"
    execute(client, statement)
    with pytest.raises(client.exceptions.DuplicateItemException) as caught:
        execute(client, statement)
    assert caught.value.response["Error"]["Message"] == "Duplicate primary key exists in table"


@pytest.mark.parametrize("value, message", [
    ("{'v': 1}", "One or more parameter values were invalid: Missing the key pk in the item"),
    ("{'pk': 1}", "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"),
    ("{'pk': ''}", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                   "an empty string value. Key: pk"),
    ("<< {'pk': 'a'}, {'pk': 'b'} >>",
     "Unsupported operation: Inserting multiple items in a single statement is not supported, use \"INSERT INTO "
     "tableName VALUE item\" instead")])
def test_an_insert_that_does_not_fit(client, table, value, message):
    assert error(lambda: execute(client, f'INSERT INTO "{table}" VALUE {value}')) == ("ValidationException", message)


def test_an_insert_costs_what_it_writes(client, table, key):
    answer = execute(
        client, f'INSERT INTO "{table}" VALUE {{\'pk\': ?, \'a\': ?}}', s(key), s("x" * 1_500),
        ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 2.0}


# MARK: UPDATE

@pytest.mark.parametrize("change, name, value", [
    ("SET n = 2", "n", n(2)), ("SET n = n + 5", "n", n(6)), ("SET n = n - 1", "n", n(0)), ("SET k = n", "k", n(1)),
    ("SET m.x = 5", "m", {"M": {"x": n(5), "y": n(2)}}), ("SET m.z = [1]", "m", {"M": {"x": n(1), "y": n(2), "z": {"L": [n(1)]}}}),
    ("SET l[1] = 'z'", "l", {"L": [s("a"), s("z"), s("c")]}), ("REMOVE l[0]", "l", {"L": [s("b"), s("c")]}),
    ("SET l = list_append(l, ['d'])", "l", {"L": [s("a"), s("b"), s("c"), s("d")]}),
    ("SET l = list_append([1], l)", "l", {"L": [n(1), s("a"), s("b"), s("c")]}),
    ("SET ss = set_add(ss, <<'c'>>)", "ss", {"SS": ["a", "b", "c"]}), ("SET ss = set_delete(ss, <<'a'>>)", "ss", {"SS": ["b"]}),
    ("SET ns = set_add(ns, <<2, 3>>)", "ns", {"NS": ["1", "2", "3"]}), ("REMOVE m.x", "m", {"M": {"y": n(2)}}),
    ("SET e = {'a': <<1>>}", "e", {"M": {"a": {"NS": ["1"]}}}), ("SET n = null", "n", {"NULL": True})])
def test_updates(client, table, document, change, name, value):
    assert execute(client, f'UPDATE "{table}" {change} WHERE pk = ?', s(document))["Items"] == []
    found = item(client, table, document)
    for kind in ["SS", "NS"]:
        if kind in found[name]:
            found[name][kind] = sorted(found[name][kind])
    assert found[name] == value


def test_a_chain_of_changes(client, table, document):
    execute(client, f'UPDATE "{table}" SET n = ? SET k = ?, j = 1 REMOVE m REMOVE l WHERE pk = ?', n(9), s("x"), s(document))
    found = item(client, table, document)
    assert (found["n"], found["k"], found["j"]) == (n(9), s("x"), n(1))
    assert "m" not in found and "l" not in found


@pytest.mark.parametrize("returning, expected", [
    ("ALL OLD", lambda old, new: old), ("ALL NEW", lambda old, new: new), ("MODIFIED OLD", lambda old, new: {"n": n(1)}),
    ("MODIFIED NEW", lambda old, new: {"n": n(2), "k": s("x")})])
def test_returning(client, table, document, returning, expected):
    old = item(client, table, document)
    found = items(client, f"UPDATE \"{table}\" SET n = 2 SET k = 'x' WHERE pk = ? RETURNING {returning} *", s(document))
    assert found == [expected(old, item(client, table, document))]


def test_an_update_needs_its_item(client, table, key):
    with refused("ConditionalCheckFailedException", "^The conditional request failed$"):
        execute(client, f'UPDATE "{table}" SET n = 1 WHERE pk = ?', s(key))
    assert item(client, table, key) is None


def test_an_update_under_a_condition(client, table, document):
    execute(client, f'UPDATE "{table}" SET n = 2 WHERE pk = ? AND n = 1', s(document))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        execute(
            client, f'UPDATE "{table}" SET n = 3 WHERE pk = ? AND n = 1', s(document),
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == item(client, table, document)
    assert item(client, table, document)["n"] == n(2)


@pytest.mark.parametrize("change, message", [
    ("SET pk = 'x'", "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"),
    ("SET k = none", "The provided expression refers to an attribute that does not exist in the item"),
    ("SET k.j = 1", "The document path provided in the update expression is invalid for update"),
    ("SET n = l + 1", "An operand in the update expression has an incorrect data type"),
    ("SET m = 1, m.x = 2", "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                           "path one: [m], path two: [m, x]")])
def test_an_update_that_does_not_fit(client, table, document, change, message):
    assert error(lambda: execute(client, f'UPDATE "{table}" {change} WHERE pk = ?', s(document))) == (
        "ValidationException", message)


@pytest.mark.parametrize("statement", [
    "UPDATE \"{}\" SET n = 1", "UPDATE \"{}\" SET n = 1 WHERE n = 2", "UPDATE \"{}\" SET n = 1 WHERE pk > 'a'",
    "UPDATE \"{}\" SET n = 1 WHERE pk = 'a' OR n = 1", "DELETE FROM \"{}\"", "DELETE FROM \"{}\" WHERE pk IN ['a']"])
def test_a_write_names_the_whole_key(client, table, statement):
    with refused("ValidationException", NO_KEY):
        execute(client, statement.format(table))


def test_a_write_names_the_sort_key_too(client, sorted_table):
    with refused("ValidationException", NO_KEY):
        execute(client, f"DELETE FROM \"{sorted_table}\" WHERE pk = 'a'")
    with refused("ValidationException", NO_KEY):
        execute(client, f"UPDATE \"{sorted_table}\" SET v = 1 WHERE pk = 'a' AND sk > 1")


def test_a_key_of_another_type(client, table):
    with refused("ValidationException", "^The provided key element does not match the schema$"):
        execute(client, f'DELETE FROM "{table}" WHERE pk = 1')


# MARK: DELETE

def test_delete(client, table, document):
    assert execute(client, f'DELETE FROM "{table}" WHERE pk = ?', s(document))["Items"] == []
    assert item(client, table, document) is None


def test_delete_returns_what_was_there(client, table, document):
    old = item(client, table, document)
    assert items(client, f'DELETE FROM "{table}" WHERE pk = ? RETURNING ALL OLD *', s(document)) == [old]


def test_delete_of_nothing_succeeds(client, table, key):
    assert execute(client, f'DELETE FROM "{table}" WHERE pk = ? AND n = 1 RETURNING ALL OLD *', s(key))["Items"] == []


def test_delete_under_a_condition(client, table, document):
    with refused("ConditionalCheckFailedException", "^The conditional request failed$"):
        execute(client, f'DELETE FROM "{table}" WHERE pk = ? AND n = 5', s(document))
    execute(client, f'DELETE FROM "{table}" WHERE pk = ? AND n = 1', s(document))
    assert item(client, table, document) is None


# MARK: Statements that are none

@pytest.mark.parametrize("statement, message", [
    ("foo", MALFORMED + "Unexpected term"), ("SELECT FROM t00", MALFORMED + "Unexpected keyword"),
    ("SELECT * FROM", MALFORMED + "Expected identifier for simple path"),
    ("SELECT * FROM t00 WHERE", MALFORMED + "Expected expression"),
    ("SELECT user FROM t00", MALFORMED + "Unexpected keyword"),
    ("SELECT * FROM t00 WHERE pk = 'a' pk", MALFORMED + "Unexpected token after expression"),
    ("SELECT * FROM t00 WHERE pk = 'a", MALFORMED + "Unterminated quoted text"),
    ("DROP TABLE t00", MALFORMED + "Unexpected keyword"), ("INSERT INTO t00 VALUE 1", MALFORMED + "Unexpected term"),
    ("SELECT * FROM t00, t01", "Only select from a single table or index is supported."),
    ("EXISTS(SELECT * FROM t00 WHERE pk = 'a')",
     "Unsupported operation: EXISTS is only supported in ExecuteTransaction")])
def test_what_is_no_statement(client, statement, message):
    assert error(lambda: execute(client, statement)) == ("ValidationException", message)


@pytest.mark.parametrize("parameters", [[], [s("a"), s("b")]])
def test_as_many_parameters_as_question_marks(client, table, parameters):
    with refused("ValidationException", r"^Number of parameters in request and statement don't match\.$"):
        execute(client, f'SELECT * FROM "{table}" WHERE pk = ?', *parameters)


def test_a_missing_table(client):
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        execute(client, "SELECT * FROM \"missing-table\" WHERE pk = 'a'")
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        execute(client, "INSERT INTO \"missing-table\" VALUE {'pk': 'a'}")


def test_the_shape_of_a_request(raw):
    assert raw("ExecuteStatement", {"Statement": "", "Parameters": [], "Limit": 0}) == (
        "ValidationException",
        "3 validation errors detected: Value '' at 'statement' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1; Value '[]' at 'parameters' failed to satisfy constraint: Member must have length "
        "greater than or equal to 1; Value '0' at 'limit' failed to satisfy constraint: Member must have value greater "
        "than or equal to 1")
    assert raw("ExecuteStatement", {}) == (
        "ValidationException",
        "1 validation error detected: Value null at 'statement' failed to satisfy constraint: Member must not be null")
