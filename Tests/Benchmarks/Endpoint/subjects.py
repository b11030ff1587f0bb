"""What is measured, and what it is measured against: processes on free ports, ended with the `with` statement they are used in."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess

from installation import Failure, Installation, free_ports, is_listening, wait_until
from operations import PAGE_COUNT, PAGE_LENGTH, PAGES, REGION, TABLE, item, page_item

READY_SECONDS_MAX = 60


class Server:
    """A process that listens on `port`."""

    def __init__(self, command, port):
        self.command, self.port = [str(part) for part in command], port
        self.name = pathlib.Path(self.command[0]).name

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)

        def is_ready():
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with status {self.process.returncode} before it listened")
            return is_listening(self.port)

        try:
            wait_until(is_ready, f"{self.name} listens on port {self.port}", READY_SECONDS_MAX)
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def pid(self):
        return self.process.pid

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def baseline(program, body_file):
    """The NIO server that answers every request with the bytes of a file."""
    port, = free_ports(1)
    return Server([program, "--port", port, "--body-file", body_file], port)


def redis(folder):
    """Redis that writes each change to disk before it answers, as a region does."""
    port, = free_ports(1)
    folder.mkdir()
    return Server(
        ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--appendfsync",
         "always", "--save", "", "--loglevel", "warning"], port)


def processor_seconds(pid):
    """The user's and the system's time of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Region:
    """One region with its tables; the only one of its topology."""

    def __init__(self, program, folder):
        self.installation = Installation(program, folder, [REGION])

    def __enter__(self):
        self.installation.__enter__()
        try:
            self.installation.make_certificates()
            self.installation.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error):
        self.installation.__exit__(*error)

    @property
    def port(self):
        return self.installation.regions[REGION].endpoint_port

    @property
    def pid(self):
        return self.installation.regions[REGION].process.pid

    @property
    def client(self):
        return self.installation.client(REGION)


def create_table(client, name, has_sort_key=False):
    keys = [("pk", "S", "HASH")] + ([("sk", "N", "RANGE")] if has_sort_key else [])
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind, _ in keys],
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, _, role in keys],
        StreamSpecification={"StreamEnabled": name == TABLE, **(
            {"StreamViewType": "NEW_AND_OLD_IMAGES"} if name == TABLE else {})})
    wait_until(
        lambda: client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", f"{name} is active",
        READY_SECONDS_MAX)


def write_items(client, table, items):
    """Writes items 25 at a time."""
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": one}} for one in items[start:start + 25]]
        left = client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]
        if left:
            raise Failure(f"{table}: items were not processed")


def fill_small_tables(client, item_count):
    create_table(client, TABLE)
    create_table(client, PAGES, has_sort_key=True)
    write_items(client, TABLE, [item(key) for key in range(item_count)])
    write_items(client, PAGES, [page_item(page, place) for page in range(PAGE_COUNT) for place in range(PAGE_LENGTH)])


def answer(port, request):
    """The body that a server gives to a request, which must be a success."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        body = response.read()
    if response.status != 200:
        raise Failure(f"status {response.status}: {body.decode(errors='replace')}")
    return body


class LoadGenerator:
    def __init__(self, program):
        self.program = program

    def run(self, server, requests, connections, seconds, rate=0.0, warm_up=0.3, once=False):
        """What the load generator says of a run in which every answer was a success.

        `processorMicroseconds` is what the server had of the processors for each request: it depends less on what else runs than
        rates do."""
        before = processor_seconds(server.pid)
        figures = self._run(server.port, requests, connections, seconds, rate, warm_up, once)
        spent = processor_seconds(server.pid) - before
        figures["processorMicroseconds"] = spent / max(1, figures["answeredInAll"]) * 1e6
        return figures

    def _run(self, port, requests, connections, seconds, rate, warm_up, once):
        command = [self.program, "--port", port, "--requests", requests, "--connections", connections, "--seconds", seconds,
                   "--warm-up", warm_up, "--rate", rate] + (["--once", "1"] if once else [])
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))}: {result.stderr.strip()}")
        figures = json.loads(result.stdout)
        if figures["failed"]:
            raise Failure(f"{figures['failed']} of {figures['answered']} requests failed: {figures['firstError']}")
        return figures


def redis_run(server, operation, connections, count):
    """What Redis' own benchmark says."""
    before = processor_seconds(server.pid)
    output = subprocess.run(
        ["redis-benchmark", "-p", str(server.port), "-t", operation, "-c", str(connections), "-n", str(count), "-d", "400", "-r", "2000",
         "--csv"], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        cells = [cell.strip('"') for cell in line.split('","')]
        if cells[0].lower() == operation:
            spent = processor_seconds(server.pid) - before
            return {"perSecond": float(cells[1]), "processorMicroseconds": spent / count * 1e6}
    raise Failure(f"redis-benchmark has measured no {operation}:\n{output}")
