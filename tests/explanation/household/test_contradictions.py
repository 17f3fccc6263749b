"""No reason for a risk states an advantage, and no protection a disadvantage, whether a county records monthly incomes
or yearly statements (a register)."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from riskml.features import build
from riskml.outcomes import AT_RISK, UNKNOWN, classify_cohort
from riskml.policy import apply_rule_line
from riskml.records.contract.calendar import to_month_end
from riskml.records.panel.store import Records
from riskml.simulation.simulate import simulate
from riskml.splits import Settings

pytestmark = pytest.mark.integration  # trains a model

LANGUAGES = ("zh", "en")
_MISSED = {
    "zh": "工资|经营|财产|转移|外出务工|本地务工|人务工|劳动力|正在落实|新增帮扶|帮扶金额",
    "en": "wage|business|property|transfer|member works|registered member is (?:in work|able)|support|help",
}
"""Things whose absence is a disadvantage to a household; the absence of anything else is an advantage."""

RAISES_NEVER = {
    "zh": rf"比监测线高|持平|上升|增加|上年同期多|平均高|一年约高|均不低于|无(?!{_MISSED['zh']})",
    "en": rf"above the line(?!, but below it)|at the line$|the same as in|rising|more than in the same|higher"
    rf"|in none of|^no (?!{_MISSED['en']})",
}
LOWERS_NEVER = {
    "zh": rf"比监测线低|持平|下降|减少|上年同期少|平均低|一年约低|个月低于|亏损|记录 \d|无({_MISSED['zh']})",
    "en": rf"below the line(?! in none)|at the line$|the same as in|falling|less than in the same|lower|a loss"
    rf"|^no (?:{_MISSED['en']})",
}
NOWHERE = {
    "zh": r"中位数|[-−]\d|低[^，]*（\d{3,}%）|平均年龄|脱贫至今|入户走访|整体风险|波动|导致|nan|[{}|\[\]]"
    r"| 不到|约为 0 ",
    "en": r"median|[-−]\d|mean age|volatil|caus|\bnan\b|[{}|\[\]]|about 0 ",
}
LOW_IS_RISKY = {
    "zh": r"收入|劳动力|务工|报销|帮扶",
    "en": r"income|able to work|in work|working|reimbursed|support",
}
MOST = {"zh": ("多数农户约为", "多数农户没有"), "en": ("most households: about", "most households: none")}
UNIT = {"zh": r"([\d,.]+) ?(元|人|次|%|倍)", "en": r"([\d,.]+)(%| times)?"}


@pytest.fixture(scope="module")
def register(tmp_path_factory) -> Records:
    """Simulate a county of 400 households whose income is known from yearly statements."""
    folder = tmp_path_factory.mktemp("register")
    simulate(folder, households=400, months=60, seed=3, income="register", truth="none")
    return Records.load(folder)


MANY = 2
"""One household in this many is explained on each date."""


@pytest.fixture(scope="module", params=["monthly", "register"])
def explained(request, fit_narrator):
    """Explain some 300 households with a known status, other ones each time, on a date in every third month from the
    first window's end to the last month; return each explanation with whether the household is to be visited."""
    name = {"monthly": "county_records", "register": "register"}[request.param]
    records, settings = request.getfixturevalue(name), Settings(income_age=18 * (name == "register"))
    narrator = fit_narrator(records, settings)
    explanations = []
    months = range(records.first_month + settings.window, records.last_month + 1, settings.step)
    for number, month in enumerate(months):
        day = to_month_end(month) - 14 * (number % 4 == 3)  # one date in four is in the middle of a month
        panel = records.panel(day, basis=settings.basis)
        status, verdicts = classify_cohort(panel, settings, narrator.policy), apply_rule_line(panel, narrator.policy)
        margin = narrator.bundle.predict_margin(build(panel))
        least = np.quantile(margin[status == AT_RISK], 0.9) if (status == AT_RISK).any() else np.inf
        visited = (status == AT_RISK) & (margin >= least)
        explanations += [
            (narrator.explain(panel, i, verdicts=verdicts), bool(visited[i]))
            for i in np.flatnonzero(status != UNKNOWN)[number % MANY :: MANY].tolist()
        ]
    return explanations


def list_sentences(explained, name, lang):
    """List each sentence with the status of its household; ``name`` is ``reasons`` or ``protections``."""
    return [(e.status, reason.get_text(lang)) for e, _ in explained for reason in getattr(e, name)]


def read_sides(sentence, lang):
    """Return the household's number and that of most households, or None if the sentence does not compare them."""
    about, none = MOST[lang]
    if about not in sentence and none not in sentence:
        return None
    before, _, after = sentence.partition(about if about in sentence else none)
    first_or_last = 0 if re.match(r"[\d,.]+%", sentence) else -1
    numbers = [re.findall(UNIT[lang], before)[first_or_last], (re.findall(UNIT[lang], after) or [("0", "")])[0]]
    factor = {"倍": 100.0, " times": 100.0}
    value, typical = (float(number.strip(",.").replace(",", "")) * factor.get(unit, 1.0) for number, unit in numbers)
    return -value if re.search("亏损|a loss", before) else value, typical


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_reason_states_an_advantage_and_no_protection_a_disadvantage(explained, lang):
    raises, lowers = (list_sentences(explained, name, lang) for name in ("reasons", "protections"))
    wrong = [pair for pair in raises if re.search(RAISES_NEVER[lang], pair[1], re.IGNORECASE)]
    wrong += [pair for pair in lowers if re.search(LOWERS_NEVER[lang], pair[1], re.IGNORECASE)]
    for pairs, sign in ((raises, 1), (lowers, -1)):
        for status, text in pairs:
            sides = read_sides(text, lang)
            if sides is None:
                continue
            value, typical = sides
            low = bool(re.search(LOW_IS_RISKY[lang], text, re.IGNORECASE))
            if not (sign * (typical - value) > 0 if low else sign * (value - typical) > 0):
                wrong.append((status, text))
    assert not wrong


def test_every_status_is_tested_and_has_reasons(explained):
    households = Counter(e.status for e, _ in explained)
    assert {"at_risk", "monitored", "in_hardship"} <= set(households)
    for lang in LANGUAGES:
        sentences = Counter(status for status, _ in list_sentences(explained, "reasons", lang))
        assert all(sentences[status] >= n for status, n in households.items() if status not in ("at_risk", "no_income"))
    assert len(list_sentences(explained, "protections", "zh")) > 300
    gaps = {"no_income", "stale_income", "income_gaps", "no_line"}
    assert all(gaps & {gap.code for gap in e.missing} for e, _ in explained if e.status == "no_income")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_statistical_terms_causal_claims_and_placeholders_appear_nowhere(explained, lang):
    for name in ("reasons", "protections"):
        pairs = list_sentences(explained, name, lang)
        assert not [pair for pair in pairs if re.search(NOWHERE[lang], pair[1], re.IGNORECASE)]


def test_outside_the_cohort_no_amount_is_stated_twice_or_compared_with_most_households(explained):
    for e, _ in explained:
        if e.status != "at_risk":
            texts = [re.sub(r"（标准[^）]*）", "", reason.zh) for reason in e.reasons]
            amounts = [amount for text in texts for amount in re.findall(r"[\d,]+ 元", text)]
            assert len(amounts) == len(set(amounts)), texts
            assert "多数农户" not in "".join(texts)


def test_nearly_every_household_on_the_visit_list_has_at_least_two_reasons(explained):
    counts = np.array([len(e.reasons) for e, visited in explained if visited])
    assert len(counts) > 200
    assert (counts >= 2).mean() >= 0.95


@pytest.mark.parametrize(
    ("text", "lang", "risk"),
    [
        ("近 12 个月人均纯收入 22,000 元，比监测线高 16,000 元（266%）", "zh", True),
        ("登记的家庭成员中无劳动力", "zh", False),
        ("Income per head in the last 12 months was 22,000 yuan a year, 16,000 yuan (266%) above the line", "en", True),
        ("No admission is recorded in the last 12 months", "en", True),
        ("No wage income is recorded in the last 12 months", "en", False),
    ],
)
def test_the_patterns_find_advantages_among_reasons_and_disadvantages_among_protections(text, lang, risk):
    assert re.search((RAISES_NEVER if risk else LOWERS_NEVER)[lang], text, re.IGNORECASE)
    assert not re.search((LOWERS_NEVER if risk else RAISES_NEVER)[lang], text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "lang", "sides"),
    [
        ("60 岁及以上 4 人（多数农户约为 1 人）", "zh", (4.0, 1.0)),
        ("50% of the members are in work (most households: about 38%)", "en", (50.0, 38.0)),
        ("Business income per head was a loss of about 900 yuan a year; most households: none", "en", (-900.0, 0.0)),
        ("近 12 个月住院 1 次", "zh", None),
    ],
)
def test_both_sides_of_a_comparison_are_read(text, lang, sides):
    assert read_sides(text, lang) == sides
