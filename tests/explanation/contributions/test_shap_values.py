"""Objects for the library ``shap`` hold riskml's exact contributions, and ``shap`` plots them with Chinese labels."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from riskml.errors import UsageError
from riskml.explanation import Explainer
from riskml.explanation.contributions.shap_values import label_features, to_shap
from riskml.features import CATALOGUE, build
from riskml.fonts import use_chinese_font
from riskml.records.contract.calendar import to_day

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:The NumPy global RNG:FutureWarning"),  # shap adds random jitter to its points
]


@pytest.fixture(scope="module")
def matrix(county_records):
    return build(county_records.panel(to_day("2022-12-31")))


@pytest.fixture(scope="module")
def explained(trained, matrix):
    return to_shap(trained, matrix, lang="zh")


def test_base_and_values_sum_to_the_raw_margin(trained, matrix, explained):
    margin = trained.blend.predict_margin(matrix)
    assert type(explained).__module__.startswith("shap.")
    np.testing.assert_allclose(explained.base_values + explained.values.sum(axis=1), margin, rtol=0, atol=1e-9)
    assert np.ptp(margin) > 0.5


def test_an_explainer_gives_the_same_values_as_its_bundle(trained, matrix, explained):
    again = to_shap(Explainer(trained.blend), matrix)
    assert np.array_equal(again.values, explained.values)
    assert again.feature_names == [column.name for column in trained.columns]


def test_the_data_are_the_features_with_categories_shown_by_name(trained, matrix, explained):
    values = trained.blend.align(matrix)
    np.testing.assert_array_equal(explained.data, values)
    names = [column.name for column in trained.columns]
    j = names.index("attribute_house_type")
    shown, levels = explained.display_data[:, j], trained.levels["attribute_house_type"]
    assert list(shown) == ["缺" if np.isnan(code) else levels[int(code)] for code in values[:, j]]
    assert set(shown) & set(levels)
    k = names.index("household_size")
    assert list(explained.display_data[:, k]) == list(values[:, k])
    silent = np.isnan(values)
    assert silent.any()
    assert set(explained.display_data[silent]) == {"缺"}
    assert set(to_shap(trained, matrix).display_data[silent]) == {"missing"}


def test_labels_match_the_catalogue():
    names = ("admissions_12m", "attribute_distance_km")
    assert label_features(names, "zh") == [CATALOGUE["admissions_12m"].zh, "attribute_distance_km"]
    assert label_features(names, "en")[0] == CATALOGUE["admissions_12m"].en
    assert label_features(names, None) == list(names)
    with pytest.raises(UsageError, match="'zh', 'en'"):
        label_features(names, "fr")


def test_beeswarm_and_waterfall_plots_show_chinese_text(explained, find_missing_glyphs):
    """Draw two plots. Warnings are errors, so a glyph missing from the font fails the test."""
    import shap

    assert find_missing_glyphs("".join(explained.feature_names)) == ""
    with use_chinese_font():
        for draw in (
            lambda: shap.plots.beeswarm(explained, show=False),
            lambda: shap.plots.waterfall(explained[3], show=False),
        ):
            draw()
            labels = [label.get_text() for axes in plt.gcf().axes for label in axes.get_yticklabels()]
            assert any("近 12 个月" in label for label in labels)
            out = BytesIO()
            plt.savefig(out, format="png", bbox_inches="tight", dpi=60)
            plt.close("all")
            assert Image.open(out).convert("L").getextrema()[0] < 60


def test_the_module_imports_shap_only_when_needed():
    code = "import sys, riskml.explanation.contributions.shap_values; sys.exit('shap' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
