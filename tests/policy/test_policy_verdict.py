"""The policy's complete verdict on a household: its colour, category and rank, which are the same for a household alone
and among many."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.policy import apply_rule_line, load_policy, parse_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.vocabulary.verdicts import CATEGORIES, COLOURS

LINE = 8300.0


def find_colour(village, **options):
    return village.judged(**options).read_colour(0)


@pytest.mark.parametrize(("ratio", "expected"), [
    (0.5, "orange"), (0.9998, "orange"), (1.0, "orange"), (1.1248, "orange"), (1.125, "yellow"), (1.25, "yellow"),
    (1.2502, "green"), (4.0, "green"),
])  # fmt: skip
def test_the_colour_follows_income_if_there_are_no_other_flags(village, ratio, expected):
    assert find_colour(village.household().earns(ratio * LINE)) == expected


def test_a_major_shock_below_the_line_gives_red(village):
    village.household().earns(0.9 * LINE)
    assert find_colour(village) == "orange"
    assert find_colour(village.add("events", kind="job_loss", occurred_on="2023-06-01")) == "red"


def test_a_major_shock_above_the_line_does_not_give_red(village):
    village.household().earns(1.05 * LINE).add("events", kind="job_loss", occurred_on="2023-06-01")
    assert find_colour(village) == "orange"


@pytest.mark.parametrize("kind", ["dropout", "housing_unsafe", "water_unsafe"])
def test_an_unmet_guarantee_is_never_green(comfortable, kind):
    comfortable.add("events", kind=kind, occurred_on="2023-06-01")
    assert find_colour(comfortable) == "yellow"
    assert comfortable.judged().read_category(0) is None


def test_flags_and_guarantees_still_count_without_income(village):
    village.household().has("income")
    assert find_colour(village) == "unknown"
    village.add("events", kind="job_loss", occurred_on="2023-06-01")
    verdicts = village.judged()
    assert (verdicts.read_colour(0), verdicts.list_flag_codes(0)) == ("unknown", ("job_loss",)), "never green"
    village.rows["events"].clear()
    village.add("events", kind="dropout", occurred_on="2023-06-01")
    verdicts = village.judged()
    assert np.isnan(verdicts.income[0])
    assert (verdicts.read_colour(0), verdicts.list_flag_codes(0)) == ("yellow", ("dropout",))


def test_without_a_line_the_colour_is_unknown_and_the_rank_is_lowest(village):
    village.household(region="44").earns(100, year=2019)
    verdicts = village.judged(as_of="2019-12-31")
    assert np.isnan(verdicts.line[0])
    assert (verdicts.read_colour(0), verdicts.list_flag_codes(0)) == ("unknown", ())
    assert verdicts.score[0] < 0, "it ranks below every household that can be judged"


def test_a_household_in_monitoring_has_a_colour_even_without_income(village):
    village.household().has("income").add("monitoring", category="borderline", entered_on="2023-05-01")
    assert find_colour(village) == "green"


@pytest.mark.parametrize(("kind", "category"), [
    ("exited", "unstable_exit"), ("ordinary", "borderline"), (None, "borderline"),
])  # fmt: skip
def test_the_category_below_the_line_follows_the_kind(village, kind, category):
    assert village.household(kind=kind).earns(7000).judged().read_category(0) == category


def test_hardship_above_the_line_suggests_the_category_sudden_hardship(village):
    village.household(kind="exited").earns(20_000)
    village.add("illness", kind="inpatient", occurred_on="2023-06-01", self_paid=60_000)
    verdicts = village.judged()
    assert verdicts.read_category(0) == "sudden_hardship"
    assert verdicts.read_colour(0) == "orange"
    assert verdicts.gap_after_spending[0] == 20_000 - 60_000 - LINE


def test_a_monitored_household_keeps_its_latest_open_category(village):
    village.household(kind="exited").earns(7000)
    village.add("monitoring", category="sudden_hardship", entered_on="2023-05-01")
    village.add("monitoring", category="borderline", entered_on="2022-05-01")
    village.add("monitoring", category="unstable_exit", entered_on="2023-06-01", cleared_on="2023-09-01")
    verdicts = village.judged()
    assert verdicts.monitored[0]
    assert verdicts.read_category(0) == "sudden_hardship"


def test_a_clearance_after_the_date_is_not_known_yet(village):
    village.household().earns(20_000)
    village.add("monitoring", category="borderline", entered_on="2023-05-01", cleared_on="2024-02-01")
    assert village.judged().read_category(0) == "borderline"
    assert village.judged(as_of="2024-02-01").read_category(0) is None


def test_a_quarterly_survey_can_be_judged_by_a_window_of_one_month(village):
    village.household()
    for month in (3, 6, 9, 12):
        village.add("income", period_start=f"2023-{month:02d}-01", source="total", amount=600)
    assert np.isnan(village.judged().income[0])
    assert village.judged(window=1).income[0] == 7200
    assert "income_below_line" in village.judged(window=1).list_flag_codes(0)


def test_a_flag_states_all_that_a_verifier_needs(village):
    village.household(kind="exited").earns(50_000)
    village.add("illness", kind="inpatient", occurred_on="2023-06-01", self_paid=5500)
    (flag,) = village.judged().list_flags(0)
    assert (flag.code, flag.threshold, flag.observed, flag.unit) == ("inpatient_self_pay", 5000, 5500, "yuan")
    assert (flag.fires, flag.window, flag.cause) == ("at_least", 12, "illness")
    assert flag.get_name("zh") == "一年内住院自付费用较大"
    assert flag.source
    assert village.judged().list_flags(0)[0].get_name("en") == "self-paid inpatient cost in a year"


def test_a_relative_threshold_is_shown_in_yuan(village):
    village.household(size=3).earns(90_000).add("disaster", kind="fire", occurred_on="2023-06-01", loss=7000)
    (flag,) = village.judged().list_flags(0)
    assert (flag.code, flag.threshold, flag.observed) == ("disaster_severe", LINE * 3 / 4, 7000)


def test_only_enabled_kinds_of_spending_count(village, packaged):
    village.household(size=2).earns(90_000)
    village.add("illness", kind="inpatient", occurred_on="2023-06-01", self_paid=1000)
    village.add("illness", kind="inpatient", occurred_on="2023-07-01", self_paid=None)
    village.add("events", kind="school_fee", occurred_on="2023-09-01", amount=600)
    village.add("events", kind="housing_unsafe", occurred_on="2023-09-01", amount=5000)
    assert village.judged().spending[0] == 800
    text = packaged
    assert "(amount of housing_unsafe events), counts: false" in text
    repaired = text.replace("events), counts: false", "events), counts: true")
    assert village.judged(policy=parse_policy(repaired)).spending[0] == 3300
    nothing = text.replace("self-paid medical cost, counts: true", "self-paid medical cost, counts: false")
    nothing = nothing.replace("net school cost, counts: true", "net school cost, counts: false")
    assert village.judged(policy=parse_policy(nothing)).spending[0] == 0


def test_spending_is_unknown_if_no_table_records_it(village):
    verdicts = village.household().earns(9000).judged()
    assert np.isnan(verdicts.spending[0])
    assert np.isnan(verdicts.gap_after_spending[0])
    assert verdicts.gap[0] == 700


def test_the_rank_follows_colour_then_flags_then_distance_to_the_line(new_village):
    village = new_village()
    for code, ratio in {"a": 0.9, "b": 0.9, "c": 1.05, "d": 1.06, "e": 1.2, "f": 3.0, "g": 5.0}.items():
        village.household(code).earns(ratio * LINE, code)
    village.add("events", "a", kind="job_loss", occurred_on="2023-06-01")
    village.add("events", "d", kind="job_loss", occurred_on="2023-06-01")
    verdicts = village.judged()
    names = [verdicts.read_colour(i) for i in range(7)]
    assert names == ["red", "orange", "orange", "orange", "yellow", "green", "green"]
    # b has two flags (the line and three months below it), d has one, c has none.
    order = verdicts.household_id[np.argsort(-verdicts.score, kind="stable")]
    assert "".join(order) == "abdcefg"


def test_households_further_below_the_line_rank_higher_even_below_zero(new_village):
    village = new_village()
    for code, income in {"a": 8000, "b": 1, "c": 0, "d": -1, "e": -100_000}.items():
        village.household(code).earns(income, code)
    assert np.all(np.diff(village.judged().score) > 0)


def draw_records(households=60, seed=3):
    rng = np.random.default_rng(seed)
    codes = [f"h{i:03d}" for i in range(households)]

    def dated(rows, **columns):
        on = [f"{rng.integers(2021, 2024)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}" for _ in range(rows)]
        return {"household_id": list(rng.choice(codes, rows)), "occurred_on": on, **columns}

    kinds = ["job_loss", "dropout", "school_fee", "death", "accident", "disability", "housing_unsafe"]
    care = ["inpatient", "outpatient", "chronic", "other"]
    many = households * 4
    income = [(code, month) for code in codes for month in range(30) if rng.random() < 0.9]
    return Records.from_tables(
        {
            "households": {
                "household_id": codes,
                "region_code": [f"{province}05" for province in rng.choice(["13", "43", "53"], households)],
                "size": list(rng.integers(1, 7, households)),
                "kind": list(rng.choice(["exited", "ordinary"], households)),
            },
            "income": {
                "household_id": [code for code, _ in income],
                "period_start": [f"{2021 + m // 12}-{m % 12 + 1:02d}-01" for _, m in income],
                "source": ["wage"] * len(income),
                "amount": list(rng.lognormal(7.5, 0.6, len(income)).round(2)),
            },
            "lines": {"region_code": [], "effective_from": [], "amount": []},
            "illness": dated(
                many, kind=list(rng.choice(care, many)), self_paid=list(rng.lognormal(7, 1.3, many).round(2))
            ),
            "disaster": dated(
                households, kind=["flood"] * households, loss=list(rng.choice([np.nan, 900.0, 9000.0], households))
            ),
            "events": dated(many, kind=list(rng.choice(kinds, many)), amount=list(rng.lognormal(8, 1, many))),
            "help": {
                "household_id": codes,
                "started_on": ["2023-02-01"] * households,
                "measure": list(rng.choice(["低保", "培训"], households)),
            },
            "monitoring": {
                "household_id": codes[::4],
                "category": list(rng.choice(CATEGORIES, len(codes[::4]))),
                "entered_on": ["2023-01-15"] * len(codes[::4]),
            },
        },
        load_policy().lines,
    )


def test_a_household_alone_gives_the_same_bits_as_among_many():
    records, policy, as_of = draw_records(), load_policy(), to_day("2023-06-15")
    together = apply_rule_line(records.panel(as_of), policy)
    assert together.fired.any(axis=1).sum() > 12, "the households must fire most triggers"
    assert len(np.unique(together.colour)) == len(COLOURS)
    for i in range(len(records)):
        alone = apply_rule_line(records.panel(as_of, i, i + 1), policy)
        for name in ("fired", "observed", "threshold"):
            assert getattr(alone, name)[:, 0].tobytes() == getattr(together, name)[:, i].tobytes(), name
        for name in ("line", "income", "spending", "colour", "category", "monitored", "score"):
            assert getattr(alone, name).tobytes() == getattr(together, name)[i : i + 1].tobytes(), name
        assert alone.list_flags(0) == together.list_flags(i)


def test_flags_and_codes_agree_with_the_masks():
    verdicts = apply_rule_line(draw_records().panel(to_day("2023-06-15")), load_policy())
    for i in range(len(verdicts)):
        assert tuple(flag.code for flag in verdicts.list_flags(i)) == verdicts.list_flag_codes(i)
        assert len(verdicts.list_flag_codes(i)) == verdicts.flag_count[i]
        assert verdicts.any_flag[i] == bool(verdicts.list_flag_codes(i))
        assert list(verdicts.list_flag_codes(i)) == sorted(verdicts.list_flag_codes(i))


def test_a_panel_without_households_gives_an_empty_verdict():
    verdicts = apply_rule_line(draw_records().panel(to_day("2023-06-15"), 0, 0), load_policy())
    assert len(verdicts) == 0
    assert verdicts.score.shape == (0,)
