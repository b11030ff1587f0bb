"""Global secondary indexes added to and removed from tables in use, and those with several attributes in their keys."""

import threading

import pytest

from conftest import all_pages, flat, index, make_table, refused, wait_until_active
from installation import wait_until

def attributes(*names, kind="S"):
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def add(client, table, definition, *names, kind="S"):
    return client.update_table(
        TableName=table, AttributeDefinitions=attributes(*names, kind=kind),
        GlobalSecondaryIndexUpdates=[{"Create": definition}])["TableDescription"]


def remove(client, table, name):
    return client.update_table(
        TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])["TableDescription"]


def indexes(client, table):
    described = client.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    return {entry["IndexName"]: entry for entry in described}


def wait_until_gone(client, table, name):
    wait_until(lambda: name not in indexes(client, table), f"the index {name} is gone")


def scan(client, table, name):
    return flat(all_pages(client.scan, TableName=table, IndexName=name))


@pytest.fixture
def filled(client):
    """A table with 200 items, of which 150 have a color."""
    name = make_table(client)
    for start in range(0, 200, 25):
        client.batch_write_item(RequestItems={name: [
            {"PutRequest": {"Item": {
                "pk": {"S": str(number)}, "n": {"N": str(number)},
                **({"color": {"S": f"color-{number % 3}"}} if number % 4 else {})}}}
            for number in range(start, start + 25)]})
    return name


def test_an_index_comes_with_what_the_table_holds(client, filled):
    description = add(client, filled, index("by-color", "color"), "color")
    [created] = description["GlobalSecondaryIndexes"]
    assert (description["TableStatus"], created["IndexStatus"], created["Backfilling"]) == ("UPDATING", "CREATING", True)
    assert created["IndexArn"].endswith(f":table/{filled}/index/by-color")
    wait_until_active(client, filled)
    active = indexes(client, filled)["by-color"]
    assert active["IndexStatus"] == "ACTIVE" and "Backfilling" not in active
    found = scan(client, filled, "by-color")
    assert sorted(int(item["n"]["N"]) for item in found) == [number for number in range(200) if number % 4]
    assert active["ItemCount"] == 150
    assert active["IndexSizeBytes"] > 150 * 10


def test_an_index_of_an_empty_table_comes_the_same_way(client):
    name = make_table(client)
    [created] = add(client, name, index("by-color", "color"), "color")["GlobalSecondaryIndexes"]
    assert created["IndexStatus"] == "CREATING"
    wait_until_active(client, name)
    assert scan(client, name, "by-color") == []


def test_writes_during_a_backfill_are_in_the_index(client, filled):
    stopping, written = threading.Event(), set()

    def write():
        number = 1000
        while not stopping.is_set():
            client.put_item(TableName=filled, Item={"pk": {"S": str(number)}, "color": {"S": "new"}})
            client.delete_item(TableName=filled, Key={"pk": {"S": str(number - 999)}})
            written.add(str(number))
            number += 1

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        wait_until(lambda: len(written) > 20, "some items are written")
        add(client, filled, index("by-color", "color"), "color")
        wait_until_active(client, filled)
        many = len(written) + 20
        wait_until(lambda: len(written) > many, "more items are written")
    finally:
        stopping.set()
        writer.join()
    expected = {
        item["pk"]["S"] for item in flat(all_pages(client.scan, TableName=filled, ConsistentRead=True))
        if "color" in item}
    assert written <= expected
    assert {item["pk"]["S"] for item in scan(client, filled, "by-color")} == expected
    assert indexes(client, filled)["by-color"]["ItemCount"] == len(expected)


def test_an_item_whose_attribute_has_another_type_is_left_out(client):
    name = make_table(client)
    client.put_item(TableName=name, Item={"pk": {"S": "text"}, "size": {"S": "large"}})
    client.put_item(TableName=name, Item={"pk": {"S": "number"}, "size": {"N": "7"}})
    client.put_item(TableName=name, Item={"pk": {"S": "nothing"}})
    add(client, name, index("by-size", "size"), "size", kind="N")
    wait_until_active(client, name)
    assert [item["pk"]["S"] for item in scan(client, name, "by-size")] == ["number"]
    with refused("ValidationException", "Type mismatch for Index Key size Expected: N Actual: S IndexName: by-size$"):
        client.put_item(TableName=name, Item={"pk": {"S": "text"}, "size": {"S": "small"}})


def test_an_index_goes(client, filled):
    add(client, filled, index("by-color", "color"), "color")
    wait_until_active(client, filled)
    description = remove(client, filled, "by-color")
    assert [entry["IndexStatus"] for entry in description["GlobalSecondaryIndexes"]] == ["DELETING"]
    wait_until_gone(client, filled, "by-color")
    described = client.describe_table(TableName=filled)["Table"]
    assert "GlobalSecondaryIndexes" not in described
    assert [entry["AttributeName"] for entry in described["AttributeDefinitions"]] == ["pk"]
    with refused("ValidationException", "^The table does not have the specified index: by-color$"):
        client.scan(TableName=filled, IndexName="by-color")


def test_an_index_of_a_used_name_begins_anew(client, filled):
    add(client, filled, index("again", "color"), "color")
    wait_until_active(client, filled)
    remove(client, filled, "again")
    wait_until_gone(client, filled, "again")
    add(client, filled, index("again", "n"), "n", kind="N")
    wait_until_active(client, filled)
    assert indexes(client, filled)["again"]["KeySchema"] == [{"AttributeName": "n", "KeyType": "HASH"}]
    assert len(scan(client, filled, "again")) == 200


@pytest.mark.parametrize(("projection", "expected"), [
    ({"ProjectionType": "ALL"}, {"pk", "color", "note", "more"}),
    ({"ProjectionType": "KEYS_ONLY"}, {"pk", "color"}),
    ({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}, {"pk", "color", "note"}),
])
def test_projections_of_an_added_index(client, projection, expected):
    name = make_table(client)
    item = {attribute: {"S": "x"} for attribute in ("pk", "color", "note", "more")}
    client.put_item(TableName=name, Item=item)
    add(client, name, index("by-color", "color", projection=projection), "color")
    wait_until_active(client, name)
    assert [set(found) for found in scan(client, name, "by-color")] == [expected]
    assert indexes(client, name)["by-color"]["Projection"] == projection


def test_counts_and_sizes_are_true(client):
    name = make_table(client, AttributeDefinitions=attributes("color"), GlobalSecondaryIndexes=[
        index("by-color", "color", projection={"ProjectionType": "KEYS_ONLY"})])

    def counts():
        table = client.describe_table(TableName=name)["Table"]
        [entry] = table["GlobalSecondaryIndexes"]
        return table["ItemCount"], table["TableSizeBytes"], entry["ItemCount"], entry["IndexSizeBytes"]

    assert counts() == (0, 0, 0, 0)
    client.put_item(TableName=name, Item={"pk": {"S": "a"}, "color": {"S": "red"}, "n": {"N": "12"}})
    # pk 2 + 1, color 5 + 3, n 1 + 2; the index has all but n.
    assert counts() == (1, 14, 1, 11)
    client.put_item(TableName=name, Item={"pk": {"S": "b"}})
    assert counts() == (2, 17, 1, 11)
    client.update_item(
        TableName=name, Key={"pk": {"S": "b"}}, UpdateExpression="SET color = :c",
        ExpressionAttributeValues={":c": {"S": "blue"}})
    assert counts() == (2, 26, 2, 23)
    client.update_item(TableName=name, Key={"pk": {"S": "a"}}, UpdateExpression="REMOVE color")
    assert counts() == (2, 18, 1, 12)
    client.delete_item(TableName=name, Key={"pk": {"S": "b"}})
    assert counts() == (1, 6, 0, 0)


def test_local_indexes_have_counts_too(client):
    name = make_table(client, "pk:S sk:S", AttributeDefinitions=attributes("score"), LocalSecondaryIndexes=[
        index("by-score", "pk", "score")])
    client.put_item(TableName=name, Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "score": {"S": "c"}})
    client.put_item(TableName=name, Item={"pk": {"S": "a"}, "sk": {"S": "c"}})
    [entry] = client.describe_table(TableName=name)["Table"]["LocalSecondaryIndexes"]
    assert (entry["ItemCount"], entry["IndexSizeBytes"]) == (1, 12)
    assert "IndexStatus" not in entry


# What is refused

@pytest.fixture(scope="module")
def plain(client):
    """A table with the global index `by-color` that nobody changes."""
    return make_table(client, AttributeDefinitions=attributes("color"), GlobalSecondaryIndexes=[
        index("by-color", "color")])


def update(client, table, *updates, names=("color",), **more):
    return client.update_table(
        TableName=table, AttributeDefinitions=attributes(*names), GlobalSecondaryIndexUpdates=list(updates), **more)


@pytest.mark.parametrize(("updates", "names", "code", "message"), [
    ([{"Create": index("by-color", "color")}], ["color"], "ValidationException",
     "Attempting to create an index which already exists"),
    ([{"Delete": {"IndexName": "no-such"}}], ["color"], "ResourceNotFoundException", "Requested resource not found"),
    ([{"Create": index("new", "missing")}], ["color"], "ValidationException",
     r"One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions\. "
     r"Keys: \[missing\], AttributeDefinitions: \[color\]"),
    ([{"Create": index("one", "color")}, {"Create": index("two", "color")}], ["color"], "LimitExceededException",
     "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"),
    ([{"Create": index("one", "color")}, {"Delete": {"IndexName": "by-color"}}], ["color"], "LimitExceededException",
     "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"),
    ([{"Delete": {"IndexName": "by-color"}}, {"Delete": {"IndexName": "by-color"}}], ["color"], "ValidationException",
     "One or more parameter values were invalid: Only one global secondary index update per index is allowed "
     "simultaneously. Index: by-color"),
    ([{}], ["color"], "ValidationException",
     "One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
     "GlobalSecondaryIndexUpdate.Delete must not be null"),
    ([{"Create": index("new", "color", "color")}], ["color"], "ValidationException",
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    ([{"Create": index("new", "color", projection={"ProjectionType": "INCLUDE"})}], ["color"], "ValidationException",
     "One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    ([{"Create": index("new", "color", projection={"ProjectionType": "ALL", "NonKeyAttributes": ["a"]})}], ["color"],
     "ValidationException",
     "One or more parameter values were invalid: ProjectionType is ALL, but NonKeyAttributes is specified"),
    ([{"Create": {**index("new", "color"), "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}],
     ["color"], "ValidationException",
     "One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: new when BillingMode is "
     "PAY_PER_REQUEST"),
])
def test_index_updates_that_are_refused(client, plain, updates, names, code, message):
    with refused(code, f"^{message}$"):
        update(client, plain, *updates, names=names)


def test_an_attribute_keeps_its_type(client, plain):
    with refused(
            "ValidationException",
            "^One or more parameter values were invalid: Attributes cannot be redefined. Please check that your attribute has the "
            r"same type as previously defined. Existing schema: Schema:\[SchemaElement: key{color:S:HASH}.*\] "
            r"New schema: Schema:\[SchemaElement: key{color:N:HASH}\]$"):
        client.update_table(
            TableName=plain, AttributeDefinitions=attributes("color", kind="N"),
            GlobalSecondaryIndexUpdates=[{"Create": index("new", "color")}])


def test_an_index_comes_alone(client, plain):
    with refused("ValidationException", "You cannot create or delete index while updating table IOPS$"):
        update(client, plain, {"Create": index("new", "color")}, BillingMode="PAY_PER_REQUEST")


def test_twenty_indexes_are_the_most(client):
    name = make_table(client, AttributeDefinitions=attributes("color"), GlobalSecondaryIndexes=[
        index(f"index-{number}", "color") for number in range(20)])
    assert len(indexes(client, name)) == 20
    with refused("ValidationException", "GlobalSecondaryIndex count exceeds the per-table limit of 20$"):
        update(client, name, {"Create": index("one-more", "color")})


# Several attributes in a key

def key(partition, sort=()):
    return [{"AttributeName": name, "KeyType": "HASH"} for name in partition] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in sort]


def wide(name, partition, sort=()):
    return {"IndexName": name, "KeySchema": key(partition, sort), "Projection": {"ProjectionType": "ALL"}}


@pytest.fixture(scope="module")
def matches(client):
    """A table with an index on tournament and region, by round, bracket and the number table."""
    name = make_table(
        client, AttributeDefinitions=attributes("tournament", "region", "round", "bracket") + attributes("table", kind="N"),
        GlobalSecondaryIndexes=[wide("by-match", ["tournament", "region"], ["round", "bracket", "table"])])
    for number, (round_, bracket) in enumerate(
            (round_, bracket) for round_ in ("final", "semi") for bracket in ("lower", "upper") for _ in range(3)):
        client.put_item(TableName=name, Item={
            "pk": {"S": str(number)}, "tournament": {"S": "t"}, "region": {"S": "r"}, "round": {"S": round_},
            "bracket": {"S": bracket}, "table": {"N": str(number % 3)}})
    client.put_item(TableName=name, Item={
        "pk": {"S": "no table"}, "tournament": {"S": "t"}, "region": {"S": "r"}, "round": {"S": "final"},
        "bracket": {"S": "lower"}})
    return name


def find(client, matches, condition, **more):
    values = {":t": {"S": "t"}, ":r": {"S": "r"}, ":f": {"S": "final"}, ":l": {"S": "lower"}, ":n": {"N": "1"}}
    names = {"#t": "tournament", "#r": "region", "#d": "round", "#b": "bracket", "#n": "table"}
    answer = client.query(
        TableName=matches, IndexName="by-match", KeyConditionExpression=condition,
        ExpressionAttributeValues={name: value for name, value in values.items() if name in condition},
        ExpressionAttributeNames={name: value for name, value in names.items() if name in condition}, **more)
    return [int(item["pk"]["S"]) for item in answer["Items"]]


@pytest.mark.parametrize(("condition", "expected"), [
    ("#t = :t AND #r = :r", list(range(12))),
    ("#t = :t AND #r = :r AND #d = :f", list(range(6))),
    ("#t = :t AND #r = :r AND #d = :f AND #b = :l", [0, 1, 2]),
    ("#t = :t AND #r = :r AND #d = :f AND #b = :l AND #n > :n", [2]),
    ("#t = :t AND #r = :r AND begins_with(#d, :f)", list(range(6))),
    ("#t = :t AND #r = :r AND #d > :f", list(range(6, 12))),
    ("#r = :r AND #t = :t AND #d = :f AND #b > :l", [3, 4, 5]),
])
def test_queries_of_a_wide_key(client, matches, condition, expected):
    assert find(client, matches, condition) == expected


def test_a_wide_key_is_read_backwards_and_page_by_page(client, matches):
    assert find(client, matches, "#t = :t AND #r = :r", ScanIndexForward=False) == list(range(11, -1, -1))
    pages = all_pages(
        client.query, TableName=matches, IndexName="by-match", Limit=5,
        KeyConditionExpression="tournament = :t AND #r = :r", ExpressionAttributeNames={"#r": "region"},
        ExpressionAttributeValues={":t": {"S": "t"}, ":r": {"S": "r"}})
    assert [int(item["pk"]["S"]) for item in flat(pages)] == list(range(12))
    assert [len(page) for page in pages][:2] == [5, 5]


@pytest.mark.parametrize("condition", [
    "#t = :t", "#r = :r", "#t = :t AND #r > :r", "#t = :t AND #r = :r AND #b = :l",
    "#t = :t AND #r = :r AND #d > :f AND #b = :l", "#t = :t AND #r = :r AND #d = :f AND #n = :n",
])
def test_wide_keys_that_are_not_queried_like_that(client, matches, condition):
    with refused(
            "ValidationException",
            "^(HASH|RANGE) key attributes .* must have equality conditions specified in the query|^Query key condition not supported"):
        find(client, matches, condition)


def test_a_wide_index_is_added_to_a_live_table(client):
    name = make_table(client)
    for number in range(30):
        client.put_item(TableName=name, Item={
            "pk": {"S": str(number)}, "a": {"S": str(number % 2)}, "b": {"S": "b"}, "c": {"S": str(number % 3)},
            **({"d": {"S": "d"}} if number % 5 else {})})
    add(client, name, wide("wide", ["a", "b"], ["c", "d"]), "a", "b", "c", "d")
    wait_until_active(client, name)
    assert len(scan(client, name, "wide")) == 24
    assert indexes(client, name)["wide"]["KeySchema"] == key(["a", "b"], ["c", "d"])


INVALID = "One or more parameter values were invalid: "
NAMES = [f"a{number}" for number in range(10)]


@pytest.mark.parametrize(("schema", "message"), [
    (key(NAMES[:5]), INVALID + "The KeySchema exceeds the maximum allowed number of HASH key attributes"),
    (key(NAMES[:1], NAMES[1:6]), INVALID + "The KeySchema exceeds the maximum allowed number of RANGE key attributes"),
    (key(NAMES[:1], NAMES[1:2]) + key(NAMES[2:3]),
     INVALID + "All HASH key attributes must precede RANGE key attributes in the KeySchema"),
    (key([], NAMES[:1]), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    (key(["a0", "a1", "a0"]),
     "The KeySchema contains multiple key attributes with the same name"),
])
def test_wide_keys_that_are_refused(client, schema, message):
    used = sorted({element["AttributeName"] for element in schema})
    with refused("ValidationException", f"^{message}$"):
        make_table(client, AttributeDefinitions=attributes(*used), GlobalSecondaryIndexes=[
            {"IndexName": "wide", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}])


def test_four_and_four_are_the_most(client):
    name = make_table(client, AttributeDefinitions=attributes(*NAMES[:8]), GlobalSecondaryIndexes=[
        wide("wide", NAMES[:4], NAMES[4:8])])
    client.put_item(TableName=name, Item={"pk": {"S": "x"}, **{attribute: {"S": attribute} for attribute in NAMES[:8]}})
    client.put_item(TableName=name, Item={"pk": {"S": "y"}, **{attribute: {"S": attribute} for attribute in NAMES[:7]}})
    assert [item["pk"]["S"] for item in scan(client, name, "wide")] == ["x"]


def test_tables_and_local_indexes_have_narrow_keys(client):
    with refused("ValidationException", "^Invalid KeySchema: The second KeySchemaElement is not a RANGE key type$"):
        client.create_table(
            TableName="narrow", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=attributes("a", "b"),
            KeySchema=key(["a", "b"]))
    with refused("ValidationException", "Member must have length less than or equal to 2$"):
        client.create_table(
            TableName="narrow", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=attributes("a", "b", "c"),
            KeySchema=key(["a"], ["b", "c"]))
