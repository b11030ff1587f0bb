"""`meridian stream tail` as its users meet it: every change once, in order, through roll-overs and a killed region."""

import json
import os
import signal
import subprocess
import threading
import time

import boto3
import pytest

from installation import Installation, wait_until

HOME = "us-east-1"


@pytest.fixture(scope="module")
def region(meridian, tmp_path_factory):
    """One region whose shards are replaced twice a second."""
    with Installation(meridian, tmp_path_factory.mktemp("tail"), [HOME], "streams: {shard-lifetime: 500ms}\n") as one:
        one.make_certificates()
        one.start()
        yield one


def make_table(region, name):
    client = region.client(HOME)
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    return name


def put(region, table, number):
    region.client(HOME).put_item(
        TableName=table, Item={"pk": {"S": f"k{number % 7}"}, "n": {"N": str(number)}})


class Tail:
    """The command, as a process whose output grows."""

    def __init__(self, region, table, *arguments):
        self.output = region.folder / f"tail-{time.monotonic_ns()}.jsonl"
        self.errors = self.output.with_suffix(".err")
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [region.binary, "stream", "tail", table, "--topology", region.topology, *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def records(self):
        return [json.loads(line) for line in self.output.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def numbers(self):
        return [int(record["dynamodb"]["NewImage"]["n"]["N"]) for record in self.records()]

    def wait_for(self, count):
        def has_all():
            assert self.process.poll() is None or len(self.records()) >= count, self.errors.read_text()
            return len(self.records()) >= count

        wait_until(has_all, f"tail has printed {count} records")
        return self.numbers()

    def end(self):
        return self.process.wait(timeout=60)


def run(region, *arguments, environment=None):
    return subprocess.run(
        [region.binary, "stream", "tail", *arguments], capture_output=True, text=True, timeout=60,
        env={**os.environ, **(environment or {})})


def test_every_change_once_through_roll_overs_and_a_killed_region(region):
    table = make_table(region, "followed")
    put(region, table, 0)
    with Tail(region, table, "--from", "trim-horizon") as tail:
        tail.wait_for(1)
        written = 1
        for _ in range(3):
            for _ in range(20):
                put(region, table, written)
                written += 1
            region.kill(HOME)
            # It is noticed, and tried again.
            wait_until(lambda: "trying again" in tail.errors.read_text(), "tail notices that the region is gone")
            region.start()
            deadline = time.monotonic() + 1.2
            while time.monotonic() < deadline:
                put(region, table, written)
                written += 1
        assert tail.wait_for(written) == list(range(written))
    streams = boto3.client("dynamodbstreams", **region.client_options(HOME))
    arn = region.client(HOME).describe_table(TableName=table)["Table"]["LatestStreamArn"]
    assert len(streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]) > 3


def test_a_region_that_is_stopped_for_a_while_is_waited_for(region):
    table = make_table(region, "waited-for")
    with Tail(region, table, "--from", "trim-horizon") as tail:
        put(region, table, 1)
        tail.wait_for(1)
        assert region.stop(HOME) == 0
        wait_until(lambda: "trying again" in tail.errors.read_text(), "tail notices that the region is gone")
        region.start()
        put(region, table, 2)
        assert tail.wait_for(2) == [1, 2]


def test_latest_begins_with_what_comes(region):
    table = make_table(region, "latest")
    put(region, table, 1)
    with Tail(region, table) as tail:
        written = [1]

        def appears():
            written.append(written[-1] + 1)
            put(region, table, written[-1])
            return tail.records()

        wait_until(appears, "tail prints what is written", pause=0.2)
        first = tail.numbers()[0]
        assert first > 1
        assert tail.wait_for(written[-1] - first + 1) == list(range(first, written[-1] + 1))


def test_a_limit_ends_it_and_a_sequence_number_goes_on_from_there(region):
    table = make_table(region, "in-parts")
    for number in range(10):
        put(region, table, number)
    seen, place = [], "trim-horizon"
    for count in (3, 4, 3):
        with Tail(region, table, "--from", place, "--limit", str(count)) as tail:
            assert tail.end() == 0
            assert len(tail.records()) == count
            seen += tail.numbers()
            place = tail.records()[-1]["dynamodb"]["SequenceNumber"]
    assert seen == list(range(10))


def test_a_time_begins_with_what_came_then(region):
    table = make_table(region, "timed")
    put(region, table, 1)
    second = int(time.time()) + 1
    wait_until(lambda: time.time() > second, "the second is over")
    put(region, table, 2)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
    with Tail(region, table, "--from", moment, "--limit", "1") as tail:
        assert tail.end() == 0
        assert tail.numbers() == [2]


def test_a_disabled_stream_ends_it(region):
    table = make_table(region, "ended")
    with Tail(region, table, "--from", "trim-horizon") as tail:
        put(region, table, 1)
        tail.wait_for(1)
        put(region, table, 2)
        region.client(HOME).update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
        assert tail.end() == 0
        assert tail.numbers() == [1, 2]
        assert "was disabled" in tail.errors.read_text()


def test_it_ends_with_an_interrupt(region):
    table = make_table(region, "interrupted")
    with Tail(region, table, "--from", "trim-horizon") as tail:
        put(region, table, 1)
        tail.wait_for(1)
        tail.process.send_signal(signal.SIGINT)
        assert tail.end() == -signal.SIGINT


def test_it_finds_a_region_by_its_address_alone(region):
    table = make_table(region, "addressed")
    put(region, table, 1)
    result = run(
        region, table, "--endpoint", region.regions[HOME].endpoint_url, "--region", HOME, "--from", "trim-horizon",
        "--limit", "1", environment={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["eventName"] == "INSERT" and record["dynamodb"]["NewImage"]["n"] == {"N": "1"}


@pytest.mark.parametrize("arguments, words", [
    (["missing"], "ResourceNotFoundException: Requested resource not found: Table: missing not found"),
    (["addressed", "--from", "yesterday"], "yesterday"), (["addressed", "--region", "mars-1"], "no region \"mars-1\"")],
    ids=["table", "place", "region"])
def test_what_cannot_be_followed(region, arguments, words):
    result = run(region, *arguments, "--topology", str(region.topology))
    assert result.returncode != 0
    assert words in result.stderr and result.stdout == ""


def test_a_wrong_key_is_told_at_once(region):
    result = run(
        region, "addressed", "--topology", str(region.topology),
        environment={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "wrong"})
    assert result.returncode != 0
    assert "InvalidSignatureException" in result.stderr


def test_two_followers_see_the_same(region):
    table = make_table(region, "shared")
    with Tail(region, table, "--from", "trim-horizon") as first, Tail(region, table, "--from", "trim-horizon") as second:
        threads = [threading.Thread(target=put, args=(region, table, number)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first.wait_for(20)
        second.wait_for(20)
        assert first.records() == second.records()
