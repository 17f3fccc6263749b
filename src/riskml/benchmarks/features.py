"""How fast features are built from files, beside one scan of the income table and the SQL oracle on the same files."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from riskml.benchmarks.feature_parts import PARTS
from riskml.errors import RiskmlError
from riskml.progress import Progress, Silent
from riskml.simulation import simulate

__all__ = ["BOUNDS", "run"]

MONTHS = 48
"""Months simulated: each of the six dates, two months apart up to the last, has 36 months to look back on."""

SEED = 1
FEW = 300
"""Households on which each part is warmed up."""
ROUNDS = 3
ENOUGH = 100.0
"""No further round is begun after this many seconds of measuring: a busy machine gets one."""

BOUNDS = {
    "scan_ratio": ("at most", 12.0),
    "duckdb_ratio": ("at least", 4.0),
    "peak_rss_mb": ("at most", 4096.0),
    "one_household_ms": ("at most", 1.0),
}
"""What riskml promises."""


def run(households: int = 100_000, progress: Progress | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Measure files to feature matrices at six dates, two threads each.

    Parameters
    ----------
    households : int, default 100,000
        Size of the simulated county.
    progress : Progress, optional
    folder : Path, optional
        Records folder to measure on, in place of a simulated county; it needs 48 months.

    Returns
    -------
    dict
        ``rows_per_s``: rows of the feature matrices a second, from opening the files on; ``scan_ratio``: that time
        over one full read of the income table by DuckDB into Arrow; ``duckdb_ratio``: time of the SQL oracle over
        it; ``peak_rss_mb`` of its process; ``one_household_ms``: median of one household from packed records to
        features; ``one_household_from_rows_ms``: the same from plain Python rows; ``seconds`` of each part;
        ``targets``: each with the figure, the bound and whether it is met.

    Notes
    -----
    Each part runs in a process of its own, warmed up on a few households, so that neither imports nor compiled code
    that is loaded once count. The parts take turns and the least time of each counts: another process can only add.
    """
    listener = progress or Silent()
    with tempfile.TemporaryDirectory(prefix="riskml-benchmark-") as temporary:
        if folder is None:
            folder = Path(temporary) / "county"
            listener.stage("Simulating a county", households)
            simulate(folder, households, MONTHS, SEED, truth="none", progress=listener.step)
        warm = Path(temporary) / "few"
        simulate(warm, FEW, MONTHS, SEED, truth="none")
        found: dict[str, list[dict[str, float]]] = {part: [] for part in PARTS}
        started = time.monotonic()
        for _ in range(ROUNDS):
            listener.stage("Measuring", len(PARTS))
            for part, say in PARTS.items():
                listener.stage(say)
                found[part].append(_run_part(part, folder, warm))
            if time.monotonic() - started > ENOUGH:
                break
    best = {part: min(rounds, key=lambda one: one["seconds"]) for part, rounds in found.items()}
    own, scan, oracle = best["riskml"], best["scan"], best["oracle"]
    figures = {
        "rows_per_s": own["rows"] / own["seconds"],
        "scan_ratio": own["seconds"] / scan["seconds"],
        "duckdb_ratio": oracle["seconds"] / own["seconds"],
        "peak_rss_mb": max(one["peak_rss_mb"] for one in found["riskml"]),
        "one_household_ms": min(one["one_household_ms"] for one in found["riskml"]),
        "one_household_from_rows_ms": min(one["one_household_from_rows_ms"] for one in found["riskml"]),
    }
    return {
        **figures,
        "households": int(own["households"]),
        "features": int(own["features"]),
        "as_ofs": int(own["as_ofs"]),
        "income_rows": int(scan["rows"]),
        "rounds": len(found["riskml"]),
        "seconds": {part: one["seconds"] for part, one in best.items()},
        "targets": {name: _target(figures[name], *bound) for name, bound in BOUNDS.items()},
    }


def _target(value: float, sense: str, bound: float) -> dict[str, Any]:
    met = value <= bound if sense == "at most" else value >= bound
    return {"value": value, "bound": f"{sense} {bound:g}", "met": met}


def _run_part(part: str, folder: Path, warm: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "riskml.benchmarks.feature_parts", part, str(folder), str(warm)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise RiskmlError(f"The part {part!r} of the benchmark failed.", done.stderr.strip()[-2000:])
    result: dict[str, float] = json.loads(done.stdout)
    return result
