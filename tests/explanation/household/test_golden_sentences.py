"""Explanations of a few hand-made households, compared word for word with texts that a person has checked.

If the wording changes, run `make docs`, read the changed texts, and commit them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskml.explanation.household.rendering import render

GOLDEN = Path(__file__).parent / "golden"
ALL = ("illness", "disaster", "events", "help", "monitoring", "members")


def julu(v):
    """Heart surgery cost 182,000 yuan (90,000 self-paid). The family farms, keeps sheep, and left poverty in 2016."""
    v.household(4, kind="exited", exited_on="2016-12-31")
    v.member(1, 1969, health="serious", labour="none").member(2, 1970, labour="weak", working="local")
    v.member(3, 1996, working="migrant").member(4, 2012, schooling="compulsory", labour="none")
    v.earns("2022-01", "2023-12", wage=1500, business=2000, transfer=300)
    v.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=1, cost=182_000, self_paid=90_000)
    v.add("events", kind="visit", occurred_on="2023-11-20")
    return v.has(*ALL)


def leye_child(v):
    """A child had transfusions every month, then a transplant for 200,000 yuan and follow-up care for 75,000."""
    v.household(5)
    v.member(1, 1988, working="migrant").member(2, 1990, labour="weak").member(3, 2015, health="serious", labour="none")
    v.member(4, 2018, labour="none").member(5, 1960, labour="weak")
    v.earns("2022-01", "2023-12", wage=3200, transfer=500)
    for month in range(1, 10):
        v.add("illness", kind="outpatient", occurred_on=f"2023-{month:02d}-05", visits=1, cost=3000, self_paid=1100)
    v.add("illness", kind="inpatient", occurred_on="2023-10-20", visits=1, cost=200_000, self_paid=80_000)
    v.add("illness", kind="outpatient", occurred_on="2023-12-10", visits=1, cost=75_000, self_paid=40_000)
    return v.has(*ALL)


def leye_child_before(v):
    """The same child before the transplant: transfusions every month, paid from an income above the line."""
    v.household(5)
    v.member(1, 1988, working="migrant").member(2, 1990, labour="weak").member(3, 2015, health="serious", labour="none")
    v.member(4, 2018, labour="none").member(5, 1960, labour="weak")
    v.earns("2022-01", "2023-12", wage=4200, transfer=500)
    for month in range(1, 13):
        v.add("illness", kind="outpatient", occurred_on=f"2023-{month:02d}-05", visits=1, cost=3000, self_paid=1100)
    return v.has(*ALL)


def leye_shop(v):
    """A village shop burnt down; until then, income was above the line."""
    v.household(4)
    v.member(1, 1980, working="local").member(2, 1982, working="local").member(
        3, 2008, schooling="compulsory", labour="none"
    )
    v.member(4, 2011, schooling="compulsory", labour="none")
    v.earns("2022-01", "2023-10", business=6700).earns("2023-11", "2023-12", business=0)
    v.add("disaster", kind="fire", occurred_on="2023-11-02", loss=120_000)
    return v.has(*ALL)


def fengjie(v):
    """An orange grower's wife fell seriously ill, a child left school, and the price of the crop fell."""
    v.household(4, kind="exited", exited_on="2019-12-31")
    v.member(1, 1975, working="local").member(2, 1977, health="serious", labour="none")
    v.member(3, 2007, labour="none").member(4, 1948, labour="none")
    v.earns("2022-01", "2022-12", business=3600, transfer=300)
    v.earns("2023-01", "2023-12", business=2700, transfer=300)
    v.add("illness", kind="inpatient", occurred_on="2023-04-12", visits=2, cost=60_000, self_paid=24_000)
    v.add("events", kind="dropout", occurred_on="2023-09-08")
    v.add("disaster", kind="price_fall", occurred_on="2023-12-05", loss=18_000)
    return v.has(*ALL)


def weixian(v):
    """Of 18,000 self-paid yuan, prevention insurance repaid 9,000; one member is disabled, one starts university."""
    v.household(3)
    v.member(1, 1972, health="disabled", labour="none").member(2, 1974, working="local")
    v.member(3, 2005, schooling="college", labour="none")
    v.earns("2022-01", "2022-12", wage=5200).earns("2023-01", "2023-12", wage=2600)
    v.add("events", kind="accident", occurred_on="2023-03-02", amount=15_000)
    v.add("illness", kind="inpatient", occurred_on="2023-03-04", visits=1, cost=46_000, self_paid=18_000)
    v.add("events", kind="disability", occurred_on="2023-05-20")
    v.add("events", kind="school_fee", occurred_on="2023-09-01", amount=12_000)
    v.add("events", kind="report", occurred_on="2023-11-11", channel="self_report")
    v.add("help", started_on="2023-10-01", measure="防贫保险", amount=9000)
    return v.has(*ALL)


def childbirth(v):
    """Hospital care for a birth cost 9,800 self-paid yuan, but two members work and the income is high."""
    v.household(4)
    v.member(1, 1993, labour="skilled", working="local").member(2, 1995, working="local")
    v.member(3, 2019, labour="none").member(4, 2023, labour="none")
    v.earns("2022-01", "2023-12", wage=3000, business=3600)
    v.add("illness", kind="inpatient", occurred_on="2023-10-03", visits=1, cost=14_000, self_paid=9800)
    v.add("events", kind="visit", occurred_on="2023-10-20")
    return v.has(*ALL)


def silent(v):
    """No income is reported after August or for March and April, and there are no other records."""
    v.household(2).earns("2023-01", "2023-02", total=1500).earns("2023-05", "2023-08", total=1500)
    return v


def monitored(v):
    """The household is already in monitoring, so only the rule line judges it."""
    v.household(3).earns("2023-01", "2023-12", wage=1200)
    v.add("events", kind="job_loss", occurred_on="2023-08-15")
    v.add("monitoring", category="borderline", entered_on="2023-09-01")
    return v.has(*ALL)


CASES = (julu, leye_child, leye_child_before, leye_shop, fengjie, weixian, childbirth, silent, monitored)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_explanation_reads_as_approved_by_a_person(case, village, make_narrator, golden):
    panel = case(village).panel()
    narrator = make_narrator(panel)
    texts = {
        "household": case.__doc__,
        "zh": render(narrator.explain(panel), "zh").splitlines(),
        "en": render(narrator.explain(panel), "en").splitlines(),
        "without health": render(narrator.explain(panel, redact=["health"]), "zh").splitlines(),
    }
    golden(GOLDEN / f"{case.__name__}.json", json.dumps(texts, ensure_ascii=False, indent=1) + "\n")
