"""Outcomes and cohort agree with an independent oracle: SQL finds what is known, and simple loops apply the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskml.outcomes import BY, REASONS, Labels, count_labels, label
from riskml.records.contract.calendar import to_date, to_month, to_month_end
from riskml.records.panel.store import Records
from riskml.splits import Settings, build_grid, cut_origins
from riskml.vocabulary.verdicts import STATUSES

HOUSEHOLDS, MONTHS, START = 90, 30, 12 * 51  # from January 2021
Tables = dict[str, pd.DataFrame]


def month_start(month: int) -> dt.date:
    return to_date(to_month_end(month - 1) + 1)


def random_tables(seed: int) -> Tables:
    """Draw a county with incomes near the line, gaps, late rows, corrections, periods, moves, monitoring, help."""
    rng = np.random.default_rng(seed)
    names = [f"h{i:02d}" for i in range(HOUSEHOLDS)]

    def day(span: float = MONTHS) -> dt.date:
        return to_date(to_month_end(START - 1) + 1 + int(rng.integers(0, int(30 * span))))

    households, income, monitoring, helped = [], [], [], []
    for name in names:
        size, level = int(rng.integers(1, 5)), rng.normal(560, 100)
        first = None if rng.random() < 0.8 else day(12)
        households.append((name, first, rng.choice(["130529", "130530", "430101"]), size))
        if rng.random() < 0.4:
            moved = (first or dt.date(2021, 1, 1)) + dt.timedelta(days=int(rng.integers(30, 700)))
            households.append(
                (name, moved, rng.choice(["130529", "130530", "430101"]), max(1, size + rng.integers(-1, 2)))
            )
        whole, careless = rng.random() < 0.3, rng.random() < 0.5  # reports only totals; has gaps and late rows
        gap = (int(rng.integers(0, MONTHS)), int(rng.integers(0, 9)))
        # Some report one month per quarter, some report quarterly totals, and some stop early.
        every, length = ((1, 1), (1, 1), (3, 1), (3, 3))[rng.integers(0, 4)] if careless else (1, 1)
        last = int(rng.integers(6, MONTHS)) if rng.random() < 0.3 else MONTHS
        for month in range(0, last, every):
            if careless and (rng.random() < 0.1 or gap[0] <= month < gap[0] + gap[1]):
                continue
            amounts = rng.normal(level * size * length / (1 if whole else 2), 60 * length, 1 if whole else 2)
            for source, amount in zip(("total",) if whole else ("wage", "business"), amounts, strict=True):
                end = to_date(to_month_end(START + month + length - 1))
                late = end + dt.timedelta(days=int(rng.integers(-20, 200))) if careless and rng.random() < 0.4 else None
                record = f"r{len(income)}"
                income.append((name, month_start(START + month), length, source, amount, late, record))
                if rng.random() < (0.15 if careless else 0.02):
                    again = (late or end) + dt.timedelta(days=int(rng.integers(1, 200)))
                    other = None if rng.random() < 0.3 else amount * rng.uniform(0.6, 1.4)
                    income.append((name, month_start(START + month), length, source, other, again, record))
        for _ in range(int(rng.random() < 0.35) + int(rng.random() < 0.15)):
            entered = day()
            recorded = None if rng.random() < 0.5 else entered + dt.timedelta(days=int(rng.integers(-5, 250)))
            cleared = entered + dt.timedelta(days=int(rng.integers(20, 400))) if rng.random() < 0.6 else None
            monitoring.append((name, "borderline", entered, cleared if rng.random() < 0.4 else None, recorded))
            if cleared is not None:
                monitoring.append((name, "borderline", entered, cleared, max(cleared, recorded or cleared)))
        for _ in range(int(rng.integers(0, 3))):
            started = day()
            recorded = None if rng.random() < 0.6 else started + dt.timedelta(days=int(rng.integers(0, 200)))
            record, emergency = f"r{len(helped)}", bool(rng.random() < 0.5)
            helped.append((name, started, "aid", emergency, recorded, record, None))
            if rng.random() < 0.3:
                again = (recorded or started) + dt.timedelta(days=int(rng.integers(1, 200)))
                helped.append((name, started, "aid", emergency, again, record, bool(rng.random() < 0.5)))
    frame = {
        "households": (households, "household_id recorded_on region_code size"),
        "income": (income, "household_id period_start months source amount recorded_on record_id"),
        "monitoring": (monitoring, "household_id category entered_on cleared_on recorded_on"),
        "help": (helped, "household_id started_on measure emergency recorded_on record_id withdrawn"),
        "lines": (
            [
                ("13", dt.date(2020, 1, 1), 6000.0),
                ("", dt.date(2021, 6, 1), 6300.0),
                ("130529", dt.date(2022, 6, 16), 6600.0),
            ],
            "region_code effective_from amount",
        ),
    }
    out = {name: pd.DataFrame(rows, columns=columns.split()).astype(object) for name, (rows, columns) in frame.items()}
    out["monitoring"] = out["monitoring"].drop_duplicates(["household_id", "entered_on", "recorded_on"])
    for name in ("months", "size"):
        table = out["income" if name == "months" else "households"]
        table[name] = table[name].astype("int64")
    for table, column in (("income", "amount"), ("lines", "amount")):
        out[table][column] = out[table][column].astype("float64")
    return out


VERDICTS = """
WITH paid AS (
    SELECT *, coalesce(recorded_on, last_day(period_start + to_months(months - 1))) AS rec FROM income),
known AS (
    SELECT * FROM paid WHERE rec <= $known
    QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY rec DESC) = 1),
cells AS (
    SELECT household_id, datediff('month', DATE '1970-01-01', period_start) + u.i AS m, sum(amount / months) AS total
    FROM known, LATERAL (SELECT unnest(range(months)) AS i) u WHERE amount IS NOT NULL GROUP BY ALL),
ends AS (
    SELECT i::INT AS m, last_day(DATE '1970-01-01' + to_months(i::INT)) AS day FROM range($low, $high + 1) t(i)),
versions AS (
    SELECT *, coalesce(recorded_on, DATE '1900-01-01') AS since FROM households
    WHERE coalesce(recorded_on, DATE '1900-01-01') <= $known),
home AS (
    SELECT household_id, m, day, size, region_code FROM versions, ends
    QUALIFY row_number() OVER (PARTITION BY household_id, m ORDER BY since <= day DESC,
        CASE WHEN since <= day THEN since END DESC NULLS LAST, since) = 1),
line AS (
    SELECT household_id, m, l.amount FROM home h JOIN lines l
    ON starts_with(h.region_code, l.region_code) AND l.effective_from <= h.day
    QUALIFY row_number() OVER (PARTITION BY household_id, m
        ORDER BY length(l.region_code) DESC, l.effective_from DESC) = 1),
income_per_head AS (
    SELECT h.household_id, h.m, avg(c.total) * 12 / any_value(h.size) AS income FROM home h JOIN cells c
    ON c.household_id = h.household_id AND c.m BETWEEN h.m - $window + 1 AND h.m GROUP BY ALL HAVING count(*) >= $need)
SELECT h.household_id, h.m, i.income, l.amount, c.total IS NOT NULL FROM home h
LEFT JOIN income_per_head i USING (household_id, m) LEFT JOIN line l USING (household_id, m)
LEFT JOIN cells c USING (household_id, m)
"""
ENTRIES = """
SELECT household_id, entered_on, cleared_on FROM monitoring WHERE coalesce(recorded_on, entered_on) <= $known
QUALIFY row_number() OVER (
    PARTITION BY household_id, entered_on ORDER BY coalesce(recorded_on, DATE '1900-01-01') DESC) = 1
"""
EMERGENCIES = """
SELECT household_id, started_on FROM (
    SELECT * FROM help WHERE coalesce(recorded_on, started_on) <= $known
    QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY coalesce(recorded_on, started_on) DESC) = 1)
WHERE emergency AND withdrawn IS NOT TRUE
"""


@dataclass
class Known:
    """What is known on a day: ``(income, line, reported)`` by household and month, entries into monitoring, and days on
    which emergency help started."""

    months: dict[tuple[str, int], tuple[float | None, float | None, bool]]
    entries: dict[str, list[tuple[dt.date, dt.date | None]]]
    emergencies: dict[str, list[dt.date]]


def known(con: duckdb.DuckDBPyConnection, day: dt.date, settings: Settings, months: Sequence[int]) -> Known:
    need = settings.window if settings.outcome == "end" else settings.window / 2
    span = {"low": months[0], "high": months[-1], "window": settings.window, "need": need}
    rows = con.execute(VERDICTS, {"known": day, **span}).fetchall()
    kept = Known({(h, m): (i, line, r) for h, m, i, line, r in rows}, {}, {})
    for h, entered, cleared in con.execute(ENTRIES, {"known": day}).fetchall():
        kept.entries.setdefault(h, []).append((entered, cleared))
    for h, started in con.execute(EMERGENCIES, {"known": day}).fetchall():
        kept.emergencies.setdefault(h, []).append(started)
    return kept


def verdict(at: Known, household: str, month: int) -> bool | None:
    income, line, _ = at.months[household, month]
    return None if income is None or line is None else income < line * (1 - 1e-4)


def standing(then: Known, household: str, as_of: dt.date, month: int) -> str:
    if (household, month) not in then.months:
        return "unknown"
    entries = then.entries.get(household, [])
    if any(entered <= as_of and (cleared is None or cleared > as_of) for entered, cleared in entries):
        return "monitored"
    below = verdict(then, household, month)
    return "no_income" if below is None else "below_line" if below else "at_risk"


def outcome(then: Known, now: Known, household: str, month: int, settings: Settings) -> tuple[str, str, int]:
    """Return a cohort row's label (or the reason why it has none), how the household fell, and when (in months)."""
    as_of, until = to_date(to_month_end(month)), to_date(to_month_end(month + settings.horizon))
    recorded_then = {entered for entered, _ in then.entries.get(household, [])}
    entered = [day for day, _ in now.entries.get(household, [])]
    if any(day <= as_of and day not in recorded_then for day in entered):
        return "entered_recorded_late", "", 0
    entry = min((day for day in entered if as_of < day <= until), default=None)
    entry_lead = None if entry is None else (entry.year - as_of.year) * 12 + entry.month - as_of.month
    span = range(month + 1, month + settings.horizon + 1)
    ends = span[-1:] if settings.outcome == "end" else span
    falls = [m - month for m in ends if verdict(now, household, m)]
    last = span[-3:]
    seen = any(now.months[household, m][2] for m in last)
    seen &= any(verdict(now, household, m) is not None for m in (last if settings.outcome == "any" else ends))
    if entry_lead is not None:
        if seen and falls and falls[0] <= entry_lead:
            return "1", "income", falls[0]
        return "1", "monitoring", entry_lead
    if not seen:
        return "no_follow_up", "", 0
    if falls:
        return "1", "income", falls[0]
    if any(as_of < day <= until for day in now.emergencies.get(household, [])):
        return "emergency_help", "", 0
    return "0", "", 0


def readable(records: Records, labels: Labels) -> list[tuple[str, int, str, str, int]]:
    reason = {code: name for name, code in REASONS.items()}
    by = {0: "", **{code: name for name, code in BY.items()}}
    rows = zip(labels.household, labels.as_of, labels.y, labels.reason, labels.by, labels.lead, strict=True)
    return [
        (str(records.household_id[h]), int(day), reason[r] if y < 0 else str(y), by[b], int(lead))
        for h, day, y, r, b, lead in rows
    ]


@pytest.fixture(scope="module", params=[11, 12])
def county(request):
    tables = random_tables(request.param)
    with duckdb.connect(config={"threads": 1}) as con:
        for name, frame in tables.items():
            con.register(f"{name}_frame", frame)
            kinds = {"recorded_on": "DATE", "cleared_on": "DATE", "withdrawn": "BOOLEAN", "emergency": "BOOLEAN"}
            cast = ", ".join(f'"{c}"::{kinds[c]} AS "{c}"' if c in kinds else f'"{c}"' for c in frame)
            con.execute(f"CREATE TABLE {name} AS SELECT {cast} FROM {name}_frame")
        yield Records.from_tables(tables), con


@pytest.mark.parametrize("known_at", [None, "early"])
@pytest.mark.parametrize(("window", "horizon"), [(1, 2), (1, 12), (3, 3), (3, 12), (12, 3), (12, 12)])
@pytest.mark.parametrize("kind", ["any", "end"])
def test_labels_agree_with_the_oracle(county, kind, window, horizon, known_at):
    records, con = county
    settings = Settings(window, horizon, kind, step=5)
    days = build_grid(records, settings).as_ofs
    knowledge = None if known_at is None else to_month_end(to_month(days[-1]) + horizon) - 100
    labels = label(records, days, settings, knowledge, chunk=37)

    months = range(START, START + MONTHS)
    now = known(con, dt.date(2100, 1, 1) if knowledge is None else to_date(knowledge), settings, months)
    expected, status = [], dict.fromkeys(STATUSES, 0)
    for day in days:
        month = to_month(day)
        then = known(con, to_date(day), settings, [month])
        for household in records.household_id.tolist():
            stands = standing(then, household, to_date(day), month)
            status[stands] += 1
            if stands == "at_risk":
                expected.append((household, day, *outcome(then, now, household, month, settings)))
    assert readable(records, labels) == expected
    assert dict(zip(STATUSES, labels.status.sum(axis=0).tolist(), strict=True)) == status
    assert count_labels(labels)["cohort"] == len(expected) > 20


def test_the_random_counties_hold_every_outcome(county):
    records, _ = county
    settings = Settings(3, 12, "any", step=1)
    tally = count_labels(label(records, build_grid(records, settings).as_ofs, settings))
    labels = label(records, build_grid(records, settings).as_ofs, settings)
    assert min(tally["missing"].values()) > 5
    assert min(tally["excluded"].values()) > 5
    assert set(BY.values()) == set(labels.by[labels.y == 1].tolist())
    assert len(set(labels.lead.tolist())) == 13


@pytest.mark.parametrize("kind", ["any", "end"])
def test_what_is_recorded_after_testing_starts_changes_no_training_label(county, kind):
    records, con = county
    settings = Settings(3, 6, kind, step=2)
    latest = cut_origins(build_grid(records, settings), settings)[0]
    recorded = {
        "households": "recorded_on",
        "income": "coalesce(recorded_on, last_day(period_start + to_months(months - 1)))",
        "monitoring": "coalesce(recorded_on, entered_on)",
        "help": "coalesce(recorded_on, started_on)",
        "lines": "NULL",
    }
    day = to_date(latest.test_from)
    then = {
        name: con.execute(f"SELECT * FROM {name} WHERE coalesce({known} <= $day, true)", {"day": day}).df()
        for name, known in recorded.items()
    }
    everything = sum(len(con.execute(f"FROM {name}").fetchall()) for name in recorded)
    assert sum(map(len, then.values())) < 0.9 * everything
    before = Records.from_tables(then)
    labels, known_then = (label(r, latest.train, settings, latest.test_from) for r in (records, before))
    assert readable(records, labels) == readable(before, known_then)
    assert len(labels) > 100
    # Using all records changes some labels, so a leak of later records would be noticed.
    assert readable(records, labels) != readable(records, label(records, latest.train, settings))


def test_labels_do_not_depend_on_the_chunk_or_on_other_as_ofs(county):
    records, _ = county
    settings = Settings(3, 6, step=2)
    days = build_grid(records, settings).as_ofs
    together = readable(records, label(records, days, settings))
    assert readable(records, label(records, days, settings, chunk=1)) == together
    assert [row for day in days for row in readable(records, label(records, [day], settings))] == together
    assert readable(records, label(records, days[::-1], settings)) == together
