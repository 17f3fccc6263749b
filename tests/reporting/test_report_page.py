"""The report on a model holds every section and the evaluation's figures, and loads nothing from other addresses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from riskml.reporting import render_report
from riskml.training import run_release_checks

SECTIONS = [
    "model",
    "coverage",
    "comparison",
    "capacity",
    "calibration",
    "contributions",
    "reasons",
    "groups",
    "checks",
    "limits",
    "pages",
]
LANGUAGES = ("zh", "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_section_is_present_in_order_and_every_link_has_a_target(html, read, lang):
    page = read(html[lang])
    assert page.ids == [*SECTIONS, *(f"RKD00{i}" for i in range(1, 9))]
    links = [link for link in page.references if not link.startswith("data:")]
    assert all(link.startswith("#") for link in links)
    inside = {link[1:] for link in links if "-" not in link}
    assert inside == set(page.ids) - {"RKD"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_loads_nothing_from_elsewhere(html, read, lang):
    text, page = html[lang], read(html[lang])
    assert len(text.encode()) < 5_000_000
    assert not page.tags & {"script", "link", "iframe", "img", "object", "embed", "base"}
    assert "@import" not in text
    assert not re.search(r"https?:", re.sub(r"base64,[^)]*", "", text))
    assert not re.findall(r"url\((?!#|data:font/woff2;base64,)[^)]{0,40}", text)


def test_both_languages_contain_the_required_notices(html, read):
    chinese, english = read(html["zh"]).text, read(html["en"]).text
    assert chinese.count("仅供研判参考，不作为认定依据") >= 3
    assert english.count("not a basis for any decision") >= 3
    assert "数据为模拟县，非真实农户" in chinese
    assert "households are simulated" in english
    assert not re.search("[\u4e00-\u9fff]", english)
    assert "导致" not in chinese
    assert "与风险相关" in chinese
    for sentence in re.findall("[A-Z][a-z]+(?: [a-z]+){3,}", chinese):
        pytest.fail(f"English in the Chinese report: {sentence}")


def test_the_comparison_shows_the_figures_of_the_evaluation(html, read, bundle):
    page = read(html["zh"])
    models = bundle.evaluation["models"]
    assert [name for name in page.marked if not name.startswith("RKD")] == [
        "riskml", "rule_line", "distance_to_line", "weighted_past_income", "logistic", "oracle"
    ]  # fmt: skip
    for name, m in models.items():
        cells = page.marked[name][1:]
        assert cells[0] == f"{m['auc']:.3f}{m['ci']['auc'][0]:.3f}–{m['ci']['auc'][1]:.3f}"
        assert cells[1] == f"{m['ap']:.3f}{m['ci']['ap'][0]:.3f}–{m['ci']['ap'][1]:.3f}"
        assert cells[2].startswith(f"{m['brier']:.4f}")
        for cell, share in zip(cells[3:6], ("0.01", "0.05", "0.10"), strict=True):
            low, high = m["ci"]["recall_at"][share]
            assert cell == f"{m['recall_at'][share]:.3f}{low:.3f}–{high:.3f}"
        assert cells[7] == ("–" if m["visits_per_case"] is None else f"{m['visits_per_case']:.1f}")
        assert cells[8] == ("–" if m["lead_months"] is None else f"{m['lead_months']:.1f}")


def test_data_groups_and_reasons_show_the_figures_from_the_bundle(html, read, bundle):
    page = read(html["zh"])
    rows = {row[0].split()[-1]: row for row in page.rows if row and row[0]}
    for name, table in bundle.report["coverage"]["tables"].items():
        if "rows" not in table:
            continue
        assert rows[name][1] == f"{table['rows']:,}"
        assert rows[name][3] == f"{table['without_rows']:.1%}"
        if table["lateness"]:
            late = table["lateness"]
            assert rows[name][5:] == [
                f"{late['after']:.1%}", f"{late['late']:.1%}",
                " / ".join(str(late["days"][q]) for q in ("0.5", "0.9", "0.99")),
            ]  # fmt: skip
    for one in bundle.evaluation["groups"]:
        if one["group"] == "region" and one["value"] is not None:
            assert rows[one["value"]][1:3] == [f"{one['n']:,}", f"{one['positives']:,}"]
    for trial, words in (("all", "全部返贫致贫"), ("visited", "走访名单内"), ("soon", "给出理由后三个月内返贫致贫")):
        figures = bundle.report["reasons"][trial]
        assert rows[words][1:] == [f"{figures['falls']:,}", f"{figures['first']:.1%}", f"{figures['first_three']:.1%}"]
    two = bundle.report["reasons"]["two_reasons"]
    assert (
        f"走访名单内的 {two['households']:,} 户次中，有两条以上可以入户核实的理由的占 {two['share']:.1%}" in page.text
    )
    for part in bundle.evaluation["calibration"]["bins"]:
        assert [f"{part['p']:.2%}", f"{part['observed']:.2%}", f"{part['n']:,}"] in page.rows
    for text in (
        bundle.manifest["data"]["fingerprint"],
        bundle.policy_version,
        bundle.manifest["split"]["train_known_by"],
    ):
        assert text in page.text


def test_the_checks_show_their_findings(html, read, bundle):
    chinese, english = read(html["zh"]), read(html["en"])
    for result in run_release_checks(bundle, None, None):
        assert result.title.read("zh") in chinese.marked[result.code][1]
        assert result.describe("zh")["message"] in chinese.marked[result.code][3]
        assert result.message in english.marked[result.code][3]


def test_no_household_is_named_anywhere(html, bundle, county_records):
    carried = html["zh"] + html["en"] + bundle.files["report.json"].decode() + bundle.files["model_card.md"].decode()
    carried = re.sub(r"base64,[^)]*", "", carried)
    assert not [code for code in county_records.household_id.tolist() if code in carried]


def test_the_figures_of_a_small_group_cannot_be_found_by_subtraction(bundle, read):
    groups = [
        {"group": "region", "value": value, "n": n, "positives": falls, "auc": None, "ap": None, "missed": 0.123,
         "recall_at_capacity": 0.877, "visited": 0.1, "mean_probability": 0.01, "observed_rate": falls / n}
        for value, n, falls in (("990111", 4001, 31), ("990222", 777, 17))
    ] + [{"group": "region", "value": None, "suppressed": 1, "n": 13}]  # fmt: skip
    page, others = (
        read(render_report(replace(bundle, evaluation={**bundle.evaluation, "groups": shown})))
        for shown in (groups, [])
    )
    assert "990111" in page.text
    assert "990222" not in page.text  # otherwise the small group's figures could be found by subtraction
    assert "2 个取值因行数太少未列出" in page.text
    assert not [row for row in page.rows if row not in others.rows and ("13" in row or "777" in row)]


def test_leads_with_few_falls_are_not_shown(bundle, read):
    by_lead = {**bundle.evaluation["by_lead"], "1-3": {"n": 19, "recall_at_capacity": {"riskml": 0.777}}}
    page = read(render_report(replace(bundle, evaluation={**bundle.evaluation, "by_lead": by_lead})))
    [row] = [row for row in page.rows if row and row[0].startswith("1-3")]
    assert row[1:] == ["不足 20 次，不列"]


def test_leads_with_enough_falls_are_drawn(bundle, html):
    figures = {"n": 20, "recall_at_capacity": dict.fromkeys(bundle.evaluation["models"], 0.5)}
    text = render_report(replace(bundle, evaluation={**bundle.evaluation, "by_lead": {"4-6": figures}}))
    assert ("按提前期的查全率" in html["zh"]) == any(part["n"] >= 20 for part in bundle.evaluation["by_lead"].values())
    assert "按提前期的查全率" in text


def test_a_report_from_a_bundle_without_report_data_says_how_to_get_them(bundle, read):
    page = read(render_report(bundle, report_data={}))
    assert page.ids[: len(SECTIONS)] == SECTIONS
    assert page.text.count("riskml report BUNDLE --records FOLDER") == 2
    assert "未测量理由的稳定性" in page.text


def _nothing(value):
    """Replace every figure in an evaluation with None, as if no household had fallen."""
    if isinstance(value, dict):
        return {key: None if key == "ci" and isinstance(part, list) else _nothing(part) for key, part in value.items()}
    return None if isinstance(value, float | list) else value


def test_missing_figures_are_shown_as_dashes(bundle, read):
    nobody = {"n": 0, "recall_at_capacity": dict.fromkeys(bundle.evaluation["models"])}
    empty = {
        **bundle.evaluation,
        "models": _nothing(bundle.evaluation["models"]),
        "ap_difference": _nothing(bundle.evaluation["ap_difference"]),
        "calibration": _nothing(bundle.evaluation["calibration"]) | {"bins": []},
        "groups": [],
        "by_lead": {"1-3": nobody},
        "by_kind": {kind: {"n": 0, "models": {}} for kind in ("income", "monitoring")},
    }
    page = read(render_report(replace(bundle, evaluation=empty)))
    assert set(page.marked["riskml"][1:]) == {"–"}


def test_names_from_the_data_are_escaped(bundle):
    feature = {**bundle.report["contributions"]["features"][0], "name": "attribute_<b>x</b>$\\alpha$-->"}
    report_data = {**bundle.report, "contributions": {**bundle.report["contributions"], "features": [feature]}}
    text = render_report(bundle, report_data=report_data)
    assert "<b>x</b>" not in text
    assert "attribute_&lt;b&gt;x&lt;/b&gt;" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_bundle_gives_the_same_bytes_and_random_state_is_untouched(bundle, html, lang):
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert render_report(bundle, lang=lang) == html[lang]
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(("hardship", "named"), [("count", True), ("ignore", False)])
def test_households_in_sudden_hardship_are_outside_the_model_only_if_its_outcome_counts_spending(
    bundle, read, hardship, named
):
    settings = {**bundle.manifest["settings"], "hardship": hardship}
    report = replace(bundle, manifest={**bundle.manifest, "settings": settings})
    for lang, words in (
        ("zh", "已符合“突发严重困难户”预警条件、已在监测中"),
        ("en", "below the line, in sudden hardship, in monitoring"),
    ):
        assert (words in read(render_report(report, lang=lang)).text) == named
