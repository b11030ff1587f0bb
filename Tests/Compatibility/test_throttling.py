"""Capacity that is used up: what is refused, how clients are told, and what a batch does about it.

A large item takes more than the five minutes of capacity that a new table has, which leaves a debt of a minute and a half.
"""

import pytest
from botocore.exceptions import ClientError
from conftest import index, make_table
from installation import THREE_CONTINENTS, add_replica, wait_until

LARGE = bytes(399_000)
ONE_UNIT = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
MANY_UNITS = {"ReadCapacityUnits": 40_000, "WriteCapacityUnits": 40_000}
TABLE_MESSAGE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with "
    "the UpdateTable API.")


@pytest.fixture(scope="module")
def exhausted(client):
    """A provisioned table with nothing left to read or write with."""
    name = make_table(client, BillingMode="PROVISIONED", ProvisionedThroughput=ONE_UNIT)
    client.put_item(TableName=name, Item={"pk": {"S": "large"}, "b": {"B": LARGE}})
    for _ in range(4):
        client.get_item(TableName=name, Key={"pk": {"S": "large"}}, ConsistentRead=True)
    return name


def throttled(call, **parameters):
    """The exception's name, message, and reason as (reason, the end of the resource's ARN)."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    [reason] = response.get("ThrottlingReasons") or response["throttlingReasons"]
    return response["Error"]["Code"], response["Error"]["Message"], (
        reason["reason"], reason["resource"].partition(":table/")[2])


WRITES = {
    "put_item": {"Item": {"pk": {"S": "1"}}},
    "update_item": {"Key": {"pk": {"S": "1"}}},
    "delete_item": {"Key": {"pk": {"S": "1"}}},
}
READS = {
    "get_item": {"Key": {"pk": {"S": "1"}}},
    "query": {"KeyConditionExpression": "pk = :k", "ExpressionAttributeValues": {":k": {"S": "1"}}},
    "scan": {},
}


@pytest.mark.parametrize("operation", list(WRITES))
def test_a_write_is_refused(client, exhausted, operation):
    assert throttled(getattr(client, operation), TableName=exhausted, **WRITES[operation]) == (
        "ProvisionedThroughputExceededException", TABLE_MESSAGE,
        ("TableWriteProvisionedThroughputExceeded", exhausted))


@pytest.mark.parametrize("operation", list(READS))
def test_a_read_is_refused(client, exhausted, operation):
    assert throttled(getattr(client, operation), TableName=exhausted, **READS[operation]) == (
        "ProvisionedThroughputExceededException", TABLE_MESSAGE, ("TableReadProvisionedThroughputExceeded", exhausted))


@pytest.mark.parametrize(("statement", "kind"), [
    ("SELECT * FROM \"{}\" WHERE pk = '1'", "Read"),
    ("INSERT INTO \"{}\" VALUE {{'pk': '1'}}", "Write"),
    ("DELETE FROM \"{}\" WHERE pk = '1'", "Write"),
])
def test_a_statement_is_refused(client, exhausted, statement, kind):
    code, message, reason = throttled(client.execute_statement, Statement=statement.format(exhausted))
    assert (code, message) == ("ProvisionedThroughputExceededException", TABLE_MESSAGE)
    assert reason == (f"Table{kind}ProvisionedThroughputExceeded", exhausted)


def test_the_exception_is_the_one_that_the_sdk_knows(client, exhausted):
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        client.put_item(TableName=exhausted, Item={"pk": {"S": "1"}})


def test_an_operation_on_the_table_itself_takes_no_capacity(client, exhausted):
    assert client.describe_table(TableName=exhausted)["Table"]["ProvisionedThroughput"]["WriteCapacityUnits"] == 1


def test_what_a_batch_has_no_capacity_for_is_left_to_the_client(client, exhausted, table, key):
    other = {"PutRequest": {"Item": {"pk": {"S": key}}}}
    left = [{"PutRequest": {"Item": {"pk": {"S": "1"}, "n": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "2"}}}}]
    answer = client.batch_write_item(RequestItems={exhausted: left, table: [other]})
    assert answer["UnprocessedItems"] == {exhausted: left}
    keys = {"Keys": [{"pk": {"S": "1"}}], "ConsistentRead": True}
    answer = client.batch_get_item(RequestItems={exhausted: keys, table: {"Keys": [{"pk": {"S": key}}]}})
    assert answer["Responses"][table] == [{"pk": {"S": key}}]
    assert answer["UnprocessedKeys"] == {exhausted: keys}


@pytest.mark.parametrize("kind", ["Write", "Read"])
def test_a_batch_that_nothing_of_can_be_done_is_refused(client, exhausted, kind):
    if kind == "Write":
        code, _, reason = throttled(
            client.batch_write_item, RequestItems={exhausted: [{"DeleteRequest": {"Key": {"pk": {"S": "2"}}}}]})
    else:
        code, _, reason = throttled(client.batch_get_item, RequestItems={exhausted: {"Keys": [{"pk": {"S": "1"}}]}})
    assert (code, reason) == (
        "ProvisionedThroughputExceededException", (f"Table{kind}ProvisionedThroughputExceeded", exhausted))


def test_a_statement_in_a_batch_fails_by_itself(client, exhausted, table, key):
    answer = client.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO \"{exhausted}\" VALUE {{'pk': '1'}}"},
        {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': '{key}'}}"}])
    assert answer["Responses"][0]["Error"] == {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_MESSAGE}
    assert "Error" not in answer["Responses"][1]


def test_a_transaction_is_cancelled_with_the_reason(client, exhausted, table, key):
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[
            {"Put": {"TableName": table, "Item": {"pk": {"S": key}}}},
            {"Put": {"TableName": exhausted, "Item": {"pk": {"S": "1"}}}}])
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"}, {"Code": "ProvisionedThroughputExceeded", "Message": TABLE_MESSAGE}]
    assert "Item" not in client.get_item(TableName=table, Key={"pk": {"S": key}})


def test_a_transaction_that_reads_is_cancelled_too(client, exhausted):
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_get_items(TransactItems=[{"Get": {"TableName": exhausted, "Key": {"pk": {"S": "1"}}}}])
    assert [reason["Code"] for reason in caught.value.response["CancellationReasons"]] == [
        "ProvisionedThroughputExceeded"]


def test_an_index_without_capacity_holds_back_the_writes_that_change_it(client):
    name = make_table(
        client, BillingMode="PROVISIONED", ProvisionedThroughput=MANY_UNITS,
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{**index("by-g", "g"), "ProvisionedThroughput": ONE_UNIT}])
    client.put_item(TableName=name, Item={"pk": {"S": "1"}, "g": {"S": "g"}, "b": {"B": LARGE}})
    code, message, reason = throttled(client.put_item, TableName=name, Item={"pk": {"S": "2"}, "g": {"S": "g"}})
    assert code == "ProvisionedThroughputExceededException"
    assert message.startswith(
        "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded.")
    assert reason == ("IndexWriteProvisionedThroughputExceeded", f"{name}/index/by-g")
    client.put_item(TableName=name, Item={"pk": {"S": "2"}})


@pytest.mark.parametrize("kind", ["Write", "Read"])
def test_the_maximum_of_an_on_demand_table(client, kind):
    name = make_table(client, OnDemandThroughput={f"Max{kind}RequestUnits": 1})
    client.put_item(TableName=name, Item={"pk": {"S": "large"}, "b": {"B": LARGE}})
    if kind == "Write":
        code, message, reason = throttled(client.delete_item, TableName=name, Key={"pk": {"S": "1"}})
    else:
        for _ in range(4):
            client.get_item(TableName=name, Key={"pk": {"S": "large"}}, ConsistentRead=True)
        code, message, reason = throttled(client.scan, TableName=name)
    assert code == "ThrottlingException"
    assert message == "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
    assert reason == (f"Table{kind}MaxOnDemandThroughputExceeded", name)


def test_each_region_counts_what_its_own_clients_ask_for(regions):
    """A large item takes all of a bucket, and more: of the region that its client wrote to, and of no other that it gets to."""
    home, other = THREE_CONTINENTS[:2]
    name = make_table(regions[home], OnDemandThroughput={"MaxWriteRequestUnits": 1})
    add_replica(regions["installation"], home, name, other)
    large = {"TableName": name, "Item": {"pk": {"S": "large"}, "b": {"B": LARGE}}}
    regions[home].put_item(**large)
    throttled(regions[home].delete_item, TableName=name, Key={"pk": {"S": "1"}})
    wait_until(
        lambda: "Item" in regions[other].get_item(TableName=name, Key={"pk": {"S": "large"}}), f"the item is in {other}")
    # Had the change taken anything there, this would be refused.
    regions[other].put_item(**large)
    throttled(regions[other].delete_item, TableName=name, Key={"pk": {"S": "1"}})
