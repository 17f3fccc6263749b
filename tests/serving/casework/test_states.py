"""For any history, SQL, Python and a simple restatement of each rule agree on a household's states and deadlines."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from riskml.policy import load_policy
from riskml_serving.base.settings import Settings
from riskml_serving.casework.assignments.tables import ASSIGNMENTS
from riskml_serving.casework.clues.tables import CLUES
from riskml_serving.casework.deadlines import DEADLINES, Deadlines
from riskml_serving.casework.verifications.tables import VERIFICATIONS
from riskml_serving.casework.workdays import add_working_days, find_last_overdue_start
from riskml_serving.casework.worklist.repository import ListFilter, count_late, read_list
from riskml_serving.casework.worklist.states import CLUE_SECTION, STATES
from riskml_serving.judging.scores.ranking import rank
from riskml_serving.judging.scores.tables import CURRENT, SCORES

TODAY = dt.date(2023, 10, 9)
"""A day after the autumn holidays, so that counting working days and counting calendar days give different results."""

POLICY, SETTINGS = load_policy(), Settings()
AT = dt.datetime(2023, 10, 9)
VERDICT = {
    "probability": None,
    "margin": None,
    "tier": -1,
    "rule_signal": 0,
    "rule_flags": "",
    "income_until": None,
    "agreement": "neither",
    "agreement_by": "tier",
    "model_version": "m",
    "feature_schema_hash": "h",
    "policy_version": "p",
    "scored_at": AT,
}

DAYS = st.integers(0, 40).map(lambda days: TODAY - dt.timedelta(days=days))
SCORE = st.tuples(st.just("score"), st.integers(-1, 3), st.sampled_from(["at_risk", "monitored"]), DAYS)
VERIFICATION = st.tuples(
    st.just("verification"), st.sampled_from(["confirmed", "rejected", "pending", "not_met"]), st.booleans(), DAYS
)
ASSIGNMENT = st.tuples(st.just("assignment"))
CLUE = st.tuples(st.just("clue"), DAYS)
STEPS = st.lists(st.one_of(SCORE, SCORE, VERIFICATION, VERIFICATION, ASSIGNMENT, CLUE), max_size=8)
"""What can happen to a household after its first score."""

HISTORIES = st.lists(st.tuples(st.lists(VERIFICATION, max_size=1), SCORE, STEPS), min_size=1, max_size=6)
"""A household's history: perhaps a visit before its first score, then the first score, then later steps."""


@dataclass
class Household:
    """A household's history, and the states and deadlines that staff would derive from it."""

    code: str
    scores: list[dict[str, Any]]
    verifications: list[dict[str, Any]]
    clues: list[tuple[int, dt.date]]
    """For each clue, the number of verifications before it, and its day."""
    assigned: bool

    @property
    def open_clues(self):
        """Return the clues after which no visit has decided anything."""
        decided = [
            i
            for i, visit in enumerate(self.verifications)
            if visit["undone_at"] is None and visit["outcome"] in ("confirmed", "rejected")
        ]
        return [(before, day) for before, day in self.clues if not any(i >= before for i in decided)]

    @property
    def current(self):
        return self.scores[-1]

    @property
    def run(self):
        """Return the scores of the current signal: all since the last one that was green or unknown."""
        greens = [i for i, score in enumerate(self.scores) if score["signal"] <= 0]
        return self.scores[greens[-1] + 1 :] if greens else self.scores

    @property
    def counted(self):
        return [visit for visit in self.verifications if visit["undone_at"] is None]

    @property
    def settled(self):
        """Return whether the last visit decided on the current signal and its colour has not become worse since."""
        last = self.counted[-1] if self.counted else None
        return (
            last is not None
            and last["outcome"] in ("confirmed", "rejected")
            and last["after_seq"] in {score["seq"] for score in self.run}
            and last["after_signal"] >= self.current["signal"]
        )

    @property
    def waiting_since(self):
        """Return the scores during which the household has been waiting; the first one starts the wait.

        If the last decision was made during the current signal and more severe scores followed it, these are the more
        severe scores; otherwise they are all scores of the signal.
        """
        decisions = [visit for visit in self.counted if visit["outcome"] in ("confirmed", "rejected")]
        if decisions and decisions[-1]["after_seq"] in {score["seq"] for score in self.run}:
            before, colour = decisions[-1]["after_seq"], decisions[-1]["after_signal"]
            worse = [score for score in self.run if score["seq"] > before and score["signal"] > colour]
            if worse:
                return worse
        return self.run

    @property
    def section(self):
        return CLUE_SECTION if self.open_clues else rank({**self.current, "shortfall": None})["order_section"]

    @property
    def visited(self):
        first = min(score["seq"] for score in self.waiting_since)
        return any(visit["outcome"] != "not_met" and (visit["after_seq"] or 0) >= first for visit in self.counted)

    def states(self):
        signalled, monitored = self.current["signal"] > 0, self.current["status"] == "monitored"
        is_open = bool(self.open_clues) or (signalled and not monitored and not self.settled)
        return {
            "open": is_open,
            "unverified": is_open and not self.counted,
            "settled": signalled and self.settled,
            "monitored": monitored,
            "all": True,
        }

    def deadlines(self):
        """Return each deadline by name: its last day, whether the task is done, and whether it is late."""
        out = {}
        if self.open_clues:
            since, first = min(day for _, day in self.open_clues), min(before for before, _ in self.open_clues)
            met = [visit for visit in self.verifications[first:] if visit["undone_at"] is None]
            seen = any(visit["outcome"] != "not_met" for visit in met)
            out["clue_visit"] = (add_working_days(since, SETTINGS.visit_working_days), seen)
            out["clue_decision"] = (since + dt.timedelta(days=int(POLICY.timing["decision"].value)), False)
        out |= self.list_deadlines_of_signal()
        return {name: (day, done, not done and day < TODAY) for name, (day, done) in out.items()}

    def list_deadlines_of_signal(self):
        if self.current["signal"] <= 0:
            return {}
        confirmed = self.settled and self.counted[-1]["outcome"] == "confirmed"
        if self.current["status"] == "monitored" and not confirmed:
            return {}
        since = min(score["as_of"] for score in self.waiting_since)
        out = {
            "visit": (add_working_days(since, SETTINGS.visit_working_days), self.settled or self.visited),
            "decision": (since + dt.timedelta(days=int(POLICY.timing["decision"].value)), self.settled),
        }
        if confirmed:
            days = int(POLICY.timing["helper_assigned"].value)
            out["helper"] = (add_working_days(self.counted[-1]["verified_on"], days), self.assigned)
        return out


def build_households(histories):
    """Turn histories into households, numbering scores across all households as the database does."""
    households, seq, number = [], 0, 0
    for i, (before, first, steps) in enumerate(histories):
        household = Household(f"h{i}", [], [], [], assigned=False)
        for kind, *values in (*before, first, *steps):
            if kind == "score":
                seq += 1
                row = dict(zip(("signal", "status", "as_of"), values, strict=True))
                household.scores.append({**VERDICT, **row, "seq": seq, "household_id": household.code})
            elif kind == "verification":
                outcome, undone, day = values
                row = {"outcome": outcome, "undone_at": AT if undone else None, "verified_on": day}
                then = household.current if household.scores else {"seq": None, "signal": None}
                row |= {"after_seq": then["seq"], "after_signal": then["signal"]}
                number += 1
                household.verifications.append({"household_id": household.code, "verification_id": number, **row})
            elif kind == "clue":
                household.clues.append((len(household.verifications), *values))
            else:
                household.assigned = True
        households.append(household)
    return households


def save(connection, households):
    common = {"created_by": "k", "created_at": AT, "request_id": "r"}
    visit = {**common, "causes": "", "measures": "", "note": "", "recorded_on": TODAY}
    for household in households:
        code, region = household.code, "370112001001"
        scores = [{**score, "request_id": "r"} for score in household.scores]
        connection.execute(insert(SCORES), scores)
        living = {"region_code": region, "county": region[:6], "town": region[:9]}
        order = rank({**household.current, "shortfall": None})
        connection.execute(insert(CURRENT), {**household.current, **living, **order})
        if household.verifications:
            connection.execute(insert(VERIFICATIONS), [{**visit, **row} for row in household.verifications])
        numbers = [0, *(visit["verification_id"] for visit in household.verifications)]
        report = {**common, "household_id": code, "region_code": region, "subject": "household", "what": "other"}
        report |= {"channel": "hotline", "note": "", "record_id": "r"}
        for before, day in household.clues:
            connection.execute(insert(CLUES), {**report, "after_verification": numbers[before], "recorded_on": day})
        if household.assigned:
            row = {"household_id": code, "assignee": "w", "note": "", "assigned_on": TODAY}
            connection.execute(insert(ASSIGNMENTS), {**common, **row})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=HISTORIES)
def test_sql_and_python_agree_on_every_state_and_deadline(engine, histories):
    households, deadlines = build_households(histories), Deadlines(POLICY, SETTINGS, TODAY)
    with engine.connect() as connection:
        save(connection, households)
        rows = {
            row["household_id"]: row
            for row in read_list(connection, ListFilter("", "all", late=deadlines.late), 0, 100)
        }
        by_sql = {
            name: {row["household_id"] for row in read_list(connection, ListFilter("", name, deadlines.late), 0, 100)}
            for name in STATES
        }
        counted = count_late(connection, ListFilter("", "open", deadlines.late))
        connection.rollback()
    by_python = {
        name: {code for code, row in rows.items() if ListFilter("", name, deadlines.late).rule.holds(row)}
        for name in STATES
    }
    by_words = {name: {one.code for one in households if one.states()[name]} for name in households[0].states()}
    by_words |= {
        f"late_{name}": {one.code for one in households if one.deadlines().get(name, (None, True, False))[2]}
        for name in DEADLINES
    }
    by_words["overdue"] = set().union(*(by_words[f"late_{name}"] for name in DEADLINES))
    assert by_sql == by_words
    assert by_python == by_words
    by_section: dict[int, dict[str, int]] = {}
    for one in households:
        if one.current["signal"] > 0 or one.open_clues:
            counts = by_section.setdefault(one.section, dict.fromkeys(DEADLINES, 0))
            for name in DEADLINES:
                counts[name] += one.code in by_words[f"late_{name}"]
    assert counted == by_section
    for one in households:
        shown = {due.name: (due.day, due.done, due.late) for due in deadlines.read_row(rows[one.code])}
        assert shown == one.deadlines()


@settings(deadline=None)  # the calendar is loaded on first use
@given(day=st.dates(dt.date(2020, 1, 1), dt.date(2024, 12, 31)), n=st.integers(1, 30))
def test_a_deadline_has_passed_exactly_for_waits_that_began_early_enough(day, n):
    latest = find_last_overdue_start(day, n)
    assert add_working_days(latest, n) < day <= add_working_days(latest + dt.timedelta(days=1), n)
