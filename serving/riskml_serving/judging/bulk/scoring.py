"""Scores many stored households in a command, a few thousand in a transaction."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine

from riskml.progress import Progress, Silent
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import writing
from riskml_serving.judging.bulk.judging import judge_ranges, keep_range
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Selection
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.capacity import renew
from riskml_serving.store.households.repository import find_households

__all__ = ["SIZE", "score_households"]

SIZE = 4096
"""Households scored in one transaction."""

EVERYWHERE = ""


def score_households(
    engine: Engine,
    model: Model,
    codes: Sequence[str],
    as_of: dt.date,
    request_id: str,
    *,
    start: int = 0,
    note: Callable[[Connection, int, bool], None] | None = None,
    progress: Progress | None = None,
) -> int:
    """Score households in their order, then settle the visit capacity of each of their counties.

    Parameters
    ----------
    engine : Engine
    model : Model
    codes : sequence of str
        In their order.
    as_of : date
    request_id : str
    start : int, default 0
        Households that were scored before.
    note : callable, optional
        Called at the end of each transaction with how many are scored now, and whether that is all.
    progress : Progress, optional

    Returns
    -------
    int
        Scores that were kept.
    """
    bar, kept, done = progress or Silent(), 0, start
    bar.stage("scores", len(codes))
    selection, after = Selection(EVERYWHERE, (), codes), codes[start - 1] if start else ""
    with Reader(engine.url.render_as_string(hide_password=False)) as reader:
        for judged in judge_ranges(engine, reader, model, selection, as_of, after=after, size=SIZE):
            before, done = done, bisect_right(codes, judged.last)
            with writing(engine) as connection:
                kept += keep_range(connection, model, judged.table, EVERYWHERE, as_of, request_id)
                if note is not None:
                    note(connection, done, False)
            bar.step(done - before)
    with writing(engine) as connection:
        households = find_households(connection, codes, EVERYWHERE).values()
        for county in sorted({take_region(row["region_code"], Level.COUNTY) for row in households}):
            renew(connection, model, county, as_of, request_id)
        if note is not None:
            note(connection, len(codes), True)
    return kept
