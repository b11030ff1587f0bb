"""Writers that load every region of an installation and keep account of what they were told."""

import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from installation import Failure, wait_until
from ledger import OwnedKey, SharedKey
from scans import compare, items_by_key, scan_all
from writes import INDEX, INDEX_KEYS, Delete, random_write

OWNED_KEYS_PER_WRITER = 150
SHARED_KEY_COUNT = 60
OWNING_WRITERS_PER_REGION = 2
# What a region answers that gives up on a request it may have begun, and what a stopping one does.
UNKNOWN_OUTCOMES = {"InternalServerError", "ServiceUnavailable"}


class Load:
    """The writers of one table: in each region some that own their keys, and one that shares its keys with other regions.

    All draws come from `seed`; what order the regions get the writes in depends on threads and is not repeatable.
    """

    def __init__(self, installation, table, seed):
        self.installation = installation
        self.table = table
        self.shared = {
            (f"shared-{number:03d}", "x"): SharedKey(installation.regions) for number in range(SHARED_KEY_COUNT)}
        self.writers = []
        for region in installation.regions:
            for number in range(OWNING_WRITERS_PER_REGION):
                self.writers.append(OwningWriter(self, region, f"{region}-{number}", seed))
            self.writers.append(SharingWriter(self, region, f"{region}-shared", seed))

    # Running

    def start(self, *regions):
        """Starts the writers of the regions, or all of them."""
        for writer in self.writers:
            if not regions or writer.region in regions:
                writer.start()

    def stop(self, *regions):
        """Lets the writers of the regions, or all of them, finish their writes, and fails if one of them met what may not be."""
        chosen = [writer for writer in self.writers if not regions or writer.region in regions]
        for writer in chosen:
            writer.stopping.set()
        for writer in chosen:
            if writer.thread is not None:
                writer.thread.join()
        self.check_writers()

    def check_writers(self):
        for writer in self.writers:
            if writer.failure is not None:
                raise Failure(f"{writer.name}: {writer.failure}") from writer.failure

    def acknowledged(self, region=None):
        """How many writes were acknowledged, in one region or in all."""
        return sum(writer.acknowledged for writer in self.writers if region in (None, writer.region))

    def total(self, count):
        """The sum of one of the writers' counts."""
        return sum(getattr(writer, count) for writer in self.writers)

    def wait_for_writes(self, count, regions=None, seconds=120):
        """Waits until each of the regions has acknowledged `count` more writes."""
        regions = list(regions or self.installation.regions)
        before = {region: self.acknowledged(region) for region in regions}

        def are_written():
            self.check_writers()
            return all(self.acknowledged(region) - before[region] >= count for region in regions)

        wait_until(are_written, f"{', '.join(regions)} acknowledged {count} more writes each", seconds)

    def note_settled(self):
        """All regions have what was written."""
        for key in self.all_ledgers():
            key.settled()

    def note_forgotten(self, region):
        """The region's disk may have forgotten what was written in it since all regions had the same; while nobody writes there."""
        for key in self.all_ledgers(region):
            key.forgotten()

    def all_ledgers(self, region=None):
        owned = [
            key for writer in self.writers if isinstance(writer, OwningWriter) and region in (None, writer.region)
            for key in writer.keys.values()]
        return owned + list(self.shared.values())

    # Checking, while nobody writes

    def check_region(self, region):
        """Fails unless the region holds every write to the keys of its own writers that it has acknowledged."""
        items = items_by_key(scan_all(self.installation.client(region), self.table), region)
        checked = 0
        for writer in self.writers:
            if writer.region == region and isinstance(writer, OwningWriter):
                checked += writer.check(items, region)
        return checked

    def check_all(self):
        """Fails unless all regions hold the same items and entries of the index, no acknowledged write among them missing.

        Gives the numbers of items, of index entries, and of keys that were checked against what their writers were told.
        """
        clients = {name: self.installation.client(name) for name in self.installation.regions}
        contents = {
            name: items_by_key(scan_all(client, self.table), name) for name, client in clients.items()}
        item_count = compare(contents)
        entries = {
            name: items_by_key(scan_all(client, self.table, IndexName=INDEX), f"{name}, {INDEX}")
            for name, client in clients.items()}
        entry_count = compare(entries)
        region, items = next(iter(contents.items()))
        self.check_index(items, entries[region])

        checked = sum(writer.check(items, "all regions") for writer in self.writers if isinstance(writer, OwningWriter))
        for key, shared in self.shared.items():
            shared.check(items.get(key), f"the shared key {key[0]}")
            shared.agreed(items.get(key))
            checked += 1
        strangers = items.keys() - self.all_keys()
        if strangers:
            raise Failure(f"items that nobody wrote: {sorted(strangers)[:5]}")
        return item_count, entry_count, checked

    def check_index(self, items, entries):
        """Fails unless the index has exactly the items that have its key attributes."""
        expected = {key: item for key, item in items.items() if all(name in item for name in INDEX_KEYS)}
        compare({"the table": expected, f"its index {INDEX}": entries})

    def all_keys(self):
        keys = set(self.shared)
        for writer in self.writers:
            if isinstance(writer, OwningWriter):
                keys |= writer.keys.keys()
        return keys


class Writer:
    """One client in one region, on a thread of its own: it draws a write, sends it, and notes the outcome."""

    def __init__(self, load, region, name, seed):
        self.load = load
        self.region = region
        self.name = name
        self.generator = random.Random(f"{seed} {name}")
        self.revision = 0
        self.acknowledged = 0
        self.refused = 0
        self.unknown = 0
        self.failure = None
        self.stopping = threading.Event()
        self.thread = None

    def start(self):
        self.stopping.clear()
        self.failure = None
        # A daemon, so that a failure elsewhere ends the program.
        self.thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self.thread.start()

    def run(self):
        try:
            client = self.load.installation.client(self.region)
            is_up = self.load.installation.regions[self.region].is_up
            while not self.stopping.is_set():
                # Writes wait for a region that is down, so that each of them is news.
                if is_up.wait(timeout=0.05):
                    self.write_once(client)
        except Exception as error:  # Handed to the main thread, whatever it is.
            self.failure = error

    def write_once(self, client):
        self.revision += 1
        key = self.draw_key()
        token = f"{self.name}-{self.revision}"
        write = self.draw_write(key, token)
        try:
            write.send(client)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                self.refused += 1
                self.note_refused(write)
            elif code in UNKNOWN_OUTCOMES:
                self.unknown += 1
                self.note_unknown(write)
            else:
                raise
        except BotoCoreError:
            # The connection broke, or was refused by a region that is down: a clear answer never came.
            self.unknown += 1
            self.note_unknown(write)
            self.pause_while_down()
        else:
            self.note_acknowledged(write)
            self.acknowledged += 1

    def pause_while_down(self):
        """Spares a region that is just being killed a storm of connections."""
        time.sleep(0.01)

    def draw_write(self, key, token):
        return random_write(self.generator, self.load.table, key, token, self.revision)


class OwningWriter(Writer):
    """A writer of keys that nobody else writes."""

    def __init__(self, load, region, name, seed):
        super().__init__(load, region, name, seed)
        # Four sort keys a partition key, so that partitions have several items.
        self.keys = {
            (f"{name}-{number // 4:03d}", f"{number % 4}"): OwnedKey() for number in range(OWNED_KEYS_PER_WRITER)}
        self.key_list = list(self.keys)

    def draw_key(self):
        return self.generator.choice(self.key_list)

    def note_acknowledged(self, write):
        self.keys[write.key].acknowledged(write)

    def note_refused(self, write):
        self.keys[write.key].refused(write)

    def note_unknown(self, write):
        self.keys[write.key].unknown(write)

    def check(self, items, where):
        for key, owned in self.keys.items():
            owned.check(items.get(key), f"{where}, {'/'.join(key)}")
        return len(self.keys)


class SharingWriter(Writer):
    """The region's writer of keys that writers in the other regions write at the same time."""

    def __init__(self, load, region, name, seed):
        super().__init__(load, region, name, seed)
        self.key_list = list(load.shared)

    def draw_key(self):
        return self.generator.choice(self.key_list)

    def note_acknowledged(self, write):
        self.load.shared[write.key].acknowledged(self.region, token_left_by(write))

    def note_refused(self, write):
        """Changes nothing."""

    def note_unknown(self, write):
        self.load.shared[write.key].unknown(self.region, token_left_by(write))


def token_left_by(write):
    """The token that an item has after the write; None where the write leaves no item."""
    return None if isinstance(write, Delete) else write.token
