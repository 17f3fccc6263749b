"""Labels and the choice of households agree with an independent oracle, in which SQL finds what is known and simple
loops apply the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

import duckdb
import numpy as np
import pandas as pd
import pytest

from riskml.outcomes import FALL_KINDS, REASONS, Labels, count_labels, label
from riskml.policy import apply_rule_line, load_policy, parse_policy
from riskml.records.contract.calendar import to_date, to_day, to_month, to_month_end
from riskml.records.panel.store import Records
from riskml.splits import Settings, build_grid
from riskml.vocabulary.verdicts import STATUSES

pytestmark = pytest.mark.integration  # queries DuckDB for every label

FIRST, LAST = 12 * 49 + 9, 12 * 55  # the oracle knows these months; the first statements begin in October 2019

PACKAGED = files("riskml.policy").joinpath("policy.yaml").read_text("utf-8")
SWITCHED = PACKAGED.replace("net school cost, counts: true", "net school cost, counts: false").replace(
    "(amount of housing_unsafe events), counts: false", "(amount of housing_unsafe events), counts: true"
)
POLICIES = {"packaged": load_policy(), "switched": parse_policy(SWITCHED)}
COUNTED = {"packaged": ["medical_self_paid", "school_fees"], "switched": ["medical_self_paid", "housing_repair"]}

INCOME = """
SELECT household_id, datediff('month', DATE '1970-01-01', period_start), months, source, amount, stated, rec FROM (
    SELECT *, coalesce(statement, false) AS stated,
        coalesce(recorded_on, last_day((period_start + to_months(months - 1 + if(statement, 5, 0)))::DATE)) AS rec
    FROM income)
WHERE rec <= $known QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY rec DESC) = 1
    AND amount IS NOT NULL AND member_id IS NULL
"""
VERDICTS = """
WITH ends AS (
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
        AND coalesce(l.recorded_on, l.effective_from) <= h.day
    QUALIFY row_number() OVER (PARTITION BY household_id, m
        ORDER BY length(l.region_code) DESC, l.effective_from DESC) = 1),
income_per_head AS (
    SELECT h.household_id, h.m, avg(c.total) * 12 / any_value(h.size) AS income FROM home h JOIN cells c
    ON c.household_id = h.household_id AND c.m BETWEEN h.m - $window + 1 AND h.m GROUP BY ALL HAVING count(*) >= $need)
SELECT h.household_id, h.m, i.income, l.amount, c.total IS NOT NULL, h.size FROM home h
LEFT JOIN income_per_head i USING (household_id, m) LEFT JOIN line l USING (household_id, m)
LEFT JOIN cells c USING (household_id, m)
"""
SPENDING = """
WITH bills AS (
    SELECT household_id, occurred_on, self_paid AS amount, 'medical_self_paid' AS item,
        coalesce(recorded_on, occurred_on) AS rec, 'i' || record_id AS record, withdrawn FROM illness
    UNION ALL
    SELECT household_id, occurred_on, amount,
        CASE kind WHEN 'school_fee' THEN 'school_fees' WHEN 'housing_unsafe' THEN 'housing_repair' END,
        coalesce(recorded_on, occurred_on), 'e' || record_id, withdrawn FROM events),
latest AS (
    SELECT * FROM bills WHERE rec <= $known QUALIFY row_number() OVER (PARTITION BY record ORDER BY rec DESC) = 1)
SELECT household_id, datediff('month', DATE '1970-01-01', occurred_on), sum(amount) FROM latest
WHERE withdrawn IS NOT TRUE AND list_contains($items, item) AND amount IS NOT NULL GROUP BY ALL
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


DESERTED = """
WITH roster AS (
    SELECT household_id, left_on FROM members WHERE coalesce(recorded_on, DATE '1900-01-01') <= $known
    QUALIFY row_number() OVER (PARTITION BY household_id, member_id ORDER BY recorded_on DESC NULLS LAST) = 1),
home AS (
    SELECT household_id, size FROM households WHERE coalesce(recorded_on, DATE '1900-01-01') <= $known
    QUALIFY row_number() OVER (PARTITION BY household_id ORDER BY recorded_on DESC NULLS LAST) = 1)
SELECT household_id, max(left_on) FROM roster JOIN home USING (household_id) GROUP BY ALL
HAVING count(*) = count(left_on) AND count(*) >= any_value(size) AND max(left_on) <= $known
"""


SOURCES = ("wage", "business", "property", "transfer")


@dataclass
class Known:
    """What is known about all households on a given day.

    ``months`` holds (income, line, reported, size) by household and month; ``stated`` holds the households with a
    statement; ``spending`` holds the unavoidable spending by household and month; ``entries`` holds the days of entry
    and clearance; ``emergencies`` holds the days on which emergency help started; and ``deserted`` holds the days on
    which last members left.
    """

    months: dict[tuple[str, int], tuple[float | None, float | None, bool, int]]
    stated: set[str]
    spending: dict[tuple[str, int], float]
    entries: dict[str, list[tuple[dt.date, dt.date | None]]]
    emergencies: dict[str, list[dt.date]]
    deserted: dict[str, dt.date]


def sum_months(rows: list[tuple[int, int, str, float, bool, dt.date]]) -> dict[int, float]:
    """Apply the rules for yearly statements in data/README.md to one household's known rows; return its income by
    reported month."""
    plain: dict[int, dict[str, float]] = {}
    covered: dict[int, dict[str, tuple[dt.date, int, float]]] = {}
    latest: dict[str, tuple[dt.date, int, float]] = {}
    for start, months, source, amount, stated, recorded in rows:
        statement = (recorded, start, amount / months)
        if stated:
            latest[source] = max(latest.get(source, statement), statement)
        for month in range(start, start + months):
            if stated:
                best = covered.setdefault(month, {})
                best[source] = max(best.get(source, statement), statement)
            else:
                cells = plain.setdefault(month, {})
                cells[source] = cells.get(source, 0.0) + amount / months

    def is_total(statements: dict[str, tuple[dt.date, int, float]]) -> bool:
        others = [recorded for source, (recorded, _, _) in statements.items() if source != "total"]
        return "total" in statements and statements["total"][0] >= max(others, default=dt.date.min)

    needed = SOURCES if is_total(latest) else [s for s, (_, _, amount) in latest.items() if s != "total" and amount]
    out: dict[int, float] = {}
    for month in plain.keys() | covered.keys():
        cells, best = plain.get(month, {}), covered.get(month, {})
        if is_total(best):
            out[month] = best["total"][2]
        elif "total" in cells:
            out[month] = cells["total"]
        elif best or all(source in cells for source in needed):
            stated = {source: amount for source, (_, _, amount) in best.items() if source != "total"}
            out[month] = sum({**cells, **stated}.values())
    return out


def read_known(
    con: duckdb.DuckDBPyConnection, day: dt.date, settings: Settings, policy: str, months: Sequence[int]
) -> Known:
    rows: dict[str, list[tuple[int, int, str, float, bool, dt.date]]] = {}
    for household, *row in con.execute(INCOME, {"known": day}).fetchall():
        rows.setdefault(household, []).append(tuple(row))
    totals = [(h, m, total) for h, own in rows.items() for m, total in sum_months(own).items()]
    con.register("cells", pd.DataFrame(totals, columns=["household_id", "m", "total"]))
    need = settings.window if settings.outcome == "end" else settings.window / 2
    span = {"low": months[0], "high": months[-1], "window": settings.window, "need": need}
    verdicts = con.execute(VERDICTS, {"known": day, **span}).fetchall()
    items = COUNTED[policy] if settings.hardship == "count" else []
    bills = con.execute(SPENDING, {"known": day, "items": items}).fetchall()
    kept = Known(
        {(h, m): tuple(values) for h, m, *values in verdicts},
        {h for h, own in rows.items() if any(row[4] for row in own)},
        {(h, m): amount for h, m, amount in bills},
        {},
        {},
        dict(con.execute(DESERTED, {"known": day}).fetchall()),
    )
    for h, entered, cleared in con.execute(ENTRIES, {"known": day}).fetchall():
        kept.entries.setdefault(h, []).append((entered, cleared))
    for h, started in con.execute(EMERGENCIES, {"known": day}).fetchall():
        kept.emergencies.setdefault(h, []).append(started)
    return kept


def judge_window(at: Known, household: str, end: int, month: int) -> str | None:
    """Judge the window that ends with month ``end``, given the spending of the twelve months up to ``month``."""
    income, line, _, size = at.months[household, end]
    if income is None or line is None:
        return None
    if income < line * (1 - 1e-4):
        return "income"
    spent = sum(at.spending.get((household, m), 0.0) for m in range(month - 11, month + 1))
    return "spending" if income - spent / size < line * (1 - 1e-4) else "above"


def find_end(then: Known, household: str, month: int, settings: Settings) -> int:
    """Find the last month of the income window to judge at the end of ``month``; it is earlier if the income is old."""
    income, _, reported, _ = then.months[household, month]
    if income is None or (household in then.stated and not reported):
        for end in range(month - 1, month - settings.income_age - 1, -1):
            earlier, _, ends_reported, _ = then.months[household, end]
            if earlier is not None and ends_reported:
                return end
    return month


def classify_household(then: Known, household: str, as_of: dt.date, month: int, settings: Settings) -> str:
    if (household, month) not in then.months or household in then.deserted:
        return "unknown"
    entries = then.entries.get(household, [])
    if any(entered <= as_of and (cleared is None or cleared > as_of) for entered, cleared in entries):
        return "monitored"
    kind = judge_window(then, household, find_end(then, household, month, settings), month)
    return {None: "no_income", "income": "below_line", "spending": "in_hardship", "above": "at_risk"}[kind]


def list_falls(now: Known, household: str, as_of: dt.date, month: int, settings: Settings) -> list[tuple[int, str]]:
    """List the falls within the horizon as (months ahead, kind); only the first one decides the label."""
    until = to_date(to_month_end(month + settings.horizon))
    span = range(month + 1, month + settings.horizon + 1)
    ends = span[-1:] if settings.outcome == "end" else span
    falls = [(m - month, kind) for m in ends if (kind := judge_window(now, household, m, m)) in ("income", "spending")]
    entered = [day for day, _ in now.entries.get(household, []) if as_of < day <= until]
    falls += [((day.year - as_of.year) * 12 + day.month - as_of.month, "monitoring") for day in entered]
    return sorted(falls, key=lambda fall: (fall[0], list(FALL_KINDS).index(fall[1])))


def is_followed(now: Known, household: str, month: int, settings: Settings) -> bool:
    last = range(month + 1, month + settings.horizon + 1)[-3:]
    ends = last if settings.outcome == "any" else last[-1:]
    if now.deserted.get(household, dt.date.max) <= to_date(to_month_end(last[-1])):
        return False
    reported = any(now.months[household, m][2] for m in last)
    return reported and any(judge_window(now, household, m, m) is not None for m in ends)


def label_household(then: Known, now: Known, household: str, month: int, settings: Settings) -> tuple[str, str, int]:
    """Return a cohort row's label (or the reason why it has none), how the household fell, and the lead in months."""
    as_of, until = to_date(to_month_end(month)), to_date(to_month_end(month + settings.horizon))
    recorded_then = {entered for entered, _ in then.entries.get(household, [])}
    if any(day <= as_of and day not in recorded_then for day, _ in now.entries.get(household, [])):
        return "entered_recorded_late", "", 0
    falls, seen = list_falls(now, household, as_of, month, settings), is_followed(now, household, month, settings)
    entered = any(kind == "monitoring" for _, kind in falls)
    falls = falls if seen else [fall for fall in falls if fall[1] == "monitoring"]
    if not seen and not entered:
        return "no_follow_up", "", 0
    if falls:
        return "1", falls[0][1], falls[0][0]
    if any(as_of < day <= until for day in now.emergencies.get(household, [])):
        return "emergency_help", "", 0
    return "0", "", 0


@dataclass
class Expected:
    """The oracle's labelled rows, their incomes and lines, households counted by status, and tied kinds of fall."""

    rows: list[tuple[str, int, str, str, int]]
    incomes: list[tuple[float, float]]
    status: dict[str, int]
    ties: set[str]


def label_all(county, days: Sequence[int], settings: Settings, policy: str, knowledge: int | None) -> Expected:
    records, con = county
    everything = dt.date(2100, 1, 1)
    now = read_known(con, everything if knowledge is None else to_date(knowledge), settings, policy, range(FIRST, LAST))
    out = Expected([], [], dict.fromkeys(STATUSES, 0), set())
    for day in days:
        month, rows, followed = to_month(day), [], 0
        then = read_known(con, to_date(day), settings, policy, range(month - settings.income_age, month + 1))
        for household in records.household_id.tolist():
            stands = classify_household(then, household, to_date(day), month, settings)
            out.status[stands] += 1
            if stands != "at_risk":
                continue
            rows.append((household, day, *label_household(then, now, household, month, settings)))
            out.incomes.append(then.months[household, find_end(then, household, month, settings)][:2])
            followed += is_followed(now, household, month, settings)
            falls = list_falls(now, household, to_date(day), month, settings)
            if len(falls) > 1 and falls[0][0] == falls[1][0]:
                out.ties.add(f"{falls[0][1]} before {falls[1][1]}")
        if 10 * followed < len(rows):
            rows = [(household, day, "not_followed", "", 0) for household, *_ in rows]
        out.rows += rows
    return out


def name_labels(records: Records, labels: Labels) -> list[tuple[str, int, str, str, int]]:
    reason = {code: name for name, code in REASONS.items()}
    by = {0: "", **{code: name for name, code in FALL_KINDS.items()}}
    rows = zip(labels.household, labels.as_of, labels.y, labels.reason, labels.by, labels.lead, strict=True)
    return [
        (str(records.household_id[h]), int(day), reason[r] if y < 0 else str(y), by[b], int(lead))
        for h, day, y, r, b, lead in rows
    ]


def compare(county, settings: Settings, policy: str, known_at: str | None) -> None:
    records, _ = county
    days = build_grid(records, settings).as_ofs
    knowledge = None if known_at is None else to_month_end(to_month(days[-1]) + settings.horizon) - 100
    labels = label(records, days, settings, POLICIES[policy], knowledge, chunk=37)
    expected = label_all(county, days, settings, policy, knowledge)
    assert name_labels(records, labels) == expected.rows
    incomes = np.column_stack([labels.income_per_head, labels.line])
    np.testing.assert_allclose(incomes, np.array(expected.incomes), rtol=1e-12)
    assert dict(zip(STATUSES, labels.status.sum(axis=0).tolist(), strict=True)) == expected.status
    assert count_labels(labels)["cohort"] == len(expected.rows) > 20


@pytest.mark.parametrize("known_at", [None, "early"])
@pytest.mark.parametrize(
    ("window", "horizon", "policy"),
    [
        (1, 2, "switched"),
        (1, 12, "packaged"),
        (3, 3, "packaged"),
        (3, 12, "switched"),
        (12, 3, "packaged"),
        (12, 12, "ignored"),
        (12, 12, "packaged"),
    ],
)
@pytest.mark.parametrize("kind", ["any", "end"])
def test_labels_agree_with_the_oracle(county, kind, window, horizon, policy, known_at):
    settings = Settings(window, horizon, kind, step=5)
    if policy == "ignored":
        settings, policy = replace(settings, hardship="ignore"), "packaged"
    compare(county, settings, policy, known_at)


@pytest.mark.parametrize("known_at", [None, "early"])
@pytest.mark.parametrize(
    ("window", "horizon", "age", "policy"),
    [(12, 12, 0, "packaged"), (12, 12, 18, "packaged"), (12, 3, 6, "switched"), (3, 12, 18, "switched")],
)
@pytest.mark.parametrize("kind", ["any", "end"])
def test_labels_for_a_register_agree_with_the_oracle(register, kind, window, horizon, age, policy, known_at):
    compare(register, Settings(window, horizon, kind, step=4, income_age=age), policy, known_at)


def test_spending_covers_twelve_months_and_is_divided_by_the_household_size_used_for_income(register):
    records, con = register
    settings, resized = Settings(income_age=18), 0
    for day in build_grid(records, settings).as_ofs:
        month = to_month(day)
        then = read_known(con, to_date(day), settings, "packaged", range(month - 18, month + 1))
        own = apply_rule_line(records.panel(day, basis=settings.basis), load_policy()).spending
        for i, household in enumerate(records.household_id.tolist()):
            if (household, month) in then.months:
                size = then.months[household, find_end(then, household, month, settings)][3]
                spent = sum(then.spending.get((household, m), 0.0) for m in range(month - 11, month + 1))
                assert np.nan_to_num(own[i]) == pytest.approx(spent / size)
                resized += spent > 0 and size != then.months[household, month][3]
    assert resized


def hold_every_outcome(county, settings: Settings) -> None:
    records, _ = county
    days = build_grid(records, settings).as_ofs
    labels = label(records, days, settings, load_policy())
    tally = count_labels(labels)
    early = label(records, days, settings, load_policy(), to_month_end(to_month(days[-1]) + settings.horizon) - 100)
    assert count_labels(early)["missing"].pop("not_followed") > 5
    assert min(count for reason, count in tally["missing"].items() if reason != "not_followed") > 5
    assert min(tally["excluded"].values()) > 5
    assert set(FALL_KINDS.values()) == set(labels.by[labels.y == 1].tolist())
    assert len(set(labels.lead.tolist())) == 13
    expected = label_all(county, days, settings, "packaged", None)
    assert expected.ties == {"income before monitoring", "spending before monitoring"}


def test_the_random_counties_hold_every_outcome(county):
    hold_every_outcome(county, Settings(3, 12, "any", step=1))


def test_the_random_registers_hold_every_outcome_and_incomes_of_every_age(register):
    settings = Settings(12, 12, "any", step=1, income_age=18)
    hold_every_outcome(register, settings)
    records, _ = register
    panel = records.panel(to_day("2022-11-30"), basis=settings.basis)
    lag, stated = panel.income_lag, records.income.statements.mark_known(panel.as_of, 0, len(records))
    assert len(set(lag.tolist())) > 5
    assert (lag[stated] > 0).any()
    assert (lag[~stated] > 0).any()  # other households have gaps in their reports
    assert (lag[stated] == 0).any()
    changed = panel.line[lag, np.arange(panel.n)] != panel.line[0]
    resized = panel.size[lag, np.arange(panel.n)] != panel.size[0]
    assert changed.any()
    assert resized.any()
