"""Reads whole tables and indexes, and compares what regions hold."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

from installation import Failure

SEGMENT_COUNT = 4
# How many differing items a failure names.
DIFFERENCES_SHOWN = 5


def scan_all(client, table, segments=SEGMENT_COUNT, **parameters):
    """Every item of a table or index, by a parallel scan with strongly consistent reads where those are possible."""
    consistent = "IndexName" not in parameters

    def scan_segment(segment):
        items = []
        request = dict(
            parameters, TableName=table, Segment=segment, TotalSegments=segments, ConsistentRead=consistent)
        while True:
            page = client.scan(**request)
            items += page["Items"]
            if "LastEvaluatedKey" not in page:
                return items
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    with ThreadPoolExecutor(segments) as pool:
        return [item for items in pool.map(scan_segment, range(segments)) for item in items]


def item_text(item):
    """An item as the bytes it came in, but for white space: attributes and members stay in the order of the answer."""
    return json.dumps(item, default=lambda data: base64.b64encode(data).decode())


def key_of(item):
    """The key of an item of the tests' tables, all of which have the string keys `pk` and `sk`."""
    return item["pk"]["S"], item["sk"]["S"]


def items_by_key(items, where):
    """Items by their keys; fails if a key is there twice."""
    answer = {}
    for item in items:
        key = key_of(item)
        if key in answer:
            raise Failure(f"{where}: a scan gave the item {key} twice")
        answer[key] = item
    return answer


def compare(contents):
    """The number of items in each of the regions' `contents` (items by key, by region); fails unless all hold the same."""
    (first, expected), *others = contents.items()
    for name, items in others:
        differing = [
            key for key in sorted(expected.keys() | items.keys())
            if key not in expected or key not in items or item_text(expected[key]) != item_text(items[key])
        ]
        if differing:
            shown = "\n".join(
                f"  {key}\n    {first}: {item_text(expected.get(key))}\n    {name}: {item_text(items.get(key))}"
                for key in differing[:DIFFERENCES_SHOWN])
            raise Failure(f"{first} and {name} differ in {len(differing)} items:\n{shown}")
    return len(expected)
