"""A region whose disk runs full: what goes on, what is refused, and that it comes back by itself."""

import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from installation import THREE_CONTINENTS, Installation, create_global_table, wait_until

HOME, OTHER, _ = THREE_CONTINENTS
TABLE = "orders"
MEBIBYTE = 1 << 20
DISK = 160 * MEBIBYTE
RESERVE = 16 * MEBIBYTE


@pytest.fixture
def installation(meridian, tmp_path):
    three_regions = Installation(meridian, tmp_path, extra_topology="disk: {reserve: 16MiB}\n")
    disk = three_regions.data(HOME)
    disk.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        with three_regions:
            three_regions.make_certificates()
            three_regions.start()
            create_global_table(
                three_regions, HOME, TableName=TABLE,
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
            put(three_regions.client(HOME), "before", 20)
            three_regions.wait_until_settled()
            yield three_regions
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def put(client, prefix, count):
    for number in range(count):
        client.put_item(TableName=TABLE, Item={"id": {"S": f"{prefix}-{number}"}})


def keys(installation, name):
    pages = installation.client(name).get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    return {item["id"]["S"] for page in pages for item in page["Items"]}


def expected(*parts):
    return {f"{prefix}-{number}" for prefix, count in parts for number in range(count)}


def fill(installation, free):
    """Leaves so many bytes free on the region's disk."""
    filler = installation.data(HOME) / "filler"
    with open(filler, "ab") as file:
        system = os.statvfs(installation.data(HOME))
        more = system.f_bavail * system.f_frsize - free
        assert more > 0
        os.posix_fallocate(file.fileno(), file.tell(), more)


def empty(installation):
    (installation.data(HOME) / "filler").unlink()


def takes_writes(installation):
    try:
        put(installation.client(HOME), "asked", 1)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalServerError"
        assert "this region's disk is full" in error.response["Error"]["Message"]
        return False
    return True


def log_text(installation):
    return installation.log(HOME).read_text(errors="replace")


def test_writes_end_before_the_disk_does(installation):
    fill(installation, RESERVE - MEBIBYTE)
    wait_until(lambda: not takes_writes(installation), "writes are refused")
    assert installation.readiness(HOME).startswith("refuses writes, as its disk is full: ")
    assert expected(("before", 20)) <= keys(installation, HOME)
    # What others change is taken while half of the reserve is there.
    put(installation.client(OTHER), "other", 5)
    wait_until(lambda: expected(("other", 5)) <= keys(installation, HOME), "the region takes other regions' items")

    fill(installation, RESERVE // 4)
    wait_until(lambda: "disk has no room" in reasons(put_elsewhere(installation)), "a link says that there is no room")
    assert not takes_writes(installation)
    empty(installation)
    wait_until(lambda: takes_writes(installation), "the region takes writes again")
    put(installation.client(HOME), "after", 5)
    installation.wait_until_settled()
    everything = expected(("before", 20), ("other", 5), ("after", 5), ("elsewhere", 5), ("asked", 1))
    for name in installation.regions:
        assert keys(installation, name) == everything, name
    assert "writes are refused, as the disk is full" in log_text(installation)
    assert "the disk has room again, and writes are taken" in log_text(installation)


def put_elsewhere(installation):
    put(installation.client(OTHER), "elsewhere", 5)
    return installation


def reasons(installation):
    """What the links to the region say of why they are down."""
    return " ".join(
        link.get("lastError") or "" for link in installation.status(OTHER)["outgoing"] if link["region"] == HOME)


def test_deletions_are_taken_when_items_are_not(installation):
    fill(installation, RESERVE // 4)
    wait_until(lambda: not takes_writes(installation), "writes are refused")
    client = installation.client(OTHER)
    for number in range(10):
        client.delete_item(TableName=TABLE, Key={"id": {"S": f"before-{number}"}})
    wait_until(
        lambda: len(keys(installation, HOME) & expected(("before", 20))) == 10, "the region takes deletions")


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "stopped"])
def test_a_region_comes_back_by_itself_when_its_full_disk_has_room(installation, is_killed):
    if is_killed:
        installation.kill(HOME)
    else:
        installation.stop(HOME)
    fill(installation, 0)
    installation.start(HOME, wait=False)
    wait_until(lambda: "the region waits for room" in log_text(installation), "the region finds its disk full")
    assert installation.regions[HOME].process.poll() is None
    put(installation.client(OTHER), "meanwhile", 5)
    empty(installation)
    installation.wait_until_up(HOME)
    wait_until(lambda: takes_writes(installation), "the region takes writes")
    installation.wait_until_settled()
    for name in installation.regions:
        assert keys(installation, name) == expected(("before", 20), ("meanwhile", 5), ("asked", 1)), name


def test_a_commit_that_finds_no_room(installation):
    """Somebody else takes the last bytes between two looks at the disk: what is durable is unknown, and the region starts anew."""
    client = installation.client(HOME)
    written = set()
    fill(installation, 0)
    wait_until(lambda: not writes_large(client, written), "writes are refused")
    empty(installation)
    wait_until(lambda: takes_writes_again(installation, written), "the region takes writes again")
    installation.wait_until_settled()
    for name in installation.regions:
        assert written <= keys(installation, name), name
    assert len({frozenset(keys(installation, name)) for name in installation.regions}) == 1


def writes_large(client, written):
    key = f"large-{len(written)}"
    try:
        client.put_item(TableName=TABLE, Item={"id": {"S": key}, "filler": {"S": "x" * 300_000}})
    except Exception:
        return False
    written.add(key)
    return True


def takes_writes_again(installation, written):
    return installation.status(HOME) is not None and writes_large(installation.client(HOME), written)
