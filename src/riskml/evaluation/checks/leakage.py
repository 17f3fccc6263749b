"""Release check RKD002: a feature predicts too well, or an attribute may contain what happened later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.evaluation.checks.base import Check, CheckContext, Finding, NotApplicable, list_figures
from riskml.text import Text, join_sentences, shorten_list

CERTAIN = 0.95
SUSPICIOUS = 0.90
FAR_ABOVE = 1.25
"""Factor by which an average precision must exceed that of past income to count without a higher area: in 26 data sets
from five real panels, that of an attribute is at most 0.94 times that of past income."""

_PAST_INCOME = ("distance_to_line", "weighted_past_income")
_HINT = Text(
    "An attribute exported today reflects what happened after the dates on which it is used. Leave the column out, or "
    "give each of its values as a version of the household with the day on which it was recorded (`recorded_on`)."
)

_UNRECORDED_HINT = Text(
    "An attribute exported today may contain what happened after the dates on which it is used. One that never changes "
    "may stay. If it may change, leave the column out, or give each of its values as a version of the household with "
    "the day on which it was recorded (`recorded_on`)."
)


class Leakage(Check):
    """A feature contains the outcome.

    Households at risk are above the line, so no legitimate feature alone can separate those that fall from the rest
    almost without error: on real panels, the distance to the line reaches an area under the ROC curve of about 0.75.

    An attribute without a day of recording counts as always known, so a column exported today may contain what
    happened after the test dates. An attribute with a day of recording whose values never change may have been added
    later. Such an attribute fails if it alone ranks the falls better than past income does, by the area and by average
    precision; an attribute whose values change gives only a warning, unless its area is 0.95 or more. Without a day of
    recording, an average precision far above that of past income is enough, as an attribute that marks only some of the
    falls has. In 26 data sets from five real panels, no attribute recorded in its own year ranks the falls that well.
    Every attribute without a day of recording gives at least a warning.
    """

    code = "RKD002"
    title = Text("leakage")

    def run(self, context: CheckContext) -> Finding | NotApplicable | None:
        """Run the check that the class describes."""
        aucs, attributes = context.evidence.get("feature_auc"), context.evidence.get("attributes", {})
        if aucs is None:
            return NotApplicable(Text("the features were not measured one by one"))
        parts = (
            _find_near_perfect(aucs),
            _find_stronger_than_income(attributes, context.evaluation["models"]),
            _find_unrecorded(attributes),
        )
        findings = [finding for finding in parts if finding is not None]
        if not findings:
            return None
        blocking = [finding for finding in findings if finding.blocking]
        return Finding(
            join_sentences(*(finding.message for finding in findings)),
            join_sentences(*(finding.hint for finding in blocking or findings)),
            bool(blocking),
        )


def _find_near_perfect(aucs: Mapping[str, float]) -> Finding | None:
    strength = {name: max(auc, 1 - auc) for name, auc in aucs.items()}
    strong = {name: auc for name, auc in strength.items() if auc >= SUSPICIOUS}
    if not strong:
        return None
    message = Text(
        "{count} feature(s) predict the outcome almost on their own (area under the ROC curve of at least): {names}.",
        count=len(strong),
        names=list_figures(strong, digits=3),
    )
    hint = Text("Check when each was recorded and whether it was derived from the outcome itself; then remove it.")
    return Finding(message, hint, blocking=max(strong.values()) >= CERTAIN)


def _find_stronger_than_income(attributes: Mapping[str, Any], models: Mapping[str, Any]) -> Finding | None:
    baselines = [models[name] for name in _PAST_INCOME if name in models]
    if not baselines or any(model.get(measure) is None for model in baselines for measure in ("auc", "ap")):
        return None
    auc, ap = (max(model[measure] for model in baselines) for measure in ("auc", "ap"))
    strong = {
        name: part
        for name, part in attributes.items()
        if (part["auc"] > auc and part["ap"] > ap) or (part["recording"] == "never" and part["ap"] > FAR_ABOVE * ap)
    }
    if not strong:
        return None
    message = Text(
        "{count} attribute(s) of the households alone rank the falls better than past income does (average precision;"
        " past income {ap:.3f}): {names}.",
        count=len(strong),
        ap=ap,
        names=list_figures({name: part["ap"] for name, part in strong.items()}, digits=3),
    )
    blocking = any(part["recording"] != "over time" or part["auc"] >= CERTAIN for part in strong.values())
    return Finding(message, _HINT, blocking)


def _find_unrecorded(attributes: Mapping[str, Any]) -> Finding | None:
    names = [name for name, part in attributes.items() if part["recording"] == "never" and not name.endswith("_change")]
    if not names:
        return None
    message = Text(
        "{count} attribute(s) of the households have no day of recording, so today's values are used for every earlier"
        " date, and the model may look better than it is: {names}.",
        count=len(names),
        names=shorten_list(names),
    )
    return Finding(message, _UNRECORDED_HINT, blocking=False)
