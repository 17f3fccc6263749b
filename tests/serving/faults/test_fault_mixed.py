"""Killed again and again in the middle of mixed writes, the service loses and doubles nothing that it acknowledged.

`make test` kills it twice on each database; `make kills KILLS=...` sets ``RISKML_KILLS`` and writes a report.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import Counter, deque

import httpx2 as httpx
from sqlalchemy import select, text
from tests.campaigns.slices import note, read_seed

from riskml_serving.base.database import reading
from riskml_serving.people.audit.chain import find_faults
from riskml_serving.people.audit.repository import read_all
from riskml_serving.store.households.tables import HOUSEHOLDS

LONG = int(os.environ.get("RISKML_KILLS", "0"))
"""Kills on each database in a long run; 0 means a short run."""

WRITERS, WRITES = 6, 20
"""Clients, and writes that are acknowledged before each kill at least."""

MARKS = {"record_events": "record_id", "verifications": "note", "record_help": "measure", "clues": "note"}
"""Table and column in which each kind of write leaves its mark."""


def make_write(number, code):
    """Make a write of one of four kinds: its path and its body, which holds a mark that no other has."""
    mark, home = f"mixed-{number}", f"/v1/households/{code}"
    event = {"household_id": code, "occurred_on": "2023-06-20", "kind": "job_loss", "record_id": mark}
    clue = {"household_id": code, "what": "job_loss", "channel": "hotline", "note": mark}
    return (
        ("/v1/records", {"tables": {"events": [event]}}),
        (f"{home}/verifications", {"outcome": "pending", "note": mark}),
        (f"{home}/help", {"measure": mark, "given_by": "民政局", "started_on": "2023-05-01"}),
        ("/v1/clues", clue),
    )[number % 4]


class Writers:
    """Clients that write until the service is gone, and send again first what was not answered."""

    def __init__(self, codes, headers):
        self.codes, self.headers, self.last = codes, headers, threading.Event()
        self.lock = threading.Lock()
        self.acknowledged, self.unanswered, self.numbers = set(), deque(), itertools.count()
        self.replayed, self.refused = 0, []

    def write(self, url):
        with httpx.Client(base_url=url, headers=self.headers, timeout=60) as client:
            while self.unanswered or not self.last.is_set():
                with self.lock:
                    number = self.unanswered.popleft() if self.unanswered else next(self.numbers)
                path, body = make_write(number, self.codes[number // 4 % len(self.codes)])
                try:
                    answer = client.post(path, json=body, headers={"Idempotency-Key": f"mixed-{number}"})
                except httpx.TransportError:
                    self.unanswered.append(number)
                    return
                if answer.status_code not in (200, 201):
                    self.refused.append(answer.text)
                    return
                self.replayed += answer.headers.get("idempotent-replayed") == "true"
                self.acknowledged.add(f"mixed-{number}")

    def start(self, url):
        threads = [threading.Thread(target=self.write, args=(url,)) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        return threads


def wait_until(holds, seconds=600):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def count_marks(engine):
    """Count how often each write is stored."""
    with reading(engine) as connection:
        queries = [f"SELECT {column} FROM {table} WHERE {column} LIKE 'mixed-%'" for table, column in MARKS.items()]
        return Counter(mark for query in queries for mark in connection.execute(text(query)).scalars())


def test_mixed_writes_and_jobs_survive_every_kill(county_engine, database_url, headers, serve):
    rng, kills = random.Random(read_seed(1)), LONG or 2
    with reading(county_engine) as connection:
        codes = list(connection.execute(select(HOUSEHOLDS.c.household_id).distinct()).scalars())
    writers = Writers(codes, headers)
    for _ in range(kills):
        service, enough = serve(job_attempts=1000).wait(), len(writers.acknowledged) + WRITES
        assert httpx.post(f"{service.url}/v1/batches", json={}, headers=headers).status_code == 202
        threads = writers.start(service.url)
        wait_until(lambda enough=enough: len(writers.acknowledged) > enough or writers.refused)
        time.sleep(rng.uniform(0, 0.5))
        service.end()
        for thread in threads:
            thread.join()
        assert writers.refused == []
        assert writers.acknowledged <= count_marks(county_engine).keys(), "an acknowledged write was lost"
    acknowledged, sent_again = len(writers.acknowledged), len(writers.unanswered)
    service = serve(job_attempts=1000).wait()
    writers.last.set()
    for thread in writers.start(service.url):
        thread.join()
    assert writers.refused == []
    wait_until(lambda: not read_states(county_engine) & {"waiting", "running"})
    assert read_states(county_engine) == {"done"}
    assert count_marks(county_engine) == Counter(writers.acknowledged), "each write is stored once"
    assert sorted(writers.acknowledged) == sorted(f"mixed-{i}" for i in range(next(writers.numbers)))
    with reading(county_engine) as connection:
        assert list(find_faults(read_all(connection))) == []
    done = {
        "acknowledged": acknowledged,
        "found_stored_when_sent_again": writers.replayed,
        "sent_again_last": sent_again,
    }
    note(database=database_url.partition(":")[0], count=kills, lost=0, doubled=0, **done)


def read_states(engine):
    with reading(engine) as connection:
        return set(connection.execute(text("SELECT state FROM jobs")).scalars())
