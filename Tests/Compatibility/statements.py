"""Short words for PartiQL statements, and the tables that tests of them share."""

import pytest
from botocore.exceptions import ClientError

from conftest import index, make_table

MALFORMED = "Statement wasn't well formed, can't be processed: "
NO_KEY = "^Where clause does not contain a mandatory equality on all key attributes$"


def s(text):
    return {"S": text}


def n(number):
    return {"N": str(number)}


def execute(client, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return client.execute_statement(Statement=statement, **more)


def items(client, statement, *parameters, **more):
    return execute(client, statement, *parameters, **more)["Items"]


def item(client, table, pk):
    return client.get_item(TableName=table, Key={"pk": s(pk)}, ConsistentRead=True).get("Item")


def error(call):
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def sks(found):
    return [int(element["sk"]["N"]) for element in found]


@pytest.fixture(scope="session")
def songs(client):
    """A table of its own with indexes: ten items in `a` and five in `b`."""
    table = make_table(
        client, "pk:S sk:N",
        AttributeDefinitions=[
            {"AttributeName": "genre", "AttributeType": "S"}, {"AttributeName": "year", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[
            index("by-genre", "genre", "year"),
            index("genre.keys", "genre", projection={"ProjectionType": "KEYS_ONLY"})],
        LocalSecondaryIndexes=[index("by-year", "pk", "year")])
    for pk, count in [("a", 10), ("b", 5)]:
        for number in range(count):
            client.put_item(TableName=table, Item={
                "pk": s(pk), "sk": n(number), "genre": s("odd" if number % 2 else "even"), "year": n(2000 - number),
                "name": s(f"{pk}{number}"), "doc": {"M": {"x": n(number), "l": {"L": [n(number), s("y")]}}},
                "tags": {"SS": [f"t{number}", "all"]}, **({"rare": {"NULL": True}} if number == 3 else {})})
    return table


@pytest.fixture
def document(client, table, key):
    client.put_item(TableName=table, Item={
        "pk": s(key), "n": n(1), "l": {"L": [s("a"), s("b"), s("c")]}, "m": {"M": {"x": n(1), "y": n(2)}},
        "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1"]}})
    return key
