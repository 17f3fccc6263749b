"""How the service does with a whole county and with a million scores."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import Engine

from riskml.progress import Progress, Silent
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import reading
from riskml_serving.devtools.benchmark import counties, job
from riskml_serving.devtools.benchmark.servers import run_service
from riskml_serving.store.households.repository import list_codes, require_household

__all__ = ["LIMITS", "scale"]

LIMITS = {"records_p50_ms": 20.0, "list_p50_ms": 50.0, "summary_p50_ms": 50.0, "job_s": 60.0, "job_peak_growth": 1.5}
"""The most that a figure may be. ``job_peak_growth``: memory of the county's job over that of its first tenth's."""

WARM_UP = 10

Request = tuple[str, str, dict[str, Any] | None]


def scale(
    bundle: Path,
    households: int = 100_000,
    scores: int = 1_000_000,
    requests: int = 200,
    postgresql: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure a county's job, and answers from many households.

    Parameters
    ----------
    bundle : Path
    households : int, default 100,000
        Of the simulated county, all stored and scored on SQLite.
    scores : int, default 1,000,000
        On PostgreSQL: those of the county, repeated as further counties.
    requests : int, default 200
        Of each kind, one after the other over one connection.
    postgresql : str, optional
        Address of an empty database; by default a server from the wheel is started.
    progress : Progress, optional

    Returns
    -------
    dict
        ``records_*_ms``: a hospital bill sent to ``POST /v1/records`` until the new score is answered;
        ``list_*_ms`` and ``summary_*_ms``: first page and counts of a county; ``job_s`` and ``job_peak_mb`` of the
        county's job, ``job_tenth_peak_mb`` of the job of a tenth of its towns; ``targets``.
    """
    told = progress or Silent()
    with TemporaryDirectory(prefix="riskml-scale-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'service.db'}"
        engine, key = counties.prepare_database(url)
        counties.simulate_county(folder, engine, households, told)
        figures = _jobs(url, bundle, engine, told)
        told.stage("Send records", requests + WARM_UP)
        with run_service(folder, url, bundle, TODAY=counties.AS_OF.isoformat()) as address:
            figures |= _latencies("records", address, key, _bills(engine, requests), told)
        with counties.open_postgresql(postgresql) as other:
            target, key = counties.prepare_database(other)
            codes = counties.repeat_scores(engine, target, scores, told)
            with run_service(folder, other, bundle) as address:
                for kind, path in (("list", "/v1/households?region={}"), ("summary", "/v1/regions/{}/summary")):
                    told.stage(f"Ask for the {kind}", requests + WARM_UP)
                    figures |= _latencies(kind, address, key, _pages(path, codes, requests), told)
            target.dispose()
        engine.dispose()
    return {
        "households": households,
        "scores": scores // households * households,
        "requests": requests,
        **figures,
        "targets": {name: {"at_most": most, "met": figures[name] <= most} for name, most in LIMITS.items()},
    }


def _jobs(url: str, bundle: Path, engine: Engine, told: Progress) -> dict[str, float]:
    with reading(engine) as connection:
        (first,) = list_codes(connection, "", limit=1)
        region = require_household(connection, first, "")["region_code"]
    told.stage("Score the county", 2)
    seconds, peak = job.measure(url, bundle, take_region(region, Level.COUNTY))
    told.step()
    _, tenth = job.measure(url, bundle, region[:8])
    told.step()
    return {
        "job_s": round(seconds, 1),
        "job_peak_mb": round(peak),
        "job_tenth_peak_mb": round(tenth),
        "job_peak_growth": round(peak / tenth, 2),
    }


def _bills(engine: Engine, requests: int) -> list[Request]:
    """A hospital bill of one household after the other, from all over the county."""
    with reading(engine) as connection:
        codes = list_codes(connection, "")
    chosen = [codes[i] for i in np.linspace(0, len(codes) - 1, requests + WARM_UP).astype(int)]
    bill = {"occurred_on": counties.AS_OF.isoformat(), "kind": "inpatient", "cost": 42_000, "self_paid": 23_000}
    return [("POST", "/v1/records", {"tables": {"illness": [{"household_id": code, **bill}]}}) for code in chosen]


def _pages(path: str, codes: list[str], requests: int) -> list[Request]:
    """The same of one county after the other."""
    return [("GET", path.format(code), None) for code in itertools.islice(itertools.cycle(codes), requests + WARM_UP)]


def _latencies(kind: str, url: str, key: str, asked: Iterable[Request], told: Progress) -> dict[str, float]:
    """Send requests one after the other over one connection; the first few do not count."""
    connection, taken = HTTPConnection(urlsplit(url).netloc, timeout=60), []
    for method, path, content in asked:
        body = None if content is None else json.dumps(content)
        began = time.perf_counter()
        connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        answer.read()
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise ConnectionError(f"{method} {path}: {answer.status}")
        told.step()
    connection.close()
    middle, slowest = np.percentile(taken[WARM_UP:], [50, 99])
    return {f"{kind}_p50_ms": round(float(middle), 2), f"{kind}_p99_ms": round(float(slowest), 2)}
