"""Small villages in memory: a few households whose records are all written out in the tests."""

from __future__ import annotations

from collections import defaultdict
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

    def earns(self, yearly_per_head: float, code: str = "h", year: int = 2023, start: int = 1, months: int = 12):
        """Add one income report that covers several months; ``yearly_per_head`` is for a household of one person."""
        amount = yearly_per_head * months / 12
        return self.add(
            "income", code, period_start=f"{year}-{start:02d}-01", months=months, source="total", amount=amount
        )

    def states(self, yearly_per_head: float, code: str = "h", year: int = 2022) -> Village:
        """Add the statement of the year that ends in September of ``year``; it is known at the end of February."""
        row = {"period_start": f"{year - 1}-10-01", "months": 12, "source": "total", "statement": True}
        return self.add("income", code, amount=yearly_per_head, **row)

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
