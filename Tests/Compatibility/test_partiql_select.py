"""PartiQL: what a SELECT reads, of tables and of indexes, and in which order."""

import pytest

from conftest import index, make_table, refused
from statements import error, execute, items, n, s, sks, songs  # noqa: F401, F811


# MARK: SELECT: what is read

def test_select_of_one_item(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    assert items(client, f"SELECT * FROM \"{table}\" WHERE pk = '{key}'") == [{"pk": s(key), "v": n(1)}]


def test_select_with_a_parameter(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": n(1)})
    assert items(client, f'SELECT v FROM "{table}" WHERE pk = ?', s(key)) == [{"v": n(1)}]


def test_select_of_nothing(client, table, key):
    assert items(client, f'SELECT * FROM "{table}" WHERE pk = ?', s(key)) == []


def test_keywords_are_of_any_case(client, songs):
    assert len(items(client, f"select * From \"{songs}\" wHERE pk = 'a' aNd sk = 1")) == 1


def test_a_quote_in_a_string_stands_twice(client, table, key):
    client.put_item(TableName=table, Item={"pk": s(key), "v": s("it's")})
    assert items(client, f"SELECT v FROM \"{table}\" WHERE pk = '{key}' AND v = 'it''s'") == [{"v": s("it's")}]


def test_the_table_may_be_an_arn(client, songs):
    arn = client.describe_table(TableName=songs)["Table"]["TableArn"]
    assert len(items(client, f"SELECT * FROM \"{arn}\" WHERE pk = 'b'")) == 5


@pytest.mark.parametrize("condition, expected", [
    ("sk = 3", [3]), ("3 = sk", [3]), ("sk < 2", [0, 1]), ("sk <= 2", [0, 1, 2]), ("sk > 7", [8, 9]),
    ("sk >= 8", [8, 9]), ("sk BETWEEN 3 AND 5", [3, 4, 5]), ("sk <> 0 AND sk < 3", [1, 2]), ("sk != 0 AND sk < 3", [1, 2]),
    ("sk IN [1, 3, 99]", [1, 3]), ("sk IN (2, 4)", [2, 4]), ("NOT sk > 1", [0, 1]), ("NOT (sk > 1 AND sk < 9)", [0, 1, 9]),
    ("sk NOT IN [0,1,2,3,4,5,6,7]", [8, 9]), ("sk NOT BETWEEN 1 AND 8", [0, 9]), ("sk = 1 OR sk = 2", [1, 2]),
    ("genre = 'odd' AND sk < 4", [1, 3]), ("(genre = 'odd' OR sk = 0) AND sk < 4", [0, 1, 3]),
    ("begins_with(name, 'a1')", [1]), ("begins_with(\"name\", 'a')", list(range(10))), ("contains(tags, 't4')", [4]),
    ("contains(name, '5')", [5]), ("size(name) = 2 AND sk = 6", [6]), ("size(tags) > 5", []),
    ("attribute_type(rare, 'NULL')", [3]), ("rare IS NULL", [3]), ("rare IS NOT NULL AND sk IN [2, 3]", [2]),
    ("rare IS NOT MISSING", [3]), ("rare IS MISSING AND sk < 5", [0, 1, 2, 4]), ("doc.x = 7", [7]),
    ("doc.l[0] = 2", [2]), ("\"doc\".\"x\" > 8", [9]), ("doc['x'] = 5", [5]), ("\"year\" = 1996", [4]),
    ("doc = {'x': 1, 'l': [1, 'y']}", [1]), ("tags = <<'all', 't8'>>", [8]), ("sk = -1", []), ("sk = 1.0", [1]),
    ("sk = 1e0", [1]), ("sk > 7 AND sk > 8", [9]), ("name = doc.x", []), ("doc.x = sk AND sk < 2", [0, 1])])
def test_conditions(client, songs, condition, expected):
    assert sks(items(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a' AND ({condition})")) == expected
    assert sks(items(client, f"SELECT sk FROM \"{songs}\" WHERE pk = 'a' AND {condition}"
                     if " OR " not in condition else f"SELECT sk FROM \"{songs}\" WHERE ({condition}) AND pk = 'a'")) == expected


def test_a_scan_filters(client, songs):
    found = items(client, f'SELECT pk, sk FROM "{songs}" WHERE sk = 2')
    assert sorted((one["pk"]["S"], one["sk"]["N"]) for one in found) == [("a", "2"), ("b", "2")]


def test_a_scan_of_everything(client, songs):
    assert len(items(client, f'SELECT * FROM "{songs}"')) == 15


def test_partitions_by_in(client, songs):
    found = items(client, f"SELECT * FROM \"{songs}\" WHERE pk IN ['b', 'a', 'none'] AND sk < 2")
    assert [(one["pk"]["S"], one["sk"]["N"]) for one in found] == [("b", "0"), ("b", "1"), ("a", "0"), ("a", "1")]


def test_partitions_by_or(client, songs):
    found = items(client, f"SELECT * FROM \"{songs}\" WHERE (pk = 'a' AND sk = 3) OR (pk = 'b' AND sk = 4)")
    assert [(one["pk"]["S"], one["sk"]["N"]) for one in found] == [("a", "3"), ("b", "4")]


def test_in_with_a_list_of_parameters(client, songs):
    assert sks(items(client, f'SELECT * FROM "{songs}" WHERE pk = ? AND sk IN [?, ?]', s("a"), n(2), n(5))) == [2, 5]


def test_queries_cost_what_they_read(client, songs):
    query = execute(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a' AND sk = 1", ReturnConsumedCapacity="TOTAL")
    assert query["ConsumedCapacity"] == {"TableName": songs, "CapacityUnits": 0.5}
    strong = execute(
        client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'", ReturnConsumedCapacity="INDEXES", ConsistentRead=True)
    assert strong["ConsumedCapacity"] == {"TableName": songs, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}


# MARK: SELECT: columns

def test_columns_keep_what_there_is(client, songs):
    assert items(client, f"SELECT sk, none, genre FROM \"{songs}\" WHERE pk = 'a' AND sk = 1") == [
        {"sk": n(1), "genre": s("odd")}]


def test_a_nested_column_has_its_last_name(client, songs):
    assert items(client, f"SELECT doc.x FROM \"{songs}\" WHERE pk = 'a' AND sk = 4") == [{"x": n(4)}]


def test_a_column_of_nothing_is_an_empty_item(client, songs):
    assert items(client, f"SELECT nothing FROM \"{songs}\" WHERE pk = 'a' AND sk = 4") == [{}]


# MARK: SELECT: indexes and order

def test_a_global_index(client, songs):
    found = items(client, f"SELECT * FROM \"{songs}\".\"by-genre\" WHERE genre = 'odd' AND \"year\" >= 1997 AND pk = 'a'")
    assert sks(found) == [3, 1]


def test_an_index_whose_name_has_a_point(client, songs):
    found = items(client, f"SELECT * FROM \"{songs}\".\"genre.keys\" WHERE genre = 'odd' AND sk = 1 AND pk = 'b'")
    assert found == [{"pk": s("b"), "sk": n(1), "genre": s("odd")}]


def test_a_local_index(client, songs):
    assert sks(items(client, f"SELECT * FROM \"{songs}\".\"by-year\" WHERE pk = 'b'")) == [4, 3, 2, 1, 0]


def test_an_index_costs_its_own_capacity(client, songs):
    answer = execute(
        client, f"SELECT * FROM \"{songs}\".\"by-genre\" WHERE genre = 'odd' AND \"year\" = 1999",
        ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == {
        "TableName": songs, "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by-genre": {"CapacityUnits": 0.5}}}


def test_a_missing_index(client, songs):
    with refused("ValidationException", "^The table does not have the specified index$"):
        execute(client, f'SELECT * FROM "{songs}"."none" WHERE genre = ?', s("odd"))


def test_what_an_index_does_not_hold(client, songs):
    with refused("ValidationException", "Global secondary index genre.keys does not project"):
        execute(client, f"SELECT year2 FROM \"{songs}\".\"genre.keys\" WHERE genre = 'odd'")


def test_a_global_index_is_never_consistent(client, songs):
    with refused("ValidationException", "^Strongly consistent read is not supported on Global Secondary Indexes$"):
        execute(client, f"SELECT * FROM \"{songs}\".\"by-genre\" WHERE genre = 'odd'", ConsistentRead=True)


def test_order_by(client, songs):
    assert sks(items(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'b' ORDER BY sk DESC")) == [4, 3, 2, 1, 0]
    assert sks(items(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'b' ORDER BY sk ASC")) == [0, 1, 2, 3, 4]
    assert sks(items(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'b' ORDER BY sk")) == [0, 1, 2, 3, 4]


def test_order_by_the_partition_key(client, songs):
    found = items(client, f"SELECT * FROM \"{songs}\" WHERE pk IN ['a', 'b'] AND sk = 1 ORDER BY pk DESC")
    assert [one["pk"]["S"] for one in found] == ["b", "a"]


@pytest.mark.parametrize("rest, message", [
    ("ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
    ("WHERE genre = 'odd' ORDER BY sk",
     "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."),
    ("WHERE pk = 'a' ORDER BY genre", "Variable reference genre in ORDER BY clause must be part of the primary key")])
def test_what_cannot_be_ordered(client, songs, rest, message):
    assert error(lambda: execute(client, f'SELECT * FROM "{songs}" {rest}')) == ("ValidationException", message)


# MARK: SELECT: pages

def pages(client, statement, limit):
    found, token = [], {}
    while True:
        answer = client.execute_statement(Statement=statement, Limit=limit, **token)
        found.append(answer["Items"])
        assert len(answer["Items"]) <= limit
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize("statement", [
    "SELECT * FROM \"{}\" WHERE pk = 'a'", "SELECT * FROM \"{}\" WHERE pk = 'a' ORDER BY sk DESC",
    "SELECT * FROM \"{}\"", "SELECT * FROM \"{}\" WHERE pk IN ['a', 'b']", "SELECT * FROM \"{}\".\"by-genre\" WHERE genre = 'odd'",
    "SELECT * FROM \"{}\" WHERE genre = 'odd'", "SELECT * FROM \"{}\".\"by-genre\""])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_together_what_one_answer_would(client, songs, statement, limit):
    statement = statement.format(songs)
    assert sum(pages(client, statement, limit), []) == items(client, statement)


def test_the_limit_counts_what_is_looked_at(client, songs):
    assert [len(page) for page in pages(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a' AND genre = 'odd'", 2)][:5] == [1] * 5


def test_a_page_of_a_query_has_its_last_key(client, songs):
    answer = execute(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'", Limit=4)
    assert answer["LastEvaluatedKey"] == {"pk": s("a"), "sk": n(3)}


def test_the_last_page_has_no_token(client, songs):
    assert "NextToken" not in execute(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'")


def test_a_token_is_for_its_statement(client, songs):
    token = execute(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'a'", Limit=2)["NextToken"]
    with refused("ValidationException", "^NextToken does not match request$"):
        execute(client, f"SELECT * FROM \"{songs}\" WHERE pk = 'b'", NextToken=token)


@pytest.mark.parametrize("token", ["x", "AAAA", "not base64!", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="])
def test_a_made_up_token(client, songs, token):
    with refused("ValidationException", "^The provided NextToken is invalid$"):
        execute(client, f'SELECT * FROM "{songs}"', NextToken=token)


def test_a_megabyte_ends_a_page(client, key):
    table = make_table(client, "pk:S sk:N")
    for number in range(6):
        client.put_item(TableName=table, Item={"pk": s("a"), "sk": n(number), "b": s("x" * 300_000)})
    statement = f"SELECT sk FROM \"{table}\" WHERE pk = 'a'"
    first = execute(client, statement)
    assert sks(first["Items"]) == [0, 1, 2, 3]
    assert sks(execute(client, statement, NextToken=first["NextToken"])["Items"]) == [4, 5]


def test_at_most_50_partitions_are_named(client, songs):
    def select(count):
        names = ", ".join(f"'p{number}'" for number in range(count))
        return client.execute_statement(Statement=f'SELECT * FROM "{songs}" WHERE pk IN [{names}]')

    assert select(50)["Items"] == []
    with refused("ValidationException", "too many values of a partition key; number of values: 51, at most 50"):
        select(51)
