"""Release check RKD001: training labels reach into the test period."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.records.contract.calendar import subtract_months, to_date, to_day
from riskml.splits import count_least_months
from riskml.text import Text


class TimeOverlap(Check):
    """The training labels depend on what happened in the test period.

    The label of a training row depends on what happens within the horizon after its as-of date, or within half of it or
    more for the rows of which only a part is known (``recent_rows``). This must end no later than the first test date,
    and the label may use only records made by then.
    """

    code = "RKD001"
    title = Text("time overlap")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        split, horizon = context.evaluation["split"], context.evaluation["outcome"]["horizon"]
        train, test = ([to_day(text) for text in split[name]] for name in ("train_as_ofs", "test_as_ofs"))
        if not train or not test:
            return NotApplicable(Text("there are no training rows or no test rows"))
        test_from, known_by = min(test), to_day(split["train_known_by"])
        latest = subtract_months(test_from, horizon)
        half = subtract_months(test_from, count_least_months(horizon))
        recent = [to_day(text) for text in split.get("recent_rows", ())]
        late = sorted({day for day in train if day > latest} | {day for day in recent if day > half})
        if late:
            message = Text(
                "{count} training date(s) from {first} on have labels that reach beyond the first test date {test_from}"
                " (horizon {horizon} months).",
                count=len(late),
                first=to_date(late[0]),
                test_from=to_date(test_from),
                horizon=horizon,
            )
            return Finding(message, Text("Train only on as-of dates up to {latest}.", latest=to_date(latest)))
        if known_by > test_from:
            message = Text(
                "Training labels use records up to {known_by}, after the first test date {test_from}.",
                known_by=to_date(known_by),
                test_from=to_date(test_from),
            )
            return Finding(message, Text("Label training rows only with what was recorded by the first test date."))
        return None
