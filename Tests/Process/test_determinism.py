"""A scenario and a seed decide a run to the last byte: in another process, and in another build of the program.

Each process has hash tables in another order, so that an order which reaches a result shows here.
"""

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Short, but with a bit of everything: drawn and planned faults, conflicts, deletes, an index, clients that go elsewhere.
SCENARIO = f"""
description: A bit of everything.
topology: {ROOT}/Regions/three-continents.yaml
duration: 60s
settle: 10m
tables:
  - {{name: orders, indexes: [{{name: by-group}}]}}
  - {{name: events, sort-key: true}}
workload:
  - table: orders
    arrival: {{poisson: 10/s}}
    mix: {{read: 30, put: 20, update: 15, delete: 10, read-modify-write: 10, put-if-absent: 10, batch: 5}}
    keys: {{count: 50, distribution: zipfian}}
    failover: {{after-errors: 3, back-after: 10s}}
  - table: events
    arrival: {{closed: {{clients: 2, think: 300ms}}}}
    mix: {{insert: 50, scan: 20, put: 15, delete: 15}}
    keys: {{count: 50, distribution: latest}}
network:
  jitter: 0.3
  loss: 0.5%
faults:
  - {{at: 20s, for: 10s, partition: [[us-east-1], [eu-west-1, ap-northeast-1]]}}
random-faults:
  count: [3, 5]
  within: [10s, 50s]
  lasting: [500ms, 10s]
  kinds: all
  disk-losses: 1
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "everything.yaml"
    path.write_text(SCENARIO)
    return path


def simulate(program, scenario, seed, trace):
    """The result of a run, of whatever verdict, and its trace."""
    ended = subprocess.run(
        [program, "simulate", scenario, "--seed", str(seed), "--json", "--trace", trace],
        capture_output=True, text=True, timeout=600)
    assert ended.returncode in (0, 1), ended.stderr
    return json.loads(ended.stdout), trace.read_text().splitlines()


def assert_same(first, second):
    (first_result, first_trace), (second_result, second_trace) = first, second
    # The first event that differs says more than two hashes that do.
    for number, (one, other) in enumerate(zip(first_trace, second_trace), 1):
        assert one == other, f"the runs part at event {number}"
    assert len(first_trace) == len(second_trace)
    assert first_result == second_result


@pytest.mark.parametrize("seed", [1, 2])
def test_two_processes_make_the_same_run(meridian, scenario, tmp_path, seed):
    first = simulate(meridian, scenario, seed, tmp_path / "first.txt")
    assert first[0]["seed"] == seed
    assert len(first[1]) == first[0]["eventCount"] > 1_000
    assert_same(first, simulate(meridian, scenario, seed, tmp_path / "second.txt"))


def test_a_trace_changes_nothing(meridian, scenario, tmp_path):
    traced, _ = simulate(meridian, scenario, 1, tmp_path / "trace.txt")
    plain = subprocess.run(
        [meridian, "simulate", scenario, "--seed", "1", "--json"], capture_output=True, text=True, timeout=600)
    assert json.loads(plain.stdout) == traced


def test_another_seed_makes_another_run(meridian, scenario, tmp_path):
    first, _ = simulate(meridian, scenario, 1, tmp_path / "first.txt")
    second, _ = simulate(meridian, scenario, 2, tmp_path / "second.txt")
    assert first["traceHash"] != second["traceHash"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_build_makes_the_same_run(meridian, other_meridian, scenario, tmp_path, seed):
    assert_same(
        simulate(meridian, scenario, seed, tmp_path / "first.txt"),
        simulate(other_meridian, scenario, seed, tmp_path / "second.txt"))
