"""boto3's resource, with its own types, condition builder, paginator and batch writer."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError


@pytest.fixture
def songs(resource, indexed_table):
    return resource.Table(indexed_table)


def test_python_values_come_back_as_they_were(songs, key):
    item = {
        "pk": key, "sk": "1", "number": Decimal("12.345"), "list": [1, "two", None, True], "map": {"a": {"b": Decimal(1)}},
        "strings": {"a", "b"}, "numbers": {Decimal(1), Decimal(2)}, "bytes": Binary(b"\x00\x01")}
    songs.put_item(Item=item)
    assert songs.get_item(Key={"pk": key, "sk": "1"})["Item"] == item


def test_conditions_are_built(songs, key):
    with songs.batch_writer() as batch:
        for number in range(40):
            batch.put_item(Item={"pk": key, "sk": f"{number:02}", "n": number, "tags": {"even" if number % 2 == 0 else "odd"}})
    answer = songs.query(
        KeyConditionExpression=Key("pk").eq(key) & Key("sk").between("05", "30"),
        FilterExpression=Attr("tags").contains("odd") & Attr("n").gt(10) & ~Attr("n").is_in([13, 15]))
    assert [int(item["n"]) for item in answer["Items"]] == [11, 17, 19, 21, 23, 25, 27, 29]


def test_the_batch_writer_deletes_and_overwrites(songs, key):
    with songs.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for number in range(30):
            batch.put_item(Item={"pk": key, "sk": str(number % 10), "n": number})
        batch.delete_item(Key={"pk": key, "sk": "0"})
    items = songs.query(KeyConditionExpression=Key("pk").eq(key))["Items"]
    assert [int(item["n"]) for item in items] == list(range(21, 30))


def test_a_condition_that_fails(songs, key):
    songs.put_item(Item={"pk": key, "sk": "1"}, ConditionExpression=Attr("pk").not_exists())
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        songs.put_item(Item={"pk": key, "sk": "1"}, ConditionExpression=Attr("pk").not_exists())


def test_an_update_of_a_nested_counter(songs, key):
    songs.put_item(Item={"pk": key, "sk": "1", "counts": {"views": 1}})
    answer = songs.update_item(
        Key={"pk": key, "sk": "1"}, UpdateExpression="SET counts.#v = counts.#v + :n",
        ExpressionAttributeNames={"#v": "views"}, ExpressionAttributeValues={":n": 41}, ReturnValues="ALL_NEW")
    assert answer["Attributes"]["counts"] == {"views": 42}


def test_the_table_describes_itself(songs, indexed_table):
    assert songs.name == indexed_table
    assert songs.table_status == "ACTIVE"
    assert {index["IndexName"] for index in songs.global_secondary_indexes} == {"by-owner", "by-kind", "by-city"}
    assert [index["IndexName"] for index in songs.local_secondary_indexes] == ["by-score"]


def test_a_batch_get_through_the_resource(resource, songs, key):
    songs.put_item(Item={"pk": key, "sk": "1"})
    answer = resource.batch_get_item(RequestItems={songs.name: {"Keys": [{"pk": key, "sk": "1"}]}})
    assert answer["Responses"][songs.name] == [{"pk": key, "sk": "1"}]
