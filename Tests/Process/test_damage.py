"""A region whose files are damaged: it says which, ends, and is filled anew from another one."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from installation import THREE_CONTINENTS, Installation, create_global_table, wait_until

HOME, OTHER, _ = THREE_CONTINENTS
TABLE = "orders"
# More than a memtable of RocksDB holds, so that some of it is in sorted files.
ITEMS = 200
BYTES = 390_000
DAMAGED_STATUS = 3


@pytest.fixture
def installation(meridian, tmp_path):
    with Installation(meridian, tmp_path) as three_regions:
        three_regions.make_certificates()
        three_regions.start()
        create_global_table(
            three_regions, HOME, TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        client = three_regions.client(HOME)
        for number in range(ITEMS):
            client.put_item(TableName=TABLE, Item={"id": {"S": str(number)}, "filler": {"S": "x" * BYTES}})
        three_regions.wait_until_settled()
        yield three_regions


def flip_bits(installation, name):
    """Flips a bit in each quarter of every sorted file; gives the files' names."""
    files = sorted(installation.data(name).glob("*.sst"))
    for path in files:
        size = path.stat().st_size
        with open(path, "r+b") as file:
            for quarter in range(4):
                file.seek(size * quarter // 4 + size // 8)
                byte = file.read(1)[0]
                file.seek(-1, 1)
                file.write(bytes([byte ^ 1]))
    return [path.name for path in files]


def read_until_it_ends(installation, name):
    """Reads items of a region until its process has ended; gives its exit status."""
    client = installation.client(name)
    process = installation.regions[name].process

    def has_ended():
        for number in range(0, ITEMS, 10):
            try:
                client.get_item(TableName=TABLE, Key={"id": {"S": str(number)}})
            except (ClientError, BotoCoreError):
                pass
        return process.poll() is not None

    wait_until(has_ended, f"{name} has ended")
    return process.returncode


def log_text(installation, name):
    return installation.log(name).read_text(errors="replace")


def keys(installation, name):
    client = installation.client(name)
    found = []
    for page in client.get_paginator("scan").paginate(TableName=TABLE, ProjectionExpression="id"):
        found += [item["id"]["S"] for item in page["Items"]]
    return sorted(found)


def test_flipped_bits(installation):
    installation.kill(HOME)
    files = flip_bits(installation, HOME)
    assert files
    installation.start(HOME, wait=False)
    assert read_until_it_ends(installation, HOME) == DAMAGED_STATUS
    text = log_text(installation, HOME)
    assert any(f"is damaged: Corruption: " in line and any(file in line for file in files)
               and "--repair-from <region>" in line for line in text.splitlines())

    # Written elsewhere while the region is down.
    installation.client(OTHER).put_item(TableName=TABLE, Item={"id": {"S": "meanwhile"}})
    for wrong in (HOME, "nowhere"):
        installation.start(HOME, wait=False, options=("--repair-from", wrong))
        assert installation.regions[HOME].process.wait(timeout=30) == 1
    assert f"nothing was repaired: {HOME} can be repaired from" in log_text(installation, HOME)
    installation.start(HOME, options=("--repair-from", OTHER))
    expected = sorted([str(number) for number in range(ITEMS)] + ["meanwhile"])
    wait_until(lambda: replica_is_active(installation, HOME), "the replica is filled")
    wait_until(lambda: takes_a_write(installation, HOME, "after"), "the region takes writes")
    installation.wait_until_settled()
    for name in installation.regions:
        assert keys(installation, name) == sorted(expected + ["after"]), name
    text = log_text(installation, HOME)
    assert f"the damaged data is kept in {installation.data(HOME)}.damaged" in text
    # Everything had been shipped, and that is known of the lost log.
    assert "writes are taken again" in text
    assert "on no disk" not in text
    assert (installation.data(HOME).parent / f"{HOME}.damaged").is_dir()

    # A second repair would lose what the first has kept.
    installation.stop(HOME)
    installation.start(HOME, wait=False, options=("--repair-from", OTHER))
    assert installation.regions[HOME].process.wait(timeout=30) == 1
    assert "is there from an earlier repair" in log_text(installation, HOME)


def test_a_folder_in_use_is_not_set_aside(installation):
    result = installation.run(
        "serve", "--region", HOME, "--data", installation.data(HOME), "--repair-from", OTHER, check=False)
    assert result.returncode == 1
    assert f"nothing was repaired: a process uses {installation.data(HOME)}" in result.stderr
    assert installation.data(HOME).is_dir()


def takes_a_write(installation, name, key):
    try:
        installation.client(name).put_item(TableName=TABLE, Item={"id": {"S": key}})
    except ClientError as error:
        assert "this region takes no writes yet" in error.response["Error"]["Message"]
        return False
    return True


def replica_is_active(installation, name):
    try:
        table = installation.client(name).describe_table(TableName=TABLE)["Table"]
    except ClientError:
        return False
    return table["TableStatus"] == "ACTIVE"
