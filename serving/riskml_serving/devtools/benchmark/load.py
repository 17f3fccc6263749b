"""A closed loop: each connection sends its next request when the answer to the last has come."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import urlsplit

__all__ = ["CONNECTIONS", "build_request", "load"]

CONNECTIONS = 16
"""Enough for a server of one process never to wait for its clients, and for those who wait to share a commit."""


def build_request(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    """Write a request once: the client must cost little beside the server.

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
    """Load a server.

    Parameters
    ----------
    url : str
    request : bytes
    seconds : float
    connections : int, default 16

    Returns
    -------
    float
        Answers a second.
    list of float
        Seconds from request to answer.

    Raises
    ------
    ConnectionError
        If an answer is not 200, or the connection is closed.
    """
    address = (urlsplit(url).hostname, urlsplit(url).port)
    taken: list[float] = []
    errors: list[OSError] = []

    def loop() -> None:
        try:
            with socket.create_connection(address, timeout=60) as line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (started := time.perf_counter()) < end:
                    line.sendall(request)
                    _read_answer(line)
                    taken.append(time.perf_counter() - started)
        except OSError as error:
            errors.append(error)

    began = time.perf_counter()
    end = began + seconds
    threads = [threading.Thread(target=loop) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return len(taken) / (time.perf_counter() - began), taken


def _read_answer(line: socket.socket) -> None:
    found = b""
    while (at := found.find(b"\r\n\r\n")) < 0:
        found += _receive(line)
    head = found[:at].lower()
    if not head.startswith(b"http/1.1 200"):
        raise ConnectionError(f"The answer is {head.splitlines()[0].decode()}")
    length = int(head.partition(b"content-length:")[2].split(None, 1)[0])
    missing = at + 4 + length - len(found)
    while missing > 0:
        missing -= len(_receive(line))


def _receive(line: socket.socket) -> bytes:
    found = line.recv(65536)
    if not found:
        raise ConnectionError("The connection was closed")
    return found
