"""Lay out scores as a sheet for Excel, with Chinese headers and words instead of names and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from riskml.errors import UsageError
from riskml.explanation.household.county import HEADERS_ZH
from riskml.policy import Policy
from riskml.policy.entries import Trigger
from riskml.policy.signal import is_near_line, refine_agreement
from riskml.verdict import FIELDS, Field, Kind
from riskml.vocabulary.terms import Term
from riskml.vocabulary.verdicts import REFINED_AGREEMENTS, TIER_WORDS, word_tier
from riskml.workbook import MOST_ROWS, Percent, Sheet


def make_score_sheet(scores: pd.DataFrame, policy: Policy, hardship: str) -> Sheet:
    """Lay out a table of scores, with or without explanations, by a model that counts or ignores ``hardship``.

    As on the service's pages, the words for the tier and for the agreement depend on each other and on the flags.

    Raises
    ------
    UsageError
        If a sheet cannot hold that many households.
    """
    if len(scores) > MOST_ROWS:
        raise UsageError(
            "A workbook holds at most {most:,} households; there are {count:,}.",
            "End --out with .csv or .parquet.",
            most=MOST_ROWS,
            count=len(scores),
        )
    columns: dict[str, list[Any]] = {
        name: [None if pd.isna(value) else value for value in scores[name]] for name in map(str, scores)
    }
    tiers, flags = columns["tier"], columns["rule_flags"]
    columns["agreement"] = [
        tier and refine_agreement(agreement, tier, near_line=is_near_line(colour, flagged=bool(own)))
        for agreement, tier, colour, own in zip(columns["agreement"], tiers, columns["rule_signal"], flags, strict=True)
    ]
    columns["tier"] = [
        tier and word_tier(tier, flagged=bool(own), hardship=hardship) for tier, own in zip(tiers, flags, strict=True)
    ]
    wider: dict[str, list[Any]] = {
        "tier": [*TIER_WORDS.values(), *policy.tiers.values()],
        "agreement": list(REFINED_AGREEMENTS.values()),
    }
    headers = {"household_id": "户码", "as_of": "研判日"}
    for field in FIELDS:
        headers[field.name] = field.header if field.label is None else field.label[0]
        terms = [*(field.terms or {}).values(), *wider.get(field.name, ()), field.otherwise]
        names = {term.code: term.zh for term in terms if term is not None}
        columns[field.name] = [_name_value(field, value, policy, names) for value in columns[field.name]]
    if "causes" in columns:
        headers |= HEADERS_ZH
        columns["causes"] = [_name_codes(codes, policy.causes) for codes in columns["causes"]]
    return "研判结果", list(headers.values()), zip(*(columns[name] for name in headers), strict=True)


def _name_value(field: Field, value: Any, policy: Policy, names: Mapping[str, str]) -> Any:
    """Return the value of a field as a cell of the workbook shows it."""
    if value is None:
        return None
    if field.kind is Kind.FLAGS:
        return _name_codes(value, policy.triggers)
    if field.bounds == (0, 1):
        return Percent(value)
    return names.get(value, value)


def _name_codes(codes: str | None, names: Mapping[str, Trigger | Term]) -> str:
    return "；".join(names[code].zh for code in (codes or "").split(";") if code)
