"""What a household's page shows for the second look: help, the verdicts then and now, with and without its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskml_serving.casework.reassessments.repository import list_due, read_helps
from riskml_serving.casework.reassessments.service import counts_as_income, describe_help, judge_with_help
from riskml_serving.web.household.reader import Reader


def read_second_look(
    reader: Reader,
    register: Mapping[str, Any],
    current: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Read the help for a household, and what its second look shows.

    Returns
    -------
    dict
        ``helps``: the help, latest first, each with the score ``then``; ``due``: the household's row among those that
        are due, or None; ``verdicts``: the scores ``with`` and ``without`` the money of the help, empty unless any
        counts as income; ``unreached``: whether all of it began after the last income that is known, so that both are
        the same; ``uncounted``: whether there is money that does not.
    """
    connection, model, caller = reader.connection, reader.model, reader.caller
    code, scores = str(register["household_id"]), {row["seq"]: row for row in history}
    helps = read_helps(connection, code, caller.region)
    then = (scores.get(one["score_seq"]) for one in helps)
    described = [
        {**describe_help(one, caller), "then": reader.describe_score(before) if before else None}
        for one, before in zip(helps, then, strict=True)
    ]
    due = list_due(connection, caller.region, reader.today, code)
    verdicts = {}
    paid = [row for row in helps if counts_as_income(model.policy, row)]
    if current is not None and paid:
        for name, judged in judge_with_help(connection, model, register, paid, current["as_of"]).items():
            explanation = judged.explain(redact=caller.redact)
            row = {**judged.to_rows()[0], **model.versions, "as_of": current["as_of"]}
            verdicts[name] = {**reader.describe_score(row), "income": explanation.rule.income}
    until = current["income_until"] if current is not None else None
    return {
        "helps": described,
        "due": due[0] if due else None,
        "verdicts": verdicts,
        "unreached": bool(paid) and until is not None and all(row["started_on"] > until for row in paid),
        "uncounted": any(row["amount"] for row in helps if row not in paid),
    }
