"""The report's pages about checks: the documentation lists them, and both languages say the same."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from riskml.evaluation.checks.run import CHECKS
from riskml.reporting.check_pages import read_check_page

README = Path(__file__).parents[2] / "docs" / "checks" / "README.md"
LANGUAGES = (("en", "English"), ("zh", "中文"))
CODES = [check.code for check in CHECKS]
HEAD = """# Checks before a release

What `riskml check` compares in a records folder is described in [comparisons.md](comparisons.md).

`riskml release` runs every check and refuses a model that fails one; warnings are shown and do not block. A check
that lacks the data it needs says why it does not apply. The report shows a page about each check:

| code | title | severity | page |
|---|---|---|---|
"""


def test_the_documentation_lists_every_page(golden):
    rows = []
    for check in CHECKS:
        severity = re.search(r"^Severity: (.*)\.$", read_check_page(check.code, "en"), re.MULTILINE)
        pages = (f"[{word}](../../src/riskml/reporting/checks/{check.code}.{lang}.md)" for lang, word in LANGUAGES)
        rows.append(f"| {check.code} | {check.title} | {severity[1]} | {' · '.join(pages)} |\n")
    golden(README, HEAD + "".join(rows))


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_every_check_has_a_page(check):
    page = read_check_page(check.code, "en")
    assert page.startswith(f"# {check.code} {check.title}\n")
    assert all(f"\n## {part}\n" in page for part in ("What it says", "When it fires", "What to do"))


def test_every_page_belongs_to_a_check():
    pages = (path.name for path in files("riskml.reporting").joinpath("checks").iterdir())
    assert set(pages) == {f"{code}.{lang}.md" for code in CODES for lang, _ in LANGUAGES}


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_the_chinese_page_has_the_same_sections_and_figures(check):
    chinese, english = read_check_page(check.code, "zh"), read_check_page(check.code, "en")
    assert chinese.startswith(f"# {check.code} {check.title.read('zh')}\n")
    assert re.findall("^## .*", chinese, re.MULTILINE) == ["## 说明什么", "## 何时触发", "## 怎么办"]
    assert chinese.count("|") == english.count("|")

    def numbers(text: str) -> set[float]:
        return {float(number) for number in re.findall(r"(?<![\w.])\d*\.?\d+", text)}

    words = {"ten": 10.0, "two": 2.0, "quantile": 10.0}
    assert numbers(chinese) - {95.0} <= numbers(english) | {number for word, number in words.items() if word in english}
