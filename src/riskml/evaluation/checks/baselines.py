"""Release check RKD003: the model is worse than a baseline or the champion."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["WorseThanBaseline"]

NOTICEABLE = 0.005
"""A loss of average precision of at least this size gives a warning, even if it may be due to chance."""

_NAMES = {
    "rule_line": "the rule line",
    "weighted_past_income": "weighted past income",
    "champion": "the released champion",
}
_ZH = {"rule_line": "监测线规则", "weighted_past_income": "加权历史收入", "champion": "在用模型"}
_HINT = (
    "Keep the current model or rule; see in the comparison by lead time and by group where the model is worse, "
    "and add data or features."
)
_HINT_ZH = "继续使用现有模型或规则；查看按提前期和分组的比较，补充数据或特征。"


class WorseThanBaseline(Check):
    """The model ranks worse than the rule line, weighted past income or the champion, on the same test rows.

    The model is meant to improve on the rule line, so its average precision must not be lower than the rule line's.
    With fewer than a few hundred falls, similar models cannot be told apart. The model therefore counts as worse than
    weighted past income or the champion only if the 95 % interval of the difference, computed on the same resamples of
    households, lies entirely below zero. If the interval includes zero, a lower figure gives a warning. If there is no
    interval, the figure alone decides.
    """

    code = "RKD003"
    title = "worse than a baseline"
    title_zh = "不如基准"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        if context.evaluation["models"]["riskml"]["ap"] is None:
            return NotApplicable("the test rows contain no falls, or only falls", "检验行没有返贫致贫，或全部返贫致贫")
        findings = [self._compare_with_baseline(context, name) for name in ("rule_line", "weighted_past_income")]
        champion = context.champion
        if champion is not None:
            findings.append(
                _compare("champion", champion.value, champion.ci)
                if champion.same_rows and champion.value is not None
                else _report_unmeasured("champion")
            )
        worse = [finding for finding in findings if finding is not None]
        if not worse:
            return None
        worse.sort(key=lambda finding: not finding.blocking)
        return Finding(
            " ".join(finding.message for finding in worse),
            worse[0].hint,
            any(finding.blocking for finding in worse),
            zh="".join(finding.zh for finding in worse),
            hint_zh=worse[0].hint_zh,
        )

    @staticmethod
    def _compare_with_baseline(context: CheckContext, name: str) -> Finding | None:
        difference = context.evaluation.get("ap_difference", {}).get(name)
        if difference is None or difference["value"] is None:
            return _report_unmeasured(name)
        return _compare(name, difference["value"], difference["ci"])


def _compare(name: str, value: float, ci: Sequence[float] | None) -> Finding | None:
    if value >= 0:
        return None
    text = f"Average precision is {-value:.3f} lower than that of {_NAMES[name]}"
    text_zh = f"平均精确率比{_ZH[name]}低 {-value:.3f}"
    if ci is not None and name != "rule_line":
        text += f" (95 % interval of the difference {ci[0]:.3f} to {ci[1]:.3f})"
        text_zh += f"（差值的 95% 区间 {ci[0]:.3f} 至 {ci[1]:.3f}）"
    if ci is None or name == "rule_line" or ci[1] < 0:
        return Finding(f"{text}.", _HINT, zh=f"{text_zh}。", hint_zh=_HINT_ZH)
    if value < -NOTICEABLE:
        return Finding(
            f"{text}, which may be due to chance.",
            "Test on more as_of dates (--origins).",
            blocking=False,
            zh=f"{text_zh}，可能出于偶然。",
            hint_zh="用更多时点检验（--origins）。",
        )
    return None


def _report_unmeasured(name: str) -> Finding:
    return Finding(
        f"{_NAMES[name].capitalize()} was not measured on the same test rows.",
        "Evaluate it on the rows of this model's forward split.",
        zh=f"{_ZH[name]}未在相同的检验行上测量。",
        hint_zh="在本模型的检验行上对其评估。",
    )
