"""Count the warnings that `riskml check` gives about folders that are correct (docs/checks/comparisons.md).

Prints one line for each kind of folder, and each warning in full: every one of them is untrue.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from riskml.datasets import SURVEYS, write_survey
from riskml.policy import load_policy
from riskml.records.checking.check import check
from riskml.records.contract.faults import Fault
from riskml.simulation import simulate

SMALL = ((400, 1), (1000, 2), (2000, 3))
"""Households and seed of the small counties."""

Writer = Callable[[Path], Any]


def list_folders() -> Iterator[tuple[str, Writer]]:
    """List what each folder is, and the function that writes it."""
    for income in ("monthly", "register", "mixed"):
        for households, seed in SMALL:
            yield income, partial(simulate, households=households, months=60, seed=seed, income=income, truth="none")
    yield "monthly, 100,000 households", partial(simulate, households=100_000, months=36, seed=4, truth="none")
    for survey in SURVEYS:
        for cut in survey.cuts:
            yield survey.name, partial(write_survey, survey=survey, cut=cut)


def find_warnings(write: Writer) -> list[Fault]:
    """Write a folder and check it."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        write(records)
        return list(check(records, usual_lines=load_policy().usual_lines).faults)


def main() -> None:
    counts: dict[str, list[int]] = {}
    for name, write in list_folders():
        warnings = find_warnings(write)
        counts.setdefault(name, []).append(len(warnings))
        for one in warnings:
            print(name, one.table, one.code, one.message)  # noqa: T201
    for name, numbers in counts.items():
        print(f"{name}: {len(numbers)} folders, {sum(numbers)} warnings")  # noqa: T201


if __name__ == "__main__":
    main()
