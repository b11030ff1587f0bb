"""The administration address: its two pages, what it refuses, and how many connections it holds."""

import contextlib
import http.client
import json
import socket

import pytest

from installation import Installation, wait_until

REGION = "us-east-1"
# What it holds; clients beyond that are closed at once.
CONNECTIONS = 64


@pytest.fixture(scope="module")
def port(meridian, tmp_path_factory):
    with Installation(meridian, tmp_path_factory.mktemp("status"), [REGION]) as installation:
        installation.make_certificates()
        installation.start()
        yield installation.regions[REGION].admin_port
        assert installation.stop(REGION) == 0


def request(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read()


def test_pages_are_answered_one_after_the_other_on_one_connection(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(3):
        assert request(connection, "GET", "/health") == (200, "text/plain", b"ok\n")
        status, kind, body = request(connection, "GET", "/status?pretty=1")
        assert (status, kind) == (200, "application/json")
        assert json.loads(body)["region"] == REGION
        assert request(connection, "HEAD", "/status")[::2] == (200, b"")
        assert request(connection, "GET", "/")[0] == request(connection, "GET", "/status/x")[0] == 404
        assert request(connection, "POST", "/status", b"x" * 100_000)[0] == 405


def test_requests_that_are_sent_together_are_answered_in_their_order(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            b"GET /status HTTP/1.1\r\nHost: h\r\n\r\nGET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    first, _, second = received.partition(b"HTTP/1.1 200 OK\r\n")[2].partition(b"HTTP/1.1 200 OK\r\n")
    assert b"application/json" in first and second.endswith(b"ok\n")


def test_what_is_no_http_is_refused_and_its_connection_closed(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert b"".join(iter(lambda: connection.recv(65536), b"")).startswith(b"HTTP/1.1 400 ")


def test_it_holds_so_many_connections_and_takes_more_when_some_have_gone(port):
    def is_answered(connection):
        try:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            return connection.recv(4096) != b""
        except ConnectionError:
            return False

    def connect():
        return socket.create_connection(("127.0.0.1", port), timeout=30)

    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect()) for _ in range(CONNECTIONS + 10)]
        assert sum(map(is_answered, held)) <= CONNECTIONS

    def is_free():
        with connect() as connection:
            return is_answered(connection)

    wait_until(is_free, "a connection is answered")
