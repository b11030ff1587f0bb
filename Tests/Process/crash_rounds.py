"""Kills every region at a random moment under load, again and again, and looks for acknowledged writes that are gone.

In each round writers load all regions; at a moment drawn from the seed every region is killed with SIGKILL, in a drawn order, and
started again. Before anybody writes again, each region must hold every write to its own writers' keys that it acknowledged; and
when the links have shipped what they had left, all regions must hold the same items.
"""

import time

from rounds import run_rounds

# When the kill comes, after the writers of the round have begun, and between one region and the next.
KILL_SECONDS = (0.2, 3.0)
GAP_SECONDS = (0.0, 0.2)


def main():
    run_rounds("crash", __doc__, 20, lambda installation: None, run_round, "cut off")


def run_round(installation, _, load, generator, number):
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
