"""RKD002: one feature alone predicts too well."""

from __future__ import annotations

from riskml.errors import shorten_list
from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, shorten_list_zh

__all__ = ["Leakage"]

CERTAIN = 0.95
SUSPICIOUS = 0.90


class Leakage(Check):
    """A feature holds the answer.

    Households at risk are above the line, so no single honest figure parts those who fall from the rest nearly
    without error: on real panels distance to the line reaches an area under the ROC curve of about .75.
    """

    code = "RKD002"
    title = "leakage"
    title_zh = "信息泄漏"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        if context.feature_auc is None:
            return NotApplicable("the features were not measured one by one", "未逐个测量特征")
        strength = {name: max(auc, 1 - auc) for name, auc in context.feature_auc.items()}
        strong = sorted((name for name in strength if strength[name] >= SUSPICIOUS), key=lambda name: -strength[name])
        if not strong:
            return None
        named = [f"{name} ({strength[name]:.3f})" for name in strong]
        return Finding(
            f"{len(strong)} feature(s) predict nearly alone (area under the ROC curve): {shorten_list(named)}.",
            "Check when each was recorded, and whether it is made from the outcome itself; then remove it.",
            blocking=strength[strong[0]] >= CERTAIN,
            zh=f"{len(strong)} 个特征几乎单独就能预测（AUC）：{shorten_list_zh(named)}。",
            hint_zh="核对其登记日期，并查明它是否由结果本身算出；如是则剔除。",
        )
