"""The constraints of the SDK's model, each broken by a request that says nothing else, are told in the service's words.

The cases come from the model itself, so that an operation whose shape is declared incompletely is noticed.
"""

import functools
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import HOME
from test_operations import documented, model

# Structures that hold themselves, or whose rules are those of expressions and attribute values.
OPAQUE = {"AttributeValue"}
# Parameters that are refused, whatever they say.
REFUSED = ("vectorIndexes", "vectorIndexUpdates")
# What the service tells otherwise than its model says: in words of its own, or with another bound.
LEAST_NAME_OF_TABLE = (
    "CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeContributorInsights", "DescribeTable",
    "DescribeTableReplicaAutoScaling", "DescribeTimeToLive", "ListContributorInsights", "UpdateContinuousBackups",
    "UpdateContributorInsights", "UpdateTable", "UpdateTableReplicaAutoScaling", "UpdateTimeToLive")
NEEDS_TABLE = ("CreateTable", "DeleteTable", "DescribeTable", "DescribeTimeToLive", "UpdateTable")
# The SDK itself looks for the tables of a batch.
BATCHES = ("BatchGetItem", "BatchWriteItem")


def lower_camel(name):
    capitals = re.match(r"[A-Z]*", name)[0]
    count = len(capitals) - 1 if 1 < len(capitals) < len(name) else len(capitals)
    return name[:count].lower() + name[count:]


def violations(shape, path, depth=0):
    """Triples of a value that breaks one constraint of `shape`, the path to it, and the rule that is told."""
    if depth > 6 or shape.name in OPAQUE:
        return
    bounds = shape.metadata
    if shape.type_name == "string":
        if shape.enum:
            yield "NO-SUCH", path, "enum", "Member must satisfy enum value set: ["
            return
        if bounds.get("min"):
            yield "", path, "min", f"Member must have length greater than or equal to {bounds['min']}"
        if bounds.get("max"):
            yield "a" * (bounds["max"] + 1), path, "max", f"Member must have length less than or equal to {bounds['max']}"
        if bounds.get("pattern") == "[a-zA-Z0-9_.-]+":
            yield "no such!", path, "pattern", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    elif shape.type_name in ("integer", "long"):
        if "min" in bounds:
            yield bounds["min"] - 1, path, "min", f"Member must have value greater than or equal to {bounds['min']}"
        if "max" in bounds:
            yield bounds["max"] + 1, path, "max", f"Member must have value less than or equal to {bounds['max']}"
    elif shape.type_name == "list":
        if bounds.get("min"):
            yield [], path, "min", f"Member must have length greater than or equal to {bounds['min']}"
        for value, *rest in violations(shape.member, f"{path}.1.member", depth + 1):
            yield [value], *rest
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            inner = f"{path}.{lower_camel(name)}" if path else lower_camel(name)
            if name in shape.required_members:
                yield {}, inner, "required", "Member must not be null"
            for value, *rest in violations(member, inner, depth + 1):
                yield {name: value}, *rest


def cases():
    for (service, operation), coverage in sorted(documented().items()):
        names = model(service).operation_names
        if coverage == "refused" or operation not in names:
            continue
        shape = model(service).operation_model(operation).input_shape
        for number, (request, path, kind, rule) in enumerate(violations(shape, "") if shape else []):
            if operation in BATCHES:
                request = {"RequestItems": {}, **request}
            if kind == "min" and path == "tableName" and operation in LEAST_NAME_OF_TABLE:
                rule = rule.replace("equal to 1", "equal to 3")
            if kind == "required" and path == "tableName" and operation in NEEDS_TABLE or (operation, path, kind) == (
                    "Query", "limit", "min"):
                continue
            if not path.startswith(REFUSED) and (operation not in BATCHES or path != "requestItems"):
                yield pytest.param(service, operation, request, path, rule, id=f"{operation}-{number}-{path}-{kind}")


@pytest.fixture(scope="module")
def clients(installation):
    @functools.cache
    def client(service):
        return boto3.client(
            service, config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
            **installation.client_options(HOME))

    return client


@pytest.mark.parametrize(("service", "operation", "request_", "path", "rule"), list(cases()))
def test_a_broken_constraint_is_told(clients, service, operation, request_, path, rule):
    with pytest.raises(ClientError) as caught:
        clients(service)._make_api_call(operation, request_)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert re.match(r"\d+ validation errors? detected: ", error["Message"]), error["Message"]
    assert f"at '{path}' failed to satisfy constraint: {rule}" in error["Message"]
