"""Release check RKD008: too few falls to evaluate a model."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable

__all__ = ["TooFewPositives"]

REQUIRED = 20
RECOMMENDED = 100


class TooFewPositives(Check):
    """The test rows contain so few falls that every figure may be due to chance.

    With fewer than 20 falls, no figure can support a release. With fewer than 100, the intervals are wide, so the check
    gives a warning.
    """

    code = "RKD008"
    title = "too few positives"
    title_zh = "返贫致贫样本过少"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        n = sum(int(part["n"]) for part in context.evaluation["by_kind"].values())
        if n >= RECOMMENDED:
            return None
        hint = "Test on more as_of dates (--step, --test-from), or on more households."
        hint_zh = "增加检验时点（--step、--test-from）或农户数。"
        if n < REQUIRED:
            return Finding(
                f"Only {n} test row(s) are falls; at least {REQUIRED} are needed to judge a model.",
                hint,
                zh=f"检验行中仅 {n} 行返贫致贫；评判模型至少需要 {REQUIRED} 行。",
                hint_zh=hint_zh,
            )
        return Finding(
            f"Only {n} test rows are falls: intervals are wide, and similar models cannot be told apart.",
            hint,
            blocking=False,
            zh=f"检验行中仅 {n} 行返贫致贫：区间很宽，相近的模型难分高下。",
            hint_zh=hint_zh,
        )
