"""Kills every region at a random moment under load, again and again, and looks for acknowledged writes that are gone.

In each round writers load all regions; at a moment drawn from the seed every region is killed with SIGKILL, in a drawn order, and
started again. Before anybody writes again, each region must hold every write to its own writers' keys that it acknowledged; and
when the links have shipped what they had left, all regions must hold the same items.
"""

import argparse
import random
import sys
import tempfile
import time

from botocore.exceptions import BotoCoreError, ClientError

from installation import Failure, Installation, create_global_table, exit_on_termination
from load import Load
from writes import TABLE_DEFINITION

HOME = "us-east-1"
TABLE = "orders"
# When the kill comes, after the writers of the round have begun, and between one region and the next.
KILL_SECONDS = (0.2, 3.0)
GAP_SECONDS = (0.0, 0.2)


def main():
    exit_on_termination()
    arguments = parse_arguments()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"{arguments.rounds} rounds with --seed {seed}", flush=True)
    generator = random.Random(seed)
    try:
        with tempfile.TemporaryDirectory(prefix="meridian-crash-") as folder:
            with Installation(arguments.meridian, folder) as installation:
                installation.make_certificates()
                installation.start()
                create_global_table(installation, HOME, TableName=TABLE, **TABLE_DEFINITION)
                load = Load(installation, TABLE, seed)
                for number in range(1, arguments.rounds + 1):
                    run_round(installation, load, generator, number)
    except (Failure, ClientError, BotoCoreError) as failure:
        print(f"crash rounds: FAILED with --seed {seed}: {failure}", flush=True)
        sys.exit(1)
    print(f"crash rounds: passed {arguments.rounds} rounds with --seed {seed}: {load.total('acknowledged')} acknowledged "
          f"writes, none lost; {load.total('unknown')} were cut off", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meridian", default=".build/release/meridian", help="the program (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="how many rounds (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="what all draws start from (default: another one each time)")
    return parser.parse_args()


def run_round(installation, load, generator, number):
    before = load.acknowledged()
    order = generator.sample(list(installation.regions), len(installation.regions))
    delay = generator.uniform(*KILL_SECONDS)
    gaps = [generator.uniform(*GAP_SECONDS) for _ in order]

    load.start()
    # The round is to have writes to lose; the moment of the kill is drawn, not waited for.
    load.wait_for_writes(1)
    time.sleep(delay)
    for name, gap in zip(order, gaps):
        installation.kill(name)
        time.sleep(gap)
    load.stop()
    written = load.acknowledged() - before

    started = time.monotonic()
    installation.start()
    up_seconds = time.monotonic() - started
    checked = sum(load.check_region(name) for name in installation.regions)
    installation.wait_until_settled()
    settled_seconds = time.monotonic() - started
    item_count, _, _ = load.check_all()
    print(f"round {number:>2}: {written:>5} writes, kill -9 after {delay:.2f} s of {', '.join(order)}; "
          f"up in {up_seconds:.1f} s, agreed in {settled_seconds:.1f} s; {checked} keys kept, {item_count} items the same",
          flush=True)


if __name__ == "__main__":
    main()
