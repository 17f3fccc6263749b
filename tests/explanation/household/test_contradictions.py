"""No sentence argues against itself, whether a county records monthly incomes or yearly statements (a register)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from riskml.explanation import explain_all
from riskml.features import build
from riskml.outcomes import AT_RISK, classify_cohort
from riskml.records.panel.store import Records
from riskml.simulation.simulate import simulate
from riskml.splits import Settings, build_grid

_MISSED = "工资|经营|财产|转移|外出务工|本地务工|人务工|劳动力|正在落实|新增帮扶|帮扶金额"
"""Things whose absence is a disadvantage to a household; the absence of anything else is an advantage."""

RAISES_NEVER = rf"比监测线高|持平|上升|增加|上年同期多|平均高|一年约高|均不低于|无(?!{_MISSED})"
LOWERS_NEVER = rf"比监测线低|持平|下降|减少|上年同期少|平均低|一年约低|个月低于|亏损|记录 \d|无({_MISSED})"
NOWHERE = r"中位数|[-−]\d|低[^，]*（\d{3,}%）|平均年龄|脱贫至今|入户走访|整体风险|波动|导致|nan|[{}|\[\]]"
LOW_IS_RISKY = r"收入|劳动力|务工|报销|帮扶"
UNIT = r"([\d,.]+) ?(元|人|次|%|倍)"


@pytest.fixture(scope="module")
def register(tmp_path_factory) -> Records:
    """Simulate a county of 400 households whose income is known from yearly statements."""
    folder = tmp_path_factory.mktemp("register")
    simulate(folder, households=400, months=60, seed=3, income="register", truth="none")
    return Records.load(folder)


@pytest.fixture(scope="module", params=["monthly", "register"])
def explained(request, fit_narrator):
    """Explain every household on the last two dates, and mark those on the visit list."""
    name = {"monthly": "county_records", "register": "register"}[request.param]
    records, settings = request.getfixturevalue(name), Settings(income_age=18 * (name == "register"))
    narrator = fit_narrator(records, settings)
    rows = []
    for day in build_grid(records, settings).as_ofs[-2:]:
        frame = explain_all(narrator, records, day).set_index("household_id")
        panel = records.panel(day, basis=settings.basis)
        at_risk = np.flatnonzero(classify_cohort(panel, settings, narrator.policy) == AT_RISK)
        margin = narrator.bundle.predict_margin(build(panel).take(at_risk))
        rows.append(frame.loc[panel.household_id[at_risk]].assign(visited=margin >= np.quantile(margin, 0.9)))
    return rows


def list_sentences(explained, column):
    return [text for frame in explained for cell in frame[column] for text in cell.splitlines()]


def read_sides(sentence):
    """Return the household's number and that of most households, or None if the sentence does not compare them."""
    if "多数农户没有" in sentence:
        return float(re.findall(UNIT, sentence)[-1][0].replace(",", "")), 0.0
    if "多数农户约为" not in sentence:
        return None
    before, after = sentence.split("多数农户约为")
    factor = {"倍": 100.0}
    value, typical = (
        float(number.replace(",", "")) * factor.get(unit, 1.0)
        for number, unit in (re.findall(UNIT, before)[-1], re.findall(UNIT, after)[0])
    )
    return value, typical


def test_no_sentence_argues_against_itself(explained):
    raises, lowers = (list_sentences(explained, name) for name in ("reasons_zh", "protections_zh"))
    assert min(len(raises), len(lowers)) > 300
    wrong = [text for text in raises if re.search(RAISES_NEVER, text)]
    wrong += [text for text in lowers if re.search(LOWERS_NEVER, text)]
    for texts, sign in ((raises, 1), (lowers, -1)):
        for text in texts:
            sides = read_sides(text)
            if sides is None:
                continue
            value, typical = sides
            low = bool(re.search(LOW_IS_RISKY, text))
            if not (sign * (typical - value) > 0 if low else sign * (value - typical) > 0):
                wrong.append(text)
    assert not wrong


def test_words_that_no_cadre_uses_appear_nowhere(explained):
    for name in ("reasons_zh", "protections_zh"):
        assert not [text for text in list_sentences(explained, name) if re.search(NOWHERE, text)]


def test_nearly_every_household_on_the_visit_list_has_at_least_two_reasons(explained):
    for frame in explained:
        counts = frame["reasons"][frame["visited"]].map(lambda names: len(names.split(";")) if names else 0)
        assert (counts >= 2).mean() >= 0.95
