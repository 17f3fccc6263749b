"""RKD001: training labels reach into the test period."""

from __future__ import annotations

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable
from riskml.records.calendar import date_of, months_before

__all__ = ["TimeOverlap"]


class TimeOverlap(Check):
    """The model has seen what it is tested on.

    A training row is labelled by the horizon after its as_of. It must end no later than the first test as_of, and
    be labelled only by what was recorded by then.
    """

    code = "RKD001"
    title = "time overlap"

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """See the class."""
        split = context.split
        if not len(split.train_as_of) or not len(split.test_as_of):
            return NotApplicable("there are no training rows or no test rows")
        test_from = min(split.test_as_of)
        latest = months_before(test_from, split.horizon)
        late = sorted({day for day in split.train_as_of if day > latest})
        if late:
            return Finding(
                f"{len(late)} training date(s) from {date_of(late[0])} on have labels that reach beyond the first "
                f"test date {date_of(test_from)} (horizon {split.horizon} months).",
                f"Train on as_of dates up to {date_of(latest)} only.",
            )
        if split.labels_known_by is not None and split.labels_known_by > test_from:
            return Finding(
                f"Training labels use records up to {date_of(split.labels_known_by)}, after the first test date "
                f"{date_of(test_from)}.",
                "Label training rows by what was recorded by the first test date.",
            )
        return None
