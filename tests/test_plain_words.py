"""Texts avoid words that no county officer uses, and turns of phrase that no native speaker of English would write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = (".html", ".js", ".md", ".py", ".yaml")

CHINESE = (
    "一般户中位数", "今日待核", "未遇", "不实", "村级人员", "查户码", "模型名额之外", "责任人逾期", "数据新鲜度",
    "评分记录", "时间轴", "每次走访属实", "约 0.0 户", "启用时间（UTC）", "漂移", "请求编号", r"[\u4e00-\u9fff] 不到",
    r"\d 次（标准 \d", "按年计人均平均", r"按年计 [-−]\d",
)  # fmt: skip
"""Regular expressions; there is a plainer word for each, such as 待核实名单, 不属实 and 历次研判."""

ENGLISH = (
    "lists them no longer", "though they be", "keep other writers from", "made the model's yes", "not kept yet",
    "noted who looks after", "hold the chain against itself", "no good", "least level", "tell any error in one form",
    "of 100 like it", "what ails", "what it reaches", "whoever",
)  # fmt: skip


def find_words(text: str) -> list[str]:
    """Find the words to avoid in a text; lines break English phrases anywhere."""
    plain = re.sub(r"\s+", " ", text)
    words = [word for word in CHINESE if re.search(word, text)]
    return words + [word for word in ENGLISH if re.search(rf"\b{word}\b", plain, re.IGNORECASE)]


@pytest.mark.parametrize("folder", ["src", "serving"])
def test_code_and_templates_use_plain_words(folder):
    paths = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in TEXTS]
    assert len(paths) > 100
    words_by_path = {str(path.relative_to(ROOT)): find_words(path.read_text("utf-8")) for path in paths}
    assert not {path: words for path, words in words_by_path.items() if words}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("还没有评分记录。", ["评分记录"]),
        ("相当于家庭年纯收入的 不到 1%", [r"[\u4e00-\u9fff] 不到"]),
        ("意外事故 1 次（满 1 次即预警）", []),
        ("Not kept\nyet", ["not kept yet"]),
        ("no goods", []),
    ],
)
def test_words_to_avoid_are_found(text, words):
    assert find_words(text) == words
