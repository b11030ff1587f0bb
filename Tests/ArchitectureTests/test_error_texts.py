"""Every text that the article `ErrorTexts` lists is one that the code has: each piece between inserted values stands in a string literal."""

import functools
import itertools
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTICLE = ROOT / "Sources/meridian/Meridian.docc/ErrorTexts.md"

# An inserted value that is the same everywhere, such as a limit or a name, may be written out in the article.
VALUE = re.compile(r"\S{1,60}")
# How much of a piece has to stand in literals, and how much of that in the one that the rest is inserted into.
LITERAL_SHARE_MIN = 0.5
OWN_SHARE_MIN = 0.2
OWN_LENGTH_MIN = 10


# The article


def abbreviations(text):
    """What *invalid:* and the like stand for, as the article's overview says it."""
    return {
        name: f"{meaning} " for name, meaning in re.findall(r"\*(\w+:)\*\s+(?:stands\s+)?for\s+`([^`]+)`\s+and\s+a\s+space", text)}


def listed_texts(article):
    """Every text of the article's tables and lists of longer texts, with inserted values as `…`."""
    short = abbreviations(article)
    body = article[article.index("\n## ", article.index("## Overview")):article.index("## Differences on purpose")]
    for line in re.split(r"\n(?=\||- |#|\n)", body):
        if line.startswith("| ") and not re.match(r"\| (where|---)", line):
            cell = line.split(" | ", 1)[1]
        elif line.startswith("- "):
            # What it is about may be in backquotes too.
            cell = re.match(r"(?:`[^`]*`|[^:`])*: (.*)", " ".join(line.split()))[1]
        else:
            continue
        for name, text in re.findall(r"(?:\*(\w+:)\* )?`([^`]+)`", " ".join(cell.split())):
            yield (short[name] if name else "") + text


# The code


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "'": "'"}


def literals(source):
    """The string literals of a Swift source, each as the parts between its interpolations; literals joined by + are one."""
    found, previous_end, position = [], None, 0
    token = re.compile(r'//[^\n]*|/\*.*?\*/|(#*)("""|")', re.DOTALL)
    while match := token.search(source, position):
        if match[2] is None:
            position = match.end()
            continue
        parts, inner, position = literal(source, match.end(), match[2], match[1])
        if previous_end is not None and re.fullmatch(r"\s*\+\s*", source[previous_end:match.start()]):
            found[-1][-1] += parts[0]
            found[-1].extend(parts[1:])
        else:
            found.append(parts)
        for code in inner:
            found[:0] = literals(code)
        previous_end = position
    return found


def literal(source, start, quote, hashes):
    """The parts of the literal whose text begins at `start`, the code of its interpolations, and where it ends."""
    parts, inner, position = [""], [], start
    escape, end = "\\" + hashes, quote + hashes
    while not source.startswith(end, position):
        if source.startswith(escape, position):
            position += len(escape)
            character = source[position]
            if character == "(":
                close = closing(source, position)
                inner.append(source[position + 1:close])
                parts.append("")
                position = close + 1
            elif character == "u":
                close = source.index("}", position)
                parts[-1] += chr(int(source[position + 2:close], 16))
                position = close + 1
            elif character.isspace():
                # The line goes on in the next one.
                position = re.compile(r"\s*\n\s*").match(source, position).end()
            else:
                parts[-1] += ESCAPES[character]
                position += 1
        else:
            parts[-1] += source[position]
            position += 1
    if quote == '"""':
        parts = [re.sub(r"\n[ \t]+", "\n", part) for part in parts]
        parts[0] = parts[0].removeprefix("\n")
    return parts, inner, position + len(end)


def closing(source, position):
    """Where the parenthesis at `position` closes, whatever literals are within."""
    depth = 0
    while True:
        if match := re.compile(r'(#*)("""|")').match(source, position):
            position = literal(source, match.end(), match[2], match[1])[2]
            continue
        depth += {"(": 1, ")": -1}.get(source[position], 0)
        if depth == 0:
            return position
        position += 1


@functools.cache
def all_literals():
    return [parts for path in sorted((ROOT / "Sources").rglob("*.swift")) for parts in literals(path.read_text())]


class Inserted:
    """Values that are made of literals themselves, so that they may be longer than a word: they begin and end as literals do."""

    def __init__(self, literals):
        self.beginnings = self.with_and_without_blanks(parts[0] for parts in literals)
        self.ends = self.with_and_without_blanks(parts[-1] for parts in literals)

    @staticmethod
    def with_and_without_blanks(texts):
        texts = set(texts)
        return {text for text in texts | {text.strip() for text in texts} if len(text) > 2}


def stands_in(piece, parts, inserted):
    """Whether a literal says `piece`, with whatever its interpolations insert."""
    if any(piece in part for part in parts):
        return True
    if len(parts) == 1:
        return False
    ways = itertools.chain(
        *(ways_from(piece, parts, index, start, inserted) for index, part in enumerate(parts)
          for start in range(len(part)) if piece[0] == part[start]),
        # It may begin within what is inserted.
        *(ways_after_value(piece, parts, index, inserted) for index in range(1, len(parts))))
    return any(
        own >= min(OWN_LENGTH_MIN, OWN_SHARE_MIN * len(piece)) and own + other >= LITERAL_SHARE_MIN * len(piece)
        for own, other in ways)


def ways_from(piece, parts, index, start, inserted):
    """How `piece` may begin as the part `index` does from `start` on: how much is of this literal, and how much of inserted ones."""
    part = parts[index][start:]
    if part.startswith(piece):
        yield len(piece), 0
    elif piece.startswith(part) and index + 1 < len(parts):
        for own, other in ways_after_value(piece[len(part):], parts, index + 1, inserted):
            yield len(part) + own, other


def ways_after_value(piece, parts, index, inserted):
    """The same where `piece` begins with a value, before the part `index`."""
    if piece in inserted.beginnings:
        yield 0, len(piece)
    for length in range(1, len(piece) + 1):
        value, rest = piece[:length], piece[length:]
        known = length if value in inserted.ends else 0
        if known == 0 and not VALUE.fullmatch(value):
            continue
        if not rest:
            yield 0, known
            continue
        for own, other in ways_from(rest, parts, index, 0, inserted):
            yield own, known + other


@functools.cache
def all_inserted():
    return Inserted(all_literals())


@functools.cache
def is_in_code(piece):
    return any(stands_in(piece, parts, all_inserted()) for parts in all_literals())


def missing_pieces(text):
    """The pieces of a listed text that no literal has."""
    return [piece for piece in re.split("…", text) if len(piece.strip()) > 2 and not is_in_code(piece.strip())]


def test_literals_are_read_as_swift_reads_them():
    source = '''
        // "a comment"
        let a = "one \\(two("three")) four" + " five\\n"
        let b = """
            six \\
            seven \\(eight)
            nine
            """
        let c = #"ten \\n "eleven" \\#(twelve)"#
        '''
    assert literals(source) == [
        ["three"], ["one ", " four five\n"], ["six seven ", "\nnine\n"], ['ten \\n "eleven" ', ""]]


def test_pieces_are_found_in_literals_only():
    parts, nothing = ["at most ", " tables, and no more"], Inserted([])
    for piece in ("at most 50 tables", "most 12345 tables, and no", "and no more", "50 tables, and"):
        assert stands_in(piece, parts, nothing), piece
    for piece in ("at least 50 tables", "at most 50 indexes, and no more", "50 items of any kind", "tables; and no more"):
        assert not stands_in(piece, parts, nothing), piece
    # What is inserted may be long where the code says it elsewhere.
    reason = "there is nothing of that kind, and there will be nothing"
    assert not stands_in(f"not supported: {reason}.", ["not supported: ", "."], nothing)
    assert stands_in(f"not supported: {reason}.", ["not supported: ", "."], Inserted([[reason]]))
    assert not stands_in(f"supported {reason}", ["", " ", ""], Inserted([[reason]]))


def test_the_abbreviations_of_the_article_are_known():
    assert abbreviations(ARTICLE.read_text()) == {
        "invalid:": "One or more parameter values were invalid: ",
        "malformed:": "Statement wasn't well formed, can't be processed: "}


def all_listed_texts():
    return sorted(set(listed_texts(ARTICLE.read_text())))


def test_a_text_that_the_code_does_not_have_is_missing():
    assert missing_pieces("A transaction cannot be larger than the moon") == ["A transaction cannot be larger than the moon"]
    assert missing_pieces("Too many tags: at least … are allowed") == ["Too many tags: at least "]
    assert missing_pieces("Too many tags: at most 50 are permitted") != []
    assert missing_pieces("Subscriber limit exceeded: a region holds at most … moons") == [" moons"]


def test_the_article_lists_texts():
    assert len(all_listed_texts()) > 50


def test_what_does_not_occur_is_not_in_the_code():
    differences = ARTICLE.read_text().partition("## Differences on purpose")[2]
    [sentence] = re.findall(r"So (`[^.]*) do not occur, nor the reason (`\w+`)", differences)
    names = re.findall(r"`(\w+)`", " ".join(sentence))
    assert len(names) == 3
    for name in names:
        assert not any(name in part for parts in all_literals() for part in parts), name


@pytest.mark.parametrize("text", all_listed_texts())
def test_a_listed_text_is_in_the_code(text):
    start = next((meaning for meaning in abbreviations(ARTICLE.read_text()).values() if text.startswith(meaning)), "")
    # The beginning is put before such texts in one place.
    assert missing_pieces(start) + missing_pieces(text.removeprefix(start)) == []
