"""Read the records that a command needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riskml.cli.output import join_counts
from riskml.cli.terminal import console

if TYPE_CHECKING:
    from riskml.policy import Policy
    from riskml.progress import Progress
    from riskml.records.panel.store import Records

__all__ = ["read_records"]


def read_records(folder: Path, policy: Policy, skip_bad_rows: Path | None, progress: Progress) -> Records:
    """Open, check and pack a records folder; print to standard error how many rows were set aside."""
    from riskml.loading import load_records

    progress.stage("reading the records")
    records = load_records(folder, policy, skip_bad_rows)
    if records.skipped:
        counts = join_counts(dict(sorted(records.skipped.items())))
        console.print(f"Rows set aside in {skip_bad_rows}: {counts}.", highlight=False, soft_wrap=True)
    return records
