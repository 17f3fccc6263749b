"""Unavoidable spending in the simulated county: from the tables, the rule line computes exactly the amounts in the
simulation's hidden state."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.outcomes import label
from riskml.policy import load_policy
from riskml.policy.case import Case
from riskml.records.contract.calendar import to_month_end
from riskml.records.panel.lines import BELOW
from riskml.records.panel.store import Records
from riskml.simulation import load_parameters, simulate
from riskml.simulation.county import lay_out_county
from riskml.simulation.simulate import _run
from riskml.simulation.state import CAUSE
from riskml.simulation.truth import find_falls, plan_truth
from riskml.splits import Settings

pytestmark = pytest.mark.integration

EVER = 1 << 30
ALL_RECORDED = {"event_known": 1.0, "corrected": 0.0, "withdrawn": 0.0}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Records, np.ndarray, int]:
    """Simulate a county in which everything is recorded; return its records, what happened, and its first month."""
    folder, households, months, seed = tmp_path_factory.mktemp("recorded"), 1500, 30, 8
    simulate(folder, households, months, seed, ALL_RECORDED, "none")
    p = load_parameters(ALL_RECORDED)
    county = lay_out_county(p, households, months, seed)
    chunk, _ = _run(p, county, 0, households, households, seed, plan_truth(county.first, months, "none"))
    return Records.load(folder), chunk.lived, county.first


def test_applying_the_rule_to_the_tables_agrees_with_the_hidden_state(
    recorded: tuple[Records, np.ndarray, int],
) -> None:
    records, lived, first = recorded
    seen = 0
    for at in (11, 17, 23, 29):
        case = Case(records.panel(int(to_month_end(first + at)), known_at=EVER), load_policy().spending)
        assert (np.isnan(case.income) == (lived["below"][:, at] == -1)).all()
        assert ((case.income < case.line * BELOW) == (lived["below"][:, at] == 1)).all()
        assert (case.in_hardship == (lived["hardship"][:, at] == 1)).all()
        seen += int(case.in_hardship.sum())
    assert seen > 20


def test_outcomes_from_the_tables_agree_with_falls_in_the_hidden_state(
    recorded: tuple[Records, np.ndarray, int],
) -> None:
    records, lived, first = recorded
    labels = label(records, [int(to_month_end(first + 17))], Settings(), load_policy())
    known = labels.take(labels.labelled)
    kind, month, _ = find_falls(lived, 17)
    assert set(kind[known.household]) == {0, 1, 2, 3}
    assert (known.by == kind[known.household]).all()
    fell = known.y == 1
    assert (known.lead[fell] == month[known.household][fell] - 17).all()


def test_a_bill_of_90000_yuan_causes_hardship_then_monitoring_and_later_losses() -> None:
    bill = {
        "admission": 0.0, "serious": 1.0, "serious_cost": [np.log(180_000.0), 0.0], "elsewhere": [1.0, 0.5],
        "entry_hardship": 0.3, "burn_in": 1,
    }  # fmt: skip
    p = load_parameters(bill)
    county = lay_out_county(p, 300, 12, 2)
    lived = _run(p, county, 0, 300, 300, 2, plan_truth(county.first, 12, "none"))[0].lived
    paid = lived["self_paid"]
    assert np.median(paid[paid > 0]) == pytest.approx(90_000, rel=0.1)
    assert ((lived["hardship"] == 1) | (lived["below"] == 1)).any(1).mean() > 0.95
    sudden = (lived["entered"] == 1) & (lived["hardship"] == 1)
    assert sudden.sum() > 50
    assert set(lived["category"][sudden]) == {3}
    assert set(lived["alert_cause"][sudden]) == {CAUSE["illness"]}
    assert (lived["effect"][:, -1, CAUSE["illness"]] > 0).mean() > 0.8
