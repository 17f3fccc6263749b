"""Release check RKD005: the model breaks a direction that policy demands."""

from __future__ import annotations

from riskml.errors import shorten_list
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, shorten_list_zh

__all__ = ["NotMonotone"]

ROUNDING = 1e-9


class NotMonotone(Check):
    """A household could lower its predicted risk by being worse off.

    In sampled households, every feature with a required direction is raised over its range while all other features
    stay the same. The margin must not move against the direction by more than a rounding error.
    """

    code = "RKD005"
    title = "monotonicity broken"
    title_zh = "方向约束被破坏"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        probes = context.evidence.get("monotonicity")
        if not probes:
            return NotApplicable("no feature has a required direction", "没有规定方向的特征")
        broken = sorted((p for p in probes if not p["worst"] <= ROUNDING), key=lambda p: -p["worst"])
        if not broken:
            return None
        shown = shorten_list(
            f"{p['feature']} ({'rises' if p['direction'] < 0 else 'falls'} by {p['worst']:.2g} in the margin)"
            for p in broken
        )
        return Finding(
            f"{len(broken)} of {len(probes)} feature(s) move the risk in the wrong direction: {shown}.",
            "Fit both parts of the model with the catalogue's directions; do not release the model until they hold.",
            zh=f"{len(probes)} 个规定方向的特征中，{len(broken)} 个使风险向相反方向变动："
            + shorten_list_zh(f"{p['feature']}（变动 {p['worst']:.2g}）" for p in broken)
            + "。",
            hint_zh="两部分模型都须按特征目录规定的方向拟合；未满足前不得发布。",
        )
