"""HTTP/1.1 as the fuzzer speaks it: requests as bytes, signed by hand, on connections that leave everything to their user."""

import datetime
import hashlib
import hmac
import select
import socket

from installation import ACCESS_KEY, SECRET

ANSWER_SECONDS_MAX = 30


class Finding(Exception):
    """Something that must not be."""


class Connection:
    """An HTTP/1.1 connection that leaves everything about the requests to its user."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def owes_nothing(self):
        """Whether nothing has come that was not asked for."""
        return not self.buffer and not select.select([self.socket], [], [], 0)[0]

    def receive(self):
        """More bytes, or none at the end."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        except TimeoutError:
            raise Finding(f"no answer and no end of the connection for {ANSWER_SECONDS_MAX} s") from None
        self.buffer += data
        return bool(data)

    def receive_all(self, patience_seconds):
        """Takes everything until the connection ends, and ends it when nothing has come for so long."""
        is_open = True
        while True:
            if is_open and not select.select([self.socket], [], [], patience_seconds)[0]:
                self.socket.shutdown(socket.SHUT_WR)
                is_open = False
            if not self.receive():
                return

    def response(self):
        """The next answer as (status, header fields, body), or None where the connection ends before it."""
        while True:
            while b"\r\n\r\n" not in self.buffer:
                if not self.receive():
                    if self.buffer:
                        raise Finding(f"the connection ends within an answer: {self.buffer[:200]!r}")
                    return None
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            if status != 100:
                break
            self.buffer = rest
        count = int(fields.get("content-length", 0))
        while len(rest) < count:
            if not self.receive():
                raise Finding(f"the connection ends within the body of an answer: {head!r}")
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[count:]
        return status, fields, rest[:count]


def signature_key(date, region):
    key = ("AWS4" + SECRET).encode()
    for part in (date, region, "dynamodb", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def http_request(host, region, target, body, fields=()):
    """A signed request as bytes."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    date, scope = now[:8], f"{now[:8]}/{region}/dynamodb/aws4_request"
    signed = {"host": host, "x-amz-date": now, "x-amz-target": target}
    canonical = "\n".join([
        "POST", "/", "", *(f"{name}:{' '.join(value.split())}" for name, value in signed.items()), "", ";".join(signed),
        hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(signature_key(date, region), text.encode(), "sha256").hexdigest()
    lines = [
        "POST / HTTP/1.1", *(f"{name}: {value}" for name, value in signed.items()),
        f"authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={';'.join(signed)}, "
        f"Signature={signature}",
        "content-type: application/x-amz-json-1.0", *fields, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("utf-8") + body
