"""Tags of tables: put, replaced, taken, listed a page at a time, and refused."""

import re

import pytest

from conftest import make_table, refused


def arn(client, table):
    return client.describe_table(TableName=table)["Table"]["TableArn"]


def tags_of(client, table):
    tags, more = [], {}
    while True:
        answer = client.list_tags_of_resource(ResourceArn=arn(client, table), **more)
        tags += answer["Tags"]
        if "NextToken" not in answer:
            return {tag["Key"]: tag["Value"] for tag in tags}
        more = {"NextToken": answer["NextToken"]}


def as_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(scope="module")
def tagged(client):
    return make_table(client)


def test_a_new_table_has_no_tags(client, tagged):
    assert client.list_tags_of_resource(ResourceArn=arn(client, make_table(client)))["Tags"] == []


def test_a_table_is_made_with_tags(client):
    name = make_table(client, Tags=as_list({"team": "storage", "empty": ""}))
    assert tags_of(client, name) == {"team": "storage", "empty": ""}


def test_tags_are_put_replaced_and_taken(client):
    name = make_table(client)
    resource = arn(client, name)
    client.tag_resource(ResourceArn=resource, Tags=as_list({"a": "1", "b": "2"}))
    assert tags_of(client, name) == {"a": "1", "b": "2"}
    client.tag_resource(ResourceArn=resource, Tags=as_list({"b": "3", "c": "4"}))
    assert tags_of(client, name) == {"a": "1", "b": "3", "c": "4"}
    client.untag_resource(ResourceArn=resource, TagKeys=["a", "never-there"])
    assert tags_of(client, name) == {"b": "3", "c": "4"}
    client.untag_resource(ResourceArn=resource, TagKeys=["b", "c"])
    assert tags_of(client, name) == {}


def test_keys_differ_by_case(client):
    name = make_table(client)
    client.tag_resource(ResourceArn=arn(client, name), Tags=as_list({"Key": "1", "key": "2"}))
    assert tags_of(client, name) == {"Key": "1", "key": "2"}


@pytest.mark.parametrize("text", ["with space", "a_b.c:d/e=f+g-h@i", "größe", "数", "7"])
def test_characters_that_tags_may_have(client, tagged, text):
    client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": text, "Value": text}])
    assert tags_of(client, tagged)[text] == text
    client.untag_resource(ResourceArn=arn(client, tagged), TagKeys=[text])


@pytest.mark.parametrize(("key", "value"), [("a*b", "v"), ("k", "100%"), ("a#b", "v"), ("k", "a,b")])
def test_characters_that_tags_may_not_have(client, tagged, key, value):
    kind, text = ("Key", key) if key != "k" else ("Value", value)
    with refused("ValidationException", f"^The Tag {kind} provided is invalid, {kind}: {re.escape(text)}$"):
        client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": key, "Value": value}])


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "aws:"])
def test_reserved_keys_are_refused(client, tagged, key):
    with refused("ValidationException", f"^Tag Key cannot be prefixed with aws:, Key: {key}$"):
        client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": key, "Value": "v"}])


def test_a_table_has_fifty_tags_and_lists_them_all(client):
    name = make_table(client, Tags=as_list({f"key-{number:02}": str(number) for number in range(50)}))
    pages, more = [], {}
    while True:
        answer = client.list_tags_of_resource(ResourceArn=arn(client, name), **more)
        pages.append([tag["Key"] for tag in answer["Tags"]])
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    assert len(pages) == 5 and all(len(page) == 10 for page in pages)
    assert [key for page in pages for key in page] == [f"key-{number:02}" for number in range(50)]
    with refused("ValidationException", "^Number of Tags exceed the current limit for the provided ResourceArn$"):
        client.tag_resource(ResourceArn=arn(client, name), Tags=as_list({"one": "more"}))
    client.tag_resource(ResourceArn=arn(client, name), Tags=as_list({"key-00": "replaced"}))
    paginator = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn(client, name))
    assert sum(len(page["Tags"]) for page in paginator) == 50


def test_fifty_one_tags_are_too_many_for_a_new_table(client):
    with refused("ValidationException", "^Number of Tags exceed the current limit for the provided ResourceArn$"):
        make_table(client, Tags=as_list({f"key-{number}": "v" for number in range(51)}))


def test_a_key_comes_once_in_a_request(client, tagged):
    with refused("ValidationException", "^Duplicate Tag Keys provided as input: Duplicate Tag Key found k$"):
        client.tag_resource(
            ResourceArn=arn(client, tagged), Tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])


def test_no_tags_are_refused(client, tagged):
    with refused("ValidationException", "^Atleast one Tag needs to be provided as Input.$"):
        client.tag_resource(ResourceArn=arn(client, tagged), Tags=[])
    with refused("ValidationException", "^Atleast one Tag Key needs to be provided as Input.$"):
        client.untag_resource(ResourceArn=arn(client, tagged), TagKeys=[])


def test_keys_and_values_are_bounded(client, tagged):
    with refused(
            "ValidationException",
            "^1 validation error detected: Value '.*' at 'tags.1.member.key' failed to satisfy constraint: "
            "Member must have length less than or equal to 128$"):
        client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": "k" * 129, "Value": ""}])
    with refused(
            "ValidationException",
            "at 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256$"):
        client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": "k", "Value": "v" * 257}])
    client.tag_resource(ResourceArn=arn(client, tagged), Tags=[{"Key": "k" * 128, "Value": "v" * 256}])
    client.untag_resource(ResourceArn=arn(client, tagged), TagKeys=["k" * 128])


OPERATIONS = [
    ("tag_resource", {"Tags": [{"Key": "k", "Value": "v"}]}), ("untag_resource", {"TagKeys": ["k"]}),
    ("list_tags_of_resource", {}),
]


@pytest.mark.parametrize(("operation", "parameters"), OPERATIONS)
def test_what_is_no_arn_of_a_table_is_refused(client, tagged, operation, parameters):
    table = arn(client, tagged)
    invalid = "Invalid TableArn: Invalid ResourceArn provided as input "
    parameter = "One or more parameter values were invalid: "
    for resource, message in [
            ("I_do_not_exist", parameter + "ARNs must start with 'arn:': "),
            ("arn:aws:s3:::bucket", parameter + "Provided Arn is not a DynamoDB resource arn: "),
            (f"{table}/index/i", parameter + "Invalid resource arn provided, only table or stream is accepted. "
             "Provided resource arn: "),
            (table.replace("table/", "tables/"), invalid), (f"{table}/", invalid),
            (table.replace("us-east-1", "eu-west-1"), invalid)]:
        with refused("ValidationException", f"^{message}{resource}$"):
            getattr(client, operation)(ResourceArn=resource, **parameters)
    foreign = table.replace("000000000000", "111111111111")
    assert foreign != table
    with refused("AccessDeniedException", f"is not authorized to perform: dynamodb:.* on resource: {foreign} "):
        getattr(client, operation)(ResourceArn=foreign, **parameters)


@pytest.mark.parametrize(("operation", "parameters"), OPERATIONS)
def test_the_arn_of_no_table_is_not_found(client, tagged, operation, parameters):
    missing = arn(client, tagged).replace(tagged, "no-such-table")
    with refused("ResourceNotFoundException", f"^Requested resource not found: ResourcArn: {missing} not found$"):
        getattr(client, operation)(ResourceArn=missing, **parameters)


def test_a_token_that_was_not_given_is_refused(client, tagged):
    with refused("ValidationException", "^Invalid NextToken: nonsense$"):
        client.list_tags_of_resource(ResourceArn=arn(client, tagged), NextToken="nonsense")


def test_tags_go_with_their_table(client):
    name = make_table(client, Tags=as_list({"a": "b"}))
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    make_table(client, name=name)
    assert tags_of(client, name) == {}
