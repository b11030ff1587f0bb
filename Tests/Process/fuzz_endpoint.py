"""Sends a region damaged requests, and looks at what becomes of it.

Good requests of every operation are damaged in their structure, in their bytes, and as whole HTTP messages. Whatever is sent:

- the region goes on, and answers or closes the connection;
- no answer is the region's own fault (5xx), but for a compressed body that cannot be decompressed, which the service calls so too;
- every answer of DynamoDB's is JSON with the right checksum, and every refusal says what it is;
- a refused request has changed nothing: tables, settings, tags, policies and items are compared.

Everything is drawn from the seed, so the same seed sends the same requests as long as the answers are the same.
"""

import argparse
import base64
import binascii
import gzip
import json
import pathlib
import random
import sys
import tempfile
import time
import zlib

from fuzz_corpus import ITEMS, READING, REQUESTS, TABLES
from fuzz_damage import Damage
from fuzz_http import Connection, Finding, http_request
from installation import Failure, Installation, exit_on_termination, wait_until

HOME = "us-east-1"
# So many refusals are looked at together: to read everything after each would leave little time for sending.
REFUSALS_CHECKED_MAX = 8
# A table that no damaged request names.
MARKER = {
    "TableName": "marker", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
# After so many requests the tables are made anew, as damaged requests have changed them.
REQUESTS_PER_STATE = 400
# After so long without an answer a damaged message counts as one that is not whole.
UNFINISHED_SECONDS = 0.3


def differences(before, after, place="state"):
    """What differs between two values of JSON, a line each."""
    if type(before) is not type(after) or not isinstance(before, (dict, list)):
        return [] if before == after else [f"{place}: {json.dumps(before)[:300]} became {json.dumps(after)[:300]}"]
    if isinstance(before, list):
        if len(before) != len(after):
            return [f"{place}: {json.dumps(before)[:1000]} became {json.dumps(after)[:1000]}"]
        return [line for number, pair in enumerate(zip(before, after)) for line in differences(*pair, f"{place}[{number}]")]
    lines = [f"{place}.{name} is gone" for name in before if name not in after]
    lines += [f"{place}.{name} has come: {json.dumps(after[name])[:300]}" for name in after if name not in before]
    for name in before:
        if name in after:
            lines += differences(before[name], after[name], f"{place}.{name}")
    return lines


class Fuzzer:
    """Fuzzes one region of an installation."""

    def __init__(self, installation, seed):
        self.installation = installation
        self.region = installation.regions[HOME]
        self.random = random.Random(seed)
        self.damage = Damage(self.random)
        self.host = f"127.0.0.1:{self.region.endpoint_port}"
        self.connection = None
        self.counts = {"sent": 0, "accepted": 0, "refused": 0, "closed": 0, "messages": 0, "comparisons": 0}
        self.codes = {}
        self.unchecked = []
        self.state = None
        self.names = {}

    # Requests that are well meant

    def call(self, operation, parameters, service="DynamoDB_20120810"):
        """The answer to a good request; None where it is refused."""
        connection = Connection(self.region.endpoint_port)
        try:
            connection.send(http_request(self.host, HOME, f"{service}.{operation}", json.dumps(parameters).encode()))
            status, _, body = connection.response()
        finally:
            connection.close()
        return json.loads(body or b"{}") if status == 200 else None

    def must(self, operation, parameters, service="DynamoDB_20120810"):
        answer = self.call(operation, parameters, service)
        if answer is None:
            raise Failure(f"{operation} {json.dumps(parameters)[:300]} was refused")
        return answer

    def table_names(self):
        return self.must("ListTables", {})["TableNames"]

    def is_settled(self):
        for name in self.table_names():
            table = self.call("DescribeTable", {"TableName": name})
            if table is None or table["Table"]["TableStatus"] != "ACTIVE":
                return False
            if any(index["IndexStatus"] != "ACTIVE" for index in table["Table"].get("GlobalSecondaryIndexes", [])):
                return False
        return True

    def make_tables(self):
        """Makes the tables as the corpus wants them, in the place of what is there."""
        self.forget()
        wait_until(self.is_settled, "no table is being changed")
        for name in self.table_names():
            self.call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
            wait_until(self.is_settled, "no table is being changed")
            self.call("DeleteTable", {"TableName": name})
        wait_until(lambda: not self.table_names(), "all tables are gone")
        for table in [*TABLES, MARKER]:
            self.must("CreateTable", table)
        wait_until(self.is_settled, "the tables are active")
        for table, item in [*ITEMS, (MARKER["TableName"], {"pk": {"S": "a"}})]:
            self.must("PutItem", {"TableName": table, "Item": item})
        description = self.must("DescribeTable", {"TableName": TABLES[0]["TableName"]})["Table"]
        stream = description["LatestStreamArn"]
        streams = "DynamoDBStreams_20120810"
        shard = self.must("DescribeStream", {"StreamArn": stream}, streams)["StreamDescription"]["Shards"][0]["ShardId"]
        place = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        self.names = {
            "{arn}": description["TableArn"], "{stream}": stream, "{shard}": shard,
            "{iterator}": self.must("GetShardIterator", place, streams)["ShardIterator"]}

    def read_state(self):
        """All that clients can see of the region, but for what changes by itself."""
        self.counts["comparisons"] += 1
        wait_until(self.is_settled, "no table is being changed")
        state = {}
        for name in self.table_names():
            if name == MARKER["TableName"]:
                continue
            table = self.must("DescribeTable", {"TableName": name})["Table"]
            for changing in ("ItemCount", "TableSizeBytes", "TableStatus"):
                table.pop(changing, None)
            table["ProvisionedThroughput"].pop("NumberOfDecreasesToday")
            for index in table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", []):
                for changing in ("ItemCount", "IndexSizeBytes", "IndexStatus"):
                    index.pop(changing, None)
                index.get("ProvisionedThroughput", {}).pop("NumberOfDecreasesToday", None)
            items, start = [], {}
            while True:
                page = self.must("Scan", {"TableName": name, "ConsistentRead": True, **start})
                items += page["Items"]
                if "LastEvaluatedKey" not in page:
                    break
                start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
            arn = {"ResourceArn": table["TableArn"]}
            state[name] = {
                "table": table, "items": items, "tags": self.must("ListTagsOfResource", arn),
                "policy": self.call("GetResourcePolicy", arn), "expiry": self.must("DescribeTimeToLive", {"TableName": name}),
                "backups": self.must("DescribeContinuousBackups", {"TableName": name})
                ["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
            }
        return state

    def settle(self):
        """Waits until what was asked for on connections that have ended is done.

        A statement goes behind it through the same threads and the writer's queue; what another thread still holds is seen by the
        state's being another soon after.
        """
        state = None
        while True:
            self.must("ExecuteStatement", {"Statement": "UPDATE \"marker\" SET n = 1 WHERE pk = 'a'"})
            previous, state = state, self.read_state()
            if state == previous:
                return

    # Requests that are not

    def send(self, data):
        """Sends a message on the open connection, and gives the answer; a connection that has ended is opened anew."""
        for attempt in range(2):
            if self.connection is None:
                self.connection = Connection(self.region.endpoint_port)
            try:
                self.connection.send(data)
                answer = self.connection.response()
            except (BrokenPipeError, ConnectionResetError):
                answer = None
            if answer is not None:
                if answer[1].get("connection", "").lower() == "close":
                    self.close()
                elif not self.connection.owes_nothing():
                    raise Finding(f"one request, more than one answer: {answer}, {self.connection.buffer[:500]!r}")
                return answer
            self.close()
        raise Finding("the connection was closed without an answer, twice")

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def step(self):
        target, body = self.random.choice(REQUESTS)
        body = json.loads(self.named(json.dumps(body)))
        kind = self.random.randrange(20)
        if kind == 0:
            return self.message(target, json.dumps(body).encode())
        fields, is_coded_well = [], True
        if kind < 14:
            text = self.named(json.dumps(self.damage.structure(body), ensure_ascii=self.random.random() < 0.8))
            data = text.encode("utf-8", "surrogatepass")
        else:
            data = self.damage.bytes(json.dumps(body).encode())
        if kind == 19:
            data, fields, is_coded_well = self.damage.coded(data)
        if self.random.random() < 0.02:
            target = self.damage.text(target).replace("\r", "").replace("\n", "").replace("\x00", "")
            target = target.encode("latin-1", "ignore").decode("latin-1").strip() or "x"
            target = target.encode("ascii", "ignore").decode() or "x"
        if self.random.random() < 0.1:
            fields.append(f"accept-encoding: {self.random.choice(['gzip', 'deflate', 'identity', 'gzip;q=0', '*', 'br, gzip'])}")
        self.sent = (target, data)
        status, answer_fields, answer = self.send(http_request(self.host, HOME, target, data, fields))
        self.counts["sent"] += 1
        self.judge(status, answer_fields, answer, may_fail=not is_coded_well)
        self.note(target, status)

    def named(self, text):
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def judge(self, status, fields, answer, may_fail=False):
        """Raises where an answer is not as every answer must be."""
        if status >= 500 and not (may_fail and b"could not be decompressed" in answer):
            raise Finding(f"status {status}: {answer[:500]!r}")
        if "x-amz-crc32" in fields and int(fields["x-amz-crc32"]) != binascii.crc32(answer):
            raise Finding("the answer's checksum is wrong")
        coding = fields.get("content-encoding")
        if coding:
            answer = gzip.decompress(answer) if coding == "gzip" else zlib.decompress(answer)
        if not fields.get("content-type", "").startswith("application/"):
            if status == 200 and not answer.startswith(b"healthy: "):
                raise Finding(f"an answer that is no JSON: {answer[:200]!r}")
            return
        try:
            document = json.loads(answer) if answer else {}
        except ValueError:
            raise Finding(f"an answer that is no JSON: {answer[:200]!r}") from None
        if status != 200:
            code = document.get("__type", "").partition("#")[2]
            if not code:
                raise Finding(f"a refusal that does not say what it is: {answer[:200]!r}")
            self.codes[code] = self.codes.get(code, 0) + 1

    def note(self, target, status):
        """Takes note of whether a request was refused, and compares the state where enough were."""
        if status == 200:
            self.counts["accepted"] += 1
            if target.partition(".")[2] in READING:
                return
            # What those before have done cannot be told from what this one has done.
            self.unchecked = []
            self.forget()
            return
        self.counts["refused"] += 1
        if self.state is None:
            return
        self.unchecked.append(self.sent)
        if len(self.unchecked) >= REFUSALS_CHECKED_MAX:
            self.compare()

    def forget(self):
        """Lets the state be read anew, once what was refused so far is found to have changed nothing."""
        if self.unchecked:
            self.compare()
        self.state = None

    def compare(self):
        state = self.read_state()
        if state != self.state:
            raise Finding("refused requests changed something\n" + "\n".join(differences(self.state, state)))
        self.unchecked = []

    def message(self, target, body):
        """Sends a damaged HTTP message on a connection of its own, and reads until that ends.

        Some such messages still are good requests, of which the answer may be lost with the connection.
        """
        self.forget()
        data = http_request(self.host, HOME, target, body)
        head, _, rest = data.partition(b"\r\n\r\n")
        kind = self.random.randrange(4)
        if kind == 0:
            data = self.damage.bytes(head, b"\r\n:; \t,=/\x00\xff") + b"\r\n\r\n" + rest
        elif kind == 1:
            lines = head.split(b"\r\n")
            place = self.random.randrange(len(lines))
            lines[place:place + 1] = self.random.choice([
                [], [lines[place]] * 2, [lines[place], b"transfer-encoding: chunked"], [b"x-long: " + b"y" * 20_000],
                [lines[place], b"content-length: 99999999999999999999"], [lines[place], b"content-length: -1"],
                [lines[place], b"expect: 100-continue"], [b"GET /x HTTP/1.0"], [lines[place], b"x-amz-date: yesterday"]])
            data = b"\r\n".join(lines) + b"\r\n\r\n" + rest
        elif kind == 2:
            data = data * 3 + self.damage.bytes(data)
        else:
            data = self.damage.bytes(data)
        self.sent = ("HTTP message", data)
        connection = Connection(self.region.endpoint_port)
        self.counts["messages"] += 1
        try:
            try:
                # The last answer comes when everything before it is done. Where none comes, the region waits for the rest of a
                # message, which has no effect then.
                connection.send(data + b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
                connection.receive_all(UNFINISHED_SECONDS)
            except OSError:
                self.counts["closed"] += 1
                return
            while (answer := connection.response()) is not None:
                self.judge(*answer)
        finally:
            connection.close()
        self.settle()

    def run(self, seconds, request_count):
        end = time.monotonic() + seconds
        progress = time.monotonic() + 60
        sent = 0
        while sent < request_count and time.monotonic() < end:
            if sent % REQUESTS_PER_STATE == 0:
                self.make_tables()
            if self.state is None:
                self.state = self.read_state()
            self.step()
            sent += 1
            if self.region.process.poll() is not None:
                raise Finding(f"the region ended with status {self.region.process.returncode}")
            if time.monotonic() > progress:
                progress = time.monotonic() + 60
                print(f"  {sent} requests, {max(0, end - time.monotonic()):.0f} s left", flush=True)
        if self.state is not None:
            self.compare()
        self.must("ListTables", {})


def main():
    exit_on_termination()
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="meridian-fuzz-") as folder:
        with Installation(arguments.meridian, folder, [HOME]) as installation:
            installation.make_certificates()
            installation.start(options=["--no-throttling"])
            fuzzer = Fuzzer(installation, arguments.seed)
            print(f"fuzzing with seed {arguments.seed}", flush=True)
            try:
                fuzzer.run(arguments.seconds, arguments.requests)
            except Finding as finding:
                target, data = fuzzer.sent
                path = pathlib.Path(tempfile.gettempdir()) / f"meridian-fuzz-{arguments.seed}.txt"
                path.write_text(json.dumps({
                    "finding": str(finding), "target": target, "body": base64.b64encode(data).decode(),
                    "since the last comparison": [
                        {"target": name, "body": base64.b64encode(body).decode()} for name, body in fuzzer.unchecked]}))
                print(f"found: {finding}", file=sys.stderr)
                print(f"the request: {target}\n{data[:2000]!r}", file=sys.stderr)
                print(f"all of it is in {path}", file=sys.stderr)
                sys.exit(1)
    counts = fuzzer.counts
    print(
        f"{counts['sent']} requests: {counts['accepted']} accepted, {counts['refused']} refused; {counts['messages']} damaged HTTP "
        f"messages; the state compared {counts['comparisons']} times")
    print("refusals: " + ", ".join(f"{code} {count}" for code, count in sorted(fuzzer.codes.items(), key=lambda pair: -pair[1])))
    print(f"fuzz: nothing found with seed {arguments.seed}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meridian", required=True, help="the program whose region is fuzzed")
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from (default: 1)")
    parser.add_argument("--seconds", type=float, default=600, help="how long to go on at most (default: 600)")
    parser.add_argument("--requests", type=int, default=sys.maxsize, help="how many requests to send at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
