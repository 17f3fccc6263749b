"""Tables for the scores of stored households: the current scores, and every change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    func,
)

from riskml.vocabulary.regions import Level
from riskml_serving.base.database import METADATA, Code
from riskml_serving.judging.scores.ranking import RANKED
from riskml_serving.judging.verdict import make_columns


def _make_score_columns() -> list[Column[Any]]:
    """Make the columns of a score, with its day and the time of scoring."""
    return [Column("as_of", Date, nullable=False), *make_columns(), Column("scored_at", DateTime, nullable=False)]


COUNTED = ("status", "tier", "signal", "order_section", "agreement")
"""Columns by which the households of a region are counted."""

CURRENT = Table(
    "current_scores",
    METADATA,
    Column("household_id", Code(128), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("region_code", Code(Level.VILLAGE), nullable=False),
    Column("county", Code(Level.COUNTY), nullable=False),
    Column("town", Code(Level.TOWN), nullable=False),
    *_make_score_columns(),
    Column("shortfall", Double, nullable=True),
    Column("order_signal", SmallInteger, nullable=False),
    Column("order_section", SmallInteger, nullable=False),
    Column("order_rank", Double, nullable=False),
    Column("causes", Text, nullable=False, server_default=""),
    Column("withheld", Text, nullable=True),
    Index("ix_current_scores_ranked_all", *RANKED),
    Index("ix_current_scores_ranked_county", "county", *RANKED),
    Index("ix_current_scores_ranked_town", "town", *RANKED),
    Index("ix_current_scores_ranked_village", "region_code", *RANKED),
    Index("ix_current_scores_counts", "region_code", *COUNTED, "as_of", "records_end", "scored_at"),
)
"""One row per household. ``tier`` and the signals are positions in the lists of tiers and colours (-1: none, unknown).
``shortfall`` is the line minus the income after spending, in yuan/person/year. The columns ``order_…`` ascend in the
order of the ranked list, so that one comparison finds the start of a page; see ``ranking``. ``seq`` is the number of
the last change. ``causes`` are the causes in the model's reasons, joined by semicolons: lists filter by them, but they
are not part of the verdict. ``withheld`` is the verdict of a silent model, as JSON for analysts; all other columns
then hold only the rule line's verdict, so that no order, filter, count or change can reveal the model's."""

RANKING = tuple(CURRENT.c[name] for name in RANKED[:-1])
"""Order of every list of households; ties are broken by code."""

LATEST = {
    "as_of": CURRENT.c.as_of,
    "records_end": func.coalesce(CURRENT.c.records_end, CURRENT.c.as_of),
    "scored_at": CURRENT.c.scored_at,
}
"""Dates and times of which a query that counts scores also returns the latest. If ``records_end`` is null, the records
reach ``as_of`` and count as ending on that day."""

SCORES = Table(
    "scores",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("household_id", Code(128), nullable=False),
    *_make_score_columns(),
    Column("request_id", String(64), nullable=False),
    Column("change", String(8), nullable=False, server_default="scored"),
    Column("moved_from", Code(Level.VILLAGE), nullable=True),
    sqlite_autoincrement=True,
)
"""Every change to a score; ``seq`` is the cursor for /v1/changes and never goes down. ``change`` is ``scored``, or
what happened to the last score: ``moved`` with its household from the region ``moved_from``, or ``closed``."""

Index("ix_scores_household_id", SCORES.c.household_id, SCORES.c.seq)

CAPACITY = Table(
    "capacity",
    METADATA,
    Column("county", Code(Level.COUNTY), primary_key=True),
    Column("as_of", Date, nullable=False),
    Column("margin", Double, nullable=False),
    Column("household_id", Code(128), nullable=False),
    Column("model_version", String(64), nullable=False),
)
"""The last household within each county's visit capacity, as of the county's last complete scoring."""
