"""If clients disconnect or send slowly, nothing incomplete is stored, and no other client has to wait."""

from __future__ import annotations

import json
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from sqlalchemy import text

from riskml_serving.base.database import reading

SLOW = 20


def build_body(number):
    row = {"household_id": "H0000000", "occurred_on": "2023-06-20", "kind": "job_loss", "record_id": f"c-{number}"}
    return json.dumps({"tables": {"events": [row]}}).encode()


def build_request(body, headers, **more):
    fields = {"Host": "127.0.0.1", **headers, **more, "Content-Length": str(len(body))}
    return b"POST /v1/records HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n"


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def list_stored(engine):
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT record_id FROM record_events WHERE record_id LIKE 'c-%'"))
        return sorted(rows.scalars())


@pytest.fixture
def url(serve, county_engine):
    return serve(job_worker=False, metrics_open=True).wait().url


def test_an_aborted_request_is_stored_completely_or_not_at_all(url, county_engine, headers):
    for number in range(12):
        body = build_body(number)
        whole = build_request(body, headers, **{"Idempotency-Key": f"c-{number}"}) + body
        with connect(url) as line:
            # Every third connection is closed in the middle of the body. The others are closed once the request is
            # sent, some of them while the service is still handling it.
            line.sendall(whole if number % 3 else whole[: -len(body) // 2])
            time.sleep(0.01 * (number % 4))
    with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
        for number in range(12):
            own = {"Idempotency-Key": f"c-{number}", "Content-Type": "application/json"}
            assert client.post("/v1/records", content=build_body(number), headers=own).status_code == 200
    assert list_stored(county_engine) == sorted(f"c-{number}" for number in range(12)), "each request is stored once"
    with reading(county_engine) as connection:
        kept_answers = connection.execute(text("SELECT count(*) FROM idempotency")).scalar_one()
    assert kept_answers == 12


def test_an_incomplete_body_stores_nothing(url, county_engine, headers):
    body = build_body(0)
    with connect(url) as line:
        line.sendall(build_request(body, headers) + body[: len(body) // 2])
    assert httpx.get(f"{url}/v1/households/H0000000", headers=headers).status_code == 200
    assert list_stored(county_engine) == []
    counts = httpx.get(f"{url}/metrics").text
    assert 'route="/v1/records",status="499"' in counts, "it is counted as cancelled by the client"
    assert 'status="5' not in counts


def test_slow_clients_get_a_response_and_delay_nobody_else(url, county_engine, headers):
    lines = [connect(url) for _ in range(SLOW)]
    wholes = [build_request(build_body(n), headers, Connection="close") + build_body(n) for n in range(SLOW)]
    stop = threading.Event()

    def send_slowly():
        for at in range(60):  # one byte at a time; the rest follows once the other client has its responses
            for line, whole in zip(lines, wholes, strict=True):
                line.sendall(whole[at : at + 1])
            stop.wait(0.02)
        stop.wait(30)
        for line, whole in zip(lines, wholes, strict=True):
            line.sendall(whole[60:])

    thread = threading.Thread(target=send_slowly)
    thread.start()
    with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            assert client.get("/v1/households/H0000000").status_code == 200
            taken.append(time.perf_counter() - began)
    assert list_stored(county_engine) == []
    stop.set()
    thread.join()
    assert [line.recv(12) for line in lines] == [b"HTTP/1.1 200"] * SLOW
    for line in lines:
        line.close()
    assert sorted(taken)[len(taken) // 2] < 1, "other clients must not wait, even on a busy machine"
    assert len(list_stored(county_engine)) == SLOW
