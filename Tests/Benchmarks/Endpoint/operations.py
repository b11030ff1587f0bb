"""What the benchmark asks for: the tables, their items, and for each operation its requests, signed beforehand.

Requests are byte for byte what boto3 sends: one is caught from it for each operation, and those of other keys are made from that with a
body and a signature of their own, as signing with botocore takes longer than a region takes to answer.
"""

import bisect
import datetime
import hashlib
import hmac
import itertools
import json
import random
import re
import struct

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from installation import ACCESS_KEY, SECRET

REGION = "us-east-1"
TABLE, PAGES, LARGE = "bench", "pages", "ycsb"
ITEM_COUNT = 2_000
ITEM_BYTE_COUNT = 400
PAGE_COUNT, PAGE_LENGTH = 80, 25
LARGE_ITEM_BYTE_COUNT = 1_000
REQUEST_COUNT = 2_000
YCSB_REQUEST_COUNT = 40_000
# YCSB's constant of the zipfian distribution.
ZIPFIAN_CONSTANT = 0.99


class Operation:
    """`calls` are its requests: for each boto3's method and the parameters."""

    def __init__(self, name, calls):
        self.name, self.calls = name, calls


def key_text(key):
    return f"item-{key:08d}"


def payload(byte_count, generator):
    """Letters that do not compress to nothing."""
    return "".join(generator.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=byte_count))


def item(key, byte_count=ITEM_BYTE_COUNT):
    generator = random.Random(key)
    size = byte_count - len("pk" + key_text(key) + "count" + "payload") - 2
    return {"pk": {"S": key_text(key)}, "count": {"N": "0"}, "payload": {"S": payload(size, generator)}}


def page_item(page, place):
    generator = random.Random(page * PAGE_LENGTH + place)
    return {"pk": {"S": f"page-{page:04d}"}, "sk": {"N": str(place)}, "payload": {"S": payload(350, generator)}}


def get(key, table=TABLE):
    return "get_item", {"TableName": table, "Key": {"pk": {"S": key_text(key)}}}


def put(key, table=TABLE, byte_count=ITEM_BYTE_COUNT):
    return "put_item", {"TableName": table, "Item": item(key, byte_count)}


def update(key, table=TABLE):
    return "update_item", {
        "TableName": table, "Key": {"pk": {"S": key_text(key)}}, "UpdateExpression": "ADD #c :one",
        "ConditionExpression": "attribute_exists(pk)", "ExpressionAttributeNames": {"#c": "count"},
        "ExpressionAttributeValues": {":one": {"N": "1"}}}


def query(page):
    return "query", {
        "TableName": PAGES, "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": f"page-{page:04d}"}}}


def batch_write(keys, table=TABLE, byte_count=ITEM_BYTE_COUNT):
    return "batch_write_item", {
        "RequestItems": {table: [{"PutRequest": {"Item": item(key, byte_count)}} for key in keys]}}


def batch_get(keys):
    return "batch_get_item", {
        "RequestItems": {TABLE: {"Keys": [{"pk": {"S": key_text(key)}} for key in keys]}}}


def transact_write(keys):
    # Without a token of its own boto3 would draw one, and the second time it is seen nothing is written.
    return "transact_write_items", {
        "TransactItems": [{"Put": {"TableName": TABLE, "Item": item(key)}} for key in keys]}


def groups(size):
    """Groups of `size` keys, over and over the items."""
    keys = itertools.cycle(range(ITEM_COUNT))
    return [[next(keys) for _ in range(size)] for _ in range(REQUEST_COUNT // 4)]


def operations():
    """Those of small tables."""
    keys = range(ITEM_COUNT)
    return [
        Operation("GetItem", [get(key) for key in keys]),
        Operation("PutItem", [put(key) for key in keys]),
        Operation("UpdateItem", [update(key) for key in keys]),
        Operation("Query of 25", [query(page) for page in range(PAGE_COUNT)]),
        Operation("BatchGetItem of 25", [batch_get(group) for group in groups(25)]),
        Operation("BatchWriteItem of 25", [batch_write(group) for group in groups(25)]),
        Operation("TransactWriteItems of 4", [transact_write(group) for group in groups(4)]),
    ]


def get_records(region_port):
    """A page of the oldest records, again and again with one iterator."""
    client = streams_client(region_port)
    arn = client.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
    shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    return Operation("GetRecords of 100", [("get_records", {"ShardIterator": iterator, "Limit": 100})])


class Zipfian:
    """Draws keys as YCSB does, the popular ones spread over the table (Gray et al., "Quickly generating billion-record synthetic
    databases", SIGMOD 1994, by way of its definition: a key's chance is 1 / rank ^ 0.99)."""

    def __init__(self, count, generator):
        self.count, self.generator = count, generator
        # The first ranks one by one; behind them the sum grows as its integral does.
        exact = min(count, 100_000)
        self.sums = list(itertools.accumulate(1 / rank ** ZIPFIAN_CONSTANT for rank in range(1, exact + 1)))
        power = 1 - ZIPFIAN_CONSTANT
        self.exact, self.power = exact, power
        self.total = self.sums[-1] + (count ** power - exact ** power) / power

    def draw(self):
        part = self.generator.random() * self.total
        if part <= self.sums[-1]:
            rank = bisect.bisect_left(self.sums, part)
        else:
            rank = int(((part - self.sums[-1]) * self.power + self.exact ** self.power) ** (1 / self.power))
        return int.from_bytes(hashlib.blake2b(struct.pack("<Q", rank), digest_size=8).digest(), "little") % self.count


def ycsb_operations(item_count):
    """YCSB's workloads on one large table: A has as many updates as reads, B one in twenty, C none, E short scans, F read-modify-writes.

    A read-modify-write is one UpdateItem with a condition, as an application of DynamoDB makes it."""
    mixes = {"A": ("update", 0.5), "B": ("update", 0.05), "C": (None, 0), "E": ("insert", 0.05), "F": ("modify", 0.5)}
    for name, (change, share) in mixes.items():
        generator = random.Random(name)
        keys = Zipfian(item_count, generator)
        calls, inserted = [], item_count
        for _ in range(YCSB_REQUEST_COUNT):
            if generator.random() >= share:
                calls.append(scan(keys.draw(), generator.randint(1, 100)) if name == "E" else get(keys.draw(), LARGE))
            elif change == "update":
                calls.append(put(keys.draw(), LARGE, LARGE_ITEM_BYTE_COUNT))
            elif change == "modify":
                calls.append(update(keys.draw(), LARGE))
            else:
                calls.append(put(inserted, LARGE, LARGE_ITEM_BYTE_COUNT))
                inserted += 1
        yield Operation(f"YCSB {name}", calls)


def scan(key, count):
    """A short scan begins at a key, as YCSB's do; tables of DynamoDB are ordered by the hashes of their keys."""
    return "scan", {"TableName": LARGE, "Limit": count, "ExclusiveStartKey": {"pk": {"S": key_text(key)}}}


def service_client(service, port):
    return boto3.client(
        service, region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET, config=Config(retries={"total_max_attempts": 1}))


def streams_client(port):
    return service_client("dynamodbstreams", port)


class Signer:
    """Makes the bytes of requests to one server."""

    def __init__(self, port):
        self.port = port
        self.templates = {}
        self.keys = {}

    def request(self, method, parameters):
        if method not in self.templates:
            self.templates[method] = self._catch(method, parameters)
        fields = self.templates[method]
        body = json.dumps(parameters).encode()
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        fields = {**fields, "X-Amz-Date": stamp, "Content-Length": str(len(body))}
        fields["Authorization"] = self._authorization(fields, body, stamp)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body

    def _catch(self, method, parameters):
        """The head that boto3 would send: it is stopped just before it opens a connection."""
        sent = []

        def keep(request, **_):
            sent.append(request)
            return AWSResponse(request.url, 200, {}, EmptyBody())

        client = streams_client(self.port) if method == "get_records" else service_client("dynamodb", self.port)
        client.meta.events.register("before-send", keep)
        getattr(client, method)(**parameters)
        fields = {name: text(value) for name, value in sent[0].headers.items()}
        fields.setdefault("Host", re.sub(r"^https?://([^/]*).*", r"\1", sent[0].url))
        return fields

    def _authorization(self, fields, body, stamp):
        """Source: AWS, "Create a signed AWS API request"."""
        signed = ("content-type", "host", "x-amz-date", "x-amz-target")
        values = {name.lower(): value for name, value in fields.items()}
        head = "".join(f"{name}:{values[name].strip()}\n" for name in signed)
        canonical = f"POST\n/\n\n{head}\n{';'.join(signed)}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{stamp[:8]}/{REGION}/dynamodb/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key(stamp[:8]), to_sign.encode(), hashlib.sha256).hexdigest()
        return (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={';'.join(signed)}, "
                f"Signature={signature}")

    def _key(self, day):
        if day not in self.keys:
            key = b"AWS4" + SECRET.encode()
            for part in (day, REGION, "dynamodb", "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self.keys[day] = key
        return self.keys[day]

    def write(self, path, calls):
        """Writes the requests of `calls` as the load generator reads them; gives the first one."""
        first = None
        with open(path, "wb") as file:
            for call in calls:
                request = self.request(*call)
                first = first or request
                file.write(struct.pack("<I", len(request)) + request)
        return first


class EmptyBody:
    """What a response's body is read from when nothing was sent."""

    def stream(self, *_, **__):
        yield b"{}"


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
