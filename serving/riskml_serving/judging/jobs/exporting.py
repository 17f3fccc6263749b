"""Writes the results of a job into one file, part by part, under a temporary name until it is complete."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from riskml.explanation import NOTICE
from riskml.explanation.household.county import COLUMNS as REASONS
from riskml.explanation.reasons.redaction import redact_flags
from riskml.policy import Policy
from riskml.verdict import Kind
from riskml.workbook import escape_text
from riskml_serving.judging.model import RULE_LINE_ONLY
from riskml_serving.judging.scores.capacity import Capacity, compare
from riskml_serving.judging.verdict import FIELDS, FULL, VERSIONS
from riskml_serving.judging.wording import spell, split_flags

COMPARED = ("agreement", "agreement_by")
NAMES = tuple(name for name in FIELDS if name != "feature_schema_hash")
"""Fields of a results file; the feature schema hash is in the metadata and the headers."""


def _list_columns() -> Iterator[tuple[str, pa.DataType]]:
    for name in ("household_id", "region_code", "as_of"):
        yield name, pa.string()
    for name in (name for name in NAMES if name not in VERSIONS):
        kind = FIELDS[name].kind
        yield name, pa.float64() if kind is Kind.NUMBER else pa.string()
        if kind is Kind.FLAGS:
            yield "hidden_flags", pa.int32()
    for name in (*REASONS[1:], *(name for name in NAMES if name in VERSIONS), "notice"):
        yield name, pa.string()


RESULTS = pa.schema(list(_list_columns()))
"""Columns of a results file with their types."""


def _open_parquet(file: BinaryIO, names: Mapping[str, str]) -> AbstractContextManager[Any]:
    notice = {f"notice_{lang}": text for lang, text in NOTICE.items()}
    return pq.ParquetWriter(file, RESULTS.with_metadata({**notice, **names}), compression="zstd")  # type: ignore[no-any-return]


def _open_csv(file: BinaryIO, _: Mapping[str, str]) -> AbstractContextManager[Any]:
    file.write(b"\xef\xbb\xbf")  # without this mark, spreadsheets misread Chinese text
    return csv.CSVWriter(file, RESULTS)  # type: ignore[no-any-return]


FORMATS: dict[str, tuple[str, Callable[[BinaryIO, Mapping[str, str]], AbstractContextManager[Any]]]] = {
    "parquet": ("application/vnd.apache.parquet", _open_parquet),
    "csv": ("text/csv; charset=utf-8", _open_csv),
}
"""Media type and writer of each format."""

OWN = re.compile(rf"[0-9a-f-]{{36}}\.({'|'.join(FORMATS)})|\.[0-9a-f-]{{36}}-\w+\.part")
"""Pattern for the names of job files, complete or unfinished: the folder may hold other files too."""


def export(folder: Path, name: str, form: str, tables: Iterator[pa.Table], names: Mapping[str, str]) -> Path:
    """Write tables into one file in a folder, unless the file already exists; on an error, leave no file.

    Parameters
    ----------
    folder : Path
        Folder for the file; it is created if it does not exist.
    name : str
        ID of the job.
    form : str
        A key of ``FORMATS``.
    tables : iterator of pyarrow.Table
        Tables with the columns of ``RESULTS``, one at a time.
    names : mapping
        Provenance of the results, for formats that can store it.

    Raises
    ------
    OSError
        If the folder cannot be written, for example because the disk is full; no part of the file remains.
    """
    final = folder / f"{name}.{form}"
    if final.is_file():
        return final
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, path = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".part")  # only its owner may read it
    temporary = Path(path)
    try:
        with os.fdopen(number, "wb") as file:
            with FORMATS[form][1](file, names) as writer:
                for table in tables:
                    writer.write_table(_quote_formulas(table) if form == "csv" else table)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return final


def drop_exports(folder: Path) -> None:
    """Delete the job files in a folder, and nothing else; a file is written again when it is requested."""
    if folder.is_dir():
        for path in folder.iterdir():
            if OWN.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _quote_formulas(table: pa.Table) -> pa.Table:
    """Keep a spreadsheet from reading a household's code as a formula."""
    codes = [escape_text(code) for code in table["household_id"].to_pylist()]
    return table.set_column(0, "household_id", pa.array(codes, pa.string()))


def put_into_words(
    table: pa.Table,
    as_of: str,
    versions: Mapping[str, str],
    capacity: Capacity,
    policy: Policy,
    redact: tuple[str, ...],
    notice: str | None,
) -> pa.Table:
    """Turn a part of the results into what files show.

    Positions become codes, the agreement is by visit capacity where that is known, and only permitted flags are kept.

    Parameters
    ----------
    table : pyarrow.Table
        Part of the results as the job saved it.
    as_of : str
    versions : mapping
        Versions with which the part was judged.
    capacity : dict
    policy : Policy
    redact : tuple of str
    notice : str or None
        What every response says about the model.

    Returns
    -------
    pyarrow.Table
        Table with the columns of ``RESULTS``.
    """
    rows = table.select(["household_id", "region_code", "margin", "rule_flags", *COMPARED]).to_pylist()
    rows = [row | agreement for row, agreement in zip(rows, compare(rows, capacity), strict=True)]
    flags = [redact_flags(split_flags(row["rule_flags"]), policy, redact) for row in rows]
    spelt = [name for name in FULL if FIELDS[name].kind in (Kind.LEVEL, Kind.DAY)]
    common = {"as_of": as_of, **{name: versions[name] for name in VERSIONS}}
    columns = {
        **{name: [value] * len(rows) for name, value in common.items()},
        **{name: [spell(FIELDS[name], value) for value in table[name].to_pylist()] for name in spelt},
        **{name: [row[name] for row in rows] for name in COMPARED},
        "notice": [
            "；".join(filter(None, (NOTICE["zh"], notice if withheld is None else RULE_LINE_ONLY["zh"])))
            for withheld in table["withheld"].to_pylist()
        ],
        "rule_flags": [";".join(codes) for codes, _ in flags],
        "hidden_flags": [hidden for _, hidden in flags],
    }
    return pa.table({name: columns[name] if name in columns else table[name] for name in RESULTS.names}, RESULTS)
