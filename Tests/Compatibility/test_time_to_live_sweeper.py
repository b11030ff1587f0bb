"""Time to live: what expires is deleted within a minute, once, and the streams say by whom."""

import time

import pytest

from conftest import HOME, index, make_table, new_table_name
from installation import THREE_CONTINENTS, Installation, add_replica, wait_until
from streams import make_streaming_table, records_of, stream_arn, streams_client

EUROPE = THREE_CONTINENTS[1]
# An item is gone so many seconds after its time at the latest.
LIMIT = 60


def enable(client, table, attribute="expires"):
    client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute})


def number(seconds):
    return {"N": str(int(time.time()) + seconds)}


def put(client, table, key, **attributes):
    client.put_item(TableName=table, Item={"pk": {"S": key}, **attributes})


def is_there(client, table, key):
    return "Item" in client.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True)


def wait_until_gone(client, table, *keys):
    wait_until(lambda: not any(is_there(client, table, key) for key in keys), f"{keys} expire", LIMIT)


@pytest.fixture(scope="module")
def streams(installation):
    return streams_client(installation, HOME)


@pytest.fixture
def table(client):
    name = make_streaming_table(client)
    enable(client, name)
    return name


def test_an_item_goes_when_its_time_has_come(client, table):
    put(client, table, "a", expires=number(2))
    assert is_there(client, table, "a")
    wait_until_gone(client, table, "a")


def test_an_item_whose_time_is_over_goes_at_once(client, table):
    put(client, table, "a", expires=number(-10))
    wait_until_gone(client, table, "a")


@pytest.mark.parametrize("value", [
    {"S": str(int(time.time()) - 100)}, {"N": str(int(time.time()) + 3600)}, {"N": str(int(time.time() * 1000))},
    {"N": str(int(time.time()) - 6 * 365 * 86_400)}, {"N": "0"}, {"N": "-1"}, {"L": [{"N": "1"}]}, {"NULL": True},
    {"BOOL": True}, {"NS": ["1"]}, {"N": "1e100"}],
    ids=["text", "later", "milliseconds", "six-years", "zero", "negative", "list", "null", "bool", "set", "huge"])
def test_what_never_expires(client, table, value):
    put(client, table, "kept", expires=value)
    put(client, table, "gone", expires=number(-1))
    wait_until_gone(client, table, "gone")
    assert is_there(client, table, "kept")


def test_a_number_with_a_fraction_counts(client, table):
    put(client, table, "a", expires={"N": f"{int(time.time()) - 5}.75"})
    wait_until_gone(client, table, "a")


def test_the_record_names_the_service(client, streams, table):
    expires = number(-5)
    put(client, table, "a", expires=expires)
    wait_until_gone(client, table, "a")
    first, last = records_of(streams, stream_arn(client, table))
    assert "userIdentity" not in first and first["eventName"] == "INSERT"
    assert last["eventName"] == "REMOVE"
    assert last["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert last["dynamodb"]["OldImage"] == {"pk": {"S": "a"}, "expires": expires}
    assert "NewImage" not in last["dynamodb"]


def test_a_delete_by_a_user_names_nobody(client, streams, table):
    put(client, table, "a", expires=number(3600))
    client.delete_item(TableName=table, Key={"pk": {"S": "a"}})
    assert all("userIdentity" not in record for record in records_of(streams, stream_arn(client, table)))


def test_what_was_put_off_stays(client, table):
    put(client, table, "off", expires=number(3))
    client.update_item(
        TableName=table, Key={"pk": {"S": "off"}}, UpdateExpression="SET expires = :later",
        ExpressionAttributeValues={":later": number(3600)})
    put(client, table, "gone", expires=number(4))
    wait_until_gone(client, table, "gone")
    assert is_there(client, table, "off")


def test_what_has_no_time_any_more_stays(client, table):
    put(client, table, "freed", expires=number(3))
    client.update_item(TableName=table, Key={"pk": {"S": "freed"}}, UpdateExpression="REMOVE expires")
    put(client, table, "gone", expires=number(4))
    wait_until_gone(client, table, "gone")
    assert is_there(client, table, "freed")


def test_what_was_brought_forward_goes(client, table):
    put(client, table, "a", expires=number(3600))
    put(client, table, "a", expires=number(-1))
    wait_until_gone(client, table, "a")


def test_items_that_were_there_before(client):
    table = make_table(client)
    for key in "abc":
        put(client, table, key, expires=number(-1))
    put(client, table, "later", expires=number(3600))
    enable(client, table)
    wait_until_gone(client, table, "a", "b", "c")
    assert is_there(client, table, "later")


def test_disabled_nothing_expires(client, table):
    other = make_table(client)
    enable(client, other)
    client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
    put(client, table, "kept", expires=number(-10))
    put(client, other, "gone", expires=number(-10))
    wait_until_gone(client, other, "gone")
    assert is_there(client, table, "kept")


def test_indexes_follow(client):
    table = make_table(
        client, AttributeDefinitions=[{"AttributeName": "owner", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index("by-owner", "owner")])
    enable(client, table)
    put(client, table, "a", expires=number(-1), owner={"S": "x"})
    put(client, table, "b", owner={"S": "x"})

    def only_one():
        items = client.query(
            TableName=table, IndexName="by-owner", KeyConditionExpression="#o = :x",
            ExpressionAttributeNames={"#o": "owner"}, ExpressionAttributeValues={":x": {"S": "x"}})["Items"]
        return [item["pk"]["S"] for item in items] == ["b"]

    wait_until(only_one, "the index has one item", LIMIT)


def test_a_thousand_items_go_within_the_minute(client, table):
    for start in range(0, 1000, 25):
        client.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": {"pk": {"S": f"many-{start + each}"}, "expires": number(-1)}}} for each in range(25)]})
    wait_until(lambda: client.scan(TableName=table, Select="COUNT")["Count"] == 0, "all are gone", LIMIT)
    wait_until(lambda: client.describe_table(TableName=table)["Table"]["ItemCount"] == 0, "the count follows", LIMIT)


def test_an_expired_item_that_is_put_anew_stays(client, table):
    put(client, table, "a", expires=number(-1))
    wait_until_gone(client, table, "a")
    put(client, table, "a", expires=number(3600))
    put(client, table, "gone", expires=number(1))
    wait_until_gone(client, table, "gone")
    assert is_there(client, table, "a")


@pytest.fixture(scope="module")
def three(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("three-regions-of-time")
    with Installation(request.config.getoption("--meridian"), folder) as installation:
        installation.make_certificates()
        installation.start()
        clients = {name: installation.client(name) for name in THREE_CONTINENTS}
        table = make_table(clients[HOME], name=f"global-{new_table_name()}")
        for name in THREE_CONTINENTS[1:]:
            add_replica(installation, HOME, table, name)
        enable(clients[HOME], table)
        for name in THREE_CONTINENTS:
            wait_until(lambda: clients[name].describe_time_to_live(TableName=table)["TimeToLiveDescription"].get(
                "TimeToLiveStatus") == "ENABLED", f"{name} knows of the time to live")
        yield installation, table, clients


@pytest.mark.parametrize("origin", THREE_CONTINENTS)
def test_one_region_deletes_and_the_others_get_a_deletion(three, key, origin):
    installation, table, clients = three
    put(clients[origin], table, key, expires=number(4))
    for region in THREE_CONTINENTS:
        wait_until(lambda: is_there(clients[region], table, key), f"{region} has the item")
    for region in THREE_CONTINENTS:
        wait_until_gone(clients[region], table, key)

    def removals(region):
        streams = streams_client(installation, region)
        return [
            record for record in records_of(streams, stream_arn(clients[region], table))
            if record["eventName"] == "REMOVE" and record["dynamodb"]["Keys"]["pk"]["S"] == key]

    for region in THREE_CONTINENTS:
        [removal] = wait_until(lambda: removals(region), f"{region}'s stream has the removal")
        assert ("userIdentity" in removal) == (region == origin), region


def test_a_region_that_is_down_is_not_waited_for(three, key):
    installation, table, clients = three
    put(clients[EUROPE], table, key, expires=number(5))
    wait_until(lambda: is_there(clients[HOME], table, key), "the item is in another region")
    installation.kill(EUROPE)
    wait_until_gone(clients[HOME], table, key)
    installation.start(EUROPE)
    wait_until_gone(clients[EUROPE], table, key)
    installation.wait_until_settled()
    assert not any(is_there(clients[region], table, key) for region in THREE_CONTINENTS)
