"""Running regions for unmodified AWS clients, and the tables that the tests share.

Tests share tables and use keys of their own, so that each takes milliseconds; only tests on tables make their own.
"""

import contextlib
import itertools
import pathlib
import re
import sys
import uuid

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Process"))

from installation import THREE_CONTINENTS, Installation, add_replica, exit_on_termination, wait_until  # noqa: E402

HOME = "us-east-1"


def pytest_addoption(parser):
    parser.addoption(
        "--meridian", default=str(ROOT / ".build/debug/meridian"), help="the program whose regions are tested")


def pytest_configure(config):
    exit_on_termination()


@pytest.fixture(scope="session")
def installation(request, tmp_path_factory):
    """One region, for everything that one region shows."""
    folder = tmp_path_factory.mktemp("one-region")
    with Installation(request.config.getoption("--meridian"), folder, [HOME]) as one_region:
        one_region.make_certificates()
        one_region.start()
        yield one_region


@pytest.fixture(scope="session")
def client(installation):
    return installation.client(HOME)


@pytest.fixture(scope="session")
def lenient(installation):
    """A client that sends what the SDK itself would refuse."""
    return boto3.client(
        "dynamodb", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        **installation.client_options(HOME))


@pytest.fixture(scope="session")
def resource(installation):
    return boto3.resource("dynamodb", **installation.client_options(HOME))


@pytest.fixture(scope="session")
def raw(installation):
    """Sends a request that boto3 would not, and gives the code and the message of the error that it gets."""
    unchecked = installation.client(
        HOME, config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))

    def call(operation, parameters):
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        with pytest.raises(ClientError) as caught:
            getattr(unchecked, method)(**parameters)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call


@pytest.fixture
def key(request):
    """A partition key that no other test uses."""
    return f"{request.node.name}-{uuid.uuid4()}"


table_numbers = itertools.count(1)


def new_table_name():
    return f"table-{next(table_numbers)}"


def make_table(client, keys="pk:S", name=None, **definition):
    """Creates a table with keys such as `pk:S` or `pk:S sk:N`, waits until it is active, and gives its name."""
    name = name or new_table_name()
    attributes = [key.split(":") for key in keys.split()]
    more = definition.pop("AttributeDefinitions", [])
    client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in attributes] + more,
        KeySchema=[
            {"AttributeName": attribute, "KeyType": role}
            for (attribute, _), role in zip(attributes, ["HASH", "RANGE"])],
        **{"BillingMode": "PAY_PER_REQUEST", **definition})
    wait_until_active(client, name)
    return name


def wait_until_active(client, name):
    def is_active():
        table = client.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        return table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes)

    wait_until(is_active, f"{name} is active")


@pytest.fixture(scope="session")
def table(client):
    """A table with the partition key `pk`, a string."""
    return make_table(client)


@pytest.fixture(scope="session")
def sorted_table(client):
    """A table with the partition key `pk`, a string, and the sort key `sk`, a number."""
    return make_table(client, "pk:S sk:N")


@pytest.fixture(scope="session")
def indexed_table(client):
    """A table with string keys and indexes of every projection.

    Global: `by-owner` on `owner` and the number `at`, with all attributes; `by-kind` on `kind`, with the keys only; `by-city` on
    `city` and `owner`, with the attribute `note`. Local: `by-score` on the number `score`, with all attributes.
    """
    return make_table(
        client, "pk:S sk:S",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in [("owner", "S"), ("at", "N"), ("kind", "S"), ("city", "S"), ("score", "N")]],
        GlobalSecondaryIndexes=[
            index("by-owner", "owner", "at"), index("by-kind", "kind", projection={"ProjectionType": "KEYS_ONLY"}),
            index("by-city", "city", "owner", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]})],
        LocalSecondaryIndexes=[index("by-score", "pk", "score")])


def index(name, partition, sort=None, projection=None):
    """A secondary index as CreateTable takes it."""
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    if sort:
        keys.append({"AttributeName": sort, "KeyType": "RANGE"})
    return {"IndexName": name, "KeySchema": keys, "Projection": projection or {"ProjectionType": "ALL"}}


@contextlib.contextmanager
def refused(code, pattern=""):
    """Expects an error of this code, with a message in which the pattern is found."""
    with pytest.raises(ClientError) as caught:
        yield caught
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert re.search(pattern, error["Message"]), error["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def all_pages(call, member="Items", **parameters):
    """The pages of an operation, each as its list of items, following LastEvaluatedKey."""
    pages = []
    while True:
        answer = call(**parameters)
        pages.append(answer[member])
        if "LastEvaluatedKey" not in answer:
            return pages
        parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def flat(pages):
    return [item for page in pages for item in page]


@pytest.fixture(scope="session")
def regions(request, tmp_path_factory):
    """Clients of three linked regions, by name."""
    folder = tmp_path_factory.mktemp("three-regions")
    with Installation(request.config.getoption("--meridian"), folder) as installation:
        installation.make_certificates()
        installation.start()
        clients = {name: installation.client(name) for name in installation.regions}
        clients["installation"] = installation
        yield clients


@pytest.fixture(scope="session")
def global_table(regions):
    """A table with replicas in all three regions, and an index."""
    first, *others = THREE_CONTINENTS
    name = make_table(
        regions[first], name=f"global-{new_table_name()}",
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index("by-group", "group")])
    for other in others:
        add_replica(regions["installation"], first, name, other)
    return name
