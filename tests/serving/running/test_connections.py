"""Over raw sockets: slow and endless requests are cut off, ordinary ones on a kept connection are not."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn

from riskml_serving.base.settings import Settings
from riskml_serving.running import connections
from riskml_serving.running.server import configure_server

pytestmark = pytest.mark.integration  # starts servers

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def count_bytes(scope, receive, send):
    """Answer with the number of bytes in the body."""
    size, more = 0, scope["type"] == "http"
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        size, more = size + len(message["body"]), message["more_body"]
    text = str(size).encode()
    headers = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@pytest.fixture
def connect(monkeypatch):
    """Serve with short limits; return a function that opens a connection."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    own = configure_server(Settings(port=0))
    assert own.http == "riskml_serving.running.connections:LimitedProtocol"
    server = uvicorn.Server(uvicorn.Config(count_bytes, port=0, http=own.http, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port, opened = server.servers[0].sockets[0].getsockname()[1], []

    def open_():
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()
    server.should_exit = True
    thread.join()


def read_end(connection):
    """Read until the server closes the connection; fail if it stays open."""
    content = b""
    while part := connection.recv(65_536):
        content += part
    return content


def drip(connection, first, part, most=2_000):
    """Send a part again and again until the server cuts the connection off; return what it said."""
    connection.sendall(first)
    try:
        for _ in range(most):
            connection.sendall(part)
            time.sleep(0.02)
    except OSError:
        return b""
    raise AssertionError("never cut off")


@pytest.mark.parametrize(
    ("first", "part"),
    [
        (b"", b"\r\n"),
        (b"G", b"E"),
        (GET, b"a: b\r\n"),
        (GET + b"a: ", b"b"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_request_that_drips_is_cut_off(connect, first, part):
    drip(connect(), first, part)


def test_a_connection_without_a_request_is_closed_also_after_a_first_one(connect):
    assert read_end(connect()) == b""
    kept = connect()
    kept.sendall(GET + b"\r\n")
    assert kept.recv(1000).startswith(b"HTTP/1.1 200")
    drip(kept, b"GET / HTTP/1.1\r\n", b"a")


@pytest.mark.parametrize("head", [b"a: b\r\n" * 20_000, b"a: " + b"b" * 200_000, b"b" * 200_000])
def test_too_many_or_too_large_headers_are_refused(connect, head):
    connection = connect()
    try:
        connection.sendall(GET + head)
        answer = read_end(connection)
    except ConnectionError:  # closed while we were still sending
        return
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""


def test_large_headers_that_arrive_at_once_are_refused(connect):
    connection = connect()
    connection.sendall(GET + b"a: " + b"b" * connections.MAX_HEADER_BYTES + b"\r\n\r\n")
    assert read_end(connection).startswith(b"HTTP/1.1 400")


def test_a_large_body_that_keeps_its_rate_and_a_slow_service_are_left_alone(connect, monkeypatch):
    monkeypatch.setattr(connections, "BODY_RATE", 10_000.0)
    connection = connect()
    for size in (200_000, 0, 200_000):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 10_000):
            connection.sendall(b"x" * 10_000)
            time.sleep(0.05)
        answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(str(size).encode())
