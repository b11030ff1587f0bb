"""Query: key conditions, order, filters, projections, pages, and the legacy form."""

import pytest

from conftest import all_pages, flat, refused


@pytest.fixture(scope="module")
def partition(client, sorted_table):
    """A partition with the sort keys -5 to 14, each item with a number, a colour and its parity."""
    name = "a partition of queries"
    for number in range(-5, 15):
        client.put_item(TableName=sorted_table, Item={
            "pk": {"S": name}, "sk": {"N": str(number)}, "square": {"N": str(number * number)},
            "colour": {"S": ["red", "green", "blue"][number % 3]}, "even": {"BOOL": number % 2 == 0}})
    return name


@pytest.fixture
def query(client, sorted_table, partition):
    def call(condition="pk = :pk", values=None, **more):
        own = {":pk": {"S": partition}} if ":pk" in condition else {}
        return client.query(
            TableName=sorted_table, KeyConditionExpression=condition,
            ExpressionAttributeValues={**own, **(values or {})}, **more)

    return call


def sort_keys(answer):
    return [int(item["sk"]["N"]) for item in answer["Items"]]


def test_a_partition_comes_in_the_order_of_its_sort_keys(query):
    answer = query()
    assert sort_keys(answer) == list(range(-5, 15))
    assert answer["Count"] == answer["ScannedCount"] == 20
    assert "LastEvaluatedKey" not in answer


def test_backwards(query):
    assert sort_keys(query(ScanIndexForward=False)) == list(range(14, -6, -1))


@pytest.mark.parametrize(("condition", "expected"), [
    ("sk = :a", [3]), ("sk < :a", list(range(-5, 3))), ("sk <= :a", list(range(-5, 4))),
    ("sk > :a", list(range(4, 15))), ("sk >= :a", list(range(3, 15))), ("sk BETWEEN :a AND :b", [3, 4, 5, 6, 7]),
])
def test_conditions_on_the_sort_key(query, condition, expected):
    values = {":a": {"N": "3"}}
    if ":b" in condition:
        values[":b"] = {"N": "7"}
    assert sort_keys(query(f"pk = :pk AND {condition}", values)) == expected
    assert sort_keys(query(f"{condition} AND pk = :pk", values, ScanIndexForward=False)) == expected[::-1]


def test_sort_keys_that_begin_with_a_text(client, indexed_table):
    for text in ("a", "ab", "abc", "abd", "b", "ab\U0010ffff", "ac"):
        client.put_item(TableName=indexed_table, Item={"pk": {"S": "prefixes"}, "sk": {"S": text}})
    answer = client.query(
        TableName=indexed_table, KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": "prefixes"}, ":prefix": {"S": "ab"}})
    assert [item["sk"]["S"] for item in answer["Items"]] == ["ab", "abc", "abd", "ab\U0010ffff"]


def test_an_empty_partition(query):
    answer = query("pk = :other", {":other": {"S": "nothing here"}})
    assert answer["Items"] == [] and answer["Count"] == 0


def test_a_filter_drops_items_after_they_were_counted(query):
    answer = query(values={":colour": {"S": "red"}}, FilterExpression="colour = :colour")
    assert sort_keys(answer) == [-3, 0, 3, 6, 9, 12]
    assert (answer["Count"], answer["ScannedCount"]) == (6, 20)


def test_a_filter_may_not_name_the_keys(query):
    with refused("ValidationException", "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"):
        query(values={":one": {"N": "1"}}, FilterExpression="sk = :one")


def test_a_limit_counts_before_the_filter(query):
    answer = query(values={":colour": {"S": "red"}}, FilterExpression="colour = :colour", Limit=4)
    assert (answer["Count"], answer["ScannedCount"]) == (1, 4)
    assert answer["LastEvaluatedKey"]["sk"] == {"N": "-2"}


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 50])
def test_pages_join_to_the_whole(query, limit, forward):
    pages = all_pages(query, Limit=limit, ScanIndexForward=forward)
    whole = list(range(-5, 15))
    assert [int(item["sk"]["N"]) for item in flat(pages)] == (whole if forward else whole[::-1])
    assert all(len(page) <= limit for page in pages)


def test_a_page_that_ends_with_the_partition_has_a_last_key(query):
    # The service doesn't look whether there is more.
    assert query(Limit=20)["LastEvaluatedKey"]["sk"] == {"N": "14"}
    assert "LastEvaluatedKey" not in query(Limit=21)


def test_boto3s_paginator(client, sorted_table, partition):
    pages = client.get_paginator("query").paginate(
        TableName=sorted_table, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}}, PaginationConfig={"PageSize": 6})
    assert [len(page["Items"]) for page in pages] == [6, 6, 6, 2]


def test_a_count_alone(query):
    answer = query(Select="COUNT")
    assert answer["Count"] == 20 and "Items" not in answer


def test_a_projection(query):
    answer = query("pk = :pk AND sk = :a", {":a": {"N": "3"}}, ProjectionExpression="square, colour")
    assert answer["Items"] == [{"square": {"N": "9"}, "colour": {"S": "red"}}]


def test_specific_attributes_need_a_projection(query):
    with refused("ValidationException", "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"):
        query(Select="SPECIFIC_ATTRIBUTES")


def test_a_page_has_one_megabyte_at_most(client, sorted_table, key):
    for number in range(5):
        client.put_item(TableName=sorted_table, Item={
            "pk": {"S": key}, "sk": {"N": str(number)}, "a": {"S": "x" * 300_000}})
    pages = all_pages(
        client.query, TableName=sorted_table, KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": key}})
    assert [len(page) for page in pages] == [4, 1]


def test_consumed_capacity_is_rounded_for_the_page(client, sorted_table, key):
    for number in range(4):
        client.put_item(TableName=sorted_table, Item={
            "pk": {"S": key}, "sk": {"N": str(number)}, "a": {"S": "x" * 1500}})
    answer = client.query(
        TableName=sorted_table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": key}},
        ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": sorted_table, "CapacityUnits": 2.0}


@pytest.mark.parametrize(("condition", "values", "message"), [
    ("sk = :a", {":a": {"N": "1"}}, "Query condition missed key schema element: pk"),
    ("pk > :pk", {}, "Query key condition not supported"),
    ("pk = :pk AND square = :a", {":a": {"N": "1"}}, "Query condition missed key schema element: sk|Query key condition not supported"),
    ("pk = :pk OR sk = :a", {":a": {"N": "1"}}, "Invalid operator used in KeyConditionExpression: OR"),
    ("pk = :pk AND sk <> :a", {":a": {"N": "1"}}, "Unsupported operator on KeyCondition|Query key condition not supported|Invalid operator used in KeyConditionExpression: <>"),
    ("pk = :pk AND sk = :a", {":a": {"S": "1"}}, "Condition parameter type does not match schema type"),
    ("pk = :pk AND begins_with(sk, :a)", {":a": {"N": "1"}}, "Incorrect operand type for operator or function; operator or function: begins_with|Query key condition not supported"),
])
def test_bad_key_conditions_are_refused(query, condition, values, message):
    with refused("ValidationException", message):
        query(condition, values)


def test_a_query_needs_a_key_condition(client, sorted_table):
    with refused("ValidationException", "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."):
        client.query(TableName=sorted_table)


def test_a_start_key_is_a_key_of_the_partition(query):
    with refused("ValidationException", "The provided starting key is (invalid|outside query boundaries)"):
        query(ExclusiveStartKey={"pk": {"S": "another partition"}, "sk": {"N": "1"}})
    with refused("ValidationException", "The provided starting key is invalid"):
        query(ExclusiveStartKey={"pk": {"S": "another partition"}})


def test_the_legacy_form_works(client, sorted_table, partition):
    answer = client.query(
        TableName=sorted_table, KeyConditions={
            "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": partition}]},
            "sk": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "0"}, {"N": "9"}]}},
        QueryFilter={"colour": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "blue"}]}})
    assert sort_keys(answer) == [2, 5, 8]


def test_number_keys_are_ordered_as_numbers(client, sorted_table, key):
    numbers = ["-1E+100", "-20", "-3", "-0.5", "-1E-100", "0", "1E-100", "0.5", "3", "20", "1E+100"]
    for number in reversed(numbers):
        client.put_item(TableName=sorted_table, Item={"pk": {"S": key}, "sk": {"N": number}})
    answer = client.query(
        TableName=sorted_table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": key}})
    assert [float(item["sk"]["N"]) for item in answer["Items"]] == [float(number) for number in numbers]


@pytest.mark.parametrize("more", [
    {"FilterExpression": "n > :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}, {"ProjectionExpression": "sk, n"}])
def test_the_older_expressions_go_with_key_conditions(client, sorted_table, key, more):
    for number in range(3):
        client.put_item(TableName=sorted_table, Item={"pk": {"S": key}, "sk": {"N": str(number)}, "n": {"N": str(number)}})
    answer = client.query(
        TableName=sorted_table, KeyConditions={"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": key}]}}, **more)
    assert [item["n"]["N"] for item in answer["Items"]] == (["2"] if "FilterExpression" in more else ["0", "1", "2"])


def test_one_kind_of_key_condition_excludes_the_other(raw, sorted_table):
    assert raw("Query", {
        "TableName": sorted_table, "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
        "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}) == (
        "ValidationException",
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{KeyConditions} Expression parameters: {KeyConditionExpression}")
