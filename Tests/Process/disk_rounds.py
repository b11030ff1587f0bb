"""Lets a region's disk forget under load, again and again, and looks for what that could break.

In each round writers load all regions. A region drawn from the seed is stopped, or killed with SIGKILL, and its folder is copied; it runs on
and writes, and is killed once more; then the copy is put back, with or without the mark beside it, or bytes are cut off the newest
write-ahead log. The others may be down when it comes up. It must take no write before it has what the others have of its log. In the
end all regions must hold the same items, and no acknowledged write may be missing that any disk still had.
"""

import time

from disks import Copies, cut_newest_log
from installation import Failure, wait_until
from rounds import run_rounds

RUN_SECONDS = (0.2, 1.5)
DOWN_SECONDS = (0.0, 1.5)
CUT_BYTES = (1, 20_000)
READY_SECONDS_MAX = 30


def main():
    run_rounds("disk", __doc__, 50, Copies, run_round, "refused or cut off")


def run_round(installation, copies, load, generator, number):
    before = load.acknowledged()
    victim = generator.choice(list(installation.regions))
    fault = generator.choice(["copy", "copy and mark", "cut"])
    is_killed = generator.random() < 0.5
    seconds = generator.uniform(*RUN_SECONDS)
    down_seconds = generator.uniform(*DOWN_SECONDS)
    byte_count = generator.randint(*CUT_BYTES)

    load.start()
    load.wait_for_writes(1)
    if fault != "cut":
        if is_killed:
            installation.kill(victim)
        else:
            installation.stop(victim)
        copies.take(victim)
        installation.start(victim)
        load.wait_for_writes(1, [victim])
    time.sleep(seconds)
    load.stop()
    installation.wait_until_settled()
    load.note_settled()
    # All of that must be there in the end; of what comes now, some may be on the disk alone that forgets it.
    load.start()
    incarnation = installation.status(victim)["incarnation"]
    load.wait_for_writes(1)
    installation.kill(victim)
    load.stop()
    load.note_forgotten(victim)
    load.start()
    time.sleep(down_seconds)
    if fault == "cut":
        fault = f"{cut_newest_log(installation, victim, byte_count)} bytes cut off"
    else:
        copies.put_back(victim, with_mark=fault == "copy and mark")
    started = time.monotonic()
    installation.start(victim)
    wait_until(lambda: installation.readiness(victim) == "ready", f"{victim} takes writes again", READY_SECONDS_MAX)
    ready_seconds = time.monotonic() - started
    has_forgotten = installation.status(victim)["incarnation"] != incarnation
    if fault.startswith("copy") and not has_forgotten:
        raise Failure(f"{victim} goes on with the log of a copy that is older than what the others have")
    load.wait_for_writes(1)
    load.stop()
    installation.wait_until_settled()
    item_count, _, _ = load.check_all()
    print(f"round {number:>2}: {load.acknowledged() - before:>5} writes; {victim}: {fault}"
          f"{'' if has_forgotten else ', nothing forgotten'}, ready after {ready_seconds:.2f} s, {item_count} items the same",
          flush=True)


if __name__ == "__main__":
    main()
