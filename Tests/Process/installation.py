"""An installation for tests: its topology file, its regions as processes of this machine, and clients of them.

Processes are ended with the `with` statement that an installation is used in, however that is left. Nothing here waits for a
fixed time: each wait is for a condition, with a deadline after which it is an error that says what was waited for.
"""

import contextlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

THREE_CONTINENTS = ("us-east-1", "eu-west-1", "ap-northeast-1")
ACCESS_KEY = "test"
SECRET = "test"

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
# How many lines of a region's log are shown when it fails.
LOG_LINES_SHOWN = 30


class Failure(Exception):
    """What was to be shown does not hold."""


def wait_until(condition, what, seconds=60, pause=0.02):
    """Returns the first true answer of `condition`; fails, naming `what` was waited for, when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"gave up after {seconds} s waiting until {what}")
        time.sleep(pause)


def free_ports(count):
    """Ports that nothing listens on.

    They lie below those that the kernel gives to outgoing connections, so that no link takes the port of a region that is down.
    """
    ports = []
    generator = random.SystemRandom()
    while len(ports) < count:
        port = generator.randrange(10_000, 30_000)
        if port in ports:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    return ports


class RegionProcess:
    """One region of an installation: where it is, and its process while that runs."""

    def __init__(self, name, number, ports):
        self.name = name
        self.number = number
        self.endpoint_port, self.replication_port, self.admin_port = ports
        self.process = None
        # A topology file of its own; None for the installation's.
        self.topology = None
        # Set in the environment of its processes, beside what there is.
        self.environment = {}
        # The soft and the hard limit of open files of its processes; None for this process's own.
        self.open_files = None
        # Set while clients may expect answers.
        self.is_up = threading.Event()

    @property
    def endpoint_url(self):
        return f"http://127.0.0.1:{self.endpoint_port}"


class Installation:
    """A topology with the regions `names` on free ports of this host, its files in `folder`.

    `binary` is the meridian command. With `extra_topology`, lines are added to the topology file.
    """

    def __init__(self, binary, folder, names=THREE_CONTINENTS, extra_topology=""):
        self.binary = pathlib.Path(binary).resolve()
        if not os.access(self.binary, os.X_OK):
            raise Failure(f"there is no program {binary}: build it first, with make build or make release")
        self.folder = pathlib.Path(folder).resolve()
        ports = free_ports(3 * len(names))
        self.regions = {
            name: RegionProcess(name, number + 1, ports[3 * number:3 * number + 3])
            for number, name in enumerate(names)
        }
        self.topology = self.folder / "topology.yaml"
        self.topology.write_text(self._topology_text() + extra_topology)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for region in self.regions.values():
            if region.process is not None and region.process.poll() is None:
                region.process.kill()
                region.process.wait()
        if kind is not None and kind is not KeyboardInterrupt:
            self.show_logs()

    def _topology_text(self):
        lines = ["regions:"]
        for region in self.regions.values():
            lines += [
                f"  - name: {region.name}",
                f"    id: {region.number}",
                f"    endpoint: 127.0.0.1:{region.endpoint_port}",
                f"    replication: 127.0.0.1:{region.replication_port}",
                f"    admin: 127.0.0.1:{region.admin_port}",
            ]
        lines += [
            "access-keys:",
            f"  - {{id: {ACCESS_KEY}, secret: {SECRET}, name: developer}}",
            "certificates: certificates",
        ]
        return "\n".join(lines) + "\n"

    # Processes

    def run(self, *arguments, check=True):
        """Runs a command of meridian to its end, with this topology."""
        result = subprocess.run(
            [self.binary, *arguments, "--topology", self.topology], capture_output=True, text=True, timeout=120)
        if check and result.returncode != 0:
            raise Failure(f"meridian {' '.join(arguments)} ended with status {result.returncode}:\n{result.stderr}")
        return result

    def make_certificates(self):
        self.run("certificates")

    def start(self, *names, wait=True, options=()):
        """Starts the regions `names`, or all of them, with more options of `serve`, and waits until they answer."""
        for name in names or self.regions:
            region = self.regions[name]
            command = [
                str(self.binary), "serve", "--region", name, "--topology", str(region.topology or self.topology),
                "--data", str(self.data(name)), *options,
            ]
            if shutil.which("setpriv"):
                # Should this process be killed, its regions go with it.
                command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
            with open(self.log(name), "ab") as log:
                region.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env={**os.environ, **region.environment}, preexec_fn=limit_open_files(region.open_files))
        if wait:
            for name in names or self.regions:
                self.wait_until_up(name)

    def wait_until_up(self, name):
        region = self.regions[name]

        def answers():
            if region.process.poll() is not None:
                raise Failure(f"{name} ended with status {region.process.returncode} when it should have come up")
            return self.status(name) is not None and is_listening(region.endpoint_port)

        wait_until(answers, f"{name} answers", READY_SECONDS_MAX)
        region.is_up.set()

    def kill(self, *names):
        """Kills regions with SIGKILL, in the order given."""
        for name in names:
            self.regions[name].is_up.clear()
        for name in names:
            self.regions[name].process.kill()
        for name in names:
            self.regions[name].process.wait()

    def stop(self, name):
        """Stops a region as an operator would, and gives its exit status."""
        region = self.regions[name]
        region.is_up.clear()
        region.process.send_signal(signal.SIGTERM)
        return region.process.wait(timeout=STOP_SECONDS_MAX)

    def data(self, name):
        return self.folder / "data" / name

    def log(self, name):
        return self.folder / f"{name}.log"

    def show_logs(self):
        for name in self.regions:
            if not self.log(name).exists():
                continue
            lines = self.log(name).read_text(errors="replace").splitlines()
            print(f"--- the last lines of {name}'s log", file=sys.stderr)
            print("\n".join(lines[-LOG_LINES_SHOWN:]), file=sys.stderr)

    # State

    def status(self, name):
        """What the region tells of itself, or None when it does not answer."""
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.regions[name].admin_port}/status", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def readiness(self, name):
        """Whether the region takes writes, in its own words; empty when it does not answer."""
        status = self.status(name)
        return status["readiness"] if status else ""

    def statuses(self):
        answers = {name: self.status(name) for name in self.regions}
        silent = [name for name, answer in answers.items() if answer is None]
        if silent:
            raise Failure(f"no status from {', '.join(silent)}")
        return answers

    def is_settled(self):
        """Whether each region has made durable all that is in the logs of the others; for when nobody writes."""
        statuses = [self.status(name) for name in self.regions]
        return all(
            status is not None
            and len(status["outgoing"]) == len(self.regions) - 1
            and all(
                link["state"] == "up" and link["acknowledgedPosition"] >= status["log"]["position"]
                for link in status["outgoing"])
            for status in statuses)

    def wait_until_settled(self, seconds=120):
        try:
            wait_until(self.is_settled, "every link has nothing left to ship", seconds)
        except Failure:
            for name in self.regions:
                print(f"{name}: {json.dumps(self.status(name))}", file=sys.stderr)
            raise

    def client(self, name, **options):
        """A client of boto3 that tries each call once, so that what it reports is what happened."""
        config = Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60, max_pool_connections=16)
        return boto3.client("dynamodb", **{**self.client_options(name), "config": config, **options})

    def client_options(self, name):
        return {
            "region_name": name,
            "endpoint_url": self.regions[name].endpoint_url,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET,
        }


def limit_open_files(limits):
    """What a new process does before it becomes its program; None for nothing."""
    return limits and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, limits))


def is_listening(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def exit_on_termination():
    """Lets SIGTERM end this process the way that an error does, so that what it has started is ended too."""
    def leave(number, _):
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def create_global_table(installation, home, **definition):
    """Creates a table in `home` and adds a replica in each other region, one call each, waiting until it is active."""
    client = installation.client(home)
    table = definition["TableName"]
    client.create_table(BillingMode="PAY_PER_REQUEST", **definition)
    wait_until(
        lambda: client.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE",
        f"{table} is active in {home}")
    for name in installation.regions:
        if name != home:
            add_replica(installation, home, table, name)


def add_replica(installation, home, table, name):
    client = installation.client(home)
    client.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": name}}])

    def is_active():
        description = client.describe_table(TableName=table)["Table"]
        states = {replica["RegionName"]: replica["ReplicaStatus"] for replica in description.get("Replicas", [])}
        return description["TableStatus"] == "ACTIVE" and states.get(name) == "ACTIVE"

    wait_until(is_active, f"the replica of {table} in {name} is active")
    replica = installation.client(name)
    wait_until(
        lambda: replica.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE",
        f"{table} is active in {name}")
