"""What programs have in common that do a fault again and again under load: arguments, an installation, writers, and how they end."""

import argparse
import random
import sys
import tempfile

from botocore.exceptions import BotoCoreError, ClientError

from installation import Failure, Installation, create_global_table, exit_on_termination
from load import Load
from writes import TABLE_DEFINITION

HOME = "us-east-1"
TABLE = "orders"


def run_rounds(name, description, count, prepare, run_round, cut_off):
    """Runs rounds of the fault `name` in three regions, `count` of them unless the command line says otherwise.

    `prepare` is called with the installation before its regions are started, and what it returns is handed to each `run_round` with the
    installation, the load, a generator of the seed and the round's number. `cut_off` says what became of the writes without an answer.
    """
    exit_on_termination()
    arguments = parse_arguments(description, count)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"{arguments.rounds} rounds with --seed {seed}", flush=True)
    generator = random.Random(seed)
    try:
        with tempfile.TemporaryDirectory(prefix=f"meridian-{name}-") as folder:
            with Installation(arguments.meridian, folder) as installation:
                installation.make_certificates()
                prepared = prepare(installation)
                installation.start()
                create_global_table(installation, HOME, TableName=TABLE, **TABLE_DEFINITION)
                load = Load(installation, TABLE, seed)
                for number in range(1, arguments.rounds + 1):
                    run_round(installation, prepared, load, generator, number)
    except (Failure, ClientError, BotoCoreError) as failure:
        print(f"{name} rounds: FAILED with --seed {seed}: {failure}", flush=True)
        sys.exit(1)
    print(f"{name} rounds: passed {arguments.rounds} rounds with --seed {seed}: {load.total('acknowledged')} acknowledged "
          f"writes, none lost; {load.total('unknown')} were {cut_off}", flush=True)


def parse_arguments(description, count):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meridian", default=".build/release/meridian", help="the program (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=count, help="how many rounds (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="what all draws start from (default: another one each time)")
    return parser.parse_args()
