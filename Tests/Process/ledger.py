"""What clients were told about their writes, and what may therefore be in a table.

The outcome of a write is *acknowledged*, *refused* (its condition failed) or *unknown* (the connection broke before the answer).
An unknown write may or may not have happened, so what is known of a key is a list of the states that it may be in.
"""

from installation import Failure
from scans import item_text


class OwnedKey:
    """A key that one client writes alone, one write at a time: each answer tells exactly what is stored."""

    def __init__(self):
        # Every state that the item may be in; None is absence.
        self.states = [None]
        # Every state that it may have been in since all regions had the same.
        self.history = [None]

    def acknowledged(self, write):
        """The write was carried out, so the item is what the write makes of a state that its condition accepts."""
        before = self.states
        self.states = distinct(write.apply(state) for state in before if write.accepts(state))
        if not self.states:
            raise Failure(f"{write} was accepted, but its condition holds for none of {shown(before)}")
        self.history += self.states

    def refused(self, write):
        """The condition did not hold, so the item is in a state that it does not accept."""
        before = self.states
        self.states = [state for state in before if not write.accepts(state)]
        if not self.states:
            raise Failure(f"{write} was refused, but its condition holds for each of {shown(before)}")

    def unknown(self, write):
        """The write was carried out, or not."""
        self.states = distinct(
            self.states + [write.apply(state) for state in self.states if write.accepts(state)])
        self.history += self.states

    def settled(self):
        """All regions have what was written."""
        self.history = list(self.states)

    def forgotten(self):
        """The only disk that had what was written last may have forgotten it."""
        self.states = distinct(self.history)

    def check(self, item, where):
        """Fails unless `item` may be what is stored; from then on it is known to be."""
        if item not in self.states:
            raise Failure(
                f"{where}: an acknowledged write is missing: found {item_text(item)}, expected {shown(self.states)}")
        self.states = [item]


class SharedKey:
    """A key that clients in several regions write at once, one client a region: the last writer wins.

    A region's acknowledged write is newer than all that its client wrote before. So what remains, when all regions agree, is some
    region's last acknowledged write, or one of those after it whose outcome is unknown.
    """

    def __init__(self, regions):
        # By region, the tokens that its newest write may have left; None is what a deletion leaves.
        self.candidates = {region: set() for region in regions}
        # What was there before the regions wrote, which remains as long as no write was acknowledged.
        self.initial = {None}
        # What may have been there since all regions had the same.
        self.history = {None}

    def acknowledged(self, region, token):
        self.history = self.history | {token}
        self.candidates[region] = {token}
        self.initial = set()

    def unknown(self, region, token):
        # A fresh set: another thread may be reading the old one.
        self.history = self.history | {token}
        self.candidates[region] = self.candidates[region] | {token}

    def settled(self):
        """All regions have what was written."""
        self.history = set(self.initial).union(*self.candidates.values())

    def forgotten(self):
        """The only disk that had what was written last may have forgotten it."""
        self.initial = set(self.history)

    def check(self, item, where):
        """Fails unless `item` is what one of the regions may have written last."""
        token = item["token"]["S"] if item else None
        if not any(token in tokens for tokens in [self.initial, *self.candidates.values()]):
            raise Failure(
                f"{where}: found {item_text(item)}, but the regions wrote last {self.candidates}, before them {self.initial}")

    def agreed(self, item):
        """Starts again from what all regions hold."""
        self.candidates = {region: set() for region in self.candidates}
        self.initial = {item["token"]["S"] if item else None}
        self.history = set(self.initial)


def distinct(states):
    """The states without repetitions, in order."""
    answer = []
    for state in states:
        if state not in answer:
            answer.append(state)
    return answer


def shown(states):
    return " or ".join(map(item_text, states))
