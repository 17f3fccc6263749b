"""Chinese texts use full-width punctuation, in code, templates, the policy, documents and the released model card."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HAN = r"[\u4e00-\u9fff（）。，：；、]"
HALF = re.compile(rf"{HAN} ?[,;:!?(]|[,;:!?)] ?{HAN}")
REGULAR = re.compile(r"\[\^|\(\?|\\d")
CODE = ("src", "serving")
TEXTS = ("README.zh-CN.md", "models/*/model_card.md", "serving/riskml_serving/web/templates/**/*.html")
TEXTS += ("src/riskml/reporting/templates/**/*.html", "src/riskml/**/*.zh.md")


def read_strings(path: Path) -> Iterator[tuple[int, str]]:
    """Read the strings in the code, each part of an f-string separately; regular expressions are left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not REGULAR.search(node.value):
            yield node.lineno, node.value


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read a text's lines without code and link addresses, and separately the strings in template expressions."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        yield number, re.sub(r"`[^`]*`|\]\([^)]*\)|\{\{.*?\}\}|\{%.*?%\}", "", line)
        for expression in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", line):
            yield from ((number, text) for text in re.findall(r"'([^']*)'|\"([^\"]*)\"", expression) for text in text)


@pytest.mark.parametrize("top", CODE)
def test_chinese_strings_in_the_code_use_full_width_punctuation(top):
    odd = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:80]}"
        for path in sorted((ROOT / top).rglob("*.py"))
        for line, text in read_strings(path)
        if HALF.search(text)
    ]
    assert not odd, "\n".join(odd)


def read_values(value: object) -> Iterator[str]:
    """Read the values in a YAML file that are strings."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from read_values(part)


TEXT_FILES = ["policy/policy.yaml", "evaluation/words.yaml", "reporting/groups.yaml", "reporting/headings.yaml"]
TEXT_FILES += ["explanation/timeline/lanes.yaml", "explanation/timeline/words.yaml", "records/reading/rules.yaml"]


@pytest.mark.parametrize("file", TEXT_FILES)
def test_chinese_texts_in_files_of_texts_use_full_width_punctuation(file):
    texts = [*read_values(yaml.safe_load((ROOT / "src/riskml" / file).read_text("utf-8")))]
    assert len(texts) > 20
    assert not [text for text in texts if HALF.search(text)]


@pytest.mark.parametrize("pattern", TEXTS)
def test_chinese_text_files_use_full_width_punctuation(pattern):
    paths = sorted(ROOT.glob(pattern))
    assert paths
    odd = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in paths
        for number, line in read_lines(path)
        if HALF.search(line)
    ]
    assert not odd, "\n".join(odd)


@pytest.mark.parametrize(
    ("text", "odd"), [("人口,3", True), ("（3)人", True), ("人口，3（户）", False), ("见 a, b", False)]
)
def test_half_width_punctuation_is_detected_in_chinese_text(text, odd):
    assert bool(HALF.search(text)) is odd
