"""Regions whose clocks are set while they run, and while they do not: what their clients see, and what becomes of the data."""

import time

import pytest
from botocore.exceptions import ClientError

from clocks import Clocks
from installation import THREE_CONTINENTS, Installation, create_global_table, wait_until

HOME, OTHER, THIRD = THREE_CONTINENTS
TABLE = "orders"
DEFINITION = {
    "TableName": TABLE,
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


@pytest.fixture
def installation(meridian, tmp_path):
    with Installation(meridian, tmp_path) as three_regions:
        three_regions.make_certificates()
        yield three_regions


@pytest.fixture
def clocks(installation):
    clocks = Clocks(installation)
    installation.start()
    create_global_table(installation, HOME, **DEFINITION)
    return clocks


def put(client, key, **attributes):
    client.put_item(TableName=TABLE, Item={"id": {"S": key}, **attributes})


def get(client, key):
    return client.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True).get("Item")


def refuses_writes(client):
    try:
        put(client, "refused", by={"S": "a clock that is wrong"})
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalServerError"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "doubts its own clock" in error.response["Error"]["Message"]
        return True
    return False


def takes_writes(client):
    return not refuses_writes(client)


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_wrong_clock_neither_wins_nor_expires(installation, clocks, seconds):
    home, other = installation.client(HOME), installation.client(OTHER)
    home.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    put(home, "expires in five minutes", expires={"N": str(int(time.time()) + 300)})
    put(home, "shared", by={"S": HOME})
    installation.wait_until_settled()

    clocks.set(HOME, seconds)
    assert refuses_writes(home), "the first write after the clock was set"
    assert get(home, "shared") == {"id": {"S": "shared"}, "by": {"S": HOME}}, "reads are answered"
    status = installation.status(HOME)
    assert "doubts its own clock" in status["readiness"]
    printed = installation.run("status").stdout
    assert "read-only" in printed and "doubts its own clock" in printed
    put(other, "shared", by={"S": OTHER})
    wait_until(lambda: get(home, "shared")["by"] == {"S": OTHER}, "what another region writes is taken")
    # Sweeps and trims come once a second and every ten: each has had its turn.
    before = installation.status(HOME)["uptimeSeconds"]
    wait_until(lambda: installation.status(HOME)["uptimeSeconds"] > before + 3, "the sweep had its turns")
    for name in installation.regions:
        assert get(installation.client(name), "expires in five minutes") is not None

    clocks.set(HOME, 0)
    wait_until(lambda: takes_writes(home), "writes are taken again", seconds=5)
    assert installation.status(HOME)["readiness"] == "ready"
    put(home, "shared", by={"S": "home once more"})
    wait_until(lambda: get(other, "shared")["by"] == {"S": "home once more"}, "it ships again")
    put(other, "shared", by={"S": "the last one"})
    installation.wait_until_settled()
    for name in installation.regions:
        client = installation.client(name)
        assert get(client, "shared") == {"id": {"S": "shared"}, "by": {"S": "the last one"}}
        assert installation.status(name)["counters"]["clockRefusals"] == 0
    log = installation.log(HOME).read_text()
    assert log.count("writes are refused, as the clock of this host is not trusted") == 1
    assert log.count("the clock of this host is trusted again") == 1


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_clock_that_is_set_while_its_region_is_down(installation, clocks, seconds):
    put(installation.client(HOME), "before", by={"S": HOME})
    installation.wait_until_settled()
    installation.kill(HOME)
    clocks.set(HOME, seconds)
    installation.start(HOME)
    home, other = installation.client(HOME), installation.client(OTHER)
    assert refuses_writes(home)
    put(other, "before", by={"S": OTHER})
    wait_until(lambda: get(home, "before")["by"] == {"S": OTHER}, "what another region writes is taken")
    clocks.set(HOME, 0)
    wait_until(lambda: takes_writes(home), "writes are taken again", seconds=5)
    installation.wait_until_settled()


def test_a_clock_that_was_always_wrong_and_is_set_right(installation):
    clocks = Clocks(installation)
    clocks.set(THIRD, -600)
    installation.start()
    create_global_table(installation, HOME, **DEFINITION)
    third = installation.client(THIRD)
    assert refuses_writes(third)
    clocks.set(THIRD, 0)
    wait_until(lambda: takes_writes(third), "writes are taken once the others confirm the clock", seconds=5)


def test_a_region_that_reaches_no_other_one_starts_with_its_clock_as_it_is(installation):
    installation.start(HOME)
    client = installation.client(HOME)
    client.create_table(BillingMode="PAY_PER_REQUEST", **DEFINITION)
    assert takes_writes(client)
    assert "no other region could be asked to confirm it" in installation.log(HOME).read_text()
