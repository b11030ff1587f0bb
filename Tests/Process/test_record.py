"""`meridian record` as its users meet it: a region's requests as a file, which the simulator replays."""

import csv
import subprocess
import time

import pytest

from installation import Installation, wait_until

REGIONS = ["us-east-1", "eu-west-1"]


@pytest.fixture(scope="module")
def regions(meridian, tmp_path_factory):
    with Installation(meridian, tmp_path_factory.mktemp("record"), REGIONS) as two:
        two.make_certificates()
        two.start()
        client = two.client(REGIONS[0])
        client.create_table(
            TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
        client.update_table(TableName="orders", ReplicaUpdates=[{"Create": {"RegionName": REGIONS[1]}}])

        def is_ready():
            tables = [two.client(name).list_tables()["TableNames"] for name in REGIONS]
            replicas = client.describe_table(TableName="orders")["Table"].get("Replicas", [])
            return all(tables) and all(replica["ReplicaStatus"] == "ACTIVE" for replica in replicas)

        wait_until(is_ready, "both regions have the table")
        yield two


def rows(path):
    """The whole rows of a file that grows."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return list(csv.DictReader(line for line in lines if line.endswith("\n")))


def record(regions, output, *arguments):
    return subprocess.Popen(
        [regions.binary, "record", "orders", "--topology", regions.topology, "--output", output, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begin(regions, output, *arguments):
    """Starts a recording, and returns when every region notes requests: each one has noted a probe."""
    process = record(regions, output, *arguments)

    def has_both():
        assert process.poll() is None, process.communicate()
        for name in REGIONS:
            regions.client(name).get_item(TableName="orders", Key={"pk": {"S": "probe"}})
        return {row["region"] for row in rows(output)} == set(REGIONS)

    wait_until(has_both, "both regions are recorded", pause=0.2)
    return process


def end(process):
    process.terminate()
    process.communicate(timeout=60)


def write_some(regions):
    for number in range(40):
        client = regions.client(REGIONS[number % 2])
        client.put_item(TableName="orders", Item={"pk": {"S": f"k{number % 5}"}, "v": {"S": "x" * number}})
    regions.client(REGIONS[0]).query(
        TableName="orders", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "a,\"b\""}})
    regions.client(REGIONS[1]).batch_write_item(
        RequestItems={"orders": [{"DeleteRequest": {"Key": {"pk": {"S": "k1"}}}}]})


def test_a_recording_has_every_request_and_is_replayed(regions, tmp_path):
    output = tmp_path / "orders.csv"
    process = begin(regions, output)
    write_some(regions)
    wait_until(lambda: sum(row["operation"] != "GetItem" for row in rows(output)) == 42, "all requests are recorded")
    end(process)
    recorded = rows(output)
    puts = [row for row in recorded if row["operation"] == "PutItem"]
    assert sorted(int(row["size"]) for row in puts) == [number + 5 for number in range(40)]
    assert {row["region"] for row in puts} == set(REGIONS)
    assert [row["key"] for row in recorded if row["operation"] == "Query"] == ['a,"b"']
    assert [(row["key"], row["region"]) for row in recorded if row["operation"] == "DeleteItem"] == [("k1", "eu-west-1")]

    scenario = tmp_path / "replay.yaml"
    scenario.write_text(f"""
topology: {regions.topology}
duration: 5m
tables: [{{name: orders}}]
workload: [{{table: orders, trace: orders.csv, from: 5s}}]
""")
    bill = tmp_path / "bill.csv"
    run = subprocess.run(
        [regions.binary, "simulate", scenario, "--bill", bill], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    billed = rows(bill)
    assert len(billed) == 41
    assert {row["outcome"] for row in billed} == {"acknowledged"}
    assert {row["lost"] for row in billed} == {"no"}


def test_hashed_keys_stay_equal_and_tell_nothing(regions, tmp_path):
    keys = []
    for number in range(2):
        output = tmp_path / f"{number}.csv"
        process = begin(regions, output, "--hash-keys")
        write_some(regions)
        wait_until(lambda: sum(row["operation"] == "PutItem" for row in rows(output)) == 40, "all puts are recorded")
        end(process)
        puts = [row for row in rows(output) if row["operation"] == "PutItem"]
        assert "k1" not in output.read_text()
        # The same five keys in both regions.
        assert all(len({row["key"] for row in puts if row["region"] == name}) == 5 for name in REGIONS)
        keys.append({row["key"] for row in puts})
        assert len(keys[-1]) == 5
    assert not keys[0] & keys[1]


def test_a_recording_ends_by_itself(regions, tmp_path):
    started = time.monotonic()
    process = record(regions, tmp_path / "short.csv", "--for", "1s")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert time.monotonic() - started >= 1
    limited = tmp_path / "limited.csv"
    process = begin(regions, limited, "--limit", "20")

    def is_over():
        regions.client(REGIONS[0]).get_item(TableName="orders", Key={"pk": {"S": "a"}})
        return process.poll() is not None

    wait_until(is_over, "twenty rows are recorded")
    assert process.returncode == 0 and len(rows(limited)) == 20


def test_what_cannot_be_recorded_is_said(regions, tmp_path):
    for arguments, text in [
        (["none", "--topology", regions.topology], "there is no table none"),
        (["orders", "--topology", regions.topology, "--region", "mars"], 'the topology has no region "mars"'),
        (["orders", "--topology", regions.topology, "--output", tmp_path / "no" / "file"], "can't be written"),
        (["orders", "--topology", regions.topology, "--for", "soon"], "no duration"),
    ]:
        run = subprocess.run([regions.binary, "record", *arguments], capture_output=True, text=True, timeout=60)
        assert run.returncode != 0 and text in run.stderr, run.stderr
