"""Small villages in memory: a few households whose records are all written out in the tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import pytest

from riskml.outcomes import classify_cohort
from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.basis import IncomeBasis
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.vocabulary.verdicts import STATUSES

AS_OF = "2023-12-31"
PACKAGED = files("riskml.policy").joinpath("policy.yaml").read_text("utf-8")

_COLUMNS = {
    "households": ("household_id", "region_code", "size", "kind", "exited_on"),
    "income": ("household_id", "period_start", "months", "source", "amount", "statement", "member_id", "recorded_on"),
    "lines": ("region_code", "effective_from", "amount", "source"),
    "illness": ("household_id", "occurred_on", "kind", "visits", "cost", "self_paid", "recorded_on"),
    "disaster": ("household_id", "region_code", "occurred_on", "kind", "loss", "recorded_on"),
    "events": ("household_id", "occurred_on", "kind", "amount", "recorded_on"),
    "help": ("household_id", "started_on", "measure", "amount", "recorded_on"),
    "monitoring": ("household_id", "category", "entered_on", "cleared_on", "recorded_on"),
}


class Village:
    """Tables filled row by row, by default about Hebei, for which the packaged policy has lines from 2020 on."""

    def __init__(self) -> None:
        self.rows = defaultdict(list)
        for table in ("households", "income", "lines"):
            self.rows[table] = []

    def add(self, table: str, household: str | None = "h", **values: object) -> Village:
        if table != "lines":
            values["household_id"] = household
        self.rows[table].append(values)
        return self

    def household(self, code: str = "h", size: int = 1, kind: str | None = None, region: str = "130529") -> Village:
        return self.add("households", code, size=size, kind=kind, region_code=region)

    def earns(self, yearly: float, code: str = "h", year: int = 2023, start: int = 1, months: int = 12):
        """Add one report of several months, at a rate of ``yearly`` yuan a year for the whole household."""
        amount = yearly * months / 12
        return self.add(
            "income", code, period_start=f"{year}-{start:02d}-01", months=months, source="total", amount=amount
        )

    def states(self, yearly: float, code: str = "h", year: int = 2022, month: int = 9) -> Village:
        """Add the statement of the year that ends in a month, by default September; it is known five months later."""
        start = f"{year - (month < 12)}-{month % 12 + 1:02d}-01"
        row = {"period_start": start, "months": 12, "source": "total", "statement": True}
        return self.add("income", code, amount=yearly, **row)

    def has(self, *tables: str) -> Village:
        """Make tables present, even if they stay empty."""
        for table in tables:
            self.rows[table].extend([])
        return self

    def records(self, fallback_lines=None) -> Records:
        tables = {
            table: {name: [row.get(name) for row in rows] for name in _COLUMNS[table]}
            for table, rows in self.rows.items()
        }
        return Records.from_tables(tables, load_policy().lines if fallback_lines is None else fallback_lines)

    def classified(self, as_of: str = AS_OF, policy=None, **options) -> list[str]:
        """Return the name of every household's status."""
        policy, settings = policy or load_policy(), Settings(**options)
        panel = self.records(policy.lines).panel(to_day(as_of), basis=settings.basis)
        return [STATUSES.codes[status] for status in classify_cohort(panel, settings, policy)]

    def judged(self, as_of: str = AS_OF, policy=None, **options):
        policy = policy or load_policy()
        return apply_rule_line(self.records(policy.lines).panel(to_day(as_of), basis=IncomeBasis(**options)), policy)


Add = Callable[[Village, float], object]
"""Adds the income of the household that was added last, in yuan a year for all its members."""


def julu(village: Village, add: Add) -> None:
    """Add the household with heart surgery: an income of 12,000 yuan per head, 90,000 yuan self-paid."""
    add(village.household(size=4, kind="exited"), 4 * 12_000)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", cost=182_000, self_paid=90_000)


def leye_child(village: Village, add: Add) -> None:
    """Add the household of the child with thalassaemia: an income of 9,000 yuan per head, 120,000 yuan self-paid."""
    add(village.household(size=5, kind="ordinary", region="451028"), 5 * 9000)
    village.add("illness", kind="inpatient", occurred_on="2023-10-20", cost=200_000, self_paid=80_000)
    village.add("illness", kind="outpatient", occurred_on="2023-12-10", cost=75_000, self_paid=40_000)


def leye_shop(village: Village, add: Add) -> None:
    """Add the household whose shop burnt down: an income of 20,000 yuan per head."""
    add(village.household(size=4, kind="ordinary", region="451028"), 4 * 20_000)
    village.add("disaster", kind="fire", occurred_on="2023-11-02", loss=120_000)


def fengjie(village: Village, add: Add) -> None:
    """Add the orange grower: an income of 5,800 yuan per head, a serious illness, a dropout, an unsold crop."""
    add(village.household(size=4, kind="exited", region="500236"), 4 * 5800)
    village.add("illness", kind="inpatient", occurred_on="2023-04-12", cost=60_000, self_paid=24_000)
    village.add("events", kind="dropout", occurred_on="2023-09-08")
    village.add("disaster", kind="price_fall", occurred_on="2023-12-05", loss=18_000)


def childbirth(village: Village, add: Add) -> None:
    """Add the household with the childbirth bill: an income of 18,000 yuan per head, 9,800 yuan self-paid."""
    add(village.household(size=4, kind="exited", region="451028"), 4 * 18_000)
    village.add("illness", kind="inpatient", occurred_on="2023-10-03", cost=14_000, self_paid=9800)


@dataclass(frozen=True)
class Case:
    """A household from a published report: how to add it, its status, and the mildest and worst colours allowed."""

    build: Callable[[Village, Add], None]
    status: str
    least: str
    most: str


CASES = {
    "julu": Case(julu, "in_hardship", "orange", "red"),
    "leye_child": Case(leye_child, "in_hardship", "orange", "red"),
    "leye_shop": Case(leye_shop, "at_risk", "yellow", "red"),
    "fengjie": Case(fengjie, "below_line", "orange", "red"),
    "childbirth": Case(childbirth, "at_risk", "green", "yellow"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def village() -> Village:
    return Village()


@pytest.fixture
def comfortable(village: Village) -> Village:
    """Make one ordinary one-person household, far above the line; all other tables are present but empty."""
    return village.household(kind="ordinary").earns(30_000).has("illness", "disaster", "events", "help", "monitoring")


@pytest.fixture
def new_village() -> type[Village]:
    return Village


@pytest.fixture(scope="session")
def packaged() -> str:
    """Return the text of the packaged policy table."""
    return PACKAGED
