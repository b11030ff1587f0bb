"""What links do when a way is cut without a word, and what they say when one region refuses another."""

import re
import select
import socket
import subprocess
import threading

import pytest

from installation import THREE_CONTINENTS, Installation, create_global_table, free_ports, wait_until

HOME, EUROPE, ASIA = THREE_CONTINENTS
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}]


class Way:
    """Forwards connections to `port`. Cut, it takes nothing more from either end and closes nothing, as a firewall that drops packets."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", free_ports(1)[0]))
        self.listening_port = self.listener.getsockname()[1]
        self.is_open = threading.Event()
        self.is_open.set()
        self.is_ended = False
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_ended = True
        self.heal()
        self.thread.join()

    def cut(self):
        self.is_open.clear()
        self.waker.send(b".")

    def heal(self):
        self.is_open.set()
        self.waker.send(b".")

    def _run(self):
        ends = {}
        while True:
            ready, _, _ = select.select([self.listener, self.wake, *ends], [], [])
            if self.wake in ready:
                self.wake.recv(64)
            self.is_open.wait()
            if self.is_ended:
                break
            for end in ready:
                if end is self.listener:
                    self._accept(ends)
                elif end in ends:
                    self._forward(end, ends)
        for end in [self.listener, self.wake, self.waker, *ends]:
            end.close()

    def _accept(self, ends):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            near.close()
            return
        ends[near], ends[far] = far, near

    @staticmethod
    def _forward(end, ends):
        other = ends[end]
        try:
            data = end.recv(1 << 16)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for closed in (end, other):
            ends.pop(closed, None)
            closed.close()


@pytest.fixture
def installation(meridian, tmp_path):
    with Installation(meridian, tmp_path) as installation:
        yield installation


def topology_of(installation, name, replacements):
    """Gives a region a topology file of its own, in which texts of the common one are replaced."""
    text = installation.topology.read_text()
    for old, new in replacements:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = installation.folder / f"{name}.yaml"
    path.write_text(text)
    installation.regions[name].topology = path
    return path


def outgoing(installation, name, other):
    return next(link for link in installation.status(name)["outgoing"] if link["region"] == other)


def lines(installation, name, pattern):
    return re.findall(pattern, installation.log(name).read_text())


def test_a_way_that_drops_everything_is_known_passed_around_and_used_again(installation):
    ports = {name: region.replication_port for name, region in installation.regions.items()}
    with Way(ports[EUROPE]) as to_europe, Way(ports[HOME]) as to_home:
        for name, other, way in ((HOME, EUROPE, to_europe), (EUROPE, HOME, to_home)):
            text = "replication: 127.0.0.1:"
            topology_of(installation, name, [(f"{text}{ports[other]}", f"{text}{way.listening_port}")])
        installation.make_certificates()
        installation.start()
        create_global_table(installation, HOME, TableName="orders", AttributeDefinitions=ATTRIBUTES, KeySchema=KEY)

        def arrives(key, name):
            installation.client(HOME).put_item(TableName="orders", Item={"pk": {"S": key}})
            reader = installation.client(name)
            wait_until(lambda: "Item" in reader.get_item(TableName="orders", Key={"pk": {"S": key}}), f"{key} is in {name}")

        arrives("before", EUROPE)
        for way in (to_europe, to_home):
            way.cut()
        # Only Asia can have passed it on.
        arrives("during", EUROPE)
        for name, other in ((HOME, EUROPE), (EUROPE, HOME)):
            wait_until(lambda: outgoing(installation, name, other)["state"] == "down", f"{name} knows of the cut")
            assert len(lines(installation, name, f"link to {other} closed: nothing came from {other} for \\d+ ms")) == 1
        for way in (to_europe, to_home):
            way.heal()
        for name, other in ((HOME, EUROPE), (EUROPE, HOME)):
            wait_until(lambda: outgoing(installation, name, other)["state"] == "up", f"{name} uses the way again")
            assert outgoing(installation, name, other).get("lastError") is None
        arrives("after", EUROPE)


def test_a_refusal_is_told_once_with_its_reason_and_no_link_counts_as_open(installation):
    other = topology_of(installation, EUROPE, [("certificates: certificates", "certificates: strangers")])
    installation.make_certificates()
    subprocess.run([installation.binary, "certificates", "--topology", other], check=True, capture_output=True)
    installation.start()
    wait_until(lambda: outgoing(installation, HOME, ASIA)["state"] == "up", "the other link is up")
    for name, peer in ((HOME, EUROPE), (EUROPE, HOME)):
        wait_until(lambda: outgoing(installation, name, peer).get("lastError"), f"{name} says what is wrong")
        reason = outgoing(installation, name, peer)["lastError"]
        assert "certificate" in reason
        assert lines(installation, name, f"link to {peer} open") == []
        # A region that is still starting is another reason.
        assert len(lines(installation, name, f"link to {peer} cannot be opened: .*certificate")) == 1
