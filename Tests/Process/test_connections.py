"""Clients that stay connected and say little: what they cost is bounded, and nobody is kept out by them."""

import contextlib
import resource
import socket
import time

import pytest

from installation import Failure, Installation, wait_until

REGION = "us-east-1"
# What the region's process may open: the soft limit is low, as it is where nobody has set it, and the region raises it.
OPEN_FILES_SOFT, OPEN_FILES_HARD = 256, 1024
IDLE_CLIENTS = 1100
BURST = 20
SLOW_CLIENTS = 20


@pytest.fixture(autouse=True)
def room_for_sockets():
    """Lets this process hold all the clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 2 * IDLE_CLIENTS, f"the hard limit of open files is only {hard}"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(installation):
    return socket.create_connection(("127.0.0.1", installation.regions[REGION].endpoint_port), timeout=30)


def has_ended(connection):
    """Whether the other end has closed the connection, of which nothing is to be read."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_idle_clients_beyond_the_limit_of_open_files_keep_nobody_out(meridian, tmp_path):
    with Installation(meridian, tmp_path, [REGION]) as installation, contextlib.ExitStack() as stack:
        installation.make_certificates()
        installation.regions[REGION].open_files = (OPEN_FILES_SOFT, OPEN_FILES_HARD)
        installation.start()
        client = installation.client(REGION)
        client.create_table(
            TableName="orders", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        idle = []

        def have_made_room():
            # Half of the limit is for clients; those that came first have made room.
            return sum(map(has_ended, idle)) >= len(idle) - OPEN_FILES_HARD // 2

        # No more at once than may wait for a place: what comes beyond that is closed, whatever waits longest.
        while len(idle) < IDLE_CLIENTS:
            idle += [stack.enter_context(connect(installation)) for _ in range(BURST)]
            wait_until(have_made_room, "the oldest idle connections have ended")
        newcomer = installation.client(REGION)
        newcomer.put_item(TableName="orders", Item={"pk": {"S": "a"}})
        assert newcomer.get_item(TableName="orders", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
        assert "us-east-1" in installation.run("status").stdout
        assert has_ended(idle[0])
        assert not has_ended(idle[-1])
        limits = open(f"/proc/{installation.regions[REGION].process.pid}/limits").read()
        assert f"Max open files            {OPEN_FILES_HARD}" in limits
        assert "the limit of open files is 1024" in installation.log(REGION).read_text()
        assert installation.stop(REGION) == 0


def test_slow_requests_and_idle_connections_end(meridian, tmp_path):
    settings = "connections: {idle: 2s, request: 1s}\n"
    with Installation(meridian, tmp_path, [REGION], extra_topology=settings) as installation, contextlib.ExitStack() as stack:
        installation.make_certificates()
        installation.start()
        slow = [stack.enter_context(connect(installation)) for _ in range(SLOW_CLIENTS)]
        idle = stack.enter_context(connect(installation))
        for connection in slow:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
        received = [trickle(connection) for connection in slow]
        for answer in received:
            assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        wait_until(lambda: has_ended(idle), "the idle connection has ended")
        assert installation.client(REGION).list_tables()["TableNames"] == []
        assert "a request took too long to arrive" in installation.log(REGION).read_text()


def trickle(connection):
    """Sends a byte now and then until the other end closes; gives what came from there."""
    connection.settimeout(0.05)
    received = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection.send(b"x")
            piece = connection.recv(4096)
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return received
        if not piece:
            return received
        received += piece
    raise Failure("a slow request was not ended")
