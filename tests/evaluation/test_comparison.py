"""How a comparison of several models is rendered as text and as Markdown."""

from __future__ import annotations

import pytest
from rich.console import Console

from riskml.evaluation import evaluate
from riskml.evaluation.comparison import build_table, describe_complement, render_markdown, render_text


@pytest.fixture
def evaluated(county):
    return evaluate(*county, resamples=50)


def split_cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_every_figure_is_in_the_markdown_table(evaluated):
    lines = render_markdown(evaluated).splitlines()
    header, models = split_cells(lines[0]), {split_cells(line)[0]: split_cells(line)[1:] for line in lines[2:]}
    assert header[:4] == ["model", "AUC", "AP", "Brier"]
    assert "visits per case" in header
    assert set(models) == set(evaluated["models"])
    measured = evaluated["models"]["riskml"]
    low, high = measured["ci"]["auc"]
    interval = f"({low:.3f}–{high:.3f})".replace("0.", ".")
    assert models["riskml"][0] == f"{measured['auc']:.3f} {interval}"
    assert models["riskml"][2] == f"{measured['brier']:.4f}"
    assert models["riskml"][7] == f"{1 / measured['precision_at']['0.10']:.1f}"
    assert models["rule_line"][8] == "0.0"


def test_markdown_has_one_line_per_model_with_equal_numbers_of_cells(evaluated):
    lines = render_markdown(evaluated, "Test 2024").splitlines()
    assert lines[:2] == ["**Test 2024**", ""]
    assert {len(split_cells(line)) for line in lines[2:]} == {10}
    assert len(lines) == 2 + 2 + 3


def test_plain_text_has_no_colour_codes_and_fits_a_wide_terminal(evaluated):
    text = render_text(evaluated, "Test 2024")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 120
    assert all(name in text for name in evaluated["models"])


def test_intervals_can_be_left_out(evaluated):
    assert "–" in render_text(evaluated)
    assert "–" not in render_text(evaluated, intervals=False)


@pytest.mark.parametrize(("lang", "label"), [("en", "simulated county"), ("zh", "模拟县数据")])
def test_simulated_households_are_labelled(evaluated, lang, label):
    for write in (render_text, render_markdown):
        assert label in write(evaluated, "Test", simulated=True, lang=lang)
        assert label not in write(evaluated, "Test", lang=lang)


def test_missing_figures_are_shown_as_missing(make_rows, predict):
    evaluation = evaluate(make_rows([0, 0]), {"riskml": predict([1, 2])}, resamples=0)
    row = split_cells(render_markdown(evaluation).splitlines()[2])
    assert row[1:3] == ["n/a", "n/a"]
    assert row[3] != "n/a"
    assert row[8] == "n/a"


def test_the_terminal_shows_the_same_table(evaluated):
    console = Console(width=200)
    with console.capture() as capture:
        console.print(build_table(evaluated, "Test"))
    assert [line.split() for line in capture.get().splitlines() if line.strip()] == [
        line.split() for line in render_text(evaluated, "Test").splitlines()
    ]


def test_the_complement_is_described_in_both_languages(evaluated):
    positives = sum(part["positives"] for part in evaluated["complement"].values())
    assert describe_complement(evaluated).startswith(f"Of {positives} falls")
    assert f"{positives} 户" in describe_complement(evaluated, "zh")
