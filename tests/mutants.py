"""Run mutation tests on the rules: policy, outcomes, splits and auth (`make mutants`).

A seeded random sample is drawn from the mutants that mutmut makes, so that a run can be repeated. Each mutant is
tested with the tests that reach it; the score is the share of mutants that a test catches. Surviving mutants are
printed with their changes, so that tests can be written for the changes that matter.

Mutmut imports only from ``src``, so it runs in a copy of the checkout whose ``src`` contains both packages.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = ROOT / "build" / "mutants"
MUTMUT = [sys.executable, "-m", "mutmut"]
CAUGHT = {"killed", "timeout", "caught by type check"}


def copy_packages() -> None:
    """Copy what the tests need, and put the service's package into ``src``."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in ("src", "serving", "tests", "data", "docs", "models"):
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "serving" / "riskml_serving", COPY / "src" / "riskml_serving")
    shutil.copy(ROOT / "pyproject.toml", COPY)


def read_statuses() -> dict[str, str]:
    """Read the outcome of every mutant."""
    lines = subprocess.run(
        [*MUTMUT, "results", "--all", "true"], cwd=COPY, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if ": " in line)


def main() -> None:
    """Draw mutants, run their tests and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    copy_packages()
    # The first run tests only one mutant, but makes all of them and finds out which tests reach which function.
    subprocess.run([*MUTMUT, "run", "--max-children", "1", "riskml.splits.x_*__mutmut_1"], cwd=COPY, check=False)
    candidates = sorted(read_statuses())
    chosen = random.Random(options.seed).sample(candidates, min(options.number, len(candidates)))
    subprocess.run([*MUTMUT, "run", "--max-children", "2", *chosen], cwd=COPY, check=False)
    outcomes = {name: status for name, status in read_statuses().items() if name in set(chosen)}
    survivors = sorted(name for name, status in outcomes.items() if status not in CAUGHT)
    for name in survivors:
        difference = subprocess.run([*MUTMUT, "show", name], cwd=COPY, check=False, capture_output=True, text=True)
        sys.stdout.write(f"\n{name}: {outcomes[name]}\n{difference.stdout}\n")
    caught = len(outcomes) - len(survivors)
    score = caught / len(outcomes)
    sys.stdout.write(f"{caught} of {len(outcomes)} mutants caught ({score:.1%}); drawn from {len(candidates)}\n")


if __name__ == "__main__":
    main()
