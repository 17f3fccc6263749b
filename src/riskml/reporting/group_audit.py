"""Present the results by group: what each group is, when it matters, and which of its values fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskml.evaluation.checks.group_gap import find_gaps
from riskml.evaluation.groups import select_shown_groups
from riskml.evaluation.words import GROUPS, name_groups
from riskml.reporting.language import Language
from riskml.reporting.quality_figures import draw_groups
from riskml.text import read_data

_ABOUT = read_data("riskml.reporting", "groups.yaml")


def arrange_groups(groups: Sequence[Mapping[str, Any]], t: Language) -> dict[str, Any]:
    """Arrange the results by group, leaving out values with so few rows that a household could be identified.

    Returns
    -------
    dict
        ``groups``, each with its ``name``, ``what`` it is, ``when`` it matters, ``fails`` (the values that fail),
        ``hidden`` (the number of values left out) and its ``rows``; ``judged``, whether gaps could be assessed; and the
        ``figure``.
    """
    shown, hidden = select_shown_groups(groups)
    gaps = find_gaps(shown)
    failing = {(gap.group, gap.value): gap for gap in gaps or []}
    rows = [{**row, "gap": failing.get((row["group"], row["value"]))} for row in name_groups(shown, t.code)]
    parts = []
    for group in dict.fromkeys([row["group"] for row in groups]):
        own = [row for row in rows if row["group"] == group]
        about = {"name": GROUPS.get_name(group, t.code), **_ABOUT.get(group, _ABOUT["other"])[t.code]}
        fails = [row for row in own if row["gap"]]
        parts.append({**about, "rows": own, "hidden": hidden.get(group, 0), "fails": fails})
    drawn = any(row["missed"] is not None for row in rows)
    return {"groups": parts, "judged": gaps is not None, "figure": draw_groups(rows, t) if drawn else None}
