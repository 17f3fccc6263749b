"""Rules for the state of a household on the work list: open, settled or in monitoring.

The query for the work list reads these facts, which the rules compare:

``signal``, ``status``
    Signal and status of the current score; signal 0 is green.
``run_start``
    Number of the last score without a signal, 0 if there is none; the current signal began after that score.
``since``
    Day on which the current signal began or, after a finding, became more severe; null if there is no signal.
``visited``
    Whether somebody has met the household on a visit since that day, whatever the finding.
``last_outcome``, ``last_signal``, ``last_seq``, ``last_verified_on``
    Finding of the last verification that was not undone, the signal and number of the score that counts what it found,
    and the day of the visit; empty, 0 or null if there is none.
``assignee``
    Who looks after the household; empty if nobody does.
``clued``, ``clue_since``, ``clue_visited``
    Whether the household has a clue that no visit has settled; the day on which the first of these was registered, null
    if there is none; whether somebody has met the household since.
"""

from __future__ import annotations

from functools import reduce
from operator import eq, ge, gt, ne, or_

from riskml_serving.casework.rules import compare, compare_facts, is_true
from riskml_serving.store.facts.outcomes import DECISIVE

SIGNALLED = compare("signal", gt, 0)
MONITORED = compare("status", eq, "monitored")
ASSIGNED = compare("assignee", ne, "")

SETTLED = (
    reduce(or_, (compare("last_outcome", eq, outcome) for outcome in DECISIVE))
    & compare_facts("last_signal", ge, "signal")
    & compare_facts("last_seq", gt, "run_start")
)
"""Whether the last verification settled the current signal, and the signal has not become more severe since then."""

CONFIRMED = SETTLED & compare("last_outcome", eq, "confirmed")

VISITED = is_true("visited")
CLUED = is_true("clued")
CLUE_VISITED = is_true("clue_visited")

WAITING = SIGNALLED & ~SETTLED
OPEN = CLUED | (WAITING & ~MONITORED)
"""A clue lists a household whatever its signal says, even one in monitoring."""
UNVERIFIED = OPEN & compare("last_outcome", eq, "")
