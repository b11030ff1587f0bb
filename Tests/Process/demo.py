"""Three regions through an outage: what `make demo` shows.

Three regions run as three processes. A table is made in one and gets a replica in each of the others while it is written to.
Writers in all regions write keys of their own and keys that they share; one region is killed, the others go on; it comes back and
catches up. In the end every region must hold the same items, byte for byte, and every acknowledged write must be among them.

Exits with 0 only if all of that holds.
"""

import argparse
import sys
import tempfile
import time

from botocore.exceptions import BotoCoreError, ClientError

from installation import Failure, Installation, add_replica, exit_on_termination, wait_until
from load import Load
from scans import SEGMENT_COUNT
from writes import TABLE_DEFINITION

HOME = "us-east-1"
VICTIM = "eu-west-1"
TABLE = "orders"
# What Status counts since a region's process began, so that a killed process' counts have to be kept.
COUNTERS = ("localWrites", "replicatedApplied", "replicatedSuperseded", "replicatedDuplicates", "conflicts")


def main():
    exit_on_termination()
    arguments = parse_arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="meridian-demo-") as folder:
            with Installation(arguments.meridian, folder) as installation:
                Demo(installation, arguments).run()
    except (Failure, ClientError, BotoCoreError) as failure:
        print(f"\nFAILED: {failure}", flush=True)
        sys.exit(1)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meridian", default=".build/release/meridian", help="the program (default: %(default)s)")
    parser.add_argument(
        "--writes", type=int, default=1000, help="acknowledged writes a region in each phase (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what the writers' draws start from (default: %(default)s)")
    return parser.parse_args()


class Demo:
    """The steps, in order, with the figures that the report closes on."""

    def __init__(self, installation, arguments):
        self.installation = installation
        self.write_count = arguments.writes
        self.load = Load(installation, TABLE, arguments.seed)
        self.survivors = [name for name in installation.regions if name != VICTIM]
        # The last status of the process that is killed.
        self.ended = None

    def run(self):
        self.start_regions()
        self.make_table()
        self.write_everywhere()
        self.lose_a_region()
        self.bring_it_back()
        self.converge()
        self.compare()
        self.report()
        self.stop_regions()
        print("\nPASSED: every region holds the same items, and no acknowledged write is missing.", flush=True)

    def start_regions(self):
        step("Starting three regions, each a process of its own")
        started = time.monotonic()
        self.installation.make_certificates()
        self.installation.start()
        for region in self.installation.regions.values():
            say(f"{region.name:<15} pid {region.process.pid:<7} {region.endpoint_url}")
        say(f"all three answer after {time.monotonic() - started:.1f} s")

    def make_table(self):
        step(f"Making the table {TABLE!r} in {HOME}, and a replica in each other region while it is written to")
        client = self.installation.client(HOME)
        client.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **TABLE_DEFINITION)
        wait_until(
            lambda: client.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE", f"{TABLE} is active")
        self.load.start(HOME)
        self.load.wait_for_writes(self.write_count // 2, [HOME])
        for name in self.installation.regions:
            if name != HOME:
                before, started = self.load.acknowledged(HOME), time.monotonic()
                add_replica(self.installation, HOME, TABLE, name)
                say(f"the replica in {name} is active after {time.monotonic() - started:.2f} s, "
                    f"{self.load.acknowledged(HOME) - before} writes in {HOME} meanwhile")
                self.load.start(name)

    def write_everywhere(self):
        step("Writing in all three regions: keys of each writer's own, and keys that the regions share")
        before, started = self.load.acknowledged(), time.monotonic()
        self.load.wait_for_writes(self.write_count)
        say(f"{self.load.acknowledged() - before} writes acknowledged in {time.monotonic() - started:.1f} s")
        for name, status in self.installation.statuses().items():
            say(f"replication lag from {name:<15} {lag_text(status)}")

    def lose_a_region(self):
        step(f"kill -9 {VICTIM}; writing goes on in {' and '.join(self.survivors)}")
        self.ended = self.installation.status(VICTIM)
        self.installation.kill(VICTIM)
        before, started = self.load.acknowledged(), time.monotonic()
        self.load.wait_for_writes(self.write_count, self.survivors)
        say(f"{self.load.acknowledged() - before} writes acknowledged in {time.monotonic() - started:.1f} s without it")

    def bring_it_back(self):
        step(f"Starting {VICTIM} again")
        missing = {name: self.installation.status(name)["log"]["position"] for name in self.survivors}
        started = time.monotonic()
        self.installation.start(VICTIM)
        say(f"it answers after {time.monotonic() - started:.2f} s")

        def has_caught_up():
            status = self.installation.status(VICTIM)
            applied = {link["region"]: link.get("appliedPosition", 0) for link in status["incoming"]}
            return all(applied.get(name, 0) >= position for name, position in missing.items())

        wait_until(has_caught_up, f"{VICTIM} has what it missed")
        say(f"it has what it missed after {time.monotonic() - started:.2f} s")
        self.load.wait_for_writes(self.write_count // 2)

    def converge(self):
        step("Stopping the writers, and waiting until every region has everything")
        self.load.stop()
        started = time.monotonic()
        self.installation.wait_until_settled()
        self.convergence_seconds = time.monotonic() - started
        say(f"time to converge: {self.convergence_seconds * 1000:.0f} ms after the last write")

    def compare(self):
        step(f"Comparing all regions, item by item, by full scans in {SEGMENT_COUNT} segments")
        item_count, entry_count, checked = self.load.check_all()
        say(f"{item_count} items and {entry_count} index entries are the same in every region, byte for byte")
        say(f"{checked} keys hold what their writers were told")

    def report(self):
        step("Figures")
        statuses = self.installation.statuses()
        counters = {
            name: {counter: self.sum_of(name, status, lambda one: one["counters"][counter]) for counter in COUNTERS}
            for name, status in statuses.items()}
        say(f"writes: {self.load.total('acknowledged')} acknowledged, {self.load.total('refused')} refused by their "
            f"conditions, {self.load.total('unknown')} cut off by the kill")
        say(f"{'region':<15} {'local':>7} {'applied':>8} {'superseded':>10} {'again':>6} {'conflicts':>10}   lag to the others, the outage included")
        for name, values in counters.items():
            say(f"{name:<15} {values['localWrites']:>7} {values['replicatedApplied']:>8} {values['replicatedSuperseded']:>10} "
                f"{values['replicatedDuplicates']:>6} {values['conflicts']:>10}   {lag_text(statuses[name])}")
        say(f"conflicts resolved: {sum(values['conflicts'] for values in counters.values())}")
        before, after = (
            sum(self.sum_of(name, status, lambda one: sum(link[count] for link in one["outgoing"]))
                for name, status in statuses.items())
            for count in ("bytesBeforeCompression", "bytesAfterCompression"))
        ratio = f", {before / after:.1f} to 1" if after else ""
        say(f"bytes on all links: {before} before compression, {after} after{ratio}")
        say(f"time to converge: {self.convergence_seconds * 1000:.0f} ms")

    def sum_of(self, name, status, value):
        """The value in the region's status, and in that of its process that was killed."""
        return value(status) + (value(self.ended) if name == VICTIM else 0)

    def stop_regions(self):
        step("Stopping the regions")
        for name in self.installation.regions:
            code = self.installation.stop(name)
            if code != 0:
                raise Failure(f"{name} ended with status {code} on SIGTERM")
        say("each ended with status 0")


step_count = 0


def step(text):
    global step_count
    step_count += 1
    print(f"\n{step_count}. {text}", flush=True)


def say(text):
    print(f"   {text}", flush=True)


def lag_text(status):
    """The lag to each other region, from a change's stamp here to its being durable there, since this process began."""
    return ", ".join(
        f"to {lag['region']} p50 {lag['p50Milliseconds']} ms p99 {lag['p99Milliseconds']} ms"
        for lag in status["lag"] if lag["count"])


if __name__ == "__main__":
    main()
