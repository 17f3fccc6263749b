"""RKD007: test households do not look like training households."""

from __future__ import annotations

from riskml.errors import shorten_list
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, shorten_list_zh

__all__ = ["Drifted"]

LARGE = 0.25


class Drifted(Check):
    """A feature is distributed otherwise in the test period than in training.

    A population stability index above 0.25 is by custom a large shift. It is a warning: a new line, a new kind of
    report or a price rise all show here first, and the other checks tell whether they harm.
    """

    code = "RKD007"
    title = "drift between training and test"
    title_zh = "训练期与检验期分布漂移"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        if context.drift is None:
            return NotApplicable(
                "the features of training and test rows were not compared", "未比较训练行与检验行的特征"
            )
        drift = context.drift
        shifted = sorted((name for name in drift if drift[name] > LARGE), key=lambda name: -drift[name])
        if not shifted:
            return None
        named = [f"{name} ({drift[name]:.2f})" for name in shifted]
        return Finding(
            f"{len(shifted)} of {len(drift)} feature(s) shifted between training and test "
            f"(population stability index above {LARGE}): {shorten_list(named)}.",
            "Check whether reporting, units or the line changed, and retrain on the latest periods.",
            blocking=False,
            zh=f"{len(drift)} 个特征中有 {len(shifted)} 个在训练期与检验期之间发生漂移（PSI 大于 {LARGE}）："
            f"{shorten_list_zh(named)}。",
            hint_zh="核对登记方式、单位或监测线是否变化，并用最近各期重新训练。",
        )
