"""Release check RKD002: a single feature predicts too well."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, list_figures

__all__ = ["Leakage"]

CERTAIN = 0.95
SUSPICIOUS = 0.90


class Leakage(Check):
    """A feature contains the outcome.

    Households at risk are above the line, so no legitimate feature alone can separate those that fall from the rest
    almost without error: on real panels, the distance to the line reaches an area under the ROC curve of about .75.
    """

    code = "RKD002"
    title = "leakage"
    title_zh = "信息泄漏"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        aucs = context.evidence.get("feature_auc")
        if aucs is None:
            return NotApplicable("the features were not measured one by one", "未逐个测量特征")
        strength = {name: max(auc, 1 - auc) for name, auc in aucs.items()}
        strong = {name: auc for name, auc in strength.items() if auc >= SUSPICIOUS}
        if not strong:
            return None
        names, names_zh = list_figures(strong, digits=3)
        return Finding(
            f"{len(strong)} feature(s) predict the outcome almost on their own (area under the ROC curve): {names}.",
            "Check when each was recorded and whether it was derived from the outcome itself; then remove it.",
            blocking=max(strong.values()) >= CERTAIN,
            zh=f"{len(strong)} 个特征几乎单独就能预测（AUC）：{names_zh}。",
            hint_zh="核对其登记日期，并查明它是否由结果本身算出；如是则剔除。",
        )
