"""Policies of tables and their streams: put, returned, removed, and the rules on their revisions."""

import json

import pytest

from conftest import make_table, refused


def policy(action="dynamodb:GetItem"):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}]})


@pytest.fixture
def arn(client):
    return client.describe_table(TableName=make_table(client))["Table"]["TableArn"]


def test_a_policy_is_put_and_returned_as_it_was(client, arn):
    document = policy() + "\n"
    revision = client.put_resource_policy(ResourceArn=arn, Policy=document)["RevisionId"]
    answer = client.get_resource_policy(ResourceArn=arn)
    assert (answer["Policy"], answer["RevisionId"]) == (document, revision)
    assert revision.isdigit()


def test_a_table_has_no_policy_at_first(client, arn):
    with refused(
            "PolicyNotFoundException", f"^Resource-based policy not found for the provided ResourceArn: {arn}$"):
        client.get_resource_policy(ResourceArn=arn)


def test_another_policy_has_another_revision_and_the_same_has_the_same(client, arn):
    first = client.put_resource_policy(ResourceArn=arn, Policy=policy())["RevisionId"]
    assert client.put_resource_policy(ResourceArn=arn, Policy=policy())["RevisionId"] == first
    second = client.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:PutItem"))["RevisionId"]
    assert int(second) > int(first)
    assert client.get_resource_policy(ResourceArn=arn)["Policy"] == policy("dynamodb:PutItem")


def test_a_policy_is_removed(client, arn):
    revision = client.put_resource_policy(ResourceArn=arn, Policy=policy())["RevisionId"]
    assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    with refused("PolicyNotFoundException"):
        client.get_resource_policy(ResourceArn=arn)
    assert client.delete_resource_policy(ResourceArn=arn)["RevisionId"] == ""


def test_a_revision_is_expected(client, arn):
    revision = client.put_resource_policy(ResourceArn=arn, Policy=policy())["RevisionId"]
    name = arn.rsplit("/", 1)[1]
    absent = f"^Resource-based policy not found for the provided ResourceArn: {arn}$"

    def mismatch(given, found):
        return (
            "^Resource-based policy not found for the provided ResourceArn: Requested update for policy with revision id "
            f"{given}, but the policy associated to target table {name} has revision id {found}.$")

    with refused("PolicyNotFoundException", mismatch("1", revision)):
        client.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:Scan"), ExpectedRevisionId="1")
    with refused("PolicyNotFoundException", mismatch("1", revision)):
        client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId="1")
    assert client.get_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    second = client.put_resource_policy(
        ResourceArn=arn, Policy=policy("dynamodb:Scan"), ExpectedRevisionId=revision)["RevisionId"]
    client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)
    with refused("PolicyNotFoundException", absent):
        client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)


def test_no_policy_is_expected(client, arn):
    revision = client.put_resource_policy(ResourceArn=arn, Policy=policy(), ExpectedRevisionId="NO_POLICY")["RevisionId"]
    with refused(
            "PolicyNotFoundException",
            "^Resource-based policy not found for the provided ResourceArn: Requested policy update expecting none to be present "
            f"for table {arn.rsplit('/', 1)[1]}, but a policy exists with revision id {revision}.$"):
        client.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:Scan"), ExpectedRevisionId="NO_POLICY")
    assert client.get_resource_policy(ResourceArn=arn)["Policy"] == policy()


def test_a_table_is_made_with_a_policy(client):
    name = make_table(client, ResourcePolicy=policy())
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    assert client.get_resource_policy(ResourceArn=arn)["Policy"] == policy()


def test_a_stream_has_a_policy_of_its_own(client):
    name = make_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    table = client.describe_table(TableName=name)["Table"]
    stream = table["LatestStreamArn"]
    client.put_resource_policy(ResourceArn=stream, Policy=policy("dynamodb:GetRecords"))
    assert client.get_resource_policy(ResourceArn=stream)["Policy"] == policy("dynamodb:GetRecords")
    with refused("PolicyNotFoundException"):
        client.get_resource_policy(ResourceArn=table["TableArn"])
    missing = table["TableArn"] + "/stream/2015-05-11T21:21:33.291"
    with refused("ResourceNotFoundException", f"^Requested resource not found: Stream: {missing} not found$"):
        client.get_resource_policy(ResourceArn=missing)


@pytest.mark.parametrize("document", ["", "no json", "[]", "{}", '{"Statement": []', "1"])
def test_what_is_no_policy_is_refused(client, arn, document):
    with refused("ValidationException", "^One or more parameter values were invalid: Invalid policy document: This policy contains invalid Json$"):
        client.put_resource_policy(ResourceArn=arn, Policy=document)


def test_a_policy_is_bounded(client, arn):
    bounded = policy()
    client.put_resource_policy(ResourceArn=arn, Policy=bounded + " " * (20 * 1024 - len(bounded)))
    with refused("ValidationException", "^One or more parameter values were invalid: Maximum policy size of 20480 bytes exceeded$"):
        client.put_resource_policy(ResourceArn=arn, Policy=bounded + " " * (20 * 1024 + 1 - len(bounded)))


@pytest.mark.parametrize("operation", ["put_resource_policy", "get_resource_policy", "delete_resource_policy"])
def test_a_missing_table_is_not_found(client, arn, operation):
    parameters = {"Policy": policy()} if operation == "put_resource_policy" else {}
    missing = arn.rsplit("/", 1)[0] + "/no-such-table"
    with refused("ResourceNotFoundException", "^Requested resource not found: Table: no-such-table not found$"):
        getattr(client, operation)(ResourceArn=missing, **parameters)
    with refused("ValidationException", "^One or more parameter values were invalid: ARNs must start with 'arn:': nonsense$"):
        getattr(client, operation)(ResourceArn="nonsense", **parameters)
