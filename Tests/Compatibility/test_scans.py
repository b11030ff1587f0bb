"""Scan: whole tables, in segments, in pages, with filters and projections."""

import pytest

from conftest import all_pages, flat, make_table, refused

COUNT = 60


@pytest.fixture(scope="module")
def full_table(client):
    name = make_table(client, "pk:S sk:N")
    for number in range(COUNT):
        client.put_item(TableName=name, Item={
            "pk": {"S": f"p{number % 15}"}, "sk": {"N": str(number)}, "third": {"N": str(number % 3)},
            "text": {"S": "x" * 50}})
    return name


def numbers(items):
    return sorted(int(item["sk"]["N"]) for item in items)


def test_a_scan_gives_every_item_once(client, full_table):
    answer = client.scan(TableName=full_table)
    assert numbers(answer["Items"]) == list(range(COUNT))
    assert answer["Count"] == answer["ScannedCount"] == COUNT


def test_items_of_a_partition_lie_together_in_order(client, full_table):
    items = client.scan(TableName=full_table)["Items"]
    keys = [(item["pk"]["S"], int(item["sk"]["N"])) for item in items]
    partitions = [partition for partition, _ in keys]
    seen = list(dict.fromkeys(partitions))
    assert keys == sorted(keys, key=lambda key: (seen.index(key[0]), key[1]))


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61])
def test_pages_join_to_the_whole(client, full_table, limit):
    pages = all_pages(client.scan, TableName=full_table, Limit=limit)
    assert flat(pages) == client.scan(TableName=full_table)["Items"]
    assert all(len(page) <= limit for page in pages)


@pytest.mark.parametrize("total", [1, 2, 3, 8, 100])
def test_segments_share_the_items_out(client, full_table, total):
    segments = [
        flat(all_pages(client.scan, TableName=full_table, Segment=segment, TotalSegments=total, Limit=5))
        for segment in range(total)]
    assert numbers(flat(segments)) == list(range(COUNT))
    if total == 3:
        assert sum(1 for segment in segments if segment) > 1


def test_a_filter(client, full_table):
    answer = client.scan(
        TableName=full_table, FilterExpression="third = :v AND sk > :n",
        ExpressionAttributeValues={":v": {"N": "1"}, ":n": {"N": "30"}})
    assert numbers(answer["Items"]) == [number for number in range(31, COUNT) if number % 3 == 1]
    assert answer["ScannedCount"] == COUNT


def test_a_projection(client, full_table):
    items = client.scan(TableName=full_table, ProjectionExpression="sk, #t", ExpressionAttributeNames={"#t": "third"})
    assert all(item.keys() == {"sk", "third"} for item in items["Items"])


def test_a_count_alone(client, full_table):
    answer = client.scan(TableName=full_table, Select="COUNT")
    assert answer["Count"] == COUNT and "Items" not in answer


def test_consumed_capacity(client, full_table):
    answer = client.scan(TableName=full_table, ReturnConsumedCapacity="TOTAL")
    size = COUNT * (2 + 2 + 2 + 2 + 5 + 2 + 4 + 50)
    assert answer["ConsumedCapacity"]["TableName"] == full_table
    assert 0.5 <= answer["ConsumedCapacity"]["CapacityUnits"] <= 0.5 * (size // 4096 + 1)


def test_the_legacy_scan_filter_works(client, full_table):
    answer = client.scan(TableName=full_table, ScanFilter={
        "third": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "2"}]},
        "sk": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "10"}]}})
    assert numbers(answer["Items"]) == [2, 5, 8]


def test_a_segment_needs_its_total(client, full_table):
    with refused("ValidationException", "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"):
        client.scan(TableName=full_table, Segment=0)
    with refused("ValidationException", "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"):
        client.scan(TableName=full_table, TotalSegments=2)


def test_a_segment_is_below_the_total(client, full_table):
    with refused("ValidationException", "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"):
        client.scan(TableName=full_table, Segment=2, TotalSegments=2)


def test_a_bad_filter_is_refused(client, full_table):
    with refused("ValidationException", "Invalid FilterExpression: Syntax error"):
        client.scan(TableName=full_table, FilterExpression="third =")


def test_a_missing_table_is_not_found(client):
    with refused("ResourceNotFoundException", "^Requested resource not found$"):
        client.scan(TableName="no-such-table")


def test_an_empty_table(client):
    name = make_table(client)
    answer = client.scan(TableName=name)
    assert (answer["Items"], answer["Count"], answer["ScannedCount"]) == ([], 0, 0)
    client.delete_table(TableName=name)


def test_a_page_has_one_megabyte_at_most(client):
    name = make_table(client)
    for number in range(7):
        client.put_item(TableName=name, Item={"pk": {"S": str(number)}, "a": {"S": "x" * 300_000}})
    pages = all_pages(client.scan, TableName=name)
    assert [len(page) for page in pages] == [4, 3]
    client.delete_table(TableName=name)
