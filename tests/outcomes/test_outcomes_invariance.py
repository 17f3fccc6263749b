"""Labels depend neither on what is recorded later, nor on how households and dates are grouped."""

from __future__ import annotations

from typing import Any

import pytest

from riskml.outcomes import Labels, label
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_date
from riskml.records.panel.store import Records
from riskml.splits import Settings, build_grid, cut_origins

RECORDED = {
    "households": "recorded_on",
    "income": "coalesce(recorded_on, last_day(period_start + to_months(months - 1 + if(statement, 5, 0))))",
    "illness": "coalesce(recorded_on, occurred_on)",
    "events": "coalesce(recorded_on, occurred_on)",
    "monitoring": "coalesce(recorded_on, entered_on)",
    "help": "coalesce(recorded_on, started_on)",
    "members": "recorded_on",
    "lines": "coalesce(recorded_on, effective_from)",
}


def list_rows(records: Records, labels: Labels) -> list[tuple[Any, ...]]:
    columns = (labels.as_of, labels.y, labels.reason, labels.by, labels.lead, labels.followed, labels.income_per_head)
    return list(zip(records.household_id[labels.household].tolist(), *(c.tolist() for c in columns), strict=True))


def compare_with_what_was_recorded_by_then(county, settings: Settings) -> None:
    records, con = county
    latest = cut_origins(build_grid(records, settings), settings)[0]
    day = to_date(latest.test_from)
    then = {
        name: con.execute(f"SELECT * FROM {name} WHERE coalesce({known} <= $day, true)", {"day": day}).df()
        for name, known in RECORDED.items()
    }
    everything = sum(len(con.execute(f"FROM {name}").fetchall()) for name in RECORDED)
    assert sum(map(len, then.values())) < 0.9 * everything
    before = Records.from_tables(then)
    labels, known_then = (label(r, latest.train, settings, load_policy(), latest.test_from) for r in (records, before))
    assert list_rows(records, labels) == list_rows(before, known_then)
    assert len(labels) > 100
    # With all records, the same rows get other labels, so a leak would show.
    assert list_rows(records, labels) != list_rows(records, label(records, latest.train, settings, load_policy()))


@pytest.mark.parametrize("kind", ["any", "end"])
def test_records_after_the_test_start_change_no_training_label(county, kind):
    compare_with_what_was_recorded_by_then(county, Settings(3, 6, kind, step=2))


def test_records_after_the_test_start_change_no_training_label_for_a_register(register):
    compare_with_what_was_recorded_by_then(register, Settings(12, 6, step=2, income_age=18))


def compare_groupings(county, settings: Settings) -> None:
    records, _ = county
    policy, days = load_policy(), build_grid(records, settings).as_ofs
    together = list_rows(records, label(records, days, settings, policy))
    assert list_rows(records, label(records, days, settings, policy, chunk=1)) == together
    assert [row for day in days for row in list_rows(records, label(records, [day], settings, policy))] == together
    assert list_rows(records, label(records, days[::-1], settings, policy)) == together


def test_labels_do_not_depend_on_the_chunk_or_on_other_as_ofs(county):
    compare_groupings(county, Settings(3, 6, step=2))


def test_labels_for_a_register_do_not_depend_on_the_chunk_or_on_other_as_ofs(register):
    compare_groupings(register, Settings(12, 6, step=4, income_age=18))
