"""Asks riskml about a range of households and writes the answers into one Arrow table."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskml.explanation.household.county import COLUMNS as REASONS
from riskml.explanation.household.county import ExplainedPanel
from riskml.explanation.reasons.redaction import check_redaction
from riskml.outcomes import AT_RISK, UNKNOWN
from riskml.policy import name_agreement
from riskml.records.contract.calendar import to_day
from riskml.records.contract.schema import TABLES
from riskml.records.panel.arrow import build_attribute
from riskml.records.panel.store import Records
from riskml.scoring import judge
from riskml.vocabulary.verdicts import STATUSES
from riskml_serving.judging.bulk.reader import Tables
from riskml_serving.judging.model import Model

__all__ = ["PART", "judge_range"]

ALWAYS = tuple(name for name, table in TABLES.items() if table.required)

PART = pa.schema(
    [
        ("household_id", pa.string()),
        ("region_code", pa.string()),
        ("seq", pa.int64()),
        ("scored_at", pa.timestamp("us")),
        ("status", pa.string()),
        ("probability", pa.float64()),
        ("margin", pa.float64()),
        ("tier", pa.int8()),
        ("rule_signal", pa.int8()),
        ("signal", pa.int8()),
        ("rule_flags", pa.string()),
        *((name, pa.string()) for name in REASONS[1:]),
        ("all_causes", pa.string()),
    ]
)
"""What is worked out about a range: ``seq`` and ``scored_at`` name the score that stood when its records were read.
``all_causes`` are kept with the score, whoever asked for it: they are narrowed where they are read."""


def judge_range(model: Model, tables: Tables, as_of: dt.date, redact: tuple[str, ...]) -> pa.Table:
    """Judge all households of a range.

    Parameters
    ----------
    model : Model
    tables : dict of str to pyarrow.Table
        As :class:`riskml_serving.judging.bulk.reader.Reader` gives them.
    as_of : date
    redact : tuple of str
        What reasons leave out.

    Returns
    -------
    pyarrow.Table
        ``PART``, one row a household that is known at the date, in the order of the codes.
    """
    tables = {**tables, "households": _with_attributes(tables["households"])}
    parts = [
        _judged(model, _of(tables, known, None if whole else codes), as_of, redact)
        for known, codes, whole in _groups(tables)
    ]
    if not parts:
        return PART.empty_table()
    register = tables["register"]
    place = {code: i for i, code in enumerate(register["household_id"].to_pylist())}
    found = pa.concat_tables(parts).sort_by("household_id")
    rows = register.take([place[code] for code in found["household_id"].to_pylist()])
    mine = {name: rows[name] for name in ("region_code", "seq", "scored_at")}
    return pa.table(
        {name: mine.get(name, found[name] if name in found.column_names else None) for name in PART.names}, PART
    )


def _with_attributes(households: pa.Table) -> pa.Table:
    """Spread the attributes, kept as JSON, over columns."""
    texts = households["attributes"].to_pylist()
    households = households.drop_columns(["attributes"])
    rows = [json.loads(text) if text else {} for text in texts]
    for name in dict.fromkeys(name for row in rows for name in row):
        households = households.append_column(name, build_attribute([row.get(name) for row in rows]))
    return households


def _groups(tables: Tables) -> list[tuple[frozenset[str], list[str], bool]]:
    """Households of which the same tables are known: the tables, the codes, and whether that is everybody."""
    holding = {
        name: set(pc.unique(table["household_id"]).to_pylist()) for name, table in tables.items() if name in _OPTIONAL
    }
    struck = _struck(tables)
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    register = tables["register"].select(["household_id", "known_tables"]).to_pydict()
    present = set(tables["households"]["household_id"].to_pylist())
    for code, known in zip(register["household_id"], register["known_tables"], strict=True):
        if code in present:
            own = {name for name in _OPTIONAL if code in holding[name]} | set(known.split(";")) - {""}
            groups[frozenset(own | ({"disaster"} if code in struck else set()))].append(code)
    return [(known, codes, len(groups) == 1) for known, codes in groups.items()]


_OPTIONAL = tuple(name for name in TABLES if name not in ALWAYS)


def _struck(tables: Tables) -> set[str]:
    """Households with a version in any of the struck regions."""
    disasters = tables["disaster"]
    prefixes = tuple(set(disasters.filter(pc.is_null(disasters["household_id"]))["region_code"].to_pylist()))
    if not prefixes:
        return set()
    lived = tables["households"].select(["household_id", "region_code"]).to_pydict()
    pairs = zip(lived["household_id"], lived["region_code"], strict=True)
    return {code for code, region in pairs if (region or "").startswith(prefixes)}


def _of(tables: Tables, known: Collection[str], codes: Sequence[str] | None) -> dict[str, pa.Table]:
    """Tables of a group: those that are known, with the rows of its households; all of them without codes."""
    out = {}
    for name, table in tables.items():
        if name == "register" or (name not in known and name not in ALWAYS):
            continue
        if codes is not None and name != "lines":
            wanted = pc.is_in(table["household_id"], pa.array(codes, pa.string()))
            wanted = pc.or_(wanted, pc.is_null(table["household_id"])) if name == "disaster" else wanted
            table = table.filter(wanted)
        out[name] = table
    return out


def _judged(model: Model, tables: Mapping[str, pa.Table], as_of: dt.date, redact: tuple[str, ...]) -> pa.Table:
    """Judge the households of a group and explain those at risk."""
    records = Records.from_arrow(tables, model.policy.lines)
    panel = records.panel(to_day(as_of))
    opinion = judge(model.bundle, panel, model.policy, model.watch.show)
    rows = np.flatnonzero(opinion.status != UNKNOWN)
    flagged = np.array([bool(opinion.flags[i]) for i in rows], bool)
    model.watch.count(opinion.tier[rows].tolist(), name_agreement(opinion.tier[rows] > 0, flagged).tolist())
    outside = opinion.status[rows] != AT_RISK
    codes = panel.household_id[rows].tolist()
    columns: dict[str, Any] = {
        "household_id": pa.array(codes, pa.string()),
        "status": pa.array([STATUSES.codes[i] for i in opinion.status[rows]], pa.string()),
        "probability": pa.array(opinion.probability[rows], mask=outside),
        "margin": pa.array(opinion.margin[rows], mask=outside),
        "tier": pa.array(opinion.tier[rows], pa.int8()),
        "rule_signal": pa.array(opinion.rule_colour[rows], pa.int8()),
        "signal": pa.array(opinion.signal[rows], pa.int8()),
        "rule_flags": pa.array([opinion.flags[i] for i in rows], pa.string()),
    }
    part = ExplainedPanel.build(model.narrator, panel, opinion.verdicts)
    told, every = part.tabulate(check_redaction(redact)), part.list_causes()
    for name in REASONS[1:]:
        columns[name] = pa.array(told[name].tolist(), pa.string())
    columns["all_causes"] = pa.array([every[code] for code in codes], pa.string())
    return pa.table(columns)
