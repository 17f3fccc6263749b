"""Time features, scores and explanations on the workers of a cluster, by number of partitions."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from riskml.benchmarks.processes import read_peak_mb, run_command
from riskml.benchmarks.targets import Bounds, check_targets
from riskml.loading import load_records
from riskml.policy import load_policy
from riskml.progress import SILENT, Progress
from riskml.records.contract.calendar import to_date, to_month_end
from riskml.records.reading.cell_sql import quote_text, read_parquet_sql
from riskml.records.reading.partitions import hash_files
from riskml.simulation import simulate
from riskml.splits import Settings
from riskml.training import train

MONTHS, SEED = 36, 1
SIMULATED = 20_000
"""Number of households that are simulated; a larger county consists of copies of them under other codes."""
TRAINED = 2_000
"""Number of households that the model is trained on; its size is what matters for the time."""
WORKERS, MEMORY_MB = 2, 4096

BOUNDS: Bounds = {"worker_peak_mb": ("at most", MEMORY_MB), "same_bytes": ("at least", 1)}
"""The bounds that the figures must meet."""


def run(
    households: int = 100_000,
    partitions: Sequence[int] = (2, 8),
    progress: Progress = SILENT,
    near: Path | None = None,
    *,
    alone: bool = True,
) -> dict[str, Any]:
    """Time the commands on one machine without workers, and on two workers of 4 GB by number of partitions.

    Parameters
    ----------
    households : int, default 100,000
    partitions : sequence of int
    progress : Progress, optional
    near : Path, optional
        Folder for the temporary files, which need about 4 kB a household.
    alone : bool, default True
        Whether to run the commands without workers, too, which takes 17 kB of memory a household. Otherwise, the runs
        are compared with the first one.

    Returns
    -------
    dict
        ``alone`` (None if it was left out) and one entry of ``runs`` for each number of partitions: ``seconds`` of each
        command, from the start of its process to its end; ``per_second``, households by command; ``command_peak_mb``,
        the peak memory of the command's own process; for runs also ``worker_peak_mb``, that of each worker as the
        operating system states it, and ``same_bytes``, whether the files are the same as those of the first
        measurement. ``targets`` compares the worst of these figures with their bounds.
    """
    with tempfile.TemporaryDirectory(prefix="riskml-benchmark-", dir=near) as temporary:
        folder = Path(temporary)
        progress.stage("Simulating a county", min(households, SIMULATED))
        records = _make_county(folder, households, progress)
        rows = pq.read_metadata(records / "income.parquet").num_rows
        bundle = _make_bundle(folder)
        progress.stage("Measuring", len(partitions) + alone)
        measured = [_time_commands(bundle, records, folder / "alone", households)] if alone else []
        for count in partitions:
            progress.step()
            measured.append(_run_on_workers(bundle, records, folder, households, count))
    expected = measured[0][1]
    runs = [{**figures, "same_bytes": hashes == expected} for figures, hashes in measured[alone:]]
    figures = {
        "worker_peak_mb": max(peak for one in runs for peak in one["worker_peak_mb"]),
        "same_bytes": float(all(one["same_bytes"] for one in runs)),
    }
    return {
        "households": households,
        "months": MONTHS,
        "income_rows": rows,
        "workers": WORKERS,
        "alone": measured[0][0] if alone else None,
        "runs": runs,
        "targets": check_targets(figures, BOUNDS),
    }


def learn(sizes: Sequence[int], progress: Progress = SILENT) -> dict[str, dict[str, float]]:
    """Train on samples of one county and measure each model, to see what more households would bring.

    Returns
    -------
    dict
        For each size: ``seconds``, and ``auc``, ``ap`` and ``recall`` (at a tenth of the households) on test rows.
    """
    curve = {}
    with tempfile.TemporaryDirectory(prefix="riskml-benchmark-") as temporary:
        records = Path(temporary) / "records"
        progress.stage("Simulating a county", max(sizes))
        simulate(records, max(sizes), 48, SEED, truth="none", progress=progress.step)
        for size in sizes:
            started, policy = time.monotonic(), load_policy()
            bundle = train(load_records(records, policy, sample=size), Settings(), policy, progress=progress)
            model = bundle.evaluation["models"]["riskml"]
            figures = {"auc": model["auc"], "ap": model["ap"], "recall": model["recall_at"]["0.10"]}
            curve[str(size)] = {"seconds": time.monotonic() - started, **figures}
    return curve


def _make_county(folder: Path, households: int, progress: Progress) -> Path:
    """Simulate a county and copy its households under other codes until there are enough."""
    once, records, size = folder / "once", folder / "records", min(households, SIMULATED)
    simulate(once, size, MONTHS, SEED, truth="none", progress=progress.step)
    copies = -(-households // size)
    records.mkdir()
    for path in sorted(once.glob("*.parquet")):
        source = read_parquet_sql([path])
        query = f"FROM {source}"
        codes = [name for name in ("household_id", "member_id", "record_id") if name in pq.read_schema(path).names]
        if codes:
            changed = ", ".join(f"{name} || '-' || copy AS {name}" for name in codes)
            own = "household_id IS NOT NULL OR copy = 0"  # the disasters of regions strike every copy
            query = f"SELECT * EXCLUDE copy REPLACE ({changed}) FROM {source}, range({copies}) copies(copy) WHERE {own}"
        duckdb.sql(f"COPY ({query}) TO {quote_text(records / path.name)} (FORMAT parquet)")
    shutil.rmtree(once)
    return records


def _make_bundle(folder: Path) -> Path:
    """Train a model on a small county of its own."""
    simulate(folder / "small", TRAINED, 42, SEED, truth="none")
    policy = load_policy()
    return train(load_records(folder / "small", policy), Settings(), policy).save(folder / "bundle")


def _run_on_workers(
    bundle: Path, records: Path, folder: Path, households: int, count: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Divide the records and time the commands on workers; return figures and hashes as ``_time_commands`` does."""
    from distributed import Client, LocalCluster

    own = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, memory_limit=f"{MEMORY_MB}MiB", dashboard_address="127.0.0.1:0"
    )
    parts, out = folder / "parts", folder / "out"
    with own as cluster, Client(cluster) as client:
        address = ("--cluster", cluster.scheduler_address)
        seconds = run_command("partition", records, "--out", parts, "--parts", count, *address).seconds
        figures, hashes = _time_commands(bundle, parts, out, households, address)
        peaks = client.run(read_peak_mb)
    figures["seconds"] = {"partition": seconds, **figures["seconds"]}
    shutil.rmtree(parts)
    return {"partitions": count, **figures, "worker_peak_mb": sorted(peaks.values())}, hashes


def _time_commands(
    bundle: Path, records: Path, out: Path, households: int, more: Sequence[object] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """Time the commands; return the figures, and the SHA-256 of each file that they write."""
    day = to_date(to_month_end((2020 - 1970) * 12 + MONTHS - 1))
    commands: dict[str, tuple[object, ...]] = {
        "features": ("features", records),
        "scores": ("score", bundle, records),
        "explanations": ("score", bundle, records, "--explain"),
    }
    runs = {
        name: run_command(*command, "--as-of", day, "--out", out / f"{name}.parquet", *more)
        for name, command in commands.items()
    }
    hashes = hash_files(out)
    shutil.rmtree(out)
    seconds = {name: run.seconds for name, run in runs.items()}
    rates = {name: round(households / duration) for name, duration in seconds.items()}
    return {
        "seconds": seconds,
        "per_second": rates,
        "command_peak_mb": max(run.peak_mb for run in runs.values()),
    }, hashes
