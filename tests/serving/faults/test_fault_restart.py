"""If two workers are restarted under load, no accepted request is lost and no record is stored twice."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path

import httpx2 as httpx
from sqlalchemy import text

from riskml_serving.base.database import reading

CLIENTS = 3


def list_workers(service):
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    return {int(pid) for pid in children if re.search(r"\d", pid)}


def wait_until(holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.05)


def test_restarting_two_workers_under_load_loses_no_request(county_engine, headers, serve):
    service = serve("--workers", "2", job_worker=False, rate_per_minute=0).wait()
    answered, refused, lost, stop = set(), [], [], threading.Event()

    def upload(who):
        number = 0
        while not stop.is_set():
            row = {
                "household_id": f"H{who * 25:07d}",
                "occurred_on": "2023-06-20",
                "kind": "job_loss",
                "record_id": f"r-{who}-{number}",
            }
            own = {**headers, "Idempotency-Key": row["record_id"]}
            try:  # use a new connection, since an open one may be closed between two requests
                answer = httpx.post(
                    f"{service.url}/v1/records", json={"tables": {"events": [row]}}, headers=own, timeout=20
                )
            except httpx.TransportError:  # the worker ended before reading the request: send it again
                refused.append(row["record_id"])
                continue
            lost.extend([row["record_id"]] if "Idempotent-Replayed" in answer.headers else [])
            answered.add((row["record_id"], answer.status_code))
            number += 1

    before = list_workers(service)
    assert len(before) == 2
    threads = [threading.Thread(target=upload, args=(who,)) for who in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(answered) > 10)
        os.kill(service.process.pid, signal.SIGHUP)
        wait_until(lambda: len(list_workers(service)) == 2 and not list_workers(service) & before)
        enough = len(answered) + 10
        wait_until(lambda: len(answered) > enough)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert lost == [], "a replayed response means that the first one was lost"
    assert len(refused) <= CLIENTS, "a restart may refuse only a few requests"
    assert {status for _, status in answered} == {200}
    with reading(county_engine) as connection:
        rows = connection.execute(text("SELECT record_id FROM record_events WHERE record_id LIKE 'r-%'"))
        assert sorted(rows.scalars()) == sorted(number for number, _ in answered)
