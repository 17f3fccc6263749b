"""Measure what docs/security.md states about large wrong bodies, the audit log's growth, a rewritten log, and load.

Each measurement prints one line of JSON. Those of times depend on what else the machine does; its load is stated.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
from sqlalchemy import delete, insert, select
from typer.testing import CliRunner

from riskml.keys import create_keys
from riskml.progress import Silent
from riskml.simulation import simulate
from riskml_serving.base.database import open_engine, upgrade, writing
from riskml_serving.base.settings import Settings
from riskml_serving.commands.cli import app
from riskml_serving.commands.demo.county import score_month
from riskml_serving.devtools.benchmark.servers import run_service
from riskml_serving.judging.importing.service import import_folder
from riskml_serving.judging.model import load_model
from riskml_serving.people import audit
from riskml_serving.people.accounts.service import create_user
from riskml_serving.people.audit.chain import START, chain_entries
from riskml_serving.people.audit.checkpoints import Notary
from riskml_serving.people.audit.tables import AUDIT
from riskml_serving.people.auth import Caller
from riskml_serving.people.auth.service import create_key
from riskml_serving.store.households.tables import HOUSEHOLDS

BUNDLE = Path(__file__).parents[2] / "models" / "simulated-county-1"
TODAY, PASSWORD = dt.date(2023, 6, 30), "a sentence of words"
ROWS, ENTRIES, USERS = 270_000, 44_917, 12


def measure_body(folder: Path, _: int) -> dict[str, Any]:
    """Send one wrong body, of 270,000 rows with a field that does not exist, while asking for /healthz all the time."""
    settings = Settings(database_url=f"sqlite:///{folder / 'service.db'}", bundle=BUNDLE, today=TODAY)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    with writing(engine) as connection:
        token = create_key(connection, "figures", "", ("score", "read", "write"))
    home = {"household_id": "h", "region_code": "370112001001", "size": 3}
    tables = {"households": [home], "income": [{"x": 1, "household_id": "h01"}] * ROWS}
    body = json.dumps({"tables": tables}, separators=(",", ":")).encode()
    headers, waits, done = {"Authorization": f"Bearer {token}"}, list[float](), threading.Event()
    with run_service(folder, settings) as url:
        address = urlsplit(url).netloc

        def watch() -> None:
            connection = http.client.HTTPConnection(address, timeout=60)
            while not done.wait(0.005):
                began = time.perf_counter()
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                waits.append(time.perf_counter() - began)

        before = read_memory(address)
        watcher = threading.Thread(target=watch)
        watcher.start()
        time.sleep(0.5)
        quiet = max(waits)
        waits.clear()
        client = http.client.HTTPConnection(address, timeout=120)
        began = time.perf_counter()
        client.request("POST", "/v1/records", body, {**headers, "Content-Type": "application/json"})
        status = client.getresponse().status
        seconds = time.perf_counter() - began
        done.set()
        watcher.join()
        after = read_memory(address)
    return {
        "megabytes": round(len(body) / 1e6, 1),
        "status": status,
        "seconds": round(seconds, 2),
        "healthz_ms_before": round(1000 * quiet),
        "healthz_ms_meanwhile": round(1000 * max(waits)),
        "memory_mb": [before["VmRSS"], after["VmHWM"]],
    }


def read_memory(address: str) -> dict[str, int]:
    """Read a server's memory in MB, now and at its highest since the last reading (Linux only)."""
    port = address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"--port\0{port}\0" in (path / "cmdline").read_text() and "serve" in (path / "cmdline").read_text():
                lines = re.findall(r"(VmRSS|VmHWM):\s*(\d+)", (path / "status").read_text())
                (path / "clear_refs").write_text("5")  # resets the highest
                return {name: int(value) // 1024 for name, value in lines}
        except OSError:
            continue
    raise ProcessLookupError(address)


def measure_audit(folder: Path, requests: int) -> dict[str, Any]:
    """Let 12 users open lists and households; the database grows by the audit log alone."""
    settings, codes = fill_county(folder)
    file = folder / "service.db"
    before = count_audit(file)
    with run_service(folder, settings) as url:
        waits, seconds = run_users(url, codes, requests, visits=0)
    after = count_audit(file)
    megabytes, entries = after[0] - before[0], after[1] - before[1]
    return {
        "statuses": count_statuses(waits),
        "seconds": round(seconds),
        "entries": entries,
        "households_shown": after[2] - before[2],
        "megabytes": round(megabytes, 2),
        "megabytes_per_10_000_requests": round(megabytes / len(waits) * 10_000, 1),
    }


def measure_load(folder: Path, requests: int) -> dict[str, Any]:
    """Let 12 users open lists and households and record visits, none of whom pauses between two requests."""
    settings, codes = fill_county(folder)
    with run_service(folder, settings) as url:
        waits, seconds = run_users(url, codes, requests, visits=0.1)
    with closing(sqlite3.connect(folder / "service.db")) as connection:
        (visits,) = connection.execute("SELECT count(*) FROM verifications").fetchone()
    times = sorted(1000 * wait for _, wait in waits)
    shares = {f"p{share}_ms": round(times[len(times) * share // 100]) for share in (50, 90, 99)}
    own = {"statuses": count_statuses(waits), "visits": visits, "seconds": round(seconds)}
    return {**own, **shares, "slowest_ms": round(times[-1])}


def count_statuses(waits: list[tuple[int, float]]) -> dict[int, int]:
    return dict(sorted(Counter(status for status, _ in waits).items()))


def fill_county(folder: Path) -> tuple[Settings, list[str]]:
    """Import a county of 800 households, score it, and create an account for each user; list the households."""
    settings = Settings(database_url=f"sqlite:///{folder / 'service.db'}", bundle=BUNDLE, today=TODAY, simulated=True)
    simulate(folder / "records", 800, 42, 5, None, "none")
    engine = open_engine(settings.database_url)
    upgrade(engine)
    import_folder(engine, folder / "records", TODAY, None, Silent(), simulated=True)
    score_month(engine, load_model(BUNDLE, trial=True), TODAY)
    with writing(engine) as connection:
        codes = list(connection.execute(select(HOUSEHOLDS.c.household_id)).scalars())
        region = str(connection.execute(select(HOUSEHOLDS.c.region_code)).scalars().first())[:6]
        for i in range(USERS):
            create_user(connection, f"user{i}", PASSWORD, "county", region, health_details=True)
    engine.dispose()
    return settings, codes


def run_users(url: str, codes: list[str], requests: int, visits: float) -> tuple[list[tuple[int, float]], float]:
    """Let every user send a share of the requests one after the other; a share of their turns records a visit.

    Returns
    -------
    list of tuple of int and float
        Status and seconds of each response.
    float
        Seconds from the first request to the last response.
    """
    waits, began = list[tuple[int, float]](), time.monotonic()

    def use(number: int) -> None:
        rng, mine = random.Random(number), list[tuple[int, float]]()

        def ask(method: str, path: str, **form: Any) -> str:
            started = time.perf_counter()
            response = client.request(method, path, **form)
            mine.append((response.status_code, time.perf_counter() - started))
            return response.text

        def find(name: str, page: str) -> str:
            return re.search(rf'name="{name}" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]

        with httpx.Client(base_url=url, timeout=120) as client:
            csrf = find("csrf", client.get("/sign-in").text)
            fields = {"csrf": csrf, "username": f"user{number}", "password": PASSWORD, "back": "/worklist"}
            assert client.post("/sign-in", data=fields).status_code == 303
            while len(mine) < requests // USERS:
                home = f"/households/{rng.choice(codes)}"
                path = rng.choice(("/worklist", "/worklist?section=none&whole=1", home, "/overview"))
                if rng.random() >= visits:
                    ask("GET", path)
                    continue
                page = ask("GET", home)
                sent = {name: find(name, page) for name in ("csrf", "seen")}
                once = re.search(r'name="once" value="([^"]+-v)"', page).group(1)  # type: ignore[union-attr]
                ask("POST", f"{home}/verifications", data={**sent, "once": once, "outcome": "pending"})
        waits.extend(mine)

    users = [threading.Thread(target=use, args=(i,)) for i in range(USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    return waits, time.monotonic() - began


def count_audit(file: Path) -> tuple[float, int, int]:
    """Return the size of a database in MB, its audit entries, and the households that these name."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        several = "1 + length(households) - length(replace(households, ' ', ''))"
        named = f"CASE WHEN households IS NULL THEN household_id IS NOT NULL ELSE {several} END"
        entries, households = connection.execute(f"SELECT count(*), sum({named}) FROM audit").fetchone()
    return file.stat().st_size / 1e6, entries, households or 0


def measure_chain(folder: Path, _: int) -> dict[str, Any]:
    """Rewrite an entry and all hashes of a log of 44,917 entries, as its database's administrator can."""
    url = f"sqlite:///{folder / 'service.db'}"
    engine = open_engine(url)
    upgrade(engine)
    create_keys(folder / "audit.key")
    notary, caller = Notary(engine, folder / "audit.key", folder / "checkpoints.jsonl"), Caller("k", "37", frozenset())
    for start in range(0, ENTRIES, 5_000):
        with writing(engine) as connection:
            for i in range(start, min(start + 5_000, ENTRIES)):
                audit.record(connection, caller, "household.read", f"h{i}", request_id=f"r{i}")
        notary.note()
    began = time.perf_counter()
    with writing(engine) as connection:
        entries = [dict(row) for row in connection.execute(select(AUDIT).order_by(AUDIT.c.seq)).mappings()]
        entries[999]["actor"] = "somebody else"
        for what in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_no_{what}")
        connection.execute(delete(AUDIT))
        connection.execute(insert(AUDIT), list(chain_entries(entries, START)))
    rewritten = time.perf_counter() - began
    checkpoints = ["--checkpoints", str(folder / "checkpoints.jsonl"), "--key", str(folder / "audit.key.pub")]
    without, _took = verify(url)
    with_them, took = verify(url, *checkpoints)
    return {
        "entries": len(entries),
        "seconds_to_rewrite": round(rewritten, 1),
        "without_checkpoints": without,
        "with_checkpoints": with_them,
        "seconds_to_verify": round(took, 1),
    }


def verify(url: str, *more: str) -> tuple[str, float]:
    began = time.perf_counter()
    result = CliRunner().invoke(app, ["audit", "verify", "--db", url, *more])
    return f"exit {result.exit_code}: {result.output.strip().splitlines()[0]}", time.perf_counter() - began


MEASUREMENTS = {"body": measure_body, "audit": measure_audit, "chain": measure_chain, "load": measure_load}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--requests", type=int, default=10_000, help="requests of all users together (audit, load)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = MEASUREMENTS[options.what](Path(name), options.requests)
    sys.stdout.write(json.dumps({**figures, "load": round(os.getloadavg()[0], 1)}, ensure_ascii=False) + "\n")
