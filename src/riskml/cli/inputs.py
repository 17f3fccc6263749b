"""Read records for a command, and say what was set aside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riskml.cli.terminal import console

if TYPE_CHECKING:
    from riskml.policy import Policy
    from riskml.records.panel.store import Records

__all__ = ["read_records"]


def read_records(folder: Path, policy: Policy, skip_bad_rows: Path | None) -> Records:
    """Open, check and pack a records folder; count on standard error what was set aside."""
    from riskml.loading import load_records

    records = load_records(folder, policy, skip_bad_rows)
    if records.skipped:
        counted = ", ".join(f"{count:,} {code}" for code, count in sorted(records.skipped.items()))
        console.print(f"Rows set aside in {skip_bad_rows}: {counted}.", highlight=False, soft_wrap=True)
    return records
