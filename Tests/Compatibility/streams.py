"""What the tests of streams share: clients of the Streams API, and readers of whole streams."""

import json
import urllib.error
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from conftest import HOME, make_table
from installation import ACCESS_KEY, SECRET

INVALID_ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/nothing"
VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


def streams_client(installation, region):
    return boto3.client("dynamodbstreams", **installation.client_options(region))


def unchecked(installation, region=HOME):
    """A client that sends what its own model forbids."""
    return boto3.client(
        "dynamodbstreams", config=Config(parameter_validation=False), **installation.client_options(region))


def streaming(view="NEW_AND_OLD_IMAGES"):
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


def make_streaming_table(client, view="NEW_AND_OLD_IMAGES", keys="pk:S", **definition):
    return make_table(client, keys, **streaming(view), **definition)


def stream_arn(client, table):
    return client.describe_table(TableName=table)["Table"]["LatestStreamArn"]


def describe(streams, arn, **parameters):
    return streams.describe_stream(StreamArn=arn, **parameters)["StreamDescription"]


def all_shards(streams, arn, page=100):
    """The shards of a stream, following LastEvaluatedShardId."""
    shards, parameters = [], {"Limit": page}
    while True:
        description = describe(streams, arn, **parameters)
        shards += description["Shards"]
        if "LastEvaluatedShardId" not in description:
            return shards
        parameters["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]


def iterator(streams, arn, kind="TRIM_HORIZON", shard=None, **parameters):
    shard = shard or all_shards(streams, arn)[-1]["ShardId"]
    return streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **parameters)["ShardIterator"]


def read(streams, place, limit=1000):
    """The records from an iterator on, until a page is empty or the shard's end, and the iterator after them."""
    records = []
    while place:
        page = streams.get_records(ShardIterator=place, Limit=limit)
        records += page["Records"]
        place = page.get("NextShardIterator")
        if not page["Records"]:
            break
    return records, place


def records_of(streams, arn):
    """Every record of a stream that is there now, shard after shard."""
    records = []
    for shard in all_shards(streams, arn):
        records += read(streams, iterator(streams, arn, shard=shard["ShardId"]))[0]
    return records


def call(installation, region, operation, **request):
    """The status and the answer to a request in JSON, also of what the installed boto3 does not know yet."""
    url = installation.regions[region].endpoint_url
    signed = AWSRequest("POST", url, data=json.dumps(request), headers={
        "X-Amz-Target": f"DynamoDBStreams_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"})
    SigV4Auth(Credentials(ACCESS_KEY, SECRET), "dynamodb", region).add_auth(signed)
    try:
        with urllib.request.urlopen(urllib.request.Request(
                url, signed.data.encode(), dict(signed.headers), method="POST")) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def at_time(installation, streams, arn, seconds):
    """The status and the answer to a request for an iterator at a time."""
    return call(
        installation, HOME, "GetShardIterator", StreamArn=arn, ShardId=all_shards(streams, arn)[-1]["ShardId"],
        ShardIteratorType="AT_TIMESTAMP", Timestamp=seconds)


class Follower:
    """A consumer that takes up each shard when its parent is finished, and remembers where it is in each."""

    def __init__(self, streams, arn):
        self.streams = streams
        self.arn = arn
        self.places = {}
        self.finished = set()
        self.records = []

    def poll(self):
        shards = all_shards(self.streams, self.arn)
        known = {shard["ShardId"] for shard in shards}
        for shard in shards:
            name, parent = shard["ShardId"], shard.get("ParentShardId")
            if name in self.finished or (parent in known and parent not in self.finished):
                continue
            place = self.places.get(name) or iterator(self.streams, self.arn, shard=name)
            records, self.places[name] = read(self.streams, place, limit=7)
            self.records += records
            if self.places[name] is None:
                self.finished.add(name)


def put(client, table, key, **attributes):
    client.put_item(TableName=table, Item={"pk": {"S": key}, **attributes})


def delete(client, table, key):
    client.delete_item(TableName=table, Key={"pk": {"S": key}})


def contents(records):
    return [record["dynamodb"] for record in records]


def names(records):
    return [record["eventName"] for record in records]


def numbers(records):
    return [record["dynamodb"]["SequenceNumber"] for record in records]
