"""Measures a region's request rate against an NIO server that answers the same bytes with no work behind it.

The region is one process with a topology and a data folder of its own, and syncs every write to disk as it always does. Requests
are what boto3 sends, signed by botocore beforehand, so that wrk can send them at full speed. For each operation wrk runs
alternately against the baseline and against the region; the result is the ratio of each pair of runs, because ratios hold where
absolute rates depend on the machine.

    bench.py --baseline .build/release/baseline-server --region .build/release/meridian
    bench.py --baseline .build/release/baseline-server --fixed-answer .build/release/fixed-answer-server

The second form puts the endpoint alone, with signatures and without a store, in the region's place.
"""

import argparse
import http.client
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Process"))

from installation import ACCESS_KEY, SECRET, Failure, Installation, exit_on_termination, wait_until  # noqa: E402

REGION = "us-east-1"
TABLE = "bench"
ITEM_COUNT = 2000
ITEM_BYTE_COUNT = 400
READY_SECONDS_MAX = 30


def main():
    exit_on_termination()
    arguments = parse_arguments()
    if shutil.which("wrk") is None:
        sys.exit("bench.py: wrk is not installed (Debian: apt-get install wrk)")
    try:
        with tempfile.TemporaryDirectory(prefix="meridian-bench-", dir=arguments.folder) as folder:
            folder = pathlib.Path(folder)
            with Servers() as servers:
                if arguments.fixed_answer:
                    port = free_port()
                    # As long as the answer to a GetItem of one of the items below.
                    servers.start([arguments.fixed_answer, "--port", str(port), "--body-length", "440"], port)
                    run(servers, port, folder, arguments)
                else:
                    with Installation(arguments.region, folder, [REGION]) as installation:
                        installation.make_certificates()
                        installation.start()
                        run(servers, installation.regions[REGION].endpoint_port, folder, arguments)
    except Failure as failure:
        sys.exit(f"bench.py: {failure}")


def run(servers, port, folder, arguments):
    client = boto3.client(
        "dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET, config=Config(retries={"total_max_attempts": 1}))
    if arguments.region:
        fill_table(client)
    operations = {
        "GetItem": [get_item(key) for key in range(ITEM_COUNT)],
        "PutItem": [put_item(key) for key in range(ITEM_COUNT)],
    }
    for name, calls in operations.items():
        if arguments.operation and name not in arguments.operation:
            continue
        requests = [signed_request(client, *call) for call in calls]
        script = write_script(folder / f"{name}.lua", requests)
        body = folder / f"{name}.body"
        body.write_bytes(answer_body(port, requests[0]))
        baseline_port = free_port()
        servers.start([arguments.baseline, "--port", str(baseline_port), "--body-file", str(body)], baseline_port)
        compare(name, script, baseline_port, port, arguments)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", required=True, help="the baseline-server binary")
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--region", help="the meridian binary")
    subject.add_argument("--fixed-answer", help="the fixed-answer-server binary")
    parser.add_argument("--folder", help="where to make the region's data folder, on the disk to be measured (default: /tmp)")
    parser.add_argument("--operation", action="append", choices=["GetItem", "PutItem"], help="only this operation")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="the length of one run of wrk")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


class Servers:
    """The processes that the benchmark starts; all of them are ended with it."""

    def __enter__(self):
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, command, port):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.processes.append(process)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if process.poll() is not None:
                sys.exit(f"bench.py: {command[0]} ended with status {process.returncode} before it listened")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"bench.py: {command[0]} did not listen on port {port} within {READY_SECONDS_MAX} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def key_text(key):
    return f"item-{key:08d}"


def item(key):
    payload = "x" * (ITEM_BYTE_COUNT - len("pk" + key_text(key) + "payload"))
    return {"pk": {"S": key_text(key)}, "payload": {"S": payload}}


def get_item(key):
    return "get_item", {"TableName": TABLE, "Key": {"pk": {"S": key_text(key)}}}


def put_item(key):
    return "put_item", {"TableName": TABLE, "Item": item(key)}


def fill_table(client):
    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    wait_until(
        lambda: client.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE", f"{TABLE} is active",
        READY_SECONDS_MAX)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client.put_item(**put_item(key)[1]), range(ITEM_COUNT)))


def signed_request(client, method, parameters):
    """The bytes that boto3 would send for the call: it is stopped just before it opens a connection."""
    sent = []

    def keep(request, **_):
        sent.append(request)
        return AWSResponse(request.url, 200, {}, EmptyBody())

    event = "before-send.dynamodb"
    client.meta.events.register(event, keep)
    try:
        getattr(client, method)(**parameters)
    finally:
        client.meta.events.unregister(event, keep)
    request = sent[0]
    host = re.sub(r"^https?://([^/]*).*", r"\1", request.url)
    fields = {name: text(value) for name, value in request.headers.items()}
    fields.setdefault("Host", host)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    return f"{request.method} / HTTP/1.1\r\n{head}\r\n".encode() + body


class EmptyBody:
    """What a response's body is read from when nothing was sent."""

    def stream(self, *_, **__):
        yield b"{}"


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def answer_body(port, request):
    """The body that the subject gives to one of the signed requests, which must be a success."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        body = response.read()
        if response.status != 200:
            sys.exit(f"bench.py: status {response.status}: {body.decode(errors='replace')}")
        return body


def write_script(path, requests):
    """A script for wrk that sends the requests in turn, each of its threads from another place on."""
    lines = ["local requests = {"]
    lines += [f"  {lua_string(request)}," for request in requests]
    lines += [
        "}",
        "local threads = 0",
        "function setup(thread) thread:set('offset', threads * 997); threads = threads + 1 end",
        "local index = 0",
        "function init(args) index = offset end",
        "function request() index = index % #requests + 1; return requests[index] end",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def lua_string(data):
    escaped = []
    for byte in data:
        if byte in b'"\\' or byte < 0x20 or byte >= 0x7F:
            escaped.append(f"\\{byte:03d}")
        else:
            escaped.append(chr(byte))
    return '"' + "".join(escaped) + '"'


def run_wrk(script, port, arguments, seconds):
    command = ["wrk", "-t2", f"-c{arguments.connections}", f"-d{seconds}s", "-s", str(script),
               f"http://127.0.0.1:{port}/"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"bench.py: failures under load\n{output}")
    return float(re.search(r"Requests/sec:\s*([\d.]+)", output).group(1))


def compare(name, script, baseline_port, port, arguments):
    run_wrk(script, baseline_port, arguments, 1)
    run_wrk(script, port, arguments, 1)
    ratios, baselines, subjects = [], [], []
    for number in range(arguments.rounds):
        # Whichever runs second in a round might be favoured, so the order changes from round to round.
        if number % 2 == 0:
            baseline = run_wrk(script, baseline_port, arguments, arguments.seconds)
            subject = run_wrk(script, port, arguments, arguments.seconds)
        else:
            subject = run_wrk(script, port, arguments, arguments.seconds)
            baseline = run_wrk(script, baseline_port, arguments, arguments.seconds)
        baselines.append(baseline)
        subjects.append(subject)
        ratios.append(subject / baseline)
        print(f"  {name} round {number + 1}: baseline {baseline:9.0f}/s, region {subject:9.0f}/s, "
              f"ratio {subject / baseline:.3f}", flush=True)
    print(f"{name}/baseline: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f} "
          f"over {len(ratios)} rounds (baseline {statistics.median(baselines):.0f}/s, "
          f"region {statistics.median(subjects):.0f}/s)", flush=True)


if __name__ == "__main__":
    main()
