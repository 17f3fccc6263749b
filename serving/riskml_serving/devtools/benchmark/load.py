"""Puts load on a server in a closed loop: each connection waits for a response before it sends its next request."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

CONNECTIONS = 16
"""Number of connections: enough to keep a single-process server busy and to let waiting requests share a commit."""


def build_request(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    """Build the bytes of a request in advance, so that the client costs little compared with the server.

    >>> build_request("http://127.0.0.1:1/a").split()[:2]
    [b'GET', b'/a']
    """
    parts = urlsplit(url)
    lines = [f"{'GET' if body is None else 'POST'} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def load(url: str, request: bytes, seconds: float, connections: int = CONNECTIONS) -> tuple[float, list[float]]:
    """Put load on a server, and measure its responses.

    Parameters
    ----------
    url : str
    request : bytes
    seconds : float
    connections : int, default 16

    Returns
    -------
    float
        Responses per second.
    list of float
        Latencies in seconds.

    Raises
    ------
    ConnectionError
        If a response does not have status 200, or the connection is closed.
    """
    address = (urlsplit(url).hostname, urlsplit(url).port)
    latencies: list[float] = []

    def loop() -> None:
        with socket.create_connection(address, timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (started := time.perf_counter()) < end:
                connection.sendall(request)
                _read_response(connection)
                latencies.append(time.perf_counter() - started)

    began = time.perf_counter()
    end = began + seconds
    with ThreadPoolExecutor(connections) as pool:
        for client in [pool.submit(loop) for _ in range(connections)]:
            client.result()
    return len(latencies) / (time.perf_counter() - began), latencies


def _read_response(connection: socket.socket) -> None:
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _receive(connection)
    head = received[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise ConnectionError(f"The response is {head.splitlines()[0].decode()}")
    length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
    missing = end + 4 + length - len(received)
    while missing > 0:
        missing -= len(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(65536)
    if not part:
        raise ConnectionError("The connection was closed")
    return part
