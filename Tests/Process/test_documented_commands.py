"""Every command that the documents print, run as it is printed, in the order in which it stands there.

The documents are the README, the articles, and the comments of the files that are called guides. Their commands run in a folder with the
repository's topologies and scenarios, in which `.build/release/meridian` and `meridian` are the program under test. A command that
goes on until it is told to stop is ended with the document. A simulation takes minutes in debug form, so it is interrupted once it has
computed for a second: whatever is wrong with its options and its scenario ends it before.
"""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys

import pytest

from installation import THREE_CONTINENTS, Failure, Installation, free_ports, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTICLES = ROOT / "Sources/meridian/Meridian.docc"
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(ARTICLES.glob("*.md")),
    *sorted((ROOT / "Regions").glob("*.yaml")),
    *sorted((ROOT / "Simulations").glob("*.yaml")),
]

# What commands begin with. Blocks that begin with anything else are files, output or drawings.
COMMAND = re.compile(
    r"(make|meridian|\.build/release/meridian|aws|export|\$[a-z]+|sudo|systemctl|apt-get|docker|python3|swift|cd|cp) |[a-z]+=")

# Commands that cannot be run here, by what they begin with, and why.
NOT_RUN = {
    "make release": "it builds, which is done before the tests",
    "make demo": "it builds, and runs for minutes; it is a test of its own",
    "make compatibility": "it runs tests, by itself in CI",
    "make test": "it runs tests, these among them",
    "make fuzz": "it runs for ten minutes",
    "make crash-test": "it runs for minutes; `make process` has some of its rounds",
    "make bench-simulation": "it measures, which wants a quiet machine",
    "make benchmark": "it measures, which wants a quiet machine",
}

# What the texts name and this machine has elsewhere. Addresses are replaced too, by others whose ports are free.
SUBSTITUTIONS = {"/var/lib/meridian": "var/lib/meridian"}

# Commands that go on until they are told to stop: what each has printed once it does what it is for, and the status that it ends with.
LASTING = {
    r"meridian up ": (r"all 3 regions are up", {0}),
    r"meridian serve ": (r"region \S+ answers at", {0}),
    r"meridian stream tail ": (r'"eventName":"INSERT"', {0, -signal.SIGINT}),
}
SIMULATION = "meridian simulate "
SIMULATED_SECONDS = 1

# What another region shows a moment later: the command is repeated until it has printed it.
AWAITED = {"$ireland describe-table": '"ACTIVE"', "$ireland get-item": '"new"'}


# The documents' commands


def blocks_of_markdown(text):
    """The indented and fenced blocks outside lists, as lists of lines, and complete commands in the text between them."""
    fence, block, is_in_list, is_after_blank = None, [], False, True
    for line in [*text.splitlines(), "end"]:
        if fence:
            if line.strip() == fence:
                yield block
                fence, block = None, []
            else:
                block.append(line)
            continue
        if block and (line.startswith("    ") or not line.strip()):
            block.append(line[4:])
            continue
        if block:
            yield block
            block = []
        if line.startswith("```"):
            fence = "```"
        elif line.startswith("    ") and is_after_blank and not is_in_list:
            block = [line[4:]]
        elif line.strip():
            is_in_list = bool(re.match(r"- |\d+\. ", line)) or is_in_list and not is_after_blank or (
                is_in_list and line.startswith("  "))
            for span in re.findall(r"`([^`]+)`", line):
                if COMMAND.match(span) and re.search(r"--topology |\.yaml", span):
                    yield [span]
        is_after_blank = not line.strip()


def blocks_of_yaml(text):
    """The indented lines of comments at the left edge."""
    return [[line[4:]] for line in text.splitlines() if re.match(r"#   \S", line)]


def statements(block):
    """The commands of a block, each in one line; none where the block is something else."""
    if not COMMAND.match(block[0]):
        stray = [line for line in block if COMMAND.match(line)]
        if stray:
            raise Failure(f"a command stands in the middle of other lines: {stray[0]}")
        return []
    found = []
    for line in "\n".join(block).replace("\\\n", " ").splitlines():
        # A list of commands has what each does beside it.
        command = re.split(r" {3,}", line.rstrip())[0] if line.startswith("make") else " ".join(line.split())
        if not line.strip() or line.startswith(" "):
            continue
        if not COMMAND.match(command):
            raise Failure(f"no command, in a block of commands: {line}")
        found.append(command)
    return found


def blocks(document):
    text = document.read_text()
    return list(blocks_of_markdown(text) if document.suffix == ".md" else blocks_of_yaml(text))


def commands(document):
    return [command for block in blocks(document) for command in statements(block)]


def reason_not_to_run(command):
    return next((reason for start, reason in NOT_RUN.items() if re.match(rf"{start}( |$)", command)), None)


# Running them


class Workplace:
    """A folder in which the documents' commands do what they say."""

    def __init__(self, binary, folder):
        self.folder = folder
        shutil.copytree(ROOT / "Regions", folder / "Regions")
        shutil.copytree(ROOT / "Simulations", folder / "Simulations")
        (folder / ".build/release").mkdir(parents=True)
        (folder / ".build/release/meridian").symlink_to(binary)
        (folder / "bin").mkdir()
        (folder / "bin/meridian").symlink_to(binary)
        # The topology of the reader's own hosts: this one.
        own = Installation(binary, folder)
        own.topology.rename(folder / "regions.yaml")
        topologies = sorted((folder / "Regions").glob("*.yaml"))
        named = sorted({port for path in topologies for port in re.findall(r"127\.0\.0\.1:(\d+)", path.read_text())})
        self.ports = dict(zip(named, free_ports(len(named))))
        for path in topologies:
            path.write_text(self.on_free_ports(path.read_text()))
        for path in DOCUMENTS:
            if path.name == "README.md":
                self.save_files(path)
        # The AWS command line is installed beside the tests' interpreter.
        programs = [str(folder / "bin"), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = {**os.environ, "PATH": os.pathsep.join(programs), "AWS_EC2_METADATA_DISABLED": "true",
                            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PAGER": ""}

    def on_free_ports(self, text):
        return re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda match: str(self.ports.get(match[0], match[0])), text)

    def save_files(self, document):
        """Writes each file that a document prints and names just before, such as "as `Simulations/mine.yaml`:"."""
        text = document.read_text()
        for match in re.finditer(r"as `(Simulations/[\w-]+\.yaml)`:\n\n((?:    .*\n|\n)+)", text):
            (self.folder / match[1]).write_text(re.sub(r"(?m)^    ", "", match[2]))


class Session:
    """A reader who types the commands of one document, one after the other."""

    def __init__(self, workplace):
        self.workplace = workplace
        # Variables are set anew for each command.
        self.definitions = []
        self.lasting = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            for command, process, output, statuses in reversed(self.lasting):
                status = self.interrupt(process)
                assert kind is not None or status in statuses, f"{command}: ended with status {status}\n{output.read_text()}"
        finally:
            for _, process, _, _ in self.lasting:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def type(self, command):
        command = self.workplace.on_free_ports(command)
        for printed, here in SUBSTITUTIONS.items():
            command = command.replace(printed, here)
        if re.match(r"(export )?\w+=", command):
            self.definitions.append(command)
        kind = next((kind for kind in LASTING if re.search(kind, command)), None)
        if kind:
            self.begin(command, *LASTING[kind])
        elif SIMULATION in command:
            self.simulate(command)
        else:
            self.run(command)

    def begin(self, command, pattern, statuses):
        """Starts a command that lasts, and returns when it does what it is for."""
        process, output = self.start(command, statuses)
        wait_until(
            lambda: self.has_ended(command, process, output) or re.search(pattern, output.read_text()),
            f"{command} prints {pattern!r}")

    def simulate(self, command):
        process, output = self.start(command, {0, -signal.SIGINT})
        wait_until(
            lambda: self.has_ended(command, process, output) or processor_seconds(process.pid) > SIMULATED_SECONDS,
            f"{command} computes")
        self.interrupt(process)

    def start(self, command, statuses):
        output = self.workplace.folder / f"output-{len(list(self.workplace.folder.glob('output-*')))}"
        with open(output, "wb") as file:
            process = subprocess.Popen(
                [*(["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []), *shlex.split(command)],
                cwd=self.workplace.folder, env=self.workplace.environment, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT)
        self.lasting.append((command, process, output, statuses))
        return process, output

    @staticmethod
    def has_ended(command, process, output):
        status = process.poll()
        if status not in (None, 0):
            raise Failure(f"{command}: ended with status {status}\n{output.read_text()}")
        return status == 0

    def run(self, command):
        awaited = next((text for start, text in AWAITED.items() if command.startswith(start)), None)
        script = "\n".join([*self.definitions, command])

        def succeeds():
            result = subprocess.run(
                ["bash", "-c", script], cwd=self.workplace.folder, env=self.workplace.environment,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            if awaited is None and result.returncode != 0:
                raise Failure(f"{command}: ended with status {result.returncode}\n{result.stdout}{result.stderr}")
            return result.returncode == 0 and (awaited or "") in result.stdout

        wait_until(succeeds, f"{command} prints {awaited}")

    @staticmethod
    def interrupt(process):
        """What Ctrl-C does."""
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        return process.wait(timeout=30)


def processor_seconds(pid):
    """How long the process has computed, on all processors together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# The tests


@pytest.fixture(scope="module")
def workplace(meridian, tmp_path_factory):
    return Workplace(meridian, tmp_path_factory.mktemp("documents"))


def documents_with_commands():
    return [
        pytest.param(path, id=str(path.relative_to(ROOT)))
        for path in DOCUMENTS if any(not reason_not_to_run(command) for command in commands(path))
    ]


@pytest.mark.parametrize("document", documents_with_commands())
def test_the_commands_of_a_document_succeed_in_their_order(workplace, document):
    with Session(workplace) as session:
        for command in commands(document):
            if not reason_not_to_run(command):
                session.type(command)


def test_what_is_not_run_and_what_is_awaited_is_printed_somewhere():
    printed = [command for document in DOCUMENTS for command in commands(document)]
    for start in NOT_RUN:
        assert any(re.match(rf"{start}( |$)", command) for command in printed), f"no document prints {start!r} any more"
    for start in AWAITED:
        assert any(command.startswith(start) for command in printed), f"no document prints {start!r} any more"
    for text in SUBSTITUTIONS:
        assert any(text in command for command in printed), f"no document prints {text!r} any more"
    for kind in (*LASTING, SIMULATION):
        assert any(re.search(kind, command) for command in printed), f"no document prints {kind!r} any more"


def test_commands_are_found_where_documents_print_them():
    text = (
        "Text with `meridian status --topology a.yaml` in it, and `meridian status`.\n\n    make one   what it\n"
        "               does\n    make two   more\n\n- A list\n\n      continued\n\n```sh\naws one \\\n    two\n```\n\n    key: value\n")
    found = [command for block in blocks_of_markdown(text) for command in statements(block)]
    assert found == ["meridian status --topology a.yaml", "make one", "make two", "aws one two"]
    with pytest.raises(Failure):
        statements(["PASSED", "meridian simulate a.yaml"])
    with pytest.raises(Failure):
        statements(["meridian simulate a.yaml", "PASSED"])
