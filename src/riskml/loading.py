"""The door through which every command takes its records: opened, checked, and with the policy's lines behind them."""

from __future__ import annotations

from pathlib import Path

from riskml.policy import Policy, load_policy
from riskml.records.check_aside import set_aside
from riskml.records.checking import check_folder, refuse_faults
from riskml.records.reading import open_folder
from riskml.records.store import Records

__all__ = ["load_records"]


def load_records(folder: str | Path, policy: Policy | None = None, skip_bad_rows: Path | None = None) -> Records:
    """Open, check and pack a records folder.

    Parameters
    ----------
    folder : str or Path
    policy : Policy, optional
        Its lines are asked only where no line of the folder is in force; the packaged table by default.
    skip_bad_rows : Path, optional
        Set bad rows aside in this file and go on, instead of refusing the folder.

    Raises
    ------
    RecordsError
        If the folder has faults; the message counts them all.
    """
    with open_folder(folder) as opened:
        if skip_bad_rows is not None:
            set_aside(opened, skip_bad_rows)
        refuse_faults(check_folder(opened))
        records = Records.load(opened, (policy or load_policy()).lines)
        _ = records.fingerprint  # taken while the folder is open
        return records
