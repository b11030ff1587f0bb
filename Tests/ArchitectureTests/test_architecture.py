"""The rules on the shape of the code that no compiler checks: which target may import what, and what a source may not hold."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
LINE_COUNT_MAX = 400
# Of one type, over all its extensions: one that is longer is several.
TYPE_LINE_COUNT_MAX = 700
# Longer, with the reason.
LONG_FILES = {
    "Sources/ReplicationTransport/TLS/TLSHandler.swift": "one state machine, whose state is private to its file",
}

# What a target may import, of the project and from outside. Data flows one way, so each may know only targets above it.
SYSTEM_LIBRARIES = {"CRocksDB", "CZstd", "COpenSSL", "CZlib"}
NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat"}
ALLOWED = {
    "HostClock": {"Glibc"},
    "HybridClock": set(),
    "ItemModel": set(),
    "Expressions": {"ItemModel"},
    "KeyValueStore": set(),
    "RocksDBStore": {"KeyValueStore", "CRocksDB", "FoundationEssentials", "Glibc"},
    "RegionStore": {"HybridClock", "ItemModel", "Expressions", "KeyValueStore"},
    "Replication": {"HybridClock", "ItemModel", "KeyValueStore", "RegionStore"},
    "RegionCore":
        {"ConfigurationFiles", "DequeModule", "HybridClock", "ItemModel", "KeyValueStore", "RegionStore", "Replication"},
    "ReplicationTransport":
        NIO | {"CZstd", "COpenSSL", "FoundationEssentials", "Glibc"},
    "Simulation":
        {
            "ConfigurationFiles", "HybridClock", "ItemModel", "Expressions", "KeyValueStore", "RegionStore", "Replication",
            "RegionCore", "Histogram", "Foundation",
        },
    "AWSProtocol": {"ItemModel", "COpenSSL"},
    "DynamoAPI": {"AWSProtocol", "HybridClock", "ItemModel", "Expressions", "RegionStore", "KeyValueStore"},
    "ConfigurationFiles": {"Yams", "Foundation"},
    "RegionServer":
        NIO | {
            "AWSProtocol", "CZlib", "HostClock", "HybridClock", "ItemModel", "KeyValueStore", "RocksDBStore", "RegionStore",
            "Replication",
            "RegionCore", "ReplicationTransport", "DynamoAPI", "ConfigurationFiles", "Logging", "FoundationEssentials", "Foundation",
            "CoreFoundation",
            "Glibc", "Histogram",
        },
    "meridian":
        NIO | {
            "AWSProtocol", "ConfigurationFiles", "RegionServer", "ReplicationTransport", "Simulation", "ArgumentParser", "Logging", "UnixSignals", "FoundationEssentials",
            "Foundation", "FoundationNetworking", "Glibc",
        },
}
# Atomics and locks hold no time and do no I/O: every target may have them.
ANYWHERE = {"Synchronization"}

# What these do follows from what they are handed: that is what lets a simulator run them.
DETERMINISTIC = [
    "HybridClock", "ItemModel", "Expressions", "AWSProtocol", "RegionStore", "Replication", "RegionCore", "Simulation",
]
UNDETERMINED = {
    "a clock": r"\bDate\(|\b(Continuous|Suspending)Clock\b|(?<![\w)\]])\.now\b|\b(Date|DispatchTime|NIODeadline)\.now\b|\bclock_gettime\b|\bgettimeofday\b",
    "a random number": r"\bSystemRandomNumberGenerator\b|\.(random|shuffled|randomElement)\((?!.*\busing:)|\bUUID\(\)",
    "a thread": r"\bTask\s*(\.detached\s*)?\{|\bThread\b|\bDispatch[A-Z]\w+|\bpthread_\w+",
    "a sleep": r"\bsleep\(",
    "a hash value, which differs from process to process": r"\.hashValue\b|\bObjectIdentifier\(",
}
# What no source holds: all of it either traps on what an `Error` could report, or is a promise kept nowhere.
FORBIDDEN = {
    "fatalError": r"\bfatalError\b",
    "try!": r"\btry!",
    "a TODO": r"\b(TODO|FIXME|XXX)\b",
}


def swift_files(folder):
    return sorted(folder.rglob("*.swift"))


def code_lines(path):
    """The numbered lines of a source, without those that are only comment."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.lstrip().startswith("//"):
            yield number, line


def place(path, number):
    return f"{path.relative_to(ROOT)}:{number}"


def findings(paths, patterns):
    return [
        f"{place(path, number)}: {what}: {line.strip()}"
        for path in paths for number, line in code_lines(path)
        for what, pattern in patterns.items() if re.search(pattern, line)
    ]


def targets():
    return sorted(path.name for path in SOURCES.iterdir() if path.is_dir())


def test_every_target_is_in_the_table():
    assert set(targets()) == set(ALLOWED) | SYSTEM_LIBRARIES


@pytest.mark.parametrize("target", ALLOWED)
def test_a_target_imports_only_what_the_table_allows(target):
    pattern = re.compile(
        r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?"
        r"import\s+(?:(?:struct|class|enum|func|protocol|typealias|var|let)\s+)?(\w+)")
    strangers = []
    for path in swift_files(SOURCES / target):
        for number, line in code_lines(path):
            match = pattern.match(line)
            if match and match.group(1) not in ALLOWED[target] | ANYWHERE:
                strangers.append(f"{place(path, number)} imports {match.group(1)}")
    assert strangers == []


@pytest.mark.parametrize("target", DETERMINISTIC)
def test_a_deterministic_target_reads_nothing_that_it_was_not_handed(target):
    assert findings(swift_files(SOURCES / target), UNDETERMINED) == []


def test_no_source_holds_what_is_forbidden():
    assert findings(swift_files(SOURCES), FORBIDDEN) == []


@pytest.mark.parametrize("folder", ["Sources", "Tests"])
def test_files_stay_short(folder):
    too_long = {}
    for pattern in ("*.swift", "*.py"):
        for path in (ROOT / folder).rglob(pattern):
            count = len(path.read_text().splitlines())
            name = str(path.relative_to(ROOT))
            if count > LINE_COUNT_MAX and name not in LONG_FILES:
                too_long[name] = count
    assert too_long == {}


def type_lengths(target):
    """The lines of each type of a target, all its extensions in it; nested types count for the outermost."""
    declaration = re.compile(
        r"(?:(?:public|package|private|fileprivate|final|indirect|@\w+(?:\([^)]*\))?)\s+)*"
        r"(?:class|struct|enum|extension|protocol|actor)\s+`?([A-Za-z_]+)")
    lengths = {}
    for path in swift_files(SOURCES / target):
        current = None
        for line in path.read_text().splitlines():
            match = declaration.match(line)
            current = match.group(1) if match else current
            if current:
                lengths[current] = lengths.get(current, 0) + 1
            if line.startswith("}"):
                current = None
    return lengths


@pytest.mark.parametrize("target", ALLOWED)
def test_no_type_is_longer_than_one_sitting_can_read(target):
    assert {name: n for name, n in type_lengths(target).items() if n > TYPE_LINE_COUNT_MAX} == {}


def test_nobody_but_the_core_is_handed_the_store():
    """Commands are values: what runs on the writer's thread is in RegionStore and RegionCore, and no closure over the store goes there."""
    owners = {"RegionServer/Region/WriterThread.swift", "RegionServer/Region/RegionProcess.swift"}
    paths = [
        path for target in ("DynamoAPI", "Replication", "RegionServer", "meridian") for path in swift_files(SOURCES / target)
        if str(path.relative_to(SOURCES)) not in owners
    ]
    assert findings(paths, {"the store": r"\bRegionStore<"}) == []


def test_the_commands_in_the_readme_exist():
    targets = set(re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert named <= known


def test_the_files_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"(?:Regions|Sources|Tests)/[\w./-]*\w", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
