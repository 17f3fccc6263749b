"""Release check RKD004: probabilities are miscalibrated."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["Miscalibrated"]

TOLERANCE = 1.5
NOTICEABLE = 1.25
"""Factors by which a figure may differ from 1: exceeding the first blocks the release; exceeding the second only
gives a warning."""

_FIGURES = {
    "observed_over_expected": ("falls observed over falls expected", "实际返贫致贫数与预期之比"),
    "slope": ("calibration slope", "校准斜率"),
}
"""Names of the tested figures in English and in Chinese."""


class Miscalibrated(Check):
    """Of 100 households with a probability of N %, clearly more or fewer than N fall.

    Two figures are tested by their 95 % intervals: observed falls divided by expected falls, and the slope in a
    logistic regression of the label on the logit of the probability. An interval entirely outside 1/1.5
    to 1.5 blocks the release. Since no period is quite like the one before, an interval entirely outside 1/1.25 to 1.25
    gives only a warning.
    """

    code = "RKD004"
    title = "miscalibration"
    title_zh = "校准不准"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        calibration = context.evaluation.get("calibration")
        if calibration is None:
            return NotApplicable("there are no test rows", "没有检验行")
        known = [key for key in _FIGURES if calibration.get(f"{key}_ci") is not None]
        if not known:
            return NotApplicable(
                "the test rows contain only one class, or the model gives only one probability",
                "检验行只有一类结果，或模型只给出一个概率",
            )
        for bound in (TOLERANCE, NOTICEABLE):
            outside = [
                (*_FIGURES[key], calibration[key], *calibration[f"{key}_ci"])
                for key in known
                if _is_outside(calibration[f"{key}_ci"], bound)
            ]
            if not outside:
                continue
            texts = [f"{en} {value:.2f} (95 % interval {low:.2f} to {high:.2f})" for en, _, value, low, high in outside]
            texts_zh = [f"{zh} {value:.2f}（95% 区间 {low:.2f}–{high:.2f}）" for _, zh, value, low, high in outside]
            return Finding(
                f"Probabilities are miscalibrated: {'; '.join(texts)}; {1 / bound:.2f} to {bound:.2f} is tolerated.",
                "Recalibrate on the latest complete period, and check whether the line or the reporting changed.",
                blocking=bound == TOLERANCE,
                zh=f"概率失准：{'；'.join(texts_zh)}；容许范围 {1 / bound:.2f}–{bound:.2f}。",
                hint_zh="用最近的完整一期重新校准，并核对监测线或登记方式是否变化。",
            )
        return None


def _is_outside(ci: Sequence[float], bound: float) -> bool:
    return ci[0] > bound or ci[1] < 1 / bound
