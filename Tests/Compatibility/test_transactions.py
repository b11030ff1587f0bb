"""TransactWriteItems: all or nothing, and the reasons for nothing."""

import pytest
from botocore.exceptions import ClientError

from conftest import make_table, refused
from transactions import PREFIX, check, delete, get, item, put, reasons, s, update


# MARK: What is written

def test_all_four_actions_take_effect_together(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key + "u"), "n": {"N": "1"}})
    client.put_item(TableName=table, Item={"pk": s(key + "d")})
    answer = client.transact_write_items(TransactItems=[
        put(table, key + "p", v=s("x")), update(table, key + "u", "ADD n :one", one={"N": "1"}),
        delete(table, key + "d"), check(table, key + "c", "attribute_not_exists(pk)")])
    assert set(answer) == {"ResponseMetadata"}
    assert item(client, table, key + "p") == {"pk": s(key + "p"), "v": s("x")}
    assert item(client, table, key + "u") == {"pk": s(key + "u"), "n": {"N": "2"}}
    assert item(client, table, key + "d") is None
    assert item(client, table, key + "c") is None


def test_an_update_makes_an_item(client, table, key):
    client.transact_write_items(TransactItems=[update(table, key, "SET a = :v", v=s("x"))])
    assert item(client, table, key) == {"pk": s(key), "a": s("x")}


def test_a_put_replaces_the_whole_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": s("1")})
    client.transact_write_items(TransactItems=[put(table, key, b=s("2"))])
    assert item(client, table, key) == {"pk": s(key), "b": s("2")}


def test_several_tables(client, table, sorted_table, key):
    client.transact_write_items(TransactItems=[
        put(table, key), put(sorted_table, key, sk={"N": "1"}), put(sorted_table, key, sk={"N": "2"})])
    assert client.query(
        TableName=sorted_table, KeyConditionExpression="pk = :k",
        ExpressionAttributeValues={":k": s(key)})["Count"] == 2


def test_indexes_follow(client, indexed_table, key):
    client.transact_write_items(TransactItems=[
        put(indexed_table, key, sk=s("1"), kind=s(key)), put(indexed_table, key, sk=s("2"), kind=s(key))])
    query = dict(
        TableName=indexed_table, IndexName="by-kind", KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": s(key)})
    assert client.query(**query)["Count"] == 2
    client.transact_write_items(TransactItems=[
        {"Delete": {"TableName": indexed_table, "Key": {"pk": s(key), "sk": s("1")}}}])
    assert [found["sk"] for found in client.query(**query)["Items"]] == [s("2")]


def test_a_hundred_actions(client, table, key):
    client.transact_write_items(TransactItems=[put(table, f"{key}{number}") for number in range(100)])
    assert len(client.transact_get_items(
        TransactItems=[get(table, f"{key}{number}") for number in range(100)])["Responses"]) == 100


def test_a_delete_of_nothing_succeeds(client, table, key):
    client.transact_write_items(TransactItems=[delete(table, key)])


def test_names_and_values_are_each_action_s_own(client, table, key):
    client.transact_write_items(TransactItems=[
        {"Update": {
            "TableName": table, "Key": {"pk": s(key)}, "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": {"#a": "one"}, "ExpressionAttributeValues": {":v": s("1")}}},
        {"Update": {
            "TableName": table, "Key": {"pk": s(key + "2")}, "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": {"#a": "two"}, "ExpressionAttributeValues": {":v": s("2")}}}])
    assert item(client, table, key)["one"] == s("1")
    assert item(client, table, key + "2")["two"] == s("2")


def test_the_table_may_be_an_arn(client, table, key):
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    answer = client.transact_write_items(TransactItems=[put(arn, key)], ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"][0]["TableName"] == arn
    assert item(client, table, key) == {"pk": s(key)}


def test_conditions_see_the_items_as_before_the_transaction(client, table, key):
    client.transact_write_items(TransactItems=[
        put(table, key), check(table, key + "other", "attribute_not_exists(pk)")])
    assert item(client, table, key)


# MARK: What is refused as a whole

def test_nothing_takes_effect_when_a_condition_is_false(client, table, key):
    message, found = reasons(client, [
        put(table, key), put(table, key + "2", condition="attribute_exists(pk)"), put(table, key + "3")])
    assert message == PREFIX + "[None, ConditionalCheckFailed, None]"
    assert found == [
        {"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
        {"Code": "None"}]
    assert item(client, table, key) is None
    assert item(client, table, key + "3") is None


def test_every_false_condition_is_told(client, table, key):
    message, _ = reasons(client, [
        check(table, key, "attribute_exists(pk)"), put(table, key + "2", condition="attribute_exists(pk)"),
        delete(table, key + "3", condition="attribute_exists(pk)"),
        update(table, key + "4", "SET a = :v", condition="attribute_exists(pk)", v=s("x"))])
    assert message == PREFIX + "[" + ", ".join(["ConditionalCheckFailed"] * 4) + "]"


@pytest.mark.parametrize("action", [
    lambda table, pk: put(table, pk, condition="attribute_not_exists(pk)", old=True),
    lambda table, pk: delete(table, pk, condition="v = :x", old=True, x=s("other")),
    lambda table, pk: update(table, pk, "SET w = :x", condition="v = :x", old=True, x=s("other")),
    lambda table, pk: check(table, pk, "v = :x", old=True, x=s("other"))], ids=["put", "delete", "update", "check"])
def test_the_item_is_told_where_it_is_asked_for(client, table, key, action):
    client.put_item(TableName=table, Item={"pk": s(key), "v": s("x")})
    _, found = reasons(client, [action(table, key)])
    assert found == [{
        "Code": "ConditionalCheckFailed", "Message": "The conditional request failed",
        "Item": {"pk": s(key), "v": s("x")}}]


def test_there_is_no_item_to_tell_where_there_is_none(client, table, key):
    _, found = reasons(client, [put(table, key, condition="attribute_exists(pk)", old=True)])
    assert found == [{"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}]


@pytest.mark.parametrize("action, message", [
    (lambda t, k: {"Put": {"TableName": t, "Item": {"v": s("x")}}},
     "One or more parameter values were invalid: Missing the key pk in the item"),
    (lambda t, k: {"Put": {"TableName": t, "Item": {"pk": {"N": "1"}}}},
     "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"),
    (lambda t, k: {"Delete": {"TableName": t, "Key": {"pk": s(k), "sk": s("x")}}},
     "The provided key element does not match the schema"),
    (lambda t, k: {"Delete": {"TableName": t, "Key": {"id": s(k)}}},
     "The provided key element does not match the schema"),
    (lambda t, k: update(t, k, "SET pk = :v", v=s("x")),
     "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"),
    (lambda t, k: update(t, k, "SET a = b"),
     "The provided expression refers to an attribute that does not exist in the item"),
    (lambda t, k: update(t, k, "SET a.b = :v", v=s("x")),
     "The document path provided in the update expression is invalid for update"),
    (lambda t, k: update(t, k, "SET a = if_not_exists(b, pk) + :n", n={"N": "1"}),
     "An operand in the update expression has an incorrect data type")])
def test_what_does_not_fit_table_or_item_is_a_validation_error(client, table, key, action, message):
    text, found = reasons(client, [put(table, key + "other"), action(table, key)])
    assert text == PREFIX + "[None, ValidationError]"
    assert found == [{"Code": "None"}, {"Code": "ValidationError", "Message": message}]
    assert item(client, table, key + "other") is None


@pytest.mark.parametrize("action", [
    lambda t: check(t, "", "attribute_exists(pk)"), lambda t: update(t, "", "SET a = :v", v=s("x")),
    lambda t: {"Delete": {"TableName": t, "Key": {"pk": s("")}}}, lambda t: {"Put": {"TableName": t, "Item": {"pk": s("")}}}])
def test_an_empty_key_refuses_the_request(client, table, key, action):
    with refused("ValidationException", "cannot contain an empty string value. Key: pk$"):
        client.transact_write_items(TransactItems=[put(table, key), action(table)])


def test_an_index_key_of_another_type_is_a_validation_error(client, indexed_table, key):
    _, found = reasons(client, [put(indexed_table, key, sk=s("1"), kind={"N": "1"})])
    assert found == [{
        "Code": "ValidationError",
        "Message": "One or more parameter values were invalid: Type mismatch for Index Key kind Expected: S Actual: N "
                   "IndexName: by-kind"}]


def test_an_update_to_an_index_key_of_another_type_is_a_validation_error(client, indexed_table, key):
    _, found = reasons(client, [{"Update": {
        "TableName": indexed_table, "Key": {"pk": s(key), "sk": s("1")}, "UpdateExpression": "SET kind = :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}}}}])
    assert found == [{
        "Code": "ValidationError",
        "Message": "One or more parameter values were invalid: Type mismatch for Index Key kind Expected: S Actual: N "
                   "IndexName: by-kind"}]


def test_an_item_that_would_get_too_large_is_a_validation_error(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "a": s("x" * 300_000)})
    _, found = reasons(client, [update(table, key, "SET b = :v", v=s("x" * 150_000))])
    assert found == [{
        "Code": "ValidationError", "Message": "Item size to update has exceeded the maximum allowed size"}]


# MARK: Requests that are wrong by themselves

@pytest.mark.parametrize("second", [
    lambda t, k: put(t, k), lambda t, k: delete(t, k), lambda t, k: update(t, k, "REMOVE a"),
    lambda t, k: check(t, k, "attribute_exists(pk)")], ids=["put", "delete", "update", "check"])
def test_an_item_may_be_named_once(client, table, key, second):
    with refused("ValidationException", "^Transaction request cannot include multiple operations on one item$"):
        client.transact_write_items(TransactItems=[put(table, key), second(table, key)])
    assert item(client, table, key) is None


def test_the_same_key_in_two_tables_is_two_items(client, table, key):
    other = make_table(client)
    client.transact_write_items(TransactItems=[put(table, key), put(other, key)])


def test_the_same_item_by_name_and_arn_is_one(client, table, key):
    arn = client.describe_table(TableName=table)["Table"]["TableArn"]
    with refused("ValidationException", "^Transaction request cannot include multiple operations on one item$"):
        client.transact_write_items(TransactItems=[put(table, key), put(arn, key)])


def test_no_actions_at_all(raw):
    assert raw("TransactWriteItems", {"TransactItems": []}) == (
        "ValidationException",
        "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have "
        "length greater than or equal to 1")
    assert raw("TransactWriteItems", {}) == (
        "ValidationException",
        "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be "
        "null")


def test_101_actions(client, table, key):
    with refused("ValidationException", "at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$"):
        client.transact_write_items(TransactItems=[put(table, f"{key}{number}") for number in range(101)])


@pytest.mark.parametrize("actions", [[{}], [{**put("T00", "a"), **delete("T00", "a")}]], ids=["none", "two"])
def test_an_element_has_one_action(client, actions):
    with refused("ValidationException", "^TransactItems can only contain one of Check, Put, Update or Delete$"):
        client.transact_write_items(TransactItems=actions)


def test_a_missing_table(client, table, key):
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        client.transact_write_items(TransactItems=[put(table, key), put("missing-table", key)])
    assert item(client, table, key) is None


@pytest.mark.parametrize("action, message", [
    (lambda t, k: put(t, k, condition="a ="), 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'),
    (lambda t, k: update(t, k, "PUT a"), 'Invalid UpdateExpression: Syntax error; token: "PUT", near: "PUT a"'),
    (lambda t, k: check(t, k, "a = :v"),
     "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: "
     ":v"),
    (lambda t, k: delete(t, k, condition="size = a"),
     "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: size"),
    (lambda t, k: delete(t, k, condition="attribute_exists(a)", v=s("x")),
     "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}")])
def test_wrong_expressions_are_refused_at_once(client, table, key, action, message):
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=[put(table, key + "x"), action(table, key)])
    assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": message}


def test_an_item_that_is_too_large_is_refused(client, table, key):
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(TransactItems=[put(table, key, a=s("x" * 410_000))])
    assert "Item size has exceeded the maximum allowed size" in str(caught.value.response)


def test_items_of_more_than_four_megabytes_are_refused(client, table, key):
    with refused("ValidationException", "4 MB"):
        client.transact_write_items(
            TransactItems=[put(table, f"{key}{number}", a=s("x" * 390_000)) for number in range(11)])
    assert item(client, table, f"{key}0") is None
