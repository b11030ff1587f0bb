"""The commands of meridian as their users meet them: what they print, what they refuse, and how they end."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from installation import THREE_CONTINENTS, Installation, is_listening, wait_until

HOME = THREE_CONTINENTS[0]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def installation(meridian, tmp_path):
    with Installation(meridian, tmp_path) as three_regions:
        yield three_regions


@pytest.fixture
def run(meridian):
    def call(*arguments, **options):
        return subprocess.run([meridian, *arguments], capture_output=True, text=True, timeout=60, **options)

    return call


class Up:
    """`meridian up`, as a process whose output can be looked at while it runs."""

    def __init__(self, installation):
        self.output = installation.folder / "up.txt"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [installation.binary, "up", "--topology", installation.topology, "--data", installation.folder / "data"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def wait_for(self, pattern):
        return wait_until(lambda: re.search(pattern, self.output.read_text()), f"up prints {pattern!r}")


def is_running(pid):
    """Whether the process has not ended; one that has ended and that nobody asked after is a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_runs_all_regions_until_it_is_told_to_stop(installation, number):
    with Up(installation) as up:
        up.wait_for("all 3 regions are up")
        pids = []
        for name, region in installation.regions.items():
            status = installation.status(name)
            assert (status["region"], status["id"]) == (name, region.number)
            line = re.search(rf"^{name} +\d+ .*$", up.output.read_text(), re.MULTILINE).group()
            assert str(status["pid"]) in line and f"127.0.0.1:{region.endpoint_port}" in line
            pids.append(status["pid"])
        assert len(set(pids)) == 3
        up.process.send_signal(number)
        assert up.process.wait(timeout=30) == 0
        assert not any(is_running(pid) for pid in pids)


def test_the_other_regions_run_on_when_one_dies(installation):
    with Up(installation) as up:
        up.wait_for("all 3 regions are up")
        os.kill(installation.status("eu-west-1")["pid"], signal.SIGKILL)
        up.wait_for("eu-west-1 was ended by signal 9")
        assert installation.status("eu-west-1") is None
        assert installation.client(HOME).list_tables()["TableNames"] == []
        assert up.process.poll() is None


def test_regions_end_when_up_is_killed(installation):
    with Up(installation) as up:
        up.wait_for("all 3 regions are up")
        pids = [installation.status(name)["pid"] for name in installation.regions]
        up.process.kill()
        up.process.wait()
        wait_until(lambda: not any(is_running(pid) for pid in pids), "no region is left", seconds=30)


def failing_up(installation):
    """Runs `up` where a region cannot start, and gives what it says."""
    result = installation.run("up", "--data", installation.folder / "data", check=False)
    assert result.returncode == 1
    assert "all 3 regions are up" not in result.stdout
    return result.stderr


@pytest.mark.parametrize(("key", "purpose"), [
    ("endpoint", "DynamoDB clients"), ("replication", "links"), ("admin", "status")])
def test_up_says_which_port_is_taken(installation, key, purpose):
    region = installation.regions["eu-west-1"]
    port = getattr(region, f"{key}_port")
    with socket.create_server(("127.0.0.1", port)):
        message = failing_up(installation)
    log = installation.folder / "data/eu-west-1.log"
    assert message.startswith(
        f"Error: eu-west-1 ended with code 1, and its log is {log}: cannot listen at 127.0.0.1:{port} for {purpose}: "
        "another process listens at the port")
    assert f"`ss -ltnp 'sport = :{port}'`" in message and f"another port under `{key}` in the topology" in message
    assert [line for line in message.splitlines() if "ended with" in line] == [message.rstrip("\n")]


def test_up_says_which_process_uses_a_folder(installation):
    installation.make_certificates()
    with Up(installation) as up:
        up.wait_for("all 3 regions are up")
        message = failing_up(installation)
        for name in re.findall(r"(\S+) ended with code 1", message):
            holder = installation.status(name)["pid"]
            assert f"the data folder {installation.data(name)} is in use by process {holder} (meridian)" in message
        assert "name another folder with --data" in message
        assert up.process.poll() is None


def test_up_says_what_is_wrong_with_a_certificate(installation):
    installation.make_certificates()
    path = installation.folder / "certificates/eu-west-1.pem"
    path.write_text("nonsense")
    message = failing_up(installation)
    assert f"eu-west-1: the certificates for links cannot be used: {path} is not a certificate chain in PEM" in message
    assert "`meridian certificates` makes them" in message


def test_up_says_which_data_is_damaged_and_how_to_repair_it(installation):
    with Up(installation) as up:
        up.wait_for("all 3 regions are up")
    (installation.data("eu-west-1") / "CURRENT").unlink()
    message = failing_up(installation)
    assert "eu-west-1 ended with code 3" in message and "whose file CURRENT is missing" in message
    assert (f"`meridian serve --region eu-west-1 --topology {installation.topology} --data {installation.data('eu-west-1')} "
            "--repair-from <region>`") in message


def test_what_was_written_is_there_after_a_graceful_stop(installation):
    installation.make_certificates()
    installation.start(HOME)
    client = installation.client(HOME)
    client.create_table(
        TableName="kept", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    wait_until(lambda: client.describe_table(TableName="kept")["Table"]["TableStatus"] == "ACTIVE", "the table is active")
    client.put_item(TableName="kept", Item={"pk": {"S": "a"}})
    incarnation = installation.status(HOME)["incarnation"]
    assert installation.stop(HOME) == 0
    installation.start(HOME)
    assert installation.client(HOME).get_item(TableName="kept", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
    assert installation.status(HOME)["incarnation"] == incarnation


def test_status_shows_regions_and_links(installation):
    installation.make_certificates()
    installation.start()
    wait_until(
        lambda: all(link["state"] == "up" for status in installation.statuses().values() for link in status["outgoing"]),
        "all links are up")
    text = installation.run("status").stdout
    for name in THREE_CONTINENTS:
        assert re.search(rf"^{name} +up +\d+", text, re.MULTILINE)
        for other in THREE_CONTINENTS:
            assert other == name or re.search(rf"^{name} → {other} +up ", text, re.MULTILINE)
    statuses = json.loads(installation.run("status", "--json").stdout)
    assert [status["region"] for status in statuses] == list(THREE_CONTINENTS)

    installation.kill(HOME)
    result = installation.run("status", check=False)
    assert result.returncode == 1
    assert re.search(rf"^{HOME} .*no answer at ", result.stdout, re.MULTILINE)


def test_certificates_made_by_several_commands_at_once_are_of_one_authority(installation):
    shutil.rmtree(installation.folder / "certificates", ignore_errors=True)
    commands = [
        subprocess.Popen(
            [installation.binary, "certificates", "--topology", installation.topology], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    outputs = [command.communicate()[0] for command in commands]
    assert [command.returncode for command in commands] == [0] * 6
    # Each file was made by one of them.
    made = [line for output in outputs for line in output.splitlines() if line.endswith(".pem") and "authority" not in line]
    assert len(made) == len(installation.regions)
    for name in installation.regions:
        subprocess.run(
            ["openssl", "verify", "-CAfile", "authority.pem", f"{name}.pem"], check=True, capture_output=True,
            cwd=installation.folder / "certificates")


def test_certificates_are_made_once(installation):
    folder = installation.folder / "certificates"
    installation.make_certificates()
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {f"{name}.pem" for name in THREE_CONTINENTS} | {"authority.pem"} <= files.keys()
    for path in folder.iterdir():
        if path.name.endswith("-key.pem"):
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path.name}"
    installation.make_certificates()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    installation.run("certificates", "--force")
    assert (folder / "authority.pem").read_bytes() != files["authority.pem"]


@pytest.mark.parametrize("command", [[], ["serve"], ["up"], ["status"], ["certificates"]])
def test_every_command_explains_itself(run, command):
    result = run(*command, "--help")
    assert result.returncode == 0
    assert "USAGE: meridian" in result.stdout
    assert all(option in result.stdout for option in (["--topology"] if command else ["serve", "up", "status"]))


@pytest.mark.parametrize(("arguments", "message"), [
    (["serve", "--region", "us-east-1"], "--topology"),
    (["serve", "--region", "nowhere", "--topology", "Regions/three-continents.yaml"], "nowhere.*us-east-1"),
    (["serve", "--region", "us-east-1", "--topology", "missing.yaml"], "missing.yaml"),
    (["serve", "--region", "us-east-1", "--topology", "Regions/three-continents.yaml", "--log-level", "loud"], "loud"),
    (["up", "--topology", "Regions/three-continents.yaml", "--unknown"], "--unknown"),
    (["fly"], "fly"),
])
def test_bad_arguments_are_explained(run, arguments, message):
    result = run(*arguments, cwd=ROOT)
    assert result.returncode != 0
    assert re.search(message, result.stderr, re.DOTALL), result.stderr
    assert "Fatal error" not in result.stderr


def test_everything_wrong_in_a_topology_is_told_at_once(run, tmp_path):
    topology = tmp_path / "bad.yaml"
    topology.write_text(
        "regions:\n"
        "  - name: us-east-1\n    id: 0\n    endpoint: nonsense\n    replication: 127.0.0.1:1\n    admin: 127.0.0.1:2\n"
        "colour: red\n")
    result = run("status", "--topology", topology)
    assert result.returncode != 0
    for expected in ("bad.yaml:3", "bad.yaml:4", "bad.yaml:7", "colour"):
        assert expected in result.stderr, result.stderr


@pytest.mark.parametrize("options", [[], ["--no-throttling"]])
def test_capacity_is_bounded_unless_serve_is_told_otherwise(meridian, tmp_path, options):
    with Installation(meridian, tmp_path, [HOME]) as installation:
        installation.make_certificates()
        installation.start(options=options)
        client = installation.client(HOME)
        client.create_table(
            TableName="small", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
        wait_until(
            lambda: client.describe_table(TableName="small")["Table"]["TableStatus"] == "ACTIVE", "the table is active")
        # More than five minutes' worth at once.
        client.put_item(TableName="small", Item={"pk": {"S": "1"}, "value": {"B": bytes(399_000)}})
        again = {"TableName": "small", "Item": {"pk": {"S": "2"}}}
        if options:
            client.put_item(**again)
        else:
            with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
                client.put_item(**again)


def test_an_open_endpoint_needs_access_keys(meridian, tmp_path):
    installation = Installation(meridian, tmp_path, [HOME])
    installation.make_certificates()
    text = installation.topology.read_text()
    text = re.sub(r"access-keys:\n.*\n", "", text).replace("    admin:", "    bind: 0.0.0.0\n    admin:")
    installation.topology.write_text(text)
    for arguments, expected in (([], "no access-keys"), (["--insecure-no-auth"], "only on a loopback address")):
        result = installation.run("serve", "--region", HOME, "--data", tmp_path / "data", *arguments, check=False)
        assert result.returncode != 0 and expected in result.stderr
    assert not is_listening(installation.regions[HOME].endpoint_port)


def test_a_store_belongs_to_one_region(installation):
    installation.make_certificates()
    installation.start(HOME)
    assert installation.stop(HOME) == 0
    result = installation.run("serve", "--region", "eu-west-1", "--data", installation.data(HOME), check=False)
    assert result.returncode != 0 and "belongs to the region with id 1" in result.stderr


def test_a_store_is_opened_by_one_process(installation):
    installation.make_certificates()
    installation.start(HOME)
    result = installation.run("serve", "--region", HOME, "--data", installation.data(HOME), check=False)
    assert result.returncode != 0 and f"is in use by process {installation.regions[HOME].process.pid} (" in result.stderr
    assert installation.status(HOME) is not None
