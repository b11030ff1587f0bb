"""Measures what one region does over HTTP, beside what the same machine does with nothing behind its HTTP, and beside Redis.

The region is one process with a topology and a data folder of its own; it checks every signature and syncs every write, as always. For
each operation and number of connections the rounds go in turns over the region and the references, and each figure is the median of
its rounds. Ratios hold where absolute rates depend on the machine.

- `nio`: an NIO server that answers the region's bytes, without signatures and without work.
- `redis`: Redis, GET and SET of as many bytes, with `appendfsync always`, by redis-benchmark.

Latencies are measured at half of the rate that 32 connections reached, at even steps, from when each request was due.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "Process"))

from installation import Failure, exit_on_termination  # noqa: E402
from operations import (  # noqa: E402
    ITEM_COUNT, LARGE, LARGE_ITEM_BYTE_COUNT, Signer, batch_write, get_records, operations, ycsb_operations)
from subjects import (  # noqa: E402
    LoadGenerator, Region, answer, baseline, create_table, fill_small_tables, redis, redis_run)

CONNECTIONS = (1, 8, 32, 64, 256)
USUAL_CONNECTIONS = 32


def main():
    exit_on_termination()
    arguments = parse_arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="meridian-benchmark-", dir=arguments.folder) as folder:
            report = Benchmark(arguments, pathlib.Path(folder)).run()
    except Failure as failure:
        sys.exit(f"benchmark.py: {failure}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="the folder of the release build's programs")
    parser.add_argument("--folder", help="where the data folders are made, on the disk to be measured (default: /tmp)")
    parser.add_argument("--operation", action="append", metavar="TEXT", help="only operations with this in their names")
    parser.add_argument("--connections", type=int, action="append", help=f"instead of {', '.join(map(str, CONNECTIONS))}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="the length of one measurement")
    parser.add_argument("--ycsb-items", type=int, default=1_000_000, help="the size of YCSB's table; 0 leaves YCSB out")
    parser.add_argument("--json", type=pathlib.Path, help="writes the figures of every round to this file")
    return parser.parse_args()


class Benchmark:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.load = LoadGenerator(arguments.programs / "load-generator")
        self.rows = []

    def run(self):
        began = time.monotonic()
        (self.folder / "region").mkdir()
        with Region(self.arguments.programs / "meridian", self.folder / "region") as region:
            self.region = region
            self.signer = Signer(region.port)
            fill_small_tables(region.client, ITEM_COUNT)
            print_head()
            for operation in [*operations(), get_records(region.port)]:
                if self.is_wanted(operation.name):
                    self.measure(operation, self.arguments.connections or CONNECTIONS)
            self.measure_redis()
            self.measure_ycsb()
        return {
            "machine": {"processors": os.cpu_count(), "system": platform.platform()},
            "rounds": self.arguments.rounds, "seconds": self.arguments.seconds,
            "tookSeconds": round(time.monotonic() - began), "figures": self.rows,
        }

    def is_wanted(self, name):
        return not self.arguments.operation or any(part in name for part in self.arguments.operation)

    def measure(self, operation, connection_counts):
        requests = self.folder / "requests"
        first = self.signer.write(requests, operation.calls)
        body = self.folder / "body"
        body.write_bytes(answer(self.region.port, first))
        with baseline(self.arguments.programs / "baseline-server", body) as reference:
            subjects = {"region": self.region, "nio": reference}
            for connections in connection_counts:
                runs = {name: [] for name in subjects}
                for number in range(self.arguments.rounds):
                    # Whichever comes second in a round might be favoured.
                    for name in list(subjects)[::1 if number % 2 == 0 else -1]:
                        runs[name].append(
                            self.load.run(subjects[name], requests, connections, self.arguments.seconds))
                self.add(operation.name, connections, runs, "nio")
                if connections == USUAL_CONNECTIONS:
                    rate = statistics.median(run["perSecond"] for run in runs["region"])
                    self.measure_latency(operation, requests, rate / 2)

    def measure_latency(self, operation, requests, rate):
        runs = [
            self.load.run(self.region, requests, USUAL_CONNECTIONS, self.arguments.seconds * 2, rate=rate)
            for _ in range(self.arguments.rounds)]
        values = {name: [run[name] / 1_000 for run in runs] for name in ("p50", "p99", "p999")}
        medians = {name: statistics.median(found) for name, found in values.items()}
        self.rows.append({
            "operation": operation.name, "connections": USUAL_CONNECTIONS, "figure": "latency at half load", "unit": "ms",
            "rate": rate, "rounds": values, "median": medians})
        print(f"  at {rate:.0f} requests/s: p50 {medians['p50']:.2f} ms, p99 {medians['p99']:.2f} ms, "
              f"p99.9 {medians['p999']:.2f} ms", flush=True)

    def measure_redis(self):
        """PutItem and GetItem once more, in turns with Redis."""
        pairs = [pair for pair in (("GetItem", "get", 40_000), ("PutItem", "set", 8_000))
                 if self.is_wanted(pair[0])]
        known = {operation.name: operation for operation in operations()}
        requests = self.folder / "requests"
        for name, command, count in pairs:
            self.signer.write(requests, known[name].calls)
            with redis(self.folder / f"redis-{command}") as server:
                redis_run(server, "set", USUAL_CONNECTIONS, 4_000)
                for connections in self.arguments.connections or CONNECTIONS:
                    runs = {"region": [], "redis": []}
                    for _ in range(self.arguments.rounds):
                        runs["region"].append(
                            self.load.run(self.region, requests, connections, self.arguments.seconds))
                        few = count if connections > 1 else count // 8
                        runs["redis"].append(redis_run(server, command, connections, few))
                    self.add(name, connections, runs, "redis")

    def measure_ycsb(self):
        count = self.arguments.ycsb_items
        if count == 0 or not self.is_wanted("YCSB"):
            return
        create_table(self.region.client, LARGE)
        self.fill_large_table(count)
        for operation in ycsb_operations(count):
            self.measure(operation, [USUAL_CONNECTIONS])

    def fill_large_table(self, count):
        began = time.monotonic()
        requests = self.folder / "requests"
        # So many items at once, as their requests lie in a file.
        chunk = 50_000
        for start in range(0, count, chunk):
            keys = range(start, min(start + chunk, count))
            calls = [
                batch_write(keys[place:place + 25], LARGE, LARGE_ITEM_BYTE_COUNT) for place in range(0, len(keys), 25)]
            self.signer.write(requests, calls)
            self.load.run(self.region, requests, 8, 600, warm_up=0, once=True)
        print(f"  {count} items of {LARGE_ITEM_BYTE_COUNT} bytes were written in {time.monotonic() - began:.0f} s", flush=True)

    def add(self, operation, connections, runs, reference):
        rates = {name: [run["perSecond"] for run in found] for name, found in runs.items()}
        costs = {name: [run["processorMicroseconds"] for run in found] for name, found in runs.items()}
        ratios = [mine / other for mine, other in zip(rates["region"], rates[reference])]
        medians = {name: statistics.median(found) for name, found in rates.items()}
        cost = {name: statistics.median(found) for name, found in costs.items()}
        self.rows.append({
            "operation": operation, "connections": connections, "figure": "rate", "unit": "requests/s", "reference": reference,
            "rounds": rates, "median": medians, "ratios": ratios, "ratio": statistics.median(ratios),
            "processorMicroseconds": cost})
        print(f"{operation:24}{connections:6}{medians['region']:10.0f}{cost['region']:8.0f}{reference:>9}"
              f"{medians[reference]:10.0f}{cost[reference]:8.0f}{statistics.median(ratios):8.2f}   "
              f"{min(ratios):.2f} to {max(ratios):.2f}", flush=True)


def print_head():
    print("rates in requests/s; µs are of processor for each request; conn. are connections\n"
          f"{'operation':24}{'conn.':>6}{'region':>10}{'µs':>8}{'beside':>9}{'rate':>10}{'µs':>8}{'ratio':>8}   rounds", flush=True)


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        sys.exit("benchmark.py: redis-server is not installed (Debian: apt-get install redis-server)")
    main()
