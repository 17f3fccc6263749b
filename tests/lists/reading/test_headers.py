"""The headers of columns that riskml knows, and those that a county adds for itself."""

from __future__ import annotations

from copy import deepcopy

from riskml.lists.reading.headers import read_headers

OWN = """
topics:
  illness: {words: [看医生], fields: {illness.cost: {seen: [花费, 各项*总花费]}}, other: [床位]}
identity: {village: {assumed: [老家, 老家在*]}}
other: [颜色]
confirmed:
- {header: 总费用, field: other, topic: illness}
- {header: 乡镇, field: village}
"""


def test_what_a_county_adds_is_known_to_its_lists_only(tmp_path):
    path = tmp_path / "mapping.yaml"
    path.write_text(OWN, encoding="utf-8")
    packaged = read_headers()
    before = deepcopy((packaged.topics, packaged.common, packaged.never))
    own = read_headers(path)
    meanings = {
        text: own.find("illness", [text]).field
        for text in ("花费", "各项药品总花费", "老家在哪", "颜色", "总费用", "乡镇")
    }
    assert list(meanings.values()) == ["illness.cost", "illness.cost", "village", "other", "other", "village"]
    assert own.topics["illness"].words[-1] == "看医生"
    assert (packaged.topics, packaged.common, packaged.never) == before
    assert read_headers() is packaged
