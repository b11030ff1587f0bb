"""The tool that makes small mistakes: which places it finds, and what it makes of them."""

import pathlib

import mutants

SOURCE = """func advance(to end: Int) -> Bool {
    guard end < limit, isOpen && !isDone else { return false }
    // A comment with a < b says nothing.
    position = end
    log.append(position)
    return position == end + 1 || count != nil
}
""".splitlines()


def sites():
    found = list(mutants.sites_of(pathlib.Path("/project/Sources/Store/File.swift"), SOURCE))
    for number, site in enumerate(found, 1):
        site.number = number
    return found


def test_places_are_found():
    assert [(site.line + 1, site.kind) for site in sites()] == [
        (2, "comparison"), (2, "junction"), (4, "statement"), (5, "statement"), (6, "comparison"), (6, "junction"), (6, "one"),
    ]
    assert sites()[0].describe() == ("Store/File.swift:2", "< becomes <=")


def test_every_place_is_rewritten_and_the_rest_stays():
    lines = mutants.rewrite(SOURCE, sites())
    one, two, five, six = (mutants.mark(number) for number in (1, 2, 5, 6))
    assert lines[1] == f"    guard end {one} limit, isOpen {two} !isDone else {{ return false }}"
    assert lines[3] == "    if activeMutant != 3 { position = end }"
    assert lines[5] == f"    return position {five} end + mutantOne(7) {six} count != nil"
    assert [lines[index] for index in (0, 2, 6)] == [SOURCE[index] for index in (0, 2, 6)]


def test_each_operator_does_what_it_did_and_another_thing_where_it_is_chosen():
    text = mutants.operators(sites())
    assert "activeMutant == 1 ? left <= right : left < right" in text
    assert f"infix operator {mutants.mark(2)}: LogicalConjunctionPrecedence" in text
    assert "activeMutant == 5 ? left != right : left == right" in text


def test_marks_are_all_different():
    assert len({mutants.mark(number) for number in range(1, 500)}) == 499
