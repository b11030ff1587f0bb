"""Regions whose disks have forgotten: what their clients and operators see, and what becomes of the data."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from disks import Copies, cut_newest_log, mark
from installation import THREE_CONTINENTS, Installation, create_global_table, wait_until

HOME, OTHER, THIRD = THREE_CONTINENTS
TABLE = "orders"
DEFINITION = {
    "TableName": TABLE,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


@pytest.fixture
def installation(meridian, tmp_path):
    with Installation(meridian, tmp_path) as three_regions:
        three_regions.make_certificates()
        three_regions.start()
        create_global_table(three_regions, HOME, **DEFINITION)
        put(three_regions.client(HOME), "before", 20)
        three_regions.wait_until_settled()
        yield three_regions


def put(client, prefix, count):
    for number in range(count):
        client.put_item(TableName=TABLE, Item={"id": {"S": f"{prefix}-{number}"}, "by": {"S": prefix}})


def takes_writes(client):
    try:
        put(client, "asked", 1)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalServerError"
        assert "takes no writes yet" in error.response["Error"]["Message"]
        return False
    except (ConnectionClosedError, EndpointConnectionError):
        # While the store is opened anew nothing listens; a process that has ended does not listen in time either.
        return False
    return True


def items(installation, name):
    found = installation.client(name).scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return {item["id"]["S"]: item for item in found}


def expected(*parts):
    return {f"{prefix}-{number}" for prefix, count in parts for number in range(count)}


def check_all(installation, keys):
    installation.wait_until_settled()
    contents = {name: items(installation, name) for name in installation.regions}
    for name, found in contents.items():
        assert found == contents[HOME], name
    assert contents[HOME].keys() - {"asked-0"} == keys


def log_text(installation, name):
    return installation.log(name).read_text(errors="replace")


@pytest.mark.parametrize("with_mark", [False, True], ids=["folder", "folder and mark"])
def test_an_old_copy_that_is_put_back(installation, with_mark):
    copies = Copies(installation)
    installation.stop(HOME)
    copies.take(HOME)
    installation.start(HOME)
    incarnation = installation.status(HOME)["incarnation"]
    put(installation.client(HOME), "forgotten", 30)
    installation.wait_until_settled()
    installation.kill(HOME)
    copies.put_back(HOME, with_mark)
    installation.start(HOME)
    client = installation.client(HOME)
    wait_until(lambda: takes_writes(client), "the region takes writes again", 30)
    # With the first write that is taken everything is back that others had.
    assert expected(("before", 20), ("forgotten", 30)) <= items(installation, HOME).keys()
    assert installation.status(HOME)["incarnation"] != incarnation
    put(client, "after", 40)
    put(installation.client(OTHER), "other", 5)
    check_all(installation, expected(("before", 20), ("forgotten", 30), ("after", 40), ("other", 5)))
    text = log_text(installation, HOME)
    if with_mark:
        assert "an old copy was put back, or synced data was lost" in text
    assert "this disk may have forgotten changes" in text
    assert "writes are taken again" in text
    assert "on no disk" not in text
    # The end of the old log is known to be complete, and what comes then is nothing special.
    installation.kill(HOME)
    installation.start(HOME)
    put(installation.client(HOME), "later", 3)
    check_all(installation,
              expected(("before", 20), ("forgotten", 30), ("after", 40), ("other", 5), ("later", 3)))


def test_a_log_whose_end_is_cut_off(installation):
    put(installation.client(HOME), "forgotten", 30)
    installation.wait_until_settled()
    installation.kill(HOME)
    assert cut_newest_log(installation, HOME, 3_000) == 3_000
    installation.start(HOME)
    client = installation.client(HOME)
    wait_until(lambda: takes_writes(client), "the region takes writes again", 30)
    put(client, "after", 40)
    check_all(installation, expected(("before", 20), ("forgotten", 30), ("after", 40)))
    assert "this disk may have forgotten changes" in log_text(installation, HOME)


def test_what_is_on_no_disk_is_named(installation):
    copies = Copies(installation)
    installation.stop(HOME)
    copies.take(HOME)
    installation.start(HOME)
    installation.wait_until_settled()
    end = installation.status(HOME)["log"]["position"]
    installation.kill(OTHER, THIRD)
    put(installation.client(HOME), "lost", 10)
    installation.kill(HOME)
    copies.put_back(HOME)
    installation.start(OTHER, THIRD, HOME)
    client = installation.client(HOME)
    wait_until(lambda: takes_writes(client), "the region takes writes again", 30)
    check_all(installation, expected(("before", 20)))
    assert (f"changes {end + 1} to {end + 10} were acknowledged and are on no disk that could be asked"
            in log_text(installation, HOME))


def test_a_region_that_cannot_know_goes_on_with_another_log(installation):
    installation.stop(OTHER)
    installation.stop(THIRD)
    incarnation = installation.status(HOME)["incarnation"]
    installation.stop(HOME)
    mark(installation, HOME).unlink()
    installation.start(HOME)
    client = installation.client(HOME)
    wait_until(lambda: takes_writes(client), "the region takes writes again", 30)
    put(client, "alone", 5)
    assert installation.status(HOME)["incarnation"] != incarnation
    text = log_text(installation, HOME)
    assert "the mark beside its folder is missing, and not all other regions could be asked" in text
    assert f"not asked, as no link to them was up: {', '.join((OTHER, THIRD))}" in text
    installation.start(OTHER, THIRD)
    check_all(installation, expected(("before", 20), ("alone", 5)))


def test_a_region_with_its_mark_goes_on_alone(installation):
    incarnation = installation.status(HOME)["incarnation"]
    installation.kill(HOME, OTHER, THIRD)
    installation.start(HOME)
    put(installation.client(HOME), "alone", 5)
    assert installation.status(HOME)["incarnation"] == incarnation
    installation.start(OTHER, THIRD)
    check_all(installation, expected(("before", 20), ("alone", 5)))


def test_consumers_of_a_stream_miss_nothing(installation):
    """A consumer that had read what the disk forgot is given the end of its shard, and goes on with the next one."""
    copies = Copies(installation)
    installation.stop(HOME)
    copies.take(HOME)
    installation.start(HOME)
    put(installation.client(HOME), "forgotten", 30)
    consumer = Consumer(installation, HOME)
    wait_until(lambda: consumer.read() and len(consumer.keys) >= 50, "the consumer has read everything")
    installation.wait_until_settled()
    installation.kill(HOME)
    copies.put_back(HOME)
    installation.start(HOME)
    client = installation.client(HOME)
    wait_until(lambda: takes_writes(client), "the region takes writes again", 30)
    put(client, "after", 10)
    wait_until(lambda: consumer.read() and expected(("after", 10)) <= consumer.keys, "the consumer reads on")


def streams_client(installation, name):
    import boto3

    return boto3.client("dynamodbstreams", **installation.client_options(name))


class Consumer:
    """Reads a table's stream by its shards, each from where it had got; parents come before their children."""

    def __init__(self, installation, name):
        self.client = streams_client(installation, name)
        self.keys = set()
        self.checkpoints = {}
        self.finished = set()

    def read(self):
        arn = self.client.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
        shards = self.client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        known = {shard["ShardId"] for shard in shards}
        for shard in shards:
            parent = shard.get("ParentShardId")
            if shard["ShardId"] in self.finished or (parent in known and parent not in self.finished):
                continue
            self.read_shard(arn, shard["ShardId"])
        return True

    def read_shard(self, arn, shard):
        last = self.checkpoints.get(shard)
        where = {"ShardIteratorType": "TRIM_HORIZON"} if last is None else {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last}
        iterator = self.client.get_shard_iterator(StreamArn=arn, ShardId=shard, **where)["ShardIterator"]
        page = self.client.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            self.checkpoints[shard] = record["dynamodb"]["SequenceNumber"]
            self.keys.add(record["dynamodb"]["Keys"]["id"]["S"])
        if "NextShardIterator" not in page:
            self.finished.add(shard)
