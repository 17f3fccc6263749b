"""Metrics for Prometheus: latency by route, and the state of the model, the data and the jobs at each scrape.

With several workers on one port, any of them may answer a scrape. They keep their counts in a folder that all of them
read (``PROMETHEUS_MULTIPROC_DIR``, set by ``riskml serve --workers``), so that each reports the counts of all.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, Histogram, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from riskml_serving.base.database import reading
from riskml_serving.judging.model import Holder, Keeper
from riskml_serving.judging.model.counters import COUNTERS
from riskml_serving.operations import repository
from riskml_serving.people.audit.checkpoints import Notary

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that names the folder for the workers' counts."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Metrics for one application, in their own registry.

    Parameters
    ----------
    engine : Engine
    holder : Holder
    keeper : Keeper
    notary : Notary, optional
        Writes checkpoints of the audit log, if the settings say so.
    """

    def __init__(self, engine: Engine, holder: Holder, keeper: Keeper, notary: Notary | None = None) -> None:
        self._registry = CollectorRegistry()
        self.seconds = Histogram(
            "riskml_request_seconds",
            "Seconds a request took, by method, route and status",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=None,
        )
        self.in_progress = Gauge(
            "riskml_requests_in_progress", "Requests in progress", registry=None, multiprocess_mode="livesum"
        )
        if SHARED in os.environ:
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        else:
            for metric in (self.seconds, self.in_progress, *COUNTERS):
                self._registry.register(metric)
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)
        self._registry.register(StateCollector(engine, holder, keeper, notary))

    def render(self) -> bytes:
        """Render all metrics in Prometheus' text format. This queries the database, so call it in a thread."""
        if SHARED in os.environ:
            _drop_dead_workers(Path(os.environ[SHARED]))
        return generate_latest(self._registry)


def _drop_dead_workers(folder: Path) -> None:
    """Drop the in-progress counts of workers that have ended, if /proc shows which processes are running."""
    if not Path("/proc/self/stat").exists():
        return
    for path in folder.glob("gauge_live*_*.db"):
        pid = int(path.stem.rpartition("_")[2])
        if not _is_alive(pid):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    """Return whether a process is running; a zombie, which has ended but was not reaped by its parent, is not."""
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


class StateCollector(Collector):
    """Collects the state of the model, the data and the jobs at each scrape."""

    def __init__(self, engine: Engine, holder: Holder, keeper: Keeper, notary: Notary | None) -> None:
        self._engine, self._holder, self._keeper, self._notary = engine, holder, keeper, notary

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering does not trigger a collection."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        failing = self._keeper.failure is not None
        yield _report("riskml_model_release_refused", "1 while the latest release is refused or unavailable", failing)
        if self._holder.version is not None:
            yield from self._collect_model()
        yield from self._collect_data()
        if self._notary is not None and self._notary.covered is not None:
            entry, at = self._notary.covered
            yield _report("riskml_audit_checkpoint_entry", "Last audit entry that a checkpoint covers", entry)
            description = "When a checkpoint last covered every audit entry"
            yield _report("riskml_audit_checkpoint_timestamp_seconds", description, _to_unix(at))

    def _collect_model(self) -> Iterator[Metric]:
        model = self._holder.current
        names = {**model.names, "signed_by": model.bundle.signer or ""}
        info = GaugeMetricFamily("riskml_model_info", "The model in service", labels=tuple(names))
        info.add_metric(list(names.values()), 1)
        yield info
        yield _report("riskml_model_loaded_timestamp_seconds", "When the model was loaded", _to_unix(model.loaded_at))
        trained = model.bundle.manifest["split"].get("train_to")
        if trained is not None:
            at = _to_unix(dt.datetime.fromisoformat(str(trained)))
            yield _report("riskml_model_trained_to_timestamp_seconds", "Last date in the model's training data", at)
        drift = model.monitor.measure_drift(silent=model.silent)
        yield _report("riskml_drift_households", "Households in the sliding window for drift", model.monitor.held)
        if "probability" in drift:
            score = drift.pop("probability")
            yield _report("riskml_score_drift_psi", "Stability index (PSI) of the score, compared with training", score)
        yield _report_by("riskml_feature_drift_psi", "Stability index (PSI), compared with training", "feature", drift)

    def _collect_data(self) -> Iterator[Metric]:
        try:
            with reading(self._engine) as connection:
                received = repository.read_last_received(connection)
                scored = repository.read_last_scored(connection)
                jobs = repository.count_jobs_by_state(connection)
        except SQLAlchemyError:
            yield _report("riskml_database_up", "1 while the database answers", 0)
            return
        yield _report("riskml_database_up", "1 while the database answers", 1)
        times = {name: _to_unix(at) for name, at in received.items()}
        yield _report_by(
            "riskml_data_received_timestamp_seconds", "When the last row of a table was received", "table", times
        )
        if scored is not None:
            yield _report("riskml_data_scored_timestamp_seconds", "When a score last changed", _to_unix(scored))
        yield _report_by("riskml_jobs", "Jobs by state", "state", dict(sorted(jobs.items())))


def _to_unix(at: dt.datetime) -> float:
    return at.replace(tzinfo=dt.UTC).timestamp()


def _report(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value=float(value))


def _report_by(name: str, description: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, description, labels=(label,))
    for key, value in values.items():
        family.add_metric([key], value)
    return family
