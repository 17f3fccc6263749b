"""Scores stored households: reads their records, judges them, and saves the scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml.explanation import Explanation
from riskml.records.contract.calendar import to_date
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.judging.act import Act
from riskml_serving.judging.judge import Judged, judge_groups
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.capacity import compare, find_capacity
from riskml_serving.judging.scores.changes import Change
from riskml_serving.judging.scores.repository import read_current, remove_scores, write_scores
from riskml_serving.store.helps.service import follow_records
from riskml_serving.store.households.repository import find_households
from riskml_serving.store.records.columns import Columns
from riskml_serving.store.records.repository import read_tables

Row = Mapping[str, Any]


def judge_households(
    connection: Connection,
    model: Model,
    households: Mapping[str, Row],
    as_of: dt.date,
    alter: Callable[[Mapping[str, Columns]], Mapping[str, Columns]] | None = None,
) -> list[Judged]:
    """Judge a few stored households from their stored records; for many households, use ``judging.bulk``.

    Parameters
    ----------
    connection : Connection
    model : Model
    households : dict of str to row
        Rows of the register of households, by code, already limited to the caller's region.
    as_of : date
    alter : callable, optional
        Takes the tables of stored records, and returns those that are judged instead; nothing is stored, and
        neither metrics nor drift count the verdicts.

    Returns
    -------
    list of Judged
        One item for each group of households for which the same tables are known.
    """
    tables = read_tables(connection, sorted(households))
    tables = dict(alter(tables)) if alter else tables
    known = {code: row["known_tables"] for code, row in sorted(households.items())}
    return judge_groups(model, tables, known, as_of, counted=alter is None)


def explain_stored(
    connection: Connection,
    model: Model,
    household: Row,
    score: Row | None,
    as_of: dt.date,
    redact: tuple[str, ...],
    *,
    reveals: bool = False,
) -> tuple[Judged, Explanation]:
    """Explain a stored household as of a date; use the agreement of its score if that is based on visit capacity.

    Parameters
    ----------
    connection : Connection
    model : Model
    household : row
        Row of the household in the register.
    score : row, optional
        Score of the household as of that date.
    as_of : date
    redact : tuple of str
    reveals : bool, default False
        Whether the reader sees the model's verdict even if it is withheld from others.

    Returns
    -------
    Judged
        The verdicts that are explained.
    Explanation
    """
    (judged,) = judge_households(connection, model, {household["household_id"]: household}, as_of)
    agreement = score["agreement"] if score and score["agreement_by"] == "capacity" else None
    return judged, judged.explain(agreement=agreement, redact=redact, reveals=reveals)


def find_deserted_day(connection: Connection, model: Model, household: Row, as_of: dt.date) -> dt.date | None:
    """Find the day on which the last member of a household left; None if anybody may be left."""
    (judged,) = judge_households(connection, model, {household["household_id"]: household}, as_of)
    return to_date(int(judged.panel.deserted_on[0])) if judged.panel.deserted[0] else None


@dataclass(frozen=True)
class Standing:
    """Households and their current scores, locked until the transaction ends.

    Parameters
    ----------
    households : dict of str to row
        Open households that live in the region.
    scores : dict of str to row
        Current scores of the households.
    """

    households: Mapping[str, Row]
    scores: Mapping[str, Row]


def lock_households(connection: Connection, codes: Iterable[str], region: str) -> Standing:
    """Lock open households in a region, in code order to avoid deadlock."""
    rows = find_households(connection, codes, region, lock=True)
    households = {code: row for code, row in rows.items() if row["closed_on"] is None}
    return Standing(households, read_current(connection, sorted(households), region))


def rescore(act: Act, codes: Sequence[str]) -> list[Change]:
    """Score open households in the caller's region again, as of today, and keep the result within the transaction.

    A household whose current score is from a later date keeps it. Without a model, nothing is scored.

    Returns
    -------
    list of Change
        One item for each household that is known on the date, in code order.
    """
    if act.get_model is None:
        return []
    connection, model, as_of, region = act.connection, act.model, act.today, act.caller.region
    standing = lock_households(connection, codes, region)  # otherwise, another writer could judge older records
    rows = []
    for judged in judge_households(connection, model, standing.households, as_of):
        causes = judged.explained.list_causes()
        rows += [{**row, "all_causes": causes[row["household_id"]]} for row in judged.to_rows()]
    rows.sort(key=lambda row: str(row["household_id"]))
    drop_scores(connection, standing, {row["household_id"] for row in rows}, region, as_of, act.request_id)
    return keep_scores(connection, model, standing, rows, as_of, act.request_id)


def drop_scores(
    connection: Connection, standing: Standing, known: Collection[str], region: str, as_of: dt.date, request_id: str
) -> None:
    """Drop the scores of households that are no longer known on a date: all of their members have left."""
    gone = [code for code, score in standing.scores.items() if code not in known and score["as_of"] <= as_of]
    if gone:
        remove_scores(connection, gone, region, request_id)


def keep_scores(
    connection: Connection,
    model: Model,
    standing: Standing,
    rows: Sequence[Row],
    as_of: dt.date,
    request_id: str,
    seen: Mapping[str, tuple[int | None, dt.datetime | None]] | None = None,
) -> list[Change]:
    """Make judged rows the current scores, unless newer ones exist by now, and set the days of second looks at help.

    A household is left alone if it is no longer open in the region, if it has a score from a later date, or if its
    score is not the one that was current when its records were read: in that case, another writer has added records and
    scored them.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    model : Model
    standing : Standing
    rows : sequence of row
        Code and fields as :meth:`Judged.to_rows` returns them, and ``all_causes``; in code order.
    as_of : date
    request_id : str
    seen : dict, optional
        ``seq`` and ``scored_at`` of the score that was current when the records were read, by household; not needed
        if they were read under the lock.

    Returns
    -------
    list of Change
        One item for each score that was kept.
    """
    seqs = {code: score["seq"] for code, score in standing.scores.items()}
    follow_records(connection, model.policy, standing.households, seqs, as_of, request_id)
    common = {"as_of": as_of, "scored_at": now(), **model.versions}
    after = []
    for row in rows:
        code, before = row["household_id"], standing.scores.get(row["household_id"])
        if code not in standing.households or (before is not None and before["as_of"] > as_of):
            continue
        if seen is not None and seen[code] != ((before["seq"], before["scored_at"]) if before else (None, None)):
            continue
        region = standing.households[code]["region_code"]
        after.append({**row, **common, "region_code": region, "causes": row["all_causes"]})
    counties = {take_region(row["region_code"], Level.COUNTY) for row in after}
    words = compare(after, find_capacity(connection, model, counties))
    changes = [
        Change(row["household_id"], standing.scores.get(row["household_id"]), {**row, **own})
        for row, own in zip(after, words, strict=True)
    ]
    write_scores(connection, changes, request_id)
    return changes
