"""Release check RKD007: test households differ from training households."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, list_figures

__all__ = ["Drifted"]

LARGE = 0.25


class Drifted(Check):
    """The distribution of a feature in the test period differs from that in training.

    By convention, a population stability index above 0.25 is a large shift. It gives only a warning: a new monitoring
    line, a new kind of report or a price rise shows up here first, and the other checks show whether it does harm.
    """

    code = "RKD007"
    title = "drift between training and test"
    title_zh = "训练期与检验期分布漂移"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        drift = context.evidence.get("population_stability")
        if drift is None:
            return NotApplicable(
                "the features of training and test rows were not compared", "未比较训练行与检验行的特征"
            )
        shifted = {name: index for name, index in drift.items() if index > LARGE}
        if not shifted:
            return None
        names, names_zh = list_figures(shifted, digits=2)
        return Finding(
            f"{len(shifted)} of {len(drift)} feature(s) shifted between training and test "
            f"(population stability index above {LARGE}): {names}.",
            "Check whether reporting, units or the line changed, and retrain on the latest periods.",
            blocking=False,
            zh=f"{len(drift)} 个特征中有 {len(shifted)} 个在训练期与检验期之间发生漂移（PSI 大于 {LARGE}）："
            f"{names_zh}。",
            hint_zh="核对登记方式、单位或监测线是否变化，并用最近各期重新训练。",
        )
