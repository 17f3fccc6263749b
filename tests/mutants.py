"""Mutation testing of the rules: policy, outcomes, splits and auth (`make mutants`).

Mutants are drawn at random (seeded, so that a run can be repeated) from all that the library makes, each is run against
the tests that reach it, and the score is the share that a test catches. Survivors are printed with their difference:
those that mean something get a test.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTMUT = [sys.executable, "-m", "mutmut"]
CAUGHT = {"killed", "timeout", "caught by type check"}


def read_statuses() -> dict[str, str]:
    """Read the outcome of every mutant."""
    lines = subprocess.run(
        [*MUTMUT, "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if ": " in line)


def main() -> None:
    """Draw mutants, run their tests and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    # A first run of one mutant makes all of them and finds out which tests reach which function.
    subprocess.run([*MUTMUT, "run", "--max-children", "1", "riskml.splits.x_*__mutmut_1"], cwd=ROOT, check=False)
    candidates = sorted(read_statuses())
    chosen = random.Random(options.seed).sample(candidates, min(options.number, len(candidates)))
    subprocess.run([*MUTMUT, "run", "--max-children", "2", *chosen], cwd=ROOT, check=False)
    outcomes = {name: status for name, status in read_statuses().items() if name in set(chosen)}
    survivors = sorted(name for name, status in outcomes.items() if status not in CAUGHT)
    for name in survivors:
        difference = subprocess.run([*MUTMUT, "show", name], cwd=ROOT, check=False, capture_output=True, text=True)
        sys.stdout.write(f"\n{name}: {outcomes[name]}\n{difference.stdout}\n")
    caught = len(outcomes) - len(survivors)
    score = caught / len(outcomes)
    sys.stdout.write(f"{caught} of {len(outcomes)} mutants caught ({score:.1%}); drawn from {len(candidates)}\n")


if __name__ == "__main__":
    main()
