"""In the report's charts, every dot stands for the same share of rows, and other figures give other charts."""

from __future__ import annotations

import re

import numpy as np
import pytest

from riskml.reporting.capacity_figures import draw_capacity, draw_lead_times
from riskml.reporting.contribution_figures import DOTS, make_shap_explanation
from riskml.reporting.language import Language
from riskml.reporting.quality_figures import draw_groups

pytestmark = pytest.mark.integration

EN = Language("en")


def make_feature(*groups: tuple[int, float | str | None, float]) -> dict:
    return {"groups": [{"n": n, "value": value, "contribution": c} for n, value, c in groups]}


def test_each_dot_stands_for_an_equal_share_of_the_rows():
    explanation = make_shap_explanation([make_feature((60, 1.0, -0.5), (20, 9.0, 0.7))], ["income"])
    assert explanation.values.shape == (DOTS, 1)
    assert (explanation.values == 0.7).sum() == DOTS // 4
    rank = explanation.data.iloc[:, 0]
    assert set(rank[explanation.values[:, 0] == 0.7]) == {1.0}
    assert set(rank[explanation.values[:, 0] == -0.5]) == {0.0}


def test_missing_values_and_categories_have_no_colour():
    features = [
        make_feature((20, None, 0.1), (20, 3.0, 0.2), (20, 5.0, 0.3)),
        make_feature((30, "a", 0.1), (30, "b", 0.2)),
        make_feature((30, None, 0.1)),
    ]
    data = make_shap_explanation(features, ["x", "region", "y"]).data
    assert np.isnan(data.iloc[:, 0]).mean() == pytest.approx(1 / 3, abs=0.01)
    assert set(data.iloc[:, 1]) == set(data.iloc[:, 2]) == {""}


def make_models(recall: float, precision: float) -> dict:
    shares = ("0.01", "0.05", "0.10")
    one = {"recall_at": dict.fromkeys(shares, recall), "precision_at": dict.fromkeys(shares, precision), "ci": {}}
    return {"riskml": one, "rule_line": one}


def test_charts_change_with_the_numbers_but_not_with_leads_that_have_too_few_falls():
    drawn = [str(draw_capacity(make_models(*values), EN)) for values in ((0.4, 0.1), (0.4, 0.2), (0.5, 0.1))]
    assert len(set(drawn)) == 3
    leads = {"1-3": {"n": 20, "recall_at_capacity": {"riskml": 0.5, "rule_line": 0.25}}}
    few = {**leads, "4-6": {"n": 19, "recall_at_capacity": {"riskml": 0.9, "rule_line": 0.9}}}
    assert draw_lead_times(leads, 20, EN) == draw_lead_times(few, 20, EN)
    assert draw_lead_times(leads, 19, EN) != draw_lead_times(few, 19, EN)


def test_ids_in_two_figures_never_collide():
    one = {"missed": 0.5, "positives": 30, "gap": "wide", "name": "a", "word": "b"}
    first, second = str(draw_groups([one], EN)), str(draw_capacity(make_models(0.4, 0.1), EN))
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (first, second)]
    assert not ids[0] & ids[1]
    for text, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= own
        assert "xmlns" not in text
        assert "<!--" not in text
