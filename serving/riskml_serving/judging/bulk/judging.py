"""Judges many households, one range of household codes at a time, while a separate process reads the next range."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from riskml.explanation.household.county import COLUMNS as REASONS
from riskml.explanation.reasons.redaction import check_redaction
from riskml.records.panel.arrow import build_attribute
from riskml_serving.base.database import reading
from riskml_serving.judging.bulk.reader import Reader, Tables
from riskml_serving.judging.bulk.repository import REGISTER, Selection, find_range
from riskml_serving.judging.judge import Judged, judge_groups
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.service import drop_scores, keep_scores, lock_households
from riskml_serving.judging.verdict import make_schema
from riskml_serving.store.records.tables import read_attributes

PART = pa.schema(
    [
        *(field for field in REGISTER if field.name != "known_tables"),
        *make_schema(),
        ("shortfall", pa.float64()),
        *((name, pa.string()) for name in REASONS[1:]),
        ("all_causes", pa.string()),
        ("withheld", pa.string()),
    ]
)
"""Columns of a judged range. ``seq`` and ``scored_at`` identify the score that was current when records were read.
``all_causes`` are stored in full with the score, and redacted for each reader."""


@dataclass(frozen=True)
class JudgedRange:
    """The verdicts on one range of households.

    Parameters
    ----------
    last : str
        Code of the last household in the range.
    households : int
        Number of households in the range, whether or not they are known on the date.
    table : pyarrow.Table
        Columns of ``PART``, with one row per household that is known on the date, in code order.
    gone : list of str
        Households that have a score, but are not known on the date.
    """

    last: str
    households: int
    table: pa.Table
    gone: list[str]


def judge_ranges(
    engine: Engine,
    reader: Reader,
    model: Model,
    selection: Selection,
    as_of: dt.date,
    redact: tuple[str, ...] = (),
    *,
    after: str = "",
    size: int,
) -> Iterator[JudgedRange]:
    """Judge the households in a selection, ``size`` at a time; read the next range in the meantime.

    Parameters
    ----------
    engine : Engine
    reader : Reader
    model : Model
    selection : Selection
    as_of : date
    redact : tuple of str
        Kinds of information that the reasons must leave out, such as ``health``.
    after : str
        Code after which to start.
    size : int

    Raises
    ------
    ConnectionError
        If the database is not available, or the reading process has ended.
    RuntimeError
        If the database refused the query.
    """

    def ask_next(after: str) -> str | None:
        with reading(engine) as connection:
            range_ = find_range(connection, selection, after, size)
        if range_ is None:
            return None
        reader.ask(range_)
        return range_.last

    last = ask_next(after)
    while last is not None:
        tables = reader.take()
        following = ask_next(last)
        register, table = tables["register"], judge_range(model, tables, as_of, redact)
        scored = register.filter(pc.is_valid(register["seq"]))["household_id"]
        gone = scored.filter(pc.invert(pc.is_in(scored, table["household_id"].combine_chunks())))
        yield JudgedRange(last, register.num_rows, table, gone.to_pylist())
        last = following


def judge_range(
    model: Model, tables: Tables, as_of: dt.date, redact: tuple[str, ...], *, counted: bool = True
) -> pa.Table:
    """Judge all households in a range.

    Parameters
    ----------
    model : Model
    tables : dict of str to pyarrow.Table
        Tables as :class:`riskml_serving.judging.bulk.reader.Reader` returns them.
    as_of : date
    redact : tuple of str
    counted : bool, default True
        Whether metrics and drift count the verdicts.

    Returns
    -------
    pyarrow.Table
        Table with the columns of ``PART``.
    """
    register, tables = tables["register"], {**tables, "households": _spread(tables["households"])}
    codes = register["household_id"]
    known = dict(zip(codes.to_pylist(), register["known_tables"].to_pylist(), strict=True))
    parts = [_tabulate(judged, redact) for judged in judge_groups(model, tables, known, as_of, counted=counted)]
    if not parts:
        return PART.empty_table()
    table = pa.concat_tables(parts).sort_by("household_id")
    standing = register.take(pc.index_in(table["household_id"], codes))
    names = [*standing.column_names, *table.column_names]
    columns = dict(zip(names, [*standing.columns, *table.columns], strict=True))
    return pa.table({name: columns[name] for name in PART.names}, PART)


def _spread(households: pa.Table) -> pa.Table:
    """Turn the attributes, stored as JSON, into columns."""
    attributes = read_attributes(households["attributes"].to_pylist())
    households = households.drop_columns(["attributes"])
    for name, values in attributes.items():
        households = households.append_column(name, build_attribute(values))
    return households


def _tabulate(judged: Judged, redact: tuple[str, ...]) -> pa.Table:
    """Put the scores, reasons and causes of the known households into the columns of ``PART``."""
    reasons, causes = judged.explained.tabulate(check_redaction(redact)), judged.explained.list_causes()
    columns: dict[str, Any] = {
        **judged.to_columns(),
        **{name: reasons[name].tolist() for name in REASONS[1:]},
        "all_causes": [causes[code] for code in judged.codes],
    }
    return pa.table({name: pa.array(values, PART.field(name).type) for name, values in columns.items()})


def drop_gone(connection: Connection, gone: Sequence[str], region: str, as_of: dt.date, request_id: str) -> None:
    """Drop the scores of the households in a range that are no longer known on the date."""
    if gone:
        drop_scores(connection, lock_households(connection, gone, region), (), region, as_of, request_id)


def keep_range(
    connection: Connection, model: Model, table: pa.Table, region: str, as_of: dt.date, request_id: str
) -> int:
    """Make a range's scores current, unless newer ones exist by now; return how many scores were kept.

    See :func:`riskml_serving.judging.scores.service.keep_scores`.
    """
    own = ("household_id", "seq", "scored_at", "all_causes", "shortfall", "withheld")
    names = [*own, *(name for name, _ in make_schema())]
    rows = table.select(names).to_pylist()
    seen = {row["household_id"]: (row.pop("seq"), row.pop("scored_at")) for row in rows}
    standing = lock_households(connection, seen, region)
    return len(keep_scores(connection, model, standing, rows, as_of, request_id, seen))
