"""Reasons from the rule line's flags and the records, for households on which the model gives no verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskml.explanation.household.explanation import FlagView, Reason, RuleView
from riskml.explanation.household.rendering import describe_flag
from riskml.explanation.reasons.ranking import MOST_REASONS
from riskml.explanation.reasons.redaction import HEALTH_EN, HEALTH_NAME, HEALTH_ZH, concerns_health
from riskml.explanation.reasons.selection import RULES
from riskml.explanation.wording.facts import compute_fact, compute_stated_values
from riskml.explanation.wording.phrases import name_month
from riskml.explanation.wording.sentences import SentenceWriter
from riskml.explanation.wording.templates import parse
from riskml.features import CATALOGUE, build
from riskml.records.contract.calendar import to_date
from riskml.records.contract.schema import list_codes
from riskml.records.panel.panel import Panel
from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES
from riskml.vocabulary.verdicts import CATEGORIES

FACTS = tuple(
    CATALOGUE[name]
    for name in (
        "admissions_12m",
        "self_paid_to_line_12m",
        "members_seriously_ill",
        "members_chronic",
        "members_disabled",
        "school_fees_to_line_12m",
        "students",
        "disaster_loss_to_line_12m",
        "accident_amount_to_line_12m",
        "venture_loss_to_line_12m",
        "no_labour",
        "wage_change_on_year_12m",
        "business_change_on_year_12m",
    )
)
"""Features that state what is known about the cause of a flag, in the order in which they are listed."""

ILLNESS = HEALTH_CAUSES[0]
INCOME_SOURCES = ("work", "venture")
"""Causes whose facts state a decline in a source of income; they are also stated for flags without a cause."""

LEAST = 0.05
"""Smallest amount that is stated, per head and relative to the line."""

AMOUNTS = ("self_paid", "disaster_loss", "event_sum")
"""Names of the facts that are amounts in yuan, which a flag may state too."""


@dataclass(frozen=True)
class Entry:
    """The latest entry into monitoring that has not been cleared: its day, and the causes recorded for it."""

    day: int
    causes: tuple[str, ...]


class Facts:
    """What the records of a panel say about flagged and monitored households.

    Parameters
    ----------
    panel : Panel

    Notes
    -----
    A fact is stated if it is on the risky side of what its sentence compares it with. Facts are never compared with
    most households, because the median belongs to a model, which may come from another county. An amount is stated only
    if it is at least ``LEAST``, and only once: a fact is left out if a flag with the same cause states its amount.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._entries = _read_entries(panel)

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        """Values of ``FACTS``, shape (n, facts)."""
        matrix = build(self._panel)
        return np.stack([matrix.column(feature.name) for feature in FACTS], axis=1)

    @cached_property
    def _admitted(self) -> NDArray[np.bool_]:
        """Whether each fact can be stated as a reason, shape (n, facts)."""
        stated, unknown = compute_stated_values(self._panel, FACTS, self._values), np.full(self._panel.n, np.nan)
        large = np.abs(self._values) >= np.where([f.unit == "line" for f in FACTS], LEAST, 0.0)
        rules = [RULES[f.risky].admits(stated[:, j], unknown, risk=True) for j, f in enumerate(FACTS)]
        return large & np.stack(rules, axis=1)

    @cached_property
    def _amounts(self) -> NDArray[np.float64]:
        """Amount in yuan that each fact states, shape (n, facts); NaN if it states none."""
        amounts = np.full(self._values.shape, np.nan)
        for j, f in enumerate(FACTS):
            for slot in parse(f.reason_zh).slots:
                if slot.name in AMOUNTS:
                    (amounts[:, j],) = compute_fact(self._panel, slot.name, slot.argument, slot.window or f.window)
        return amounts

    @cached_property
    def _writer(self) -> SentenceWriter:
        return SentenceWriter(self._panel, FACTS, self._values, [float("nan")] * len(FACTS))

    def list_causes(self, i: int, rule: RuleView, hidden: frozenset[str]) -> list[str]:
        """List the causes of a household's flags and of its entry into monitoring, each only once."""
        entry = self._entries.get(i)
        recorded = () if entry is None else entry.causes
        shown = [ILLNESS if hidden and cause in HEALTH_CAUSES else cause for cause in recorded]
        return list(dict.fromkeys([*rule.causes, *shown]))

    def write_reasons(self, i: int, rule: RuleView, hidden: frozenset[str]) -> tuple[Reason, ...]:
        """Write a household's reasons: its entry into monitoring, one flag for each cause, facts, and other flags.

        Parameters
        ----------
        i : int
            Row of the household.
        rule : RuleView
            The rule line's verdict on it, redacted according to ``hidden``.
        hidden : frozenset of str
        """
        first = {flag.cause: flag for flag in reversed(rule.flags)}
        leading = sorted((flag for flag in rule.flags if first[flag.cause] is flag), key=lambda flag: not flag.cause)
        rest = [flag for flag in rule.flags if not _repeats(flag, first[flag.cause])]
        reasons = [
            *self._write_entry(i, rule, hidden),
            *map(_write_flag, leading),
            *([Reason(ILLNESS, ILLNESS, None, None, HEALTH_ZH, HEALTH_EN)] if rule.hidden_flags else []),
            *self._write_facts(i, rule, hidden),
            *map(_write_flag, rest),
        ]
        return tuple(reasons[:MOST_REASONS])

    def _write_entry(self, i: int, rule: RuleView, hidden: frozenset[str]) -> Iterator[Reason]:
        entry = self._entries.get(i)
        if entry is None:
            return
        texts = []
        for lang in ("zh", "en"):
            own = [HEALTH_NAME if hidden and code in HEALTH_CAUSES else CAUSES[code].names for code in entry.causes]
            category = CATEGORIES.get_name(rule.category or "", lang)
            texts.append(_describe_entry(entry.day, category, list(dict.fromkeys(name[lang] for name in own)), lang))
        yield Reason("other", "help", "monitoring", None, *texts)

    def _write_facts(self, i: int, rule: RuleView, hidden: frozenset[str]) -> Iterator[Reason]:
        causes, amounts = self.list_causes(i, rule, hidden), {(flag.cause, _read_amount(flag)) for flag in rule.flags}
        about_income = any(flag.cause is None for flag in rule.flags)
        for j in np.flatnonzero(self._admitted[i]).tolist():
            feature, amount = FACTS[j], self._amounts[i, j]
            if (hidden and concerns_health(feature)) or not (
                feature.cause in causes or (about_income and feature.cause in INCOME_SOURCES)
            ):
                continue
            if not np.isnan(amount) and (feature.cause, round(amount)) in amounts:
                continue
            cause = feature.cause if feature.cause in causes else "other"
            zh, en = (self._writer.write(i, j, lang, risk=True) for lang in ("zh", "en"))
            yield Reason(cause, feature.topic, feature.name, None, zh, en)


def _read_amount(flag: FlagView) -> int | None:
    """Read the amount that a flag states, in whole yuan; None if it states none."""
    return round(flag.observed) if flag.observed is not None and flag.unit.startswith("yuan") else None


def _repeats(flag: FlagView, first: FlagView) -> bool:
    """Return whether a flag is the first one of its cause, or states the same amount."""
    amount = _read_amount(flag)
    return flag is first or (amount is not None and amount == _read_amount(first))


def _write_flag(flag: FlagView) -> Reason:
    return Reason(
        flag.cause or "other", "income", flag.code, None, describe_flag(flag, "zh"), describe_flag(flag, "en")
    )


def _read_entries(panel: Panel) -> dict[int, Entry]:
    """Read each household's latest entry that has not been cleared, by row."""
    entries = panel.current_monitoring
    out: dict[int, Entry] = {}
    if entries is None:
        return out
    codes = list_codes("monitoring", "causes")
    columns = (entries.household, entries["day"], entries["causes"])
    for i, day, bits in zip(*(column.tolist() for column in columns), strict=True):
        causes = tuple(code for k, code in enumerate(codes) if bits >> k & 1 and code != "other")
        out[i] = max(out.get(i, Entry(day, causes)), Entry(day, causes), key=lambda entry: entry.day)
    return out


def _describe_entry(day: int, category: str, causes: Sequence[str], lang: str) -> str:
    month = name_month(to_date(day), lang)
    if lang == "zh":
        inside = "：".join(filter(None, (category, "、".join(causes))))
        return f"{month}纳入监测" + (f"（{inside}）" if inside else "")
    inside = ": ".join(filter(None, (category, ", ".join(causes))))
    return f"In monitoring since {month}" + (f" ({inside})" if inside else "")
