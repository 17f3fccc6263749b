"""The policy table as Markdown, for ``docs/policy.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from riskml.policy.entries import Switch, Trigger, TriggerValue
from riskml.policy.table import Policy
from riskml.policy.triggers import TRIGGERS
from riskml.records.contract.calendar import to_date
from riskml.records.contract.versions import ALWAYS
from riskml.vocabulary.verdicts import COLOURS

__all__ = ["render_handbook", "renew_handbook"]

BEGIN, END = "<!-- generated from policy.yaml: begin -->\n", "<!-- generated from policy.yaml: end -->\n"

_SIGNS = {"at_least": "≥", "above": ">", "below": "<"}
_BASES = {"line": "line", "household_line": "line × persons", "rural_income": "rural per-capita income"}


def render_handbook(policy: Policy) -> str:
    """Write every rule of a policy table as Markdown.

    Parameters
    ----------
    policy : Policy

    Returns
    -------
    str
        One section for each part of the table, with a line break at the end.
    """
    sections = {
        "Triggers": _render_table(
            ["code", "meaning", "fires when", "months", "cause", "counts as", "in force", "source"],
            (_list_cells(trigger, row) for trigger in policy.triggers.values() for row in trigger.values.rows),
        ),
        "What each trigger observes": _render_table(
            ["code", "observed"],
            ([f"`{code}`", (TRIGGERS[code].__doc__ or "").strip().split("\n\n")[0]] for code in policy.triggers),
        ),
        "Monitoring lines": _render_table(
            ["region", "from", "yuan/person/year", "source"],
            (
                [_name_region(r.region_prefix), _name_day(r.effective_from), f"{r.amount:,.0f}", r.source]
                for r in policy.lines
            ),
        ),
        "Rural per-capita disposable income": _render_table(
            ["region", "year", "used from", "yuan/person/year", "source"],
            (
                [_name_region(r.region), str(r.year), _name_day(r.effective_from), f"{r.amount:,.0f}", r.source]
                for r in policy.rural_income.rows
            ),
        ),
        "Colours": _render_table(
            ["region", "in force", "red below", "orange below", "yellow up to", "left open by the source", "source"],
            (
                [
                    _name_region(r.region),
                    _name_day(r.effective_from),
                    *(f"{bound:g} × line" for bound in (r.red_below, r.orange_below, r.yellow_up_to)),
                    f"below without a shock {COLOURS.codes[r.below_without_shock]}, guarantee not met "
                    f"{COLOURS.codes[r.guarantee_unmet]}, hardship {COLOURS.codes[r.hardship]}, below the line after "
                    f"spending {COLOURS.codes[r.below_after_spending]}",
                    r.source,
                ]
                for r in policy.colours.rows
            ),
        ),
        "Tiers": _render_table(
            ["tier", "meaning", "probability from", "colour", "source"],
            (
                [f"`{t.code}`", f"{t.zh} / {t.en}", f"{t.probability:g}", COLOURS.codes[t.colour], t.source]
                for t in policy.tiers.values()
            ),
        ),
        "Unavoidable spending": _render_switches(policy.spending.values()),
        "Counting of income": _render_switches(policy.counting.values()),
        "Timing": _render_table(
            ["code", "meaning", "value", "source"],
            (
                [f"`{t.code}`", f"{t.zh} / {t.en}", _name_time(t.value, t.unit), t.source]
                for t in policy.timing.values()
            ),
        ),
        "Second look at help": _render_table(
            ["region", "new help", "after", "source"],
            (
                [_name_region(r.region), _name_day(r.effective_from), _name_time(r.months, "months"), r.source]
                for r in policy.reassessment.rows
            ),
        ),
        "Measures by cause": _render_table(
            ["cause", "measure", "source"],
            chain.from_iterable(
                ([f"{policy.causes[cause].zh} / {cause}", f"{m.zh} / {m.en}", m.source] for m in measures)
                for cause, measures in policy.measures.items()
            ),
        ),
    }
    head = f"Version `{policy.version}`, visit capacity {policy.visit_capacity:.0%}.\n"
    return "\n".join([head, *(f"### {title}\n\n{table}" for title, table in sections.items())])


def renew_handbook(text: str, policy: Policy) -> str:
    """Insert the tables of a policy into a document, between its two markers."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{render_handbook(policy)}\n{END}{rest.split(END)[1]}"


def _render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(' '.join(cell.replace('|', '/').split()) for cell in row)} |\n" for row in cells)


def _list_cells(trigger: Trigger, row: TriggerValue) -> list[str]:
    return [
        f"`{trigger.code}`",
        f"{trigger.zh} / {trigger.en}",
        _describe_thresholds(trigger, row),
        str(trigger.window),
        trigger.cause or "",
        ", ".join(sorted(trigger.counts_as)),
        ", ".join(part for part in (_name_region(row.region), _name_day(row.effective_from)) if part),
        row.source,
    ]


def _describe_thresholds(trigger: Trigger, row: TriggerValue) -> str:
    if all(np.isnan(value) for value in row.written.values()):
        return "never: no figure is known"
    base = f" × {_BASES[trigger.base]}" if trigger.base else ""
    parts = []
    for name, value in row.written.items():
        written = "never" if np.isnan(value) else f"{_SIGNS[trigger.fires]} {value:,g}{base}"
        parts.append(written if name == "all" else f"{name} {written}")
    return f"{', '.join(parts)} ({trigger.unit})"


def _render_switches(switches: Iterable[Switch]) -> str:
    rows = ([f"`{s.code}`", f"{s.zh} / {s.en}", "counts" if s.counts else "does not count", s.source] for s in switches)
    return _render_table(["item", "meaning", "switch", "source"], rows)


def _name_region(prefix: str) -> str:
    return prefix or "everywhere"


def _name_time(value: float, unit: str) -> str:
    """Name a length of time or a day of the month.

    >>> _name_time(6, "months"), _name_time(1, "months"), _name_time(5, "day of month")
    ('6 months', '1 month', 'day 5 of the month')
    """
    if unit == "day of month":
        return f"day {value:g} of the month"
    return f"{value:g} {unit.removesuffix('s') if value == 1 else unit}"


def _name_day(day: int) -> str:
    return "any date" if day == ALWAYS else f"from {to_date(day)}"
