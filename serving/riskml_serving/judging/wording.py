"""Scores in words, as responses, files and pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskml.explanation.reasons.redaction import redact_flags
from riskml.policy import Policy
from riskml.records.contract.as_of import AsOf
from riskml.verdict import Field, Kind
from riskml_serving.judging.verdict import FIELDS


def show(
    row: Mapping[str, Any], policy: Policy, redact: tuple[str, ...] = (), names: Iterable[str] = tuple(FIELDS)
) -> dict[str, Any]:
    """Put fields of a score into words; redacted flags, which concern health, are only counted.

    >>> from riskml.policy import load_policy
    >>> row = {"tier": -1, "signal": 3, "rule_flags": "accident;dropout"}
    >>> show(row, load_policy(), names=row)
    {'tier': None, 'signal': 'red', 'rule_flags': ['accident', 'dropout'], 'hidden_flags': 0}
    """
    out: dict[str, Any] = {}
    for name in names:
        if FIELDS[name].kind is Kind.FLAGS:
            out[name], out["hidden_flags"] = redact_flags(split_flags(row[name]), policy, redact)
        else:
            out[name] = spell(FIELDS[name], row[name])
    return out


def spell(field: Field, value: Any) -> Any:
    """Put the value of a field other than flags into words: a level becomes its word, a date becomes text."""
    match field.kind:
        case Kind.LEVEL:
            none = field.otherwise and field.otherwise.code
            return None if value is None else none if value < 0 else field.words[value]
        case Kind.DAY:
            return None if value is None else value.isoformat()
        case _:
            return value


def split_flags(text: str) -> list[str]:
    """Split a text into the codes of its flags.

    >>> split_flags("accident;dropout"), split_flags("")
    (['accident', 'dropout'], [])
    """
    return text.split(";") if text else []


def find_as_of_day(rows: Iterable[Mapping[str, Any]]) -> AsOf | None:
    """Find the latest as-of date of some scores, with the last day of their records; None if there are no scores.

    Parameters
    ----------
    rows : iterable of dict
        Scores with ``as_of`` and ``records_end``.

    Examples
    --------
    >>> import datetime as dt
    >>> day = dt.date(2024, 12, 31)
    >>> rows = [{"as_of": day, "records_end": dt.date(2024, month, 30)} for month in (4, 6)]
    >>> find_as_of_day(rows).records_end
    datetime.date(2024, 6, 30)
    >>> find_as_of_day([*rows, {"as_of": day, "records_end": None}]).records_end
    """
    days = [(row["as_of"], row["records_end"] or row["as_of"]) for row in rows]
    return AsOf(max(day for day, _ in days), max(last for _, last in days)) if days else None


def list_facts(shown: Mapping[str, Any], lang: str) -> list[tuple[str, Any]]:
    """List the label and value of each field that has no special layout on pages."""
    facts = [(field.label[lang == "en"], shown[name]) for name, field in FIELDS.items() if field.label]
    return [(label, "—" if value is None else value) for label, value in facts]
