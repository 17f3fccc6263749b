"""Read the records that a command needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riskml.cli.output import join_counts
from riskml.cli.terminal import console

if TYPE_CHECKING:
    from riskml.model import Bundle
    from riskml.policy import Policy
    from riskml.progress import Progress
    from riskml.records.panel.store import Records

__all__ = ["NOT_TRAINED_HERE", "describe_records_end", "read_records", "warn_if_simulated"]

NOT_TRAINED_HERE = (
    "模型用模拟县数据训练，其概率不能用于这些农户 · The model was trained on a simulated county:"
    " its probabilities say nothing about these households"
)
"""Warning about scores of real households by a model that was trained on a simulated county."""


def read_records(
    folder: Path, policy: Policy, skip_bad_rows: Path | None, progress: Progress, as_of: int | None = None
) -> Records:
    """Open, check and pack a records folder.

    Print to standard error how many rows were set aside, and a warning if ``as_of`` is later than all records.
    """
    from riskml.loading import load_records

    progress.stage("reading the records")
    records = load_records(folder, policy, skip_bad_rows)
    if records.skipped:
        counts = join_counts(dict(sorted(records.skipped.items())))
        console.print(f"Rows set aside in {skip_bad_rows}: {counts}.", highlight=False, soft_wrap=True)
    if as_of is not None and (warning := describe_records_end(records, as_of, "en")):
        console.print(f"{warning}.", highlight=False, soft_wrap=True)
    return records


def describe_records_end(records: Records, as_of: int, lang: str) -> str:
    """Return a warning, with the last day of the records, if no record reaches ``as_of``; otherwise return ""."""
    from riskml.records.contract.as_of import AsOf
    from riskml.records.contract.calendar import to_date

    return AsOf(to_date(as_of), None if records.last_day is None else to_date(records.last_day)).describe(lang)


def warn_if_simulated(bundle: Bundle, records: Records) -> str:
    """Warn on standard error if a model from a simulated county scores real records; return the warning or ""."""
    if not bundle.simulated or records.simulated:
        return ""
    console.print(f"{NOT_TRAINED_HERE}. Train on the county's own history first.", highlight=False, soft_wrap=True)
    return NOT_TRAINED_HERE
