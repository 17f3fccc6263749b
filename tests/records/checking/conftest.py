"""A helper that writes a small county, checks it and returns one finding."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pytest

from riskml.records.checking.check import check
from riskml.records.contract.faults import Fault

Row = dict[str, Any]
HOMES = ("0012", "0013", "0014", "0015")
CHINESE = re.compile(r"[一-鿿]")


class Finder:
    """Writes a county of four households with some tables replaced, and returns the finding with a given code."""

    def __init__(self, make) -> None:
        self.make = make

    def __call__(self, code: str, usual_lines=(), **tables: list[Row]) -> Fault | None:
        folder = self.make(**{"households": self.homes(), "income": self.income()} | tables)
        faults = [fault for fault in check(folder, usual_lines=usual_lines).faults if fault.code == code]
        for fault in faults:
            assert CHINESE.search(fault.message.read("zh"))
            assert not re.search(r"[a-z]{3,} [a-z]{2,}", fault.message.read("zh"))
            assert CHINESE.search(fault.what_to_do.read("zh"))
        assert len(faults) < 2
        return faults[0] if faults else None

    @staticmethod
    def homes(homes: Sequence[str] = HOMES, **cells: Any) -> list[Row]:
        return [{"household_id": home, "region_code": "130529101001", "size": 3} | cells for home in homes]

    @staticmethod
    def income(months: int = 24, homes: Sequence[str] = HOMES, **cells: Any) -> list[Row]:
        """Return a wage for every household and month from January 2022 on; the amounts differ."""
        starts = [dt.date(2022 + i // 12, i % 12 + 1, 1) for i in range(months)]
        return [
            {"household_id": home, "period_start": start, "source": "wage", "amount": 900.0 + 10 * i + start.month}
            | cells
            for start in starts
            for i, home in enumerate(homes)
        ]


@pytest.fixture
def find(make) -> Finder:
    return Finder(make)
