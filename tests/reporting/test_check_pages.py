"""The pages inside the report are those of the documentation, and say the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskml.evaluation.checks import CHECKS
from riskml.reporting.check_pages import read_check_page

DOCS = Path(__file__).parents[2] / "docs" / "checks"
CODES = [check.code for check in CHECKS]


@pytest.mark.parametrize("code", CODES)
def test_the_english_page_is_that_of_the_documentation(code):
    assert read_check_page(code, "en") == (DOCS / f"{code}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_the_chinese_page_has_the_same_parts_and_the_same_figures(check):
    chinese, english = read_check_page(check.code, "zh"), read_check_page(check.code, "en")
    assert chinese.startswith(f"# {check.code} {check.title_zh}\n")
    assert re.findall("^## .*", chinese, re.MULTILINE) == ["## 说明什么", "## 何时触发", "## 怎么办"]
    assert chinese.count("|") == english.count("|")

    def numbers(text: str) -> set[float]:
        return {float(number) for number in re.findall(r"(?<![\w.])\d*\.?\d+", text)}

    words = {"ten": 10.0, "two": 2.0, "quantile": 10.0}
    said = numbers(chinese) - {95.0}
    assert said <= numbers(english) | {number for word, number in words.items() if word in english}
