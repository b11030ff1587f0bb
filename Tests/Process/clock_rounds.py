"""Sets a region's clock wrong under load, again and again, and looks for what that could break.

In each round writers load all regions. The clock of one region, drawn from the seed, is set minutes ahead or back, while it runs or while
it is down after SIGKILL; the region must refuse writes until its clock is right, and take them within seconds after that. The others go on.
In the end all regions must hold the same items, no acknowledged write may be missing, and no stamp may be ahead of time: a write that
another region makes last wins at once.
"""

import time

from clocks import Clocks
from installation import Failure, wait_until
from rounds import TABLE, run_rounds

# Beyond a quarter of an hour the requests' own signatures are refused.
OFFSET_SECONDS = (5, 800)
WRONG_SECONDS = (0.3, 2.0)
# How soon a region serves again once its clock is right.
READY_SECONDS_MAX = 5


def main():
    run_rounds("clock", __doc__, 50, Clocks, run_round, "refused or cut off")


def run_round(installation, clocks, load, generator, number):
    before = load.acknowledged()
    victim = generator.choice(list(installation.regions))
    others = [name for name in installation.regions if name != victim]
    offset = generator.choice((-1, 1)) * generator.uniform(*OFFSET_SECONDS)
    is_restarted = generator.random() < 0.3
    wrong_seconds = generator.uniform(*WRONG_SECONDS)

    load.start()
    load.wait_for_writes(1)
    if is_restarted:
        installation.kill(victim)
        clocks.set(victim, offset)
        installation.start(victim)
    else:
        clocks.set(victim, offset)
    wait_until(lambda: "doubts" in installation.readiness(victim), f"{victim} doubts its clock, {offset:+.0f} s off", 5)
    acknowledged = load.acknowledged(victim)
    time.sleep(wrong_seconds)
    # Where a clock is wrong from the start, what was asked before the first doubt may still be answered.
    if load.acknowledged(victim) > acknowledged + 3:
        raise Failure(f"{victim} takes writes with a clock that is {offset:+.0f} s off")
    load.wait_for_writes(1, others)
    clocks.set(victim, 0)
    started = time.monotonic()
    wait_until(lambda: installation.readiness(victim) == "ready", f"{victim} takes writes again", READY_SECONDS_MAX)
    ready_seconds = time.monotonic() - started
    load.wait_for_writes(1)
    load.stop()
    installation.wait_until_settled()
    for name in others:
        last_write_wins(installation, victim, name, number)
    item_count, _, _ = load.check_all()
    refusals = sum(status["counters"]["clockRefusals"] for status in installation.statuses().values())
    if refusals:
        raise Failure(f"{refusals} batches were refused for stamps ahead of time")
    print(f"round {number:>2}: {load.acknowledged() - before:>5} writes; {victim} {offset:+.0f} s off"
          f"{' over a restart' if is_restarted else ''}, ready {ready_seconds:.2f} s after it was right, "
          f"{item_count} items the same", flush=True)


def last_write_wins(installation, first, last, number):
    """Writes one key in two regions, one after the other: what is written last must be what is there."""
    key = {"pk": {"S": "last-write"}, "sk": {"S": f"{number}-{last}"}}
    installation.client(first).put_item(TableName=TABLE, Item={**key, "token": {"S": first}})
    # Farther apart than clocks may be.
    time.sleep(0.6)
    client = installation.client(last)
    client.put_item(TableName=TABLE, Item={**key, "token": {"S": last}})
    installation.wait_until_settled()
    for name in installation.regions:
        found = installation.client(name).get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]["token"]["S"]
        if found != last:
            raise Failure(f"{name} has the write of {first}, although {last} wrote after it")
    client.delete_item(TableName=TABLE, Key=key)
    installation.wait_until_settled()


if __name__ == "__main__":
    main()
