"""Load the records for a command: open, check and pack a folder, with the policy's lines as a fallback."""

from __future__ import annotations

from pathlib import Path

from riskml.policy import Policy, load_policy
from riskml.records.checking.check import open_checked
from riskml.records.panel.store import Records
from riskml.records.reading.grouping import keep_sample


def load_records(
    folder: str | Path, policy: Policy | None = None, skip_bad_rows: Path | None = None, sample: int | None = None
) -> Records:
    """Open, check and pack a records folder.

    Parameters
    ----------
    folder : str or Path
    policy : Policy, optional
        Policy whose lines apply only if the folder has no line in force; the packaged policy table by default.
    skip_bad_rows : Path, optional
        File in which faulty rows are set aside, so that the folder need not be refused.
    sample : int, optional
        Number of households to keep, chosen by a hash of their codes; all by default.

    Raises
    ------
    RecordsError
        If the folder has faults; the message says how many there are.
    """
    policy = policy or load_policy()
    with open_checked(folder, skip_bad_rows, policy.usual_lines) as opened:
        total = None if sample is None else keep_sample(opened, sample)
        records = Records.load(opened, policy.lines)
        records.sampled_from = total if total is not None and total > len(records) else None
        records.skipped = dict(opened.skipped)
        records.assumed_days = opened.measure_assumed_days()
        records.warnings = opened.warnings
        _ = records.fingerprint  # must be computed while the folder is open
        return records
