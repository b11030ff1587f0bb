"""Damages requests: in their structure, in their texts, in their bytes, and in how they are compressed."""

import copy
import gzip
import json
import zlib

from fuzz_corpus import REQUESTS


class Damage:
    """Damages requests, by the generator that it is given."""

    TEXTS = [
        "", " ", "a", "pk", "fuzz-items", "fuzz-simple", "by-g", "{arn}", "{stream}", "\x00", "é", "\U0001f600", "\ud800", "-1", "0",
        "1e400", "1E-140", "." * 300, "x" * 70_000, "ALL_OLD", "INDEXES", "#", ":", "a.b[1]", "NaN", "true", "AAA=", "A", "us-east-1"]
    VALUES = [
        None, True, False, 0, -1, 1, 2.5, 2**31, 2**63, -2**63, 10**30, 1e308, "", [], {}, [[]], [None], {"": {}},
        {"S": "a"}, {"N": "1"}, {"N": "a"}, {"N": "1" * 39}, {"N": "1e126"}, {"B": "!"}, {"SS": []}, {"SS": ["a", "a"]}, {"NS": ["1", "1.0"]},
        {"M": {"": {"S": ""}}}, {"S": "a", "N": "1"}, {"NULL": False}, {"BOOL": "true"}, {"L": [{"L": [{"L": []}]}]}, {"X": 1}]
    TOKENS = [
        "(", ")", "[", "]", ",", ".", "=", "<>", "<", "<=", "+", "-", "AND", "OR", "NOT", "IN", "BETWEEN", "SET", "REMOVE", "ADD",
        "DELETE", "size", "if_not_exists", "attribute_exists(", "contains(", ":n", ":z", "#c", "a", "0", "'", "\"", "?", "*", "{", "}",
        "<<", ">>", "IS", "MISSING", "NULL", "ORDER BY", "WHERE", "FROM", "SELECT", "1e5", "\\", "\n", "é"]

    def __init__(self, generator):
        self.random = generator

    def places(self, value, place=()):
        """Every place in a value, as the members and elements that lead there."""
        found = [place] if place else []
        if len(place) > 500:
            # Nested deeper than this program can follow.
            return found
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, child in children:
            found += self.places(child, (*place, name))
        return found

    def structure(self, body):
        """The body with one to four changes of its structure."""
        body = copy.deepcopy(body)
        for _ in range(self.random.choice([1, 1, 1, 2, 4])):
            places = self.places(body)
            if not places:
                return {self.random.choice(self.TEXTS): copy.deepcopy(self.random.choice(self.VALUES))}
            place = self.random.choice(places)
            parent = body
            for name in place[:-1]:
                parent = parent[name]
            self.change(body, parent, place[-1])
        return body

    def change(self, body, parent, name):
        value = parent[name]
        kind = self.random.randrange(9)
        if isinstance(value, str) and self.random.random() < 0.6:
            # Expressions, statements, names and numbers are where most rules are.
            parent[name] = self.text(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and self.random.random() < 0.6:
            parent[name] = self.random.choice([0, -1, 1, 100, 101, 2**31, 2**53, 0.5])
        elif kind == 0:
            del parent[name]
        elif kind == 1:
            parent[name] = copy.deepcopy(self.random.choice(self.VALUES))
        elif kind == 2 and isinstance(parent, dict):
            parent[self.random.choice(self.TEXTS)] = parent.pop(name)
        elif kind == 3 and isinstance(value, list) and value:
            parent[name] = copy.deepcopy(value * self.random.choice([2, 3, 30, 120]))
        elif kind == 4:
            donor = self.random.choice(REQUESTS)[1]
            places = self.places(donor)
            if places:
                taken = donor
                for step in self.random.choice(places):
                    taken = taken[step]
                parent[name] = copy.deepcopy(taken)
        elif kind == 5 and isinstance(parent, dict):
            donor = self.random.choice(REQUESTS)[1]
            if donor:
                member = self.random.choice(list(donor))
                body[member] = copy.deepcopy(donor[member])
        elif kind == 6 and isinstance(value, dict):
            deep = value
            for _ in range(self.random.choice([5, 31, 33, 200])):
                deep = {"M": {"d": deep}}
            # Several of them, one in the other, would be more than this program can take.
            if len(json.dumps(body)) < 20_000:
                parent[name] = deep
        elif isinstance(value, str):
            parent[name] = self.text(value)
        else:
            parent[name] = copy.deepcopy(self.random.choice(self.VALUES))

    def text(self, text):
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.choice(self.TEXTS)
        words = text.split(" ") if " " in text else list(text)
        for _ in range(self.random.choice([1, 1, 2, 5])):
            place = self.random.randrange(len(words) + 1)
            if kind == 1 or place == len(words):
                words.insert(place, self.random.choice(self.TOKENS))
            elif kind == 2:
                words[place] = self.random.choice(self.TOKENS)
            else:
                del words[place]
        return (" " if " " in text else "").join(words)

    def bytes(self, data, marks=b'{}[]",:\\-0e.\x00\xff\xc3'):
        """The bytes with some of them changed, removed, doubled or moved."""
        data = bytearray(data)
        for _ in range(self.random.choice([1, 1, 2, 4, 16])):
            if not data:
                break
            place = self.random.randrange(len(data))
            kind = self.random.randrange(6)
            if kind == 0:
                data[place] = self.random.randrange(256)
            elif kind == 1:
                del data[place:place + self.random.choice([1, 2, 50])]
            elif kind == 2:
                data.insert(place, self.random.choice(marks))
            elif kind == 3:
                data = data[:place]
            elif kind == 4:
                data[place:place] = data[place:place + self.random.choice([1, 10, 1000])]
            else:
                data[place] ^= 1 << self.random.randrange(8)
        return bytes(data)

    def coded(self, body):
        """The body compressed, with the header field that says so; sometimes by another name, or cut."""
        kind = self.random.randrange(5)
        if kind == 0:
            return gzip.compress(body), ["content-encoding: gzip"], True
        if kind == 1:
            return zlib.compress(body), ["content-encoding: deflate"], True
        if kind == 2:
            return self.bytes(gzip.compress(body)), ["content-encoding: gzip"], False
        if kind == 3:
            return body, [f"content-encoding: {self.random.choice(['gzip', 'br', 'identity', 'gzip, gzip', ''])}"], False
        return gzip.compress(bytes(self.random.choice([17 << 20, 1 << 20]))), ["content-encoding: gzip"], False
