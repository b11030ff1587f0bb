"""Access keys whose holders may do some things only."""

import re

import boto3
import pytest
from botocore.exceptions import ClientError

from installation import THREE_CONTINENTS, Installation, wait_until

HOME = THREE_CONTINENTS[0]


def installation_with_key(meridian, folder, key):
    """An installation whose topology has one more access key."""
    installation = Installation(meridian, folder, [HOME])
    installation.topology.write_text(
        re.sub("access-keys:\n", f"access-keys:\n  - {key}\n", installation.topology.read_text()))
    installation.make_certificates()
    return installation


def test_the_holder_of_a_key_does_what_the_key_allows(meridian, tmp_path):
    key = "{id: reports, secret: secret, name: reporting, allow: [GetItem, 'dynamodb:Describe*'], tables: [orders]}"
    with installation_with_key(meridian, tmp_path, key) as installation:
        installation.start()
        owner = installation.client(HOME)
        for name in ("orders", "other"):
            owner.create_table(
                TableName=name, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
            wait_until(
                lambda: owner.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", f"{name} is active")
        owner.put_item(TableName="orders", Item={"pk": {"S": "1"}})
        reports = boto3.client(
            "dynamodb",
            **{**installation.client_options(HOME), "aws_access_key_id": "reports", "aws_secret_access_key": "secret"})
        assert reports.get_item(TableName="orders", Key={"pk": {"S": "1"}})["Item"] == {"pk": {"S": "1"}}
        assert reports.describe_table(TableName="orders")["Table"]["TableName"] == "orders"
        for call, action, resource in [
            (lambda: reports.put_item(TableName="orders", Item={"pk": {"S": "2"}}), "PutItem", "table/orders"),
            (lambda: reports.get_item(TableName="other", Key={"pk": {"S": "1"}}), "GetItem", "table/other"),
            (lambda: reports.list_tables(), "ListTables", "table/*"),
        ]:
            with pytest.raises(ClientError) as caught:
                call()
            error = caught.value.response["Error"]
            assert error["Code"] == "AccessDeniedException"
            assert error["Message"] == (
                f"User: arn:aws:iam::000000000000:user/reporting is not authorized to perform: dynamodb:{action} on resource: "
                f"arn:aws:dynamodb:{HOME}:000000000000:{resource} because no identity-based policy allows the "
                f"dynamodb:{action} action")


def region_that_signs_for(installation, region):
    return boto3.client("dynamodb", **{**installation.client_options(HOME), "region_name": region})


def test_a_signature_for_another_region_is_refused_and_the_log_says_so(meridian, tmp_path):
    with Installation(meridian, tmp_path, [HOME]) as installation:
        installation.make_certificates()
        installation.start()
        for _ in range(3):
            with pytest.raises(ClientError) as caught:
                region_that_signs_for(installation, "localhost").list_tables()
            assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        stray = boto3.client("dynamodb", **installation.client_options(HOME), aws_session_token="FwoG-stray")
        with pytest.raises(ClientError) as caught:
            stray.list_tables()
        assert caught.value.response["Error"]["Code"] == "UnrecognizedClientException"
        lines = [line for line in installation.log(HOME).read_text().splitlines() if "a request was refused" in line]
        assert len(lines) == 2, lines
        assert f'it is signed for the region "localhost", and this one is {HOME}' in lines[0] and "from=" in lines[0]
        assert "it has the session token of temporary credentials" in lines[1]
        assert "Signature=" not in "".join(lines) and "FwoG" not in "".join(lines)


def test_a_region_that_is_told_so_accepts_signatures_for_any_region(meridian, tmp_path):
    installation = Installation(meridian, tmp_path, [HOME])
    text = installation.topology.read_text()
    installation.topology.write_text(text.replace("    id: 1\n", "    id: 1\n    signature-region: any\n"))
    with installation:
        installation.make_certificates()
        installation.start()
        for region in ("localhost", HOME, "mars-north-1"):
            assert region_that_signs_for(installation, region).list_tables()["TableNames"] == []
        guess = boto3.client(
            "dynamodb", **{**installation.client_options(HOME), "region_name": "localhost", "aws_secret_access_key": "guess"})
        with pytest.raises(ClientError) as caught:
            guess.list_tables()
        assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        assert 'another secret for the access key "test"' in installation.log(HOME).read_text()


def test_a_key_that_allows_what_there_is_not_is_refused(meridian, tmp_path):
    with installation_with_key(meridian, tmp_path, "{id: reports, secret: secret, allow: [GetItems]}") as installation:
        result = installation.run("serve", "--region", HOME, "--data", tmp_path / "data", check=False)
        assert result.returncode != 0
        assert 'the access key reports allows "GetItems", and there is no such action' in result.stderr
