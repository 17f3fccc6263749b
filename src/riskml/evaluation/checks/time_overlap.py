"""Release check RKD001: training labels reach into the test period."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.records.contract.calendar import subtract_months, to_date, to_day

__all__ = ["TimeOverlap"]


class TimeOverlap(Check):
    """The model has seen its test data.

    The label of a training row depends on what happens within the horizon after its as-of date. The horizon must end no
    later than the first test date, and the label may use only records made by then.
    """

    code = "RKD001"
    title = "time overlap"
    title_zh = "时间重叠"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        split, horizon = context.evaluation["split"], context.evaluation["outcome"]["horizon"]
        train, test = ([to_day(text) for text in split[name]] for name in ("train_as_ofs", "test_as_ofs"))
        if not train or not test:
            return NotApplicable("there are no training rows or no test rows", "没有训练行或没有检验行")
        test_from, known_by = min(test), to_day(split["train_known_by"])
        latest = subtract_months(test_from, horizon)
        late = sorted({day for day in train if day > latest})
        if late:
            return Finding(
                f"{len(late)} training date(s) from {to_date(late[0])} on have labels that reach beyond the first "
                f"test date {to_date(test_from)} (horizon {horizon} months).",
                f"Train on as_of dates up to {to_date(latest)} only.",
                zh=f"自 {to_date(late[0])} 起的 {len(late)} 个训练时点，其结果标签延伸到首个检验时点 "
                f"{to_date(test_from)} 之后（预测期 {horizon} 个月）。",
                hint_zh=f"只用 {to_date(latest)} 及以前的时点训练。",
            )
        if known_by > test_from:
            return Finding(
                f"Training labels use records up to {to_date(known_by)}, after the first test date "
                f"{to_date(test_from)}.",
                "Label training rows only with what was recorded by the first test date.",
                zh=f"训练标签用到了截至 {to_date(known_by)} 的记录，晚于首个检验时点 {to_date(test_from)}。",
                hint_zh="训练行只按首个检验时点以前已登记的记录定标签。",
            )
        return None
