"""What lies below the operations: signatures, checksums, unknown operations, and bodies that are no requests."""

import gzip
import http.client
import json
import zlib

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from conftest import HOME, refused
from installation import ACCESS_KEY, SECRET


@pytest.fixture
def send(installation):
    """Sends a signed request and gives status, header fields and body."""
    port = installation.regions[HOME].endpoint_port

    def call(operation, body, headers=None, method="POST", path="/", sign=True):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        fields.update(headers or {})
        request = AWSRequest(method, f"http://127.0.0.1:{port}{path}", fields, data)
        if sign:
            SigV4Auth(Credentials(ACCESS_KEY, SECRET), "dynamodb", HOME).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(method, path, data if method == "POST" else None, dict(request.headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    return call


def test_every_answer_has_an_identifier_and_a_checksum(send):
    for operation in ("ListTables", "DescribeTable"):
        _, headers, body = send(operation, {"TableName": "no-such-table"} if operation == "DescribeTable" else {})
        assert len(headers["x-amzn-RequestId"]) == 52
        assert int(headers["x-amz-crc32"]) == zlib.crc32(body)
        assert headers["Content-Type"] == "application/x-amz-json-1.0"
        assert int(headers["Content-Length"]) == len(body)


def test_errors_are_in_the_services_form(send):
    status, _, body = send("DescribeTable", {"TableName": "no-such-table"})
    assert status == 400
    assert json.loads(body) == {
        "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        "message": "Requested resource not found: Table: no-such-table not found"}


@pytest.mark.parametrize("operation", ["NoSuchOperation", "", "TransactWriteItem"])
def test_unknown_operations(send, operation):
    status, _, body = send(operation, {})
    assert (status, json.loads(body)["__type"]) == (400, "com.amazon.coral.service#UnknownOperationException")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"TableName": }', b'{"TableName": "\xff"}', b"x" * 1000])
def test_bodies_that_are_no_json(send, body):
    status, _, answer = send("DescribeTable", body)
    assert status == 400
    assert json.loads(answer)["__type"].split("#")[1] in ("SerializationException", "ValidationException")


def test_members_of_another_type(send):
    status, _, body = send("DescribeTable", {"TableName": 7})
    assert (status, json.loads(body)["__type"]) == (400, "com.amazon.coral.service#SerializationException")


def test_what_is_required_is_named(send):
    _, _, body = send("DescribeTable", {})
    error = json.loads(body)
    assert error["__type"] == "com.amazon.coral.validate#ValidationException"
    assert error["message"] == "The parameter 'TableName' is required but was not present in the request"
    _, _, body = send("UpdateTimeToLive", {})
    message = json.loads(body)["message"]
    assert "Value null at 'tableName' failed to satisfy constraint: Member must not be null" in message


def test_a_compressed_request(send):
    status, _, body = send("ListTables", gzip.compress(b"{}"), {"Content-Encoding": "gzip"})
    assert status == 200 and "TableNames" in json.loads(body)


def test_a_compressed_answer(send, client, table, key):
    client.put_item(TableName=table, Item={"pk": {"S": key}, "a": {"S": "x" * 20_000}})
    request = {"TableName": table, "Key": {"pk": {"S": key}}}
    status, headers, body = send("GetItem", request, {"Accept-Encoding": "gzip"})
    assert status == 200 and headers["Content-Encoding"] == "gzip"
    assert int(headers["x-amz-crc32"]) == zlib.crc32(body)
    assert json.loads(gzip.decompress(body))["Item"]["a"]["S"] == "x" * 20_000


def test_a_body_over_16_megabytes(send):
    status, _, _ = send("PutItem", b" " * (16 * 1024 * 1024 + 1))
    assert status == 413


def test_the_health_page(send):
    status, _, body = send("", b"", method="GET", sign=False)
    assert status == 200 and body.startswith(b"healthy: ")


def other_client(installation, **options):
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client("dynamodb", **{**installation.client_options(HOME), "config": config, **options})


def test_a_wrong_secret_is_refused(installation):
    with refused("InvalidSignatureException", "The request signature we calculated does not match"):
        other_client(installation, aws_secret_access_key="wrong").list_tables()


def test_an_unknown_key_is_refused(installation):
    with refused("UnrecognizedClientException", "The security token included in the request is invalid"):
        other_client(installation, aws_access_key_id="unknown").list_tables()


def test_another_region_is_refused(installation):
    with refused("InvalidSignatureException", "Credential should be scoped to a valid region, not 'eu-west-1'"):
        other_client(installation, region_name="eu-west-1").list_tables()


def test_a_session_token_is_refused(installation):
    with refused("UnrecognizedClientException"):
        other_client(installation, aws_session_token="token").list_tables()


def test_a_request_without_a_signature_is_refused(send):
    status, _, body = send("ListTables", {}, sign=False)
    error = json.loads(body)
    assert status == 400
    assert error["__type"] == "com.amazon.coral.service#MissingAuthenticationTokenException"
    assert error["message"] == "Request is missing Authentication Token"


def test_the_signature_covers_the_body(installation, send):
    port = installation.regions[HOME].endpoint_port
    request = AWSRequest("POST", f"http://127.0.0.1:{port}/", {
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    SigV4Auth(Credentials(ACCESS_KEY, SECRET), "dynamodb", HOME).add_auth(request)
    status, _, body = send("ListTables", b'{"Limit": 1}', dict(request.headers), sign=False)
    assert (status, json.loads(body)["__type"]) == (400, "com.amazon.coral.service#InvalidSignatureException")
