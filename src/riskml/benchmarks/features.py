"""Time how long features take to compute from files, relative to a scan of the income table and to SQL."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from riskml.benchmarks.feature_parts import PARTS
from riskml.benchmarks.processes import run_python
from riskml.benchmarks.targets import Bounds, check_targets
from riskml.progress import SILENT, Progress
from riskml.simulation import simulate

MONTHS = 48
"""Number of simulated months; each of the six dates, two months apart, has at least 36 months of history."""

SEED = 1
FEW = 300
"""Number of households in the county with which each part warms up."""
ROUNDS = 3
ENOUGH = 100.0
"""Time in seconds after which no further round begins, so that a busy machine runs only one."""

BOUNDS: Bounds = {
    "scan_ratio": ("at most", 6.0),
    "duckdb_ratio": ("at least", 4.0),
    "peak_rss_mb": ("at most", 4096.0),
    "one_household_ms": ("at most", 1.0),
}
"""The bounds that the figures must meet."""


def run(households: int = 100_000, progress: Progress = SILENT) -> dict[str, Any]:
    """Measure how long it takes to build the features at six dates, from files to matrices, on two threads.

    Parameters
    ----------
    households : int, default 100,000
        Number of households in the simulated county.
    progress : Progress, optional

    Returns
    -------
    dict
        - ``rows_per_s``: rows of the feature matrices per second, including reading the files.
        - ``scan_ratio``: riskml's time divided by the time DuckDB takes to read the income table into Arrow.
        - ``duckdb_ratio``: the SQL oracle's time divided by riskml's.
        - ``peak_rss_mb``: peak memory use of riskml's process.
        - ``one_household_ms``: median time for one household, from packed records to features.
        - ``seconds``: the time that each part takes.
        - ``targets``: each figure, its bound, and whether the bound is met.

    Notes
    -----
    Each part runs in a separate process, which first warms up on a few households, so that imports and the loading of
    compiled code do not count. The parts take turns. The shortest time for each counts, because other processes can
    only add time.
    """
    with tempfile.TemporaryDirectory(prefix="riskml-benchmark-") as temporary:
        folder, warm = Path(temporary) / "county", Path(temporary) / "few"
        progress.stage("Simulating a county", households)
        simulate(folder, households, MONTHS, SEED, truth="none", progress=progress.step)
        simulate(warm, FEW, MONTHS, SEED, truth="none")
        results: dict[str, list[dict[str, float]]] = {part: [] for part in PARTS}
        started = time.monotonic()
        for _ in range(ROUNDS):
            progress.stage("Measuring", len(PARTS))
            for part, title in PARTS.items():
                progress.stage(title)
                results[part].append(_run_part(part, folder, warm))
            if time.monotonic() - started > ENOUGH:
                break
    best = {part: min(rounds, key=lambda result: result["seconds"]) for part, rounds in results.items()}
    riskml, scan, oracle = best["riskml"], best["scan"], best["oracle"]
    figures = {
        "rows_per_s": riskml["rows"] / riskml["seconds"],
        "scan_ratio": riskml["seconds"] / scan["seconds"],
        "duckdb_ratio": oracle["seconds"] / riskml["seconds"],
        "peak_rss_mb": max(result["peak_rss_mb"] for result in results["riskml"]),
        "one_household_ms": min(result["one_household_ms"] for result in results["riskml"]),
    }
    return {
        **figures,
        "households": int(riskml["households"]),
        "features": int(riskml["features"]),
        "as_ofs": int(riskml["as_ofs"]),
        "income_rows": int(scan["rows"]),
        "rounds": len(results["riskml"]),
        "seconds": {part: result["seconds"] for part, result in best.items()},
        "targets": check_targets(figures, BOUNDS),
    }


def _run_part(part: str, folder: Path, warm: Path) -> dict[str, float]:
    output = run_python(part, "-m", "riskml.benchmarks.feature_parts", part, folder, warm)
    result: dict[str, float] = json.loads(output)
    return result
