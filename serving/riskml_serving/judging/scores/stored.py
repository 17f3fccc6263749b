"""Scores stored households again: reads their records, asks riskml, keeps what changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from riskml.explanation.household.county import ExplainedPanel
from riskml.outcomes import UNKNOWN
from riskml.policy import name_agreement
from riskml.records.contract.schema import TABLES
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores import repository
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.requests import EMPTY, Tables
from riskml_serving.judging.scores.service import Judged, judge_tables
from riskml_serving.store.households.repository import find_households
from riskml_serving.store.records import repository as records

__all__ = ["by_capacity", "judge_stored", "origin", "rescore"]

ALWAYS = tuple(name for name, table in TABLES.items() if table.required)


def judge_stored(
    connection: Connection, model: Model, households: Mapping[str, Mapping[str, Any]], as_of: dt.date
) -> list[Judged]:
    """Ask riskml about stored households.

    Parameters
    ----------
    connection : Connection
    model : Model
    households : dict of str to row
        Rows of the register, by code: what the caller's region let through.
    as_of : date

    Returns
    -------
    list of Judged
        Households of which the same tables are known are asked about together.
    """
    codes = sorted(households)
    lines = records.read_lines(connection)
    tables = {name: records.read_rows(connection, name, codes) for name in TABLES if name != "lines"}
    regions = set(tables["households"]["region_code"])
    regional = records.read_regional(connection, regions)
    groups: dict[frozenset[str], set[str]] = defaultdict(set)
    holding = {name: set(columns["household_id"]) for name, columns in tables.items()}
    struck = _struck(tables["households"], regional["region_code"])
    for code in codes:
        known = set(households[code]["known_tables"].split(";")) - {""}
        known |= {name for name, those in holding.items() if code in those}
        groups[frozenset(known | ({"disaster"} if code in struck else set()))].add(code)
    out = []
    for known_tables, those in groups.items():
        whole = len(groups) == 1
        chosen: Tables = {"lines": lines}
        for name in TABLES:
            if name == "lines" or (name not in known_tables and name not in ALWAYS):
                continue
            columns = tables[name] if whole else _only(tables[name], those)
            chosen[name] = _joined(columns, regional) if name == "disaster" else columns
        for name in ALWAYS:
            chosen[name] = chosen.get(name) or EMPTY[name]
        out.append(judge_tables(model, chosen, as_of))
    return out


def _struck(households: Mapping[str, list[Any]], regions: list[str]) -> set[str]:
    """Households with a version in any of the struck regions."""
    prefixes = tuple(set(regions))
    pairs = zip(households["household_id"], households["region_code"], strict=True)
    return {code for code, region in pairs if region.startswith(prefixes)} if prefixes else set()


def _only(columns: Mapping[str, list[Any]], codes: set[str]) -> dict[str, list[Any]]:
    keep = [i for i, code in enumerate(columns["household_id"]) if code in codes]
    return {name: [values[i] for i in keep] for name, values in columns.items()}


def _joined(first: Mapping[str, list[Any]], second: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [*values, *second[name]] for name, values in first.items()}


def rescore(
    connection: Connection, model: Model, codes: Sequence[str], region: str, as_of: dt.date, request_id: str
) -> list[Change]:
    """Score open households of a region again and keep the result within the transaction.

    Parameters
    ----------
    connection : Connection
        Of a writing transaction.
    model : Model
    codes : sequence of str
    region : str
        What lies outside this prefix is left alone.
    as_of : date
        A household with a current score of a later date keeps it.
    request_id : str

    Returns
    -------
    list of Change
        One for each household that is known at the date, in the order of the codes.
    """
    found = find_households(connection, codes, region, lock=True)  # another writer must not judge older records later
    households = {code: row for code, row in found.items() if row["closed_on"] is None}
    at, capacity = (
        now(),
        repository.read_capacity(
            connection, {take_region(row["region_code"], Level.COUNTY) for row in households.values()}
        ),
    )
    before = repository.read_current(connection, sorted(households), region)
    changes = []
    for judged in judge_stored(connection, model, households, as_of):
        causes = ExplainedPanel.build(judged.model.narrator, judged.panel, judged.opinion.verdicts).list_causes()
        for i, status in enumerate(judged.opinion.status.tolist()):
            code = str(judged.panel.household_id[i])
            kept = before.get(code)
            if status == UNKNOWN or (kept is not None and kept["as_of"] > as_of):
                continue
            row = {**judged.row(i), "as_of": as_of, "scored_at": at, **origin(model), "causes": causes.get(code, "")}
            row |= by_capacity(row, capacity.get(take_region(households[code]["region_code"], Level.COUNTY)))
            changes.append(Change(code, kept, {**row, "region_code": households[code]["region_code"]}))
    changes.sort(key=lambda change: change.household_id)
    return repository.write_scores(connection, changes, request_id)


def origin(model: Model) -> dict[str, str]:
    """Name by what a score was made, as it is kept."""
    names = model.names
    return {name: names[name] for name in ("model_version", "feature_schema_hash", "policy_version")}


def by_capacity(row: Mapping[str, Any], capacity: Mapping[str, Any] | None) -> dict[str, str]:
    """Agreement by the visit capacity of the county, where its last complete scoring was by the same model."""
    if capacity is None or capacity["model_version"] != row["model_version"]:
        return {}
    margin, last = row["margin"], capacity["margin"]
    visited = margin is not None and (
        margin > last or (margin == last and row["household_id"] <= capacity["household_id"])
    )
    word = name_agreement(np.array([visited]), np.array([bool(row["rule_flags"])]))[0]
    return {"agreement": str(word), "agreement_by": "capacity"}
