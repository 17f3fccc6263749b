"""Run a long test in slices that resume (`make machine`, `make fuzz`, `make kills`), and report what was done.

Each slice is a run of pytest of its own, with its own seed and new databases. The report is written after each slice;
a later call continues it until the total is reached. What a slice did counts only if all of it passed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SEED, COUNTS = "RISKML_SEED", "RISKML_COUNTS"
"""Environment variables: the seed of a slice, and the file to which its tests append what they did."""
TESTS = {
    "machine": "tests/serving/machine",
    "fuzz": "tests/serving/api/test_fuzz.py",
    "kills": "tests/serving/faults/test_fault_mixed.py",
}
MOST_FAILURES = 3
"""Number of failed slices in one call after which it ends."""


def read_seed(default: int) -> int:
    return int(os.environ.get(SEED, default))


def note(**done: Any) -> None:
    """Append what a test did to the counts of its slice, if it runs in one."""
    if COUNTS in os.environ:
        with Path(os.environ[COUNTS]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(done) + "\n")


def run_slice(name: str, seed: int, size: int, *command: str) -> dict[str, Any]:
    """Run one slice; return its entry for the report."""
    began, commit = time.monotonic(), find_commit()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        own = {f"RISKML_{name.upper()}": str(size), SEED: str(seed), COUNTS: str(counts)}
        run = subprocess.run(command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, check=False)
        done = [json.loads(line) for line in counts.read_text().splitlines()] if counts.exists() else []
    failure = {} if run.returncode == 0 and done else {"failure": (run.stdout + run.stderr)[-20_000:]}
    return {"commit": commit, "seed": seed, "seconds": round(time.monotonic() - began), "done": done, **failure}


def find_commit() -> str:
    """Return the commit, and whether files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "HEAD") + (" with changes" if git("status", "--porcelain") else "")


def add_up(slices: list[dict[str, Any]]) -> int:
    """Add up what the slices did in which nothing failed."""
    return sum(done["count"] for one in slices if "failure" not in one for done in one["done"])


def main(name: str, total: int, size: int, report: Path, *command: str) -> int:
    """Run slices until the report's total is reached; return 1 if any of them failed."""
    slices = json.loads(report.read_text("utf-8")) if report.exists() else []
    failures = 0
    while add_up(slices) < total and failures < MOST_FAILURES:
        seed = max((one["seed"] for one in slices), default=0) + 1
        slices.append(run_slice(name, seed, size, *command))
        failures += "failure" in slices[-1]
        report.parent.mkdir(parents=True, exist_ok=True)
        new = report.with_suffix(".new")
        new.write_text(json.dumps(slices, indent=1, ensure_ascii=False), "utf-8")
        new.replace(report)
        failed = sum("failure" in one for one in slices)
        print(f"{report}: {add_up(slices)} of {total} in {len(slices)} slices, {failed} of them failed", flush=True)  # noqa: T201
    return int(bool(failures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=TESTS)
    parser.add_argument("--total", type=int, required=True, help="steps, requests or kills in all slices of the report")
    parser.add_argument("--size", type=int, required=True, help="size of a slice")
    parser.add_argument("--report", type=Path, help="by default, NAME.json in the folder for builds")
    options = parser.parse_args()
    report = options.report or ROOT / "build" / f"{options.name}.json"
    pytest = (sys.executable, "-m", "pytest", "-q", "--show-capture=no", "-p", "no:cacheprovider", TESTS[options.name])
    sys.exit(main(options.name, options.total, options.size, report, *pytest))
