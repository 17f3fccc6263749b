"""The font has every Chinese glyph that riskml uses; pictures are drawn without warnings and always have the same
bytes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure

import riskml
from riskml import fonts
from riskml.errors import FontError
from riskml.features import CATALOGUE

pytestmark = pytest.mark.integration  # reads every glyph of the fonts

SOURCE = Path(riskml.__file__).parent
HAN = re.compile("[\u4e00-\u9fff]")


def collect_texts() -> Iterator[str]:
    """Collect every Chinese text in the package: strings in code, policy and pages, and every feature's wording."""
    for path in SOURCE.rglob("*.py"):
        if path.name == "fonts.py":
            continue  # its docstring contains a sheep emoji, which the font lacks
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and HAN.search(node.value):
                yield node.value
    for suffix in ("yaml", "html", "md"):
        for path in SOURCE.rglob(f"*.{suffix}"):
            yield path.read_text(encoding="utf-8")
    for feature in CATALOGUE.values():
        yield from (feature.zh, feature.reason_zh)


def list_drawn() -> Figure:
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot([-3, 0, 3], [1, 2, 1], label="监测线")
    axes.set(title="近 12 个月人均纯收入(元/人/年)", xlabel="自付医疗费")
    axes.legend()
    plt.close(figure)
    return figure


def test_the_font_has_every_glyph_that_riskml_uses(find_missing_glyphs) -> None:
    text = "".join(collect_texts())
    assert len(set(HAN.findall(text))) > 300
    assert find_missing_glyphs(text) == ""


def test_a_missing_glyph_is_named_once_and_line_breaks_are_ignored(find_missing_glyphs) -> None:
    assert find_missing_glyphs("户\n🐑\t🐑户") == "🐑"


def test_chinese_is_drawn_without_a_warning_and_a_missing_glyph_is_an_error_in_tests() -> None:
    with fonts.use_chinese_font():
        list_drawn().savefig(BytesIO(), format="png")
        figure = plt.figure()
        figure.text(0.5, 0.5, "\U0001f411")
        plt.close(figure)
        with pytest.raises(UserWarning, match="Glyph"):
            figure.savefig(BytesIO(), format="png")


def test_the_settings_of_matplotlib_are_restored_even_after_an_error() -> None:
    before = dict(mpl.rcParams)
    with pytest.raises(ZeroDivisionError), fonts.use_chinese_font():
        raise ZeroDivisionError
    assert dict(mpl.rcParams) == before


def test_an_svg_figure_is_reproducible_and_has_no_date_and_no_font() -> None:
    with fonts.use_chinese_font():
        first, second = fonts.render_svg(list_drawn()), fonts.render_svg(list_drawn())
    assert first == second
    assert first.startswith("<svg")
    assert "<text" not in first
    assert "dc:date" not in first
    assert "Matplotlib" not in first


def test_the_minus_sign_is_typographic(find_missing_glyphs) -> None:
    with fonts.use_chinese_font():
        figure = list_drawn()
        figure.canvas.draw()
        labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert any(label.startswith("\u2212") for label in labels)
    assert find_missing_glyphs("\u2212") == ""


def test_a_subset_holds_only_the_glyphs_in_the_text() -> None:
    data = fonts.subset_font("返贫 2025,−")
    assert data[:4] == b"wOF2"
    assert len(data) < 10_000
    font = TTFont(BytesIO(data))
    assert {chr(code) for code in font.getBestCmap()} == set("返贫 2025,−")
    assert data == fonts.subset_font("−,5202 贫返贫")


def test_a_page_can_embed_every_glyph_that_riskml_uses() -> None:
    text = "".join(collect_texts())
    assert len(fonts.subset_font(text)) < 400_000


def test_without_the_package_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.find_font.cache_clear()
    monkeypatch.setattr(fonts, "PACKAGE", "no_such_font")
    with pytest.raises(FontError, match="pip install no_such_font"):
        fonts.find_font()
    monkeypatch.undo()
    assert fonts.find_font().is_file()


def test_the_font_package_itself_is_never_imported() -> None:
    fonts.find_font()
    fonts.subset_font("户")
    assert fonts.PACKAGE not in sys.modules
