"""The true probabilities of a simulated county are stable across draws and right on average, and falls have the right
causes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from riskml.simulation import simulate
from riskml.simulation import truth as module
from riskml.simulation.state import MONTH_OUT
from riskml.simulation.truth import attribute_falls, find_falls
from riskml.vocabulary.causes import CAUSES

pytestmark = pytest.mark.integration

LINE = np.full(40, 6000.0)


def _judged(folder: Path) -> pd.DataFrame:
    """Return every household's true probability, and whether it fell, for the only as-of date."""
    truth = pd.read_parquet(folder / "truth.parquet")
    assert truth["as_of"].nunique() == 1
    return pd.DataFrame({"y": truth["cause"].notna().astype(int), "p": truth["probability"]})


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> list[pd.DataFrame]:
    """Simulate the same county twice, each time computing the truth from a different half of the draws."""
    result, patch = [], pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("halves")
    draw = module.simulate_futures
    for shift in (0, 50_000):

        def moved(*arguments, shift=shift):
            *head, begin, end, fell, texts = arguments
            draw(*head, begin + shift, end + shift, fell, texts)

        with patch.context() as now:
            now.setattr(module, "simulate_futures", moved)
            now.setattr(module, "DRAWS", module.DRAWS // 2)
            now.setattr(module, "MORE_DRAWS", module.MORE_DRAWS // 2)
            now.setattr(module, "WORTH", module.WORTH // 2)
            simulate(folder / str(shift), 4000, 36, 1, None, "last")
        result.append(_judged(folder / str(shift)))
    return result


def test_two_half_samples_agree_in_average_precision(halves: list[pd.DataFrame]) -> None:
    first, second = (average_precision_score(rows["y"], rows["p"]) for rows in halves)
    assert not halves[0]["p"].equals(halves[1]["p"])
    assert first == pytest.approx(second, rel=0.02)


def test_the_true_probability_matches_how_many_fall(halves: list[pd.DataFrame]) -> None:
    # Sort by the other half's probabilities: sorted by its own, the rows with chance errors would come first and last.
    rows = halves[0].loc[halves[1]["p"].sort_values(kind="stable").index]
    assert len(rows) > 3000
    half, tenth = len(rows) // 2, len(rows) // 10
    for part in (rows[:half], rows[half:-tenth], rows[-tenth:]):
        spread = 3.5 * np.sqrt((part["p"] * (1 - part["p"])).sum())
        assert abs(part["y"].sum() - part["p"].sum()) <= max(spread, 3.0)


def _lived(**month: dict[int, object]) -> np.ndarray:
    """Make a two-person household's state over 40 months; ``month`` sets fields by month index."""
    lived = np.zeros((1, 40), MONTH_OUT)
    lived["size"], lived["alert_cause"] = 2, -1
    for field, values in month.items():
        for at, value in values.items():
            lived[field][0, at] = value
    return lived


def _effect(lived: np.ndarray, cause: str, months: range, yuan: float) -> None:
    lived["effect"][0, months, list(CAUSES).index(cause)] = yuan


def test_households_that_do_not_fall_have_no_cause() -> None:
    assert attribute_falls(_lived(), 20, LINE).tolist() == [None]
    # a fall before or at as_of, or more than twelve months after it, belongs to another year
    assert attribute_falls(_lived(below={20: 1, 33: 1}), 20, LINE).tolist() == [None]


def test_an_entry_has_the_cause_of_its_alert_and_a_fall_that_of_its_loss() -> None:
    lived = _lived(entered={25: 1}, alert_cause={25: list(CAUSES).index("disaster")}, below={28: 1})
    assert attribute_falls(lived, 20, LINE).tolist() == ["disaster"]
    lived = _lived(entered={29: 1}, below={28: 1})
    _effect(lived, "illness", range(22, 29), 400.0)
    _effect(lived, "work", range(40), 500.0)  # the loss is no larger than before, so it does not explain the fall
    assert attribute_falls(lived, 20, LINE).tolist() == ["illness"]


def test_a_fall_by_spending_takes_the_cause_of_its_largest_eligible_item() -> None:
    lived = _lived(hardship={25: 1}, below={28: 1}, fee={12: 9e4, 14: 8000.0}, treatment_paid={24: 5000.0, 25: 4000.0})
    lived["repair"][0, 22] = 50_000.0  # housing does not count in the packaged policy table
    assert attribute_falls(lived, 20, LINE).tolist() == ["illness"]
    kind, month, alone = find_falls(lived, 20)
    assert (kind.tolist(), month.tolist(), alone.tolist()) == ([2], [25], [False])


def test_income_precedes_spending_and_spending_precedes_monitoring_within_a_month() -> None:
    month = {25: 1}
    assert find_falls(_lived(below=month, hardship=month, entered=month), 20)[0].tolist() == [1]
    kind, _, alone = find_falls(_lived(hardship=month), 20)
    assert (kind.tolist(), alone.tolist()) == ([2], [True])
    assert find_falls(_lived(hardship=month, entered=month), 20)[0].tolist() == [2]
    assert find_falls(_lived(hardship={26: 1}, entered=month), 20)[0].tolist() == [3]


def test_a_fall_without_a_notable_loss_has_the_cause_other() -> None:
    lived = _lived(below={28: 1})
    _effect(lived, "illness", range(22, 29), 20.0)  # a loss of only 140 yuan; the line for two people is 12,000
    assert attribute_falls(lived, 20, LINE).tolist() == ["other"]
