"""Pages and workbooks call a household stable in words that fit the model's outcome and the rule line's flags."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from riskml.explanation import Narrator

WITH_SPENDING, INCOME_ONLY = "收入与支出预计稳定", "收入预计稳定（未计刚性支出）"


def read_page(site, path):
    """Return the text of a page, or that of all cells of a workbook."""
    answer = site.get(path)
    if ".xlsx" not in path:
        return answer.text
    sheets = load_workbook(io.BytesIO(answer.content)).worksheets
    return "\n".join(str(cell) for sheet in sheets for row in sheet.values for cell in row)


def list_paths(site):
    stable = "SELECT household_id FROM current_scores WHERE tier = 0 AND rule_flags {} '' ORDER BY household_id LIMIT 1"
    calm, flagged = (site.rows(stable.format(sign))[0][0] for sign in ("=", "!="))
    whole = ["/worklist?state=all", "/worklist.xlsx?state=all", "/overview", "/overview.xlsx"]
    return [*whole, f"/households/{calm}", f"/households/{calm}/export.xlsx"], f"/households/{flagged}"


@pytest.fixture
def without_spending(model):
    """Build the same model with an outcome that ignores unavoidable spending."""
    settings = {**model.bundle.manifest["settings"], "hardship": "ignore"}
    bundle = replace(model.bundle, manifest={**model.bundle.manifest, "settings": settings})
    return replace(model, bundle=bundle, narrator=Narrator(bundle, model.policy))


def test_the_words_for_stable_say_whether_the_models_outcome_counts_spending(site, without_spending):
    site.sign_in("county")
    paths, flagged = list_paths(site)
    for path in paths:
        assert WITH_SPENDING in read_page(site, path), path
        assert INCOME_ONLY not in read_page(site, path), path
    assert "或收入记录不足；规则按定义即可发现" in read_page(site, "/overview")
    assert "走访时已低于监测线、已符合“突发严重困难户”预警条件，或" in read_page(site, "/overview")
    site.client.app.state.holder.swap(without_spending)
    for path in paths:
        assert INCOME_ONLY in read_page(site, path), path
        assert WITH_SPENDING not in read_page(site, path), path
    assert "走访时已低于监测线，或收入记录不足" in read_page(site, "/overview")
    assert WITH_SPENDING not in read_page(site, flagged)


def test_a_flagged_household_is_not_called_stable(site):
    site.sign_in("county")
    _, flagged = list_paths(site)
    assert '<p class="figure">模型未预警</p>' in read_page(site, flagged)
