"""The checks of the process tests themselves: each must raise the alarm when what it looks for has happened."""

import pytest

from installation import Failure
from ledger import OwnedKey, SharedKey
from scans import compare, items_by_key
from writes import Delete, Put, PutIfAbsent, Update, UpdateIfOlder

KEY = ("pk", "sk")


def write(kind, number):
    return kind("table", KEY, f"token-{number}", number)


def item(number):
    return write(Put, number).apply(None)


@pytest.fixture
def key():
    owned = OwnedKey()
    owned.acknowledged(write(Put, 1))
    return owned


def test_an_acknowledged_write_must_be_there(key):
    key.check(item(1), "here")
    for wrong in (None, item(2)):
        with pytest.raises(Failure, match="an acknowledged write is missing"):
            key.check(wrong, "here")


def test_an_acknowledged_deletion_must_hold(key):
    key.acknowledged(write(Delete, 2))
    with pytest.raises(Failure, match="an acknowledged write is missing"):
        key.check(item(1), "here")
    key.check(None, "here")


@pytest.mark.parametrize("found", [item(1), item(2)])
def test_an_unknown_write_may_be_there_or_not(key, found):
    key.unknown(write(Put, 2))
    key.check(found, "here")
    # What was found once is known.
    with pytest.raises(Failure):
        key.check(item(1) if found == item(2) else item(2), "here")


def test_an_acknowledged_write_after_an_unknown_one_settles_it(key):
    key.unknown(write(Put, 2))
    key.acknowledged(write(Put, 3))
    with pytest.raises(Failure):
        key.check(item(2), "here")


def test_a_condition_that_could_not_hold_is_noticed(key):
    with pytest.raises(Failure, match="was accepted"):
        key.acknowledged(write(PutIfAbsent, 2))


def test_a_condition_that_must_hold_is_noticed(key):
    with pytest.raises(Failure, match="was refused"):
        key.refused(write(UpdateIfOlder, 2))


def test_updates_are_counted(key):
    key.acknowledged(write(Update, 2))
    key.acknowledged(write(Update, 3))
    lost_one = write(Update, 3).apply(item(1))
    with pytest.raises(Failure):
        key.check(lost_one, "here")
    key.check(write(Update, 3).apply(write(Update, 2).apply(item(1))), "here")


def test_a_shared_key_holds_one_of_the_last_writes():
    shared = SharedKey(["a", "b"])
    shared.check(None, "here")
    shared.acknowledged("a", "token-1")
    shared.acknowledged("a", "token-2")
    shared.acknowledged("b", "token-3")
    shared.unknown("b", "token-4")
    for number in (2, 3, 4):
        shared.check(item(number), "here")
    for wrong in (None, item(1), item(5)):
        with pytest.raises(Failure):
            shared.check(wrong, "here")


def test_a_shared_key_may_be_deleted_only_if_somebody_deleted_it_last():
    shared = SharedKey(["a", "b"])
    shared.acknowledged("a", None)
    shared.acknowledged("b", "token-1")
    shared.check(None, "here")
    shared.acknowledged("a", "token-2")
    with pytest.raises(Failure):
        shared.check(None, "here")


def test_regions_that_differ_are_noticed():
    same = {KEY: item(1)}
    assert compare({"a": same, "b": dict(same)}) == 1
    for other in ({}, {KEY: item(2)}, {**same, ("more", "sk"): item(1)}, {KEY: dict(reversed(item(1).items()))}):
        with pytest.raises(Failure, match="a and b differ in 1 items"):
            compare({"a": same, "b": other})


def test_an_item_that_is_scanned_twice_is_noticed():
    with pytest.raises(Failure, match="twice"):
        items_by_key([item(1), item(1)], "a")
