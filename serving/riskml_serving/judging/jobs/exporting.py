"""Results of a job as one file: written part by part under another name, complete before it has its own."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from riskml.explanation import NOTICE
from riskml.explanation.household.county import COLUMNS as REASONS
from riskml.explanation.reasons.redaction import redact_flags
from riskml.policy import Policy, name_agreement
from riskml.vocabulary.verdicts import COLOURS, TIERS
from riskml_serving.base.problems import Problem
from riskml_serving.judging.jobs.run import as_table
from riskml_serving.judging.jobs.settling import COUNTY, Capacity, visited

__all__ = ["FORMATS", "RESULTS", "drop_exports", "export", "told"]

RESULTS = pa.schema(
    [
        ("household_id", pa.string()),
        ("region_code", pa.string()),
        ("as_of", pa.string()),
        ("status", pa.string()),
        ("probability", pa.float64()),
        ("margin", pa.float64()),
        ("tier", pa.string()),
        ("rule_signal", pa.string()),
        ("signal", pa.string()),
        ("rule_flags", pa.string()),
        ("hidden_flags", pa.int32()),
        ("agreement", pa.string()),
        ("agreement_by", pa.string()),
        *((name, pa.string()) for name in REASONS[1:]),
        ("model_version", pa.string()),
        ("policy_version", pa.string()),
        ("notice", pa.string()),
    ]
)
"""Columns of a file of results."""


def _parquet(file: BinaryIO, names: Mapping[str, str]) -> AbstractContextManager[Any]:
    notice = {f"notice_{lang}": text for lang, text in NOTICE.items()}
    return pq.ParquetWriter(file, RESULTS.with_metadata({**notice, **names}), compression="zstd")  # type: ignore[no-any-return]


def _csv(file: BinaryIO, _: Mapping[str, str]) -> AbstractContextManager[Any]:
    file.write(b"\xef\xbb\xbf")  # or a spreadsheet takes the Chinese for something else
    return csv.CSVWriter(file, RESULTS)  # type: ignore[no-any-return]


FORMATS: dict[str, tuple[str, Callable[[BinaryIO, Mapping[str, str]], AbstractContextManager[Any]]]] = {
    "parquet": ("application/vnd.apache.parquet", _parquet),
    "csv": ("text/csv; charset=utf-8", _csv),
}
"""Media type and writer of each format."""

OWN = re.compile(rf"[0-9a-f-]{{36}}\.({'|'.join(FORMATS)})|\.[0-9a-f-]{{36}}-\w+\.part")
"""Names of the files of jobs, complete and on the way: the folder may hold other things."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def export(folder: Path, name: str, form: str, tables: Iterator[pa.Table], names: Mapping[str, str]) -> Path:
    """Write tables into one file of a folder, or into none.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    name : str
        Number of the job.
    form : str
        Of ``FORMATS``.
    tables : iterator of pyarrow.Table
        ``RESULTS``, one at a time.
    names : mapping
        By what the results were made, for the format that has a place for it.

    Raises
    ------
    Problem
        ``storage-full``: nothing is left of the file.
    OSError
        If the folder cannot be written for another reason; nothing is left of the file.
    """
    final = folder / f"{name}.{form}"
    if final.is_file():
        return final
    temporary: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, path = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".part")  # only its owner may read it
        temporary = Path(path)
        with os.fdopen(number, "wb") as file:
            with FORMATS[form][1](file, names) as writer:
                for table in tables:
                    writer.write_table(_safe(table) if form == "csv" else table)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    except OSError as error:
        if error.errno in FULL:
            raise Problem("storage-full") from None
        raise
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return final


def drop_exports(folder: Path) -> None:
    """Delete the files of jobs in a folder, and nothing else there: they are written anew when they are asked for."""
    if folder.is_dir():
        for path in folder.iterdir():
            if OWN.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _safe(table: pa.Table) -> pa.Table:
    """Keep a spreadsheet from taking a household's code for a formula."""
    codes = [f"'{code}" if code[:1] in "=+-@\t\r" else code for code in table["household_id"].to_pylist()]
    return table.set_column(0, "household_id", pa.array(codes, pa.string()))


def told(
    part: bytes, as_of: str, names: Mapping[str, str], capacity: Capacity, policy: Policy, redact: tuple[str, ...]
) -> pa.Table:
    """Put a part into words: codes for positions, agreement by the visit capacity, flags as far as they may be shown.

    Parameters
    ----------
    part : bytes
        As the job kept it.
    as_of : str
    names : mapping
        With ``model_version`` and ``policy_version``.
    capacity : dict
        Last places by county.
    policy : Policy
    redact : tuple of str
    """
    found = as_table(part)
    rows = found.select(
        ["household_id", "region_code", "margin", "tier", "rule_signal", "signal", "rule_flags"]
    ).to_pylist()
    flags = [redact_flags(row["rule_flags"].split(";") if row["rule_flags"] else [], policy, redact) for row in rows]
    places = [visited(row["region_code"][:COUNTY], row["margin"], row["household_id"], capacity) for row in rows]
    yes = np.array([row["tier"] > 0 if place is None else place for row, place in zip(rows, places, strict=True)], bool)
    columns: dict[str, Any] = {
        "tier": [None if row["tier"] < 0 else TIERS.codes[row["tier"]] for row in rows],
        "rule_signal": [COLOURS.codes[row["rule_signal"]] for row in rows],
        "signal": [COLOURS.codes[row["signal"]] for row in rows],
        "rule_flags": [";".join(codes) for codes, _ in flags],
        "hidden_flags": [hidden for _, hidden in flags],
        "agreement": name_agreement(yes, np.array([bool(row["rule_flags"]) for row in rows], bool)).tolist(),
        "agreement_by": ["tier" if place is None else "capacity" for place in places],
    }
    same = {
        "as_of": as_of,
        "notice": NOTICE["zh"],
        **{name: names[name] for name in ("model_version", "policy_version")},
    }
    columns |= {name: [value] * len(rows) for name, value in same.items()}
    return pa.table(
        {
            field.name: pa.array(columns[field.name], field.type) if field.name in columns else found[field.name]
            for field in RESULTS
        },
        RESULTS,
    )
