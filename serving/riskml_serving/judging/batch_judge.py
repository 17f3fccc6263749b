"""Judges the households of requests that wait at the same time in one panel, as if they belonged to one request.

Most of the work costs the same for one household as for twenty, and a household's verdicts do not depend on the other
households of the panel, so this only saves time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.explanation import Explanation
from riskml.records.contract.as_of import AsOf
from riskml.records.contract.schema import TABLES
from riskml_serving.judging.grouping import pack
from riskml_serving.judging.judge import Judged, judge_records, judge_tables
from riskml_serving.judging.model import Model
from riskml_serving.store.records.columns import EMPTY, Columns

MOST_REQUESTS = 16
"""Maximum number of requests that are judged together."""

_DECLARED = frozenset(TABLES["households"].names)


@dataclass(frozen=True)
class Share:
    """The verdicts on the households of one request, which may have been judged together with those of others.

    Parameters
    ----------
    judged : Judged
    households : range
        Rows of the request's households in the panel.
    """

    judged: Judged
    households: range

    @classmethod
    def whole(cls, judged: Judged) -> Share:
        """Return all households that were judged."""
        return cls(judged, range(judged.panel.n))

    @property
    def as_of(self) -> AsOf:
        """The panel's date, and the last day of the records of the request's households."""
        return self.judged.date_records(slice(self.households.start, self.households.stop))

    @property
    def last_days(self) -> NDArray[np.int32]:
        """Last day that any row of each household describes or was recorded on."""
        return self.judged.panel.last_days[self.households.start : self.households.stop]

    @property
    def income_days(self) -> NDArray[np.int32]:
        """Last day that any income row of each household describes or was recorded on."""
        return self.judged.panel.income_days[self.households.start : self.households.stop]

    @property
    def rows(self) -> dict[int, dict[str, Any]]:
        """Fields of the households that are known on the panel's date, by their row in the panel."""
        return {i: self.judged.rows[i] for i in self.households if i in self.judged.rows}

    @property
    def unknown(self) -> list[str]:
        """Codes of the households that are not known on the panel's date."""
        codes = self.judged.panel.household_id
        return [str(codes[i]) for i in self.households if i not in self.judged.rows]

    def explain(self, i: int, redact: tuple[str, ...]) -> Explanation:
        """Explain the score in one row of the panel."""
        return self.judged.explain(i, redact=redact)


@dataclass(frozen=True)
class _Request:
    model: Model
    tables: Mapping[str, Columns]
    as_of: dt.date
    share: asyncio.Future[Share]

    def judge(self) -> None:
        """Judge the households of this request alone."""
        if self.share.done():  # the client has gone
            return
        try:
            self.share.set_result(Share.whole(judge_tables(self.model, self.tables, self.as_of)))
        except Exception as error:
            self.share.set_exception(error)

    def find_group(self) -> Hashable:
        """Return what this request has in common with those with which it can be judged.

        A request is judged alone if the result could depend on the rows of other requests: attributes, whose type
        follows from all values, and disasters of a region, which may strike any household in it.
        """
        attributes = self.tables["households"].keys() - _DECLARED
        regional = not all(self.tables.get("disaster", EMPTY["disaster"]).get("household_id", [None]))
        alone = id(self) if attributes or regional else None
        return id(self.model), self.as_of, id(self.tables["lines"]), frozenset(self.tables), alone


class BatchJudge:
    """Judges requests; those that wait at the same time are judged together.

    No request waits for a timer: judging begins as soon as a turn of the event loop has brought no further request.
    """

    def __init__(self) -> None:
        self._waiting: list[_Request] = []

    async def judge(self, model: Model, tables: Mapping[str, Columns], as_of: dt.date) -> Share:
        """Judge the households of a request, for which exactly these tables are known.

        Raises
        ------
        RecordsError
            If riskml cannot use the tables as they are.
        """
        loop = asyncio.get_running_loop()
        request = _Request(model, tables, as_of, loop.create_future())
        self._waiting.append(request)
        if len(self._waiting) == 1:
            loop.call_soon(self._judge_if_all_here, loop, 0)
        return await request.share

    def _judge_if_all_here(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        count = len(self._waiting)
        if before < count < MOST_REQUESTS:
            loop.call_soon(self._judge_if_all_here, loop, count)
            return
        waiting, self._waiting = self._waiting, []
        groups: defaultdict[Hashable, list[_Request]] = defaultdict(list)
        for request in waiting:
            if not request.share.done():
                groups[request.find_group()].append(request)
        for requests in groups.values():
            for start in range(0, len(requests), MOST_REQUESTS):
                _judge_together(requests[start : start + MOST_REQUESTS])


def _judge_together(requests: Sequence[_Request]) -> None:
    """Judge requests of one group; if that fails, judge each of them alone, so that only those at fault fail."""
    shares: list[Share] = []
    if len(requests) > 1:
        with suppress(Exception):
            shares = _divide(requests)
    for request, share in zip_longest(requests, shares):
        if share is None:
            request.judge()
        else:
            request.share.set_result(share)


def _divide(requests: Sequence[_Request]) -> list[Share]:
    """Judge requests of one group together, and divide the verdicts among them."""
    model, as_of = requests[0].model, requests[0].as_of
    records = pack(_join_tables([request.tables for request in requests]), model)
    numbered = [code.split(" ", 1) for code in records.household_id.tolist()]
    records.household_id = np.array([code for _, code in numbered], np.str_)
    judged = judge_records(model, records, as_of)
    sizes = np.bincount([int(number) for number, _ in numbered])
    return [
        Share(judged, range(end - size, end))
        for size, end in zip(sizes.tolist(), np.cumsum(sizes).tolist(), strict=True)
    ]


def _join_tables(requests: Sequence[Mapping[str, Columns]]) -> dict[str, Columns]:
    """Join the tables of requests of one group.

    The number of its request precedes the code of each household and of each record, since requests may use the same
    codes.
    """
    tables: dict[str, Columns] = {}
    for name in requests[0]:
        parts = [(number, request[name]) for number, request in enumerate(requests)]
        filled = [(number, part, rows) for number, part in parts if (rows := len(next(iter(part.values()))))]
        names = dict.fromkeys(column for _, part, _ in filled for column in part)
        tables[name] = {column: _join_cells(column, filled) for column in names} or EMPTY[name]
    return {**tables, "lines": requests[0]["lines"]}  # the lines are the same for all requests of a group


def _join_cells(column: str, parts: Sequence[tuple[int, Columns, int]]) -> list[Any]:
    cells: list[Any] = []
    for number, part, rows in parts:
        own = part.get(column, [None] * rows)
        if column in ("household_id", "record_id"):
            codes = {code: code and f"{number:02} {code}" for code in set(own)}
            own = [codes[code] for code in own]
        cells += own
    return cells
