"""Makes small mistakes in the store and the replicator, and finds out whether the simulator notices each of them.

All mutants are built at once: each place is rewritten so that an environment variable chooses the one that is wrong. What does not compile is
taken back. A mutant is killed when a scenario fails, or ends in any other way than a pass; one whose traces are those of the healthy program
has changed nothing that these runs do.

    mutants.py --folder /tmp/mutants --count 200 [--scenario NAME:SEED|NAME:FIRST-LAST ...] [--json FILE]
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ["RegionStore", "Replication"]
# For each mutant that is judged so many places are changed.
SPARE = 2
# What is run of each mutant, until something fails.
RUNS = [
    "schema-during-partition:1", "swarm:1-12", "log-trimming:1", "chaos:1", "time-to-live-during-partition:1", "old-copy:1",
    "partial-mesh:1", "deletes-during-partition:1", "replica-added-during-partition:1", "swarm:13-30",
]

SWITCH = """import Glibc

/// Which mistake is made; none without the variable.
let activeMutant = getenv("MERIDIAN_MUTANT").flatMap {{ Int(String(cString: $0)) }} ?? 0

func mutantOne<Value: ExpressibleByIntegerLiteral>(_ number: Int) -> Value {{ activeMutant == number ? 0 : 1 }}

{operators}
"""

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
JUNCTIONS = {"&&": "||", "||": "&&"}
# Of code, not of texts, comments, constraints or declarations.
NO_CODE = re.compile(r'^\s*(//|\*|import|#|@|case |func |init|struct |enum |extension |public |package |fileprivate struct|typealias)|"|///|precondition|assert')
STATEMENT = re.compile(r"^(\s+)((?:try )?[a-z_][\w.?\[\]]*(?:\(.*\)| [-+]?= .*[^{(,=]))$")
NO_STATEMENT = re.compile(r"^\s*(return|guard|if|else|for|while|switch|case|throw|throws|init|super|self\.\w+ =|let|var|do|catch|defer|break|continue|where|in|try await|await|self\.init)\b")


class Site:
    def __init__(self, path, line, kind, column, old):
        self.path, self.line, self.kind, self.column, self.old = path, line, kind, column, old
        self.number = 0

    def describe(self):
        place = f"{str(self.path).partition('/Sources/')[2]}:{self.line + 1}"
        change = {
            "comparison": lambda: f"{self.old} becomes {COMPARISONS[self.old]}",
            "junction": lambda: f"{self.old} becomes {JUNCTIONS[self.old]}", "one": lambda: "1 becomes 0",
            "statement": lambda: "left out"}[self.kind]()
        return place, change


def is_balanced(text):
    return all(text.count(a) == text.count(b) for a, b in ["()", "[]", "{}"])


def sites_of(path, lines):
    for index, line in enumerate(lines):
        if NO_CODE.search(line) or "where" in line and "==" in line and "." not in line:
            continue
        for match in re.finditer(r"(?<= )(<=|>=|==|!=|<|>)(?= )", line):
            if not re.match(r"\s*nil\b", line[match.end():]):
                yield Site(path, index, "comparison", match.start(), match.group())
        for match in re.finditer(r"(?<= )(&&|\|\|)(?= )", line):
            yield Site(path, index, "junction", match.start(), match.group())
        for match in re.finditer(r"(?<=[+-] )1\b(?![._x])", line):
            yield Site(path, index, "one", match.start(), "1")
        before = next((other.rstrip() for other in reversed(lines[:index]) if not other.lstrip().startswith("//")), "")
        after = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if (
            STATEMENT.match(line) and not NO_STATEMENT.match(line) and is_balanced(line)
            and re.search(r"[{})\w\]\"]$", before) and not before.rstrip().endswith(("=", ",", "(", "->", "?", ":", "&&", "||"))
            and not after.startswith((".", "?", ":", "+", "&&", "||", "{"))
        ):
            yield Site(path, index, "statement", 0, line)


def mark(number):
    """An operator's characters that stand for a number."""
    return "".join("†‡"[int(bit)] for bit in f"{number:b}")


def rewrite(lines, sites):
    lines = list(lines)
    # From the right, so that columns stay what they are.
    for site in sorted(sites, key=lambda site: (site.line, -site.column if site.kind != "statement" else 1)):
        line = lines[site.line]
        if site.kind == "statement":
            indent = line[: len(line) - len(line.lstrip())]
            lines[site.line] = f"{indent}if activeMutant != {site.number} {{ {line.strip()} }}"
        elif site.kind == "one":
            lines[site.line] = f"{line[:site.column]}mutantOne({site.number}){line[site.column + 1:]}"
        else:
            lines[site.line] = line[: site.column] + mark(site.number) + line[site.column + len(site.old):]
    return lines


def operators(sites):
    texts = []
    for site in sites:
        name = mark(site.number)
        if site.kind == "comparison":
            constraint = "Equatable" if site.old in ("==", "!=") else "Comparable"
            texts.append(
                f"infix operator {name}: ComparisonPrecedence\n@inline(__always) func {name} <Value: {constraint}>"
                f"(left: Value, right: Value) -> Bool {{ activeMutant == {site.number} ? left {COMPARISONS[site.old]} right "
                f": left {site.old} right }}")
        elif site.kind == "junction":
            kind = "Conjunction" if site.old == "&&" else "Disjunction"
            other = JUNCTIONS[site.old]
            texts.append(
                f"infix operator {name}: Logical{kind}Precedence\n@inline(__always) func {name} "
                f"(left: Bool, right: @autoclosure () throws -> Bool) rethrows -> Bool {{ "
                f"let isOther = activeMutant == {site.number}\n"
                f"if {'left == isOther' if site.old == '&&' else 'left != isOther'} "
                f"{{ return left }}\nreturn try right() }}")
    return "\n".join(texts)


def choose(folder, count, seed):
    """Sites of all targets, spread evenly over files and kinds."""
    found = []
    for target in TARGETS:
        for path in sorted((folder / "Sources" / target).rglob("*.swift")):
            found += list(sites_of(path, path.read_text().splitlines()))
    # As many of each kind as there are.
    generator = random.Random(seed)
    kinds = {}
    for site in generator.sample(found, len(found)):
        kinds.setdefault(site.kind, []).append(site)
    found = [site for group in itertools.zip_longest(*kinds.values()) for site in group if site]
    chosen, used = [], set()
    for site in found:
        # One a line: what they say of a place stays clear.
        if (site.path, site.line) not in used and len(chosen) < count:
            used.add((site.path, site.line))
            chosen.append(site)
    for number, site in enumerate(chosen, 1):
        site.number = number
    return chosen, len(found)


def build(folder, sites, log):
    """Builds the mutants; leaves out those that do not compile."""
    originals = {path: path.read_text() for path in {site.path for site in sites}}
    while True:
        for target in TARGETS:
            own = [site for site in sites if target in site.path.parts]
            (folder / "Sources" / target / "Mutants.swift").write_text(SWITCH.format(operators=operators(own)))
        for path, text in originals.items():
            own = [site for site in sites if site.path == path]
            path.write_text("\n".join(rewrite(text.splitlines(), own)) + "\n")
        result = subprocess.run(
            ["swift", "build", "-c", "release", "--product", "meridian"], cwd=folder, capture_output=True, text=True)
        if result.returncode == 0:
            return sites
        log.write(result.stdout)
        bad = set(re.findall(r"(/[^\s:]+\.swift):(\d+):\d+: (?:error|warning)", result.stdout))
        lines = {(pathlib.Path(path), int(line) - 1) for path, line in bad}
        kept = [site for site in sites if (site.path, site.line) not in lines]
        if len(kept) == len(sites):
            # What is never set is told where its initializer ends.
            kept = [
                site for site in sites
                if site.kind != "statement"
                or not any(path == site.path and 0 <= line - site.line < 60 for path, line in lines)]
        if len(kept) == len(sites):
            sys.exit("the mutants do not compile, and it is not known which:\n" + result.stdout[-3000:])
        print(f"{len(sites) - len(kept)} mutants do not compile", flush=True)
        sites = kept


def simulate(meridian, folder, name, seed, mutant):
    """How a run ended: passed, failed with a checker, or otherwise; and its trace."""
    environment = dict(os.environ)
    if mutant:
        environment["MERIDIAN_MUTANT"] = str(mutant)
    try:
        result = subprocess.run(
            [meridian, "simulate", folder / "Simulations" / f"{name}.yaml", "--seed", str(seed), "--json"],
            capture_output=True, text=True, timeout=240, env=environment)
    except subprocess.TimeoutExpired:
        return "did not end", ""
    try:
        document = json.loads(result.stdout)
    except ValueError:
        return f"ended with {result.returncode}", ""
    if document["hasPassed"]:
        return "passed", document["traceHash"]
    if document["violations"]:
        return document["violations"][0]["checker"], document["traceHash"]
    return "an expectation", document["traceHash"]


def judge(meridian, folder, runs, healthy, site):
    has_effect = False
    for name, seed in runs:
        outcome, trace = simulate(meridian, folder, name, seed, site.number)
        if outcome != "passed":
            return {"killed": outcome, "scenario": name, "seed": seed}
        has_effect = has_effect or trace != healthy[name, seed]
    return {"killed": None, "has_effect": has_effect}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where the mutants are built; what was built there before is used again")
    parser.add_argument("--count", type=int, default=200, help="how many are judged")
    parser.add_argument("--seed", type=int, default=1, help="which places are chosen")
    parser.add_argument("--scenario", action="append", help="instead of the tool's own: a scenario and its seeds")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    # What the compiler says of a file names it in full.
    folder = options.folder.resolve()
    if not (folder / ".build").exists():
        folder.mkdir(parents=True, exist_ok=True)
    for name in ["Package.swift", "Sources", "Tests", "Regions", "Simulations"]:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    # A mutant may leave a value unused.
    package = folder / "Package.swift"
    package.write_text(package.read_text().replace("    .treatAllWarnings(as: .error),\n", ""))

    sites, total = choose(folder, options.count * SPARE, options.seed)
    print(f"{total} places, {len(sites)} of them chosen, as not all of them compile", flush=True)
    with open(folder / "build.log", "w") as log:
        sites = build(folder, sites, log)[: options.count]
    meridian = folder / ".build/release/meridian"

    runs = []
    for text in options.scenario or RUNS:
        name, _, seeds = text.partition(":")
        first, _, last = seeds.partition("-")
        runs += [(name, seed) for seed in range(int(first), int(last or first) + 1)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        healthy = {}
        for run, (outcome, trace) in zip(runs, pool.map(lambda run: simulate(meridian, folder, *run, 0), runs)):
            if outcome != "passed":
                sys.exit(f"the healthy program fails in {run[0]}, seed {run[1]}: {outcome}")
            healthy[run] = trace
        results = []
        jobs = {pool.submit(judge, meridian, folder, runs, healthy, site): site for site in sites}
        for job in concurrent.futures.as_completed(jobs):
            site = jobs[job]
            place, change = site.describe()
            result = {"number": site.number, "place": place, "change": change, "line": site.old.strip(), **job.result()}
            results.append(result)
            if result["killed"]:
                verdict = f"killed by {result['killed']} in {result['scenario']}, seed {result['seed']}"
            else:
                verdict = "SURVIVED" if result["has_effect"] else "no effect"
            print(f"| {site.number} | {place} | {change} | {verdict} |", flush=True)

    killed = [result for result in results if result["killed"]]
    survived = [result for result in results if not result["killed"] and result["has_effect"]]
    print(
        f"{len(results)} mutants: {len(killed)} killed, {len(survived)} survived, "
        f"{len(results) - len(killed) - len(survived)} without effect in these runs")
    if options.json:
        options.json.write_text(json.dumps(sorted(results, key=lambda result: result["number"]), indent=1))


if __name__ == "__main__":
    main()
