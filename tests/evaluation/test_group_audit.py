"""The audit by group: a group's figures come from its own rows, visits are chosen among all households, and small
groups are hidden."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from riskml.evaluation.capacity import VisitList
from riskml.evaluation.groups import SMALLEST_GROUP, audit_groups


@pytest.fixture
def audit(county):
    rows, models = county
    model = models["riskml"]
    return (
        rows,
        model,
        audit_groups(rows, model, VisitList.from_scores(model.score, rows.as_of, rows.positive).estimate_chances(0.1)),
    )


def test_figures_come_from_the_rows_of_the_group(audit):
    rows, model, result = audit
    for one in (entry for entry in result if entry["group"] == "region"):
        own = rows.groups["region"] == one["value"]
        assert one["n"] == own.sum()
        assert one["positives"] == rows.label[own].sum()
        assert one["auc"] == pytest.approx(roc_auc_score(rows.label[own], model.score[own]))
        assert one["ap"] == pytest.approx(average_precision_score(rows.label[own], model.score[own]))
        assert one["mean_probability"] == pytest.approx(model.probability[own].mean())
        assert one["observed_rate"] == pytest.approx(rows.label[own].mean())
        assert one["missed"] == pytest.approx(1 - one["recall_at_capacity"])


def test_the_visit_list_covers_all_groups_together(audit):
    rows, _, result = audit
    regions = [one for one in result if one["group"] == "region"]
    assert sum(one["visited"] * one["n"] for one in regions) == pytest.approx(0.1 * len(rows))


def test_small_groups_are_hidden_and_counted(audit):
    _, _, result = audit
    category = [one for one in result if one["group"] == "category"]
    assert [one["value"] for one in category] == ["common", None]
    assert category[1] == {"group": "category", "value": None, "suppressed": 1, "n": 5}


def test_the_smallest_group_shown_has_twenty_rows(make_rows, predict):
    n = 2 * SMALLEST_GROUP - 1
    rows = make_rows(np.zeros(n), groups={"kind": np.array(["a"] * SMALLEST_GROUP + ["b"] * (SMALLEST_GROUP - 1))})
    result = audit_groups(rows, predict(np.zeros(n)), np.zeros(n))
    assert [(one["value"], one["n"]) for one in result] == [("a", 20), (None, 19)]


def test_a_group_without_a_faller_has_no_recall(make_rows, predict):
    rows = make_rows(np.zeros(30), groups={"kind": np.array(["a"] * 30)})
    (one,) = audit_groups(rows, predict(np.arange(30)), np.full(30, 0.1))
    assert (one["auc"], one["ap"], one["recall_at_capacity"], one["missed"]) == (None, None, None, None)
    assert one["visited"] == pytest.approx(0.1)
    json.dumps(one, allow_nan=False)


def test_no_groups_give_an_empty_list(make_rows, predict):
    assert audit_groups(make_rows([1, 0]), predict([1, 0]), np.ones(2)) == []
    empty = make_rows([], groups={"kind": np.array([], dtype=str)})
    assert audit_groups(empty, predict([]), np.array([])) == []
