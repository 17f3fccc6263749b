"""Build the text of ``docs/features.md``, the data dictionary, from the catalogue.

``make docs`` writes the file, and a test fails if the file is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from riskml.features.attributes import list_region_features
from riskml.features.catalogue import CATALOGUE, TOPICS, Feature
from riskml.features.matrix import Direction
from riskml.vocabulary.causes import CAUSES

__all__ = ["describe"]

_DIRECTIONS = {
    Direction.HIGHER_RISK: "more → higher risk",
    Direction.LOWER_RISK: "more → lower risk",
    Direction.FREE: "free",
}


def describe() -> str:
    """Return the text of ``docs/features.md``.

    >>> describe().splitlines()[0]
    '# The features · 指标说明'
    """
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    parts = {
        "count": str(len(CATALOGUE)),
        "topics": "\n".join(line for topic in TOPICS for line in _describe_topic(topic)),
        "attributes": "\n".join(_describe_attributes()),
    }
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    return text


def _describe_topic(topic: str) -> Iterator[str]:
    yield f"## {topic} · {TOPICS[topic]}\n"
    yield "| feature | 中文 | English | unit | window | direction | cause | needs | definition |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for f in CATALOGUE.values():
        if f.topic == topic:
            yield "| " + " | ".join(_list_cells(f)) + " |"
    yield ""


def _list_cells(f: Feature) -> tuple[str, ...]:
    return (
        f"`{f.name}`",
        f.zh,
        f.en,
        f.unit,
        {0: "now", 1: "1 month"}.get(f.window, f"{f.window} months"),
        _DIRECTIONS[f.direction],
        f"`{f.cause}` {CAUSES[f.cause].zh}",
        ", ".join(f"`{table}`" for table in f.requires),
        " ".join(f.definition.split()),
    )


def _describe_attributes() -> Iterator[str]:
    for f, _, _ in list_region_features(()):
        yield f"| `{f.name}` | {f.zh} | {f.en}, as a category; missing if the code is shorter |"
    yield "| `attribute_<name>` | 属性 | the attribute in the latest known version: a number, or text as a category |"
    yield (
        "| `attribute_<name>_change` | 属性的变化 | for numbers: latest known version minus the version before; missing"
        " if there is none |"
    )
