"""The AWS command line, unmodified, as its own process: each operation once, and how errors are shown."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import HOME
from installation import ACCESS_KEY, SECRET, wait_until

AWS = shutil.which("aws", path=str(pathlib.Path(sys.executable).parent)) or shutil.which("aws")

pytestmark = pytest.mark.skipif(AWS is None, reason="the AWS command line is not installed")


@pytest.fixture(scope="session")
def aws(installation, tmp_path_factory):
    """Runs `aws dynamodb` and gives what it printed as JSON; with `fails`, what it printed of the error."""
    home = tmp_path_factory.mktemp("aws")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": HOME, "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}

    def call(operation, *arguments, fails=False, **parameters):
        for name, value in parameters.items():
            arguments += ("--" + name.replace("_", "-"), value if isinstance(value, str) else json.dumps(value))
        result = subprocess.run(
            [AWS, "dynamodb", operation, "--endpoint-url", installation.regions[HOME].endpoint_url, *arguments],
            capture_output=True, text=True, timeout=120, env=environment)
        assert (result.returncode != 0) == fails, result.stderr
        if fails:
            return result.stderr
        return json.loads(result.stdout) if result.stdout.strip() else {}

    return call


@pytest.fixture(scope="session")
def music(aws):
    aws("create-table", "--attribute-definitions", "AttributeName=artist,AttributeType=S", "AttributeName=song,AttributeType=S",
        "--key-schema", "AttributeName=artist,KeyType=HASH", "AttributeName=song,KeyType=RANGE",
        "--billing-mode", "PAY_PER_REQUEST", table_name="music")
    wait_until(lambda: aws("describe-table", table_name="music")["Table"]["TableStatus"] == "ACTIVE", "music is active")
    return "music"


def item(artist, song, **attributes):
    return {"artist": {"S": artist}, "song": {"S": song}, **attributes}


def test_put_and_get(aws, music):
    aws("put-item", table_name=music, item=item("put", "one", year={"N": "1999"}))
    answer = aws("get-item", "--consistent-read", table_name=music, key=item("put", "one"))
    assert answer["Item"] == item("put", "one", year={"N": "1999"})


def test_a_conditional_update(aws, music):
    aws("put-item", table_name=music, item=item("update", "one", plays={"N": "1"}))
    update = dict(
        table_name=music, key=item("update", "one"), update_expression="SET plays = plays + :n",
        condition_expression="plays < :max", return_values="ALL_NEW")
    answer = aws("update-item", **update, expression_attribute_values={":n": {"N": "5"}, ":max": {"N": "3"}})
    assert answer["Attributes"]["plays"] == {"N": "6"}
    error = aws("update-item", fails=True, **update, expression_attribute_values={":n": {"N": "5"}, ":max": {"N": "3"}})
    assert "(ConditionalCheckFailedException)" in error and "The conditional request failed" in error


def test_delete(aws, music):
    aws("put-item", table_name=music, item=item("delete", "one"))
    answer = aws("delete-item", table_name=music, key=item("delete", "one"), return_values="ALL_OLD")
    assert answer["Attributes"] == item("delete", "one")
    assert aws("get-item", table_name=music, key=item("delete", "one")) == {}


def test_query_with_a_filter_a_projection_and_pages(aws, music):
    for number in range(6):
        aws("put-item", table_name=music, item=item("query", f"song-{number}", n={"N": str(number)}))
    answer = aws(
        "query", table_name=music, key_condition_expression="artist = :a AND begins_with(song, :s)",
        filter_expression="n > :n", projection_expression="song", page_size="2",
        expression_attribute_values={":a": {"S": "query"}, ":s": {"S": "song-"}, ":n": {"N": "2"}})
    assert [entry["song"]["S"] for entry in answer["Items"]] == ["song-3", "song-4", "song-5"]
    assert (answer["Count"], answer["ScannedCount"]) == (3, 6)


def test_scan_with_a_filter(aws, music):
    aws("put-item", table_name=music, item=item("scan", "one", mark={"BOOL": True}))
    answer = aws(
        "scan", table_name=music, filter_expression="mark = :m", expression_attribute_values={":m": {"BOOL": True}})
    assert answer["Items"] == [item("scan", "one", mark={"BOOL": True})]


def test_batches(aws, music):
    puts = [{"PutRequest": {"Item": item("batch", str(number))}} for number in range(3)]
    assert aws("batch-write-item", request_items={music: puts})["UnprocessedItems"] == {}
    answer = aws("batch-get-item", request_items={music: {
        "Keys": [item("batch", "0"), item("batch", "2"), item("batch", "9")], "ProjectionExpression": "song"}})
    assert sorted(entry["song"]["S"] for entry in answer["Responses"][music]) == ["0", "2"]


def test_tables(aws, music):
    assert music in aws("list-tables")["TableNames"]
    table = aws("describe-table", table_name=music)["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["KeySchema"][1] == {"AttributeName": "song", "KeyType": "RANGE"}


def test_errors_are_shown(aws):
    error = aws("describe-table", table_name="no-such-table", fails=True)
    assert "(ResourceNotFoundException)" in error
    assert "Requested resource not found: Table: no-such-table not found" in error


def test_an_operation_that_is_not_there_yet(aws, music):
    error = aws("create-backup", table_name=music, backup_name="backup", fails=True)
    assert "(UnknownOperationException)" in error
