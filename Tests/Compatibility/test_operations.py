"""The documentation's table of operations, the model of the AWS SDK and the running program say the same."""

import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import HOME, ROOT

ARTICLE = ROOT / "Sources" / "meridian" / "Meridian.docc" / "Operations.md"


def documented():
    """Pairs of service and operation, with what the article says of each."""
    lines, service = {}, None
    for line in ARTICLE.read_text().splitlines():
        if line.startswith("## "):
            service = {"## DynamoDB": "dynamodb", "## DynamoDB Streams": "dynamodbstreams"}.get(line)
        if row := re.fullmatch(r"\| `(\w+)` \| \*(\w+)\* \| (.*) ?\|", line):
            lines[service, row[1]] = row[2]
    return lines


def model(service):
    return boto3.client(
        service, region_name=HOME, aws_access_key_id="a", aws_secret_access_key="b").meta.service_model


@pytest.mark.parametrize("service", ["dynamodb", "dynamodbstreams"])
def test_every_operation_of_the_model_is_documented(service):
    names = {name for documented_service, name in documented() if documented_service == service}
    assert set(model(service).operation_names) - names == set()


def test_the_article_has_every_service_and_knows_three_words():
    lines = documented()
    assert {service for service, _ in lines} == {"dynamodb", "dynamodbstreams"}
    assert set(lines.values()) <= {"complete", "partial", "refused"}


@pytest.mark.parametrize(("service", "name"), sorted(documented()))
def test_an_operation_is_refused_where_the_article_says_so(installation, service, name):
    """A request without any parameters: whatever is there answers it or misses a parameter."""
    if name not in model(service).operation_names:
        pytest.skip("newer than the installed SDK")
    client = boto3.client(
        service, config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        **installation.client_options(HOME))
    # The SDK itself looks for the tables of a batch.
    parameters = {"RequestItems": {}} if name.startswith("Batch") and name.endswith("Item") else {}
    try:
        client._make_api_call(name, parameters)
        code, message = None, ""
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if documented()[service, name] == "refused":
        assert code == "UnknownOperationException"
        assert message.startswith(f"The operation {name} is not supported: ")
    else:
        assert code != "UnknownOperationException"
